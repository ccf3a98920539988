"""The sales that the store's benchmarks write, and what they measure them with."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from appliance.core.catalogue import Unit
from appliance.core.commands import EntryMethod
from appliance.core.events import (
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
from appliance.store.journal import SqliteJournal

NOK = Currency.parse("NOK")
AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
VERSION = CatalogueVersion("oslo", 1841)
COMMITS_OF_A_SALE = 11
ROWS_OF_A_SALE = 13


def sale(number: int, day: date = date(2026, 11, 23)) -> Iterator[Sequence[Event]]:
    """Give an 8-line card sale: 11 commits, 13 rows."""
    name, attempt = TransactionId("oslo-01", "3", day, number), UUID(int=(7 << 76) | (2 << 62) | number)
    bought: list[LineAdded] = []
    for index in range(1, 9):
        price = Money(1000 + 137 * index + number % 50, NOK)
        line = LineAdded(
            transaction=name,
            line=LineNumber(index),
            sku=Sku(f"item-{index:03d}"),
            text=f"Økologisk vare nr. {index}",
            names={Language("nb"): f"Økologisk vare nr. {index}", Language("en"): f"Organic item no. {index}"},
            entry=EntryMethod.SCANNED,
            quantity=Decimal(1),
            unit=Unit.EACH,
            price=price,
            gross=price,
            tax_code="15",
            tax_rate=Decimal(15),
            currency=NOK,
            gtin=gtin(index),
        )
        bought.append(line)
        started = TransactionStarted(transaction=name, catalogue=VERSION, currency=NOK)
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
        ),
    )
    yield (PaymentSent(transaction=name, attempt=attempt),)
    reference = Reference(terminal_id="52500006", receipt_number=f"{number % 10_000:04d}")
    outcome = Outcome(kind=OutcomeKind.APPROVED, amount=amount, reference=reference, masked_pan="************4321")
    yield (
        PaymentConfirmed(transaction=name, attempt=attempt, outcome=outcome, currency=NOK),
        TransactionCompleted(
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
            tenders=(SaleTender(type=TenderType.CARD, amount=amount, attempt=attempt, reference=reference),),
            stock=tuple((line.sku, -line.quantity) for line in bought),
            receipt_token=f"{number:032x}",
        ),
    )


def percentile(values: Sequence[float], share: float) -> float:
    """Give the value below which a share (0 to 1) of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def keep(journal: SqliteJournal, events: Sequence[Event]) -> int:
    """Append the events of one command."""
    return journal.append(events, at=AT, clock_synced=True, catalogue=str(VERSION))


def gtin(number: int) -> Gtin:
    """Give a valid GTIN of a number."""
    digits = f"0{952000000000 + number:012d}"
    return Gtin(digits + check_digit(digits))


def rss() -> float:
    """Give the resident memory of this process in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
