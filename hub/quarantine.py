"""Rows that count as received and could not be booked: kept as they came, until a person releases them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from appliance.mqtt.messages.journal import WireRow
from appliance.mqtt.messages.wire import Malformed
from hub.ledger import Ledger
from hub.schema import journal_row, quarantine


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row in quarantine."""

    kiosk: str
    epoch: int
    seq: int
    reason: str
    raw: bytes
    at: str


def entries(connection: Connection) -> tuple[Entry, ...]:
    """Give all rows in quarantine."""
    table = quarantine
    rows = connection.execute(select(table).order_by(table.c.kiosk, table.c.epoch, table.c.seq))
    return tuple(
        Entry(kiosk=row.kiosk, epoch=row.epoch, seq=row.seq, reason=row.reason, raw=row.raw, at=row.at) for row in rows
    )


def release(connection: Connection, kiosk: str, epoch: int, seq: int) -> str:
    """Book a row now, if this release of the hub can; else say why not."""
    table, rows = quarantine, journal_row
    key = (table.c.kiosk == kiosk, table.c.epoch == epoch, table.c.seq == seq)
    if connection.scalar(select(table.c.seq).where(*key)) is None:
        return "it is not there"
    document = connection.scalar(
        select(rows.c.document).where(rows.c.kiosk == kiosk, rows.c.epoch == epoch, rows.c.seq == seq)
    )
    if not document:
        return "it has no readable form; the till's own journal has the sale"
    ledger = Ledger()
    try:
        ledger.book(kiosk, epoch, WireRow.parse(json.loads(document)))
    except Malformed as error:
        return str(error)
    ledger.write(connection)
    connection.execute(delete(table).where(*key))
    return ""
