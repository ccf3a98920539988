"""The hub's intake: sales into its database, and the whole way through the broker, beside what each gives bare.

Every row is a completed sale of eight lines; 20 tills send 25 in a batch. Rates are rows a second of wall-clock time;
"per core" is by the processor time that the process took, and does not count the waiting for other programs.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from appliance.mqtt.messages.wire import Packet
from appliance.mqtt.topics import parse
from benchmarks.hub_rows import ROWS_OF_A_BATCH, batches, kiosks
from benchmarks.hub_wire import delivered, ingested
from benchmarks.report import Measurement
from hub.database import Database
from hub.ingest import Incoming, Ingest
from hub.worker import MAX_BATCHES, rest_collector

TILLS: Final = 20
_TABLES: Final = ("journal_row", "sale", "sale_line", "sale_tax", "sale_tender", "stock_movement")


def measure(folder: Path, *, quick: bool = False) -> Iterator[Measurement]:
    """Measure both ways."""
    packets = _packets(10 if quick else 40)
    yield from commits(folder, packets)
    yield from wire(folder, packets)


def _packets(batches_of_a_till: int) -> list[Packet]:
    """Give the batches of all tills in turn."""
    made = [list(batches(kiosk, batches_of_a_till)) for kiosk in kiosks(TILLS)]
    return [packet for turn in zip(*made, strict=True) for packet in turn]


def commits(folder: Path, packets: Sequence[Packet]) -> Iterator[Measurement]:
    """Measure decoding, proving, booking and committing, beside the bare inserts of the very same rows."""
    rest_collector()
    rows = len(packets) * ROWS_OF_A_BATCH
    incoming = [_incoming(packet) for packet in packets]
    with closing(Database(folder / "hub", create=True)) as database:
        ingest = Ingest(database)
        with _timed() as ours:
            for first in range(0, len(incoming), MAX_BATCHES):
                ingest.commit(incoming[first : first + MAX_BATCHES])
    with _timed() as bare:
        made = _bare_inserts(folder, rows, bare)
    assert made == rows, f"{rows} rows sent, {made} in the database"
    yield Measurement(
        name="sales committed, SQLite",
        value=rows / ours["wall"],
        unit="rows/s",
        baseline=rows / bare["wall"],
        baseline_name="bare inserts",
        least=8000,
    )
    yield Measurement(
        name="the same per core",
        value=rows / ours["processor"],
        unit="rows/s",
        baseline=rows / bare["processor"],
        baseline_name="bare inserts",
        least=8000,
    )


def _incoming(packet: Packet) -> Incoming:
    address = parse(packet.topic)
    assert address is not None
    return Incoming(kiosk=address.name, payload=packet.payload, properties=packet.properties)


@contextmanager
def _timed() -> Iterator[dict[str, float]]:
    found: dict[str, float] = {}
    wall, processor = time.perf_counter(), time.process_time()
    yield found
    found.setdefault("wall", time.perf_counter() - wall)
    found.setdefault("processor", time.process_time() - processor)


def _bare_inserts(folder: Path, rows: int, found: dict[str, float]) -> int:
    """Write the rows that the hub has written into the same empty tables, in as many transactions."""
    with closing(Database(folder / "bare", create=True)):
        pass
    with (
        closing(sqlite3.connect(folder / "hub" / "hub.db")) as source,
        closing(sqlite3.connect(folder / "bare" / "hub.db", isolation_level=None)) as target,
    ):
        held: dict[str, list[tuple[Any, ...]]] = {
            name: source.execute(f"SELECT * FROM {name} ORDER BY seq, kiosk").fetchall() for name in _TABLES
        }
        for pragma in ("synchronous=FULL", "wal_autocheckpoint=0", "cache_size=-16384"):
            target.execute(f"PRAGMA {pragma}")
        parts = -(-rows // (MAX_BATCHES * ROWS_OF_A_BATCH))
        wall, processor = time.perf_counter(), time.process_time()
        for part in range(parts):
            target.execute("BEGIN IMMEDIATE")
            for name, entries in held.items():
                share = entries[len(entries) * part // parts : len(entries) * (part + 1) // parts]
                places = ", ".join("?" * len(share[0]))
                target.executemany(f"INSERT INTO {name} VALUES ({places})", share)
            target.execute("COMMIT")
            target.execute("PRAGMA wal_checkpoint(PASSIVE)")
        found["wall"], found["processor"] = time.perf_counter() - wall, time.process_time() - processor
        return len(held["sale"])


def wire(folder: Path, packets: Sequence[Packet]) -> Iterator[Measurement]:
    """Measure from the first publication to the last acknowledgement, beside a broker whose reader only takes."""
    rows = len(packets) * ROWS_OF_A_BATCH
    bare = rows / delivered(folder / "delivered", packets)
    wall, processor = ingested(folder / "ingested", packets)
    yield Measurement(
        name="sales acknowledged, SQLite",
        value=rows / wall,
        unit="rows/s",
        baseline=bare,
        baseline_name="delivered by the broker",
    )
    yield Measurement(name="the same per core of the hub", value=rows / processor, unit="rows/s")
