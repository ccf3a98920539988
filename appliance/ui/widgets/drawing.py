"""The groups of canvas instructions that all widgets are made of: surfaces, blocks of text, icons."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Final

from kivy.core.image import Image as CoreImage
from kivy.graphics import BoxShadow, Color, InstructionGroup, Rectangle, SmoothRoundedRectangle
from kivy.graphics.texture import Texture

from appliance.ui.runs import visual_runs
from appliance.ui.theme import PALETTES, SHADOW, Size, Token, rgb
from appliance.ui.widgets.parts import LEADING, Level, Look, Rect, Side
from appliance.ui.widgets.type import Typesetter

ASSETS: Final = Path(__file__).parents[1] / "assets"
ICON_SIZES: Final = (40, 64, 120)
SHADOW_OFFSET: Final = 3
SHADOW_BLUR: Final = 14


def colour(look: Look, token: Token) -> tuple[float, float, float]:
    """Give the channels of a token in a theme."""
    return rgb(PALETTES[look.theme][token])


def upwards(rect: Rect, height: float, scale: float) -> tuple[float, float, float, float]:
    """Turn a place inside something `height` px high into Kivy's x, y, width, height in device px."""
    x, top = round(rect.x * scale), round(rect.y * scale)
    right, bottom = round(rect.right * scale), round(rect.bottom * scale)
    return x, round(height * scale) - bottom, right - x, bottom - top


class Surface(InstructionGroup):
    """A rounded surface with an edge and, at most, the one shadow."""

    def __init__(self, *, shadow: bool = False) -> None:
        super().__init__()
        self._placed: tuple[object, ...] | None = None
        self._painted: tuple[object, ...] | None = None
        self._shadow_colour = Color(0, 0, 0, 0)
        self._shadow = BoxShadow(size=(1, 1)) if shadow else None
        self._edge_colour = Color(1, 1, 1, 0)
        self._edge = SmoothRoundedRectangle(size=(1, 1))
        self._fill_colour = Color(1, 1, 1, 1)
        self._fill = SmoothRoundedRectangle(size=(1, 1))
        if self._shadow is not None:
            self.add(self._shadow_colour)
            self.add(self._shadow)
        for instruction in (self._edge_colour, self._edge, self._fill_colour, self._fill):
            self.add(instruction)

    def place(self, box: tuple[float, float, float, float], radius: float, edge: float, scale: float) -> None:
        """Set place (device px), radius and width of the edge (px of the reference panel; 0 = none)."""
        if (box, radius, edge, scale) == self._placed:
            return
        self._placed = (box, radius, edge, scale)
        x, y, width, height = box
        radius = min(radius * scale, width / 2, height / 2)
        line = max(1, round(edge * scale)) if edge else 0
        self._put(self._edge, (x, y, width, height), radius if line else 0)
        self._put(self._fill, (x + line, y + line, width - 2 * line, height - 2 * line), max(0, radius - line))
        if self._shadow is not None:
            self._shadow.pos, self._shadow.size = (x, y), (width, height)
            self._shadow.border_radius = (radius,) * 4
            self._shadow.offset = (0, -SHADOW_OFFSET * scale)
            self._shadow.blur_radius = SHADOW_BLUR * scale

    @staticmethod
    def _put(shape: SmoothRoundedRectangle, box: tuple[float, float, float, float], radius: float) -> None:
        x, y, width, height = box
        if tuple(shape.pos) != (x, y):
            shape.pos = (x, y)
        if tuple(shape.size) != (width, height):
            shape.size = (width, height)
        corners = [(radius, radius)] * 4
        if list(shape.radius) != corners:
            shape.radius = corners

    def paint(self, look: Look, fill: Token, edge: Token | None) -> None:
        """Set the colours, if they are new: a shadow is drawn by a shader of its own that costs 40 ms of CPU."""
        if (look.theme, fill, edge) == self._painted:
            return
        self._painted = (look.theme, fill, edge)
        self._fill_colour.rgb = colour(look, fill)
        self._edge_colour.rgba = (*colour(look, edge), 1) if edge else (0, 0, 0, 0)
        if self._shadow is not None:
            self._shadow_colour.rgba = (*colour(look, Token.INK), SHADOW)


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
