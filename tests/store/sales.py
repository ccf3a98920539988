"""Sales as the register journals them: an 8-line card sale is 11 commits and 13 rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from appliance.core.catalogue import Unit
from appliance.core.commands import EntryMethod
from appliance.core.events import (
    DayOpened,
    Event,
    LineAdded,
    PaymentConfirmed,
    PaymentRequested,
    PaymentSent,
    SaleLine,
    SaleTender,
    TransactionCompleted,
    TransactionStarted,
)
from appliance.core.identifiers import CatalogueVersion, Gtin, Language, LineNumber, Sku, TransactionId, check_digit
from appliance.core.money import Currency, Money, total
from appliance.core.payment import IntentKind, Outcome, OutcomeKind, Reference, TenderType
from appliance.core.tax import tax_summary
from appliance.ports import Journal

NOK = Currency.parse("NOK")
DAY = date(2026, 11, 23)
AT = datetime(2026, 11, 23, 9, 30, 0, 123000, tzinfo=UTC)
CATALOGUE = CatalogueVersion("oslo", 1841)
ROWS_OF_A_SALE = 13
COMMITS_OF_A_SALE = 11


def gtin(number: int) -> Gtin:
    digits = f"0{952000000000 + number:012d}"
    return Gtin(digits + check_digit(digits))


def open_day() -> Sequence[Event]:
    return (DayOpened(business_date=DAY, next_transaction=1),)


def sale(number: int, lines: int = 8) -> Iterator[Sequence[Event]]:
    """Give the events of one card sale, one command after the other."""
    name = TransactionId("oslo-01", "3", DAY, number)
    attempt = UUID(int=(7 << 76) | (2 << 62) | number)
    bought = []
    for index in range(1, lines + 1):
        price = Money(1000 + 137 * index + number % 50, NOK)
        quantity = Decimal("0.482") if index == 3 else Decimal(1 + index % 2)
        line = LineAdded(
            transaction=name,
            line=LineNumber(index),
            sku=Sku(f"item-{index:03d}"),
            text=f"Økologisk vare nr. {index}",
            names={Language("nb"): f"Økologisk vare nr. {index}", Language("en"): f"Organic item no. {index}"},
            entry=EntryMethod.SCANNED,
            quantity=quantity,
            unit=Unit.KILOGRAM if index == 3 else Unit.EACH,
            price=price,
            gross=price.times(quantity),
            tax_code="15",
            tax_rate=Decimal(15),
            currency=NOK,
            gtin=gtin(index),
        )
        bought.append(line)
        started = TransactionStarted(transaction=name, catalogue=CATALOGUE, currency=NOK)
        yield (started, line) if index == 1 else (line,)
    amount = total([line.gross for line in bought], NOK)
    yield (
        PaymentRequested(
            transaction=name,
            attempt=attempt,
            kind=IntentKind.PAY,
            device="terminal",
            tender=TenderType.CARD,
            amount=amount,
            currency=NOK,
            baseline={"receipt_number": f"{number:04d}"},
        ),
    )
    yield (PaymentSent(transaction=name, attempt=attempt),)
    reference = Reference(terminal_id="52500006", receipt_number=f"{number:04d}", trace_number=f"{number:06d}")
    outcome = Outcome(
        kind=OutcomeKind.APPROVED, amount=amount, reference=reference, masked_pan="************4321", card_name="Visa"
    )
    yield (
        PaymentConfirmed(transaction=name, attempt=attempt, outcome=outcome, currency=NOK),
        completed(name, bought, attempt, reference),
    )


def completed(
    name: TransactionId, bought: Sequence[LineAdded], attempt: UUID, reference: Reference
) -> TransactionCompleted:
    amount = total([line.gross for line in bought], NOK)
    return TransactionCompleted(
        transaction=name,
        currency=NOK,
        total=amount,
        lines=tuple(
            SaleLine(
                line=line.line,
                type="sale",
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
            for line in bought
        ),
        taxes=tax_summary([(line.tax_rate, line.gross) for line in bought]),
        tenders=(
            SaleTender(
                type=TenderType.CARD, amount=amount, attempt=attempt, masked_pan="************4321", reference=reference
            ),
        ),
        stock=tuple((line.sku, -line.quantity) for line in bought),
        receipt_token=f"{name.sequence:032x}",
    )


def keep(journal: Journal, events: Sequence[Event]) -> int:
    return journal.append(events, at=AT, clock_synced=True, catalogue=str(CATALOGUE))


def sell(journal: Journal, sales: int = 1, *, first: int = 1) -> int:
    """Append whole sales; the day is opened if the journal is empty."""
    if not journal.last():
        keep(journal, open_day())
    for number in range(first, first + sales):
        for events in sale(number):
            keep(journal, events)
    return journal.last()
