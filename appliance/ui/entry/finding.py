"""Finding an item without a barcode: by category, by the first letters of its name, by its number. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from appliance.core.catalogue import Item, Shelf
from appliance.core.identifiers import Language
from appliance.ui.entry.overlays import Searching

_WORD = re.compile(r"[^\W\d_]+")
_LATIN_END = "\u0250"
_ALPHABET = "abcdefghijklmnopqrstuvwxyzæøå"


def tiles_per_page(*, low_reach: bool) -> int:
    """Give how many tiles a page of the grid has: two rows of four, or one where only the lower part is used."""
    return 4 if low_reach else 8


def categories(shelf: Shelf, group: int) -> tuple[str, ...]:
    """Give the categories to offer: all of up to four, else three at a time, round and round."""
    if len(shelf.categories) <= 4:
        return shelf.categories
    groups = -(-len(shelf.categories) // 3)
    first = group % groups * 3
    return shelf.categories[first : first + 3]


def found(shelf: Shelf, searching: Searching, languages: Sequence[Language]) -> tuple[Item, ...]:
    """Give the items of a category or of a text, in the order of the shelf."""
    if searching.text:
        return named(shelf, searching.text, languages)
    if searching.category:
        return tuple(item for item in shelf.items if item.category == searching.category)
    return shelf.items


def named(shelf: Shelf, text: str, languages: Sequence[Language]) -> tuple[Item, ...]:
    """Give the items with a word that begins with a text, in any of the languages."""
    return tuple(
        item for item in shelf.items if any(word.startswith(text.casefold()) for word in _words(item, languages))
    )


def letters(shelf: Shelf, text: str, languages: Sequence[Language]) -> tuple[str, ...]:
    """Give the letters that, typed next, still lead to an item; in the order of the alphabet."""
    after = {
        word[len(text)]
        for item in shelf.items
        for word in _words(item, languages)
        if len(word) > len(text) and word.startswith(text.casefold())
    }
    return tuple(sorted((letter for letter in after if letter < _LATIN_END), key=_place))


def numbered(shelf: Shelf, digits: str) -> tuple[Item, ...]:
    """Give the items whose number begins with digits."""
    return tuple(item for item in shelf.items if digits and item.plu is not None and str(item.plu).startswith(digits))


def _words(item: Item, languages: Sequence[Language]) -> tuple[str, ...]:
    names = [item.names[language] for language in languages if language in item.names]
    return tuple(word for name in names for word in _WORD.findall(name.casefold()))


def _place(letter: str) -> tuple[int, str]:
    return (_ALPHABET.index(letter) if letter in _ALPHABET else len(_ALPHABET), letter)
