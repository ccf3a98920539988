"""The state of a till, and what the register may refuse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from appliance.core.barcode import BarcodeRules
from appliance.core.catalogue import Shelf, Unit
from appliance.core.commands import Condition, EntryMethod, Health, PaymentDecision, PrintResult, ReceiptKind
from appliance.core.events import PostVoidBegun, RefundDue, TerminalDayClosed, TransactionCompleted, Unsettled
from appliance.core.identifiers import CatalogueVersion, Gtin, Language, LineNumber, Operator, Sku, TransactionId
from appliance.core.money import Currency, Money
from appliance.core.payment import IntentKind, Payment, PaymentState, Progress, TenderType
from appliance.core.tax import TaxTable


class Reason(StrEnum):
    """Why a command changes nothing. Wording belongs to the UI."""

    UNKNOWN_ITEM = "unknown_item"
    UNREADABLE = "unreadable"
    PURSE = "purse"
    """The code of a wallet, shown before its tender was chosen: it is neither shown nor kept."""
    NO_PRICE = "no_price"
    RECALLED = "recalled"
    EXPIRED = "expired"
    NEEDS_SCALE = "needs_scale"
    PAYMENT_RUNNING = "payment_running"
    QUANTITY_FIXED = "quantity_fixed"
    QUANTITY_LIMIT = "quantity_limit"
    APPROVAL_NEEDED = "approval_needed"
    NOTHING_TO_PAY = "nothing_to_pay"
    TENDER_NOT_AVAILABLE = "tender_not_available"
    RECEIPT_NOT_AVAILABLE = "receipt_not_available"
    LANE_CLOSED = "lane_closed"
    OUT_OF_SERVICE = "out_of_service"
    NOT_SIGNED_ON = "not_signed_on"
    WRONG_PIN = "wrong_pin"
    CANNOT_CANCEL = "cannot_cancel"
    SALE_OPEN = "sale_open"
    SALE_FULL = "sale_full"
    TOO_LITTLE = "too_little"
    """Cash given that buys nothing: none, or not of this currency."""
    UNRESOLVED = "unresolved"
    """A payment is in doubt or money is due to a customer: that comes first."""
    UNKNOWN_LINE = "unknown_line"
    NOT_NOW = "not_now"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A refusal: nothing changed. `code` is the scanned code and `detail` a text for staff."""

    reason: Reason
    code: str = ""
    detail: str = ""
    limit: int = 0


class TransactionState(StrEnum):
    """Life cycle of a transaction; IDLE is the absence of one."""

    IDLE = "IDLE"
    OPEN = "OPEN"
    TENDERING = "TENDERING"
    IN_DOUBT = "IN_DOUBT"
    TENDERED = "TENDERED"
    POST_VOIDING = "POST_VOIDING"
    VOIDED = "VOIDED"


class AfterRestart(StrEnum):
    """What becomes of a sale that a restart found in doubt and the device then says is paid."""

    COMPLETE = "complete"
    """The goods are in the customer's hands."""
    REVERSE = "reverse"
    """A machine that hands goods out: nobody has got them."""
    ASK = "ask"
    """Staff decide."""


class LaneState(StrEnum):
    """Life cycle of the lane. OUT_OF_SERVICE: the journal cannot append, or no tender works."""

    STARTING = "STARTING"
    CLOSED = "CLOSED"
    OPEN = "OPEN"
    OUT_OF_SERVICE = "OUT_OF_SERVICE"
    UPDATING = "UPDATING"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineItem:
    """A line of the basket."""

    line: LineNumber
    sku: Sku
    text: str
    names: Mapping[Language, str]
    entry: EntryMethod
    quantity: Decimal
    unit: Unit
    price: Money
    gross: Money
    tax_code: str
    tax_rate: Decimal
    gtin: Gtin | None = None
    deposit_of: LineNumber | None = None
    approval_age: int | None = None
    approved: bool = False
    quantity_fixed: bool = False
    voided: bool = False

    @property
    def waits_for_staff(self) -> bool:
        """Whether the line keeps the transaction from being paid."""
        return self.approval_age is not None and not self.approved and not self.voided


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptState:
    """What has become of the receipt of a completed transaction."""

    chosen: ReceiptKind | None = None
    result: PrintResult | None = None
    copies: int = 0
    detail: str = ""

    @property
    def printing(self) -> bool:
        """Whether a choice is made and its end not known yet."""
        return self.chosen is not None and self.result is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """The transaction at the till."""

    id: TransactionId
    state: TransactionState
    catalogue: CatalogueVersion
    currency: Currency
    lines: tuple[LineItem, ...] = ()
    payments: tuple[Payment, ...] = ()
    completed: TransactionCompleted | None = None
    completed_at: datetime | None = None
    receipt: ReceiptState = field(default_factory=ReceiptState)
    last_voided: LineNumber | None = None
    """The line that "Undo" brings back."""
    rounding: Money | None = None
    """Cash rounding, its own line: no part of the sale and its tax."""
    post_void: PostVoidBegun | None = None
    """Who undoes a completed sale, and why."""

    @property
    def active(self) -> tuple[LineItem, ...]:
        """The lines that are not voided, deposits included."""
        return tuple(line for line in self.lines if not line.voided)

    @property
    def total(self) -> Money:
        """What the customer has to pay in all."""
        result = Money(0, self.currency)
        for line in self.active:
            result += line.gross
        return result

    @property
    def paid(self) -> Money:
        """What is paid for certain."""
        result = Money(0, self.currency)
        for payment in self.parts:
            result += payment.charged
        return result

    @property
    def parts(self) -> tuple[Payment, ...]:
        """The payments that count, in their order."""
        states = (PaymentState.CONFIRMED, PaymentState.RELEASED)
        return tuple(p for p in self.payments if p.intent.kind is IntentKind.PAY and p.state in states and p.fits)

    @property
    def rest(self) -> Money:
        """What is still to be paid, exactly."""
        return self.total - self.paid

    @property
    def due(self) -> Money:
        """What is still to be paid, cash rounding included."""
        return self.rest + (self.rounding or Money(0, self.currency))

    @property
    def running(self) -> Payment | None:
        """The intent that is under way or in doubt; at most one. A payment that is being undone: what undoes it."""
        return next((p for p in self.payments if p.state is PaymentState.INTENT or p.state.unresolved), None)

    @property
    def owed(self) -> tuple[Payment, ...]:
        """The payments that a person must give back."""
        return tuple(p for p in self.payments if p.state is PaymentState.REFUND_DUE)

    def payment_of(self, attempt: UUID | None) -> Payment | None:
        """Give the payment of an attempt."""
        return next((p for p in self.payments if p.intent.attempt == attempt), None)

    @property
    def waiting_lines(self) -> tuple[LineItem, ...]:
        """The lines that staff must approve before the transaction can be paid."""
        return tuple(line for line in self.lines if line.waits_for_staff)

    @property
    def payment(self) -> Payment | None:
        """The attempt that counts now: the one under way or in doubt, else the newest."""
        return self.running or (self.payments[-1] if self.payments else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedPayment:
    """What a person decided about a payment in doubt."""

    kind: IntentKind
    amount: Money
    decision: PaymentDecision
    operator: Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundTask:
    """Money that is due to a customer. It outlives its transaction, and the business day."""

    due: RefundDue
    refund: Payment | None = None
    """The newest intent that gives it back through its device."""

    @property
    def running(self) -> Payment | None:
        """The refund that is under way or in doubt."""
        refund = self.refund
        return refund if refund and (refund.state is PaymentState.INTENT or refund.state.unresolved) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceState:
    """What is known of a device. `remedy` says in one sentence how to mend it."""

    name: str
    category: str
    """UnifiedPOS category: Scanner, POSPrinter, CashDrawer, CAT, Lights, Keylock."""
    health: Health = Health.UNKNOWN
    conditions: frozenset[Condition] = frozenset()
    detail: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The store's rules, from the configuration."""

    store: str
    workstation: str
    currency: Currency
    languages: tuple[Language, ...]
    tenders: tuple[TenderType, ...]
    receipts: tuple[ReceiptKind, ...]
    merge_same_item: bool = False
    maximum_quantity: int = 20
    search: bool = True
    unattended: bool = True
    receipt_url: str = ""
    tax: TaxTable = field(default_factory=lambda: TaxTable({}))
    barcodes: BarcodeRules = field(default_factory=BarcodeRules)
    tender_devices: Mapping[TenderType, str] = field(default_factory=dict)
    """Which device takes a tender. Cash without one is taken by staff."""
    unconfirmed: frozenset[TenderType] = frozenset()
    """Tenders whose device does not tell that money has come: staff must look."""
    cash_step: int = 1
    """Minor units of the smallest coin that cash is rounded to."""
    after_restart: AfterRestart = AfterRestart.COMPLETE

    @property
    def takes_cash_by_hand(self) -> bool:
        """Whether staff take cash over the counter."""
        return TenderType.CASH in self.tenders and TenderType.CASH not in self.tender_devices and not self.unattended


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """The whole state of a till: a fold of the journal's open day, and the passing state of devices beside it."""

    policy: Policy
    business_date: date | None = None
    next_transaction: int = 1
    lane: LaneState = LaneState.STARTING
    transaction: Transaction | None = None
    last_sale: Transaction | None = None
    """The newest completed sale of the day: "thank you", reprint."""
    printing: Mapping[str, TransactionId] = field(default_factory=dict)
    """Print jobs whose end is not known yet."""
    decided: Mapping[UUID, DecidedPayment] = field(default_factory=dict)
    """Attempts that a person decided: the device may still say otherwise."""
    refunds: Mapping[UUID, RefundTask] = field(default_factory=dict)
    """Money that is due to customers, by the attempt that took it."""
    unsettled: Mapping[str, Unsettled] = field(default_factory=dict)
    """What each tender device must hold since its last end of day."""
    days_closed: Mapping[str, TerminalDayClosed] = field(default_factory=dict)
    """The last end of day of each tender device, of this business day."""
    help_called: bool = False
    help_code: str = ""
    help_acknowledged: bool = False
    operator: Operator | None = None
    """Who is signed on."""
    sales: int = 0
    takings: Money | None = None
    # Passing state: not in the journal, gone with the process.
    revision: int = 0
    devices: Mapping[str, DeviceState] = field(default_factory=dict)
    progress: Progress = Progress.WORKING
    may_cancel: bool = False
    code: str = ""
    """What the screen draws as a QR code while a payment waits for a phone."""
    code_until: datetime | None = None
    closing_day: Mapping[str, str] = field(default_factory=dict)
    """Tender devices whose end of day is under way (""), or went wrong (why)."""
    told: Mapping[UUID, str] = field(default_factory=dict)
    """What devices said last about the attempts in doubt."""
    fault: str = ""
    """Why the lane is out of service, for staff."""
    hub_online: bool = False
    hub_since: datetime | None = None
    waiting_rows: int = 0
    shelf: Shelf = field(default_factory=Shelf)
    has_prices: bool = True
    """Whether a catalogue has come; without one nothing can be sold."""
    drawer_open: bool | None = None
    free_mb: int | None = None
    """Space left for the journal, in megabytes; None: not measured yet."""

    @property
    def state(self) -> TransactionState:
        """State of the transaction; IDLE without one."""
        return self.transaction.state if self.transaction else TransactionState.IDLE

    def unresolved(self) -> tuple[UUID, ...]:
        """Give the attempts of which nobody knows yet whether money moved."""
        payments = self.transaction.payments if self.transaction else ()
        refunds = tuple(task.refund for task in self.refunds.values() if task.refund is not None)
        return tuple(p.intent.attempt for p in (*payments, *refunds) if p.state.unresolved)

    def refunding_devices(self) -> frozenset[str]:
        """Give the tender devices at which a refund is under way or in doubt."""
        running = (task.running for task in self.refunds.values())
        return frozenset(payment.intent.device for payment in running if payment is not None)

    def busy_devices(self) -> frozenset[str]:
        """Give the tender devices at which an intent is under way or in doubt: none may begin there before it ends."""
        sale = self.transaction.running if self.transaction else None
        return self.refunding_devices() | ({sale.intent.device} if sale is not None else set())
