"""What happened to money: intents, their outcomes, and the sums of tender devices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from appliance.core.commands import PaymentDecision
from appliance.core.identifiers import Operator, TransactionId
from appliance.core.money import Currency, Money
from appliance.core.payment import IntentKind, Outcome, ReceiptCopy, Reference, TenderType, UndoReason


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRequested:
    """An intent is decided; nothing has been sent."""

    TYPE: ClassVar[str] = "payment.requested"
    TV: ClassVar[int] = 2
    transaction: TransactionId
    attempt: UUID
    kind: IntentKind
    device: str
    tender: TenderType
    amount: Money
    currency: Currency
    baseline: Mapping[str, str] | None = None
    original: Reference | None = None
    original_attempt: UUID | None = None
    """For a reversal or refund: the attempt that it undoes, wholly."""
    reason: UndoReason | None = None
    operator: Operator = Operator("")
    """For a reversal or refund: who asked for it; "" for a rule of the till."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSent:
    """Bytes of the financial command may leave from now on."""

    TYPE: ClassVar[str] = "payment.sent"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    attempt: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentApproved:
    """The device said yes; it may still undo it until it is confirmed."""

    TYPE: ClassVar[str] = "payment.approved"
    TV: ClassVar[int] = 2
    transaction: TransactionId
    attempt: UUID
    outcome: Outcome
    currency: Currency


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentConfirmed:
    """The charge is final."""

    TYPE: ClassVar[str] = "payment.confirmed"
    TV: ClassVar[int] = 2
    transaction: TransactionId
    attempt: UUID
    outcome: Outcome
    currency: Currency


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDeclined:
    """The device or its host refused; no money moved."""

    TYPE: ClassVar[str] = "payment.declined"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    attempt: UUID
    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentCancelled:
    """The customer or the till stopped it; no money moved."""

    TYPE: ClassVar[str] = "payment.cancelled"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    attempt: UUID
    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentNotCharged:
    """It is proved that no money moved."""

    TYPE: ClassVar[str] = "payment.not_charged"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    attempt: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReversed:
    """The device undid the charge, or never kept it."""

    TYPE: ClassVar[str] = "payment.reversed"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    attempt: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentOutcomeLost:
    """Nobody can say whether money moved. It is looked up, never charged again."""

    TYPE: ClassVar[str] = "payment.outcome_lost"
    TV: ClassVar[int] = 2
    transaction: TransactionId
    attempt: UUID
    reason: str
    restarted: bool = False
    """The till was started anew before the answer came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentResolved:
    """A named person decided a payment in doubt. Followed by PaymentConfirmed or PaymentNotCharged."""

    TYPE: ClassVar[str] = "payment.resolved"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    attempt: UUID
    decision: PaymentDecision
    operator: Operator
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptTextReceived:
    """The device gave lines of its receipt; they are printed along with ours."""

    TYPE: ClassVar[str] = "payment.receipt_text"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    attempt: UUID
    copy: ReceiptCopy
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CashCredited:
    """An acceptor took a coin or a note; `counter` is its own number of this credit."""

    TYPE: ClassVar[str] = "payment.cash_credited"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    attempt: UUID
    amount: Money
    currency: Currency
    counter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundingApplied:
    """What is paid in cash is rounded to the coins there are. The rounding *is* this amount; 0 takes it back."""

    TYPE: ClassVar[str] = "rounding.applied"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    amount: Money
    currency: Currency


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundDue:
    """Money was charged that buys nothing, and the till cannot undo it: a person must give it back."""

    TYPE: ClassVar[str] = "payment.refund_due"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    attempt: UUID
    amount: Money
    currency: Currency
    device: str
    tender: TenderType
    reason: str
    reference: Reference | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsettled:
    """What a tender device must hold since its last end of day: payments less what was reversed and refunded."""

    device: str
    amount: Money
    currency: Currency
    count: int
    complete: bool
    """Whether the journal has seen that end of day; else it may hold more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalDayClosed:
    """A tender device's end of day: its sums beside those of the journal. What it holds is settled."""

    TYPE: ClassVar[str] = "terminal.day_closed"
    TV: ClassVar[int] = 1
    device: str
    currency: Currency
    journal_amount: Money
    """Payments less what was reversed and refunded, since the last end of day."""
    journal_count: int
    device_amount: Money | None = None
    """None: the device gave no sums."""
    device_count: int = 0
    receipt: tuple[str, ...] = ()
    operator: Operator = Operator("")


@dataclass(frozen=True, slots=True, kw_only=True)
class TenderingEnded:
    """Back from paying to scanning."""

    TYPE: ClassVar[str] = "tendering.ended"
    TV: ClassVar[int] = 1
    transaction: TransactionId
