"""Key codes of a keyboard to the characters that a scanner typed with them. Pure.

A scanner types as if on the keyboard of a country, whatever the machine is set to, so the layout is configuration and
the machine's own layout and its Caps Lock are never asked. Key codes are those of Linux (input-event-codes.h).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_SHIFT: Final = frozenset({42, 54})
_CONTROL: Final = frozenset({29, 97})
_ALTGR: Final = frozenset({100})
_ENTER: Final = frozenset({28, 96})
_TAB: Final = 15
_SPACE: Final = 57

# The keys of a keyboard in rows, by their position: number row, upper, home and lower row of letters, then the key
# beside the left Shift that US keyboards lack.
_POSITIONS: Final = (
    (41, *range(2, 14)),
    tuple(range(16, 28)),
    (*range(30, 41), 43),
    tuple(range(44, 54)),
    (86,),
)
_ROWS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "us": (
        ("`1234567890-=", "~!@#$%^&*()_+"),
        ("qwertyuiop[]", "QWERTYUIOP{}"),
        ("asdfghjkl;'\\", 'ASDFGHJKL:"|'),
        ("zxcvbnm,./", "ZXCVBNM<>?"),
        ("\\", "|"),
    ),
    "no": (
        ("|1234567890+\\", '§!"#¤%&/()=?`'),
        ("qwertyuiopå¨", "QWERTYUIOPÅ^"),
        ("asdfghjkløæ'", "ASDFGHJKLØÆ*"),
        ("zxcvbnm,.-", "ZXCVBNM;:_"),
        ("<", ">"),
    ),
    "de": (
        ("^1234567890ß´", '°!"§$%&/()=?`'),
        ("qwertzuiopü+", "QWERTZUIOPÜ*"),
        ("asdfghjklöä#", "ASDFGHJKLÖÄ'"),
        ("yxcvbnm,.-", "YXCVBNM;:_"),
        ("<", ">"),
    ),
}
_WITH_ALTGR: Final[Mapping[str, Mapping[int, str]]] = {
    "us": {},
    "no": {3: "@", 4: "£", 5: "$", 6: "€", 8: "{", 9: "[", 10: "]", 11: "}", 13: "´", 18: "€", 27: "~", 50: "µ"},
    "de": {16: "@", 3: "²", 4: "³", 8: "{", 9: "[", 10: "]", 11: "}", 12: "\\", 18: "€", 27: "~", 50: "µ", 86: "|"},
}
# The number block types the same in every layout; what Num Lock is set to is the machine's affair, not the scanner's.
_NUMBER_BLOCK: Final = dict(
    zip((71, 72, 73, 75, 76, 77, 79, 80, 81, 82, 83, 55, 74, 78, 98), "789456123" + "0.*-+/", strict=True)
)

LAYOUTS: Final = tuple(_ROWS)
"""Layouts that a scanner may be set to type in."""


class Typing:
    """Follows the keys of one scanner; `key` gives what was typed; Enter is a line feed."""

    def __init__(self, layout: str) -> None:
        self._plain: dict[int, str] = {_SPACE: " ", _TAB: "\t", **_NUMBER_BLOCK}
        self._shifted: dict[int, str] = dict(self._plain)
        for positions, (plain, shifted) in zip(_POSITIONS, _ROWS[layout], strict=True):
            self._plain.update(zip(positions, plain, strict=True))
            self._shifted.update(zip(positions, shifted, strict=True))
        self._altgr = _WITH_ALTGR[layout]
        self._held: set[int] = set()

    def key(self, code: int, value: int) -> str:
        """Take a key event (`value` 1 = down, 0 = up, 2 = repeats); give the character typed, or ""."""
        if code in _SHIFT | _CONTROL | _ALTGR:
            if value:
                self._held.add(code)
            else:
                self._held.discard(code)
            return ""
        if value != 1:
            return ""
        if code in _ENTER:
            return "\n"
        if self._held & _CONTROL:
            return self._control(code)
        if self._held & _ALTGR:
            return self._altgr.get(code, "")
        return (self._shifted if self._held & _SHIFT else self._plain).get(code, "")

    def _control(self, code: int) -> str:
        """Scanners type control characters as Ctrl and a key: Ctrl+] is the group separator of GS1, in US position."""
        for positions, (plain, _) in zip(_POSITIONS, _ROWS["us"], strict=True):
            if code in positions:
                character = plain[positions.index(code)].upper()
                return chr(ord(character) & 0x1F) if "A" <= character <= "_" else ""
        return ""
