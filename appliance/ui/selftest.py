"""What a drawn page must keep, as functions on the widget tree: used by the tests over every page, and on the panel.

Source: EN 301 549 5.1.4, 5.5 and 8.3.2; WCAG 2.2 1.4.3, 2.5.5; the sizes of the design (theme.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from appliance.ui.keys import names
from appliance.ui.runs import FontFiles, visual_runs
from appliance.ui.screens.screen import Screen
from appliance.ui.screens.sheet import REACH_SHARE
from appliance.ui.theme import GAP, MARGIN, PX_PER_MM, STAFF_TARGET, TARGET, Size
from appliance.ui.view import ICONS, Layout, View
from appliance.ui.widgets.button import ButtonPiece
from appliance.ui.widgets.parts import Button, Rect, Rows, Words
from appliance.ui.widgets.rows import RowsPiece
from appliance.ui.widgets.surface import CodePiece, WordsPiece

TITLE_WORDS: Final = 7
STAFF_GAP: Final = 16
SLACK: Final = 1.0
"""Rounding to whole device px, px."""

STAFF_PAGES: Final = frozenset(
    {
        "attendant",
        "approve",
        "resolve_payment",
        "resolve_reason",
        "refund_due",
        "given_back",
        "found_paid",
        "post_void",
        "close_day",
        "cash",
        "drawer",
        "void_sale",
        "sign_in",
    }
)
LEAST_CODE: Final = 40
"""Side of a QR code without its quiet zone, mm."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong with a page."""

    page: str
    rule: str
    what: str

    def __str__(self) -> str:
        return f"{self.page}: {self.rule}: {self.what}"


def inspect(screen: Screen) -> list[Finding]:
    """Give everything that is wrong with the picture on a screen; [] is what a page should be."""
    view = screen.view
    if view is None:
        return []
    checks: tuple[Callable[[Screen, View], Iterator[tuple[str, str]]], ...] = (
        _targets,
        _gaps,
        _edges,
        _reach,
        _cut,
        _glyphs,
        _codes,
        _sizes,
        _words_on_buttons,
        _reading,
    )
    return [Finding(view.page, rule, what) for check in checks for rule, what in check(screen, view)]


def smallest_target(screen: Screen, dpi: float) -> float:
    """Give the smallest side of any target on the screen, mm."""
    sides = [min(b.at.width, b.at.height) for b in _buttons(screen)]
    return min(sides, default=0.0) * screen.scale / dpi * 25.4


def _buttons(screen: Screen) -> list[Button]:
    return [piece.part for piece in screen.board.pieces() if isinstance(piece.part, Button)]


def _staff(view: View) -> bool:
    return view.layout is Layout.LIST or view.page.split("-")[0] in STAFF_PAGES


def _targets(screen: Screen, view: View) -> Iterator[tuple[str, str]]:
    least = STAFF_TARGET if _staff(view) else TARGET
    for button in _buttons(screen):
        if min(button.at.width, button.at.height) < least - SLACK:
            size = f"{button.at.width:.0f} x {button.at.height:.0f} px"
            yield "target", f"{button.name} is {size}, under {least} ({least / PX_PER_MM:.0f} mm)"
    for part in (piece.part for piece in screen.board.pieces() if isinstance(piece.part, Rows)):
        if part.row_height < 96:
            yield "target", f"rows are {part.row_height} px high, under 96"


def _gaps(screen: Screen, view: View) -> Iterator[tuple[str, str]]:
    least = STAFF_GAP if _staff(view) else GAP
    buttons = _buttons(screen)
    for i, one in enumerate(buttons):
        for other in buttons[i + 1 :]:
            gap = _distance(one.at, other.at)
            if gap < least - SLACK:
                yield "gap", f"{one.name} and {other.name} are {gap:.0f} px apart, under {least}"


def _distance(one: Rect, other: Rect) -> float:
    across = max(one.x - other.right, other.x - one.right)
    down = max(one.y - other.bottom, other.y - one.bottom)
    return max(across, down)


def _edges(screen: Screen, _view: View) -> Iterator[tuple[str, str]]:
    for button in _buttons(screen):
        at = button.at
        space = min(at.x, at.y, screen.width - at.right, screen.height - at.bottom)
        if space < MARGIN - SLACK:
            yield "edge", f"{button.name} is {space:.0f} px from the edge, under {MARGIN}"


def _reach(screen: Screen, view: View) -> Iterator[tuple[str, str]]:
    if not view.low_reach or _staff(view):
        return
    line = screen.height * REACH_SHARE
    for button in _buttons(screen):
        if button.at.y < line - SLACK:
            yield "reach", f"{button.name} begins {line - button.at.y:.0f} px above the low-reach line"
    for part in (piece.part for piece in screen.board.pieces() if isinstance(piece.part, Rows)):
        if any(row.name for row in part.rows) and part.at.y < line - SLACK:
            yield "reach", "rows begin above the low-reach line"


def _cut(screen: Screen, _view: View) -> Iterator[tuple[str, str]]:
    for piece in screen.board.pieces():
        if isinstance(piece, WordsPiece | ButtonPiece) and piece.cut:
            yield "cut", f"{piece.part.key}: {piece.part.text!r} does not fit"
        if isinstance(piece, WordsPiece | ButtonPiece) and piece.part.text:
            broken = _broken(screen, piece)
            if broken:
                yield "cut", f"{piece.part.key}: the word {broken!r} falls apart"
        if isinstance(piece, RowsPiece):
            yield from (("cut", f"row {row.row.text!r} does not fit") for row in piece.shown() if row.cut)
    yield from _overlaps(screen)


def _broken(screen: Screen, piece: WordsPiece | ButtonPiece) -> str:
    """Give a word wider than the place that its text was set in."""
    part = piece.part
    room = part.at.width if isinstance(part, Words) else piece.words_width
    words = part.text.replace("\n", " ").replace("-", "- ").split(" ")
    latin = (word for word in words if word.isascii() or not any(ord(c) > 0x2E80 for c in word))
    return next((word for word in latin if screen.typesetter.width(word, part.size, bold=part.bold) > room + 2), "")


def _overlaps(screen: Screen) -> Iterator[tuple[str, str]]:
    """Find words that lie under a button or over other words."""
    texts = [p for p in screen.board.pieces() if isinstance(p, WordsPiece) and p.part.text]
    for text in texts:
        seen = text.seen()
        for button in _buttons(screen):
            if _distance(seen, button.at) < 0:
                yield "cut", f"{text.part.key} lies under {button.name}"
        for other in texts:
            if other.part.key > text.part.key and _distance(seen, other.seen()) < -8:
                yield "cut", f"{text.part.key} and {other.part.key} lie over each other"


def _glyphs(screen: Screen, _view: View) -> Iterator[tuple[str, str]]:
    for piece in screen.board.pieces():
        texts: list[tuple[str, bool]] = []
        if isinstance(piece.part, Words):
            texts = [(piece.part.text, piece.part.bold)]
        elif isinstance(piece.part, Button):
            texts = [(piece.part.text, piece.part.bold), (piece.part.note, False)]
        elif isinstance(piece.part, Rows):
            texts = [(f"{row.text}{row.note}{row.quantity}{row.amount}", False) for row in piece.part.rows]
        for text, bold in texts:
            missing = missing_glyphs(text, screen.typesetter.fonts, bold=bold)
            if missing:
                yield "glyph", f"{piece.part.key}: no font draws {missing!r}"


def _codes(screen: Screen, _view: View) -> Iterator[tuple[str, str]]:
    for piece in screen.board.pieces():
        if isinstance(piece, CodePiece):
            side = piece.side / screen.scale / PX_PER_MM
            if side < LEAST_CODE:
                yield "code", f"{piece.part.key} is {side:.1f} mm wide, under {LEAST_CODE}"


def missing_glyphs(text: str, fonts: FontFiles, *, bold: bool) -> str:
    """Give the characters of a text that its fonts cannot draw."""
    found = []
    for run in visual_runs(text.replace("\n", " ")):
        known = _covered(fonts.path(run.script, bold=bold))
        found += [character for character in run.text if ord(character) not in known]
    return "".join(found)


@cache
def _covered(font: str) -> frozenset[int]:
    from kivy import kivy_data_dir  # noqa: PLC0415 - Kivy's own fonts are named, not pathed

    from appliance.ui.runs import characters_of  # noqa: PLC0415 - only in the self-test

    path = Path(font)
    return characters_of(path if path.is_absolute() else Path(kivy_data_dir) / "fonts" / f"{font}-Regular.ttf")


def _sizes(screen: Screen, view: View) -> Iterator[tuple[str, str]]:
    if _staff(view):
        return
    for piece in screen.board.pieces():
        part = piece.part
        if isinstance(part, Words) and part.needed and part.text and part.size < Size.BODY:
            yield "size", f"{part.key} is needed and {part.size} px small"
        if isinstance(part, Button) and part.text and part.size < Size.BODY:
            yield "size", f"{part.name} is {part.size} px small"
    if len(view.title.split()) > TITLE_WORDS and not _names_goods(view):
        yield "title", f"{view.title!r} has more than {TITLE_WORDS} words"


def _names_goods(view: View) -> bool:
    """Whether the title is the name of an item, which nobody here may shorten."""
    return view.page.startswith("line")


def _words_on_buttons(screen: Screen, view: View) -> Iterator[tuple[str, str]]:
    for action in view.actions():
        if not action.text:
            yield "word", f"{action.name} has no word"
        if not action.spoken:
            yield "spoken", f"{action.name} has no spoken name"
        if action.icon not in ICONS:
            yield "icon", f"{action.name} has no icon of the atlas: {action.icon!r}"
        if screen.board.button(action.name) is None:
            yield "drawn", f"{action.name} is not on the screen"
    for tile in view.tiles:
        if screen.board.button(tile.name) is None:
            yield "drawn", f"{tile.name} is not on the screen"


def _reading(screen: Screen, view: View) -> Iterator[tuple[str, str]]:
    """The focus of the assistive keypad reaches everything that a finger reaches."""
    reached = {name for name, _ in names(view)}
    local = {button.name for button in _buttons(screen) if button.name.startswith("rows:")}
    for button in _buttons(screen):
        if button.name not in reached | local:
            yield "focus", f"{button.name} is never reached by the keypad"
