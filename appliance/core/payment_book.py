"""Every payment of a stretch of the journal and what became of it: a fold for people who look into the books."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from appliance.core import events as e
from appliance.core.identifiers import Operator
from appliance.core.payment import IntentKind, Payment, PaymentState, may_become
from appliance.core.payment_evolution import PaymentEvent, moved, requested, undone_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A payment, reversal or refund."""

    payment: Payment
    changed_at: datetime
    decided_by: Operator = Operator("")
    """Who decided it, where no device could."""
    reason: str = ""

    @property
    def needs_a_person(self) -> bool:
        """Whether somebody has to do something about it."""
        return self.payment.state.unresolved or self.payment.state is PaymentState.REFUND_DUE


class PaymentBook:
    """Takes events in the order of the journal."""

    def __init__(self) -> None:
        self._entries: dict[UUID, Entry] = {}

    def take(self, event: e.Event, at: datetime) -> None:
        """Take the next event."""
        match event:
            case e.DayOpened():
                for due in event.refunds_due:
                    self._owe(due, at)
            case e.PaymentRequested():
                self._entries[event.attempt] = Entry(payment=requested(event, at), changed_at=at)
            case e.PaymentResolved() if event.attempt in self._entries:
                entry = self._entries[event.attempt]
                self._entries[event.attempt] = replace(entry, decided_by=event.operator, reason=event.reason)
            case e.TransactionCompleted():
                for tender in event.tenders:
                    self._to(tender.attempt, PaymentState.RELEASED, at)
            case e.TerminalDayClosed():
                for attempt, entry in list(self._entries.items()):
                    if entry.payment.intent.device == event.device:
                        self._to(attempt, PaymentState.SETTLED, at)
            case _ if isinstance(event, PaymentEvent):
                self._move(event, at)

    def _move(self, event: PaymentEvent, at: datetime) -> None:
        entry = self._entries.get(event.attempt)
        if entry is None:
            return
        after = moved(entry.payment, event)
        self._entries[event.attempt] = replace(entry, payment=after, changed_at=at)
        original = self._entries.get(after.intent.original_attempt) if after.intent.original_attempt else None
        if original is not None and after.state is not entry.payment.state:
            undone = undone_by(original.payment, after)
            self._entries[undone.intent.attempt] = replace(original, payment=undone, changed_at=at)

    def _to(self, attempt: UUID, state: PaymentState, at: datetime) -> None:
        entry = self._entries.get(attempt)
        if entry is not None and may_become(entry.payment.state, state):
            payment = replace(entry.payment, state=state)
            self._entries[attempt] = replace(entry, payment=payment, changed_at=at)

    def _owe(self, due: e.RefundDue, at: datetime) -> None:
        """Take over a debt of an earlier day, whose rows are not looked at."""
        if due.attempt in self._entries:
            return
        begun = e.PaymentRequested(
            transaction=due.transaction,
            attempt=due.attempt,
            kind=IntentKind.PAY,
            device=due.device,
            tender=due.tender,
            amount=due.amount,
            currency=due.currency,
            original=due.reference,
        )
        owed = replace(requested(begun, at), state=PaymentState.REFUND_DUE)
        self._entries[due.attempt] = Entry(payment=owed, changed_at=at, reason=due.reason)

    def entries(self) -> Iterable[Entry]:
        """Give all payments, the oldest first."""
        return self._entries.values()

    def entry(self, attempt: UUID) -> Entry | None:
        """Give one payment."""
        return self._entries.get(attempt)


def line(entry: Entry) -> str:
    """Give a payment as a line of text."""
    payment, intent = entry.payment, entry.payment.intent
    told = payment.outcome
    number = told.reference.receipt_number if told is not None and told.reference is not None else ""
    amount = intent.amount if intent.kind is IntentKind.PAY else -intent.amount
    words = (
        f"{intent.attempt}",
        f"{payment.requested_at:%Y-%m-%d %H:%M:%S}",
        f"{payment.state:<11}",
        f"{amount!s:>14}",
        f"{intent.kind:<7}",
        f"{intent.tender:<9}",
        f"{intent.device or 'staff':<10}",
        number,
    )
    return "  ".join(words).rstrip()


def story(entry: Entry) -> Iterable[str]:
    """Give a payment at length."""
    payment, intent = entry.payment, entry.payment.intent
    yield f"attempt      {intent.attempt}"
    yield f"transaction  {intent.transaction}"
    yield f"asked        {intent.kind} {intent.amount} by {intent.tender} at {intent.device or 'the counter'}"
    yield f"             {payment.requested_at:%Y-%m-%d %H:%M:%S} UTC"
    yield f"state        {payment.state}, since {entry.changed_at:%Y-%m-%d %H:%M:%S} UTC"
    yield from _device_says(payment)
    if intent.original_attempt is not None:
        yield f"undoes       {intent.original_attempt} ({payment.reason})"
    if entry.decided_by:
        yield f"decided by   {entry.decided_by}: {entry.reason}"
    elif entry.reason:
        yield f"because      {entry.reason}"
    if payment.state.unresolved:
        yield "to do        Look at the device's own journal, then: kvitt payments resolve"
    if payment.state is PaymentState.REFUND_DUE:
        yield "to do        Give the customer the money back, on the staff page or by hand: kvitt payments resolve"


def _device_says(payment: Payment) -> Iterable[str]:
    told = payment.outcome
    if told is None:
        return
    if told.amount is not None and told.amount != payment.intent.amount:
        yield f"moved        {told.amount}"
    reference = told.reference
    if reference is not None:
        facts = (
            ("terminal", reference.terminal_id),
            ("receipt", reference.receipt_number),
            ("trace", reference.trace_number),
            ("transaction", reference.poi_transaction),
        )
        yield "device       " + ", ".join(f"{name} {value}" for name, value in facts if value)
    if told.code or told.text:
        yield f"said         {told.code} {told.text}".rstrip()
