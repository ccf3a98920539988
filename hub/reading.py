"""Reads batches: sales, which are most of the bytes, the quick way; what it refuses, the way that says what is wrong.

The quick way takes nothing that the other one does not take, and no field that it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta, Raw, Struct, field
from msgspec.json import Decoder

from appliance.core.identifiers import TransactionId
from appliance.core.money import Currency
from appliance.mqtt.messages.journal import MAX_EPOCH, MAX_ROWS, JournalBatch, UnfitRow, WireRow, any_row
from appliance.mqtt.messages.sale import MAX_AMOUNT, MAX_LINES, MAX_PARTS, TYPE
from appliance.mqtt.messages.wire import MAX_EVENT, MAX_INTEGER, Fields, Malformed, parse_json, read_instant, unpack
from appliance.mqtt.topics import KIOSK_ID

Number = Annotated[int, Meta(ge=1, le=MAX_INTEGER)]
Amount = Annotated[int, Meta(ge=-MAX_AMOUNT, le=MAX_AMOUNT)]
Text20 = Annotated[str, Meta(max_length=20)]
Text64 = Annotated[str, Meta(max_length=64)]


class QuickLine(Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    """`messages.sale.Line`; its numbers are texts that are proved."""

    line: Annotated[int, Meta(ge=1, le=100_000)]
    type: Text20
    sku: Text64
    gtin: Annotated[str, Meta(max_length=14)] | None = None
    text: Annotated[str, Meta(max_length=400)]
    entry: Text20
    quantity: str
    unit: Annotated[str, Meta(max_length=8)] = "ea"
    price: Amount
    gross: Amount
    vat: str


class QuickTax(Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    """`messages.sale.Tax`; its rate is a text that is proved."""

    rate: str
    net: Amount
    tax: Amount
    gross: Amount


class QuickTender(Struct, forbid_unknown_fields=True, kw_only=True):
    """`messages.sale.Tender`, and what of it the books do not need."""

    type: Text20
    amount: Amount
    attempt: Annotated[str, Meta(max_length=36)] = ""
    masked_pan: Annotated[str, Meta(max_length=30)] = ""
    card_name: Annotated[str, Meta(max_length=60)] = ""
    reference: dict[str, str | int | None] | None = None
    given: Amount | None = None
    unconfirmed: bool = False


class _Sale(Struct, forbid_unknown_fields=True, kw_only=True):
    transaction: Annotated[str, Meta(max_length=120)]
    currency: str
    total: Amount
    lines: Annotated[list[QuickLine], Meta(max_length=MAX_LINES)]
    taxes: Annotated[list[QuickTax], Meta(max_length=MAX_PARTS)]
    tenders: Annotated[list[QuickTender], Meta(max_length=MAX_PARTS)]
    stock: Annotated[list[tuple[Text64, str]], Meta(max_length=MAX_LINES)]
    receipt_token: Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_-]{0,64}\Z")] = ""
    customer_receipts: list[list[str]] = field(default_factory=list)
    rounding: Amount = 0


class QuickSale(Struct, frozen=True, kw_only=True, gc=False):
    """`messages.sale.Sale`: what that promises holds here too."""

    transaction: TransactionId
    currency: Currency
    total: int
    lines: list[QuickLine]
    taxes: list[QuickTax]
    tenders: list[QuickTender]
    stock: list[tuple[str, int]]
    receipt_token: str
    rounding: int


class _Row(Struct, forbid_unknown_fields=True, kw_only=True):
    type: Literal["transaction.completed"]
    tv: Literal[1, 2]
    id: Annotated[str, Meta(pattern=r"\A[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")]
    seq: Number
    at: str
    clock_synced: bool
    catalogue: Annotated[str, Meta(max_length=48)] | None = None
    hash: Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
    data: _Sale


class _Batch(Struct, forbid_unknown_fields=True, kw_only=True):
    v: Literal[1]
    kiosk: str
    epoch: Annotated[int, Meta(ge=1, le=MAX_EPOCH)]
    events: Annotated[list[Raw], Meta(max_length=MAX_ROWS)]


class SaleRow(Struct, frozen=True, kw_only=True, gc=False):
    """`messages.journal.WireRow` of a completed sale, with the sale."""

    type: ClassVar[str] = TYPE
    tv: int
    seq: int
    id: str
    at: str
    hash: str
    catalogue: str | None
    sale: QuickSale
    text: bytes
    """As it came."""


Row = WireRow | SaleRow

_BATCH: Final = Decoder(_Batch)
_ROW: Final = Decoder(_Row)


def read_batch(payload: bytes, properties: Mapping[str, str]) -> tuple[str, int, list[Row | UnfitRow]]:
    """Give kiosk, epoch and rows of a batch; Malformed only where kiosk, epoch or a row's sequence cannot be told."""
    content = unpack(payload, properties)
    try:
        batch = _BATCH.decode(content)
        known = KIOSK_ID.fullmatch(batch.kiosk)
    except ValueError:
        known = None
    if not known:
        slow = JournalBatch.parse(Fields(parse_json(content), ""))
        return slow.kiosk, slow.epoch, list(slow.rows)
    return batch.kiosk, batch.epoch, [_row(bytes(text), i) for i, text in enumerate(batch.events)]


def _row(text: bytes, index: int) -> Row | UnfitRow:
    return _sale_row(text) or any_row(parse_json(text), index)


def _sale_row(text: bytes) -> SaleRow | None:
    if len(text) > MAX_EVENT:
        return None
    try:
        row = _ROW.decode(text)
        read_instant(row.at)
        sale = _proved(row.data)
    except (ValueError, Malformed):
        return None
    return SaleRow(
        tv=row.tv,
        seq=row.seq,
        id=row.id,
        at=row.at,
        hash=row.hash,
        catalogue=row.catalogue,
        sale=sale,
        text=text,
    )


def _proved(sale: _Sale) -> QuickSale:
    for line in sale.lines:
        _decimal(line.quantity)
        _decimal(line.vat)
    if (
        len({line.line for line in sale.lines}) != len(sale.lines)
        or len({_decimal(tax.rate) for tax in sale.taxes}) != len(sale.taxes)
        or sum([line.gross for line in sale.lines]) != sale.total
        or sum([tax.gross for tax in sale.taxes]) != sale.total
        or any(tax.net + tax.tax != tax.gross for tax in sale.taxes)
        or sum([tender.amount for tender in sale.tenders]) != sale.total + sale.rounding
    ):
        raise ValueError("not the sale that it should be")
    return QuickSale(
        transaction=TransactionId.parse(sale.transaction),
        currency=Currency.parse(sale.currency),
        total=sale.total,
        lines=sale.lines,
        taxes=sale.taxes,
        tenders=sale.tenders,
        stock=[(sku, _thousandths(quantity)) for sku, quantity in sale.stock],
        receipt_token=sale.receipt_token,
        rounding=sale.rounding,
    )


@lru_cache(4096)
def _decimal(text: str) -> Decimal:
    """Read a decimal that is written as `str` writes it: the same few come again and again."""
    try:
        value = Fields({"": text}, "").decimal("")
    except Malformed as error:
        raise ValueError(str(error)) from error
    if str(value) != text:
        raise ValueError(f"{text} is not written as decimals are")
    return value


@lru_cache(4096)
def _thousandths(text: str) -> int:
    value = _decimal(text) * 1000
    if value != value.to_integral_value():
        raise ValueError(f"{text} has more than three decimals")
    return int(value)
