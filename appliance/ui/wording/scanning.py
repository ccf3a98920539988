"""Words of the basket and of the questions about it. Pure."""

from __future__ import annotations

from dataclasses import replace

from appliance.core.checkout import LineItem, Reason, Rejection
from appliance.core.identifiers import LineNumber
from appliance.core.money import Money
from appliance.ui.entry.overlays import ChangingQuantity
from appliance.ui.pages import BasketPage
from appliance.ui.view import Action, Keypad, Layout, Role, Row, View
from appliance.ui.wording.scene import Scene, action, limit, line_note, pieces


def basket(scene: Scene, page: BasketPage) -> View:
    """Show the lines, the one scanned last large, and the total."""
    voice, entry = scene.voice, scene.entry
    last = page.line(entry.last) if entry.last is not None else None
    middle = _without_barcode(scene)
    if page.lines:
        middle = (*middle, action("cancel_all", voice.say("basket", "Cancel all"), "cross"))
    total = voice.money(page.total)
    pay = action("pay", voice.say("basket", "Pay {amount}", amount=total), "pay", role=Role.PRIMARY)
    return replace(
        scene.picture("basket", Layout.BASKET),
        title=voice.say("basket", "Scan your items"),
        rows=tuple(_row(scene, line, fresh=last is line) for line in page.lines),
        empty=_empty(scene),
        last_text="" if last is None else voice.name(last),
        last_amount="" if last is None else voice.money(last.gross),
        amount_label=voice.say("basket", "To pay"),
        amount=total,
        undo=_undo(scene, page),
        primary=pay if page.lines and page.total.minor > 0 else None,
        bar=scene.bar(*middle),
    )


def started(scene: Scene) -> View:
    """Show an empty basket to someone who touched Start."""
    voice = scene.voice
    return replace(
        scene.picture("basket", Layout.BASKET),
        steps=(voice.say("steps", "Scan"), voice.say("steps", "Pay"), voice.say("steps", "Receipt")),
        step=1,
        title=voice.say("basket", "Scan your items"),
        empty=_empty(scene),
        bar=scene.bar(*_without_barcode(scene), scene.back()),
    )


def _empty(scene: Scene) -> str:
    return scene.voice.say("basket", "Hold a barcode in front of the scanner.")


def _without_barcode(scene: Scene) -> tuple[Action, ...]:
    if not scene.frame.shelf.items:
        return ()
    say = scene.voice.say
    return (action("search", say("basket", "No barcode"), "search", spoken=say("basket", "Find an item by picture")),)


def _row(scene: Scene, line: LineItem, *, fresh: bool) -> Row:
    voice = scene.voice
    return Row(
        key=str(line.line),
        text=voice.name(line),
        name="" if line.deposit_of is not None else f"line:{line.line}",
        note=line_note(voice, line),
        quantity=pieces(line),
        amount=voice.amount(line.gross),
        fresh=fresh,
    )


def _undo(scene: Scene, page: BasketPage) -> Action | None:
    if page.removed is None:
        return None
    say, name = scene.voice.say, scene.voice.name(page.removed)
    return action(
        "undo",
        say("basket", "Undo"),
        "undo",
        note=say("basket", "Removed."),
        spoken=say("basket", "Removed: {item}. Undo.", item=name),
    )


def on_line(scene: Scene, page: BasketPage, number: LineNumber) -> View:
    """Offer what can be done with a line."""
    voice, line = scene.voice, page.line(number)
    if line is None:
        return basket(scene, page)
    quantity = action("quantity", voice.say("line", "Quantity"), "quantity")
    remove = action("remove", voice.say("line", "Remove"), "remove", role=Role.STOP)
    return replace(
        scene.picture("line", Layout.QUESTION),
        icon="basket",
        title=voice.name(line),
        sentence=line_note(voice, line),
        amount=voice.money(line.gross),
        amount_label=pieces(line),
        choices=(remove,) if line.quantity_fixed else (quantity, remove),
        primary=scene.back(Role.PRIMARY),
    )


def quantity(scene: Scene, page: BasketPage, asked: ChangingQuantity) -> View:
    """Ask how many."""
    voice, line = scene.voice, page.line(asked.line)
    if line is None:
        return basket(scene, page)
    name, wanted = voice.name(line), int(asked.digits or 0)
    hint = limit(voice, asked.limit) if asked.limit else ""
    if not hint and asked.digits:
        hint = voice.money(line.price * wanted) if wanted else voice.say("quantity", "With 0 you can remove the item.")
    fewer = action("less", voice.say("quantity", "Fewer"), "minus")
    more = action("more", voice.say("quantity", "More"), "plus")
    return replace(
        scene.picture("quantity", Layout.KEYPAD),
        title=voice.say("quantity", "How many?"),
        sentence=name,
        keypad=Keypad(entry=asked.digits, hint=hint),
        choices=(fewer, more) if wanted > 0 else (more,),
        primary=scene.ok() if asked.digits else None,
        bar=scene.bar(scene.back()),
    )


def not_sold(scene: Scene, rejection: Rejection) -> View:
    """Say that an item was not taken, and what to do now."""
    say = scene.voice.say
    title, sentence = _why_not_sold(scene, rejection.reason)
    find = action("search", say("unknown_item", "Find item"), "search")
    get_help = action("get_help", say("unknown_item", "Get help"), "staff")
    findable = bool(scene.frame.shelf.items) and rejection.reason in (Reason.UNKNOWN_ITEM, Reason.UNREADABLE)
    return replace(
        scene.picture("unknown_item", Layout.QUESTION),
        icon="unknown",
        title=title,
        sentence=sentence,
        choices=(find, get_help) if findable else (get_help,),
        primary=scene.carry_on(),
        bar=(scene.adjust(),),
    )


def _why_not_sold(scene: Scene, reason: Reason) -> tuple[str, str]:
    say = scene.voice.say
    match reason:
        case Reason.RECALLED:
            title = say("unknown_item", "This item cannot be sold")
            return title, say("unknown_item", "It has been recalled. Leave it here.")
        case Reason.EXPIRED:
            title = say("unknown_item", "This item cannot be sold")
            return title, say("unknown_item", "Its date has passed. Take a fresh one.")
        case Reason.NEEDS_SCALE:
            title = say("unknown_item", "This item must be weighed")
            return title, say("unknown_item", "Weigh it first, then scan the label.")
        case Reason.UNREADABLE:
            title = say("unknown_item", "We could not read this code")
            return title, say("unknown_item", "Scan again, find it, or get help.")
        case Reason.NO_PRICE:
            title = say("unknown_item", "This item has no price")
            return title, say("unknown_item", "Get help, or carry on without it.")
        case _:
            title = say("unknown_item", "We don't know this item")
            return title, say("unknown_item", "Scan again, find it, or get help.")


def turned_down(scene: Scene, line: LineItem) -> View:
    """Say that staff refused an item."""
    say = scene.voice.say
    return replace(
        scene.picture("turned_down", Layout.QUESTION),
        icon="cross",
        title=say("turned_down", "We cannot sell you this item"),
        sentence=say("turned_down", "{item} is removed.", item=scene.voice.name(line)),
        primary=scene.carry_on(),
    )


def approval(scene: Scene, page: BasketPage) -> View:
    """Say what waits for staff; scanning goes on."""
    voice, waiting = scene.voice, page.waiting
    aged = any(line.approval_age for line in waiting)
    title = voice.say("approval", "Show ID to staff") if aged else voice.say("approval", "Staff will check this")
    remove = voice.count("approval", "Remove item", "Remove items", len(waiting))
    sentence = voice.count(
        "approval",
        "Staff are called about {item}. You can keep scanning.",
        "Staff are called about {number} items. You can keep scanning.",
        len(waiting),
        item=voice.name(waiting[0]),
    )
    return replace(
        scene.picture("approval", Layout.STATUS),
        icon="age" if aged else "staff",
        strip=None,
        title=title,
        sentence=sentence,
        choices=(action("remove", remove, "remove"),),
        primary=action("carry_on", voice.say("approval", "Keep scanning"), "scan", role=Role.PRIMARY),
    )


def still_there(scene: Scene, left: int) -> View:
    """Ask a quiet customer; say when the basket goes."""
    voice = scene.voice
    sentence = voice.count(
        "still_there", "We clear the basket in {number} second.", "We clear the basket in {number} seconds.", left
    )
    cancel = action("cancel_all", voice.say("still_there", "Cancel all"), "cross", role=Role.STOP)
    return replace(
        scene.picture("still_there", Layout.QUESTION),
        icon="person",
        title=voice.say("still_there", "Are you still there?"),
        sentence=sentence,
        choices=(cancel,),
        primary=action("carry_on", voice.say("still_there", "Yes, continue"), "check", role=Role.PRIMARY),
    )


def cancel_all(scene: Scene, page: BasketPage) -> View:
    """Ask whether everything goes."""
    voice = scene.voice
    items = sum(1 for line in page.lines if line.deposit_of is None)
    return replace(
        scene.picture("cancel_all", Layout.QUESTION),
        icon="remove",
        title=voice.say("cancel_all", "Remove everything?"),
        sentence=voice.count("cancel_all", "{number} item will be removed.", "{number} items will be removed.", items),
        amount=_total(scene, page.total),
        choices=(action("cancel_all", voice.say("cancel_all", "Cancel all"), "cross", role=Role.STOP),),
        primary=action("carry_on", voice.say("cancel_all", "Keep items"), "basket", role=Role.PRIMARY),
    )


def _total(scene: Scene, total: Money) -> str:
    return scene.voice.money(total)
