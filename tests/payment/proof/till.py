"""A whole till without a screen: register, journal on disk, device thread and driver are those that are sold."""

from __future__ import annotations

import logging
import os
import queue
import secrets
import socket
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Final

from appliance.clock import SystemClock
from appliance.core.commands import Command, ReceiptKind
from appliance.core.receipt import ReceiptDocument
from appliance.drivers import TenderDevice
from appliance.io.payment.zvt.terminal import ZvtTerminal
from appliance.io.supervisor import Supervisor
from appliance.io.worker import Timing
from appliance.register import Register
from appliance.surroundings import Surroundings
from simulators.nexo_poi import POI
from tests.core.till import policy
from tests.payment.nexo.till import driver
from tests.payment.proof.dialogues import NEXO_LINES, Case, Cut, Dialogue
from tests.payment.proof.faults import FaultyJournal, Points, hook_nexo, hook_zvt
from tests.payment.proof.people import People
from tests.register.surroundings import MemoryCatalogue

ZVT: Final = {
    "t1": Decimal("0.1"),
    "t2": Decimal("0.3"),
    "t3": Decimal("0.6"),
    "t4": Decimal(1),
    "connect": Decimal(2),
    "patience": Decimal("0.3"),
}
NEXO: Final = {
    "payment": Decimal(2),
    "answer": Decimal(2),
    "patience": Decimal("0.3"),
    "not_found_pause": Decimal("0.1"),
}
TIMING: Final = Timing(lookup=0.1, first_pause=0.05, longest_pause=0.2, join=1.0)


class _Nobody:
    """Hub and watchdog of a till that has neither."""

    def wake(self) -> None:
        """Nobody waits for rows."""

    def feed(self) -> None:
        """Nobody watches."""


def device(line: str, url: str, books: Path) -> TenderDevice:
    """Give the driver of a line."""
    if line in NEXO_LINES:
        dialect = line.removeprefix("nexo-")
        return driver(dialect, url, POI[dialect], books, **NEXO)
    return ZvtTerminal("terminal", ZvtTerminal.Options(url=url, **ZVT))


def run(
    case: Case,
    dialogue: Dialogue,
    cut: Cut,
    folder: Path,
    url: str,
    ears: socket.socket,
    *,
    last: int,
    plant: Callable[[], None],
) -> None:
    """Be the till until its people have gone. `folder` holds its state, the terminal's books, and its log if wanted."""
    if (log := os.environ.get("KVITT_PROOF_LOG")) is None:
        logging.disable(logging.CRITICAL)
    else:
        logging.basicConfig(filename=log, level=logging.DEBUG, format="%(asctime)s till %(name)s: %(message)s")
    points = Points(cut, ears)
    FaultyJournal.points = points
    (hook_nexo if case.line in NEXO_LINES else hook_zvt)(points)
    plant()
    journal = FaultyJournal.open(folder / "till")
    inbox: queue.SimpleQueue[Command] = queue.SimpleQueue()

    def undo_at_terminal() -> None:
        ears.sendall(b"U")
        ears.recv(1)

    people = People(dialogue, inbox.put, folder / "books", last=last, undo_at_terminal=undo_at_terminal)
    peripherals = Supervisor([device(case.line, url, folder / "books")], inbox.put, TIMING)
    around = Surroundings(
        journal=journal,
        catalogue=MemoryCatalogue(),
        staff=people,
        peripherals=peripherals,
        presenter=people,
        uplink=_Nobody(),
        clock=SystemClock("UTC", 0),
        watchdog=_Nobody(),
        compose=lambda *_: ReceiptDocument(),
        entropy=lambda: secrets.randbits(74),
    )
    register = Register(policy(receipts=(ReceiptKind.NONE,)), around, inbox, version="proof")
    register.start()
    peripherals.start()
    register.run()
    ears.sendall(b"#" + len(points.labels).to_bytes(2, "big"))
    if cut.what == "count":
        (folder / "labels").write_text("\n".join(points.labels), encoding="utf-8")
    peripherals.stop()
    journal.close()
