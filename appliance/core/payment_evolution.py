"""What an event makes of intents: those of a transaction, refunds that are due, and the sums of each tender device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from appliance.core import events as e
from appliance.core.checkout import Checkout, RefundTask, Transaction
from appliance.core.money import Money
from appliance.core.payment import Intent, IntentKind, Outcome, OutcomeKind, Payment, PaymentState, may_become

PaymentEvent = (
    e.PaymentSent
    | e.PaymentApproved
    | e.PaymentConfirmed
    | e.PaymentDeclined
    | e.PaymentCancelled
    | e.PaymentNotCharged
    | e.PaymentReversed
    | e.PaymentOutcomeLost
    | e.ReceiptTextReceived
    | e.CashCredited
    | e.RefundDue
)
"""The events of one attempt after its request."""

_UNDONE: Final = frozenset({PaymentState.DECLINED, PaymentState.CANCELLED, PaymentState.NOT_CHARGED})


def requested(event: e.PaymentRequested, at: datetime) -> Payment:
    """Give the payment that a request begins."""
    intent = Intent(
        attempt=event.attempt,
        transaction=event.transaction,
        kind=event.kind,
        device=event.device,
        tender=event.tender,
        amount=event.amount,
        baseline=event.baseline,
        original=event.original,
        original_attempt=event.original_attempt,
    )
    return Payment(intent=intent, state=PaymentState.INTENT, requested_at=at, reason=event.reason)


def moved(payment: Payment, event: PaymentEvent) -> Payment:
    """Give a payment after an event of its attempt; the same one if the event is illegal in its state."""
    match event:
        case e.PaymentSent():
            return _to(payment, PaymentState.SENT)
        case e.PaymentApproved():
            return _to(payment, PaymentState.APPROVED, event.outcome)
        case e.PaymentConfirmed():
            return _to(payment, PaymentState.CONFIRMED, event.outcome)
        case e.PaymentDeclined():
            refused = Outcome(kind=OutcomeKind.DECLINED, code=event.code, text=event.text)
            return _to(payment, PaymentState.DECLINED, refused)
        case e.PaymentCancelled():
            stopped = Outcome(kind=OutcomeKind.CANCELLED, code=event.code, text=event.text)
            return _to(payment, PaymentState.CANCELLED, stopped)
        case e.PaymentNotCharged():
            return _to(payment, PaymentState.NOT_CHARGED, Outcome(kind=OutcomeKind.NOT_CHARGED, text=event.reason))
        case e.PaymentReversed():
            return _to(payment, PaymentState.REVERSED)
        case e.PaymentOutcomeLost():
            return replace(_to(payment, PaymentState.UNKNOWN), restarted=payment.restarted or event.restarted)
        case e.RefundDue():
            return _to(payment, PaymentState.REFUND_DUE)
        case e.ReceiptTextReceived():
            lines = (*payment.receipts.get(event.copy, ()), *event.lines)
            return replace(payment, receipts={**payment.receipts, event.copy: lines})
        case e.CashCredited():
            return replace(payment, credits={**payment.credits, event.counter: event.amount})


def _to(payment: Payment, state: PaymentState, outcome: Outcome | None = None) -> Payment:
    if not may_become(payment.state, state):
        return payment
    return replace(payment, state=state, outcome=outcome or payment.outcome)


def in_transaction(transaction: Transaction, event: PaymentEvent) -> Transaction:
    """Give a transaction after an event of one of its attempts; what undoes a payment takes it along."""
    before = transaction.payment_of(event.attempt)
    if before is None:
        return transaction
    after = moved(before, event)
    original = transaction.payment_of(after.intent.original_attempt)
    changed = {before.intent.attempt: after}
    if original is not None and after.state is not before.state:
        changed[original.intent.attempt] = undone_by(original, after)
    return replace(transaction, payments=tuple(changed.get(p.intent.attempt, p) for p in transaction.payments))


def undone_by(original: Payment, undo: Payment) -> Payment:
    """Give a payment after the state of what undoes it has changed."""
    if undo.state is PaymentState.SENT:
        return replace(_to(original, PaymentState.REVERSING), stood=original.state)
    if undo.state in _UNDONE and original.stood is not None:
        return _to(original, original.stood)
    return original


def refunds(checkout: Checkout, event: e.Event, at: datetime) -> Mapping[UUID, RefundTask]:
    """Give the refunds that are due after an event."""
    tasks = checkout.refunds
    match event:
        case e.DayOpened():
            return {**{due.attempt: RefundTask(due=due) for due in event.refunds_due}, **tasks}
        case e.RefundDue():
            return {**tasks, event.attempt: RefundTask(due=event)}
        case e.PaymentReversed():
            return {attempt: task for attempt, task in tasks.items() if attempt != event.attempt}
        case e.PaymentRequested(kind=IntentKind.REFUND, original_attempt=UUID() as original) if original in tasks:
            return {**tasks, original: replace(tasks[original], refund=requested(event, at))}
        case (
            e.PaymentSent()
            | e.PaymentApproved()
            | e.PaymentConfirmed()
            | e.PaymentDeclined()
            | e.PaymentCancelled()
            | e.PaymentNotCharged()
            | e.PaymentOutcomeLost()
            | e.ReceiptTextReceived()
        ):
            return {attempt: _refund(task, event) for attempt, task in tasks.items()}
        case _:
            return tasks


def _refund(task: RefundTask, event: PaymentEvent) -> RefundTask:
    if task.refund is None or task.refund.intent.attempt != event.attempt:
        return task
    return replace(task, refund=moved(task.refund, event))


def refund_of(checkout: Checkout, attempt: UUID) -> Payment | None:
    """Give the refund that runs under an attempt."""
    found = (task.refund for task in checkout.refunds.values())
    return next((refund for refund in found if refund is not None and refund.intent.attempt == attempt), None)


def unsettled(checkout: Checkout, event: e.Event) -> Mapping[str, e.Unsettled]:
    """Give what each tender device must hold after an event; `checkout` is the state before it."""
    sums = checkout.unsettled
    match event:
        case e.DayOpened():
            return {**{entry.device: entry for entry in event.unsettled}, **sums}
        case e.PaymentConfirmed():
            payment = checkout.transaction.payment_of(event.attempt) if checkout.transaction else None
            payment = payment or refund_of(checkout, event.attempt)
            if payment is None or not may_become(payment.state, PaymentState.CONFIRMED):
                return sums
            amount = moved(payment, event).charged
            return _added(sums, payment.intent, amount if payment.intent.kind is IntentKind.PAY else -amount)
        case e.TerminalDayClosed():
            nothing = e.Unsettled(
                device=event.device, amount=Money(0, event.currency), currency=event.currency, count=0, complete=True
            )
            return {**sums, event.device: nothing}
        case _:
            return sums


def days_closed(checkout: Checkout, event: e.Event) -> Mapping[str, e.TerminalDayClosed]:
    """Give the last end of day of each tender device after an event; a new business day has had none."""
    match event:
        case e.DayOpened():
            return {}
        case e.TerminalDayClosed():
            return {**checkout.days_closed, event.device: event}
        case _:
            return checkout.days_closed


def _added(sums: Mapping[str, e.Unsettled], intent: Intent, amount: Money) -> Mapping[str, e.Unsettled]:
    before = sums.get(intent.device)
    if before is None:
        entry = e.Unsettled(device=intent.device, amount=amount, currency=amount.currency, count=1, complete=False)
    elif before.currency != amount.currency:
        # A device that moved money of another currency: its sum is no proof any more.
        entry = replace(before, complete=False)
    else:
        entry = replace(before, amount=before.amount + amount, count=before.count + 1)
    return {**sums, intent.device: entry}
