"""Hubs with a defect each, for the checker to find: `python -m tests.hub.proof.defects NAME serve ...`.

`keyless`: no table of sales and rows has a key, and a row that comes again is taken again. `early`: the
acknowledgement goes before the commit; and the hub does not compare its position with what a till was told, which
would find that out and ask again. A checker that passes one of these is worth nothing.
"""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from appliance.mqtt.messages.wire import packet
from appliance.mqtt.topics import Kind
from hub import cli, ingest, kiosks, worker
from hub.database import Database

KEYED = ("journal_row", "sale", "sale_line", "sale_tax", "sale_tender", "stock_movement")
SLOW_CARD_S = 1.0


def keyless(folder: Path) -> None:
    """Plant tables without keys, and an ingest that does not look whether a row is there."""
    Database(folder, "", create=True, upgrade=True).close()
    connection = sqlite3.connect(folder / "hub.db", isolation_level=None)
    for table in KEYED:
        if any(column[5] for column in connection.execute(f"PRAGMA table_info({table})")):
            connection.execute(f"CREATE TABLE bare AS SELECT * FROM {table}")
            connection.execute(f"DROP TABLE {table}")
            connection.execute(f"ALTER TABLE bare RENAME TO {table}")
    connection.close()

    def take_all(_self: Any, run: Any, _held: Mapping[int, str]) -> Any:
        return {row.seq: row for row in run.rows}, None

    commit = ingest.Ingest.commit

    def one_by_one(self: ingest.Ingest, incoming: Sequence[ingest.Incoming]) -> Any:
        return [ack for packet in incoming for ack in commit(self, [packet])]

    ingest.Ingest._sort = take_all  # type: ignore[method-assign]
    ingest.Ingest.commit = one_by_one  # type: ignore[method-assign]


def early(_folder: Path) -> None:
    """Plant a worker that acknowledges what it is going to commit, on a card that is slow."""
    honest = worker.Worker.__init__

    def build(self: worker.Worker, *words: Any, **more: Any) -> None:
        honest(self, *words, **more)
        take = self.ingest._take

        def take_early(*words: Any) -> Any:
            acks = take(*words)
            for kiosk, ack in acks:
                self._session.publish(packet(Kind.ACK, kiosk, ack.document()))
            time.sleep(SLOW_CARD_S)
            return acks

        self.ingest._take = take_early  # type: ignore[method-assign]

    worker.Worker.__init__ = build  # type: ignore[method-assign]
    kiosks._place = lambda _connection, _kiosk, _birth, mark, **_: (mark, False)


DEFECTS = {plant.__name__: plant for plant in (keyless, early)}

if __name__ == "__main__":
    DEFECTS[sys.argv[1]](Path(sys.argv[sys.argv.index("--data") + 1]))
    sys.exit(cli.main(sys.argv[2:]))
