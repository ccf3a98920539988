"""Drivers by name, and what `kvitt check` says of the devices."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from appliance.config import read_table
from appliance.core.checkout import DeviceState
from appliance.core.commands import Condition, Health
from appliance.errors import ConfigError
from appliance.io.checking import check_devices
from appliance.io.drawers.printer import PrinterDrawer, PrinterDrawerOptions
from appliance.io.printers.escpos import EscposOptions, EscposPrinter
from appliance.io.registry import GROUP, build, find
from appliance.io.scanners.serial import SerialScanner, SerialScannerOptions
from simulators.printer import PrinterSimulator
from simulators.scanner import ScannerSimulator
from tests.io.test_supervisor import Broken

NAMES = {
    "scanner.serial": "appliance.io.scanners.serial:SerialScanner",
    "scanner.evdev": "appliance.io.scanners.evdev:EvdevScanner",
    "printer.escpos": "appliance.io.printers.escpos:EscposPrinter",
    "drawer.printer": "appliance.io.drawers.printer:PrinterDrawer",
    "drawer.gpio": "appliance.io.drawers.gpio:GpioDrawer",
    "light.gpio": "appliance.io.lights.gpio:GpioLight",
    "button.gpio": "appliance.io.lights.button:GpioButton",
}
ENTRIES = [EntryPoint(name=name, value=value, group=GROUP) for name, value in NAMES.items()]
NEEDED = {
    "scanner.serial": {"url": "serial:///dev/ttyUSB0"},
    "scanner.evdev": {"device": "05e0:1200"},
    "printer.escpos": {"url": "tcp://192.0.2.7:9100"},
    "drawer.gpio": {"pin": 17},
    "light.gpio": {"green": 13},
    "button.gpio": {"pin": 21},
}


@pytest.mark.parametrize("name", NAMES)
def test_every_driver_is_made_of_its_table_and_opens_nothing(name: str):
    category, driver = name.split(".")
    device = build(
        "it", category=category, driver=driver, options=NEEDED.get(name, {}), read=read_table, entries=ENTRIES
    )
    assert device.name == "it"
    device.close()


def test_an_unknown_driver_names_the_nearest():
    with pytest.raises(ConfigError, match=r"did you mean printer\.escpos"):
        find("printer", "epson", ENTRIES)
    with pytest.raises(ConfigError, match=r"known: none"):
        find("printer", "epson", [])


def test_a_driver_that_cannot_be_loaded_is_a_fault_of_the_installation():
    broken = EntryPoint(name="printer.star", value="appliance.io.printers.star:StarPrinter", group=GROUP)
    with pytest.raises(ConfigError, match="cannot be loaded"):
        find("printer", "star", [broken])


def test_a_wrong_option_is_named_with_its_device():
    with pytest.raises(ConfigError, match=r"devices\.it: unknown key 'ulr'; did you mean 'url'"):
        build(
            "it",
            category="scanner",
            driver="serial",
            options={"ulr": "serial:///dev/ttyUSB0"},
            read=read_table,
            entries=ENTRIES,
        )


def test_a_check_says_what_was_found_and_how_to_mend_the_rest(
    printer: PrinterSimulator, scanner: ScannerSimulator, tmp_path: Path
):
    printer.change(paper=False)
    states = check_devices(
        [
            PrinterDrawer("drawer", PrinterDrawerOptions(sensor=True)),
            SerialScanner("scanner", SerialScannerOptions(url=scanner.url)),
            SerialScanner("second", SerialScannerOptions(url=f"serial://{tmp_path}/none")),
            EscposPrinter("printer", EscposOptions(url=printer.url)),
            Broken(),
        ]
    )
    assert [(state.name, state.health) for state in states] == [
        ("drawer", Health.ONLINE),
        ("scanner", Health.ONLINE),
        ("second", Health.OFFLINE),
        ("printer", Health.ONLINE),
        ("broken", Health.OFFLINE),
    ]
    drawer, _, second, found, broken = states
    assert drawer.detail == "shut"
    assert "Plug" in second.remedy
    assert found.conditions == {Condition.PAPER_OUT}
    assert "paper roll" in found.remedy
    assert "ZeroDivisionError" in broken.detail
    assert all(isinstance(state, DeviceState) for state in states)


def test_a_check_leaves_the_devices_free_for_the_till(printer: PrinterSimulator, scanner: ScannerSimulator):
    for _ in range(2):
        states = check_devices(
            [
                SerialScanner("scanner", SerialScannerOptions(url=scanner.url)),
                EscposPrinter("printer", EscposOptions(url=printer.url)),
            ]
        )
        assert [state.health for state in states] == [Health.ONLINE, Health.ONLINE]
