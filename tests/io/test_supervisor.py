"""Devices under supervision: they come, they go, they come back, and every job has one answer."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from gpiozero.pins.mock import MockFactory

from appliance.core.checkout import DeviceState
from appliance.core.commands import (
    CallHelp,
    Condition,
    Health,
    PrintResult,
    ReportDevice,
    ReportDrawer,
    ReportPrint,
    ScanCode,
)
from appliance.core.receipt import ReceiptDocument
from appliance.drivers import Device
from appliance.errors import ConfigError, DeviceFailure
from appliance.io.drawers.gpio import GpioDrawer, GpioDrawerOptions
from appliance.io.drawers.printer import PrinterDrawer, PrinterDrawerOptions
from appliance.io.lights.button import GpioButton, GpioButtonOptions
from appliance.io.lights.gpio import GpioLight, GpioLightOptions
from appliance.io.printers.escpos import EscposOptions, EscposPrinter
from appliance.io.scanners.serial import SerialScanner, SerialScannerOptions
from appliance.io.supervisor import Supervisor
from appliance.io.worker import Timing
from simulators.printer import PrinterSimulator
from simulators.scanner import ScannerSimulator
from simulators.wire import TcpWire
from tests.io.rig import Inbox, until

QUICK = Timing(printer=0.05, drawer=0.05, terminal=0.1, others=0.1, first_pause=0.05, longest_pause=0.1)


@contextmanager
def supervised(inbox: Inbox, *devices: Device, timing: Timing = QUICK) -> Iterator[Supervisor]:
    supervisor = Supervisor(devices, inbox.post, timing)
    supervisor.start()
    try:
        yield supervisor
    finally:
        supervisor.stop()


def escpos(printer: PrinterSimulator) -> EscposPrinter:
    return EscposPrinter("printer", EscposOptions(url=printer.url, answer_ms=100))


def serial(scanner: ScannerSimulator) -> SerialScanner:
    return SerialScanner("scanner", SerialScannerOptions(url=scanner.url))


# Scanners ------------------------------------------------------------------------------------------------------------


def test_a_scan_becomes_a_command(inbox: Inbox, scanner: ScannerSimulator):
    with supervised(inbox, serial(scanner)):
        inbox.wait(ReportDevice, lambda it: it.health is Health.ONLINE)
        scanner.scan("7038010009457")
        assert inbox.wait(ScanCode) == ScanCode("7038010009457")


def test_a_scanner_pulled_out_and_put_back_scans_on_and_staff_see_both(inbox: Inbox, scanner: ScannerSimulator):
    with supervised(inbox, serial(scanner)):
        inbox.wait(ReportDevice, lambda it: it.health is Health.ONLINE)
        scanner.stop()
        gone = inbox.wait(ReportDevice, lambda it: it.health is Health.OFFLINE)
        assert gone.category == "Scanner"
        assert gone.remedy
        inbox.commands.clear()
        scanner.start()
        inbox.wait(ReportDevice, lambda it: it.health is Health.ONLINE)
        scanner.scan("7038010009457")
        assert inbox.wait(ScanCode).raw == "7038010009457"


def test_a_scanner_that_is_missing_at_the_start_is_found_later(inbox: Inbox, scanner: ScannerSimulator):
    driver = serial(scanner)
    scanner.stop()
    with supervised(inbox, driver):
        inbox.wait(ReportDevice, lambda it: it.health is Health.OFFLINE)
        scanner.start()
        inbox.wait(ReportDevice, lambda it: it.health is Health.ONLINE)


# The printer ---------------------------------------------------------------------------------------------------------


def test_a_receipt_is_reported_as_printed_once_and_after_it_is_on_paper(
    inbox: Inbox, printer: PrinterSimulator, receipt: ReceiptDocument
):
    with supervised(inbox, escpos(printer)) as devices:
        devices.print_receipt("1187", receipt)
        assert inbox.wait(ReportPrint) == ReportPrint("1187", PrintResult.PRINTED)
        assert len(printer.receipts) == 1
    assert len(inbox.of(ReportPrint)) == 1


def test_a_job_that_is_asked_for_twice_at_once_is_printed_once(
    inbox: Inbox, printer: PrinterSimulator, receipt: ReceiptDocument
):
    with supervised(inbox, escpos(printer)) as devices:
        for _ in range(3):
            devices.print_receipt("1187", receipt)
        devices.print_receipt("1188", receipt)
        inbox.wait(ReportPrint, lambda it: it.job == "1188")
    assert [report.job for report in inbox.of(ReportPrint)] == ["1187", "1188"]
    assert len(printer.receipts) == 2


def test_no_paper_fails_the_job_and_the_new_roll_is_noticed(
    inbox: Inbox, printer: PrinterSimulator, receipt: ReceiptDocument
):
    with supervised(inbox, escpos(printer)) as devices:
        inbox.wait(ReportDevice, lambda it: it.health is Health.ONLINE)
        printer.change(paper=False)
        state = inbox.wait(ReportDevice, lambda it: Condition.PAPER_OUT in it.conditions)
        assert "paper roll" in state.remedy
        devices.print_receipt("1187", receipt)
        assert inbox.wait(ReportPrint).result is PrintResult.FAILED
        inbox.commands.clear()
        printer.change(paper=True)
        inbox.wait(ReportDevice, lambda it: it.conditions == frozenset())
        devices.print_receipt("1187", receipt)
        assert inbox.wait(ReportPrint).result is PrintResult.PRINTED
    assert len(printer.receipts) == 1


def test_a_printer_unplugged_in_the_middle_of_a_receipt_is_unknown_and_the_next_one_prints(
    inbox: Inbox, printer: PrinterSimulator, receipt: ReceiptDocument
):
    with supervised(inbox, escpos(printer), timing=dataclasses.replace(QUICK, printer=60)) as devices:
        inbox.wait(ReportDevice, lambda it: it.health is Health.ONLINE)
        printer.die_after(300)
        devices.print_receipt("1187", receipt)
        assert inbox.wait(ReportPrint).result is PrintResult.UNKNOWN
        inbox.wait(ReportDevice, lambda it: it.health is Health.OFFLINE)
        assert printer.receipts == []
        inbox.commands.clear()
        printer.start()
        inbox.wait(ReportDevice, lambda it: it.health is Health.ONLINE)
        devices.print_receipt("1188", receipt)
        assert inbox.wait(ReportPrint).result is PrintResult.PRINTED
    assert [report.job for report in inbox.of(ReportPrint)] == ["1188"]


def test_a_printer_that_is_not_there_fails_the_job_at_once(
    inbox: Inbox, printer: PrinterSimulator, receipt: ReceiptDocument
):
    driver = escpos(printer)
    printer.stop()
    with supervised(inbox, driver, timing=dataclasses.replace(QUICK, first_pause=60, longest_pause=60)) as devices:
        inbox.wait(ReportDevice, lambda it: it.health is Health.OFFLINE)
        devices.print_receipt("1187", receipt)
        assert inbox.wait(ReportPrint).result is PrintResult.FAILED
        printer.start()
        devices.print_receipt("1188", receipt)
        report = inbox.wait(ReportPrint, lambda it: it.job == "1188")
        assert report.result is PrintResult.PRINTED, "a job does not wait for the next attempt to find the printer"


def test_a_network_printer_that_closed_the_idle_line_prints_the_next_receipt(inbox: Inbox, receipt: ReceiptDocument):
    wire = TcpWire()
    printer = PrinterSimulator(wire)
    printer.start()
    with supervised(inbox, escpos(printer), timing=dataclasses.replace(QUICK, printer=60)) as devices:
        inbox.wait(ReportDevice, lambda it: it.health is Health.ONLINE)
        wire.drop()
        devices.print_receipt("1187", receipt)
        assert inbox.wait(ReportPrint).result is PrintResult.PRINTED
    printer.stop()
    assert len(printer.receipts) == 1


def test_a_till_without_a_printer_says_so(inbox: Inbox, receipt: ReceiptDocument):
    with supervised(inbox) as devices:
        devices.print_receipt("1187", receipt)
    assert inbox.wait(ReportPrint).result is PrintResult.FAILED


def test_health_is_reported_when_it_changes_and_not_at_every_look(inbox: Inbox, printer: PrinterSimulator):
    with supervised(inbox, escpos(printer)):
        inbox.wait(ReportDevice)
        printer.change(paper_low=True)
        inbox.wait(ReportDevice, lambda it: Condition.PAPER_LOW in it.conditions)
        asked = threading.Event()
        asked.wait(0.5)  # ten looks and more
    assert len(inbox.of(ReportDevice)) == 2


# Drawer, light, button -----------------------------------------------------------------------------------------------


def test_a_drawer_at_the_printer_opens_and_its_sensor_is_reported(inbox: Inbox, printer: PrinterSimulator):
    drawer = PrinterDrawer("drawer", PrinterDrawerOptions(sensor=True))
    with supervised(inbox, drawer, escpos(printer)) as devices:
        assert inbox.wait(ReportDrawer).open is False
        devices.open_drawer()
        assert printer.wait_for(lambda it: it.pulses == 1)
        printer.change(drawer_open=True)
        inbox.wait(ReportDrawer, lambda it: it.open)
        printer.change(drawer_open=False)
        until(lambda: [report.open for report in inbox.of(ReportDrawer)] == [False, True, False])


def test_a_drawer_that_names_no_printer_is_a_fault_of_the_configuration(inbox: Inbox):
    drawer = PrinterDrawer("drawer", PrinterDrawerOptions(printer="kitchen"))
    with pytest.raises(ConfigError, match="kitchen"):
        Supervisor([drawer], inbox.post)
    light = GpioLight("kitchen", GpioLightOptions(red=5))
    with pytest.raises(ConfigError, match="no printer with a drawer connector"):
        Supervisor([drawer, light], inbox.post)


def test_a_drawer_on_a_relay_gets_one_pulse_and_its_switch_is_reported(inbox: Inbox, pins: MockFactory):
    relay, switch = pins.pin(17), pins.pin(27)
    drawer = GpioDrawer("drawer", GpioDrawerOptions(pin=17, sensor_pin=27, pulse_ms=20))
    with supervised(inbox, drawer) as devices:
        inbox.wait(ReportDrawer, lambda it: it.open)  # the switch is not closed: the drawer is open
        switch.drive_low()
        until(lambda: [report.open for report in inbox.of(ReportDrawer)] == [True, False])
        relay.clear_states()
        devices.open_drawer()
        until(lambda: [state.state for state in relay.states] == [False, True, False])


def test_the_lane_light_shows_the_newest_lamp_and_goes_out_at_the_end(inbox: Inbox, pins: MockFactory):
    light = GpioLight("light", GpioLightOptions(red=5, yellow=6, green=13))
    red, yellow, green = (pins.pin(number) for number in (5, 6, 13))
    with supervised(inbox, light) as devices:
        devices.show_lamp("open")
        until(lambda: bool(green.state) and not red.state and not yellow.state)
        devices.show_lamp("help")
        until(lambda: bool(yellow.state) and not green.state)
        until(lambda: not yellow.state)  # it blinks
        devices.show_lamp("attention")
        until(lambda: bool(red.state) and not yellow.state)
    assert not red.state


def test_a_press_of_the_button_calls_for_help_once(inbox: Inbox, pins: MockFactory):
    pin = pins.pin(21)
    with supervised(inbox, GpioButton("help", GpioButtonOptions(pin=21))):
        inbox.wait(ReportDevice)
        pin.drive_low()
        inbox.wait(CallHelp)
        for _ in range(3):  # the contact bounces
            pin.drive_high()
            pin.drive_low()
        pin.drive_high()
        threading.Event().wait(0.15)
        pin.drive_low()
        until(lambda: len(inbox.of(CallHelp)) == 2)


# Drivers that fail ---------------------------------------------------------------------------------------------------


class Broken:
    """A driver with a bug."""

    name = "broken"
    category = "Lights"
    opened = 0

    def open(self) -> None:
        self.opened += 1

    def close(self) -> None:
        pass

    def check(self) -> DeviceState:
        raise ZeroDivisionError

    def show(self, lamp: str) -> None:
        pass


def test_a_driver_with_a_bug_is_offline_and_does_not_end_its_thread(inbox: Inbox, until: Callable[..., None]):
    broken = Broken()
    with supervised(inbox, broken):
        assert "the driver failed" in inbox.wait(ReportDevice, lambda it: it.health is Health.OFFLINE).detail
        until(lambda: broken.opened > 2)


class Stuck(Broken):
    """A device that says no for good."""

    def open(self) -> None:
        self.opened += 1
        raise DeviceFailure("burnt out", remedy="Replace it.")


def test_a_final_fault_is_tried_again_only_after_the_longest_pause(inbox: Inbox):
    stuck = Stuck()
    with supervised(inbox, stuck, timing=dataclasses.replace(QUICK, longest_pause=60)):
        report = inbox.wait(ReportDevice)
        assert (report.health, report.detail, report.remedy) == (Health.OFFLINE, "burnt out", "Replace it.")
    assert stuck.opened == 1


def test_a_device_of_an_unknown_kind_is_refused(inbox: Inbox):
    toaster = Broken()
    toaster.category = "Toaster"
    with pytest.raises(ConfigError, match="Toaster"):
        Supervisor([toaster], inbox.post)
