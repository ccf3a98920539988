"""The books: what newly inserted rows mean for sales, taxes, tenders and stock. Called once per row, ever."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection

from appliance.mqtt.messages.sale import TYPE, VERSIONS, Sale, Tender
from hub import schema
from hub.bulk import Columns
from hub.reading import QuickSale, QuickTender, Row, SaleRow
from hub.stock import MOVEMENT, move

_KEY: Final = ("kiosk", "epoch", "seq")
_SALE: Final = Columns(
    schema.sale,
    *_KEY,
    "transaction",
    "store",
    "workstation",
    "business_date",
    "at",
    "catalogue",
    "currency",
    "total",
    "receipt_token",
)
_LINE: Final = Columns(
    schema.sale_line,
    *_KEY,
    "line",
    "type",
    "sku",
    "gtin",
    "text",
    "entry",
    "quantity",
    "unit",
    "price",
    "gross",
    "vat",
    "business_date",
)
_TAX: Final = Columns(schema.sale_tax, *_KEY, "rate", "net", "tax", "gross", "business_date")
_TENDER: Final = Columns(
    schema.sale_tender, *_KEY, "number", "type", "amount", "attempt", "masked_pan", "card_name", "business_date"
)


@dataclass(slots=True)
class Ledger:
    """Gathers the bookings of one commit, and writes them with one statement per table."""

    _rows: dict[Columns, list[tuple[Any, ...]]] = field(default_factory=lambda: defaultdict(list))
    _stock: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def book(self, kiosk: str, epoch: int, row: Row) -> None:
        """Take a row; Malformed if it cannot be booked, and then nothing of it is."""
        if isinstance(row, SaleRow):
            self._book_sale((kiosk, epoch, row.seq), row, row.sale)
        elif row.type == TYPE and row.tv in VERSIONS:
            self._book_sale((kiosk, epoch, row.seq), row, Sale.parse(row.data))

    def _book_sale(self, key: tuple[str, int, int], row: Row, sale: Sale | QuickSale) -> None:
        transaction = sale.transaction
        store = transaction.store
        day = transaction.business_date.isoformat()
        self._rows[_SALE].append(
            (
                *key,
                str(transaction),
                store,
                transaction.workstation,
                day,
                row.at,
                row.catalogue or "",
                str(sale.currency),
                sale.total,
                sale.receipt_token,
            )
        )
        self._rows[_LINE] += [
            (
                *key,
                line.line,
                line.type,
                line.sku,
                line.gtin,
                line.text,
                line.entry,
                str(line.quantity),
                line.unit,
                line.price,
                line.gross,
                str(line.vat),
                day,
            )
            for line in sale.lines
        ]
        self._rows[_TAX] += [(*key, str(tax.rate), tax.net, tax.tax, tax.gross, day) for tax in sale.taxes]
        tenders: Sequence[Tender | QuickTender] = sale.tenders
        self._rows[_TENDER] += [
            (*key, number, tender.type, tender.amount, tender.attempt, tender.masked_pan, tender.card_name, day)
            for number, tender in enumerate(tenders, 1)
        ]
        self._rows[MOVEMENT] += [
            (*key, number, store, sku, quantity, "sale" if quantity < 0 else "return", day)
            for number, (sku, quantity) in enumerate(sale.stock, 1)
        ]
        for sku, quantity in sale.stock:
            self._stock[store, sku] += quantity

    def write(self, connection: Connection) -> None:
        """Write everything, stock in SKU order so that two writers cannot wait for each other."""
        for columns, rows in self._rows.items():
            columns.insert(connection, rows)
        move(connection, self._stock)
