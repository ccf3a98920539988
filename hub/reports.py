"""What the shop asks of its books: sales from every side, and how the tills fare. Amounts are minor units.

Each side is of one business day, or of all from `day` to `last`, both included.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Table, and_, func, select

from appliance.mqtt.messages.wire import read_instant
from hub import schema

SILENT: Final = timedelta(minutes=3)
"""A kiosk that said nothing for so long is offline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turnover:
    """Sales of one key (a store, a kiosk, an hour, a payment type) in one currency."""

    key: str
    currency: str
    count: int
    """Sales; of a payment type: payments."""
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductTurnover:
    """Lines of one product in one currency; `quantity` in its unit."""

    sku: str
    text: str
    unit: str
    currency: str
    quantity: Decimal
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxTurnover:
    """What was taken at one rate in one currency."""

    rate: str
    currency: str
    net: int
    tax: int
    gross: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KioskState:
    """A kiosk as the hub knows it. What it has not reported yet is empty, or None."""

    kiosk: str
    active: bool
    store: str
    workstation: str
    version: str
    catalogue: str
    online: bool
    seen_at: datetime | None
    lane: str
    clock_synced: bool | None
    devices: Mapping[str, str]
    outbox_rows: int | None
    outbox_oldest_s: int | None
    received: int
    """Rows that the hub holds without a gap, of the newest epoch."""
    missing: int
    """Rows that the hub still waits for below the highest that it holds, of all epochs."""
    quarantined: int


def by_day(connection: Connection, day: date, store: str = "", *, last: date | None = None) -> tuple[Turnover, ...]:
    """Give the sales of a business day, or of each until `last`, as "2026-03-14"; days without a sale are left out."""
    return _turnover(connection, schema.sale.c.business_date, day, store, last)


def by_store(connection: Connection, day: date, *, last: date | None = None) -> tuple[Turnover, ...]:
    """Give a business day's sales by store."""
    return _turnover(connection, schema.sale.c.store, day, "", last)


def by_kiosk(connection: Connection, day: date, store: str = "", *, last: date | None = None) -> tuple[Turnover, ...]:
    """Give a business day's sales by kiosk, of one store or of all."""
    return _turnover(connection, schema.sale.c.kiosk, day, store, last)


def by_hour(connection: Connection, day: date, zone: ZoneInfo, store: str = "") -> tuple[Turnover, ...]:
    """Give a business day's sales by hour of the shop's clock, as "2026-03-14 10"."""
    # Shops' clocks differ from UTC by whole minutes, not by whole hours.
    minutes = _turnover(connection, func.substr(schema.sale.c.at, 1, 16), day, store)
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for minute in minutes:
        hour = read_instant(f"{minute.key}:00Z").astimezone(zone).strftime("%Y-%m-%d %H")
        found = sums[hour, minute.currency]
        found[0] += minute.count
        found[1] += minute.total
    return tuple(
        Turnover(key=hour, currency=currency, count=count, total=total)
        for (hour, currency), (count, total) in sorted(sums.items())
    )


def by_payment(connection: Connection, day: date, store: str = "", *, last: date | None = None) -> tuple[Turnover, ...]:
    """Give a business day's payments by type: card, cash and others."""
    sale, tender = schema.sale, schema.sale_tender
    rows = connection.execute(
        select(tender.c.type, sale.c.currency, func.sum(sale.c.count), func.sum(tender.c.amount))
        .select_from(sale.join(tender, _parts(tender)))
        .where(*_of_days(day, store, last))
        .group_by(tender.c.type, sale.c.currency)
        .order_by(tender.c.type, sale.c.currency)
    )
    return tuple(Turnover(key=row[0], currency=row[1], count=int(row[2]), total=int(row[3])) for row in rows)


def by_product(
    connection: Connection, day: date, store: str = "", *, last: date | None = None
) -> tuple[ProductTurnover, ...]:
    """Give a business day's sales by product, the largest amount first."""
    sale, line = schema.sale, schema.sale_line
    # Quantities are texts, because no database sums decimals like every other: they are summed here.
    rows = connection.execute(
        select(
            line.c.sku,
            line.c.unit,
            sale.c.currency,
            line.c.quantity,
            func.max(line.c.text),
            func.count(),
            func.sum(line.c.gross),
        )
        .select_from(sale.join(line, _parts(line)))
        .where(*_of_days(day, store, last))
        .group_by(line.c.sku, line.c.unit, sale.c.currency, line.c.quantity)
        .order_by(line.c.sku, line.c.unit, sale.c.currency, line.c.quantity)
    )
    texts: dict[tuple[str, str, str], str] = {}
    quantities: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    totals: dict[tuple[str, str, str], int] = defaultdict(int)
    for sku, unit, currency, quantity, text, count, gross in rows:
        key = (sku, unit, currency)
        texts[key] = text
        quantities[key] += Decimal(quantity) * count
        totals[key] += int(gross)
    return tuple(
        ProductTurnover(
            sku=key[0],
            text=texts[key],
            unit=key[1],
            currency=key[2],
            quantity=quantities[key],
            total=totals[key],
        )
        for key in sorted(totals, key=lambda key: (-totals[key], key))
    )


def by_tax(connection: Connection, day: date, store: str = "", *, last: date | None = None) -> tuple[TaxTurnover, ...]:
    """Give a business day's value added tax by rate."""
    sale, tax = schema.sale, schema.sale_tax
    rows = connection.execute(
        select(tax.c.rate, sale.c.currency, func.sum(tax.c.net), func.sum(tax.c.tax), func.sum(tax.c.gross))
        .select_from(sale.join(tax, _parts(tax)))
        .where(*_of_days(day, store, last))
        .group_by(tax.c.rate, sale.c.currency)
        .order_by(tax.c.rate, sale.c.currency)
    )
    return tuple(
        TaxTurnover(rate=row[0], currency=row[1], net=int(row[2]), tax=int(row[3]), gross=int(row[4])) for row in rows
    )


def _turnover(
    connection: Connection, key: ColumnElement[str], day: date, store: str, last: date | None = None
) -> tuple[Turnover, ...]:
    sale = schema.sale
    rows = connection.execute(
        select(key, sale.c.currency, func.sum(sale.c.count), func.sum(sale.c.total))
        .where(*_of_days(day, store, last))
        .group_by(key, sale.c.currency)
        .order_by(key, sale.c.currency)
    )
    return tuple(Turnover(key=row[0], currency=row[1], count=int(row[2]), total=int(row[3])) for row in rows)


def _of_days(day: date, store: str, last: date | None) -> Iterable[ColumnElement[bool]]:
    yield schema.sale.c.business_date.between(day.isoformat(), (last or day).isoformat())
    if store:
        yield schema.sale.c.store == store


def _parts(part: Table) -> ColumnElement[bool]:
    """Tie a part to its sale, by the day too: it names the partition."""
    return and_(*(part.c[name] == schema.sale.c[name] for name in ("kiosk", "epoch", "seq", "business_date")))


def kiosk_states(connection: Connection, now: datetime) -> tuple[KioskState, ...]:
    """Give every kiosk that has ever come, by store and workstation."""
    table = schema.kiosk
    received, missing = _marks(connection)
    unfit = schema.quarantine
    counts = connection.execute(select(unfit.c.kiosk, func.count()).group_by(unfit.c.kiosk))
    quarantined = {row[0]: row[1] for row in counts}
    rows = connection.execute(select(table).order_by(table.c.store, table.c.workstation, table.c.kiosk))
    result = []
    for row in rows:
        health: dict[str, Any] = json.loads(row.health)
        outbox, clock = _table(health, "outbox"), _table(health, "clock")
        seen_at = read_instant(row.seen_at) if row.seen_at else None
        result.append(
            KioskState(
                kiosk=row.kiosk,
                active=row.active,
                store=row.store,
                workstation=row.workstation,
                version=row.version,
                catalogue=row.catalogue,
                online=row.online and seen_at is not None and now - seen_at < SILENT,
                seen_at=seen_at,
                lane=str(health.get("lane", "")),
                clock_synced=None if "synced" not in clock else bool(clock["synced"]),
                devices={str(name): str(state) for name, state in _table(health, "devices").items()},
                outbox_rows=outbox.get("rows"),
                outbox_oldest_s=outbox.get("oldest_s"),
                received=received.get(row.kiosk, 0),
                missing=missing[row.kiosk],
                quarantined=quarantined.get(row.kiosk, 0),
            )
        )
    return tuple(result)


def _table(health: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Give an object of a health report; kiosks may report anything there."""
    value = health.get(name)
    return value if isinstance(value, dict) else {}


def _marks(connection: Connection) -> tuple[dict[str, int], dict[str, int]]:
    mark = schema.kiosk_mark
    received: dict[str, int] = {}
    missing: dict[str, int] = defaultdict(int)
    for row in connection.execute(select(mark).order_by(mark.c.kiosk, mark.c.epoch)):
        received[row.kiosk] = row.contiguous
        missing[row.kiosk] += sum(last - first + 1 for first, last in json.loads(row.gaps))
    return received, missing
