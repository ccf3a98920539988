"""One attempt to move one amount on one device: intent, outcome, states, and when a report is ours.

States and persistence points are those of docs/architecture.md, "A payment". Nothing here knows a protocol.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

from appliance.core.identifiers import TransactionId
from appliance.core.money import Money


class TenderType(StrEnum):
    """How a customer pays (ARTS POSLog TenderType)."""

    CARD = "card"
    CASH = "cash"
    QR = "qr"
    """A code on our screen, read by the customer's phone."""
    WALLET = "wallet"
    """A code on the customer's phone, read by our scanner."""
    GIFT_CARD = "gift_card"

    @property
    def pays_in_part(self) -> bool:
        """Whether less than what was asked for may be taken: a gift card pays what it holds, a purse what is in it."""
        return self in (TenderType.GIFT_CARD, TenderType.CASH)


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
    """The goods are the customer's."""
    DECLINED = "DECLINED"
    CANCELLED = "CANCELLED"
    NOT_CHARGED = "NOT_CHARGED"
    UNKNOWN = "UNKNOWN"
    REVERSING = "REVERSING"
    """An intent that undoes this one is under way."""
    REVERSED = "REVERSED"
    REFUND_DUE = "REFUND_DUE"
    """Charged, not to be released, and not undone by us: a person must give the money back."""
    SETTLED = "SETTLED"
    """In a closed end of day of its terminal; only a refund can give it back."""

    @property
    def unresolved(self) -> bool:
        """Whether money may have moved by this intent and nobody can say so yet."""
        return self in (PaymentState.SENT, PaymentState.APPROVED, PaymentState.UNKNOWN)

    @property
    def final(self) -> bool:
        """Whether an attempt has come to its end."""
        return self is not PaymentState.INTENT and not self.unresolved


class UndoReason(StrEnum):
    """Why an intent undoes another one."""

    MISFIT = "misfit"
    """The device moved another amount than it was asked for."""
    UNDO = "undo"
    """The customer, or staff, took a part payment back."""
    RESTART = "restart"
    """Found paid after a restart, at a till that cannot hand the goods over any more."""
    POST_VOID = "post_void"
    """A completed sale is undone as a whole."""
    REFUND = "refund"
    """Money that was due to the customer is given back."""


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
    SCAN_CODE = "scan_code"
    """The customer's phone shall read the code on our screen."""
    SHOW_CODE = "show_code"
    """The customer shall show the code on his phone to our scanner."""
    INSERT_CASH = "insert_cash"


EXPIRED: Final = "EXPIRED"
"""Code of an outcome that moved no money because nobody scanned the code in time."""


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
    """For a reversal or refund: the device's names of what it undoes."""
    original_attempt: UUID | None = None
    """For a reversal or refund: the attempt that it undoes, wholly."""


CHANGE_DUE: Final = "change_due"
"""Code of an outcome whose change the device could not pay out; its text tells staff how much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The answer to an intent. UNKNOWN is an answer too: never a reason to charge again.

    A payment or a refund that took place is APPROVED, a reversal that took place REVERSED. Where a device cannot
    reverse, or no longer, the answer to a reversal is DECLINED.
    """

    kind: OutcomeKind
    amount: Money | None = None
    """What the device moved, which may be another amount than it was asked for; None if it did not say."""
    unfit: str = ""
    """Why no goods may leave for it though the device said yes, e.g. a signature that nobody checked: it goes back."""
    given: Money | None = None
    """Cash: what the customer put down; `amount` of it stays."""
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
    """Fact: the device said yes, and waits for our yes where it is two-phase.

    Another amount than was asked for is kept too, and refused: the device must undo it.
    """

    outcome: Outcome


class ReceiptCopy(StrEnum):
    """Whom a receipt text of a device is for."""

    CUSTOMER = "customer"
    MERCHANT = "merchant"


@dataclass(frozen=True, slots=True)
class ReceiptText:
    """Fact: the device gave lines of its receipt. Our answer means "stored", not "printed"."""

    copy: ReceiptCopy
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CashCredit:
    """Fact: a coin or a note was taken. On disk before the acceptor hears that we know."""

    amount: Money
    counter: str
    """The acceptor's own count of its credits; the same one is never credited twice."""


PaymentFact = Sending | Result | ReceiptText | CashCredit


class Notify(Protocol):
    """How an adapter feeds the screen; never blocks, may be called from any thread."""

    def __call__(self, progress: Progress, may_cancel: bool, /, code: str = "", until: datetime | None = None) -> None:
        """Show a step. `code`: what the screen draws as a QR code, valid `until` (aware UTC)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the journal knows of an intent that is looked up; the device does not."""

    reference: Reference | None = None
    """As the device named it when it said yes, if that was recorded."""
    charged: Money | None = None
    """The amount that it then said."""
    unsettled: Money | None = None
    """Payments less reversals that the journal is certain of on this device since its last end of day, this intent
    left out; None if the journal does not reach back to it."""
    credits: Mapping[str, Money] = field(default_factory=dict)
    """Cash that is recorded for it, by the acceptor's own number of each credit."""


NO_EVIDENCE: Final = Evidence()


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """A device's own sums since its last end of day; refunds and reversals are counted in `amount` as negative."""

    amount: Money
    count: int
    by_card: Mapping[str, Money] = field(default_factory=dict)
    """Card scheme -> its part."""
    receipt: tuple[str, ...] = ()
    """What the device wants printed of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a tender device can do; configuration and the device decide together."""

    lookup: bool = True
    cancel: bool = True
    reverse: bool = True
    refund: bool = False
    totals: bool = False
    """Whether it has an end of day."""
    confirms: bool = True
    """Whether it tells that money has come. False: a code that nobody answers, and staff must check."""
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
    PaymentState.CONFIRMED: frozenset(
        {PaymentState.RELEASED, PaymentState.REVERSING, PaymentState.REVERSED, PaymentState.REFUND_DUE}
    ),
    PaymentState.RELEASED: frozenset(
        {PaymentState.SETTLED, PaymentState.REVERSING, PaymentState.REVERSED, PaymentState.REFUND_DUE}
    ),
    # Back to where it came from, if nothing has been undone.
    PaymentState.REVERSING: frozenset(
        {
            PaymentState.REVERSED,
            PaymentState.REFUND_DUE,
            PaymentState.CONFIRMED,
            PaymentState.RELEASED,
            PaymentState.SETTLED,
        }
    ),
    PaymentState.REFUND_DUE: frozenset({PaymentState.REVERSING, PaymentState.REVERSED}),
    PaymentState.SETTLED: frozenset({PaymentState.REVERSING, PaymentState.REVERSED, PaymentState.REFUND_DUE}),
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
    receipts: Mapping[ReceiptCopy, tuple[str, ...]] = field(default_factory=dict)
    """The device's receipt texts, as they were recorded."""
    credits: Mapping[str, Money] = field(default_factory=dict)
    """Cash that an acceptor has taken so far, by its own number of each credit."""
    restarted: bool = False
    """Whether the till was started anew while nobody knew what became of it."""
    reason: UndoReason | None = None
    """Of a reversal or refund."""
    stood: PaymentState | None = None
    """While it is being undone: the state to which it returns if it is not."""

    def with_outcome(self, outcome: Outcome) -> Payment:
        """Give this payment as a device's word makes it."""
        return replace(self, outcome=outcome)

    @property
    def charged(self) -> Money:
        """What the device moved by this intent, as far as is known."""
        told = self.outcome.amount if self.outcome is not None else None
        return self.intent.amount if told is None else told

    @property
    def fits(self) -> bool:
        """Whether what was moved is what was asked for, or a part of it where parts are taken."""
        asked, moved = self.intent.amount, self.charged
        if self.outcome is not None and self.outcome.unfit:
            return False
        if moved.currency != asked.currency:
            return False
        return moved == asked or (self.intent.tender.pays_in_part and 0 < moved.minor < asked.minor)
