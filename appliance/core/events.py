"""What has happened: the schema of the journal. Past tense, frozen, complete in themselves.

Each class has a `TYPE`, the word in the journal and on the wire, and a schema number `TV`. A field of `Money` is stored
as its minor units; every event with money carries its `currency` once. Stored rows are never rewritten: a changed
meaning is a new `TV` with an upcaster in `store.codec`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from appliance.core.catalogue import Unit
from appliance.core.commands import EntryMethod, PaymentDecision, PrintResult, ReceiptKind, VoidReason
from appliance.core.identifiers import CatalogueVersion, Gtin, Language, LineNumber, Operator, Sku, TransactionId
from appliance.core.money import Currency, Money
from appliance.core.payment import IntentKind, Outcome, Reference, TenderType
from appliance.core.tax import TaxedAmount


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemStarted:
    """The register has opened its journal and takes commands."""

    TYPE: ClassVar[str] = "system.started"
    TV: ClassVar[int] = 1
    version: str
    store: str
    workstation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemStopped:
    """The register ended in good order."""

    TYPE: ClassVar[str] = "system.stopped"
    TV: ClassVar[int] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOpened:
    """A business day began. Sequences go on, they never restart."""

    TYPE: ClassVar[str] = "day.opened"
    TV: ClassVar[int] = 1
    business_date: date
    next_transaction: int
    """Sequence of the first transaction of the day."""
    lane_open: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DayClosed:
    """A business day ended, with nothing open, in doubt or unprinted."""

    TYPE: ClassVar[str] = "day.closed"
    TV: ClassVar[int] = 1
    business_date: date
    transactions: int
    total: Money
    currency: Currency


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneOpened:
    """The lane takes customers."""

    TYPE: ClassVar[str] = "lane.opened"
    TV: ClassVar[int] = 1
    operator: Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneClosed:
    """The lane takes no new customers."""

    TYPE: ClassVar[str] = "lane.closed"
    TV: ClassVar[int] = 1
    operator: Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorSignedOn:
    """Staff signed on."""

    TYPE: ClassVar[str] = "operator.signed_on"
    TV: ClassVar[int] = 1
    operator: Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorSignedOff:
    """Staff signed off, or were signed off after a while."""

    TYPE: ClassVar[str] = "operator.signed_off"
    TV: ClassVar[int] = 1
    operator: Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpCalled:
    """A customer, or the till itself, called staff."""

    TYPE: ClassVar[str] = "help.called"
    TV: ClassVar[int] = 1
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpEnded:
    """Staff acknowledged (operator), or the customer needs none any more ("")."""

    TYPE: ClassVar[str] = "help.ended"
    TV: ClassVar[int] = 1
    operator: Operator = Operator("")


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionStarted:
    """The first item of a new basket was taken; prices are those of `catalogue` to its end."""

    TYPE: ClassVar[str] = "transaction.started"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    catalogue: CatalogueVersion
    currency: Currency


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAdded:
    """An item was taken into the basket; its price and tax rate are frozen here."""

    TYPE: ClassVar[str] = "line.added"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    line: LineNumber
    sku: Sku
    text: str
    names: Mapping[Language, str]
    entry: EntryMethod
    quantity: Decimal
    """Pieces, or kilograms with at most three decimals."""
    unit: Unit
    price: Money
    """Unit price including tax."""
    gross: Money
    """Extended price of the line."""
    tax_code: str
    tax_rate: Decimal
    currency: Currency
    gtin: Gtin | None = None
    deposit_of: LineNumber | None = None
    """The line that this deposit belongs to; it follows that line's quantity."""
    approval_age: int | None = None
    """Staff must approve the customer's age, in years."""
    quantity_fixed: bool = False
    """Weighed or priced by its own code: the quantity cannot be changed."""
    batch: str = ""
    serial: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantityChanged:
    """The pieces of a line were set."""

    TYPE: ClassVar[str] = "line.quantity_changed"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    line: LineNumber
    quantity: Decimal
    gross: Money
    currency: Currency


@dataclass(frozen=True, slots=True, kw_only=True)
class LineVoided:
    """A line was taken out of the basket."""

    TYPE: ClassVar[str] = "line.voided"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    line: LineNumber
    operator: Operator = Operator("")


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRestored:
    """A void line was undone."""

    TYPE: ClassVar[str] = "line.restored"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    line: LineNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalGranted:
    """Staff allowed a line."""

    TYPE: ClassVar[str] = "approval.granted"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    line: LineNumber
    operator: Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRequested:
    """An intent is decided; nothing has been sent."""

    TYPE: ClassVar[str] = "payment.requested"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    attempt: UUID
    kind: IntentKind
    device: str
    tender: TenderType
    amount: Money
    currency: Currency
    baseline: Mapping[str, str] | None = None
    original: Reference | None = None


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
    TV: ClassVar[int] = 1
    transaction: TransactionId
    attempt: UUID
    outcome: Outcome
    currency: Currency


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentConfirmed:
    """The charge is final."""

    TYPE: ClassVar[str] = "payment.confirmed"
    TV: ClassVar[int] = 1
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
    TV: ClassVar[int] = 1
    transaction: TransactionId
    attempt: UUID
    reason: str


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
class TenderingEnded:
    """Back from paying to scanning."""

    TYPE: ClassVar[str] = "tendering.ended"
    TV: ClassVar[int] = 1
    transaction: TransactionId


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleLine:
    """A line of a completed sale, as the hub counts it."""

    line: LineNumber
    type: str
    """"sale" or "deposit"."""
    sku: Sku
    text: str
    entry: EntryMethod
    quantity: Decimal
    unit: Unit
    price: Money
    gross: Money
    vat: Decimal
    gtin: Gtin | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleTender:
    """What was paid with one tender of a completed sale."""

    type: TenderType
    amount: Money
    attempt: UUID
    masked_pan: str = ""
    card_name: str = ""
    reference: Reference | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionCompleted:
    """The goods are the customer's. Complete in itself: the receipt and the hub's books are made of this row."""

    TYPE: ClassVar[str] = "transaction.completed"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    currency: Currency
    total: Money
    lines: tuple[SaleLine, ...]
    taxes: tuple[TaxedAmount, ...]
    tenders: tuple[SaleTender, ...]
    stock: tuple[tuple[Sku, Decimal], ...]
    """Movements, negative for goods sold; in SKU order."""
    receipt_token: str
    """Unguessable name of the digital receipt."""
    customer_receipts: tuple[tuple[str, ...], ...] = ()
    """The terminal's own receipt texts, to be printed along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionVoided:
    """The transaction ended without a sale."""

    TYPE: ClassVar[str] = "transaction.voided"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    reason: VoidReason
    total: Money
    currency: Currency
    operator: Operator = Operator("")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptChosen:
    """How the customer takes the receipt; on disk before the printer starts. `copy` counts from 1 for COPY."""

    TYPE: ClassVar[str] = "receipt.chosen"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    kind: ReceiptKind
    copy: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptIssued:
    """What became of the receipt. FAILED leaves the choice open again."""

    TYPE: ClassVar[str] = "receipt.issued"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    kind: ReceiptKind
    result: PrintResult
    copy: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawerOpened:
    """The drawer was told to open, or its sensor saw it open without us (operator "", reason "sensor")."""

    TYPE: ClassVar[str] = "drawer.opened"
    TV: ClassVar[int] = 1
    operator: Operator
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawerClosed:
    """The drawer's sensor saw it shut."""

    TYPE: ClassVar[str] = "drawer.closed"
    TV: ClassVar[int] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueActivated:
    """New baskets use this version from now on."""

    TYPE: ClassVar[str] = "catalogue.activated"
    TV: ClassVar[int] = 1
    version: CatalogueVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRecovered:
    """The journal's file was damaged; every row of it was saved."""

    TYPE: ClassVar[str] = "journal.recovered"
    TV: ClassVar[int] = 1
    rows: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEpochStarted:
    """Sequences jump: what lies between is lost on this card. The only legal jump."""

    TYPE: ClassVar[str] = "journal.epoch_started"
    TV: ClassVar[int] = 1
    epoch: int
    reason: str
    lost: tuple[tuple[int, int], ...]
    """Ranges of sequences, both ends included, that this card does not hold."""
    operator: Operator = Operator("")
    """Who confirmed it, where the hub did not."""


Event = (
    SystemStarted
    | SystemStopped
    | DayOpened
    | DayClosed
    | LaneOpened
    | LaneClosed
    | OperatorSignedOn
    | OperatorSignedOff
    | HelpCalled
    | HelpEnded
    | TransactionStarted
    | LineAdded
    | QuantityChanged
    | LineVoided
    | LineRestored
    | ApprovalGranted
    | PaymentRequested
    | PaymentSent
    | PaymentApproved
    | PaymentConfirmed
    | PaymentDeclined
    | PaymentCancelled
    | PaymentNotCharged
    | PaymentReversed
    | PaymentOutcomeLost
    | PaymentResolved
    | TenderingEnded
    | TransactionCompleted
    | TransactionVoided
    | ReceiptChosen
    | ReceiptIssued
    | DrawerOpened
    | DrawerClosed
    | CatalogueActivated
    | JournalRecovered
    | JournalEpochStarted
)
