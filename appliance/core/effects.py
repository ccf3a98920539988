"""What the world must now do because of an event. Idempotent; after a crash `outstanding` gives them again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from appliance.core import events as e
from appliance.core.checkout import Checkout
from appliance.core.commands import ReceiptKind
from appliance.core.events import TransactionCompleted
from appliance.core.evolution import receipt_job
from appliance.core.payment import NO_EVIDENCE, Evidence, Intent, Payment


class Sound(StrEnum):
    """Earcons; they differ in rhythm, not only in pitch."""

    OK = "ok"
    REFUSED = "refused"
    TICK = "tick"
    QUESTION = "question"
    ATTENTION = "attention"
    APPROVED = "approved"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Play:
    """Play a sound."""

    sound: Sound


@dataclass(frozen=True, slots=True)
class Authorise:
    """Send an intent to its device. Never an outstanding effect: after a crash a sent intent is looked up."""

    intent: Intent


@dataclass(frozen=True, slots=True)
class LookUp:
    """Ask a device what became of an intent."""

    intent: Intent
    evidence: Evidence = NO_EVIDENCE


@dataclass(frozen=True, slots=True, repr=False)
class PresentCode:
    """Give the device of an attempt the code that the customer showed. The code is the key to his purse."""

    attempt: UUID
    code: str


@dataclass(frozen=True, slots=True)
class CloseDay:
    """Have a tender device close its day. Never an outstanding effect: staff ask again."""

    device: str


@dataclass(frozen=True, slots=True)
class PrintReceipt:
    """Print the receipt of a sale; `job` names the receipt and its copy, `at` is the time of the sale."""

    job: str
    sale: TransactionCompleted
    at: datetime
    copy: int


@dataclass(frozen=True, slots=True)
class KickDrawer:
    """Open the cash drawer."""


@dataclass(frozen=True, slots=True)
class CancelAttempt:
    """Ask the device of an attempt to stop."""

    attempt: UUID


Effect = Play | Authorise | LookUp | PrintReceipt | KickDrawer | CancelAttempt | PresentCode | CloseDay


def look_up(checkout: Checkout, payment: Payment) -> LookUp:
    """Give the question about an intent, with what the journal knows of it."""
    told = payment.outcome
    sums = checkout.unsettled.get(payment.intent.device)
    evidence = Evidence(
        reference=told.reference if told is not None else None,
        charged=told.amount if told is not None else None,
        unsettled=sums.amount if sums is not None and sums.complete else None,
        credits=payment.credits,
    )
    return LookUp(payment.intent, evidence)


def effects_of(event: e.Event, checkout: Checkout) -> tuple[Effect, ...]:
    """Give what the world must now do because of an event; `checkout` is the state after it."""
    match event:
        case e.LineAdded(deposit_of=None) | e.QuantityChanged() | e.LineRestored():
            return (Play(Sound.OK),)
        case e.HelpCalled():
            return (Play(Sound.ATTENTION),)
        case e.PaymentRequested(device=device) if device:
            return tuple(Authorise(payment.intent) for payment in _payments(checkout, event.attempt))
        case e.PaymentOutcomeLost():
            return tuple(look_up(checkout, payment) for payment in _payments(checkout, event.attempt))
        case e.PaymentConfirmed(outcome=outcome) if outcome.given is not None and _by_hand(checkout, event.attempt):
            return (KickDrawer(),)
        case e.PaymentDeclined() | e.PaymentCancelled() | e.PaymentNotCharged() | e.PaymentReversed():
            return (Play(Sound.DECLINED),)
        case e.TransactionCompleted():
            return (Play(Sound.APPROVED),)
        case e.ReceiptChosen(kind=ReceiptKind.PAPER):
            return _print(event, checkout)
        case e.DrawerOpened(operator=operator) if operator:
            return (KickDrawer(),)
        case _:
            return ()


def _payments(checkout: Checkout, attempt: UUID) -> tuple[Payment, ...]:
    payments = checkout.transaction.payments if checkout.transaction else ()
    refunds = (task.refund for task in checkout.refunds.values() if task.refund is not None)
    return tuple(payment for payment in (*payments, *refunds) if payment.intent.attempt == attempt)


def _by_hand(checkout: Checkout, attempt: UUID) -> bool:
    """Whether staff moved the money themselves, to or from the drawer."""
    return any(not payment.intent.device for payment in _payments(checkout, attempt))


def _print(event: e.ReceiptChosen, checkout: Checkout) -> tuple[Effect, ...]:
    sale = checkout.last_sale
    if sale is None or sale.id != event.transaction or sale.completed is None or sale.completed_at is None:
        return ()
    return (PrintReceipt(receipt_job(event), sale.completed, sale.completed_at, event.copy),)
