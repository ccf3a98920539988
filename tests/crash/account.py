"""What the journal, the acknowledgements and the terminal's books say, and where they contradict each other.

The promise in one place: a sale that has happened is never lost, never doubled, never charged twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from appliance.core import events as e
from appliance.core.identifiers import LineNumber, TransactionId
from appliance.store.journal import SqliteJournal
from simulators.books import Books

_ENDS = (e.PaymentDeclined, e.PaymentCancelled, e.PaymentNotCharged, e.PaymentReversed, e.PaymentConfirmed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """A completed sale of the journal. Minor units."""

    number: str
    total: int
    lines: int
    """Sum of its lines."""
    tendered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Everything that must agree. Minor units."""

    sales: tuple[Sale, ...]
    """In the order of the journal."""
    confirmed: tuple[tuple[UUID, int], ...]
    """Payments that the journal calls final."""
    doubtful: tuple[UUID, ...] = ()
    """Payments of which the journal does not know whether money moved."""
    acked: tuple[str, ...] = ()
    """Receipt numbers that were given out, in that order."""
    taken: int = 0
    """Charges minus reversals in the terminal's books."""


def read_journal(state: Path) -> list[e.Event]:
    """Give every event of a journal that nobody has open, after proving all of it."""
    journal = SqliteJournal.open(state)
    try:
        journal.verify()
        events: list[e.Event] = []
        after = 0
        while rows := journal.since(after, 500):
            events += [row.event for row in rows]
            after = rows[-1].sequence
        return events
    finally:
        journal.close()


def read_books(folder: Path) -> int:
    """Give the balance of a terminal's books."""
    books = Books(folder)
    try:
        return books.balance()
    finally:
        books.close()


def read_acks(file: Path) -> tuple[str, ...]:
    """Give the whole lines of an acknowledgement file: a line that was cut off was never given out."""
    data = file.read_bytes() if file.exists() else b""
    return tuple(data[: data.rfind(b"\n") + 1].decode().split())


def account(events: Iterable[e.Event], *, acked: Iterable[str] = (), taken: int) -> Account:
    """Draw up the account."""
    sales: list[Sale] = []
    confirmed: list[tuple[UUID, int]] = []
    amounts: dict[UUID, int] = {}
    doubtful: dict[UUID, None] = {}
    for event in events:
        match event:
            case e.TransactionCompleted():
                sales.append(
                    Sale(
                        number=str(event.transaction),
                        total=event.total.minor,
                        lines=sum(line.gross.minor for line in event.lines),
                        tendered=sum(tender.amount.minor for tender in event.tenders),
                    )
                )
            case e.PaymentRequested():
                amounts[event.attempt] = event.amount.minor
                doubtful[event.attempt] = None
            case e.PaymentConfirmed():
                confirmed.append((event.attempt, amounts[event.attempt]))
            case _:
                pass
        if isinstance(event, _ENDS):
            doubtful.pop(event.attempt, None)
    return Account(
        sales=tuple(sales),
        confirmed=tuple(confirmed),
        doubtful=tuple(doubtful),
        acked=tuple(acked),
        taken=taken,
    )


def shown_lines(events: Iterable[e.Event]) -> set[tuple[TransactionId, LineNumber]]:
    """Give the lines that a screen may have shown."""
    return {(event.transaction, event.line) for event in events if isinstance(event, e.LineAdded)}


def lost(found: Account, promised: Iterable[str]) -> list[str]:
    """Give the receipt numbers that were given out and are not in the journal."""
    kept = {sale.number for sale in found.sales}
    return [number for number in promised if number not in kept]


def doubled(found: Account) -> list[str]:
    """Give the receipt numbers that stand in the journal, or were given out, more than once."""
    twice = Counter(sale.number for sale in found.sales)
    again = Counter(found.acked)
    return sorted({number for number, count in (*twice.items(), *again.items()) if count > 1})


def faults(found: Account, *, settled: bool = True) -> Iterator[str]:
    """Say everything that is wrong.

    `settled`: the till has recovered, sold on and stopped in good order, so nothing may be left open. Without it, the
    last sale and the last payment may still be on their way.
    """
    for number in lost(found, found.acked):
        yield f"receipt {number} was given out and is not in the journal"
    for number in doubled(found):
        yield f"receipt {number} is there more than once"
    for sale in found.sales:
        if not sale.total == sale.lines == sale.tendered:
            yield f"sale {sale.number}: total {sale.total}, lines {sale.lines}, paid {sale.tendered}"
    sequences = [int(sale.number.rpartition("/")[2]) for sale in found.sales]
    if sequences != sorted(sequences):
        yield f"the journal's sales are out of order: {sequences}"
    for attempt, count in Counter(attempt for attempt, _ in found.confirmed).items():
        if count > 1:
            yield f"payment {attempt} was confirmed {count} times"
    if settled:
        yield from _unsettled(found)


def _unsettled(found: Account) -> Iterator[str]:
    paid = sum(amount for _, amount in found.confirmed)
    if paid != found.taken:
        yield f"the terminal has taken {found.taken}, the journal knows of {paid}"
    sold = sum(sale.total for sale in found.sales)
    if paid != sold:
        yield f"goods for {sold} were released, {paid} was paid"
    for attempt in found.doubtful:
        yield f"payment {attempt} is still in doubt"
    if found.acked:
        waiting = [sale.number for sale in found.sales if sale.number not in found.acked]
        if waiting:
            yield f"nobody was given {', '.join(waiting)}"
