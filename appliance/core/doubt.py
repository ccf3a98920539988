"""Payments of which nobody knows whether money moved: who is called, and what a person's word is worth."""

from __future__ import annotations

from typing import Final

from appliance.core import commands as c
from appliance.core import events as e
from appliance.core.checkout import Checkout, DecidedPayment, Reason, Rejection, Transaction, TransactionState
from appliance.core.effects import LookUp, look_up
from appliance.core.moment import Decision
from appliance.core.payment import IntentKind, OutcomeKind, Payment, PaymentState


def lost(checkout: Checkout, transaction: Transaction, payment: Payment, reason: str) -> Decision:
    """Write down that an outcome is lost, once, and call staff."""
    if payment.state is PaymentState.UNKNOWN:
        return Decision()
    doubt = e.PaymentOutcomeLost(transaction=transaction.id, attempt=payment.intent.attempt, reason=reason)
    return Decision((doubt, *call_staff(checkout)))


def call_staff(checkout: Checkout) -> tuple[e.Event, ...]:
    """Call staff to a matter of money, also where they have answered an earlier call: this is another matter."""
    if checkout.help_called and not checkout.help_acknowledged:
        return ()
    return (e.HelpCalled(code="payment"),)


def running(checkout: Checkout) -> tuple[Payment, ...]:
    """Give the intents that are under way or in doubt: of the transaction, and of refunds that are due."""
    sale = checkout.transaction.running if checkout.transaction else None
    refunds = tuple(task.running for task in checkout.refunds.values())
    return tuple(payment for payment in (sale, *refunds) if payment is not None)


def retry_lookup(checkout: Checkout) -> Decision | Rejection:
    """Ask the devices again."""
    questions: tuple[LookUp, ...] = tuple(
        look_up(checkout, payment) for payment in running(checkout) if payment.state is PaymentState.UNKNOWN
    )
    return Decision(effects=questions) if questions else Rejection(reason=Reason.NOT_NOW)


def decided_by(
    checkout: Checkout, command: c.ResolvePayment, payment: Payment
) -> tuple[e.PaymentResolved, str] | Rejection:
    """Give the event of a person's decision on an intent in doubt, and its reason for the events that follow."""
    if checkout.operator is None:
        return Rejection(reason=Reason.NOT_SIGNED_ON)
    told_by_nobody = payment.intent.tender in checkout.policy.unconfirmed and payment.state is PaymentState.SENT
    if payment.state is not PaymentState.UNKNOWN and not told_by_nobody:
        return Rejection(reason=Reason.NOT_NOW)
    decided = e.PaymentResolved(
        transaction=payment.intent.transaction,
        attempt=command.attempt,
        decision=command.decision,
        operator=checkout.operator,
        reason=command.reason,
    )
    return decided, f"decided by {checkout.operator}"


def contradict(
    checkout: Checkout, command: c.ReportOutcome, transaction: Transaction | None, payment: Payment | None
) -> Decision | Rejection:
    """Take what a device says after a person has decided.

    A charge that shows up while its goods are unpaid is in doubt again, so that nobody pays them a second time; a
    refund that shows up keeps the next one from being sent. What cannot be put right here is told to staff.
    """
    decided, outcome = checkout.decided.get(command.attempt), command.outcome
    if decided is None or outcome.kind is OutcomeKind.UNKNOWN or _claimed(checkout, command):
        return Rejection(reason=Reason.NOT_NOW)
    is_payment = decided.kind is IntentKind.PAY
    moved = outcome.kind is OutcomeKind.APPROVED or (not is_payment and outcome.kind is OutcomeKind.REVERSED)
    if moved is (decided.decision is c.PaymentDecision.WAS_PAID):
        return Rejection(reason=Reason.NOT_NOW)
    number = outcome.reference.receipt_number if outcome.reference else ""
    word = _AFTER_ALL[is_payment, moved]
    told = f"{decided.amount} {word} after all, receipt {number or '-'}"
    if not is_payment:
        return Decision((*_not_once_more(checkout, decided), e.HelpCalled(code=told)))
    open_states = (TransactionState.OPEN, TransactionState.TENDERING)
    if not moved or transaction is None or payment is None or transaction.state not in open_states:
        return Decision((e.HelpCalled(code=told),))
    events: list[e.Event] = []
    under_way = transaction.running
    pays = under_way is not None and under_way.intent.kind is IntentKind.PAY
    if under_way is not None and pays and under_way.state is PaymentState.INTENT:
        events.append(
            e.PaymentNotCharged(transaction=transaction.id, attempt=under_way.intent.attempt, reason="paid before")
        )
    elif under_way is not None:
        return Decision((e.HelpCalled(code=told),))
    reason = f"{told}; {decided.operator} had decided otherwise"
    doubt = e.PaymentOutcomeLost(transaction=transaction.id, attempt=payment.intent.attempt, reason=reason)
    return Decision((*events, doubt, e.HelpCalled(code="payment")))


_AFTER_ALL: Final = {
    (True, True): "charged",
    (True, False): "not paid",
    (False, True): "given back",
    (False, False): "not given back",
}


def _not_once_more(checkout: Checkout, decided: DecidedPayment) -> tuple[e.Event, ...]:
    """Keep refunds of the same amount from being sent that have not left yet."""
    waiting = (task.running for task in checkout.refunds.values())
    return tuple(
        e.PaymentNotCharged(
            transaction=refund.intent.transaction, attempt=refund.intent.attempt, reason="given back before"
        )
        for refund in waiting
        if refund is not None and refund.state is PaymentState.INTENT and refund.intent.amount == decided.amount
    )


def _claimed(checkout: Checkout, command: c.ReportOutcome) -> bool:
    """Whether what the device tells is another attempt's: then it says nothing about this one."""
    sales = (sale for sale in (checkout.transaction, checkout.last_sale) if sale is not None)
    others = (p for sale in sales for p in sale.payments if p.intent.attempt != command.attempt)
    return any(p.outcome is not None and p.outcome.reference == command.outcome.reference is not None for p in others)
