"""From a page and what the person is in the middle of to finished words: `view(page, entry, texts) -> View`. Pure.

Words are made here and nowhere else. Rules: sentence case, titles of at most seven words, verbs on buttons, no codes,
no blame, always the next step. Money, weights and dates are written the shop's way in every language.
"""

from __future__ import annotations

from collections.abc import Mapping

from appliance.core.identifiers import Language
from appliance.ui.entry.overlays import (
    STAFF,
    Adjusting,
    Approving,
    Attending,
    AwaitingApproval,
    Cancelling,
    ChangingQuantity,
    ChoosingLanguage,
    ChoosingPayment,
    ClosingDay,
    FoundPaid,
    GivingBack,
    HelpShown,
    Naming,
    NotSold,
    Numbering,
    OnDoubt,
    OnDue,
    OnLine,
    OpeningDrawer,
    Overlay,
    PostVoiding,
    Resolving,
    Searching,
    SigningIn,
    Started,
    StillThere,
    TakingCash,
    Thanked,
    TurnedDown,
    VoidingSale,
)
from appliance.ui.entry.person import Entry
from appliance.ui.pages import (
    AttendantPage,
    AttractPage,
    BasketPage,
    CardPage,
    ChangePage,
    ChoosePaymentPage,
    ClosedPage,
    DeclinedPage,
    InsertCashPage,
    OutcomeUnknownPage,
    OutOfServicePage,
    Page,
    PrintingPage,
    QrPaymentPage,
    ReceiptPage,
    ReceiptQrPage,
    StartingPage,
    ThankYouPage,
)
from appliance.ui.staff_facts import StaffFacts
from appliance.ui.strings import Texts
from appliance.ui.view import View
from appliance.ui.wording import cash, finding, money, paying, receipts, scanning, staff, status
from appliance.ui.wording.scene import Scene, spoken
from appliance.ui.wording.voice import Voice


def view(page: Page, entry: Entry, texts: Mapping[Language, Texts]) -> View:
    """Give the finished picture. Staff read it in the shop's own language, customers in theirs."""
    screen, overlay = entry.screen, entry.top
    for_staff = isinstance(page, AttendantPage | ChangePage) or isinstance(overlay, (SigningIn, TakingCash, *STAFF))
    voice = Voice(
        texts=texts[screen.languages[0] if for_staff else entry.language],
        locale=screen.locale,
        timezone=screen.timezone,
        fallback=screen.languages[0],
    )
    scene = Scene(page=page, entry=entry, voice=voice)
    drawn = None if overlay is None else _over(scene, overlay)
    return spoken(drawn or _page(scene), voice)


def _page(scene: Scene) -> View:
    page = scene.page
    match page:
        case StartingPage():
            return status.starting(scene)
        case ClosedPage():
            return status.closed(scene, page)
        case OutOfServicePage():
            return status.out_of_service(scene, page)
        case AttractPage():
            return status.attract(scene, page)
        case BasketPage():
            return scanning.basket(scene, page)
        case ChoosePaymentPage():
            return paying.choose_payment(scene, page)
        case CardPage():
            return paying.card(scene, page)
        case InsertCashPage():
            return paying.insert_cash(scene, page)
        case QrPaymentPage():
            return paying.qr_payment(scene, page)
        case DeclinedPage():
            return paying.declined(scene, page)
        case OutcomeUnknownPage():
            return paying.outcome_unknown(scene, page)
        case ReceiptPage():
            return receipts.receipt(scene, page)
        case ChangePage():
            return cash.change(scene, page)
        case PrintingPage():
            return receipts.printing(scene)
        case ReceiptQrPage():
            return receipts.receipt_qr(scene, page)
        case ThankYouPage():
            return receipts.thank_you(scene, page.total, page.tender)
        case AttendantPage():
            return status.starting(scene) if page.frame.staff is None else staff.attendant(scene, page.frame.staff)


def _over(scene: Scene, overlay: Overlay) -> View | None:
    """Give the picture of a question; None where the page below has nothing to ask it about."""
    match overlay:
        case ChoosingLanguage():
            return status.language(scene)
        case Adjusting():
            return status.adjust(scene)
        case HelpShown():
            return status.help_called(scene)
        case Started():
            return scanning.started(scene)
        case NotSold(rejection=rejection):
            return scanning.not_sold(scene, rejection)
        case TurnedDown(line=line):
            return scanning.turned_down(scene, line)
        case StillThere(left=left):
            return scanning.still_there(scene, left)
        case Searching():
            return finding.search(scene, overlay)
        case Numbering():
            return finding.number(scene, overlay)
        case Naming():
            return finding.name(scene, overlay)
        case ChoosingPayment():
            return paying.choose_payment(scene, scene.page)
        case TakingCash():
            return None if scene.frame.cash is None else cash.cash(scene, scene.frame.cash, overlay)
        case SigningIn():
            return staff.sign_in(scene, overlay)
        case _:
            return _about_page(scene, overlay)


def _about_page(scene: Scene, overlay: Overlay) -> View | None:
    match overlay, scene.page:
        case OnLine(line=line), BasketPage() as page:
            return scanning.on_line(scene, page, line)
        case ChangingQuantity(), BasketPage() as page:
            return scanning.quantity(scene, page, overlay)
        case Cancelling(), BasketPage() as page:
            return scanning.cancel_all(scene, page)
        case AwaitingApproval(), BasketPage() as page:
            return scanning.approval(scene, page)
        case Thanked(), ReceiptQrPage() as page:
            return receipts.thank_you(scene, page.total, page.tender)
        case _:
            return _for_staff(scene, overlay)


def _for_staff(scene: Scene, overlay: Overlay) -> View | None:
    facts = scene.frame.staff
    if facts is None:
        return None
    match overlay:
        case Attending():
            return staff.attendant(scene, facts)
        case Approving(line=line):
            return staff.approve(scene, facts, line)
        case OpeningDrawer():
            return staff.drawer(scene)
        case VoidingSale():
            return staff.void_sale(scene, facts)
        case _:
            return _about_money(scene, facts, overlay)


def _about_money(scene: Scene, facts: StaffFacts, overlay: Overlay) -> View | None:
    match overlay:
        case OnDoubt():
            return money.doubt(scene, facts, overlay)
        case Resolving():
            return money.resolve(scene, facts, overlay)
        case OnDue():
            return money.due(scene, facts, overlay)
        case GivingBack(attempt=attempt):
            return money.given_back(scene, facts, attempt)
        case FoundPaid():
            return money.found_paid(scene, facts)
        case PostVoiding():
            return money.post_void(scene, facts, overlay)
        case ClosingDay():
            return money.close_day(scene, facts, overlay)
        case _:
            return None
