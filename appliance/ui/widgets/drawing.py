"""The groups of canvas instructions that all widgets are made of: surfaces, blocks of text, icons."""

from __future__ import annotations

import functools
import json
import math
from pathlib import Path
from typing import Final

from kivy.core.image import Image as CoreImage
from kivy.graphics import (
    BorderImage,
    BoxShadow,
    ClearBuffers,
    ClearColor,
    Color,
    Fbo,
    InstructionGroup,
    Rectangle,
    SmoothRoundedRectangle,
)
from kivy.graphics.texture import Texture

from appliance.ui.runs import visual_runs
from appliance.ui.theme import PALETTES, SHADOW, Size, Token, rgb
from appliance.ui.widgets.parts import LEADING, Level, Look, Rect, Side
from appliance.ui.widgets.type import Typesetter

ASSETS: Final = Path(__file__).parents[1] / "assets"
ICON_SIZES: Final = (40, 64, 120)
SHADOW_OFFSET: Final = 3
SHADOW_BLUR: Final = 14
RIM: Final = 2
"""A smooth edge stands out by less than this, device px."""

RGB = tuple[float, float, float]


def colour(look: Look, token: Token) -> RGB:
    """Give the channels of a token in a theme."""
    return rgb(PALETTES[look.theme][token])


def upwards(rect: Rect, height: float, scale: float) -> tuple[float, float, float, float]:
    """Turn a place inside something `height` px high into Kivy's x, y, width, height in device px."""
    x, top = round(rect.x * scale), round(rect.y * scale)
    right, bottom = round(rect.right * scale), round(rect.bottom * scale)
    return x, round(height * scale) - bottom, right - x, bottom - top


class Surface(InstructionGroup):
    """A rounded surface with an edge and, at most, the one shadow: one picture of it, stretched between its corners."""

    def __init__(self, *, shadow: bool = False) -> None:
        super().__init__()
        self._placed: tuple[object, ...] | None = None
        self._painted: tuple[object, ...] | None = None
        self._box: tuple[float, float, float, float] = (0, 0, 0, 0)
        self._radius = 0.0
        self._line = 0
        self._shadow_colour = Color(0, 0, 0, 0)
        self._shadow = BoxShadow(size=(1, 1)) if shadow else None
        self._skin = BorderImage(auto_scale="off")

    def place(self, box: tuple[float, float, float, float], radius: float, edge: float, scale: float) -> None:
        """Set place (device px), radius and width of the edge (px of the reference panel; 0 = none)."""
        if (box, radius, edge, scale) == self._placed:
            return
        if self._placed is None:
            self._begin()
        self._placed = (box, radius, edge, scale)
        x, y, width, height = self._box = box
        self._radius = min(radius * scale, width / 2, height / 2)
        self._line = max(1, round(edge * scale)) if edge else 0
        self._skin.pos = (x - RIM, y - RIM)
        self._skin.size = (width + 2 * RIM, height + 2 * RIM)
        self._painted = None
        if self._shadow is not None:
            self._shadow.pos, self._shadow.size = (x, y), (width, height)
            self._shadow.border_radius = (self._radius,) * 4
            self._shadow.offset = (0, -SHADOW_OFFSET * scale)
            self._shadow.blur_radius = SHADOW_BLUR * scale

    def paint(self, look: Look, fill: Token, edge: Token | None) -> None:
        """Set the colours, if they are new: a shadow is drawn by a shader of its own that costs 40 ms of CPU."""
        if (look.theme, fill, edge) == self._painted:
            return
        self._painted = (look.theme, fill, edge)
        width, height = round(self._box[2]), round(self._box[3])
        corner = math.ceil(self._radius) + self._line + RIM
        border = RIM + corner
        if min(width, height) >= 2 * corner:
            width = height = 2 * corner + RIM
        else:
            border = 0
        inside, around = colour(look, fill), colour(look, edge) if edge else None
        self._skin.border = (border,) * 4
        self._skin.texture = _skin(width, height, self._radius, self._line, inside, around)
        if self._shadow is not None:
            self._shadow_colour.rgba = (*colour(look, Token.INK), SHADOW)

    def _begin(self) -> None:
        if self._shadow is not None:
            self.add(self._shadow_colour)
            self.add(self._shadow)
        self.add(Color(1, 1, 1, 1))
        self.add(self._skin)

    def hide(self) -> None:
        """Draw nothing until it is placed again."""
        if self._placed is not None:
            self._placed = None
            self.clear()


@functools.lru_cache(maxsize=64)
def _skin(width: int, height: int, radius: float, line: int, fill: RGB, edge: RGB | None) -> Texture:
    """Give the picture of a small surface, device px, with `RIM` px around it for its smooth edge."""
    page = Fbo(size=(width + 2 * RIM, height + 2 * RIM))
    with page:
        # What the smooth edge fades into is the same colour, unseen: it mixes with whatever the surface lies on.
        ClearColor(*(edge or fill), 0)
        ClearBuffers()
        if edge:
            Color(*edge)
            SmoothRoundedRectangle(pos=(RIM, RIM), size=(width, height), radius=[(radius, radius)] * 4)
        Color(*fill)
        inner = max(0.0, radius - line)
        SmoothRoundedRectangle(
            pos=(RIM + line, RIM + line),
            size=(width - 2 * line, height - 2 * line),
            radius=[(inner, inner)] * 4,
        )
    page.draw()
    return page.texture


class Block(InstructionGroup):
    """A block of text."""

    def __init__(self) -> None:
        super().__init__()
        self._colour = Color(1, 1, 1, 1)
        self.add(self._colour)
        self._shapes: list[Rectangle] = []
        self.lines: list[str] = []
        self.height = 0.0
        self.widest = 0.0

    def paint(self, look: Look, ink: Token) -> None:
        """Set the colour."""
        self._colour.rgb = colour(look, ink)

    def write(
        self,
        typesetter: Typesetter,
        lines: list[str],
        box: tuple[float, float, float, float],
        *,
        size: Size,
        bold: bool = False,
        side: Side = Side.START,
        level: Level = Level.TOP,
        right_to_left: bool = False,
    ) -> None:
        """Set lines into a place (device px, y upwards)."""
        scale = typesetter.scale
        x, y, width, height = box
        leading = LEADING[size] * scale
        self.lines = lines
        self.height = leading * len(lines)
        ascent, descent = typesetter.ascent(size, bold=bold), typesetter.descent(size, bold=bold)
        free = {Level.TOP: 0.0, Level.MIDDLE: 0.5, Level.BOTTOM: 1.0}[level] * (height - self.height)
        top = y + height - free
        widths = [typesetter.width(line, size, bold=bold) * scale for line in lines]
        self.widest = max(widths, default=0.0)
        shares = {Side.START: 0.0, Side.CENTRE: 0.5, Side.END: 1.0}
        share = 1 - shares[side] if right_to_left else shares[side]
        shapes = []
        for i, line in enumerate(lines):
            base = top - i * leading - (leading - ascent - descent) / 2 - ascent
            left = x + share * (width - widths[i])
            for run in visual_runs(line, right_to_left=right_to_left):
                stripped = run.text.strip(" ")
                lead = len(run.text) - len(run.text.lstrip(" "))
                advance = typesetter.width(run.text, size, bold=bold) * scale
                if stripped:
                    start = left + (typesetter.width(" " * lead, size, bold=bold) * scale if lead else 0)
                    drawn = typesetter.draw(type(run)(stripped, run.script), size, bold=bold)
                    tall = drawn.texture.height
                    place = (round(start), round(base + drawn.ascent) - int(tall))
                    shapes.append((drawn.texture, place))
                left += advance
        self._show(shapes)

    def _show(self, shapes: list[tuple[Texture, tuple[int, int]]]) -> None:
        while len(self._shapes) > len(shapes):
            self.remove(self._shapes.pop())
        while len(self._shapes) < len(shapes):
            shape = Rectangle()
            self._shapes.append(shape)
            self.add(shape)
        for shape, (texture, place) in zip(self._shapes, shapes, strict=True):
            if shape.texture is not texture:
                shape.texture = texture
                shape.size = texture.size
            if tuple(shape.pos) != place:
                shape.pos = place


class Mark(InstructionGroup):
    """An icon in one colour."""

    def __init__(self) -> None:
        super().__init__()
        self._colour = Color(1, 1, 1, 0)
        self._shape = Rectangle(size=(0, 0))
        self.add(self._colour)
        self.add(self._shape)
        self.icon = ""

    def place(self, icon: str, box: tuple[float, float, float, float], size: int, scale: float) -> None:
        """Put an icon into the middle of a place (device px); "" draws none."""
        self.icon = icon
        if not icon:
            self._shape.size = (0, 0)
            return
        side = round(size * scale)
        x, y, width, height = box
        self._shape.texture = icon_texture(icon, size if size in ICON_SIZES else ICON_SIZES[0])
        self._shape.size = (side, side)
        self._shape.pos = (round(x + (width - side) / 2), round(y + (height - side) / 2))

    def paint(self, look: Look, ink: Token) -> None:
        """Set the colour."""
        self._colour.rgba = (*colour(look, ink), 1 if self.icon else 0)


@functools.cache
def _places() -> dict[str, dict[str, list[int]]]:
    places: dict[str, dict[str, list[int]]] = json.loads((ASSETS / "icons.json").read_text(encoding="utf-8"))
    return places


@functools.cache
def _atlas(size: int) -> Texture:
    return CoreImage(str(ASSETS / f"icons-{size}.png"), keep_data=False).texture


@functools.lru_cache(maxsize=128)
def icon_texture(icon: str, size: int) -> Texture:
    """Give an icon's white mask; KeyError for one that was never drawn."""
    if size == ICON_SIZES[-1]:
        file = ASSETS / f"icons-{size}" / f"{icon}.png"
        if not file.is_file():
            raise KeyError(icon)
        return CoreImage(str(file), keep_data=False).texture
    left, top, side = _places()[str(size)][icon]
    atlas = _atlas(size)
    return atlas.get_region(left, atlas.height - top - side, side, side)
