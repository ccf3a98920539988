"""Colours, type sizes and measures of the screen, with every pair of colours that meets on it. Pure, no Kivy.

Colours are sRGB "#RRGGBB"; lengths are px of the reference panel (1280 x 800 or 800 x 1280, 149 dpi, 5.9 px/mm).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

from appliance.ui.view import Theme

GRID: Final = 8
MARGIN: Final = 24
"""Outer margin and gutter: 4 mm."""
GAP: Final = 18
"""Least distance of two targets: 3 mm."""
TOP: Final = 72
"""Height of the top strip."""
TARGET: Final = 120
"""Least side of a customer's target: 20 mm."""
STAFF_TARGET: Final = 88
"""Least side of a target on staff pages: 15 mm."""
ROW: Final = 96
"""Least height of a basket row: choosing it changes nothing."""
PX_PER_MM: Final = 5.9

RADIUS_BUTTON: Final = 16
RADIUS_CARD: Final = 24
RADIUS_ROW: Final = 12
EDGE: Final = 2
FOCUS_RING: Final = 6
TRAINING_FRAME: Final = 16
FLASH_SECONDS: Final = 0.16


class Size(IntEnum):
    """The six font sizes, px. Nothing on the screen has another one (200 sizes of Noto CJK cost 160 MB, six 16)."""

    NOTE = 28
    BODY = 40
    LABEL = 52
    TITLE = 64
    AMOUNT = 88
    TOTAL = 120


class Token(StrEnum):
    """What a colour is for."""

    PAGE = "page"
    CARD = "card"
    SUNK = "sunk"
    INK = "ink"
    SOFT = "soft"
    EDGE = "edge"
    FOCUS = "focus"
    FORWARD = "forward"
    FORWARD_DOWN = "forward_down"
    FORWARD_ON = "forward_on"
    CHOICE = "choice"
    CHOICE_DOWN = "choice_down"
    CHOICE_ON = "choice_on"
    STOP = "stop"
    STOP_DOWN = "stop_down"
    STOP_ON = "stop_on"
    INFO = "info"
    INFO_ON = "info_on"
    WARN = "warn"
    WARN_ON = "warn_on"
    FLASH = "flash"


def _palette(*colours: str) -> Mapping[Token, str]:
    return dict(zip(Token, colours, strict=True))


PALETTES: Final[Mapping[Theme, Mapping[Token, str]]] = {
    Theme.NORMAL: _palette(
        *("#F5F3EE", "#FFFFFF", "#E6E2D9"),
        *("#16211D", "#3D4A45"),
        *("#747F79", "#0B4A8F"),
        *("#055E47", "#03402F", "#FFFFFF"),
        *("#FFFFFF", "#DCE9E3", "#16211D"),
        *("#A11616", "#741010", "#FFFFFF"),
        *("#0B4A8F", "#FFFFFF"),
        *("#FFB454", "#16211D"),
        "#CFE6DB",
    ),
    Theme.HIGH_CONTRAST: _palette(
        *("#000000", "#000000", "#1A1A1A"),
        *("#FFFFFF", "#FFFFFF"),
        *("#FFFFFF", "#00E5FF"),
        *("#FFE500", "#FFFFFF", "#000000"),
        *("#000000", "#333333", "#FFFFFF"),
        *("#FFFFFF", "#FFE500", "#000000"),
        *("#00E5FF", "#000000"),
        *("#FFE500", "#000000"),
        "#3D3800",
    ),
    Theme.CALM: _palette(
        *("#ECEBE6", "#F6F5F1", "#DFDED8"),
        *("#26302C", "#3A4540"),
        *("#737C77", "#364D67"),
        *("#2B5548", "#1D3E34", "#F6F5F1"),
        *("#F6F5F1", "#DDE3DF", "#26302C"),
        *("#6E3535", "#532626", "#F6F5F1"),
        *("#364D67", "#F6F5F1"),
        *("#E3CDA4", "#26302C"),
        "#DDE6E1",
    ),
}

SHADOW: Final = 0.14
"""Share of ink in the one shadow."""

QR_LIGHT: Final = "#FFFFFF"
QR_DARK: Final = "#000000"
"""A code to be scanned is black on white in every theme (ISO/IEC 18004: dark modules on a light ground)."""


class Need(IntEnum):
    """Least contrast ratio of a pair: text 7:1 (WCAG 2.2, 1.4.6), edges and controls 3:1 (1.4.11)."""

    TEXT = 7
    EDGE = 3


@dataclass(frozen=True, slots=True)
class Pair:
    """Two colours that meet on the screen, and how far apart they must be."""

    front: Token
    ground: Token
    need: Need


def _text(front: Token, *grounds: Token) -> tuple[Pair, ...]:
    return tuple(Pair(front, ground, Need.TEXT) for ground in grounds)


def _edge(front: Token, *grounds: Token) -> tuple[Pair, ...]:
    return tuple(Pair(front, ground, Need.EDGE) for ground in grounds)


PAIRS: Final = (
    *_text(Token.INK, Token.PAGE, Token.CARD, Token.SUNK, Token.FLASH, Token.CHOICE_DOWN),
    *_text(Token.SOFT, Token.PAGE, Token.CARD, Token.SUNK, Token.FLASH),
    *_text(Token.FORWARD_ON, Token.FORWARD, Token.FORWARD_DOWN),
    *_text(Token.CHOICE_ON, Token.CHOICE, Token.CHOICE_DOWN),
    *_text(Token.STOP_ON, Token.STOP, Token.STOP_DOWN),
    *_text(Token.INFO_ON, Token.INFO),
    *_text(Token.WARN_ON, Token.WARN),
    *_edge(Token.EDGE, Token.PAGE, Token.CARD, Token.SUNK, Token.CHOICE),
    *_edge(Token.FOCUS, Token.PAGE, Token.CARD, Token.SUNK, Token.CHOICE),
    *_edge(Token.FORWARD, Token.PAGE, Token.CARD, Token.SUNK, Token.CHOICE_DOWN),
    *_edge(Token.FORWARD_DOWN, Token.PAGE, Token.CARD),
    *_edge(Token.STOP, Token.PAGE, Token.CARD),
    *_edge(Token.STOP_DOWN, Token.PAGE, Token.CARD),
    *_edge(Token.INFO, Token.PAGE, Token.SUNK),
)
"""Every pair in use. `warn` is always edged, so that its ground needs no contrast of its own with the page."""


def rgb(colour: str) -> tuple[float, float, float]:
    """Give the channels of "#RRGGBB", each 0..1."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def luminance(colour: str) -> float:
    """Give the relative luminance, 0..1 (WCAG 2.2)."""

    def linear(channel: float) -> float:
        return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(channel) for channel in rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Give the contrast ratio of two colours, 1..21 (WCAG 2.2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
