"""The rows of the staff list: what waits, with its detail and what can be done about it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from appliance.core.checkout import DeviceState, LaneState, TransactionState
from appliance.core.commands import Condition, Health
from appliance.core.payment import IntentKind, PaymentState
from appliance.ui.pages import HelpState
from appliance.ui.staff_facts import PartTaken, PaymentDoubt, StaffFacts, needs_hand
from appliance.ui.view import Action, Role, Strip, StripKind
from appliance.ui.wording.paying import tender_name
from appliance.ui.wording.scene import action
from appliance.ui.wording.voice import Voice


@dataclass(frozen=True, slots=True, kw_only=True)
class RowEntry:
    """One row of the staff list with everything behind it."""

    key: str
    text: str
    note: str = ""
    amount: str = ""
    detail: tuple[tuple[str, str], ...] = ()
    actions: tuple[Action, ...] = ()
    opens: bool = False
    """It leads to a page of its own."""


def entries(voice: Voice, staff: StaffFacts, calls: HelpState) -> tuple[RowEntry, ...]:
    """Give the rows: what waits for a person first, then the till, then devices and hub."""
    return (
        *_approvals(voice, staff),
        *_help(voice, staff, calls),
        *_money(voice, staff),
        *(_device(voice, staff, device) for device in staff.devices if needs_hand(device)),
        *_till(voice, staff),
        *(_device(voice, staff, device) for device in staff.devices if not needs_hand(device)),
        _hub(voice, staff),
    )


def strip(voice: Voice, staff: StaffFacts) -> Strip | None:
    """Say what staff must know at once: paper first, then the hub."""
    conditions = {condition for device in staff.devices for condition in device.conditions}
    if Condition.PAPER_OUT in conditions:
        return Strip(text=voice.say("attendant", "Change the paper roll."), kind=StripKind.WARN)
    if Condition.COVER_OPEN in conditions:
        return Strip(text=voice.say("attendant", "Close the printer's cover."), kind=StripKind.WARN)
    if staff.drawer_open:
        return Strip(text=voice.say("attendant", "Close the drawer."), kind=StripKind.WARN)
    if not staff.hub_online:
        return Strip(text=_offline(voice, staff), kind=StripKind.WARN)
    return None


def _offline(voice: Voice, staff: StaffFacts) -> str:
    if staff.hub_since is None:
        return voice.say("attendant", "No contact with the hub.")
    return voice.count(
        "attendant",
        "No contact with the hub since {time}. {number} entry waiting.",
        "No contact with the hub since {time}. {number} entries waiting.",
        staff.waiting_rows,
        time=voice.time(staff.hub_since),
    )


def _approvals(voice: Voice, staff: StaffFacts) -> Iterator[RowEntry]:
    for line in staff.waiting:
        note = voice.say("attendant", "Waits for approval")
        if line.approval_age:
            note = voice.say("attendant", "Age limit {age} years", age=line.approval_age)
        yield RowEntry(
            key=f"approval:{line.line}", text=voice.name(line), note=note, amount=voice.money(line.gross), opens=True
        )


def _help(voice: Voice, staff: StaffFacts, calls: HelpState) -> Iterator[RowEntry]:
    say = voice.say
    if calls is HelpState.NONE:
        return
    here = action("acknowledge", say("attendant", "I am here"), "check")
    code = staff.help_code
    shown = {"": "", "payment": say("attendant", "Payment in doubt")}.get(code, code)
    yield RowEntry(
        key="help",
        text=say("attendant", "A customer needs help"),
        note=say("attendant", "You have answered") if calls is HelpState.COMING else say("attendant", "Waiting"),
        detail=((say("attendant", "About"), shown),) if shown else (),
        actions=(here,) if calls is HelpState.CALLED else (),
    )


def _money(voice: Voice, staff: StaffFacts) -> Iterator[RowEntry]:
    """Give what is in doubt, due, found paid, or under way: it waits for nobody but staff."""
    say = voice.say
    for doubt in staff.doubts:
        yield RowEntry(
            key=f"doubt:{doubt.attempt}",
            text=doubt_title(voice, doubt),
            note=voice.time(doubt.requested_at),
            amount=voice.money(doubt.amount),
            opens=True,
        )
    if staff.found_paid is not None:
        yield RowEntry(
            key="found_paid",
            text=say("found_paid", "Paid before the restart"),
            note=say("attendant", "Waiting"),
            amount=voice.money(staff.found_paid),
            opens=True,
        )
    for due in staff.due:
        yield RowEntry(
            key=f"due:{due.attempt}",
            text=say("refund_due", "Money to give back"),
            note=say("attendant", "Under way") if due.under_way else say("attendant", "Sale {number}", number=due.sale),
            amount=voice.money(due.amount),
            opens=True,
        )
    if staff.parts and staff.found_paid is None:
        undoing = staff.state is TransactionState.POST_VOIDING
        undo = action("undo_all", say("choose_payment", "Undo all"), "undo")
        yield RowEntry(
            key="parts",
            text=say("attendant", "The last sale is undone") if undoing else say("attendant", "Paid in part"),
            note=say("attendant", "Under way") if undoing else say("attendant", "Open sale"),
            detail=tuple((tender_name(voice, part.tender), _part(voice, part)) for part in staff.parts),
            actions=(undo,) if staff.may_undo else (),
        )


def doubt_title(voice: Voice, doubt: PaymentDoubt) -> str:
    """Name a doubt: of a payment, of money on its way back, or of a payment that only staff can see."""
    if doubt.unconfirmed:
        return voice.say("resolve_payment", "Check the payment")
    if doubt.kind is IntentKind.PAY:
        return voice.say("attendant", "Payment in doubt")
    return voice.say("resolve_payment", "Refund in doubt")


def _part(voice: Voice, part: PartTaken) -> str:
    say, amount = voice.say, voice.money(part.amount)
    match part.state:
        case PaymentState.REVERSED:
            return say("attendant", "{amount} given back", amount=amount)
        case PaymentState.REVERSING:
            return say("attendant", "{amount} goes back now", amount=amount)
        case PaymentState.REFUND_DUE:
            return say("attendant", "{amount} to give back", amount=amount)
        case _:
            return say("attendant", "{amount} paid", amount=amount)


def _till(voice: Voice, staff: StaffFacts) -> Iterator[RowEntry]:
    say = voice.say
    if staff.fault:
        yield RowEntry(
            key="fault",
            text=say("attendant", "Out of order"),
            note=say("attendant", "Nothing can be sold"),
            detail=((say("attendant", "Why"), staff.fault),),
        )
    if staff.space_low:
        yield RowEntry(
            key="space",
            text=say("attendant", "Storage almost full"),
            note=say("attendant", "No new sale begins"),
            detail=((say("attendant", "What to do"), say("attendant", "Call whoever looks after this till.")),),
        )
    yield _lane(voice, staff)
    if staff.total is not None and staff.may_void:
        yield RowEntry(
            key="sale",
            text=say("attendant", "Open sale"),
            note=voice.count("attendant", "{number} item", "{number} items", staff.items),
            amount=voice.money(staff.total),
            actions=(action("void_sale", say("void_sale", "Void sale"), "remove", role=Role.STOP),),
        )
    if staff.last_sale is not None:
        undo = action("post_void", say("post_void", "Undo sale"), "undo", role=Role.STOP)
        yield RowEntry(
            key="receipt",
            text=say("attendant", "Last receipt"),
            note=say("attendant", "Number {number}", number=staff.last_sale.number),
            amount=voice.money(staff.last_sale.total),
            actions=(
                *((action("reprint", say("attendant", "Print a copy"), "print"),) if staff.may_print else ()),
                *((undo,) if staff.last_sale.may_void else ()),
            ),
        )


def _lane(voice: Voice, staff: StaffFacts) -> RowEntry:
    say = voice.say
    is_open = staff.lane is LaneState.OPEN
    if is_open:
        change = action("close_lane", say("attendant", "Close till"), "lock")
    else:
        change = action("open_lane", say("attendant", "Open till"), "start")
    may_change = staff.lane in (LaneState.OPEN, LaneState.CLOSED)
    return RowEntry(
        key="lane",
        text=say("attendant", "Till"),
        note=say("attendant", "Open") if is_open else say("attendant", "Closed"),
        actions=(change,) if may_change else (),
    )


def _device(voice: Voice, staff: StaffFacts, device: DeviceState) -> RowEntry:
    say, kind = voice.say, _category(voice, device)
    drawer = device.category == "CashDrawer"
    state = say("devices", "Drawer open") if drawer and staff.drawer_open else _state(voice, device)
    if sum(other.category == device.category for other in staff.devices) > 1:
        kind = say("devices", "{kind} ({name})", kind=kind, name=device.name)
    opening = action("drawer", say("drawer", "Open drawer"), "drawer")
    ending = action(f"close_day:{device.name}", say("close_day", "End of day"), "lock")
    settles = device.category == "CAT" and device.name in [day.device for day in staff.days]
    detail = (
        (say("attendant", "Device"), device.name),
        (say("attendant", "State"), state),
        (say("attendant", "Detail"), device.detail),
        (say("attendant", "What to do"), device.remedy),
    )
    told = tuple((label, value) for label, value in detail if value)
    return RowEntry(
        key=f"device:{device.name}",
        text=kind,
        note=state,
        detail=told,
        actions=(*((opening,) if drawer and not staff.drawer_open else ()), *((ending,) if settles else ())),
    )


def _category(voice: Voice, device: DeviceState) -> str:
    say = voice.say
    match device.category:
        case "Scanner":
            return say("devices", "Scanner")
        case "POSPrinter":
            return say("devices", "Receipt printer")
        case "CashDrawer":
            return say("devices", "Cash drawer")
        case "CAT":
            return say("devices", "Card terminal")
        case "ElectronicValueRW":
            return say("devices", "Payment by code")
        case "CashChanger" | "BillAcceptor" | "CoinAcceptor":
            return say("devices", "Cash machine")
        case "Lights":
            return say("devices", "Lane light")
        case "Keylock":
            return say("devices", "Help button")
        case _:
            return device.name


def _state(voice: Voice, device: DeviceState) -> str:
    say = voice.say
    if device.health is Health.ONLINE:
        for condition, text in (
            (Condition.PAPER_OUT, say("devices", "Out of paper")),
            (Condition.COVER_OPEN, say("devices", "Cover open")),
            (Condition.PAPER_LOW, say("devices", "Little paper left")),
            (Condition.DRAWER_OPEN, say("devices", "Drawer open")),
        ):
            if condition in device.conditions:
                return text
        return say("devices", "Works")
    if device.health is Health.OFF:
        return say("devices", "Switched off")
    if device.health is Health.OFFLINE:
        return say("devices", "No contact")
    return say("devices", "Not known yet")


def _hub(voice: Voice, staff: StaffFacts) -> RowEntry:
    say = voice.say
    note = say("attendant", "In contact") if staff.hub_online else say("devices", "No contact")
    waiting = (say("attendant", "Entries waiting"), str(staff.waiting_rows))
    since = () if staff.hub_since is None else ((say("attendant", "Since"), voice.time(staff.hub_since)),)
    return RowEntry(key="hub", text=say("attendant", "Hub"), note=note, detail=(*since, waiting))
