"""The example configuration is the reference of all keys, so it must load and must name every one."""

import dataclasses
import re
from pathlib import Path

import pytest

from appliance.config import (
    BarcodeConfig,
    HubConfig,
    ScreenConfig,
    SellingConfig,
    ShopConfig,
    TillConfig,
    load,
    read_table,
)
from appliance.io import registry

EXAMPLE = Path(__file__).parents[2] / "examples" / "kvitt.toml"
SECTIONS = {
    "till": TillConfig,
    "shop": ShopConfig,
    "selling": SellingConfig,
    "barcode": BarcodeConfig,
    "screen": ScreenConfig,
    "hub": HubConfig,
}


def section(name: str) -> str:
    """Give the text of a table, its comments included."""
    found = re.search(
        rf"^\[{name}\]\n(.*?)(?=^\[|^# \[|\Z)", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    assert found, name
    return found[1]


def test_the_example_loads() -> None:
    config = load(EXAMPLE)
    assert config.shop.name == "Bygda Mat"
    assert set(config.devices) == {"scanner", "printer", "terminal", "light", "help"}


def test_every_device_of_the_example_can_be_made() -> None:
    for name, device in load(EXAMPLE).devices.items():
        made = registry.build(
            name, category=device.category, driver=device.driver, options=device.options, read=read_table
        )
        assert made.name == name


@pytest.mark.parametrize("name", SECTIONS)
def test_every_key_is_shown(name: str) -> None:
    shown = set(re.findall(r"^(?:# )?([a-z_]+) =", section(name), re.MULTILINE))
    assert shown == {field.name for field in dataclasses.fields(SECTIONS[name])}


@pytest.mark.parametrize("name", SECTIONS)
def test_a_key_that_is_commented_out_shows_its_default(name: str, tmp_path: Path) -> None:
    lines = [line.removeprefix("# ") for line in section(name).splitlines() if re.match(r"# [a-z_]+ =", line)]
    # The rule of the store's own codes is an example of its form, not a default.
    lines = [line for line in lines if not line.startswith("rules =")]
    file = tmp_path / "kvitt.toml"
    file.write_text(f"[{name}]\n" + "\n".join(lines), encoding="utf-8")
    assert getattr(load(file), name) == SECTIONS[name]()
