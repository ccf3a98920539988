"""Words of finding an item without a barcode. Pure."""

from __future__ import annotations

from dataclasses import replace

from appliance.core.catalogue import Item
from appliance.core.identifiers import Language
from appliance.ui.entry.finding import categories, found, letters, named, numbered, tiles_per_page
from appliance.ui.entry.overlays import Naming, Numbering, Searching
from appliance.ui.view import Action, Keypad, Layout, Role, Tile, View
from appliance.ui.wording.scene import Scene, action, price


def search(scene: Scene, searching: Searching) -> View:
    """Show tiles of a category, or of the names that a text begins."""
    voice, shelf = scene.voice, scene.frame.shelf
    items = found(shelf, searching, _languages(scene))
    size = tiles_per_page(low_reach=scene.entry.low_reach)
    pages = max(1, -(-len(items) // size))
    page = searching.page % pages
    more = voice.say("search", "More {page}/{pages}", page=page + 1, pages=pages)
    more_spoken = voice.say("search", "More items. Page {page} of {pages}.", page=page + 1, pages=pages)
    offered = categories(shelf, searching.group)
    tabs = tuple(_tab(scene, category, searching) for category in offered)
    if len(offered) < len(shelf.categories):
        others = voice.say("search", "Other categories")
        tabs = (*tabs, action("groups", voice.say("search", "Others"), "more", spoken=others))
    number = action("number", voice.say("search", "Name or number"), "keypad")
    return replace(
        scene.picture("search", Layout.GRID),
        title=voice.say("search", "Find item"),
        tabs=(*tabs, number),
        tiles=tuple(_tile(scene, item) for item in items[page * size : (page + 1) * size]),
        empty="" if items else voice.say("search", "Nothing found. Try fewer letters."),
        primary=action("more", more, "more", role=Role.PRIMARY, spoken=more_spoken) if pages > 1 else None,
        bar=scene.bar(scene.back()),
    )


def _languages(scene: Scene) -> tuple[Language, ...]:
    """Give the languages whose names are searched: the customer's, the shop's, and English."""
    return (scene.voice.language, scene.voice.fallback, Language("en"))


def _tab(scene: Scene, category: str, searching: Searching) -> Action:
    name = scene.voice.category(category)
    return action(f"category:{category}", name, "basket", selected=category == searching.category)


def _tile(scene: Scene, item: Item) -> Tile:
    name, cost = scene.voice.item(item), price(scene.voice, item)
    return Tile(name=f"item:{item.sku}", text=name, note=cost, picture=item.picture, spoken=f"{name}. {cost}.")


def number(scene: Scene, typing: Numbering) -> View:
    """Ask for the number of an item; its name is shown as soon as only one fits."""
    say = scene.voice.say
    fitting = numbered(scene.frame.shelf, typing.digits)
    hint = ""
    if typing.none_found or (typing.digits and not fitting):
        hint = say("item_number", "No item has this number.")
    elif len(fitting) == 1:
        hint = scene.voice.item(fitting[0])
    return replace(
        scene.picture("item_number", Layout.KEYPAD),
        title=say("item_number", "Item number"),
        sentence=say("item_number", "It is on the shelf or on the item."),
        keypad=Keypad(entry=typing.digits, hint=hint),
        choices=(action("letters", say("item_number", "Letters"), "letters"),),
        primary=scene.ok() if len(typing.digits) >= 4 else None,
        bar=scene.bar(scene.back()),
    )


def name(scene: Scene, typing: Naming) -> View:
    """Ask for the first letters of an item; only letters that lead to one are offered."""
    voice, shelf, languages = scene.voice, scene.frame.shelf, _languages(scene)
    hits = named(shelf, typing.text, languages) if typing.text else ()
    hint = ""
    if len(hits) == 1:
        hint = voice.item(hits[0])
    elif hits:
        hint = voice.count("item_name", "{number} item", "{number} items", len(hits))
    keys = letters(shelf, typing.text, languages)
    show = action("ok", voice.say("item_name", "Show"), "search", role=Role.PRIMARY)
    return replace(
        scene.picture("item_name", Layout.KEYPAD),
        title=voice.say("item_name", "First letters"),
        sentence=voice.say("item_name", "Type how the name begins."),
        keypad=Keypad(entry=typing.text.upper(), hint=hint, keys=(), letters=(*keys, "back") if typing.text else keys),
        choices=(action("digits", voice.say("item_name", "Digits"), "keypad"),),
        primary=show if hits else None,
        bar=scene.bar(scene.back()),
    )
