"""The payload of `transaction.completed` as the hub's books need it: strictly parsed, sums proved."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from appliance.core.identifiers import TransactionId
from appliance.core.money import Currency
from appliance.mqtt.messages.wire import Fields, Malformed

TYPE: Final = "transaction.completed"
UNDONE: Final = "transaction.post_voided"
VERSIONS: Final = {TYPE: (1, 2), UNDONE: (1,)}
"""Rows that can be booked, and their schema numbers."""
MAX_LINES: Final = 1000
MAX_PARTS: Final = 100
"""Tax rates, or tenders, of one sale."""
MAX_AMOUNT: Final = 10**13
"""Minor units."""
_MILLI: Final = 1000
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{0,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a sale."""

    line: int
    type: str
    sku: str
    gtin: str | None
    text: str
    entry: str
    quantity: Decimal
    unit: str
    price: int
    gross: int
    vat: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """What was taken at one rate, minor units."""

    rate: Decimal
    net: int
    tax: int
    gross: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tender:
    """What was paid with one tender, minor units."""

    type: str
    amount: int
    attempt: str
    masked_pan: str
    card_name: str
    given: int | None = None
    """Cash that the customer put down; what is above `amount` was the change."""
    unconfirmed: bool = False
    """No device told that the money has come: a person looked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """A completed sale. Lines and taxes sum to the total, net and tax to gross, tenders to total and rounding."""

    transaction: TransactionId
    currency: Currency
    total: int
    lines: tuple[Line, ...]
    taxes: tuple[Tax, ...]
    tenders: tuple[Tender, ...]
    stock: tuple[tuple[str, int], ...]
    """SKU and movement in thousandths of its unit, negative for goods sold."""
    receipt_token: str
    rounding: int = 0
    """Cash rounding, minor units; no part of the sale and its tax."""

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Sale:
        """Read the `data` of a row; Malformed says what is wrong."""
        fields = Fields(data, "data")
        sale = cls(
            transaction=_transaction(fields),
            currency=_currency(fields),
            total=_amount(fields, "total"),
            lines=tuple(_line(entry) for entry in fields.objects("lines", limit=MAX_LINES)),
            taxes=tuple(_tax(entry) for entry in fields.objects("taxes", limit=MAX_PARTS)),
            tenders=tuple(_tender(entry) for entry in fields.objects("tenders", limit=MAX_PARTS)),
            stock=tuple(_movement(fields, entry) for entry in fields.entries("stock", limit=MAX_LINES)),
            receipt_token=fields.text("receipt_token", limit=64, pattern=_TOKEN) if fields.has("receipt_token") else "",
            rounding=_amount(fields, "rounding") if fields.has("rounding") else 0,
        )
        for name, amounts in (("lines", sale.lines), ("taxes", sale.taxes)):
            found = sum(entry.gross for entry in amounts)
            if found != sale.total:
                raise Malformed(f"data.{name}: sum to {found}, the total is {sale.total}")
        paid = sum(tender.amount for tender in sale.tenders)
        if paid != sale.total + sale.rounding:
            raise Malformed(f"data.tenders: sum to {paid}, total and rounding to {sale.total + sale.rounding}")
        if len({line.line for line in sale.lines}) != len(sale.lines):
            raise Malformed("data.lines: a line number stands twice")
        if len({tax.rate for tax in sale.taxes}) != len(sale.taxes):
            raise Malformed("data.taxes: a rate stands twice")
        return sale


def undone(sale: Sale) -> Sale:
    """Give what a sale that was undone adds to the books: its negative. Its stock came back as it says itself."""
    return replace(
        sale,
        total=-sale.total,
        lines=tuple(replace(line, quantity=-line.quantity, gross=-line.gross) for line in sale.lines),
        taxes=tuple(replace(tax, net=-tax.net, tax=-tax.tax, gross=-tax.gross) for tax in sale.taxes),
        tenders=tuple(replace(tender, amount=-tender.amount, given=None) for tender in sale.tenders),
        receipt_token="",
        rounding=-sale.rounding,
    )


def _transaction(fields: Fields) -> TransactionId:
    text = fields.text("transaction", limit=120)
    try:
        return TransactionId.parse(text)
    except ValueError as error:
        raise fields.wrong("transaction", str(error)) from None


def _currency(fields: Fields) -> Currency:
    try:
        return Currency.parse(fields.text("currency", limit=3))
    except ValueError as error:
        raise fields.wrong("currency", str(error)) from None


def _amount(fields: Fields, key: str) -> int:
    return fields.integer(key, low=-MAX_AMOUNT, high=MAX_AMOUNT)


def _line(fields: Fields) -> Line:
    return Line(
        line=fields.integer("line", low=1, high=100_000),
        type=fields.text("type", limit=20),
        sku=fields.text("sku", limit=64),
        gtin=fields.text("gtin", limit=14) if fields.has("gtin") else None,
        text=fields.text("text", limit=400),
        entry=fields.text("entry", limit=20),
        quantity=fields.decimal("quantity"),
        unit=fields.text("unit", limit=8) if fields.has("unit") else "ea",
        price=_amount(fields, "price"),
        gross=_amount(fields, "gross"),
        vat=fields.decimal("vat"),
    )


def _tax(fields: Fields) -> Tax:
    tax = Tax(
        rate=fields.decimal("rate"),
        net=_amount(fields, "net"),
        tax=_amount(fields, "tax"),
        gross=_amount(fields, "gross"),
    )
    if tax.net + tax.tax != tax.gross:
        raise fields.wrong("gross", f"{tax.net} + {tax.tax} is not {tax.gross}")
    return tax


def _tender(fields: Fields) -> Tender:
    return Tender(
        type=fields.text("type", limit=20),
        amount=_amount(fields, "amount"),
        attempt=fields.text("attempt", limit=36) if fields.has("attempt") else "",
        masked_pan=fields.text("masked_pan", limit=30) if fields.has("masked_pan") else "",
        card_name=fields.text("card_name", limit=60) if fields.has("card_name") else "",
        given=_amount(fields, "given") if fields.has("given") else None,
        unconfirmed=fields.flag("unconfirmed") if fields.has("unconfirmed") else False,
    )


def _movement(fields: Fields, entry: object) -> tuple[str, int]:
    if not (isinstance(entry, list) and len(entry) == 2 and isinstance(entry[0], str) and len(entry[0]) <= 64):
        raise fields.wrong("stock", "entries are [sku, quantity]")
    quantity = Fields({"quantity": entry[1]}, f"data.stock.{entry[0]}").decimal("quantity") * _MILLI
    if quantity != quantity.to_integral_value():
        raise fields.wrong("stock", f"{entry[1]} has more than three decimals")
    return entry[0], int(quantity)
