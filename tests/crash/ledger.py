"""The hub's books against a till's journal: row by row, sale by sale, to the last oere and the last piece of stock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import select

from appliance.core.events import TransactionCompleted
from appliance.mqtt.identity import identity
from appliance.ports import JournalRow
from appliance.store.journal import SqliteJournal
from hub import schema
from hub.database import Database
from hub.sales import sales


def journal_rows(state: Path) -> list[JournalRow]:
    """Give every row of a journal that nobody has open, each proved."""
    journal = SqliteJournal.open(state)
    try:
        journal.verify()
        rows: list[JournalRow] = []
        while page := journal.since(rows[-1].sequence if rows else 0, 500):
            rows += page
        return rows
    finally:
        journal.close()


def hub_sales(folder: Path, kiosk: str = "") -> list[dict[str, Any]]:
    """Give the sales of the hub, of one kiosk or of all."""
    database = Database(folder)
    try:
        with database.read() as connection:
            return [sale for sale in sales(connection) if kiosk in ("", sale["kiosk"])]
    finally:
        database.close()


def hub_hashes(folder: Path, kiosk: str) -> dict[int, str]:
    """Give number and hash of every row that the hub holds of a kiosk's first epoch."""
    table = schema.journal_row
    database = Database(folder)
    try:
        with database.read() as connection:
            found = connection.execute(
                select(table.c.seq, table.c.hash).where(table.c.kiosk == kiosk, table.c.epoch == 1)
            )
            return {row.seq: row.hash for row in found}
    finally:
        database.close()


def hub_stock(folder: Path) -> dict[str, int]:
    """Give the stock level of every product in thousandths, over all stores."""
    table = schema.stock_level
    database = Database(folder)
    try:
        with database.read() as connection:
            levels: Counter[str] = Counter()
            for row in connection.execute(select(table.c.sku, table.c.on_hand)):
                levels[row.sku] += row.on_hand
            return dict(levels)
    finally:
        database.close()


def _booked(sale: TransactionCompleted) -> dict[str, Any]:
    """Say of a sale of the journal what the hub must say of it."""
    return {
        "transaction": str(sale.transaction),
        "total": sale.total.minor,
        "currency": sale.currency.code,
        "token": sale.receipt_token,
        "lines": [(line.line, line.sku, Decimal(line.quantity), line.gross.minor) for line in sale.lines],
        "taxes": sorted((Decimal(tax.rate), tax.net.minor, tax.tax.minor, tax.gross.minor) for tax in sale.taxes),
        "tenders": [(tender.type.value, tender.amount.minor) for tender in sale.tenders],
    }


def _held(sale: dict[str, Any]) -> dict[str, Any]:
    return {
        "transaction": sale["transaction"],
        "total": sale["total"],
        "currency": sale["currency"],
        "token": sale["receipt_token"],
        "lines": [(line["line"], line["sku"], Decimal(line["quantity"]), line["gross"]) for line in sale["lines"]],
        "taxes": sorted((Decimal(tax["rate"]), tax["net"], tax["tax"], tax["gross"]) for tax in sale["taxes"]),
        "tenders": [(tender["type"], tender["amount"]) for tender in sale["tenders"]],
    }


def disagreements(state: Path, folder: Path) -> Iterator[str]:
    """Say where a hub and a till that is off and has been heard out do not agree."""
    kiosk = identity(state).kiosk
    rows = journal_rows(state)
    held = hub_hashes(folder, kiosk)
    for row in rows:
        if row.sequence not in held:
            yield f"row {row.sequence} is not at the hub"
        elif held[row.sequence] != row.hash:
            yield f"row {row.sequence} is another one at the hub"
    if extra := sorted(held.keys() - {row.sequence for row in rows}):
        yield f"only the hub has rows {extra}"
    sold = [_booked(row.event) for row in rows if isinstance(row.event, TransactionCompleted)]
    booked = [_held(sale) for sale in hub_sales(folder, kiosk)]
    if len(sold) != len(booked):
        yield f"{len(sold)} sales in the journal, {len(booked)} at the hub"
    for ours, theirs in zip(sold, booked, strict=False):
        for name in ours:
            if ours[name] != theirs[name]:
                yield f"sale {ours['transaction']}: {name} is {ours[name]} here and {theirs[name]} at the hub"


def moved_stock(rows: list[JournalRow]) -> dict[str, int]:
    """Give what the sales of journals have moved, in thousandths."""
    moved: Counter[str] = Counter()
    for row in rows:
        if isinstance(row.event, TransactionCompleted):
            for sku, quantity in row.event.stock:
                moved[sku] += int(quantity.scaleb(3))
    return dict(moved)
