"""What can be set for a nexo terminal, and what is refused with the name of the option."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from appliance.config import read_table
from appliance.errors import ConfigError, DeviceFailure
from appliance.io.payment.nexo.options import AdyenOptions, NexoOptions, SwedbankOptions
from appliance.io.payment.nexo.terminal import NexoAdyen, NexoSwedbank
from simulators.nexo.certificate import make

SWEDBANK: dict[str, Any] = {"url": "http://192.0.2.60:11000", "sale_id": "KIOSK01", "poi_id": "A-POIID"}
ADYEN: dict[str, Any] = {
    "url": "https://192.0.2.61:8443",
    "sale_id": "KIOSK01",
    "poi_id": "V400m-123456789",
    "key_identifier": "key",
    "passphrase_file": "/nowhere/passphrase",
    "ca_file": "/nowhere/root.pem",
}
DOCS = Path(__file__).parents[3] / "docs" / "nexo.md"


def swedbank(**changes: Any) -> NexoSwedbank:
    return NexoSwedbank("t", read_table(SwedbankOptions, {**SWEDBANK, **changes}, where="t"))


def adyen(**changes: Any) -> NexoAdyen:
    return NexoAdyen("t", read_table(AdyenOptions, {**ADYEN, **changes}, where="t"))


def test_constructing_opens_nothing() -> None:
    assert swedbank().baseline() is None
    assert adyen().baseline() is None


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"url": "https://192.0.2.60:11000"}, "url"),
        ({"url": "http://192.0.2.60"}, "url"),
        ({"url": "http://192.0.2.60:99999"}, "url"),
        ({"url": "http://192.0.2.60:11000/path"}, "url"),
        ({"url": "192.0.2.60:11000"}, "url"),
        ({"sale_id": ""}, "sale_id"),
        ({"sale_id": "Kiosk 1"}, "sale_id"),
        ({"poi_id": "x" * 33}, "poi_id"),
        ({"poi_id": 'a"b<'}, None),
        ({"currency": "XXX"}, "currency"),
        ({"currency": "CHF"}, "currency"),
        ({"connect": 0}, "connect"),
        ({"answer": "NaN"}, "answer"),
        ({"patience": "-1"}, "patience"),
        ({"rest": "-1"}, "rest"),
        ({"payment": 100}, "payment"),
        ({"language": "de"}, "language"),
        ({"maintenance": "3-4"}, "maintenance"),
        ({"maintenance": "03:00-24:00"}, "maintenance"),
    ],
)
def test_an_option_that_cannot_be_used_is_named(changes: dict[str, Any], named: str | None) -> None:
    if named is None:
        assert swedbank(**changes).name == "t"
        return
    with pytest.raises(ConfigError, match=named):
        swedbank(**changes)


@pytest.mark.parametrize(
    ("changes", "named"), [({"key_identifier": ""}, "key_identifier"), ({"key_version": -1}, "key_version")]
)
def test_the_key_has_to_be_named(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        adyen(**changes)


@pytest.mark.parametrize(
    ("passphrase", "certificate", "named"),
    [
        (None, True, "passphrase_file"),
        ("", True, "passphrase_file"),
        ("secret", None, "ca_file"),
        ("secret", False, "ca_file"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_when_the_terminal_is_opened(
    tmp_path: Path, passphrase: str | None, certificate: bool | None, named: str
) -> None:
    secret, root = tmp_path / "passphrase", tmp_path / "terminal.pem"
    if certificate:
        make(tmp_path, "terminal")
    elif certificate is False:
        root.write_text("no certificate")
    if passphrase is not None:
        secret.write_text(passphrase)
    driver = adyen(passphrase_file=str(secret), ca_file=str(root))
    with pytest.raises(DeviceFailure, match=named) as error:
        driver.open()
    assert error.value.remedy
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("window", "clock", "inside"),
    [
        ("03:00-04:00", "02:59", False),
        ("03:00-04:00", "03:00", True),
        ("03:00-04:00", "03:59", True),
        ("03:00-04:00", "04:00", False),
        ("23:30-00:30", "23:45", True),
        ("23:30-00:30", "00:29", True),
        ("23:30-00:30", "12:00", False),
        ("", "03:30", False),
    ],
)
def test_the_hour_of_maintenance(window: str, clock: str, inside: bool) -> None:
    options = read_table(SwedbankOptions, {**SWEDBANK, "maintenance": window}, where="t")
    assert options.in_maintenance(datetime.fromisoformat(f"2026-11-23T{clock}:00+01:00")) is inside


def test_the_names_of_a_certificate_follow_the_platform() -> None:
    live = read_table(AdyenOptions, ADYEN, where="t").certificate_names
    assert live == {"v400m-123456789.live.terminal.adyen.com", "legacy-terminal-certificate.live.terminal.adyen.com"}
    test = read_table(AdyenOptions, {**ADYEN, "test": True}, where="t").certificate_names
    assert all(".test." in name for name in test)
    own = read_table(AdyenOptions, {**ADYEN, "certificate_name": "My.Terminal"}, where="t").certificate_names
    assert own == {"my.terminal"}


@pytest.mark.parametrize("options", [NexoOptions, SwedbankOptions, AdyenOptions])
def test_every_option_stands_in_the_document(options: type[Any]) -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert [field.name for field in fields(options) if f"`{field.name}`" not in text] == []
