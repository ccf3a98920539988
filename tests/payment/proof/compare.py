"""The terminal's books against the till's journal: what was taken is what was released, exactly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

from appliance.core import events as e
from appliance.core.identifiers import TransactionId
from simulators.books import Books
from tests.crash.account import read_journal
from tests.payment.proof.dialogues import Dialogue

_ENDS = (e.PaymentConfirmed, e.PaymentDeclined, e.PaymentCancelled, e.PaymentNotCharged, e.PaymentReversed)


def released(events: Sequence[e.Event]) -> int:
    """Give the value of the goods that customers have, as the journal tells it. Minor units."""
    sold = {event.transaction: event.total.minor for event in events if isinstance(event, e.TransactionCompleted)}
    back = {event.transaction for event in events if isinstance(event, e.TransactionPostVoided)}
    return sum(total for transaction, total in sold.items() if transaction not in back)


def taken(folder: Path) -> int:
    """Give what the terminal has taken: charges less reversals and refunds. Minor units."""
    books = Books(folder)
    try:
        return books.balance()
    finally:
        books.close()


def mismatches_in(folder: Path, dialogue: Dialogue) -> list[str]:
    """Say everything that is wrong in a folder whose till and terminal have come to rest."""
    return list(mismatches(read_journal(folder / "till"), taken(folder / "books"), dialogue))


def mismatches(events: Sequence[e.Event], in_books: int, dialogue: Dialogue) -> Iterator[str]:
    """Say everything that is wrong with a journal, beside what the terminal has taken (minor units)."""
    in_journal = released(events)
    if in_books != in_journal:
        yield f"the terminal has taken {in_books}, goods for {in_journal} were released"
    sold = [event.transaction for event in events if isinstance(event, e.TransactionCompleted)]
    if len(sold) != len(set(sold)):
        yield "a sale was completed more than once"
    ended = {event.attempt for event in events if isinstance(event, _ENDS)}
    for event in events:
        if isinstance(event, e.PaymentRequested) and event.attempt not in ended:
            yield f"attempt {event.attempt} has no end"
    owed = {event.attempt for event in events if isinstance(event, e.RefundDue)}
    back = {event.attempt for event in events if isinstance(event, e.PaymentReversed)}
    if owed - back:
        yield "money is still due"
    yield from _in_doubt(events, dialogue)


def _in_doubt(events: Sequence[e.Event], dialogue: Dialogue) -> Iterator[str]:
    """A person decides only where the terminal cannot say, and nothing is released before that."""
    doubtful: dict[UUID, TransactionId] = {}
    heard: set[UUID] = set()
    for event in events:
        if isinstance(event, e.PaymentOutcomeLost):
            doubtful[event.attempt] = event.transaction
        elif isinstance(event, e.PaymentApproved):
            heard.add(event.attempt)
        elif isinstance(event, e.PaymentResolved) and not (
            dialogue.unable or (dialogue.misfit and event.attempt not in heard)
        ):
            yield "staff had to decide although the terminal can tell"
        elif isinstance(event, _ENDS):
            doubtful.pop(event.attempt, None)
        elif isinstance(event, e.TransactionCompleted) and event.transaction in doubtful.values():
            yield "goods were released while nobody knew whether they were paid"
