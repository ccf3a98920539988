"""What a new page, or a refusal, makes of the things a person is in the middle of. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from appliance.core.checkout import Reason, Rejection
from appliance.core.commands import CallHelp, Command
from appliance.core.identifiers import LineNumber
from appliance.ui.entry.overlays import (
    Approving,
    Attending,
    AwaitingApproval,
    ChangingQuantity,
    ChoosingPayment,
    FoundPaid,
    HelpShown,
    NotSold,
    Numbering,
    OnDoubt,
    OnLine,
    Overlay,
    Resolving,
    SigningIn,
    StillThere,
    TakingCash,
    TurnedDown,
    belongs,
)
from appliance.ui.entry.person import Entry, Step
from appliance.ui.pages import AttendantPage, BasketPage, CardPage, HelpState, Page, ReceiptQrPage

_SURVIVES_A_SCAN = (HelpShown, SigningIn)
_NOT_SOLD = (
    Reason.UNKNOWN_ITEM,
    Reason.UNREADABLE,
    Reason.NO_PRICE,
    Reason.RECALLED,
    Reason.EXPIRED,
    Reason.NEEDS_SCALE,
)


def shown(entry: Entry, old: Page, new: Page) -> Step:
    """Take a new page: another sale means another person; a new line closes what was open; the rest is kept."""
    sale = new.frame.sale
    if entry.sale is not None and sale != entry.sale:
        entry = Entry.fresh(entry.screen, sale)
    entry = replace(
        entry,
        sale=sale,
        hint=entry.hint if type(old) is type(new) else None,
        slow=entry.slow and _same_step(old, new),
        more_time=entry.more_time if isinstance(new, ReceiptQrPage) else 0,
    )
    signed_in = isinstance(entry.top, SigningIn) and new.frame.staff is not None
    if isinstance(new, AttendantPage):
        return Step(_attending(entry, old, new))
    entry = replace(_keep(entry, lambda overlay: belongs(overlay, new)), row=entry.row if new.frame.staff else "")
    if entry.top is not None and isinstance(entry.top, TakingCash) and old.frame.cash != new.frame.cash:
        entry = entry.pop()
    elif signed_in and not isinstance(entry.top, TakingCash):
        return Step(_to_task(entry.push(Attending()), new))
    return _basket_shown(entry, old, new) if isinstance(new, BasketPage) else Step(entry)


def _keep(entry: Entry, wanted: Callable[[Overlay], bool]) -> Entry:
    return replace(entry, overlays=tuple(overlay for overlay in entry.overlays if wanted(overlay)))


def _same_step(old: Page, new: Page) -> bool:
    return isinstance(old, CardPage) and isinstance(new, CardPage) and old.progress is new.progress


def _attending(entry: Entry, old: Page, new: AttendantPage) -> Entry:
    """Take staff straight to the first line that waits for them, and from one to the next."""
    decided = isinstance(entry.top, Approving | OnDoubt | Resolving | FoundPaid) and not belongs(entry.top, new)
    entry = _keep(entry, lambda overlay: belongs(overlay, new))
    if not isinstance(old, AttendantPage):
        entry = replace(entry.clear(), row="")
        decided = True
    return _to_task(entry, new) if decided else entry


def _to_task(entry: Entry, page: Page) -> Entry:
    """Open what waits for a person: a line to approve, then money."""
    staff = page.frame.staff
    if staff is None:
        return entry
    if staff.waiting:
        return entry.push(Approving(staff.waiting[0].line))
    if staff.doubts:
        return entry.push(OnDoubt(staff.doubts[0].attempt))
    return entry if staff.found_paid is None else entry.push(FoundPaid())


def _basket_shown(entry: Entry, old: Page, new: BasketPage) -> Step:
    added = [line for line in new.lines if line.line > entry.seen and line.deposit_of is None]
    changed = _changed(old, new)
    seen = max((line.line for line in new.lines), default=LineNumber(0))
    entry = replace(entry, seen=max(seen, entry.seen))
    if added:
        entry = _keep(entry, lambda overlay: isinstance(overlay, _SURVIVES_A_SCAN))
        entry = replace(entry, last=added[-1].line, unknown_code="", hint=None)
    elif changed is not None:
        entry = _keep(entry, lambda overlay: not isinstance(overlay, OnLine | ChangingQuantity | StillThere))
        entry = replace(entry, last=changed)
    if entry.turned_down is not None:
        refused_line, entry = entry.turned_down, replace(entry, turned_down=None)
        return Step(entry.push(TurnedDown(refused_line)))
    if any(line.waits_for_staff for line in added):
        return await_approval(entry, new)
    return Step(entry)


def _changed(old: Page, new: BasketPage) -> LineNumber | None:
    if not isinstance(old, BasketPage):
        return None
    before = {line.line: line.quantity for line in old.lines}
    for line in new.lines:
        if line.deposit_of is None and line.quantity != before.get(line.line, line.quantity):
            return line.line
    return None


def await_approval(entry: Entry, page: Page) -> Step:
    """Tell the customer that staff must allow something, and call them."""
    calls: tuple[Command, ...] = (CallHelp(),) if page.frame.help is HelpState.NONE else ()
    return Step(entry.push(AwaitingApproval()), calls)


def refused(entry: Entry, rejection: Rejection, page: Page) -> Step:
    """Take a refusal to the place where the person can act on it."""
    if isinstance(entry.top, StillThere):
        entry = entry.pop()
    reason = rejection.reason
    if reason in _NOT_SOLD:
        return _not_sold(entry, rejection, page)
    match entry.top, reason:
        case _, Reason.APPROVAL_NEEDED:
            return await_approval(entry.clear(), page)
        case ChangingQuantity() as asked, Reason.QUANTITY_LIMIT:
            return Step(entry.put(replace(asked, limit=rejection.limit, typed=False)))
        case SigningIn(), Reason.WRONG_PIN:
            return Step(entry.put(SigningIn(wrong=True)))
        case TakingCash(), Reason.NOT_SIGNED_ON if page.frame.staff is None:
            return Step(entry.push(SigningIn()))
        case _, Reason.NOT_SIGNED_ON if page.frame.staff is None:
            return Step(entry.clear().push(SigningIn()))
        case _, Reason.UNKNOWN_LINE:
            return Step(entry.clear())
        case top, Reason.TENDER_NOT_AVAILABLE if isinstance(page, BasketPage) and not isinstance(top, ChoosingPayment):
            return Step(replace(entry.push(ChoosingPayment()), hint=rejection))
        case _, Reason.LANE_CLOSED | Reason.OUT_OF_SERVICE:
            return Step(entry)
        case _:
            return Step(replace(entry, hint=rejection))


def _not_sold(entry: Entry, rejection: Rejection, page: Page) -> Step:
    if isinstance(entry.top, Numbering) and rejection.code == entry.top.digits:
        return Step(entry.put(Numbering(none_found=True)))
    question = NotSold(rejection)
    if not belongs(question, page):
        return Step(replace(entry, hint=rejection))
    again = bool(rejection.code) and rejection.code == entry.unknown_code
    entry = entry.put(question) if isinstance(entry.top, NotSold | HelpShown) else entry.push(question)
    entry = replace(entry, unknown_code=rejection.code)
    # The same code twice: the customer has tried, now staff come with the code at hand.
    return Step(entry.push(HelpShown()), (CallHelp(rejection.code),)) if again else Step(entry)
