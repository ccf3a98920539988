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
    PaymentDecision,
    RefuseApproval,
    ReprintReceipt,
    ResolvePayment,
    RetryLookup,
    SignOff,
    VoidReason,
    VoidTransaction,
)
from appliance.core.identifiers import LineNumber
from appliance.ui.entry.overlays import Approving, OpeningDrawer, Resolving, VoidingSale
from appliance.ui.entry.person import Entry, Step
from appliance.ui.pages import AttendantPage, Page, StaffFacts

PROOFS: Final = {
    "terminal": "seen in the terminal's log",
    "bank": "seen in the customer's bank",
    "acquirer": "told by the acquirer",
}
"""How staff know what became of a payment, as the journal keeps it."""

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
        case Resolving(attempt=attempt, decision=decision):
            if verb == "reason" and argument in PROOFS:
                return Step(entry, (ResolvePayment(attempt, decision, PROOFS[argument]),))
            return Step(entry)
        case OpeningDrawer():
            if verb == "reason" and argument in DRAWER_REASONS:
                return Step(entry.pop(), (OpenDrawer(DRAWER_REASONS[argument]),))
            return Step(entry)
        case VoidingSale():
            return _void(entry, verb, staff)
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
            return Step(replace(entry, row=argument))
        case "acknowledge":
            return Step(entry, (AcknowledgeHelp(),))
        case "ask_again":
            return Step(entry, (RetryLookup(),))
        case "was_paid" | "was_not_paid":
            attempt = next((doubt.attempt for doubt in staff.doubts if str(doubt.attempt) == argument), None)
            return Step(entry.push(Resolving(attempt, PaymentDecision(verb))) if attempt else entry)
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
