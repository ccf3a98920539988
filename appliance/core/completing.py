"""The event that hands the goods over, and the one that takes them back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from appliance.core import events as e
from appliance.core.checkout import Transaction
from appliance.core.identifiers import Sku
from appliance.core.moment import Moment
from appliance.core.money import Money
from appliance.core.payment import Payment, ReceiptCopy, TenderType
from appliance.core.tax import tax_summary

ROOM_FOR_RECEIPTS: Final = 6000
"""Bytes that the devices' receipts may have in the row of their sale; what does not fit stays in rows of its own."""


def complete(
    transaction: Transaction,
    last: Payment | None,
    moment: Moment,
    *,
    rounding: Money | None = None,
    unconfirmed: frozenset[TenderType] = frozenset(),
) -> e.TransactionCompleted:
    """Build the event that hands the goods over: everything that the receipt and the hub need.

    `last`: the payment that makes the sale complete, not yet among the parts; None if those are all of it.
    """
    paid = [*transaction.parts, *((last,) if last is not None else ())]
    movements: dict[Sku, Decimal] = {}
    for line in transaction.active:
        movements[line.sku] = movements.get(line.sku, Decimal(0)) - line.quantity
    return e.TransactionCompleted(
        transaction=transaction.id,
        currency=transaction.currency,
        total=transaction.total,
        lines=tuple(
            e.SaleLine(
                line=line.line,
                type="sale" if line.deposit_of is None else "deposit",
                sku=line.sku,
                text=line.text,
                entry=line.entry,
                quantity=line.quantity,
                unit=line.unit,
                price=line.price,
                gross=line.gross,
                vat=line.tax_rate,
                gtin=line.gtin,
            )
            for line in transaction.active
        ),
        taxes=tax_summary([(line.tax_rate, line.gross) for line in transaction.active]),
        tenders=tuple(_tender(payment, unconfirmed) for payment in paid),
        stock=tuple(sorted(movements.items())),
        receipt_token=moment.fresh_id().hex,
        customer_receipts=tuple(_that_fit([_receipt(payment) for payment in paid])),
        rounding=(transaction.rounding if rounding is None else rounding) or None,
    )


def _tender(payment: Payment, unconfirmed: frozenset[TenderType]) -> e.SaleTender:
    intent, told = payment.intent, payment.outcome
    tender = e.SaleTender(
        type=intent.tender,
        amount=payment.charged,
        attempt=intent.attempt,
        unconfirmed=intent.tender in unconfirmed,
    )
    if told is None:
        return tender
    return replace(
        tender,
        masked_pan=told.masked_pan,
        card_name=told.card_name,
        reference=told.reference,
        given=told.given,
    )


def _receipt(payment: Payment) -> tuple[str, ...]:
    recorded = payment.receipts.get(ReceiptCopy.CUSTOMER, ())
    return recorded or (payment.outcome.customer_receipt if payment.outcome is not None else ())


def _that_fit(receipts: Sequence[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    room = ROOM_FOR_RECEIPTS
    for lines in receipts:
        room -= sum(len(line.encode()) + 4 for line in lines)
        if lines and room >= 0:
            yield lines


def post_void(sale: e.TransactionCompleted, begun: e.PostVoidBegun) -> e.TransactionPostVoided:
    """Build the event that takes the goods of a sale back."""
    return e.TransactionPostVoided(
        transaction=sale.transaction,
        currency=sale.currency,
        total=sale.total,
        lines=sale.lines,
        taxes=sale.taxes,
        tenders=sale.tenders,
        stock=tuple((sku, -quantity) for sku, quantity in sale.stock),
        operator=begun.operator,
        reason=begun.reason,
        rounding=sale.rounding,
    )
