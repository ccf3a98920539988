"""What a touch of staff leads to where money is in doubt, due to a customer, or to be settled. Pure."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from appliance.core.commands import (
    CloseTerminalDay,
    CompleteSale,
    PaymentDecision,
    PostVoid,
    RefundPayment,
    ResolvePayment,
    RetryLookup,
    UndoPayments,
)
from appliance.ui.entry.overlays import (
    ClosingDay,
    FoundPaid,
    GivingBack,
    OnDoubt,
    OnDue,
    Overlay,
    PostVoiding,
    Resolving,
)
from appliance.ui.entry.person import Entry, Step
from appliance.ui.staff_facts import MoneyDue, StaffFacts

PROOFS: Final = {
    "terminal": "seen in the terminal's log",
    "bank": "seen in the customer's bank",
    "acquirer": "told by the acquirer",
    "looked": "seen by staff",
}
"""How staff know what became of a payment, as the journal keeps it."""

WAYS: Final = {
    "cash": "given back in cash",
    "terminal": "given back at the terminal",
    "bank": "given back by bank transfer",
}
"""How staff gave money back, as the journal keeps it."""

VOID_REASONS: Final = {
    "regret": "the customer changed his mind",
    "goods": "wrong goods",
    "payment": "wrong payment",
    "other": "other",
}
"""Why a completed sale is undone, as the journal keeps it."""


def money_touched(entry: Entry, overlay: Overlay, verb: str, argument: str, staff: StaffFacts) -> Step:
    """Take a touch on a question about money."""
    match overlay:
        case OnDoubt(attempt=attempt):
            return _doubt(entry, attempt, verb)
        case Resolving(attempt=attempt, decision=decision) if verb == "reason" and argument in PROOFS:
            return Step(entry, (ResolvePayment(attempt, decision, PROOFS[argument]),))
        case OnDue(attempt=attempt):
            return _due(entry, next((due for due in staff.due if due.attempt == attempt), None), verb)
        case GivingBack(attempt=attempt) if verb == "reason" and argument in WAYS:
            return Step(entry, (ResolvePayment(attempt, PaymentDecision.GIVEN_BACK, WAYS[argument]),))
        case FoundPaid() if verb == "hand_over":
            return Step(entry, (CompleteSale(),))
        case FoundPaid() if verb == "undo_all":
            return Step(entry.choose("parts"), (UndoPayments(),))
        case PostVoiding():
            return _post_void(entry, overlay, verb, argument)
        case ClosingDay(device=device) if verb == "close_day" and not argument:
            free = any(day.may_close for day in staff.days if day.device == device)
            return Step(entry, (CloseTerminalDay(device),) if free else ())
        case ClosingDay() if verb == "row":
            return open_row(entry.pop(), argument, staff)
        case _:
            return Step(entry)


def open_row(entry: Entry, key: str, staff: StaffFacts) -> Step:
    """Open what waits behind a row of the staff list, or choose the row."""
    kind, _, argument = key.partition(":")
    doubt = next((d.attempt for d in staff.doubts if kind == "doubt" and str(d.attempt) == argument), None)
    due = next((d.attempt for d in staff.due if kind == "due" and str(d.attempt) == argument), None)
    if doubt is not None:
        return Step(entry.push(OnDoubt(doubt)))
    if due is not None:
        return Step(entry.push(OnDue(due)))
    if kind == "found_paid" and staff.found_paid is not None:
        return Step(entry.push(FoundPaid()))
    return Step(entry.choose(key))


def _doubt(entry: Entry, attempt: UUID, verb: str) -> Step:
    match verb:
        case "ask_again":
            return Step(entry.put(OnDoubt(attempt)), (RetryLookup(),))
        case "was_paid" | "was_not_paid":
            return Step(entry.push(Resolving(attempt, PaymentDecision(verb))))
        case _:
            return Step(entry)


def _due(entry: Entry, due: MoneyDue | None, verb: str) -> Step:
    if due is None or due.under_way:
        return Step(entry)
    match verb:
        case "refund" if due.by_device:
            return Step(entry, (RefundPayment(due.attempt),))
        case "given_back":
            return Step(entry.push(GivingBack(due.attempt)))
        case _:
            return Step(entry)


def _post_void(entry: Entry, asked: PostVoiding, verb: str, argument: str) -> Step:
    match verb:
        case "reason" if not asked.reason and argument in VOID_REASONS:
            return Step(entry.put(PostVoiding(argument)))
        case "keep":
            return Step(entry.pop())
        case "post_void" if asked.reason:
            return Step(entry.pop().choose("parts"), (PostVoid(VOID_REASONS[asked.reason]),))
        case _:
            return Step(entry)
