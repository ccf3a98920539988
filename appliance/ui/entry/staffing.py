"""What a touch of staff leads to. Every act is a command; the register adds the operator's name. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from appliance.core.commands import (
    AcknowledgeHelp,
    CloseLane,
    GrantApproval,
    OpenDrawer,
    OpenLane,
    RefuseApproval,
    ReprintReceipt,
    SignOff,
    UndoPayments,
    VoidReason,
    VoidTransaction,
)
from appliance.core.identifiers import LineNumber
from appliance.ui.entry.money import money_touched, open_row
from appliance.ui.entry.overlays import (
    Approving,
    ClosingDay,
    FoundPaid,
    GivingBack,
    OnDoubt,
    OnDue,
    OpeningDrawer,
    PostVoiding,
    Resolving,
    VoidingSale,
)
from appliance.ui.entry.person import Entry, Step
from appliance.ui.pages import AttendantPage, Page
from appliance.ui.staff_facts import StaffFacts

DRAWER_REASONS: Final = {"change": "change", "count": "count", "other": "other"}
"""Why the drawer opens without a sale, as the journal keeps it."""


def staff_touched(entry: Entry, verb: str, argument: str, page: Page) -> Step:
    """Take a touch on the staff list or on a question of staff."""
    staff = page.frame.staff
    if staff is None:
        return Step(entry.clear())
    match entry.top:
        case Approving(line=line):
            return _approve(entry, line, verb, staff)
        case OpeningDrawer():
            if verb == "reason" and argument in DRAWER_REASONS:
                return Step(entry.pop(), (OpenDrawer(DRAWER_REASONS[argument]),))
            return Step(entry)
        case VoidingSale():
            return _void(entry, verb, staff)
        case OnDoubt() | Resolving() | OnDue() | GivingBack() | FoundPaid() | PostVoiding() | ClosingDay() as overlay:
            return money_touched(entry, overlay, verb, argument, staff)
        case _:
            return _list(entry, verb, argument, page, staff)


def _approve(entry: Entry, line: LineNumber, verb: str, staff: StaffFacts) -> Step:
    match verb:
        case "approve":
            return Step(entry, (GrantApproval(line),))
        case "refuse":
            item = next((waiting for waiting in staff.waiting if waiting.line == line), None)
            return Step(replace(entry, turned_down=item), (RefuseApproval(line),))
        case _:
            return Step(entry)


def _void(entry: Entry, verb: str, staff: StaffFacts) -> Step:
    match verb:
        case "keep":
            return Step(entry.pop())
        case "void_sale":
            return Step(entry, (VoidTransaction(VoidReason.STAFF, staff.operator),))
        case _:
            return Step(entry)


def _list(entry: Entry, verb: str, argument: str, page: Page, staff: StaffFacts) -> Step:
    match verb:
        case "row":
            kind, _, number = argument.partition(":")
            if kind == "approval" and number.isdecimal():
                return Step(entry.push(Approving(LineNumber(int(number)))))
            return open_row(entry, argument, staff)
        case "acknowledge":
            return Step(entry, (AcknowledgeHelp(),))
        case "undo_all" if staff.may_undo:
            return Step(entry, (UndoPayments(),))
        case "post_void" if staff.last_sale is not None and staff.last_sale.may_void:
            return Step(entry.push(PostVoiding()))
        case "close_day" if argument in [day.device for day in staff.days]:
            return Step(entry.push(ClosingDay(argument)))
        case "open_lane":
            return Step(entry, (OpenLane(),))
        case "close_lane":
            return Step(entry, (CloseLane(),))
        case "reprint":
            return Step(entry, (ReprintReceipt(),))
        case "drawer":
            return Step(entry.push(OpeningDrawer()))
        case "void_sale":
            return Step(entry.push(VoidingSale()))
        case "done" if not isinstance(page, AttendantPage):
            return Step(entry.clear())
        case "done" | "sign_off":
            return Step(entry.clear(), (SignOff(),))
        case _:
            return Step(entry)
