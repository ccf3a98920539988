"""The books: what newly inserted rows mean for sales, taxes, tenders and stock. Called once per row, ever."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection

from appliance.mqtt.messages.sale import UNDONE, VERSIONS, Sale, Tender, undone
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
    "rounding",
    "count",
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
    schema.sale_tender,
    *_KEY,
    "number",
    "type",
    "amount",
    "attempt",
    "masked_pan",
    "card_name",
    "business_date",
    "given",
    "unconfirmed",
)


@dataclass(frozen=True, slots=True)
class _Booking:
    """A sale and what stands in all of its rows."""

    key: tuple[str, int, int]
    day: str
    row: Row
    sale: Sale | QuickSale
    count: int = 1
    """-1 for a sale that was undone as a whole."""


@dataclass(slots=True)
class Ledger:
    """Gathers the bookings of one commit, and writes them with one statement per table."""

    _bookings: list[_Booking] = field(default_factory=list)

    def book(self, kiosk: str, epoch: int, row: Row) -> None:
        """Take a row; Malformed if it cannot be booked, and then nothing of it is."""
        if isinstance(row, SaleRow):
            sale: Sale | QuickSale = row.sale
        elif row.tv in VERSIONS.get(row.type, ()):
            sale = Sale.parse(row.data)
        else:
            return
        day = sale.transaction.business_date.isoformat()
        if row.type == UNDONE and isinstance(sale, Sale):
            self._bookings.append(_Booking((kiosk, epoch, row.seq), day, row, undone(sale), -1))
        else:
            self._bookings.append(_Booking((kiosk, epoch, row.seq), day, row, sale))

    def write(self, connection: Connection) -> None:
        """Write everything."""
        if not self._bookings:
            return
        for columns, rows in (
            (_SALE, _sale),
            (_LINE, _lines),
            (_TAX, _taxes),
            (_TENDER, _tenders),
            (MOVEMENT, _movements),
        ):
            columns.insert(connection, (row for booking in self._bookings for row in rows(booking)))
        changes: dict[tuple[str, str], int] = defaultdict(int)
        for booking in self._bookings:
            for sku, quantity in booking.sale.stock:
                changes[booking.sale.transaction.store, sku] += quantity
        move(connection, changes)


_Rows = Iterable[tuple[Any, ...]]


def _sale(booking: _Booking) -> _Rows:
    row, sale = booking.row, booking.sale
    yield (
        *booking.key,
        str(sale.transaction),
        sale.transaction.store,
        sale.transaction.workstation,
        booking.day,
        row.at,
        row.catalogue or "",
        str(sale.currency),
        sale.total,
        sale.receipt_token,
        sale.rounding,
        booking.count,
    )


def _lines(booking: _Booking) -> _Rows:
    kiosk, epoch, seq = booking.key
    day = booking.day
    for line in booking.sale.lines:
        yield (
            kiosk,
            epoch,
            seq,
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


def _taxes(booking: _Booking) -> _Rows:
    for tax in booking.sale.taxes:
        yield (*booking.key, str(tax.rate), tax.net, tax.tax, tax.gross, booking.day)


def _tenders(booking: _Booking) -> _Rows:
    tenders: Sequence[Tender | QuickTender] = booking.sale.tenders
    for number, tender in enumerate(tenders, 1):
        yield (
            *booking.key,
            number,
            tender.type,
            tender.amount,
            tender.attempt,
            tender.masked_pan,
            tender.card_name,
            booking.day,
            tender.given,
            tender.unconfirmed,
        )


def _movements(booking: _Booking) -> _Rows:
    kiosk, epoch, seq = booking.key
    day, store = booking.day, booking.sale.transaction.store
    for number, (sku, quantity) in enumerate(booking.sale.stock, 1):
        yield (kiosk, epoch, seq, number, store, sku, quantity, "sale" if quantity < 0 else "return", day)
