"""Reading the books: sales with their lines, taxes and tenders, and totals per currency and rate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Table, and_, select, tuple_

from hub import schema

_HIGHEST: Final = 2**31 - 1
"""Of epochs and rows that a till could ever reach."""
_AT_A_TIME: Final = 200
"""Sales whose tenders are looked up at a time."""


def sales(connection: Connection, *, token: str = "") -> list[dict[str, Any]]:
    """Give completed sales in the order of kiosk, epoch and sequence; with a receipt token, only that one."""
    return _whole(connection, *([schema.sale.c.receipt_token == token] if token else []))


def one(connection: Connection, kiosk: str, epoch: int, seq: int) -> dict[str, Any] | None:
    """Give the sale of a row of a till's journal."""
    if max(epoch, seq) > _HIGHEST:
        return None
    table = schema.sale
    found = _whole(connection, table.c.kiosk == kiosk, table.c.epoch == epoch, table.c.seq == seq)
    return found[0] if found else None


def of_days(
    connection: Connection, first: date, last: date, *, store: str = "", offset: int = 0, limit: int = 50
) -> list[dict[str, Any]]:
    """Give sales of some business days with their tenders, newest first."""
    table, tender = schema.sale, schema.sale_tender
    days = first.isoformat(), last.isoformat()
    query = (
        select(table)
        .where(table.c.business_date.between(*days), *([table.c.store == store] if store else []))
        .order_by(table.c.at.desc(), table.c.kiosk, table.c.epoch.desc(), table.c.seq.desc())
        .offset(offset)
        .limit(limit)
    )
    found = {(row.kiosk, row.epoch, row.seq): {**row._mapping, "tenders": []} for row in connection.execute(query)}  # noqa: SLF001 - public by SQLAlchemy's documentation
    keys = list(found)
    for begin in range(0, len(keys), _AT_A_TIME):
        rows = connection.execute(
            select(tender)
            .where(
                tender.c.business_date.between(*days),
                tuple_(tender.c.kiosk, tender.c.epoch, tender.c.seq).in_(keys[begin : begin + _AT_A_TIME]),
            )
            .order_by(tender.c.number)
        )
        for row in rows:
            found[row.kiosk, row.epoch, row.seq]["tenders"].append({"type": row.type, "amount": row.amount})
    return list(found.values())


def stores(connection: Connection) -> tuple[str, ...]:
    """Give the stores that have tills or goods."""
    kiosk, level = schema.kiosk, schema.stock_level
    found = {
        *connection.scalars(select(kiosk.c.store).distinct()),
        *connection.scalars(select(level.c.store).distinct()),
    }
    return tuple(sorted(found - {""}))


def _whole(connection: Connection, *conditions: ColumnElement[bool]) -> list[dict[str, Any]]:
    table = schema.sale
    query = select(table).where(*conditions).order_by(table.c.kiosk, table.c.epoch, table.c.seq)
    result = {(row.kiosk, row.epoch, row.seq): dict(row._mapping) for row in connection.execute(query)}  # noqa: SLF001 - public by SQLAlchemy's documentation
    for name, part, order in (
        ("lines", schema.sale_line, "line"),
        ("taxes", schema.sale_tax, "rate"),
        ("tenders", schema.sale_tender, "number"),
    ):
        for key, rows in _parts(connection, part, order, conditions).items():
            result[key][name] = rows
    for sale in result.values():
        for name in ("lines", "taxes", "tenders"):
            sale.setdefault(name, [])
    return list(result.values())


def _parts(
    connection: Connection, part: Table, order: str, conditions: Sequence[ColumnElement[bool]]
) -> dict[tuple[str, int, int], list[dict[str, Any]]]:
    table = schema.sale
    query = select(part).order_by(part.c.kiosk, part.c.epoch, part.c.seq, part.c[order])
    if conditions:
        whole = and_(*(part.c[name] == table.c[name] for name in ("kiosk", "epoch", "seq")))
        query = query.join(table, whole).where(*conditions)
    result: dict[tuple[str, int, int], list[dict[str, Any]]] = defaultdict(list)
    for row in connection.execute(query):
        values = dict(row._mapping)  # noqa: SLF001 - public by SQLAlchemy's documentation
        key = (values.pop("kiosk"), values.pop("epoch"), values.pop("seq"))
        del values["business_date"]
        result[key].append(values)
    return result


def totals(entries: list[dict[str, Any]]) -> dict[str, Any]:
    """Give number and sum of sales per currency, and the taxes per currency and rate."""
    sums: dict[str, int] = defaultdict(int)
    taxes: dict[str, dict[str, dict[str, int]]] = defaultdict(dict)
    for sale in entries:
        sums[sale["currency"]] += sale["total"]
        for tax in sale["taxes"]:
            into = taxes[sale["currency"]].setdefault(tax["rate"], {"net": 0, "tax": 0, "gross": 0})
            for name in into:
                into[name] += tax[name]
    return {
        "count": sum(sale["count"] for sale in entries),
        "sum": dict(sums),
        "taxes": {code: dict(rates) for code, rates in taxes.items()},
    }


def stock(connection: Connection) -> list[dict[str, Any]]:
    """Give the stock levels in thousandths, by store and SKU."""
    table = schema.stock_level
    return [
        {"store": row.store, "sku": row.sku, "on_hand": row.on_hand}
        for row in connection.execute(select(table).order_by(table.c.store, table.c.sku))
    ]
