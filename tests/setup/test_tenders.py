"""Which tenders a configuration offers, and what `kvitt check` says of those that it does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from appliance import cli
from appliance.assembly import devices_of, policy_of, tender_notes
from appliance.config import Config, parse
from appliance.core.payment import TenderType
from appliance.errors import ConfigError

HUB_QR = {"category": "qr", "driver": "hub", "method": "vipps"}
SWISH = {"category": "qr", "driver": "static", "standard": "swish", "currency": "SEK", "payee": "1231234567"}
ALL = ["card", "cash", "qr", "wallet", "gift_card"]


def configured(devices: dict[str, dict[str, Any]], **more: Any) -> Config:
    return parse({"devices": devices, "selling": {"tenders": ALL}, **more}, where="here")


def test_a_category_is_a_tender() -> None:
    config = configured(
        {
            "vipps": HUB_QR,
            "purse": {"category": "wallet", "driver": "hub"},
            "voucher": {"category": "gift_card", "driver": "hub"},
            "coins": {
                "category": "cash",
                "driver": "acceptor",
                "device": "simulated",
                "address": "127.0.0.1:1",
                "currency": "NOK",
            },
        }
    )
    policy = policy_of(config)
    assert policy.tender_devices == {
        TenderType.QR: "vipps",
        TenderType.WALLET: "purse",
        TenderType.GIFT_CARD: "voucher",
        TenderType.CASH: "coins",
    }
    assert policy.unconfirmed == frozenset()
    assert not policy.takes_cash_by_hand


def test_a_tender_has_one_device() -> None:
    with pytest.raises(ConfigError, match="vipps and swish are both of category qr"):
        policy_of(configured({"vipps": HUB_QR, "swish": SWISH}))


def test_what_works_through_the_hub_needs_one() -> None:
    with pytest.raises(ConfigError, match=r"devices\.vipps: works through the hub; set hub\.enabled"):
        policy_of(configured({"vipps": HUB_QR}, hub={"enabled": False}))


def test_a_code_that_nothing_confirms_is_told_apart() -> None:
    config = configured({"swish": SWISH}, till={"currency": "SEK", "unattended": False})
    assert policy_of(config).unconfirmed == {TenderType.QR}
    assert ("swish", "nothing confirms its payments: staff must look before the goods leave") in tender_notes(config)


def test_a_tender_that_is_not_offered_says_why() -> None:
    notes = dict(tender_notes(configured({"swish": SWISH})))
    assert "staff must look, and till.unattended is true" in notes["swish"]
    assert notes["card"] == 'not offered: no device of category "terminal" is configured'
    unlisted = parse({"devices": {"vipps": HUB_QR}, "selling": {"tenders": ["card"]}}, where="here")
    assert dict(tender_notes(unlisted))["vipps"] == 'not offered: add "qr" to selling.tenders'


def test_the_check_says_so_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "kvitt.toml"
    table = "".join(f'{key} = "{value}"\n' for key, value in SWISH.items())
    file.write_text(f'[till]\nstate = "{tmp_path}"\n[selling]\ntenders = ["qr"]\n[devices.swish]\n{table}')
    assert cli.main(["check", "--config", str(file)]) == 0
    told = capsys.readouterr().out
    assert "ElectronicValueRW: swish code; this code brings no confirmation" in told
    assert "not offered: nothing confirms its payments" in told


def test_the_check_does_not_judge_what_only_the_running_till_can_ask(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "kvitt.toml"
    table = "".join(f'{key} = "{value}"\n' for key, value in HUB_QR.items())
    file.write_text(f'[till]\nstate = "{tmp_path}"\n[selling]\ntenders = ["qr"]\n[devices.vipps]\n{table}')
    assert cli.main(["check", "--config", str(file)]) == 0
    assert "asked only while the till runs" in capsys.readouterr().out


def test_cash_is_rounded_to_the_smallest_coin_of_the_currency_or_to_the_shops_own() -> None:
    assert policy_of(configured({})).cash_step == 100
    own = parse({"selling": {"cash_step": 50}}, where="here")
    assert policy_of(own).cash_step == 50


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"standard": "girocode"}, "'girocode' is not one of swish, epc, swiss, emv"),
        ({"payee": "123"}, r"swish: .*10 digits, not 3|digits only"),
        ({"currency": "NOK"}, r"the amount is in NOK; the code carries SEK"),
        ({"standard": "epc", "currency": "EUR", "name": "Kvitt", "iban": "NO9386011117948"}, "check digits"),
        ({"standard": "emv", "currency": "NOK", "code": "0002"}, "docs/qr.md"),
    ],
)
def test_a_code_that_cannot_be_built_is_refused_when_the_till_starts(options: dict[str, str], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        devices_of(configured({"code": {**SWISH, **options}}))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"method": "Vipps!"}, "no way of paying"),
        ({"method": "vipps", "patience": 0}, "not between 0 and 3600"),
        ({}, "method is missing"),
    ],
)
def test_an_option_of_the_hubs_way_that_makes_no_sense_is_refused(options: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        devices_of(configured({"vipps": {"category": "qr", "driver": "hub", **options}}))
