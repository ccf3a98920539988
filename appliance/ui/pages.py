"""What is to be shown, as facts: one frozen class per page of the register, and the settings of this screen. Pure.

An action that is not legal is not in the page; nothing is drawn disabled. The words are made in `wording`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum
from typing import ClassVar
from uuid import UUID

from appliance.core.catalogue import Shelf
from appliance.core.checkout import LineItem
from appliance.core.commands import ReceiptKind
from appliance.core.identifiers import Language, LineNumber
from appliance.core.money import Money
from appliance.core.payment import Progress, TenderType
from appliance.ui.staff_facts import StaffFacts
from appliance.ui.view import Pointer, Theme


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """What does not change while the till runs: the shop's words and the screen's settings, from the configuration."""

    shop: str = "Kvitt"
    languages: tuple[Language, ...] = (Language("nb"),)
    """Offered, in the order of the first page; the first is the shop's own and the one every sale begins in."""
    locale: str = "nb_NO"
    """Babel locale of money, dates and numbers in every language, so that screen, shelf and receipt agree."""
    timezone: str = "Europe/Oslo"
    idle_seconds: int = 60
    terminal: Pointer = Pointer.RIGHT
    theme: Theme = Theme.NORMAL
    large: bool = False
    low_reach: bool = False
    training: bool = False
    search: bool = True
    """Whether goods may be looked up by picture or number."""


class HelpState(StrEnum):
    """Whether staff are called, and whether they have answered."""

    NONE = "none"
    CALLED = "called"
    COMING = "coming"


class Step(Enum):
    """The customer's three steps, as the top strip counts them."""

    NONE = 0
    SCAN = 1
    PAY = 2
    RECEIPT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class CashFacts:
    """What staff take over the counter for the open sale."""

    due: Money
    """Rounded to the coins there are."""
    rounding: Money
    notes: tuple[Money, ...]
    """Sums that a customer is likely to put down, the smallest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What every page carries."""

    revision: int
    step: Step = Step.NONE
    sale: int | None = None
    """Sequence of the transaction at the till. Where it goes or changes, the person at the screen is another one."""
    help: HelpState = HelpState.NONE
    closing: bool = False
    """The lane is closed, and this sale is the last one."""
    asks_idle: bool = False
    """Whether a quiet person is asked whether he is still there."""
    accepts_scan: bool = False
    tenders: tuple[TenderType, ...] = ()
    """Those that work now."""
    missing_tenders: tuple[TenderType, ...] = ()
    """Those of the store that do not work now."""
    shelf: Shelf = field(default_factory=Shelf)
    """What can be found without a barcode; empty where the store does not offer it."""
    maximum_quantity: int = 20
    cash: CashFacts | None = None
    """Where staff take cash, and the open sale can be paid."""
    staff: StaffFacts | None = None
    """Set while an operator is signed on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartingPage:
    """The journal is being read."""

    NAME: ClassVar[str] = "starting"
    frame: Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedPage:
    """No customers are taken."""

    NAME: ClassVar[str] = "closed"
    frame: Frame
    updating: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfServicePage:
    """Nothing can be sold. `paid`: a sale is complete, only its receipt is missing."""

    NAME: ClassVar[str] = "out_of_service"
    frame: Frame
    open_sale: bool = False
    paid: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AttractPage:
    """Nobody is here."""

    NAME: ClassVar[str] = "attract"
    frame: Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class BasketPage:
    """Scanning."""

    NAME: ClassVar[str] = "basket"
    frame: Frame
    lines: tuple[LineItem, ...]
    """Not voided; a deposit directly under its item."""
    total: Money
    removed: LineItem | None = None
    """The line that "Undo" brings back."""

    @property
    def waiting(self) -> tuple[LineItem, ...]:
        """The lines that staff must allow first."""
        return tuple(line for line in self.lines if line.waits_for_staff)

    def line(self, number: LineNumber) -> LineItem | None:
        """Give a line of the basket by its number."""
        return next((line for line in self.lines if line.line == number), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoosePaymentPage:
    """A rest is due: a part is paid, or all of it was given back."""

    NAME: ClassVar[str] = "choose_payment"
    frame: Frame
    total: Money
    paid: Money
    rest: Money
    undo_by_staff: bool = False
    """A part is cash that staff took: only they can give it back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPage:
    """A device takes the money, or gives it back."""

    NAME: ClassVar[str] = "card"
    frame: Frame
    tender: TenderType
    amount: Money
    progress: Progress
    approved: bool = False
    may_cancel: bool = False
    undoing: bool = False
    """The money goes back to the customer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InsertCashPage:
    """A machine takes coins and notes."""

    NAME: ClassVar[str] = "insert_cash"
    frame: Frame
    amount: Money
    """Rounded to the coins there are."""
    inserted: Money
    rounding: Money | None = None
    may_cancel: bool = False
    cancelling: bool = False

    @property
    def missing(self) -> Money:
        """What has still to be put in; never below nothing."""
        return max(self.amount - self.inserted, Money(0, self.amount.currency))


@dataclass(frozen=True, slots=True, kw_only=True)
class QrPaymentPage:
    """A phone pays: it reads our code, or shows its own to the scanner."""

    NAME: ClassVar[str] = "qr_payment"
    frame: Frame
    attempt: UUID
    tender: TenderType
    amount: Money
    progress: Progress
    payload: str = ""
    until: datetime | None = None
    """End of the code's life, aware UTC."""
    approved: bool = False
    may_cancel: bool = False
    staff_check: bool = False
    """Nobody tells the till that the money has come: staff look."""


class NoCharge(StrEnum):
    """Why a payment came to nothing; each is proved."""

    DECLINED = "declined"
    CANCELLED = "cancelled"
    FAILED = "failed"
    EXPIRED = "expired"
    """The code was not scanned in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclinedPage:
    """Nothing was charged."""

    NAME: ClassVar[str] = "declined"
    frame: Frame
    tender: TenderType
    amount: Money
    why: NoCharge
    part_paid: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeUnknownPage:
    """Nobody can say yet whether money moved."""

    NAME: ClassVar[str] = "outcome_unknown"
    frame: Frame
    amount: Money
    refund_due: bool = False
    """It is known that money was taken which buys nothing: the customer gets it back."""
    giving_back: bool = False
    """The doubt is about money on its way back to the customer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptPage:
    """Paid. How the customer takes the receipt; `kinds` may be empty, then staff help."""

    NAME: ClassVar[str] = "receipt"
    frame: Frame
    total: Money
    kinds: tuple[ReceiptKind, ...]
    """The first is taken after the time-out."""
    paper_missing: bool = False
    """Paper would be a choice, but the printer cannot print now."""
    paper_out: bool = False
    """It cannot because the paper is used up."""
    failed: bool = False
    unsure: bool = False
    """A print job was cut off: only the customer can say whether the receipt came out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePage:
    """Paid in cash over the counter: what the customer gets back."""

    NAME: ClassVar[str] = "change"
    frame: Frame
    change: Money
    paid: Money
    kinds: tuple[ReceiptKind, ...]
    """Of receipts that can still be chosen; none once one is."""
    printing: bool = False
    by_key: bool = False
    """The drawer does not open by itself."""
    drawer_open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintingPage:
    """The receipt is being printed."""

    NAME: ClassVar[str] = "printing"
    frame: Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptQrPage:
    """The digital receipt."""

    NAME: ClassVar[str] = "receipt_qr"
    frame: Frame
    url: str
    total: Money
    tender: TenderType | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThankYouPage:
    """The sale and its receipt are settled."""

    NAME: ClassVar[str] = "thank_you"
    frame: Frame
    total: Money
    tender: TenderType | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendantPage:
    """Staff are signed on at a kiosk: what waits for them. Lies over the customer's transaction."""

    NAME: ClassVar[str] = "attendant"
    frame: Frame


Page = (
    StartingPage
    | ClosedPage
    | OutOfServicePage
    | AttractPage
    | BasketPage
    | ChoosePaymentPage
    | CardPage
    | InsertCashPage
    | QrPaymentPage
    | DeclinedPage
    | OutcomeUnknownPage
    | ReceiptPage
    | ChangePage
    | PrintingPage
    | ReceiptQrPage
    | ThankYouPage
    | AttendantPage
)
