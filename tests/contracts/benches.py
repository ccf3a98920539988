"""Every driver on its bench: the driver, what stands at the other end, and how to take that away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from gpiozero.pins.mock import MockFactory

from appliance.io.drawers.gpio import GpioDrawer, GpioDrawerOptions
from appliance.io.drawers.printer import PrinterDrawer, PrinterDrawerOptions
from appliance.io.lights.button import GpioButton, GpioButtonOptions
from appliance.io.lights.gpio import GpioLight, GpioLightOptions
from appliance.io.payment.zvt.terminal import ZvtTerminal
from appliance.io.printers.escpos import EscposOptions, EscposPrinter
from appliance.io.scanners.serial import SerialScanner, SerialScannerOptions
from simulators import zvt_terminal
from simulators.printer import PrinterSimulator
from simulators.scanner import ScannerSimulator
from simulators.wire import PtyWire, TcpWire, Wire


@dataclass(frozen=True, kw_only=True)
class Bench:
    """One driver in its surroundings; `far` is the other end: a simulator, or the pins."""

    device: Any
    far: Any
    take_away: Callable[[], None] = lambda: None
    """Pull the plug, where there is one."""
    bring_back: Callable[[], None] = lambda: None


@contextmanager
def _scanner(wire: Wire) -> Iterator[Bench]:
    far = ScannerSimulator(wire)
    far.start()
    device = SerialScanner("it", SerialScannerOptions(url=far.url))
    yield Bench(device=device, far=far, take_away=far.stop, bring_back=far.start)
    far.stop()


@contextmanager
def _printer(wire: Wire) -> Iterator[Bench]:
    far = PrinterSimulator(wire)
    far.start()
    device = EscposPrinter("it", EscposOptions(url=far.url, answer_ms=200))
    yield Bench(device=device, far=far, take_away=far.stop, bring_back=far.start)
    far.stop()


@contextmanager
def _printer_drawer(wire: Wire) -> Iterator[Bench]:
    with _printer(wire) as bench:
        bench.device.open()
        drawer = PrinterDrawer("it", PrinterDrawerOptions(printer="printer", sensor=True))
        drawer.attach({"printer": bench.device})
        yield Bench(device=drawer, far=bench.far)
        bench.device.close()


@contextmanager
def _terminal(url: Callable[[zvt_terminal.ZvtTerminal], str], books: Path) -> Iterator[Bench]:
    with zvt_terminal.ZvtTerminal(books, t1=0.1, t2=0.15, t3=0.4) as far:
        times = {name: Decimal(text) for name, text in (("t1", "0.1"), ("t2", "0.15"), ("t3", "0.4"), ("t4", "2"))}
        options = ZvtTerminal.Options(url=url(far), connect=Decimal(2), patience=Decimal(3), **times)
        yield Bench(device=ZvtTerminal("it", options), far=far)


@contextmanager
def _pins(device: Any, pins: MockFactory) -> Iterator[Bench]:
    yield Bench(device=device, far=pins)


def bench(name: str, folder: Path, pins: MockFactory) -> Any:
    """Give a bench by name, as a context."""
    match name:
        case "scanner.serial":
            return _scanner(PtyWire(folder / "line"))
        case "scanner.serial tcp":
            return _scanner(TcpWire())
        case "printer.escpos":
            return _printer(PtyWire(folder / "line"))
        case "printer.escpos tcp":
            return _printer(TcpWire())
        case "drawer.printer":
            return _printer_drawer(PtyWire(folder / "line"))
        case "drawer.gpio":
            return _pins(GpioDrawer("it", GpioDrawerOptions(pin=17, sensor_pin=27, pulse_ms=20)), pins)
        case "light.gpio":
            return _pins(GpioLight("it", GpioLightOptions(red=5, yellow=6, green=13)), pins)
        case "button.gpio":
            return _pins(GpioButton("it", GpioButtonOptions(pin=21)), pins)
        case "terminal.zvt":
            return _terminal(lambda far: f"tcp://127.0.0.1:{far.listen_tcp()}", folder / "books")
        case "terminal.zvt serial":
            return _terminal(lambda far: f"serial://{far.open_pty()}?baud=115200", folder / "books")
    raise LookupError(name)


SCANNERS = ("scanner.serial", "scanner.serial tcp")
PRINTERS = ("printer.escpos", "printer.escpos tcp")
DRAWERS = ("drawer.printer", "drawer.gpio")
LIGHTS = ("light.gpio",)
BUTTONS = ("button.gpio",)
TENDERS = ("terminal.zvt", "terminal.zvt serial")
ALL = (*SCANNERS, *PRINTERS, *DRAWERS, *LIGHTS, *BUTTONS, *TENDERS)
