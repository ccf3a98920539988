"""The receipt printer on USB, on a bus of our own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import usb.backend.libusb1

from appliance.core.commands import Health
from appliance.core.receipt import ReceiptDocument
from appliance.errors import ConfigError, DeviceBusy, DeviceError, DeviceFailure, DeviceNotFound
from appliance.io.printers.escpos import EscposOptions, EscposPrinter
from simulators.printer import PrinterSimulator
from tests.io.usb_wire import UsbWire


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> UsbWire:
    wire = UsbWire()
    monkeypatch.setattr(usb.backend.libusb1, "get_backend", lambda *_, **__: wire)
    return wire


@pytest.fixture
def printer(bus: UsbWire) -> Iterator[PrinterSimulator]:
    simulator = PrinterSimulator(bus)
    simulator.start()
    yield simulator
    simulator.stop()


@pytest.fixture
def driver(bus: UsbWire) -> Iterator[EscposPrinter]:
    device = EscposPrinter("printer", EscposOptions(url=bus.url, answer_ms=200))
    yield device
    device.close()


def test_a_receipt_is_printed_and_confirmed_and_the_kernel_driver_stands_aside(
    bus: UsbWire, printer: PrinterSimulator, driver: EscposPrinter, receipt: ReceiptDocument
):
    driver.open()
    assert not bus.kernel_driver
    assert driver.check().health is Health.ONLINE
    driver.print(receipt)
    assert printer.paper().cuts == 1
    assert printer.paper().unknown == []


def test_no_paper_is_refused(printer: PrinterSimulator, driver: EscposPrinter, receipt: ReceiptDocument):
    driver.open()
    printer.change(paper=False)
    with pytest.raises(DeviceFailure):
        driver.print(receipt)


def test_a_printer_unplugged_in_the_middle_is_unknown_and_prints_when_it_is_back(
    printer: PrinterSimulator, driver: EscposPrinter, receipt: ReceiptDocument
):
    driver.open()
    printer.die_after(100)
    with pytest.raises(DeviceError) as fault:
        driver.print(receipt)
    assert not isinstance(fault.value, DeviceFailure)
    with pytest.raises(DeviceNotFound) as missing:
        driver.open()
    assert "lsusb" in missing.value.remedy
    printer.start()
    driver.open()
    driver.print(receipt)
    assert len(printer.receipts) == 1


def test_a_printer_that_cups_holds_is_busy(bus: UsbWire, printer: PrinterSimulator, driver: EscposPrinter):
    assert printer.url == bus.url
    bus.claimed_by_other = True
    with pytest.raises(DeviceBusy) as fault:
        driver.open()
    assert "CUPS" in fault.value.remedy


def test_a_device_that_is_no_printer_is_not_one(monkeypatch: pytest.MonkeyPatch, driver: EscposPrinter):
    keyboard = UsbWire(interface_class=3)
    keyboard.plug(lambda _: None)
    monkeypatch.setattr(usb.backend.libusb1, "get_backend", lambda *_, **__: keyboard)
    with pytest.raises(DeviceNotFound, match="no printer"):
        driver.open()


def test_a_wrong_usb_url_says_what_to_write():
    with pytest.raises(ConfigError, match="lsusb"):
        EscposPrinter("printer", EscposOptions(url="usb://epson")).open()
