"""Prices with their history: which version of a zone's catalogue brought which price, and from when it held.

A version holds from its `effective_at` until a higher one holds, whichever of the two was to hold first: a higher
version has the changes of all lower ones in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from appliance.mqtt.messages.wire import instant, read_instant
from hub import schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of a zone's catalogue, as it was published."""

    zone: str
    version: int
    products: int
    currency: str
    published_at: datetime
    effective_at: datetime
    forced: bool
    cohort: int
    """Per cent of the stores that may use it."""
    origin: str
    """What it was made from: a file, prices, an earlier version; "" if nobody knows."""
    made_by: str
    released_by: str
    """Who let it pass although it was improbable; "" = nobody had to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChange:
    """From this version on a product has this price in minor units; None = it is not for sale."""

    version: int
    price: int | None
    currency: str
    published_at: datetime
    effective_at: datetime


def versions(connection: Connection, zone: str) -> tuple[Version, ...]:
    """Give the versions of a zone, newest first."""
    table = schema.catalogue_version
    rows = connection.execute(select(table).where(table.c.zone == zone).order_by(table.c.version.desc()))
    return tuple(
        Version(
            zone=row.zone,
            version=row.version,
            products=row.products,
            currency=row.currency,
            published_at=read_instant(row.published_at),
            effective_at=read_instant(row.effective_at),
            forced=row.forced,
            cohort=row.cohort,
            origin=row.origin,
            made_by=row.made_by,
            released_by=row.released_by,
        )
        for row in rows
    )


def history(connection: Connection, zone: str, sku: str) -> tuple[PriceChange, ...]:
    """Give every price that a product has had, newest first."""
    table, version = schema.price, schema.catalogue_version
    rows = connection.execute(
        select(table.c.version, table.c.price, version.c.currency, version.c.published_at, version.c.effective_at)
        .join(version, (version.c.zone == table.c.zone) & (version.c.version == table.c.version))
        .where(table.c.zone == zone, table.c.sku == sku)
        .order_by(table.c.version.desc())
    )
    return tuple(
        PriceChange(
            version=row.version,
            price=row.price,
            currency=row.currency,
            published_at=read_instant(row.published_at),
            effective_at=read_instant(row.effective_at),
        )
        for row in rows
    )


def price_at(connection: Connection, zone: str, sku: str, at: datetime) -> int | None:
    """Give what a product cost at a time, in minor units; None if it was not for sale."""
    table, version = schema.price, schema.catalogue_version
    holding = connection.scalar(
        select(func.max(version.c.version)).where(version.c.zone == zone, version.c.effective_at <= instant(at))
    )
    if holding is None:
        return None
    return connection.scalar(
        select(table.c.price)
        .where(table.c.zone == zone, table.c.sku == sku, table.c.version <= holding)
        .order_by(table.c.version.desc())
        .limit(1)
    )


def record(
    connection: Connection,
    zone: str,
    version: int,
    before: Mapping[str, Mapping[str, Any]],
    after: Mapping[str, Mapping[str, Any]],
) -> None:
    """Keep the prices that a new version changes; of a product that is gone, that it has none."""
    prices = {sku: product["price"] for sku, product in after.items()}
    changed = {sku: price for sku, price in prices.items() if sku not in before or before[sku]["price"] != price}
    changed |= dict.fromkeys(before.keys() - after.keys())
    if changed:
        connection.execute(
            insert(schema.price),
            [{"zone": zone, "sku": sku, "version": version, "price": changed[sku]} for sku in sorted(changed)],
        )
