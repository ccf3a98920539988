"""What the simulated terminal writes into its books, and what it tells of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from simulators.books import Books, Entry, EntryKind
from simulators.zvt.behaviour import Behaviour

_NEVER_TOLD = (EntryKind.STORED, EntryKind.DAY_CLOSED)
_NUMBERED = (EntryKind.OPENING, EntryKind.CHARGE, EntryKind.REVERSAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTotals:
    """Sums since the last end of day. Minor units; what went back is taken off."""

    amount: int
    count: int
    first: int
    """Receipt numbers; 0 without any."""
    last: int


class Ledger:
    """The books of one terminal."""

    def __init__(self, books: Books, *, currency: int, clock: Callable[[], datetime]) -> None:
        self.books = books
        self.currency = currency
        self._clock = clock

    def _book(self, entry: Entry) -> Entry:
        now = self._clock()

        def make(books: Books) -> Entry:
            numbered = entry.kind in _NUMBERED
            return replace(
                entry,
                trace=books.next_trace,
                receipt=books.next_receipt if numbered else 0,
                date=f"{now:%m%d}",
                time=f"{now:%H%M%S}",
            )

        return self.books.add(make)

    def opening(self) -> None:
        """Give empty books a history: the sale of the terminal's installation."""
        if not self.books.entries():
            self._book(Entry(kind=EntryKind.OPENING, trace=0, amount=100, currency=self.currency))

    def charge(self, amount: int, currency: int, *, at_terminal: bool = False) -> Entry:
        """Take money."""
        return self._book(
            Entry(kind=EntryKind.CHARGE, trace=0, amount=amount, currency=currency, at_terminal=at_terminal)
        )

    def decline(self, amount: int, currency: int, result: int) -> Entry:
        """Write down a refusal."""
        return self._book(Entry(kind=EntryKind.DECLINE, trace=0, amount=amount, currency=currency, result=result))

    def give_back(self, amount: int, currency: int, original: int = 0) -> Entry:
        """Give money back because the till asked for it: reverse the sale of a trace number, or refund."""
        return self._book(
            Entry(kind=EntryKind.REVERSAL, trace=0, amount=amount, currency=currency, original=original, by_till=True)
        )

    def undo(self, movement: Entry) -> None:
        """Undo a movement by the terminal's own decision."""
        kind = EntryKind.REVERSAL if movement.kind is EntryKind.CHARGE else EntryKind.REINSTATED
        self._book(
            Entry(kind=kind, trace=0, amount=movement.amount, currency=movement.currency, original=movement.trace)
        )

    def stored(self, movement: Entry) -> None:
        """Write down that the till knows of a movement."""
        self.books.append(Entry(kind=EntryKind.STORED, trace=movement.trace))

    def sale_of(self, receipt: int) -> Entry | None:
        """Give the last sale of a receipt number."""
        return next((entry for entry in reversed(self.books.charges()) if entry.receipt == receipt), None)

    def refuses_reversal(self, sale: Entry | None, amount: int) -> int:
        """Give the code with which the reversal of a sale is refused, 0 if it is possible."""
        if sale is None or sale not in self.books.today():
            return 0xB5
        if sale not in self.books.standing():
            return 0xB4
        return 0 if sale.amount == amount else 0xB7

    def last(self, told: Behaviour) -> Entry | None:
        """Give the last transaction as this terminal tells it."""
        entries = [entry for entry in self.books.entries() if entry.kind not in _NEVER_TOLD]
        never_was = {entry.original for entry in entries if entry.kind is EntryKind.REINSTATED}
        entries = [e for e in entries if e.kind is not EntryKind.REINSTATED and e.trace not in never_was]
        if told.forgets_declines:
            entries = [entry for entry in entries if entry.kind is not EntryKind.DECLINE]
        if entries and entries[-1].kind is EntryKind.REVERSAL and told.after_reversal == "previous":
            undone = {entry.original for entry in entries if entry.kind is EntryKind.REVERSAL}
            entries = [e for e in entries if e.kind is not EntryKind.REVERSAL and e.trace not in undone]
        return entries[-1] if entries else None

    def totals(self) -> DayTotals:
        """Give the sums of the day."""
        back = self.books.reversals()
        moved = [entry for entry in self.books.today() if entry.kind is EntryKind.CHARGE or entry in back]
        amount = sum(-entry.amount if entry in back else entry.amount for entry in moved)
        numbers = [entry.receipt for entry in moved] or [0]
        return DayTotals(amount=max(0, amount), count=len(moved), first=numbers[0], last=numbers[-1])

    def close_day(self) -> None:
        """Send everything to the acquirer."""
        self._book(Entry(kind=EntryKind.DAY_CLOSED, trace=0, currency=self.currency))
