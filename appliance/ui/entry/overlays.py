"""What a person is in the middle of: questions that lie over the register's page. The register knows none of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from appliance.core.checkout import LineItem, Rejection
from appliance.core.commands import PaymentDecision
from appliance.core.identifiers import LineNumber
from appliance.ui.pages import (
    AttendantPage,
    AttractPage,
    BasketPage,
    DeclinedPage,
    OutcomeUnknownPage,
    Page,
    ReceiptQrPage,
)
from appliance.ui.staff_facts import StaffFacts


@dataclass(frozen=True, slots=True)
class ChoosingLanguage:
    """Every offered language by its own name."""


@dataclass(frozen=True, slots=True)
class Adjusting:
    """Four switches."""


@dataclass(frozen=True, slots=True)
class Started:
    """Someone touched Start: an empty basket before there is a transaction."""


@dataclass(frozen=True, slots=True)
class OnLine:
    """A chosen line of the basket."""

    line: LineNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangingQuantity:
    """Typing the pieces of a line. `limit` is set once the register refused more."""

    line: LineNumber
    digits: str
    typed: bool = False
    limit: int = 0


@dataclass(frozen=True, slots=True)
class NotSold:
    """A code or an item that the till did not take."""

    rejection: Rejection


@dataclass(frozen=True, slots=True)
class TurnedDown:
    """Staff refused an item."""

    line: LineItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Searching:
    """Looking at pictures: of a category, or of names that a text begins; "" = all."""

    category: str = ""
    text: str = ""
    page: int = 0
    group: int = 0
    """Which few of many categories are offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbering:
    """Typing the number of an item."""

    digits: str = ""
    none_found: bool = False


@dataclass(frozen=True, slots=True)
class Naming:
    """Typing the first letters of an item."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class HelpShown:
    """Help was called a moment ago."""


@dataclass(frozen=True, slots=True)
class StillThere:
    """Asking a quiet customer; `left` seconds until the basket is cleared."""

    left: int = 30


@dataclass(frozen=True, slots=True)
class Cancelling:
    """Asking whether the whole basket goes."""


@dataclass(frozen=True, slots=True)
class ChoosingPayment:
    """Choosing a tender."""


@dataclass(frozen=True, slots=True)
class AwaitingApproval:
    """Told that staff must allow something."""


@dataclass(frozen=True, slots=True)
class Thanked:
    """Thanks after the code of the digital receipt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningIn:
    """Typing a PIN."""

    digits: str = field(default="", repr=False)
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class Attending:
    """The staff list over a staffed till."""


@dataclass(frozen=True, slots=True)
class Approving:
    """Staff decide on one line."""

    line: LineNumber


@dataclass(frozen=True, slots=True)
class OnDoubt:
    """Staff look at a payment of which nobody knows whether money moved; meanwhile its device is asked again."""

    attempt: UUID
    asked: int = 0
    """How often, since a person touched something."""


@dataclass(frozen=True, slots=True)
class Resolving:
    """Staff say how they know what became of a payment."""

    attempt: UUID
    decision: PaymentDecision


@dataclass(frozen=True, slots=True)
class OnDue:
    """Staff look at money that a customer gets back."""

    attempt: UUID


@dataclass(frozen=True, slots=True)
class GivingBack:
    """Staff say how they gave it back."""

    attempt: UUID


@dataclass(frozen=True, slots=True)
class FoundPaid:
    """Staff decide on a sale that a restart found paid."""


@dataclass(frozen=True, slots=True)
class PostVoiding:
    """Staff say why the last sale is undone, and then whether they are sure."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class ClosingDay:
    """Staff look at a payment device's end of day."""

    device: str


@dataclass(frozen=True, slots=True)
class TakingCash:
    """Staff type what a customer puts down: whole units and, after a point, minor ones."""

    digits: str = ""


@dataclass(frozen=True, slots=True)
class OpeningDrawer:
    """Staff say why the drawer opens."""


@dataclass(frozen=True, slots=True)
class VoidingSale:
    """Staff are asked whether the sale goes."""


Overlay = (
    ChoosingLanguage
    | Adjusting
    | Started
    | OnLine
    | ChangingQuantity
    | NotSold
    | TurnedDown
    | Searching
    | Numbering
    | Naming
    | HelpShown
    | StillThere
    | Cancelling
    | ChoosingPayment
    | AwaitingApproval
    | Thanked
    | SigningIn
    | Attending
    | Approving
    | OnDoubt
    | Resolving
    | OnDue
    | GivingBack
    | FoundPaid
    | PostVoiding
    | ClosingDay
    | TakingCash
    | OpeningDrawer
    | VoidingSale
)

STAFF: Final = (
    Attending,
    Approving,
    OnDoubt,
    Resolving,
    OnDue,
    GivingBack,
    FoundPaid,
    PostVoiding,
    ClosingDay,
    OpeningDrawer,
    VoidingSale,
)

NAMES: Final[dict[type[Overlay], str]] = {
    ChoosingLanguage: "language",
    Adjusting: "adjust",
    Started: "basket",
    OnLine: "line",
    ChangingQuantity: "quantity",
    NotSold: "unknown_item",
    TurnedDown: "turned_down",
    Searching: "search",
    Numbering: "item_number",
    Naming: "item_name",
    HelpShown: "help_called",
    StillThere: "still_there",
    Cancelling: "cancel_all",
    ChoosingPayment: "choose_payment",
    AwaitingApproval: "approval",
    Thanked: "thank_you",
    SigningIn: "sign_in",
    Attending: "attendant",
    Approving: "approve",
    OnDoubt: "resolve_payment",
    Resolving: "resolve_reason",
    OnDue: "refund_due",
    GivingBack: "given_back",
    FoundPaid: "found_paid",
    PostVoiding: "post_void",
    ClosingDay: "close_day",
    TakingCash: "cash",
    OpeningDrawer: "drawer",
    VoidingSale: "void_sale",
}
"""Name of the page that each overlay draws."""


def belongs(overlay: Overlay, page: Page) -> bool:
    """Whether an overlay still makes sense over a page; one that does not is closed."""
    staff = page.frame.staff
    match overlay:
        case OnLine(line=line) | ChangingQuantity(line=line):
            return isinstance(page, BasketPage) and page.line(line) is not None
        case Cancelling() | TurnedDown():
            return isinstance(page, BasketPage)
        case AwaitingApproval():
            return isinstance(page, BasketPage) and bool(page.waiting)
        case ChoosingPayment():
            return isinstance(page, BasketPage | DeclinedPage)
        case Searching() | Numbering() | Naming():
            return isinstance(page, BasketPage | AttractPage) and bool(page.frame.shelf.items)
        case NotSold():
            return isinstance(page, BasketPage | AttractPage)
        case Started():
            return isinstance(page, AttractPage)
        case StillThere():
            return page.frame.asks_idle
        case Thanked():
            return isinstance(page, ReceiptQrPage)
        case SigningIn():
            return staff is None
        case TakingCash():
            return page.frame.cash is not None
        case Attending():
            return staff is not None and not isinstance(page, AttendantPage)
        case HelpShown() | Adjusting() | ChoosingLanguage():
            return not isinstance(page, AttendantPage)
        case _:
            return staff is not None and _belongs_to_staff(overlay, staff)


def _belongs_to_staff(overlay: Overlay, staff: StaffFacts) -> bool:
    match overlay:
        case Approving(line=line):
            return line in [waiting.line for waiting in staff.waiting]
        case OnDoubt(attempt=attempt) | Resolving(attempt=attempt):
            return attempt in [doubt.attempt for doubt in staff.doubts]
        case OnDue(attempt=attempt):
            return attempt in [due.attempt for due in staff.due]
        case GivingBack(attempt=attempt):
            return attempt in [due.attempt for due in staff.due if not due.under_way]
        case FoundPaid():
            return staff.found_paid is not None
        case PostVoiding():
            return staff.last_sale is not None and staff.last_sale.may_void
        case ClosingDay(device=device):
            return device in [day.device for day in staff.days]
        case OpeningDrawer():
            return staff.has_drawer
        case VoidingSale():
            return staff.may_void
        case _:
            return True


def may_cancel_help(page: Page) -> bool:
    """Whether the customer may send staff away again: not while a payment is in doubt."""
    return not isinstance(page, OutcomeUnknownPage)
