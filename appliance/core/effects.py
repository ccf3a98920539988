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
from appliance.core.payment import Intent, Payment


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


Effect = Play | Authorise | LookUp | PrintReceipt | KickDrawer | CancelAttempt


def effects_of(event: e.Event, checkout: Checkout) -> tuple[Effect, ...]:
    """Give what the world must now do because of an event; `checkout` is the state after it."""
    match event:
        case e.LineAdded(deposit_of=None) | e.QuantityChanged() | e.LineRestored():
            return (Play(Sound.OK),)
        case e.HelpCalled():
            return (Play(Sound.ATTENTION),)
        case e.PaymentRequested():
            return tuple(Authorise(payment.intent) for payment in _payments(checkout, event.attempt))
        case e.PaymentOutcomeLost():
            return tuple(LookUp(payment.intent) for payment in _payments(checkout, event.attempt))
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
    return tuple(payment for payment in payments if payment.intent.attempt == attempt)


def _print(event: e.ReceiptChosen, checkout: Checkout) -> tuple[Effect, ...]:
    sale = checkout.last_sale
    if sale is None or sale.id != event.transaction or sale.completed is None or sale.completed_at is None:
        return ()
    return (PrintReceipt(receipt_job(event), sale.completed, sale.completed_at, event.copy),)
