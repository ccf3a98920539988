"""Reading the books: sales with their lines, taxes and tenders, and totals per currency and rate."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, Table, and_, select

from hub import schema


def sales(connection: Connection, *, token: str = "") -> list[dict[str, Any]]:
    """Give completed sales in the order of kiosk, epoch and sequence; with a receipt token, only that one."""
    table = schema.sale
    query = select(table).order_by(table.c.kiosk, table.c.epoch, table.c.seq)
    if token:
        query = query.where(table.c.receipt_token == token)
    result = {(row.kiosk, row.epoch, row.seq): dict(row._mapping) for row in connection.execute(query)}  # noqa: SLF001 - public by SQLAlchemy's documentation
    for name, part, order in (
        ("lines", schema.sale_line, "line"),
        ("taxes", schema.sale_tax, "rate"),
        ("tenders", schema.sale_tender, "number"),
    ):
        for key, rows in _parts(connection, part, order, token).items():
            result[key][name] = rows
    for sale in result.values():
        for name in ("lines", "taxes", "tenders"):
            sale.setdefault(name, [])
    return list(result.values())


def _parts(
    connection: Connection, part: Table, order: str, token: str
) -> dict[tuple[str, int, int], list[dict[str, Any]]]:
    table = schema.sale
    query = select(part).order_by(part.c.kiosk, part.c.epoch, part.c.seq, part.c[order])
    if token:
        whole = and_(*(part.c[name] == table.c[name] for name in ("kiosk", "epoch", "seq")))
        query = query.join(table, whole).where(table.c.receipt_token == token)
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
