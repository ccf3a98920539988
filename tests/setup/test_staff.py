"""PINs: known by their hash only."""

from __future__ import annotations

import pytest

from appliance.config import StaffConfig
from appliance.errors import ConfigError
from appliance.staff import ConfiguredStaff, hash_pin


def test_a_pin_signs_on_its_owner_and_nobody_else() -> None:
    staff = ConfiguredStaff([StaffConfig(name=n, pin_hash=hash_pin(p)) for n, p in (("kari", "4711"), ("ola", "0815"))])
    assert staff.sign_on("4711") == "kari"
    assert staff.sign_on("0815") == "ola"
    assert staff.sign_on("1234") is None


def test_two_hashes_of_one_pin_differ_and_do_not_hold_it() -> None:
    first, second = hash_pin("4711"), hash_pin("4711")
    assert first != second
    assert "4711" not in first.split("$")


@pytest.mark.parametrize("pin", ["", "123", "12a4", "1234567890123", "१२३४"])
def test_a_pin_that_is_none_gets_no_hash(pin: str) -> None:
    with pytest.raises(ValueError, match="4 to 12 digits"):
        hash_pin(pin)


@pytest.mark.parametrize("broken", ["", "4711", "scrypt$", "scrypt$zz$00", "md5$00$00"])
def test_a_hash_that_is_none_is_named_at_start(broken: str) -> None:
    with pytest.raises(ConfigError, match="kvitt pin"):
        ConfiguredStaff([StaffConfig(name="kari", pin_hash=broken)])
