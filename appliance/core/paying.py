"""Decisions about money: when an intent may begin, and what a device's words make of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from appliance.core import cash, doubt, undoing
from appliance.core import commands as c
from appliance.core import events as e
from appliance.core.availability import tenders
from appliance.core.checkout import AfterRestart, Checkout, Reason, Rejection, Transaction, TransactionState
from appliance.core.completing import complete
from appliance.core.effects import CancelAttempt
from appliance.core.moment import Decision, Moment
from appliance.core.money import Currency
from appliance.core.payment import (
    CashCredit,
    IntentKind,
    Outcome,
    OutcomeKind,
    Payment,
    PaymentState,
    ReceiptText,
    Sending,
    TenderType,
    UndoReason,
)
from appliance.core.payment_evolution import refund_of

ROOM_FOR_RECEIPT: Final = 5000
"""Bytes of each of a device's two receipts that are kept: a hundred full lines."""


def request(checkout: Checkout, command: c.RequestPayment, moment: Moment) -> Decision | Rejection:
    """Begin an attempt for what is due, or a part of it; never while another one is under way or in doubt."""
    transaction = checkout.transaction
    if transaction is None or transaction.state not in (TransactionState.OPEN, TransactionState.TENDERING):
        in_doubt = transaction is not None and transaction.state is TransactionState.IN_DOUBT
        return Rejection(reason=Reason.PAYMENT_RUNNING if in_doubt else Reason.NOTHING_TO_PAY)
    if transaction.running is not None:
        return Rejection(reason=Reason.PAYMENT_RUNNING)
    if transaction.waiting_lines:
        return Rejection(reason=Reason.APPROVAL_NEEDED)
    rest = transaction.rest
    if rest.minor <= 0:
        return Rejection(reason=Reason.NOTHING_TO_PAY)
    if checkout.fault:
        return Rejection(reason=Reason.OUT_OF_SERVICE)
    device = checkout.policy.tender_devices.get(command.tender)
    if device is None or command.tender not in tenders(checkout) or device in checkout.busy_devices():
        return Rejection(reason=Reason.TENDER_NOT_AVAILABLE)
    amount = rest if command.amount is None else command.amount
    if amount.currency != rest.currency or not 0 < amount.minor <= rest.minor:
        return Rejection(reason=Reason.NOTHING_TO_PAY)
    rounding: tuple[e.Event, ...] = ()
    if command.tender is TenderType.CASH and amount == rest:
        change = cash.rounding(transaction, checkout.policy.cash_step)
        rounding, amount = cash.rounding_event(transaction, change), amount + change
        if not amount:
            return Rejection(reason=Reason.NOTHING_TO_PAY)
    requested = e.PaymentRequested(
        transaction=transaction.id,
        attempt=moment.fresh_id(),
        kind=IntentKind.PAY,
        device=device,
        tender=command.tender,
        amount=amount,
        currency=transaction.currency,
        baseline=moment.baselines.get(device),
    )
    return Decision((*rounding, requested))


def cancel(checkout: Checkout) -> Decision | Rejection:
    """Pass the wish to stop on to the device; its answer decides."""
    payment = checkout.transaction.running if checkout.transaction else None
    if payment is None or payment.state is PaymentState.UNKNOWN or not checkout.may_cancel:
        return Rejection(reason=Reason.CANNOT_CANCEL)
    return Decision(effects=(CancelAttempt(payment.intent.attempt),))


def return_to_items(checkout: Checkout) -> Decision | Rejection:
    """Back to the basket; only while nothing is paid or under way."""
    transaction = checkout.transaction
    if transaction is None or transaction.state is not TransactionState.TENDERING:
        return Rejection(reason=Reason.NOT_NOW)
    if transaction.running is not None or transaction.paid:
        return Rejection(reason=Reason.PAYMENT_RUNNING)
    return Decision((e.TenderingEnded(transaction=transaction.id),))


def _find(checkout: Checkout, attempt: object) -> tuple[Transaction, Payment] | None:
    transaction = checkout.transaction
    if transaction is None:
        return None
    payment = next((p for p in transaction.payments if p.intent.attempt == attempt), None)
    return None if payment is None else (transaction, payment)


def record(checkout: Checkout, command: c.RecordPayment) -> Decision | Rejection:
    """Make a fact of an adapter durable. A repeated yes of the device is recorded once and answered again."""
    found = _find(checkout, command.attempt)
    payment = found[1] if found else refund_of(checkout, command.attempt)
    if payment is None:
        return Rejection(reason=Reason.NOT_NOW)
    match command.fact:
        case Sending():
            if payment.state is not PaymentState.INTENT:
                return Rejection(reason=Reason.NOT_NOW)
            return Decision((e.PaymentSent(transaction=payment.intent.transaction, attempt=command.attempt),))
        case ReceiptText():
            return _keep_text(payment, command.fact)
        case CashCredit():
            return _credit(payment, command.fact)
        case _:
            return _approve(payment, command.fact.outcome)


def _keep_text(payment: Payment, text: ReceiptText) -> Decision | Rejection:
    if not payment.state.unresolved:
        return Rejection(reason=Reason.NOT_NOW)
    room = ROOM_FOR_RECEIPT - sum(len(line.encode()) + 1 for line in payment.receipts.get(text.copy, ()))
    lines: list[str] = []
    for line in text.lines:
        room -= len(line.encode()) + 1
        if room < 0:
            break
        lines.append(line)
    received = e.ReceiptTextReceived(
        transaction=payment.intent.transaction, attempt=payment.intent.attempt, copy=text.copy, lines=tuple(lines)
    )
    return Decision((received,) if lines else ())


def _credit(payment: Payment, credit: CashCredit) -> Decision | Rejection:
    right = credit.amount.minor > 0 and credit.amount.currency == payment.intent.amount.currency
    if not payment.state.unresolved or payment.intent.tender is not TenderType.CASH or not right:
        return Rejection(reason=Reason.NOT_NOW)
    if credit.counter in payment.credits:
        return Decision()
    credited = e.CashCredited(
        transaction=payment.intent.transaction,
        attempt=payment.intent.attempt,
        amount=credit.amount,
        currency=credit.amount.currency,
        counter=credit.counter,
    )
    return Decision((credited,))


def _approve(payment: Payment, outcome: Outcome) -> Decision | Rejection:
    if payment.state is PaymentState.APPROVED:
        same = payment.outcome is not None and payment.outcome.reference == outcome.reference
        return Decision(accepted=payment.fits) if same else Rejection(reason=Reason.NOT_NOW)
    if payment.state is not PaymentState.SENT:
        return Rejection(reason=Reason.NOT_NOW)
    approved = e.PaymentApproved(
        transaction=payment.intent.transaction,
        attempt=payment.intent.attempt,
        outcome=outcome,
        currency=_currency(payment, outcome),
    )
    # Another amount is kept, so that the charge can be found and undone, and refused, so that the device undoes it.
    return Decision((approved,), accepted=payment.with_outcome(outcome).fits)


def _currency(payment: Payment, outcome: Outcome) -> Currency:
    return outcome.amount.currency if outcome.amount is not None else payment.intent.amount.currency


def report(checkout: Checkout, command: c.ReportOutcome, moment: Moment) -> Decision | Rejection:
    """Take the end of an attempt, live or by look-up. A final state stays final, unless a person decided it wrong."""
    task = next((t for t in checkout.refunds.values() if t.refund and t.refund.intent.attempt == command.attempt), None)
    if task is not None and task.refund is not None:
        if task.refund.state.final:
            return doubt.contradict(checkout, command, None, task.refund)
        return undoing.report_refund(checkout, task, task.refund, command.outcome)
    found = _find(checkout, command.attempt)
    if found is None or found[1].state.final:
        transaction, payment = found or (None, None)
        return doubt.contradict(checkout, command, transaction, payment)
    transaction, payment = found
    if payment.intent.kind is not IntentKind.PAY:
        return undoing.report(checkout, transaction, payment, command.outcome, moment)
    return _report_payment(checkout, transaction, payment, command.outcome, moment)


def _report_payment(
    checkout: Checkout, transaction: Transaction, payment: Payment, outcome: Outcome, moment: Moment
) -> Decision | Rejection:
    if payment.state is PaymentState.INTENT:
        # Nothing left for the device, so whatever went wrong, no money moved.
        outcome = Outcome(kind=OutcomeKind.NOT_CHARGED, code=outcome.code, text=outcome.text)
    match outcome.kind:
        case OutcomeKind.APPROVED:
            confirmed = _confirmed(checkout, transaction, payment, outcome, moment)
            return Decision((*confirmed, *cash.change_due(outcome)))
        case OutcomeKind.UNKNOWN:
            return doubt.lost(checkout, transaction, payment, outcome.text)
        case OutcomeKind.DECLINED | OutcomeKind.CANCELLED if payment.state is PaymentState.APPROVED:
            said = f"the device said yes, then {outcome.kind}: {outcome.text}"
            return doubt.lost(checkout, transaction, payment, said)
        case _:
            ended = undoing.ended_without_money(transaction, payment, outcome)
            cash_gone = cash.no_rounding(transaction) if payment.intent.tender is TenderType.CASH else ()
            return Decision((ended, *cash_gone))


def _confirmed(
    checkout: Checkout, transaction: Transaction, payment: Payment, outcome: Outcome, moment: Moment
) -> tuple[e.Event, ...]:
    before = payment.outcome
    if before is not None and before.unfit and not outcome.unfit:
        outcome = replace(outcome, unfit=before.unfit)
    confirmed = e.PaymentConfirmed(
        transaction=transaction.id,
        attempt=payment.intent.attempt,
        outcome=outcome,
        currency=_currency(payment, outcome),
    )
    charged = payment.with_outcome(outcome)
    rounding = cash.rounding_under(transaction, charged, checkout.policy.cash_step)
    events = (confirmed, *cash.rounding_event(transaction, rounding))
    due = transaction.rest + rounding
    # After a person had decided otherwise, basket and payments may have changed before the charge shows up.
    if not charged.fits or charged.charged > due:
        undo = undoing.reverse(checkout, transaction, charged, UndoReason.MISFIT, moment)
        return (*events, *undo, *doubt.call_staff(checkout))
    if charged.charged < due or transaction.waiting_lines:
        return events
    if charged.restarted and checkout.policy.after_restart is AfterRestart.REVERSE:
        return (*events, *undoing.reverse(checkout, transaction, charged, UndoReason.RESTART, moment))
    if charged.restarted and checkout.policy.after_restart is AfterRestart.ASK:
        return (*events, *doubt.call_staff(checkout))
    sold = complete(transaction, charged, moment, rounding=rounding, unconfirmed=checkout.policy.unconfirmed)
    return (*events, sold)


def complete_sale(checkout: Checkout, moment: Moment) -> Decision | Rejection:
    """Hand over goods that a restart found paid, where staff are to be asked."""
    transaction = checkout.transaction
    if checkout.operator is None:
        return Rejection(reason=Reason.NOT_SIGNED_ON)
    if transaction is None or transaction.state is not TransactionState.TENDERING or transaction.running is not None:
        return Rejection(reason=Reason.NOT_NOW)
    if not transaction.parts or transaction.due.minor > 0:
        return Rejection(reason=Reason.NOT_NOW)
    return Decision((complete(transaction, None, moment, unconfirmed=checkout.policy.unconfirmed),))


def resolve(checkout: Checkout, command: c.ResolvePayment, moment: Moment) -> Decision | Rejection:
    """Take a person's decision on an intent in doubt; it is journalled with the name and the reason."""
    if command.decision is c.PaymentDecision.GIVEN_BACK:
        return undoing.given_back(checkout, command)
    payment = next((p for p in _all(checkout) if p.intent.attempt == command.attempt), None)
    if payment is None:
        return Rejection(reason=Reason.NOT_SIGNED_ON if checkout.operator is None else Reason.NOT_NOW)
    decided = doubt.decided_by(checkout, command, payment)
    if isinstance(decided, Rejection):
        return decided
    event, reason = decided
    if command.decision is c.PaymentDecision.WAS_PAID:
        asked = payment.intent.amount
        known = payment.outcome if payment.outcome is not None and payment.outcome.reference else None
        outcome = known or Outcome(kind=OutcomeKind.APPROVED, text=reason, amount=asked)
        outcome = outcome if outcome.kind is OutcomeKind.APPROVED else replace(outcome, kind=OutcomeKind.APPROVED)
    else:
        outcome = Outcome(kind=OutcomeKind.NOT_CHARGED, text=reason)
    report_now = c.ReportOutcome(command.attempt, outcome)
    led = report(checkout, report_now, moment)
    if isinstance(led, Rejection):
        return led
    # What is taken for unpaid must not be paid later: a code may still be open at its gateway.
    unpaid = command.decision is c.PaymentDecision.WAS_NOT_PAID and payment.intent.kind is IntentKind.PAY
    told = (CancelAttempt(command.attempt),) if unpaid or payment.state is PaymentState.SENT else ()
    return Decision((event, *led.events), (*told, *led.effects))


def _all(checkout: Checkout) -> tuple[Payment, ...]:
    payments = checkout.transaction.payments if checkout.transaction else ()
    refunds = tuple(task.refund for task in checkout.refunds.values() if task.refund is not None)
    return (*payments, *refunds)
