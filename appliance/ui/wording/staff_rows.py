"""The rows of the staff list: what waits, with its detail and what can be done about it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from appliance.core.checkout import DeviceState, LaneState
from appliance.core.commands import Condition, Health
from appliance.ui.pages import HelpState, StaffFacts
from appliance.ui.view import Action, Role, Strip, StripKind
from appliance.ui.viewmodel import needs_hand
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


def entries(voice: Voice, staff: StaffFacts, calls: HelpState) -> tuple[RowEntry, ...]:
    """Give the rows: what waits for a person first, then the till, then devices and hub."""
    return (
        *_approvals(voice, staff),
        *_help(voice, staff, calls),
        *_doubts(voice, staff),
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
        yield RowEntry(key=f"approval:{line.line}", text=voice.name(line), note=note, amount=voice.money(line.gross))


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


def _doubts(voice: Voice, staff: StaffFacts) -> Iterator[RowEntry]:
    say = voice.say
    for doubt in staff.doubts:
        amount = voice.money(doubt.amount)
        yield RowEntry(
            key=f"doubt:{doubt.attempt}",
            text=say("attendant", "Payment in doubt"),
            note=voice.time(doubt.requested_at),
            amount=amount,
            detail=(
                (say("attendant", "Amount"), amount),
                (say("attendant", "Terminal"), doubt.device),
                (say("attendant", "Time"), voice.time(doubt.requested_at)),
                (say("attendant", "What to do"), say("attendant", "Look in the terminal's own log first.")),
            ),
            actions=(
                action("ask_again", say("attendant", "Ask again"), "refresh"),
                action(f"was_paid:{doubt.attempt}", say("attendant", "Was paid"), "check"),
                action(f"was_not_paid:{doubt.attempt}", say("attendant", "Was not paid"), "cross"),
            ),
        )


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
        yield RowEntry(
            key="receipt",
            text=say("attendant", "Last receipt"),
            note=say("attendant", "Number {number}", number=staff.last_sale.number),
            amount=voice.money(staff.last_sale.total),
            actions=(action("reprint", say("attendant", "Print a copy"), "print"),) if staff.may_print else (),
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
        actions=(opening,) if drawer and not staff.drawer_open else (),
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
