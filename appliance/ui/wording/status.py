"""Words of the pages where nothing is sold, and of those that lie over every page. Pure."""

from __future__ import annotations

from dataclasses import replace

from appliance.ui.entry.overlays import may_cancel_help
from appliance.ui.pages import AttractPage, ClosedPage, HelpState, OutOfServicePage
from appliance.ui.strings import OWN_NAMES
from appliance.ui.view import Action, Layout, Role, View
from appliance.ui.wording.scene import Scene, action


def starting(scene: Scene) -> View:
    """Say that the till is not ready yet."""
    say = scene.voice.say
    return replace(
        scene.picture("starting", Layout.STATUS),
        icon="clock",
        title=say("starting", "One moment"),
        sentence=say("starting", "The till is getting ready."),
        bar=(),
    )


def closed(scene: Scene, page: ClosedPage) -> View:
    """Say that no customers are taken."""
    say = scene.voice.say
    updating = say("closed", "It is being updated. Please use another one.")
    return replace(
        scene.picture("closed", Layout.STATUS),
        icon="lock",
        title=say("closed", "This till is closed"),
        sentence=updating if page.updating else say("closed", "Please use another one."),
        bar=(),
    )


def out_of_service(scene: Scene, page: OutOfServicePage) -> View:
    """Say that the till does not work; why is for staff only."""
    say = scene.voice.say
    sentence = say("out_of_service", "Please use another one.")
    if page.paid:
        sentence = say("out_of_service", "Your payment is safe. Staff will give you the receipt.")
    elif page.open_sale:
        sentence = say("out_of_service", "Your items are kept. Staff will help you.")
    return replace(
        scene.picture("out_of_service", Layout.STATUS),
        icon="warning",
        title=say("out_of_service", "This till is out of order"),
        sentence=sentence,
        bar=(scene.help(),) if page.open_sale else (),
    )


def attract(scene: Scene, page: AttractPage) -> View:
    """Ask for the first item."""
    say = scene.voice.say
    only = {"card": say("attract", "Card only"), "cash": say("attract", "Cash only")}
    tenders = page.frame.tenders
    return replace(
        scene.picture("attract", Layout.ATTRACT),
        icon="scan",
        title=say("attract", "Scan your first item"),
        sentence=say("attract", "Or touch Start"),
        top_right=only.get(tenders[0].value, "") if len(tenders) == 1 else "",
        choices=_languages(scene) if len(scene.entry.screen.languages) > 1 else (),
        primary=action("start", say("attract", "Start"), "start", role=Role.PRIMARY),
    )


def _languages(scene: Scene) -> tuple[Action, ...]:
    return tuple(
        action(f"language:{language}", OWN_NAMES[language], "language", selected=language == scene.entry.language)
        for language in scene.entry.screen.languages
    )


def language(scene: Scene) -> View:
    """Offer every language by its own name."""
    return replace(
        scene.picture("language", Layout.QUESTION),
        icon="language",
        title=scene.voice.say("language", "Choose language"),
        choices=_languages(scene),
        bar=(scene.help(), scene.back()),
    )


def adjust(scene: Scene) -> View:
    """Offer the four switches; their state is said in words."""
    say, entry = scene.voice.say, scene.entry
    on, off = say("adjust", "On"), say("adjust", "Off")

    def switch(name: str, text: str, icon: str, *, state: bool) -> Action:
        note = on if state else off
        return action(name, text, icon, spoken=f"{text}. {note}.", note=note, selected=state)

    several = len(entry.screen.languages) > 1
    choose = action("choose_language", say("adjust", "Language"), "language")
    return replace(
        scene.picture("adjust", Layout.QUESTION),
        icon="adjust",
        title=say("adjust", "What would help you?"),
        sentence=say("adjust", "This lasts until you have paid."),
        choices=(
            switch("larger", say("adjust", "Larger text"), "larger", state=entry.large),
            switch("contrast", say("adjust", "More contrast"), "contrast", state=entry.contrast),
            switch("lower", say("adjust", "Lower buttons"), "lower", state=entry.low_reach),
            switch("calmer", say("adjust", "Calmer screen"), "calm", state=entry.calm),
        ),
        bar=(scene.help(), scene.back(), *((choose,) if several else ())),
    )


def help_called(scene: Scene) -> View:
    """Say that staff are called."""
    say = scene.voice.say
    coming = scene.frame.help is HelpState.COMING
    fine = action("fine", say("help_called", "I'm fine now"), "cross")
    return replace(
        scene.picture("help_called", Layout.STATUS),
        icon="staff",
        strip=None,
        title=say("help_called", "Staff are coming") if coming else say("help_called", "Help is on the way"),
        sentence=say("help_called", "You can carry on while you wait."),
        choices=(fine,) if may_cancel_help(scene.page) else (),
        primary=scene.carry_on(),
        bar=(scene.adjust(),),
    )
