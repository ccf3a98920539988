"""Words of cash over the counter: what is due, what is given, what goes back. Read by staff. Pure."""

from __future__ import annotations

from dataclasses import replace

from appliance.core.money import Money
from appliance.ui.entry.cashing import given
from appliance.ui.entry.overlays import TakingCash
from appliance.ui.pages import CashFacts, ChangePage
from appliance.ui.view import Keypad, Layout, Role, View
from appliance.ui.wording.scene import Scene, action
from appliance.ui.wording.voice import Voice

_NOTES_IN_REACH = 2


def cash(scene: Scene, facts: CashFacts, typing: TakingCash) -> View:
    """Ask what the customer puts down."""
    voice, say = scene.voice, scene.voice.say
    staff = scene.frame.staff
    rounded = say("cash", "Rounding {rounding}", rounding=voice.amount(facts.rounding))
    exact = action(f"given:{facts.due.minor}", say("cash", "Exact amount"), "check", role=Role.PRIMARY)
    notes = facts.notes[:_NOTES_IN_REACH] if scene.entry.low_reach else facts.notes
    pointed = "." in typing.digits or not facts.due.currency.exponent
    mark = "" if pointed else voice.decimal_mark
    return replace(
        scene.picture("cash", Layout.KEYPAD),
        top_right=staff.operator if staff else "",
        steps=(),
        step=0,
        title=say("cash", "Cash {amount}", amount=voice.money(facts.due)),
        sentence=rounded if facts.rounding else say("cash", "What does the customer put down?"),
        keypad=Keypad(
            entry=typing.digits.replace(".", voice.decimal_mark),
            hint=_meaning(voice, facts, given(typing.digits, facts.due.currency)) if typing.digits else "",
            keys=("1", "2", "3", "4", "5", "6", "7", "8", "9", "back", "0", mark),
        ),
        choices=tuple(action(f"given:{note.minor}", voice.whole(note), "cash") for note in notes),
        primary=scene.ok() if typing.digits else exact,
        bar=(scene.back(),),
    )


def _meaning(voice: Voice, facts: CashFacts, put_down: Money) -> str:
    """Say what a sum leads to: change, nothing more, or a part payment."""
    if put_down > facts.due:
        return voice.say("cash", "Change {amount}", amount=voice.money(put_down - facts.due))
    if put_down == facts.due:
        return voice.say("cash", "Exact amount")
    left = facts.due - facts.rounding - put_down
    return voice.say("cash", "Part payment. {amount} is left.", amount=voice.money(left))


def change(scene: Scene, page: ChangePage) -> View:
    """Say what goes back, large enough for both sides of the counter."""
    voice, say = scene.voice, scene.voice.say
    receipt = action("receipt", say("steps", "Receipt"), "receipt")
    return replace(
        scene.picture("change", Layout.STATUS),
        icon="cash",
        title=say("change", "Change") if page.change else say("change", "Paid in cash"),
        sentence=_drawer(scene, page),
        amount=voice.money(page.change or page.paid),
        large_amount=True,
        choices=(receipt,) if page.kinds else (),
        primary=action("next_sale", say("change", "Next sale"), "basket", role=Role.PRIMARY),
    )


def _drawer(scene: Scene, page: ChangePage) -> str:
    say = scene.voice.say
    if page.printing:
        return say("change", "The receipt is being printed.")
    if page.by_key:
        return say("change", "Open the drawer with the key.")
    if page.drawer_open:
        return say("attendant", "Close the drawer.")
    return say("change", "The next scan begins the next sale.")
