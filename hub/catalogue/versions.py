"""The versions of a zone: what is in them, which holds when, and the head that points tills to them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from appliance.mqtt.messages.catalogue import Head
from appliance.mqtt.messages.wire import instant, read_instant
from hub import schema
from hub.catalogue.pages import unpack


def take_turns(connection: Connection) -> None:
    """Let two who publish at once on PostgreSQL take turns, until the transaction ends; on SQLite all writers do."""
    connection.execute(select(schema.setting).where(schema.setting.c.name == "generation").with_for_update())


def newest(connection: Connection, zone: str) -> int:
    """Give the number of the newest version; 0 before the first."""
    table = schema.catalogue_version
    return connection.scalar(select(func.max(table.c.version)).where(table.c.zone == zone)) or 0


def in_force(connection: Connection, zone: str, at: datetime, *, everywhere: bool = False) -> int:
    """Give the number of the version that holds at a time: the highest whose time has come; 0 if none has.

    `everywhere`: of those that all stores may use, not only a wave of them.
    """
    table = schema.catalogue_version
    query = select(func.max(table.c.version)).where(table.c.zone == zone, table.c.effective_at <= instant(at))
    if everywhere:
        query = query.where(table.c.cohort == 100)
    return connection.scalar(query) or 0


def zones(connection: Connection) -> list[str]:
    """Give every zone that has a catalogue."""
    table = schema.catalogue_version
    return list(connection.scalars(select(table.c.zone).distinct().order_by(table.c.zone)))


def products(connection: Connection, zone: str) -> dict[str, dict[str, Any]]:
    """Give the products of a zone's newest version by SKU."""
    table = schema.catalogue_product
    rows = connection.execute(select(table.c.sku, table.c.document).where(table.c.zone == zone))
    return {row.sku: json.loads(row.document) for row in rows}


def products_at(connection: Connection, zone: str, version: int) -> dict[str, dict[str, Any]]:
    """Give the products of any version by SKU, none for version 0; LookupError if there is no such version."""
    if not version:
        return {}
    if version == newest(connection, zone):
        return products(connection, zone)
    row = stored(connection, zone, version)
    if row is None:
        raise LookupError(f"zone {zone!r} has no version {version}")
    return {product["sku"]: product for product in unpack(connection, row.manifest)}


def stored(connection: Connection, zone: str, version: int) -> Row[Any] | None:
    """Give the row of a version."""
    table = schema.catalogue_version
    return connection.execute(select(table).where(table.c.zone == zone, table.c.version == version)).one_or_none()


def head(connection: Connection, zone: str, now: datetime | None = None) -> Head | None:
    """Give the pointer to a zone's newest version; None before the first.

    While not every store may use that one yet, the pointer also names the one that holds for all.
    """
    number = newest(connection, zone)
    row = stored(connection, zone, number)
    if row is None:
        return None
    deltas = schema.catalogue_delta
    oldest = connection.scalar(select(func.min(deltas.c.base)).where(deltas.c.zone == zone))
    oldest_delta = number if oldest is None else oldest
    holding = in_force(connection, zone, now or datetime.now(UTC), everywhere=True)
    before = stored(connection, zone, holding) if 0 < holding < number else None
    same_money = before is not None and before.currency == row.currency
    return _pointer(row, oldest_delta, _pointer(before, oldest_delta) if before is not None and same_money else None)


def _pointer(row: Row[Any], oldest_delta: int, before: Head | None = None) -> Head:
    return Head(
        zone=row.zone,
        version=row.version,
        products=row.products,
        currency=row.currency,
        root=row.root,
        manifest=row.manifest,
        manifest_size=row.manifest_size,
        oldest_delta=oldest_delta,
        published_at=read_instant(row.published_at),
        effective_at=read_instant(row.effective_at),
        force=row.forced,
        cohort=row.cohort,
        in_force=before,
    )


def raise_wave(connection: Connection, zone: str, cohort: int) -> int:
    """Let `cohort` per cent of the stores use the newest version; give its number, 0 if there is none."""
    table = schema.catalogue_version
    number = newest(connection, zone)
    connection.execute(update(table).where(table.c.zone == zone, table.c.version == number).values(cohort=cohort))
    return number
