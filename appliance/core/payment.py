"""One attempt to move one amount on one device: intent, outcome, states, and when a report is ours.

States and persistence points are those of docs/architecture.md, "A card payment". Nothing here knows a protocol.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from appliance.core.identifiers import TransactionId
from appliance.core.money import Money


class TenderType(StrEnum):
    """How a customer pays (ARTS POSLog TenderType)."""

    CARD = "card"
    CASH = "cash"
    QR = "qr"
    GIFT_CARD = "gift_card"


class IntentKind(StrEnum):
    """What an intent does to money."""

    PAY = "pay"
    REVERSE = "reverse"
    REFUND = "refund"


class PaymentState(StrEnum):
    """Where an intent stands. `INTENT` is on disk before anything is sent."""

    INTENT = "INTENT"
    SENT = "SENT"
    APPROVED = "APPROVED"
    CONFIRMED = "CONFIRMED"
    RELEASED = "RELEASED"
    DECLINED = "DECLINED"
    CANCELLED = "CANCELLED"
    NOT_CHARGED = "NOT_CHARGED"
    UNKNOWN = "UNKNOWN"
    REVERSED = "REVERSED"

    @property
    def unresolved(self) -> bool:
        """Whether money may have moved and nobody can say so yet."""
        return self in (PaymentState.SENT, PaymentState.APPROVED, PaymentState.UNKNOWN)

    @property
    def final(self) -> bool:
        """Whether an attempt has come to its end."""
        return self is not PaymentState.INTENT and not self.unresolved


class OutcomeKind(StrEnum):
    """What a device says, or what can be proved, about one intent."""

    APPROVED = "APPROVED"
    DECLINED = "DECLINED"
    CANCELLED = "CANCELLED"
    REVERSED = "REVERSED"
    NOT_CHARGED = "NOT_CHARGED"
    UNKNOWN = "UNKNOWN"


class Progress(StrEnum):
    """The device's own step, for the customer's screen; anything a device cannot name is WORKING."""

    CONNECTING = "connecting"
    PRESENT_CARD = "present_card"
    ENTER_PIN = "enter_pin"
    WRONG_PIN = "wrong_pin"
    REMOVE_CARD = "remove_card"
    CHOOSE_ON_TERMINAL = "choose_on_terminal"
    AUTHORISING = "authorising"
    TRY_ANOTHER_WAY = "try_another_way"
    WORKING = "working"
    CANCELLING = "cancelling"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The device's own names for one movement of money; unique in the journal, printed on the receipt."""

    terminal_id: str = ""
    receipt_number: str = ""
    trace_number: str = ""
    device_date: str = ""
    """MMDD, as the terminal gives it: no year."""
    device_time: str = ""
    """HHMMSS of the terminal's clock."""
    poi_transaction: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One attempt; frozen on disk before the first byte leaves."""

    attempt: UUID
    transaction: TransactionId
    kind: IntentKind
    device: str
    tender: TenderType
    amount: Money
    baseline: Mapping[str, str] | None = None
    """What the device did last before this intent, as its adapter described it."""
    original: Reference | None = None
    """For a reversal or refund: what it undoes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The answer to an intent. UNKNOWN is an answer too: never a reason to charge again."""

    kind: OutcomeKind
    amount: Money | None = None
    reference: Reference | None = None
    masked_pan: str = ""
    """As the terminal masked it; at most the last four digits are clear."""
    card_name: str = ""
    code: str = ""
    """The device's result code, for staff."""
    text: str = ""
    """What the code means, for staff."""
    customer_receipt: tuple[str, ...] = ()
    merchant_receipt: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sending:
    """Fact: the first byte of the financial command is about to leave."""


@dataclass(frozen=True, slots=True)
class Result:
    """Fact: the device said yes, and waits for our yes where it is two-phase."""

    outcome: Outcome


PaymentFact = Sending | Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a tender device can do; configuration and the device decide together."""

    lookup: bool = True
    cancel: bool = True
    reverse: bool = True
    confirms: bool = True
    unattended: bool = False


_STEPS: Mapping[PaymentState, frozenset[PaymentState]] = {
    PaymentState.INTENT: frozenset({PaymentState.SENT, PaymentState.NOT_CHARGED}),
    PaymentState.SENT: frozenset(
        {
            PaymentState.APPROVED,
            PaymentState.CONFIRMED,
            PaymentState.DECLINED,
            PaymentState.CANCELLED,
            PaymentState.NOT_CHARGED,
            PaymentState.REVERSED,
            PaymentState.UNKNOWN,
        }
    ),
    PaymentState.APPROVED: frozenset(
        {
            PaymentState.CONFIRMED,
            PaymentState.REVERSED,
            PaymentState.NOT_CHARGED,
            PaymentState.UNKNOWN,
        }
    ),
    PaymentState.UNKNOWN: frozenset(
        {
            PaymentState.CONFIRMED,
            PaymentState.DECLINED,
            PaymentState.CANCELLED,
            PaymentState.NOT_CHARGED,
            PaymentState.REVERSED,
        }
    ),
    PaymentState.CONFIRMED: frozenset({PaymentState.RELEASED, PaymentState.REVERSED}),
    PaymentState.RELEASED: frozenset({PaymentState.REVERSED}),
    PaymentState.DECLINED: frozenset(),
    PaymentState.CANCELLED: frozenset(),
    # Only where a person decided it, and the device says otherwise later.
    PaymentState.NOT_CHARGED: frozenset({PaymentState.UNKNOWN}),
    PaymentState.REVERSED: frozenset(),
}


def may_become(now: PaymentState, then: PaymentState) -> bool:
    """Whether an intent may go from one state to another; a step that is not in the table changes nothing."""
    return then in _STEPS[now]


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """An intent with what has become of it."""

    intent: Intent
    state: PaymentState
    requested_at: datetime
    outcome: Outcome | None = None
    cancel_asked: bool = field(default=False)
