"""What every layout has: the stage and its measures, the top strip and the one below it, the primary action."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from appliance.ui.screens import bar
from appliance.ui.theme import MARGIN, RADIUS_BUTTON, TARGET, TOP, TRAINING_FRAME, Size, Token
from appliance.ui.view import Action, Layout, Role, StripKind, View
from appliance.ui.widgets.parts import (
    LEADING,
    Button,
    Drawing,
    Level,
    Panel,
    Part,
    Rect,
    Setting,
    Shape,
    Side,
    Spot,
    Words,
)

BAR: Final = TARGET
STRIP: Final = 64
PRIMARY_WIDTH: Final = 416
PRIMARY_HEIGHT: Final = 152
ROW_LARGE: Final = 128
_STRIP_ICON: Final = 56
STAFF_SPOT: Final = (240, 88)
"""Where staff touch the shop's name to sign in, px."""
REACH_SHARE: Final = 0.4
"""Low reach: nothing operable in the upper 40 % of the screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A View on a stage."""

    view: View
    setting: Setting
    width: float
    height: float

    @property
    def portrait(self) -> bool:
        """Whether it stands upright."""
        return self.height > self.width

    @property
    def body(self) -> Size:
        """Size of running text: larger for those who asked (EN 301 549, 5.1.4)."""
        return Size.LABEL if self.view.large else Size.BODY

    @property
    def row(self) -> int:
        """Height of a basket row."""
        return ROW_LARGE if self.view.large else 96

    @property
    def top(self) -> float:
        """Where the content begins."""
        return TOP + self.strip_height + MARGIN

    @property
    def strip_height(self) -> float:
        """Height of the strip below the top one; 0 without one."""
        strip = self.view.strip
        if strip is None:
            return 0
        lines = self.setting.lines(strip.text, Size.BODY, self.inner - _STRIP_ICON, bold=True)
        return max(STRIP, len(lines) * LEADING[Size.BODY] + 16)

    @property
    def reach(self) -> float:
        """Above this line nothing may be touched."""
        return self.height * REACH_SHARE if self.view.low_reach else 0

    @property
    def bar(self) -> Rect:
        """Place of the bottom bar: beside the primary action, or below it on an upright screen."""
        width = self.inner if self.portrait else self.left
        high = bar.height(self, width)
        return Rect(MARGIN, self.height - MARGIN - high, width, high)

    @property
    def inner(self) -> float:
        """Width between the margins."""
        return self.width - 2 * MARGIN

    @property
    def left(self) -> float:
        """Width of the left column, landscape."""
        return self.inner - MARGIN - PRIMARY_WIDTH

    @property
    def right(self) -> float:
        """Where the right column begins, landscape."""
        return self.width - MARGIN - PRIMARY_WIDTH

    @property
    def aside(self) -> bool:
        """Whether something stands to the right of the bar."""
        return self.view.primary is not None or bool(self.view.choices)

    @property
    def floor(self) -> float:
        """Where the content ends: above the bar, landscape."""
        return self.bar.y - MARGIN

    def primary_place(self, *, low: bool = False) -> Rect:
        """Place of the primary action. `low`: no higher than the bar, where the content needs the room."""
        height = BAR if low else PRIMARY_HEIGHT
        if self.portrait:
            return Rect(MARGIN, self.bar.y - MARGIN - height, self.inner, height)
        return Rect(self.right, self.height - MARGIN - height, PRIMARY_WIDTH, height)

    def block(self, text: str, size: Size, width: float, *, bold: bool = False, balanced: bool = False) -> int:
        """Give the height of a text in px."""
        return LEADING[size] * len(self.setting.lines(text, size, width, bold=bold, balanced=balanced)) if text else 0

    def fitting(self, text: str, steps: Sequence[Size], width: float, *, bold: bool = False) -> Size:
        """Give the largest of some sizes in which a text fits into one line."""
        return next((size for size in steps if self.setting.width(text, size, bold=bold) <= width), steps[-1])

    # Parts that all layouts share -----------------------------------------------------------------------------------

    def ground(self) -> list[Part]:
        """Give the page, the top strip and the strip below it."""
        view = self.view
        whole = Rect(0, 0, self.width, self.height)
        parts: list[Part] = [Panel(key="ground", at=whole, fill=Token.PAGE, whole=True)]
        fill, ink = (Token.WARN, Token.WARN_ON) if view.training else (Token.SUNK, Token.INK)
        if view.training:
            thick = TRAINING_FRAME
            parts = [
                Panel(key="frame", at=whole, fill=Token.WARN, whole=True),
                Panel(key="ground", at=whole.inset(thick), fill=Token.PAGE),
            ]
        parts.append(Panel(key="top", at=Rect(0, 0, self.width, TOP), fill=fill))
        parts += self._top(ink)
        parts.append(Spot(key="staff", at=Rect(0, 0, *STAFF_SPOT), name="staff"))
        if view.strip is not None:
            parts += self._strip()
        return parts

    def _top(self, ink: Token) -> list[Part]:
        view = self.view
        parts: list[Part] = []
        left: float = MARGIN
        titled = view.layout is Layout.LIST and bool(view.title)
        if titled or (view.shop and not (self.portrait and view.step)):
            text, size = (view.title, Size.BODY) if titled else (view.shop, Size.NOTE)
            width = min(self.setting.width(text, size, bold=True) + 2, self.inner * 0.6)
            parts.append(self._in_top("shop", Rect(left, 0, width, TOP), text, ink, size=size, bold=True))
            left += round(width) + MARGIN
        right = self.width - MARGIN
        if view.step and not view.training:
            parts += self._steps(right, ink)
        text = view.training or ("" if view.step else view.top_right)
        if text:
            place = Rect(left, 0, right - left, TOP)
            parts.append(self._in_top("top:right", place, text, ink, side=Side.END, bold=bool(view.training)))
        return parts

    def _in_top(
        self,
        key: str,
        place: Rect,
        text: str,
        ink: Token,
        *,
        size: Size = Size.NOTE,
        side: Side = Side.START,
        bold: bool = False,
    ) -> Words:
        return Words(
            key=key, at=place, text=text, ink=ink, size=size, side=side, bold=bold, level=Level.MIDDLE, needed=False
        )

    def _steps(self, right: float, ink: Token) -> list[Part]:
        view = self.view
        dot, gap, between = 40, 12, 40
        widths = [self.setting.width(text, Size.NOTE, bold=True) + 2 for text in view.steps]
        whole = sum(widths) + len(widths) * (dot + gap) + (len(widths) - 1) * between
        x = right - whole
        if self.portrait:
            x = MARGIN
            between += int((self.inner - whole) / max(1, len(widths) - 1))
        parts: list[Part] = []
        for number, (text, width) in enumerate(zip(view.steps, widths, strict=True), start=1):
            now, done = number == view.step, number < view.step
            circle = Rect(x, (TOP - dot) / 2, dot, dot)
            fill = Token.FORWARD if now else Token.SUNK
            edge = None if now else Token.EDGE
            parts.append(Panel(key=f"step:{number}:dot", at=circle, fill=fill, edge=edge, radius=dot / 2))
            on = Token.FORWARD_ON if now else Token.SOFT
            if done:
                parts.append(Drawing(key=f"step:{number}:done", at=circle.inset(8), icon="check", ink=on))
            else:
                key = f"step:{number}:number"
                parts.append(self._in_top(key, circle, str(number), on, side=Side.CENTRE, bold=True))
            place = Rect(x + dot + gap, 0, width, TOP)
            parts.append(self._in_top(f"step:{number}", place, text, ink if now else Token.SOFT, bold=now))
            x += dot + gap + width + between
        return parts

    def _strip(self) -> list[Part]:
        strip = self.view.strip
        if strip is None:
            return []
        warn = strip.kind is StripKind.WARN
        fill, on = (Token.WARN, Token.WARN_ON) if warn else (Token.INFO, Token.INFO_ON)
        high = self.strip_height
        place = Rect(0, TOP, self.width, high)
        icon = Rect(MARGIN, TOP, 40, high)
        words = Rect(MARGIN + _STRIP_ICON, TOP, self.inner - _STRIP_ICON, high)
        return [
            Panel(key="strip", at=place, fill=fill, edge=Token.EDGE if warn else None),
            Drawing(key="strip:icon", at=icon, icon="warning" if warn else "person", ink=on),
            Words(key="strip:text", at=words, text=strip.text, bold=True, ink=on, level=Level.MIDDLE),
        ]

    def buttons(self, place: Rect | None = None) -> list[Part]:
        """Give the bottom bar, in a place of its own or in the usual one."""
        return bar.compose(self, place or self.bar)

    def primary(self, *, low: bool = False) -> list[Part]:
        """Give the primary action."""
        action = self.view.primary
        if action is None:
            return []
        place = self.primary_place(low=low)
        return [self.main_button(action, place, key="primary")]

    def main_button(self, action: Action, place: Rect, *, key: str) -> Button:
        """Give a button that weighs more than the others: its words large and bold, the icon before them."""
        icon, size = 64, Size.LABEL
        lines = int((place.height - 16) // LEADING[size])
        if not self.fits(action.text, size, place.width - 2 * MARGIN - icon - 16, lines=lines):
            icon = 40
        if not self.fits(action.text, size, place.width - 2 * MARGIN - icon - 16, lines=lines):
            size = Size.BODY
        return self.button(action, place, key=key, size=size, shape=Shape.ROW, icon_size=icon, bold=True)

    def fits(self, text: str, size: Size, width: float, *, lines: int) -> bool:
        """Whether a bold text stands in so many lines without any word falling apart."""
        words = text.replace("\u00a0", "_").split()
        return len(self.setting.lines(text, size, width, bold=True)) <= lines and all(
            self.setting.width(word, size, bold=True) <= width for word in words
        )

    def button(
        self,
        action: Action,
        place: Rect,
        *,
        key: str,
        size: Size | None = None,
        shape: Shape = Shape.COLUMN,
        icon_size: int = 40,
        bold: bool = False,
        reserve: int = 0,
    ) -> Button:
        """Give the button of an action."""
        return Button(
            key=key,
            at=place,
            name=action.name,
            text=action.text,
            icon=action.icon,
            icon_size=icon_size,
            role=action.role,
            shape=shape,
            size=size or self.body,
            bold=bold,
            note=action.note,
            note_size=Size.BODY if action.role is not Role.PRIMARY else Size.NOTE,
            reserve=reserve,
            selected=action.selected,
            spoken=action.spoken,
        )

    def card(self, key: str, place: Rect, *, radius: float = RADIUS_BUTTON) -> Panel:
        """Give a card to put things on."""
        return Panel(key=key, at=place, fill=Token.CARD, edge=Token.EDGE, radius=radius)


def columns(place: Rect, count: int, gap: float = MARGIN) -> list[Rect]:
    """Share a place among columns of equal width, on whole px."""
    width = (place.width - gap * (count - 1)) / count
    edges = [(place.x + i * (width + gap), place.x + i * (width + gap) + width) for i in range(count)]
    return [Rect(round(x), place.y, round(right) - round(x), place.height) for x, right in edges]


def rows(place: Rect, count: int, gap: float = MARGIN) -> list[Rect]:
    """Share a place among rows of equal height, on whole px."""
    height = (place.height - gap * (count - 1)) / count
    edges = [(place.y + i * (height + gap), place.y + i * (height + gap) + height) for i in range(count)]
    return [Rect(place.x, round(y), place.width, round(bottom) - round(y)) for y, bottom in edges]


def grid(place: Rect, across: int, down: int, gap: float = MARGIN) -> list[Rect]:
    """Share a place among cells, row by row."""
    return [cell for line in rows(place, down, gap) for cell in columns(line, across, gap)]
