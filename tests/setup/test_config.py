"""Configuration: what is wrong is said with file, key and what to write instead."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from appliance.config import load, parse
from appliance.errors import ConfigError


def write(folder: Path, text: str, name: str = "kvitt.toml") -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    config = load(write(tmp_path, ""))
    assert config.till.currency == "NOK"
    assert [rate.rate for rate in config.tax["15"]] == [Decimal(15)]
    assert config.devices == {}


def test_drop_ins_lie_above_the_file_in_the_order_of_their_names(tmp_path: Path) -> None:
    path = write(tmp_path, '[till]\nstore = "oslo-01"\nworkstation = "1"')
    write(tmp_path / "kvitt.toml.d", '[till]\nworkstation = "2"', "10-a.toml")
    write(tmp_path / "kvitt.toml.d", '[till]\nworkstation = "3"', "20-b.toml")
    till = load(path).till
    assert (till.store, till.workstation) == ("oslo-01", "3")


def test_a_device_keeps_its_drivers_own_options(tmp_path: Path) -> None:
    text = '[devices.scanner]\ncategory = "scanner"\ndriver = "serial"\nurl = "serial:///dev/ttyACM0"'
    device = load(write(tmp_path, text)).devices["scanner"]
    assert (device.category, device.driver, device.options) == ("scanner", "serial", {"url": "serial:///dev/ttyACM0"})


def test_tax_rates_have_a_day_they_come_into_force(tmp_path: Path) -> None:
    text = '[tax]\n15 = [{rate = "15"}, {rate = "14", since = 2027-01-01}]'
    assert [str(rate.rate) for rate in load(write(tmp_path, text)).tax["15"]] == ["15", "14"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[till]\nstor = 'x'", ("till", "unknown key 'stor'", "did you mean 'store'?")),
        ("[tll]\n", ("unknown key 'tll'", "did you mean 'till'?")),
        ("[selling]\nidle_seconds = '60'", ("selling: idle_seconds", "a whole number")),
        ("[selling]\nidle_seconds = true", ("idle_seconds", "a whole number")),
        ("[selling]\nreceipts = 'paper'", ("receipts", "a list is wanted")),
        ("[selling]\nreceipts = ['fax']", ("selling.receipts", "paper, digital, none")),
        ("[screen]\ntheme = 'dark'", ("screen.theme", "normal, high_contrast, calm")),
        ("[screen]\nlanguages = []", ("screen.languages", "at least one")),
        ("[till]\ntimezone = 'Europe/Atlantis'", ("till.timezone", "Europe/Atlantis")),
        ("[till]\nday_starts_at = 24", ("day_starts_at", "from 0 to 23")),
        ("[tax]\n15 = [{rate = 'much'}]", ("tax.15", "rate")),
        ("[[staff]]\nname = 'Kari'", ("staff", "pin_hash is missing")),
        ("[devices]\nscanner = 'serial'", ("devices.scanner", "category and driver")),
        ("till = 3", ("till", "a table is wanted")),
        ("[till\n", ("not valid TOML", "nothing was changed")),
    ],
)
def test_a_mistake_is_named_with_its_key_and_its_mend(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as told:
        load(path)
    for word in (str(path), *words):
        assert word in str(told.value)


def test_a_file_that_is_not_there_or_not_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load(tmp_path / "kvitt.toml")
    (tmp_path / "kvitt.toml").write_bytes(b"\xff\xfe\x00broken")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load(tmp_path / "kvitt.toml")


def test_a_table_can_be_parsed_without_a_file() -> None:
    assert parse({"shop": {"name": "Torget"}}, where="test").shop.name == "Torget"
