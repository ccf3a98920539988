"""The hub's intake: sales into its database, and the whole way through the broker, beside what each gives bare.

Every row is a completed sale of eight lines; 20 tills send 25 in a batch. Rates are rows a second of wall-clock time;
"per core" is by the processor time that the process took, and does not count the waiting for other programs.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select

from appliance.mqtt.messages.wire import Packet
from appliance.mqtt.topics import parse
from benchmarks.hub_rows import ROWS_OF_A_BATCH, batches, kiosks
from benchmarks.hub_wire import delivered, ingested
from benchmarks.report import Measurement
from hub import schema
from hub.bulk import Columns
from hub.database import Database
from hub.ingest import Incoming, Ingest
from hub.worker import MAX_BATCHES, rest_collector
from tests.hub.postgres import Cluster, programs

TILLS: Final = 20
_TABLES: Final = (
    schema.journal_row,
    schema.sale,
    schema.sale_line,
    schema.sale_tax,
    schema.sale_tender,
    schema.stock_movement,
)


def measure(folder: Path, *, quick: bool = False) -> Iterator[Measurement]:
    """Measure both ways."""
    packets = _packets(10 if quick else 40)
    yield from commits(folder / "sqlite", packets, "SQLite", least=8000)
    yield from wire(folder / "sqlite", packets, "SQLite")
    found = programs()
    if found is None:
        print("no PostgreSQL here: apt install postgresql", flush=True)
        return
    cluster = Cluster(found, durable=True)
    cluster.start()
    try:
        urls = [cluster.url(cluster.create()) for _ in range(3)]
        yield from commits(folder / "postgres", packets, "PostgreSQL", least=3000, url=urls[0], bare_url=urls[1])
        yield from wire(folder / "postgres", packets, "PostgreSQL", "--database", urls[2])
    finally:
        cluster.stop()


def _packets(batches_of_a_till: int) -> list[Packet]:
    """Give the batches of all tills in turn."""
    made = [list(batches(kiosk, batches_of_a_till)) for kiosk in kiosks(TILLS)]
    return [packet for turn in zip(*made, strict=True) for packet in turn]


def commits(
    folder: Path, packets: Sequence[Packet], product: str, *, least: float, url: str = "", bare_url: str = ""
) -> Iterator[Measurement]:
    """Measure decoding, proving, booking and committing, beside the bare inserts of the very same rows."""
    rest_collector()
    rows = len(packets) * ROWS_OF_A_BATCH
    incoming = [_incoming(packet) for packet in packets]
    with (
        closing(Database(folder / "hub", url, create=True)) as database,
        closing(Database(folder / "bare", bare_url, create=True)) as other,
    ):
        ingest = Ingest(database)
        parts = [incoming[first : first + MAX_BATCHES] for first in range(0, len(incoming), MAX_BATCHES)]
        ours = _Stopwatch()
        for part in parts:
            ingest.commit(part)
        ours.stop()
        bare = _bare_inserts(database, other, len(parts))
        with database.read() as connection:
            made = connection.scalar(select(func.count()).select_from(schema.sale))
    assert made == rows, f"{rows} rows sent, {made} in the database"
    yield Measurement(
        name=f"sales committed, {product}",
        value=rows / ours.wall,
        unit="rows/s",
        baseline=rows / bare.wall,
        baseline_name="bare inserts",
        least=least,
    )
    yield Measurement(
        name="the same per core of the hub",
        value=rows / ours.processor,
        unit="rows/s",
        baseline=rows / bare.processor,
        baseline_name="bare inserts",
    )


class _Stopwatch:
    """Runs from its making until it is stopped."""

    def __init__(self) -> None:
        self.wall, self.processor = time.perf_counter(), time.process_time()

    def stop(self) -> None:
        """Stop it: what it shows now are seconds."""
        self.wall, self.processor = time.perf_counter() - self.wall, time.process_time() - self.processor


def _bare_inserts(source: Database, target: Database, parts: int) -> _Stopwatch:
    """Write the rows that the hub has written into the same empty tables, in as many transactions."""
    held: list[tuple[Columns, list[tuple[Any, ...]]]] = []
    with source.read() as connection:
        for table in _TABLES:
            rows = connection.execute(select(table).order_by(table.c.seq, table.c.kiosk))
            held.append((Columns(table, *table.c.keys()), [tuple(row) for row in rows]))
    watch = _Stopwatch()
    for part in range(parts):
        with target.write() as connection:
            for columns, entries in held:
                share = entries[len(entries) * part // parts : len(entries) * (part + 1) // parts]
                columns.insert(connection, share)
    watch.stop()
    return watch


def _incoming(packet: Packet) -> Incoming:
    address = parse(packet.topic)
    assert address is not None
    return Incoming(kiosk=address.name, payload=packet.payload, properties=packet.properties)


def wire(folder: Path, packets: Sequence[Packet], product: str, *options: str) -> Iterator[Measurement]:
    """Measure from the first publication to the last acknowledgement, beside a broker whose reader only takes."""
    rows = len(packets) * ROWS_OF_A_BATCH
    bare = rows / delivered(folder / "delivered", packets)
    wall, processor = ingested(folder / "ingested", packets, *options)
    yield Measurement(
        name=f"sales acknowledged, {product}",
        value=rows / wall,
        unit="rows/s",
        baseline=bare,
        baseline_name="delivered by the broker",
    )
    yield Measurement(name="the same per core of the hub", value=rows / processor, unit="rows/s")
