"""What runs out, and when: the time-outs of every page and question as data. Pure; the screen runs the timer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from appliance.core.commands import (
    CallHelp,
    ChooseReceipt,
    FinishSale,
    RetryLookup,
    SignOff,
    VoidReason,
    VoidTransaction,
)
from appliance.core.effects import Sound
from appliance.ui.entry.overlays import (
    NAMES,
    STAFF,
    Adjusting,
    Cancelling,
    ChangingQuantity,
    ChoosingLanguage,
    ChoosingPayment,
    HelpShown,
    Naming,
    NotSold,
    Numbering,
    OnDoubt,
    OnLine,
    Overlay,
    Searching,
    SigningIn,
    Started,
    StillThere,
    TakingCash,
    Thanked,
    TurnedDown,
)
from appliance.ui.entry.person import Elapsed, Entry, Step
from appliance.ui.pages import (
    AttendantPage,
    AttractPage,
    BasketPage,
    CardPage,
    ChoosePaymentPage,
    DeclinedPage,
    HelpState,
    Page,
    ReceiptPage,
    ReceiptQrPage,
    ThankYouPage,
)

HINT_SECONDS: Final = 5
RENEWED_SECONDS: Final = 5
"""How often `still_there` says anew how much time is left."""
SECOND_CALL: Final = 15
"""Seconds left at which `still_there` sounds again."""
SIGN_OFF_SECONDS: Final = {True: 60, False: 600}
"""At an unattended kiosk, and at a staffed till."""

ASK_SECONDS: Final = 5
"""How often a device is asked again while staff look at a payment in doubt."""
CASH_SECONDS: Final = 120
"""How long cash is counted before the customer sees his basket again."""

_OVERLAY_SECONDS: Final[dict[type[Overlay], int]] = {
    ChoosingLanguage: 20,
    Adjusting: 45,
    Started: 20,
    OnLine: 20,
    ChangingQuantity: 30,
    NotSold: 20,
    TurnedDown: 20,
    Numbering: 30,
    Naming: 30,
    HelpShown: 4,
    Cancelling: 20,
    Thanked: 5,
    SigningIn: 20,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """`seconds` without a touch, a key or a scan end in `intent`. Equal deadlines are the same timer: it runs on."""

    seconds: int
    intent: Elapsed


def deadline(page: Page, entry: Entry) -> Deadline | None:
    """Give what runs out next on this picture; None: it stays as long as nobody does anything."""
    seconds = _seconds(page, entry)
    return None if seconds is None else Deadline(seconds=seconds, intent=Elapsed(_key(page, entry)))


def _key(page: Page, entry: Entry) -> str:
    """Name the picture by what a person did to it: a device that comes or goes does not wind the clock."""
    if entry.hint is not None:
        return f"hint {entry.hint.reason}"
    name = f"{page.NAME} {entry.sale}"
    if isinstance(page, BasketPage):
        name += "".join(f" {line.line}:{line.quantity}" for line in page.lines[-1:]) + f" of {len(page.lines)}"
    if isinstance(page, ReceiptQrPage):
        name += f" +{entry.more_time}"
    if isinstance(page, CardPage):
        name += f" {page.progress}"
    overlay = entry.top
    if isinstance(overlay, StillThere):
        name += f" {overlay.left}"
    if isinstance(overlay, OnDoubt):
        name += f" {overlay.attempt} {overlay.asked}"
    return f"{name} {NAMES[type(overlay)]}" if overlay else name


def _seconds(page: Page, entry: Entry) -> int | None:
    if entry.hint is not None:
        return HINT_SECONDS
    overlay, patience = entry.top, 2 if entry.large else 1
    if isinstance(overlay, StillThere):
        return RENEWED_SECONDS
    if isinstance(overlay, OnDoubt) and _is_looked_up(overlay, page):
        return ASK_SECONDS
    if isinstance(overlay, STAFF) or (isinstance(page, AttendantPage) and overlay is None):
        return SIGN_OFF_SECONDS[isinstance(page, AttendantPage)]
    if isinstance(overlay, TakingCash):
        return CASH_SECONDS
    if isinstance(overlay, ChoosingPayment | Searching):
        return _idle(page, entry)
    if overlay is not None:
        seconds = _OVERLAY_SECONDS.get(type(overlay))
        return None if seconds is None else seconds * patience
    return _page_seconds(page, entry, patience)


def _idle(page: Page, entry: Entry) -> int | None:
    asks = page.frame.asks_idle or isinstance(page, AttractPage | ChoosePaymentPage)
    return entry.screen.idle_seconds * (2 if entry.large else 1) if asks else None


def _page_seconds(page: Page, entry: Entry, patience: int) -> int | None:
    match page:
        case AttractPage():
            touched = entry != Entry.fresh(entry.screen)
            return entry.screen.idle_seconds * patience if touched else None
        case BasketPage(lines=()):
            return 20 * patience
        case BasketPage() | ChoosePaymentPage() | DeclinedPage():
            return _idle(page, entry)
        case CardPage(approved=False):
            return None if entry.slow else 20
        case ReceiptPage():
            return 20 * patience
        case ReceiptQrPage():
            return 30 * patience
        case ThankYouPage():
            return 5 * patience
        case _:
            return None


def elapsed(entry: Entry, key: str, page: Page) -> Step:
    """Take the end of a deadline; one that is not running any more changes nothing."""
    running = deadline(page, entry)
    if running is None or running.intent.key != key:
        return Step(entry)
    if entry.hint is not None:
        return Step(replace(entry, hint=None))
    overlay = entry.top
    if overlay is None:
        return _page_elapsed(entry, page)
    match overlay:
        case StillThere(left=left):
            return _count_down(entry, left)
        case Thanked():
            return Step(entry, (FinishSale(),))
        case OnDoubt() if _is_looked_up(overlay, page):
            return _ask_device(entry, overlay, page)
        case ChoosingPayment() | Searching():
            return ask(entry, page)
        case Started():
            return Step(Entry.fresh(entry.screen))
        case ChoosingLanguage() | Adjusting() | HelpShown() | SigningIn() | Numbering() | Naming() | TakingCash():
            return Step(entry.pop())
        case OnLine() | ChangingQuantity() | NotSold() | TurnedDown() | Cancelling():
            return Step(entry.clear())
        case _:
            return Step(entry.clear(), (SignOff(),))


def _is_looked_up(overlay: OnDoubt, page: Page) -> bool:
    """Whether a device can be asked: not about a payment that only staff can see."""
    doubts = page.frame.staff.doubts if page.frame.staff else ()
    return any(doubt.attempt == overlay.attempt and not doubt.unconfirmed for doubt in doubts)


def _ask_device(entry: Entry, overlay: OnDoubt, page: Page) -> Step:
    asked = overlay.asked + 1
    if asked * ASK_SECONDS >= SIGN_OFF_SECONDS[isinstance(page, AttendantPage)]:
        return Step(entry.clear(), (SignOff(),))
    return Step(entry.put(replace(overlay, asked=asked)), (RetryLookup(),))


def _page_elapsed(entry: Entry, page: Page) -> Step:
    match page:
        case BasketPage(lines=()):
            return Step(entry, (VoidTransaction(VoidReason.WALK_AWAY),))
        case AttractPage() | BasketPage() | ChoosePaymentPage() | DeclinedPage():
            return ask(entry, page)
        case CardPage():
            return Step(replace(entry, slow=True))
        case ReceiptPage(kinds=(first, *_)):
            return Step(entry, (ChooseReceipt(first),))
        case ReceiptQrPage():
            return thank(entry)
        case ThankYouPage():
            return Step(entry, (FinishSale(),))
        case AttendantPage():
            return Step(entry, (SignOff(),))
        case _:
            return _call(entry, page)


def ask(entry: Entry, page: Page) -> Step:
    """Ask a quiet customer whether he is still there. With a part paid, staff are called instead."""
    if isinstance(page, AttractPage):
        return Step(Entry.fresh(entry.screen))
    choosing = isinstance(page, ChoosePaymentPage) and page.paid
    if choosing or (isinstance(page, DeclinedPage) and page.part_paid):
        return _call(entry, page)
    return Step(entry.push(StillThere()), sound=Sound.QUESTION)


def _call(entry: Entry, page: Page) -> Step:
    return Step(entry, (CallHelp(),) if page.frame.help is HelpState.NONE else ())


def _count_down(entry: Entry, left: int) -> Step:
    left -= RENEWED_SECONDS
    if left <= 0:
        return Step(entry.pop(), (VoidTransaction(VoidReason.WALK_AWAY),))
    return Step(entry.put(StillThere(left)), sound=Sound.QUESTION if left == SECOND_CALL else None)


def thank(entry: Entry) -> Step:
    """Thank after the digital receipt; the register keeps the sale until its time is over."""
    return Step(entry.clear().push(Thanked()))
