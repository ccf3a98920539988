"""Simulated devices on real lines, an inbox that can be waited on, and a look-out for threads that stay behind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from appliance.core.receipt import (
    Align,
    AmountLine,
    ColumnLine,
    QrCode,
    ReceiptDocument,
    Rule,
    Space,
    TextLine,
)
from simulators.printer import PrinterSimulator
from simulators.scanner import ScannerSimulator
from simulators.wire import PtyWire, TcpWire, Wire
from tests.io.rig import Inbox, until


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture(name="until")
def until_fixture() -> Callable[..., None]:
    return until


@pytest.fixture(autouse=True)
def no_thread_stays_behind() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    until(lambda: not (set(threading.enumerate()) - before), 3.0)


@pytest.fixture(params=["pty", "tcp"])
def wire(request: pytest.FixtureRequest, tmp_path: Path) -> Wire:
    return PtyWire(tmp_path / "device") if request.param == "pty" else TcpWire()


@pytest.fixture
def printer(wire: Wire) -> Iterator[PrinterSimulator]:
    simulator = PrinterSimulator(wire)
    simulator.start()
    yield simulator
    simulator.stop()


@pytest.fixture
def scanner(tmp_path: Path) -> Iterator[ScannerSimulator]:
    simulator = ScannerSimulator(PtyWire(tmp_path / "scanner"))
    simulator.start()
    yield simulator
    simulator.stop()


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    factory, before = MockFactory(), Device.pin_factory
    Device.pin_factory = factory
    yield factory
    factory.reset()
    Device.pin_factory = before


@pytest.fixture
def receipt() -> ReceiptDocument:
    """A receipt as a Norwegian shop prints it."""
    return ReceiptDocument(
        title="Salgskvittering",
        lines=(
            TextLine(text="Torgboden", align=Align.CENTRE, bold=True, scale=2),
            TextLine(text="Org.nr. 999 888 777 MVA", align=Align.CENTRE),
            Rule(),
            AmountLine(text="Grovbrød med solsikkekjerner og havre, skåret", amount="44,90"),
            AmountLine(text="Blåbærsyltetøy 400 g", amount="39,90"),
            AmountLine(text="Rømmegrøt", amount="99,60"),
            TextLine(text="  3 stk × 33,20"),
            Rule(),
            AmountLine(text="Sum", amount="1\u00a0184,40", bold=True, scale=2),
            ColumnLine(cells=("MVA %", "Grunnlag", "MVA", "Sum"), bold=True),
            ColumnLine(cells=("15 %", "1\u00a0029,91", "154,49", "1\u00a0184,40")),
            Space(),
            QrCode(payload="https://kvitt.example/r/0191f7c0-5a3e-7b1e", caption="Skann for digital kvittering"),
            TextLine(text="Takk for handelen!", align=Align.CENTRE),
        ),
    )
