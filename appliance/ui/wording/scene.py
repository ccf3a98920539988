"""What every picture has: bar, steps, strip, colours, and the spoken summary. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from appliance.core.catalogue import Item
from appliance.core.checkout import LineItem, Reason, Rejection
from appliance.ui.entry.person import Entry
from appliance.ui.pages import Frame, HelpState, Page
from appliance.ui.pages import Step as Part
from appliance.ui.strings import RIGHT_TO_LEFT
from appliance.ui.view import Action, Layout, Role, Strip, StripKind, View
from appliance.ui.wording.voice import Voice

_ENDS = ".?!。？！"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A page, what the person is in the middle of, and the language to say it in."""

    page: Page
    entry: Entry
    voice: Voice

    @property
    def frame(self) -> Frame:
        """What every page carries."""
        return self.page.frame

    def picture(self, name: str, layout: Layout) -> View:
        """Give the picture with everything that does not depend on the page."""
        entry, voice, frame = self.entry, self.voice, self.page.frame
        counted = frame.step is not Part.NONE
        return View(
            page=name,
            layout=layout,
            revision=frame.revision,
            shop=entry.screen.shop,
            theme=entry.theme,
            large=entry.large,
            low_reach=entry.low_reach,
            right_to_left=voice.language in RIGHT_TO_LEFT,
            language=voice.language,
            training=voice.say("common", "TRAINING - not a real sale") if entry.screen.training else "",
            steps=_steps(voice) if counted else (),
            step=frame.step.value,
            strip=self._strip(),
            bar=self.bar(),
        )

    def bar(self, *middle: Action) -> tuple[Action, ...]:
        """Give the bottom bar: Help first, Adjust last."""
        return (self.help(), *middle, self.adjust())

    def help(self) -> Action:
        """Call staff."""
        return action("help", self.voice.say("common", "Help"), "help", spoken=self.voice.say("common", "Call staff"))

    def adjust(self) -> Action:
        """Larger text, more contrast, lower buttons, calmer screen, language."""
        spoken = self.voice.say("common", "Adjust the screen, or change the language")
        return action("adjust", self.voice.say("common", "Adjust"), "adjust", spoken=spoken)

    def back(self, role: Role = Role.CHOICE) -> Action:
        """Close the question."""
        return action("back", self.voice.say("common", "Back"), "back", role=role)

    def carry_on(self) -> Action:
        """Go on with what one was doing."""
        return action("carry_on", self.voice.say("common", "Carry on"), "check", role=Role.PRIMARY)

    def ok(self) -> Action:
        """Take what was typed."""
        return action("ok", self.voice.say("common", "OK"), "check", role=Role.PRIMARY)

    def _strip(self) -> Strip | None:
        entry, voice, frame = self.entry, self.voice, self.page.frame
        if entry.hint is not None:
            return Strip(text=refusal(voice, entry.hint), kind=StripKind.WARN)
        if frame.help is HelpState.COMING:
            return Strip(text=voice.say("common", "Staff are coming"), kind=StripKind.INFO)
        if frame.help is HelpState.CALLED:
            return Strip(text=voice.say("common", "Help is on the way"), kind=StripKind.INFO)
        if frame.closing:
            return Strip(text=voice.say("common", "This till closes after you."), kind=StripKind.INFO)
        return None


def _steps(voice: Voice) -> tuple[str, ...]:
    return (voice.say("steps", "Scan"), voice.say("steps", "Pay"), voice.say("steps", "Receipt"))


def action(
    name: str,
    text: str,
    icon: str,
    *,
    role: Role = Role.CHOICE,
    spoken: str = "",
    note: str = "",
    selected: bool = False,
) -> Action:
    """Give a button; what is not said otherwise is spoken as it is written."""
    return Action(name=name, text=text, icon=icon, role=role, spoken=spoken or text, note=note, selected=selected)


def refusal(voice: Voice, rejection: Rejection) -> str:
    """Say in one sentence why something did not work, and what to do. Never a code, never blame."""
    match rejection.reason:
        case Reason.PAYMENT_RUNNING:
            return voice.say("refusal", "Finish or cancel the payment first.")
        case Reason.SALE_FULL:
            return voice.say("refusal", "Pay for these items first.")
        case Reason.QUANTITY_FIXED:
            return voice.say("refusal", "The number of this item cannot be changed.")
        case Reason.QUANTITY_LIMIT:
            return limit(voice, rejection.limit)
        case Reason.NOTHING_TO_PAY:
            return voice.say("refusal", "Scan an item first.")
        case Reason.TENDER_NOT_AVAILABLE:
            return voice.say("refusal", "You cannot pay this way right now. Choose another.")
        case Reason.RECEIPT_NOT_AVAILABLE:
            return voice.say("refusal", "The receipt cannot be given right now. Ask staff.")
        case Reason.CANNOT_CANCEL:
            return voice.say("refusal", "It is too late to cancel here. Use the terminal.")
        case Reason.SALE_OPEN:
            return voice.say("refusal", "Finish the open sale first.")
        case Reason.PURSE:
            return voice.say("refusal", "Touch Pay first, then show this code.")
        case Reason.TOO_LITTLE:
            return voice.say("refusal", "Type what lies on the counter.")
        case Reason.UNRESOLVED:
            return voice.say("refusal", "Settle the payments in doubt first.")
        case Reason.APPROVAL_NEEDED:
            return voice.say("refusal", "Staff must check something first.")
        case Reason.WRONG_PIN | Reason.NOT_SIGNED_ON:
            return voice.say("refusal", "Sign in first.")
        case Reason.LANE_CLOSED | Reason.OUT_OF_SERVICE:
            return voice.say("refusal", "This till takes no new items now.")
        case _:
            return voice.say("refusal", "That is not possible right now.")


def limit(voice: Voice, pieces: int) -> str:
    """Say how many a customer may take alone."""
    return voice.count(
        "refusal",
        "You can take {number} of this. Ask staff for more.",
        "You can take {number} of these. Ask staff for more.",
        pieces,
    )


def line_note(voice: Voice, line: LineItem) -> str:
    """Give the mark of a line in words: what it weighs and costs each, and that it waits for staff."""
    if line.waits_for_staff:
        return voice.say("basket", "Waits for staff")
    if line.unit.value == "kg":
        return voice.say(
            "basket", "{weight} kg x {price} per kg", weight=voice.weight(line.quantity), price=voice.money(line.price)
        )
    if line.quantity > 1:
        return voice.say("basket", "{price} each", price=voice.money(line.price))
    return ""


def pieces(line: LineItem) -> str:
    """Give the pieces of a line, "2 x"; nothing for one, or for what is weighed."""
    return f"{int(line.quantity)} x" if line.unit.value == "ea" and line.quantity != 1 else ""


def price(voice: Voice, item: Item) -> str:
    """Give what an item costs; nothing if the hub has sent no price."""
    return "" if item.price is None else voice.unit_price(item.price, item.unit)


def spoken(view: View, voice: Voice) -> View:
    """Add the summary that is read out: news, title, sentence, last item, amount, and how many choices there are."""
    parts = [
        view.strip.text if view.strip else "",
        view.title,
        view.sentence,
        "" if view.rows else view.empty,
        f"{view.last_text} {view.last_amount}".strip(),
        f"{view.amount_label} {view.amount}".strip(),
        view.keypad.hint if view.keypad else "",
    ]
    number = len(view.actions()) + len(view.tiles)
    if number:
        parts.append(voice.count("spoken", "{number} choice.", "{number} choices.", number))
    return replace(view, spoken=" ".join(part if part[-1] in _ENDS else f"{part}." for part in parts if part))
