"""Giving money back: reversals of part payments and of whole sales, and refunds that are due.

A reversal is an intent of its own that names its original. What it undoes is never released while it runs, and goes
back to where it stood if nothing was undone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from appliance.core import commands as c
from appliance.core import events as e
from appliance.core.cash import by_hand, confirmed_by_hand, no_rounding
from appliance.core.checkout import Checkout, Reason, RefundTask, Rejection, Transaction, TransactionState
from appliance.core.completing import post_void
from appliance.core.doubt import call_staff, lost
from appliance.core.identifiers import Operator
from appliance.core.moment import Decision, Moment
from appliance.core.payment import IntentKind, Outcome, OutcomeKind, Payment, PaymentState, TenderType, UndoReason

MUST_GO_BACK: Final = frozenset({UndoReason.MISFIT, UndoReason.RESTART})
"""Reasons for which the money buys nothing: if the device cannot undo it, a person must give it back."""


def reverse(
    checkout: Checkout, transaction: Transaction, payment: Payment, reason: UndoReason, moment: Moment
) -> tuple[e.Event, ...]:
    """Give the events that begin to undo a payment; cash that staff took, staff give back at once."""
    if not payment.intent.device:
        begun = by_hand(checkout, transaction, IntentKind.REVERSE, payment.charged, moment, payment, reason)
        outcome = Outcome(kind=OutcomeKind.REVERSED, amount=payment.charged, given=payment.charged)
        gone = _reversed(transaction, payment, "given back")
        return (*begun, *confirmed_by_hand(transaction, begun, outcome), gone, *no_rounding(transaction))
    told = payment.outcome
    requested = e.PaymentRequested(
        transaction=transaction.id,
        attempt=moment.fresh_id(1),
        kind=IntentKind.REVERSE,
        device=payment.intent.device,
        tender=payment.intent.tender,
        amount=payment.charged,
        currency=payment.charged.currency,
        baseline=moment.baselines.get(payment.intent.device),
        original=told.reference if told is not None else None,
        original_attempt=payment.intent.attempt,
        reason=reason,
        operator=checkout.operator or Operator(""),
    )
    return (requested,)


def undo(checkout: Checkout, moment: Moment) -> Decision | Rejection:
    """Take part payments back, the newest first; cash only with staff. The next follows when this one is through."""
    transaction = checkout.transaction
    if transaction is None or transaction.state is not TransactionState.TENDERING or not transaction.parts:
        return Rejection(reason=Reason.NOT_NOW)
    if transaction.running is not None:
        return Rejection(reason=Reason.PAYMENT_RUNNING)
    if transaction.parts[-1].intent.device in checkout.refunding_devices():
        return Rejection(reason=Reason.PAYMENT_RUNNING)
    by_staff = any(not part.intent.device for part in transaction.parts)
    if by_staff and checkout.operator is None:
        return Rejection(reason=Reason.NOT_SIGNED_ON)
    return Decision(_next(checkout, transaction, UndoReason.UNDO, moment))


def _next(
    checkout: Checkout, transaction: Transaction, reason: UndoReason, moment: Moment, but: Payment | None = None
) -> tuple[e.Event, ...]:
    """Give the events for the part to be undone next; those of staff's own hands all at once."""
    events: list[e.Event] = []
    parts = [part for part in reversed(transaction.parts) if but is None or part.intent.attempt != but.intent.attempt]
    for number, part in enumerate(parts):
        if part.intent.device in checkout.refunding_devices():
            # One intent at a device: the next part waits until staff come and ask for it.
            return (*events, *call_staff(checkout))
        steps = reverse(checkout, transaction, part, reason, moment.later(number))
        events += steps
        if part.intent.device:
            return tuple(events)
    if reason is UndoReason.POST_VOID and transaction.completed is not None and transaction.post_void is not None:
        events.append(post_void(transaction.completed, transaction.post_void))
    return tuple(events)


def report(
    checkout: Checkout, transaction: Transaction, undoing: Payment, outcome: Outcome, moment: Moment
) -> Decision | Rejection:
    """Take the end of a reversal."""
    original = transaction.payment_of(undoing.intent.original_attempt)
    if original is None:
        return Rejection(reason=Reason.NOT_NOW)
    if undoing.state is PaymentState.INTENT:
        outcome = Outcome(kind=OutcomeKind.NOT_CHARGED, code=outcome.code, text=outcome.text)
    match outcome.kind:
        case OutcomeKind.UNKNOWN:
            return lost(checkout, transaction, undoing, outcome.text)
        case OutcomeKind.REVERSED | OutcomeKind.APPROVED:
            return Decision(_through(checkout, transaction, undoing, original, outcome, moment))
        case _:
            ended = ended_without_money(transaction, undoing, outcome)
            return Decision((ended, *_not_undone(checkout, transaction, undoing, original, outcome, moment)))


def _through(
    checkout: Checkout, transaction: Transaction, undoing: Payment, original: Payment, outcome: Outcome, moment: Moment
) -> tuple[e.Event, ...]:
    confirmed = e.PaymentConfirmed(
        transaction=transaction.id,
        attempt=undoing.intent.attempt,
        outcome=outcome,
        currency=undoing.intent.amount.currency,
    )
    events: list[e.Event] = [confirmed, _reversed(transaction, original, outcome.text)]
    if undoing.reason in (UndoReason.UNDO, UndoReason.POST_VOID):
        events += _next(checkout, transaction, undoing.reason, moment, but=original)
    if original.intent.tender is TenderType.CASH:
        events += no_rounding(transaction)
    return tuple(events)


def _reversed(transaction: Transaction, original: Payment, reason: str) -> e.PaymentReversed:
    return e.PaymentReversed(transaction=transaction.id, attempt=original.intent.attempt, reason=reason)


def ended_without_money(transaction: Transaction, payment: Payment, outcome: Outcome) -> e.Event:
    """Give the event of an intent that moved no money."""
    attempt = payment.intent.attempt
    match outcome.kind:
        case OutcomeKind.DECLINED:
            return e.PaymentDeclined(transaction=transaction.id, attempt=attempt, code=outcome.code, text=outcome.text)
        case OutcomeKind.CANCELLED:
            return e.PaymentCancelled(transaction=transaction.id, attempt=attempt, code=outcome.code, text=outcome.text)
        case OutcomeKind.REVERSED:
            return e.PaymentReversed(transaction=transaction.id, attempt=attempt, reason=outcome.text)
        case _:
            return e.PaymentNotCharged(transaction=transaction.id, attempt=attempt, reason=outcome.text)


def _not_undone(
    checkout: Checkout, transaction: Transaction, undoing: Payment, original: Payment, outcome: Outcome, moment: Moment
) -> tuple[e.Event, ...]:
    """Say what becomes of a payment that was to be undone and was not: it stands, or it is owed to the customer."""
    owed = outcome.kind is OutcomeKind.DECLINED or undoing.reason in MUST_GO_BACK
    if undoing.reason is UndoReason.POST_VOID and not owed and not _begun(transaction):
        ended = e.PostVoidEnded(transaction=transaction.id, detail=outcome.text)
        return (ended, *call_staff(checkout))
    if not owed and undoing.reason is not UndoReason.POST_VOID:
        return call_staff(checkout)
    events = [refund_due(transaction, original, outcome.text), *call_staff(checkout)]
    if original.intent.tender is TenderType.CASH:
        events += no_rounding(transaction)
    if undoing.reason in (UndoReason.UNDO, UndoReason.POST_VOID):
        events += _next(checkout, transaction, undoing.reason, moment, but=original)
    return tuple(events)


def _begun(sale: Transaction) -> bool:
    """Whether money of a completed sale has gone back, or is owed: then it cannot stand any more."""
    sold = {tender.attempt for tender in sale.completed.tenders} if sale.completed is not None else set()
    gone = (PaymentState.REVERSED, PaymentState.REFUND_DUE)
    return any(p.intent.attempt in sold and p.state in gone for p in sale.payments)


def refund_due(transaction: Transaction, payment: Payment, reason: str) -> e.RefundDue:
    """Give the event that makes a charge a debt to the customer."""
    told = payment.outcome
    return e.RefundDue(
        transaction=transaction.id,
        attempt=payment.intent.attempt,
        amount=payment.charged,
        currency=payment.charged.currency,
        device=payment.intent.device,
        tender=payment.intent.tender,
        reason=reason,
        reference=told.reference if told is not None else None,
    )


# Refunds that are due ------------------------------------------------------------------------------------------------


def refund(checkout: Checkout, command: c.RefundPayment, moment: Moment) -> Decision | Rejection:
    """Give money that is due back through the device that took it."""
    task = checkout.refunds.get(command.attempt)
    if checkout.operator is None:
        return Rejection(reason=Reason.NOT_SIGNED_ON)
    if task is None or task.due.device == "":
        return Rejection(reason=Reason.NOT_NOW)
    # A sale that is being undone needs its devices one after the other, and nobody else would take it up again.
    if task.due.device in checkout.busy_devices() or checkout.state is TransactionState.POST_VOIDING:
        return Rejection(reason=Reason.PAYMENT_RUNNING)
    requested = e.PaymentRequested(
        transaction=task.due.transaction,
        attempt=moment.fresh_id(),
        kind=IntentKind.REFUND,
        device=task.due.device,
        tender=task.due.tender,
        amount=task.due.amount,
        currency=task.due.currency,
        baseline=moment.baselines.get(task.due.device),
        original=task.due.reference,
        original_attempt=task.due.attempt,
        reason=UndoReason.REFUND,
        operator=checkout.operator,
    )
    return Decision((requested,))


def report_refund(checkout: Checkout, task: RefundTask, refunding: Payment, outcome: Outcome) -> Decision | Rejection:
    """Take the end of a refund. If it came to nothing the money is still due."""
    transaction, attempt = task.due.transaction, refunding.intent.attempt
    if refunding.state is PaymentState.INTENT:
        outcome = Outcome(kind=OutcomeKind.NOT_CHARGED, code=outcome.code, text=outcome.text)
    match outcome.kind:
        case OutcomeKind.UNKNOWN if refunding.state is PaymentState.UNKNOWN:
            return Decision()
        case OutcomeKind.UNKNOWN:
            doubt = e.PaymentOutcomeLost(transaction=transaction, attempt=attempt, reason=outcome.text)
            return Decision((doubt, *call_staff(checkout)))
        case OutcomeKind.APPROVED | OutcomeKind.REVERSED:
            confirmed = e.PaymentConfirmed(
                transaction=transaction, attempt=attempt, outcome=outcome, currency=task.due.currency
            )
            gone = e.PaymentReversed(transaction=transaction, attempt=task.due.attempt, reason="refunded")
            return Decision((confirmed, gone))
        case OutcomeKind.DECLINED:
            refused = e.PaymentDeclined(transaction=transaction, attempt=attempt, code=outcome.code, text=outcome.text)
            return Decision((refused,))
        case OutcomeKind.CANCELLED:
            stopped = e.PaymentCancelled(transaction=transaction, attempt=attempt, code=outcome.code, text=outcome.text)
            return Decision((stopped,))
        case OutcomeKind.NOT_CHARGED:
            never = e.PaymentNotCharged(transaction=transaction, attempt=attempt, reason=outcome.text)
            return Decision((never,))


def given_back(checkout: Checkout, command: c.ResolvePayment) -> Decision | Rejection:
    """Take staff's word that a customer has the money that was due to him."""
    task = checkout.refunds.get(command.attempt)
    if checkout.operator is None:
        return Rejection(reason=Reason.NOT_SIGNED_ON)
    if task is None or task.running is not None:
        return Rejection(reason=Reason.NOT_NOW)
    decided = e.PaymentResolved(
        transaction=task.due.transaction,
        attempt=command.attempt,
        decision=command.decision,
        operator=checkout.operator,
        reason=command.reason,
    )
    gone = e.PaymentReversed(
        transaction=task.due.transaction, attempt=command.attempt, reason=f"given back by {checkout.operator}"
    )
    return Decision((decided, gone))


# Post-void -----------------------------------------------------------------------------------------------------------


def begin_post_void(checkout: Checkout, command: c.PostVoid, moment: Moment) -> Decision | Rejection:
    """Undo the last completed sale as a whole; only while no other customer is busy."""
    sale = checkout.last_sale
    if checkout.operator is None:
        return Rejection(reason=Reason.NOT_SIGNED_ON)
    if checkout.state not in (TransactionState.IDLE, TransactionState.TENDERED):
        return Rejection(reason=Reason.SALE_OPEN)
    if sale is None or sale.completed is None or sale.receipt.printing or not command.reason.strip():
        return Rejection(reason=Reason.NOT_NOW)
    if any(part.intent.device in checkout.busy_devices() for part in sale.parts):
        return Rejection(reason=Reason.PAYMENT_RUNNING)
    begun = e.PostVoidBegun(transaction=sale.id, operator=checkout.operator, reason=command.reason.strip())
    steps = _next(checkout, _voiding(sale, begun), UndoReason.POST_VOID, moment)
    return Decision((begun, *steps))


def _voiding(sale: Transaction, begun: e.PostVoidBegun) -> Transaction:
    return replace(sale, state=TransactionState.POST_VOIDING, post_void=begun)
