"""Words of what staff decide about money: in doubt, due to a customer, found paid, undone, settled. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from appliance.core.checkout import TransactionState
from appliance.core.commands import PaymentDecision
from appliance.core.payment import IntentKind
from appliance.ui.entry.overlays import ClosingDay, OnDoubt, OnDue, PostVoiding, Resolving
from appliance.ui.staff_facts import MoneyDue, PaymentDoubt, StaffFacts, TerminalDay
from appliance.ui.view import Action, Layout, Role, View
from appliance.ui.wording.paying import tender_name
from appliance.ui.wording.scene import Scene, action
from appliance.ui.wording.staff import question
from appliance.ui.wording.staff_rows import doubt_title
from appliance.ui.wording.voice import Voice

Facts = tuple[tuple[str, str], ...]

_ATTEMPT = 13
"""Characters of an attempt's number: enough for `kvitt payments show`."""


def doubt(scene: Scene, staff: StaffFacts, asked: OnDoubt) -> View | None:
    """Show everything that is known of an intent in doubt, and what to look for."""
    found = next((doubt for doubt in staff.doubts if doubt.attempt == asked.attempt), None)
    if found is None:
        return None
    say = scene.voice.say
    yes, no = _answers(scene.voice, found)
    again = action("ask_again", say("attendant", "Ask again"), "refresh")
    return _facts(
        scene,
        "resolve_payment",
        title=doubt_title(scene.voice, found),
        detail=_known(scene.voice, found),
        sentence=_look_for(scene.voice, found),
        choices=(
            *(() if found.unconfirmed else (again,)),
            action("was_not_paid", no, "cross"),
        ),
        primary=action("was_paid", yes, "check", role=Role.PRIMARY),
    )


def _answers(voice: Voice, doubt: PaymentDoubt) -> tuple[str, str]:
    say = voice.say
    if doubt.kind is IntentKind.PAY:
        return say("attendant", "Was paid"), say("attendant", "Was not paid")
    return say("resolve_payment", "Was given back"), say("resolve_payment", "Was not given back")


def _known(voice: Voice, doubt: PaymentDoubt) -> Facts:
    say = voice.say
    if doubt.restarted:
        last = say("resolve_payment", "The till was restarted")
    elif doubt.approved:
        last = say("resolve_payment", "The terminal had said yes")
    else:
        last = say("resolve_payment", "Sent, no answer")
    if doubt.unconfirmed:
        last = say("resolve_payment", "The code is shown")
    facts = (
        (say("attendant", "Amount"), voice.money(doubt.amount)),
        (say("refund_due", "Paid by"), tender_name(voice, doubt.tender)),
        (say("attendant", "Terminal"), "" if doubt.unconfirmed else doubt.device),
        (say("attendant", "Time"), voice.time(doubt.requested_at)),
        (say("resolve_payment", "Sale"), str(doubt.sale)),
        (say("resolve_payment", "Attempt"), str(doubt.attempt)[:_ATTEMPT]),
        (say("resolve_payment", "Last known"), last),
        (say("resolve_payment", "Terminal says"), doubt.told),
    )
    return tuple((label, value) for label, value in facts if value)


def _look_for(voice: Voice, doubt: PaymentDoubt) -> str:
    amount, time = voice.money(doubt.amount), voice.time(doubt.requested_at)
    if doubt.unconfirmed:
        return voice.say(
            "resolve_payment", "Look in the shop's own app for {amount} after {time}.", amount=amount, time=time
        )
    if doubt.kind is IntentKind.PAY:
        return voice.say(
            "resolve_payment",
            "Look in the terminal's own list for a payment of {amount} at {time}.",
            amount=amount,
            time=time,
        )
    return voice.say(
        "resolve_payment",
        "Look in the terminal's own list for {amount} given back at {time}.",
        amount=amount,
        time=time,
    )


def resolve(scene: Scene, staff: StaffFacts, asked: Resolving) -> View | None:
    """Ask how staff know what became of a payment."""
    voice, say = scene.voice, scene.voice.say
    found = next((doubt for doubt in staff.doubts if doubt.attempt == asked.attempt), None)
    if found is None:
        return None
    if found.kind is IntentKind.PAY:
        yes, no = (
            say("resolve_payment", "Was paid: how do you know?"),
            say("resolve_payment", "Was not paid: how do you know?"),
        )
    else:
        yes, no = (
            say("resolve_payment", "Given back: how do you know?"),
            say("resolve_payment", "Not given back: how do you know?"),
        )
    return question(
        scene,
        "resolve_reason",
        icon="phone" if found.unconfirmed else "terminal",
        title=yes if asked.decision is PaymentDecision.WAS_PAID else no,
        sentence=say("resolve_payment", "Your name and answer go into the journal."),
        amount=voice.money(found.amount),
        choices=tuple(_proofs(voice, found)),
        primary=None,
    )


def _proofs(voice: Voice, doubt: PaymentDoubt) -> Iterator[Action]:
    if doubt.unconfirmed:
        yield action("reason:looked", voice.say("resolve_payment", "Shop's own app"), "phone")
    else:
        yield action("reason:terminal", voice.say("resolve_payment", "Terminal's log"), "terminal")
    yield action("reason:bank", voice.say("resolve_payment", "Customer's bank"), "phone")
    yield action("reason:acquirer", voice.say("resolve_payment", "Acquirer told us"), "staff")


def due(scene: Scene, staff: StaffFacts, asked: OnDue) -> View | None:
    """Show money that a customer gets back, and the ways to give it."""
    found = next((due for due in staff.due if due.attempt == asked.attempt), None)
    if found is None:
        return None
    say = scene.voice.say
    refund = action("refund", say("refund_due", "Refund by the terminal"), "terminal")
    gave = action("given_back", say("refund_due", "I have given it back"), "check", role=Role.PRIMARY)
    doing = say("refund_due", "The terminal gives it back now. Follow the terminal.")
    asking = say("refund_due", "Give it back at the terminal or by hand, then say so here.")
    return _facts(
        scene,
        "refund_due",
        title=say("refund_due", "Money to give back"),
        detail=_owed(scene.voice, found),
        sentence=doing if found.under_way else asking,
        choices=(refund,) if found.by_device and not found.under_way else (),
        primary=None if found.under_way else gave,
    )


def _owed(voice: Voice, due: MoneyDue) -> Facts:
    say, told = voice.say, due.reference
    facts = (
        (say("attendant", "Amount"), voice.money(due.amount)),
        (say("refund_due", "Paid by"), tender_name(voice, due.tender)),
        (say("attendant", "Terminal"), (told.terminal_id if told else "") or due.device),
        (say("resolve_payment", "Sale"), str(due.sale)),
        (say("refund_due", "Terminal's receipt"), told.receipt_number if told else ""),
        (say("refund_due", "Trace number"), told.trace_number if told else ""),
        (say("attendant", "Why"), due.why),
        (say("resolve_payment", "Terminal says"), due.refused),
    )
    return tuple((label, value) for label, value in facts if value)


def given_back(scene: Scene, staff: StaffFacts, attempt: object) -> View | None:
    """Ask how the money was given back."""
    found = next((due for due in staff.due if due.attempt == attempt), None)
    if found is None:
        return None
    say = scene.voice.say
    return question(
        scene,
        "given_back",
        icon="cash",
        title=say("given_back", "How was it given back?"),
        sentence=say("resolve_payment", "Your name and answer go into the journal."),
        amount=scene.voice.money(found.amount),
        choices=(
            action("reason:cash", say("choose_payment", "Cash"), "cash"),
            action("reason:terminal", say("given_back", "At the terminal"), "terminal"),
            action("reason:bank", say("given_back", "By bank"), "phone"),
        ),
        primary=None,
    )


def found_paid(scene: Scene, staff: StaffFacts) -> View | None:
    """Ask what becomes of a sale that a restart found paid."""
    if staff.found_paid is None:
        return None
    say = scene.voice.say
    return question(
        scene,
        "found_paid",
        icon="check",
        title=say("found_paid", "Paid before the restart"),
        sentence=say("found_paid", "Does the customer have the goods, or do you hand them over?"),
        amount=scene.voice.money(staff.found_paid),
        choices=(action("undo_all", say("found_paid", "Give the money back"), "undo", role=Role.STOP),),
        primary=action("hand_over", say("found_paid", "Hand over the goods"), "check", role=Role.PRIMARY),
    )


def post_void(scene: Scene, staff: StaffFacts, asked: PostVoiding) -> View | None:
    """Ask why the last sale is undone, then whether it is."""
    sale, say = staff.last_sale, scene.voice.say
    if sale is None:
        return None
    amount = scene.voice.money(sale.total)
    if asked.reason:
        return question(
            scene,
            "post_void",
            icon="undo",
            title=say("post_void", "Undo sale {number}?", number=sale.number),
            sentence=say("post_void", "The money goes back the way it came. Take the goods back."),
            amount=amount,
            choices=(action("post_void", say("post_void", "Undo sale"), "cross", role=Role.STOP),),
            primary=action("keep", say("void_sale", "Keep"), "basket", role=Role.PRIMARY),
        )
    return question(
        scene,
        "post_void",
        icon="undo",
        title=say("post_void", "Why is the sale undone?"),
        sentence=say("resolve_payment", "Your name and answer go into the journal."),
        amount=amount,
        choices=(
            action("reason:regret", say("post_void", "Customer regrets"), "person"),
            action("reason:goods", say("post_void", "Wrong goods"), "bag"),
            action("reason:payment", say("post_void", "Wrong payment"), "pay"),
            action("reason:other", say("drawer", "Other"), "more"),
        ),
        primary=None,
    )


def close_day(scene: Scene, staff: StaffFacts, asked: ClosingDay) -> View | None:
    """Show what a payment device must hold, what keeps its day open, and how its end of day went."""
    day = next((day for day in staff.days if day.device == asked.device), None)
    if day is None:
        return None
    say = scene.voice.say
    block, ways = _block(scene.voice, staff, day)
    return _facts(
        scene,
        "close_day",
        title=say("close_day", "End of day"),
        detail=_sums(scene.voice, day),
        sentence=block or _how_it_went(scene.voice, day),
        choices=ways,
        primary=action("close_day", say("close_day", "Close the day"), "lock", role=Role.PRIMARY)
        if day.may_close
        else None,
    )


def _block(voice: Voice, staff: StaffFacts, day: TerminalDay) -> tuple[str, tuple[Action, ...]]:
    """Name what keeps a day open, with the way out."""
    say = voice.say
    for doubt in staff.doubts:
        way = action(f"row:doubt:{doubt.attempt}", doubt_title(voice, doubt), "warning")
        return say("close_day", "A payment is in doubt. Settle it first."), (way,)
    for due in staff.due:
        way = action(f"row:due:{due.attempt}", say("refund_due", "Money to give back"), "undo")
        return say("close_day", "Money is due to a customer. Give it back first."), (way,)
    if staff.state not in (TransactionState.IDLE, TransactionState.TENDERED):
        way = action("row:sale", say("attendant", "Open sale"), "basket")
        return say("close_day", "A sale is open. Finish or void it first."), (way,)
    if not day.online:
        way = action(f"row:device:{day.device}", say("attendant", "Device"), "device")
        return say("close_day", "There is no contact with the terminal."), (way,)
    return "", ()


def _how_it_went(voice: Voice, day: TerminalDay) -> str:
    say = voice.say
    if day.closing:
        return say("close_day", "The terminal closes its day. This can take some minutes.")
    if day.fault:
        return say("close_day", "It did not work. Do what the terminal asks and try again.")
    if day.closed is not None and day.done:
        told = day.closed.device_amount
        if told is not None and told != day.closed.journal_amount:
            return say("close_day", "The sums differ. Keep the terminal's receipt and tell the office.")
        return say("close_day", "The day is closed.")
    if not day.complete:
        return say("close_day", "The journal does not reach back to the terminal's last end of day.")
    return say("close_day", "The terminal sends its payments to the acquirer.")


def _sums(voice: Voice, day: TerminalDay) -> Facts:
    say, closed = voice.say, day.closed
    facts = [(say("attendant", "Terminal"), day.device)]
    if closed is not None and day.done:
        told = say("close_day", "Gave no sums") if closed.device_amount is None else voice.money(closed.device_amount)
        facts += [
            (say("close_day", "Till's sum"), voice.money(closed.journal_amount)),
            (say("close_day", "Terminal's sum"), told),
        ]
        if closed.device_amount is not None:
            difference = closed.device_amount - closed.journal_amount
            facts.append((say("close_day", "Difference"), voice.money(difference)))
    else:
        facts.append((say("close_day", "Payments"), str(day.count)))
        if day.journal is not None:
            facts.append((say("close_day", "Till's sum"), voice.money(day.journal)))
    if day.fault:
        facts.append((say("resolve_payment", "Terminal says"), day.fault))
    if not day.online and day.remedy:
        facts.append((say("attendant", "What to do"), day.remedy))
    return tuple(facts)


def _facts(
    scene: Scene,
    name: str,
    *,
    title: str,
    detail: Facts,
    sentence: str,
    choices: tuple[Action, ...],
    primary: Action | None,
) -> View:
    """Give a staff page of facts, beside what can be done about them."""
    staff = scene.frame.staff
    return replace(
        scene.picture(name, Layout.LIST),
        top_right=staff.operator if staff else "",
        strip=scene.picture(name, Layout.LIST).strip if scene.entry.hint else None,
        steps=(),
        step=0,
        title=title,
        detail=detail,
        sentence=sentence,
        choices=choices,
        primary=primary,
        bar=(scene.back(),),
    )
