"""Proves the hash chain of what tills have sent, a slice at a time, beside the ingest. A break alarms, never blocks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, select, update

from appliance.core.product import canonical
from hub import schema
from hub.alarms import raise_alarm

SLICE: Final = 500
FIRST: Final = "0" * 64
"""`prev` of a journal's first row."""


def prove_slice(connection: Connection) -> int:
    """Prove up to one slice of every run that is not proved to its end; give the number of rows looked at."""
    mark = schema.kiosk_mark
    behind = connection.execute(select(mark).where(mark.c.proved < mark.c.contiguous, mark.c.broken == 0)).all()
    return sum(_prove(connection, row.kiosk, row.epoch, row.proved, row.contiguous) for row in behind)


def _prove(connection: Connection, kiosk: str, epoch: int, proved: int, contiguous: int) -> int:
    table, mark = schema.journal_row, schema.kiosk_mark
    rows = connection.execute(
        select(table.c.seq, table.c.hash, table.c.document)
        .where(table.c.kiosk == kiosk, table.c.epoch == epoch, table.c.seq >= proved, table.c.seq <= contiguous)
        .order_by(table.c.seq)
        .limit(SLICE + 1)
    ).all()
    before = (0, FIRST)
    for row in rows:
        # Behind a row that is kept as bytes, or that is lost for good, a new chain begins.
        follows = row.seq == before[0] + 1 and before[1] != "" and row.document != ""
        if follows and row_hash(json.loads(row.document), before[1]) != row.hash:
            text = f"row {row.seq} of epoch {epoch} does not follow the one before it: changed, or not of this till"
            raise_alarm(connection, "chain_broken", kiosk, text)
            change = {"broken": row.seq}
            break
        before = (row.seq, row.hash)
    else:
        change = {"proved": before[0] if len(rows) > SLICE else contiguous}
    connection.execute(update(mark).where(mark.c.kiosk == kiosk, mark.c.epoch == epoch).values(**change))
    return len(rows)


def row_hash(row: Mapping[str, Any], previous: str) -> str:
    """Give the hash that a row must have: SHA-256 of its canonical form with `prev`, without `hash`."""
    body = {key: value for key, value in row.items() if key != "hash"}
    return hashlib.sha256(canonical({**body, "prev": previous})).hexdigest()
