"""The assistive keypad: six keys that arrive as ordinary ones, and the focus that they move. No Kivy.

Order of reading = order of `View.actions`, then tiles, rows and keys. The focus never moves by itself, and nothing has
it until the first key: a stray Enter does nothing.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from appliance.ui.view import View


class Key(StrEnum):
    """What a key of the keypad asks for."""

    NEXT = "next"
    BACK = "back"
    OK = "ok"
    HELP = "help"
    LOUDER = "louder"
    SOFTER = "softer"


CODES: Final = {
    9: Key.NEXT,
    274: Key.NEXT,
    275: Key.NEXT,
    273: Key.BACK,
    276: Key.BACK,
    13: Key.OK,
    271: Key.OK,
    282: Key.HELP,
    270: Key.LOUDER,
    269: Key.SOFTER,
}
"""SDL key codes as Kivy gives them: Tab and arrows, Enter, F1, the plus and minus of the number block."""


def names(view: View) -> tuple[tuple[str, str], ...]:
    """Give everything that can be touched, as name and spoken words, in the order of reading."""
    found = [(action.name, action.spoken or action.text) for action in view.actions()]
    found += [(tile.name, tile.spoken or tile.text) for tile in view.tiles]
    found += [(row.name, f"{row.text}. {row.quantity} {row.amount}") for row in view.rows if row.name]
    if view.keypad is not None:
        found += [(f"key:{key}", key) for key in (*view.keypad.keys, *view.keypad.letters) if key]
    return tuple(found)


def moved(view: View, focus: str, key: Key) -> tuple[str, str]:
    """Give name and spoken words of what has the focus after a key; "" where there is nothing to touch."""
    order = names(view)
    if not order:
        return "", ""
    present = next((i for i, (name, _) in enumerate(order) if name == focus), None)
    if present is None:
        return order[0] if key is Key.NEXT else order[-1]
    return order[(present + (1 if key is Key.NEXT else -1)) % len(order)]
