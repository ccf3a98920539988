"""Words of the staff pages, in the shop's own language. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from appliance.core.checkout import LineItem
from appliance.core.identifiers import LineNumber
from appliance.ui.entry.overlays import SigningIn
from appliance.ui.pages import AttendantPage
from appliance.ui.staff_facts import StaffFacts
from appliance.ui.view import Action, Keypad, Layout, Role, Row, View
from appliance.ui.wording import staff_rows
from appliance.ui.wording.scene import Scene, action
from appliance.ui.wording.voice import Voice


def sign_in(scene: Scene, typing: SigningIn) -> View:
    """Ask for a PIN; the digits are dots."""
    say = scene.voice.say
    return replace(
        scene.picture("sign_in", Layout.KEYPAD),
        title=say("sign_in", "Staff sign-in"),
        sentence=say("sign_in", "Enter your PIN."),
        keypad=Keypad(
            entry="•" * len(typing.digits), hint=say("sign_in", "Wrong PIN. Try again.") if typing.wrong else ""
        ),
        primary=scene.ok() if typing.digits else None,
        bar=(scene.back(),),
    )


def attendant(scene: Scene, staff: StaffFacts) -> View:
    """List what waits for staff, and what can be done about the chosen row."""
    voice, say = scene.voice, scene.voice.say
    entries = staff_rows.entries(voice, staff, scene.frame.help)
    plain = [item for item in entries if not item.opens]
    chosen = next((item for item in plain if item.key == scene.entry.row), plain[0])
    kiosk = isinstance(scene.page, AttendantPage)
    done = action("done", say("attendant", "Done"), "check", role=Role.PRIMARY)
    sign_off = action("sign_off", say("attendant", "Sign out"), "sign_off")
    return replace(
        scene.picture("attendant", Layout.LIST),
        top_right=staff.operator,
        strip=scene.picture("attendant", Layout.LIST).strip if scene.entry.hint else staff_rows.strip(voice, staff),
        steps=(),
        step=0,
        title=say("attendant", "Staff"),
        rows=tuple(
            Row(
                key=item.key,
                text=item.text,
                name="" if item is chosen else f"row:{item.key}",
                note=item.note,
                amount=item.amount,
                selected=item is chosen,
            )
            for item in entries
        ),
        detail=chosen.detail,
        choices=chosen.actions,
        primary=done,
        bar=() if kiosk else (sign_off,),
    )


def approve(scene: Scene, staff: StaffFacts, number: LineNumber) -> View:
    """Ask staff for a decision on one line; whose age is asked, gets the date worked out."""
    voice = scene.voice
    line = next((waiting for waiting in staff.waiting if waiting.line == number), None)
    if line is None:
        return attendant(scene, staff)
    return question(
        scene,
        "approve",
        icon="age" if line.approval_age else "staff",
        title=voice.say("approve", "Approve?"),
        sentence=_condition(voice, line, staff.business_date),
        amount=voice.money(line.gross),
        choices=(action("refuse", voice.say("approve", "Refuse"), "cross", role=Role.STOP),),
        primary=action("approve", voice.say("approve", "Approve"), "check", role=Role.PRIMARY),
    )


def _condition(voice: Voice, line: LineItem, today: date | None) -> str:
    name = voice.name(line)
    if line.approval_age is None or today is None:
        return name
    return voice.say("approve", "{item}: born on or before {date}?", item=name, date=voice.date(_born(today, line)))


def _born(today: date, line: LineItem) -> date:
    """Give the latest birthday of someone old enough today; whoever is born on 29 February waits for 1 March."""
    year = today.year - (line.approval_age or 0)
    try:
        return today.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def drawer(scene: Scene) -> View:
    """Ask why the drawer opens."""
    say = scene.voice.say
    return question(
        scene,
        "drawer",
        icon="drawer",
        title=say("drawer", "Open drawer"),
        sentence=say("drawer", "Every opening is recorded. Choose a reason."),
        amount="",
        choices=(
            action("reason:change", say("drawer", "Change"), "cash"),
            action("reason:count", say("drawer", "Count"), "quantity"),
            action("reason:other", say("drawer", "Other"), "more"),
        ),
        primary=None,
    )


def void_sale(scene: Scene, staff: StaffFacts) -> View:
    """Ask whether the whole sale goes."""
    voice = scene.voice
    return question(
        scene,
        "void_sale",
        icon="remove",
        title=voice.say("void_sale", "Void this sale?"),
        sentence=voice.count("void_sale", "{number} item.", "{number} items.", staff.items),
        amount="" if staff.total is None else voice.money(staff.total),
        choices=(action("void_sale", voice.say("void_sale", "Void sale"), "cross", role=Role.STOP),),
        primary=action("keep", voice.say("void_sale", "Keep"), "basket", role=Role.PRIMARY),
    )


def question(
    scene: Scene,
    name: str,
    *,
    icon: str,
    title: str,
    sentence: str,
    amount: str,
    choices: tuple[Action, ...],
    primary: Action | None,
) -> View:
    """Give a question of staff."""
    staff = scene.frame.staff
    return replace(
        scene.picture(name, Layout.QUESTION),
        top_right=staff.operator if staff else "",
        strip=scene.picture(name, Layout.QUESTION).strip if scene.entry.hint else None,
        steps=(),
        step=0,
        icon=icon,
        title=title,
        sentence=sentence,
        amount=amount,
        choices=choices,
        primary=primary,
        bar=(scene.back(),),
    )
