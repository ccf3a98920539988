"""Cash: rounding to the coins there are, and money that staff take over the counter or give back."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from appliance.core import commands as c
from appliance.core import events as e
from appliance.core.checkout import Checkout, Reason, Rejection, Transaction, TransactionState
from appliance.core.completing import complete
from appliance.core.identifiers import Operator
from appliance.core.moment import Decision, Moment
from appliance.core.money import Money, round_half_away
from appliance.core.payment import CHANGE_DUE, IntentKind, Outcome, OutcomeKind, Payment, TenderType, UndoReason
from appliance.core.payment_evolution import requested

SMALLEST_COIN: Final[Mapping[str, int]] = {"NOK": 100, "SEK": 100, "DKK": 50, "CHF": 5, "CZK": 100}
"""Minor units of the smallest coin in use, where it is not one minor unit."""


NOTES: Final[Mapping[str, tuple[int, ...]]] = {
    "NOK": (200, 500, 1000),
    "SEK": (200, 500, 1000),
    "DKK": (200, 500, 1000),
    "CZK": (200, 500, 1000),
    "EUR": (20, 50, 100),
    "CHF": (20, 50, 100),
    "GBP": (10, 20, 50),
}
"""Notes in common use, in whole units of the currency: what a customer puts down is offered from them."""


def likely(due: Money) -> tuple[Money, ...]:
    """Give what a customer is likely to put down for a sum: the next full number of each note, the smallest first."""
    unit: int = 10**due.currency.exponent
    steps = [note * unit for note in NOTES.get(due.currency.code, ())]
    return tuple(Money(minor, due.currency) for minor in sorted({-(-due.minor // step) * step for step in steps}))


def rounded(amount: Money, step: int) -> Money:
    """Round to a multiple of `step` minor units, halves away from zero."""
    return Money(round_half_away(Decimal(amount.minor) / step) * step, amount.currency)


def rounding(transaction: Transaction, step: int) -> Money:
    """Give the rounding under which the rest can be paid in cash. Only what is paid in cash last is rounded."""
    return rounded(transaction.rest, step) - transaction.rest


def rounding_under(transaction: Transaction, payment: Payment, step: int) -> Money:
    """Give the rounding under which a payment pays: that of cash, where it is just the rest; else none."""
    change = rounding(transaction, step)
    pays_rest = payment.intent.tender is TenderType.CASH and payment.charged == transaction.rest + change
    return change if pays_rest else Money(0, transaction.currency)


def rounding_event(transaction: Transaction, amount: Money) -> tuple[e.Event, ...]:
    """Give the event that makes `amount` the rounding, if it is not that already."""
    if amount == (transaction.rounding or Money(0, transaction.currency)):
        return ()
    return (e.RoundingApplied(transaction=transaction.id, amount=amount, currency=transaction.currency),)


def no_rounding(transaction: Transaction) -> tuple[e.Event, ...]:
    """Give the event that takes a rounding back, once no cash is paid any more."""
    return rounding_event(transaction, Money(0, transaction.currency))


def change_due(outcome: Outcome) -> tuple[e.Event, ...]:
    """Give the event that calls staff to a customer whose change the device could not pay out."""
    return (e.HelpCalled(code=outcome.text),) if outcome.code == CHANGE_DUE else ()


def take(checkout: Checkout, command: c.TakeCash, moment: Moment) -> Decision | Rejection:
    """Book cash that lies on the counter, in one commit: no half-taken cash can exist. The drawer opens afterwards."""
    transaction = checkout.transaction
    refused = _refuse(checkout, transaction, command)
    if refused is not None or transaction is None:
        return refused or Rejection(reason=Reason.NOTHING_TO_PAY)
    amount = rounding(transaction, checkout.policy.cash_step)
    due = transaction.rest + amount
    if not due:
        # Less than half of the smallest coin is left.
        done = complete(transaction, None, moment, rounding=amount)
        return Decision((*rounding_event(transaction, amount), done))
    if command.given.minor <= 0:
        return Rejection(reason=Reason.TOO_LITTLE)
    part = command.given < due
    taken = command.given if part else due
    payment = by_hand(checkout, transaction, IntentKind.PAY, taken, moment)
    outcome = Outcome(kind=OutcomeKind.APPROVED, amount=taken, given=command.given)
    events = (*(() if part else rounding_event(transaction, amount)), *payment)
    confirmed = confirmed_by_hand(transaction, payment, outcome)
    if part:
        return Decision((*events, *confirmed))
    sold = complete(transaction, requested(payment[0], moment.at).with_outcome(outcome), moment, rounding=amount)
    return Decision((*events, *confirmed, sold))


def _refuse(checkout: Checkout, transaction: Transaction | None, command: c.TakeCash) -> Rejection | None:
    if checkout.operator is None:
        return Rejection(reason=Reason.NOT_SIGNED_ON)
    if transaction is None or transaction.state not in (TransactionState.OPEN, TransactionState.TENDERING):
        return Rejection(reason=Reason.NOTHING_TO_PAY)
    if transaction.running is not None:
        return Rejection(reason=Reason.PAYMENT_RUNNING)
    if transaction.waiting_lines:
        return Rejection(reason=Reason.APPROVAL_NEEDED)
    if not checkout.policy.takes_cash_by_hand:
        return Rejection(reason=Reason.TENDER_NOT_AVAILABLE)
    if checkout.fault:
        return Rejection(reason=Reason.OUT_OF_SERVICE)
    if transaction.rest.minor <= 0:
        return Rejection(reason=Reason.NOTHING_TO_PAY)
    return Rejection(reason=Reason.TOO_LITTLE) if command.given.currency != transaction.currency else None


def by_hand(
    checkout: Checkout,
    transaction: Transaction,
    kind: IntentKind,
    amount: Money,
    moment: Moment,
    original: Payment | None = None,
    reason: UndoReason | None = None,
) -> tuple[e.PaymentRequested, e.PaymentSent]:
    """Give the beginning of an intent that staff carry out themselves: the device has no name."""
    attempt = moment.fresh_id(1)
    begun = e.PaymentRequested(
        transaction=transaction.id,
        attempt=attempt,
        kind=kind,
        device="",
        tender=TenderType.CASH,
        amount=amount,
        currency=amount.currency,
        original_attempt=original.intent.attempt if original else None,
        reason=reason,
        operator=checkout.operator or Operator(""),
    )
    return begun, e.PaymentSent(transaction=transaction.id, attempt=attempt)


def confirmed_by_hand(
    transaction: Transaction, begun: tuple[e.PaymentRequested, e.PaymentSent], outcome: Outcome
) -> tuple[e.PaymentConfirmed]:
    """Give the end of it."""
    confirmed = e.PaymentConfirmed(
        transaction=transaction.id, attempt=begun[0].attempt, outcome=outcome, currency=transaction.currency
    )
    return (confirmed,)
