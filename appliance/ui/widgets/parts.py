"""What a layout asks for: plain descriptions of everything on the screen, with their places. Pure, no Kivy.

A layout is a function from a View to a list of parts; `board.Board` keeps one widget per part and touches only those
whose part has changed. Lengths are px of the reference panel, from the top left corner, y downwards.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from appliance.ui.theme import EDGE, Size, Token
from appliance.ui.view import Role, Row, Theme


@dataclass(frozen=True, slots=True)
class Rect:
    """A place on the stage."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Where it ends at the right."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Where it ends at the bottom."""
        return self.y + self.height

    def inset(self, across: float, down: float | None = None) -> Rect:
        """Give the rectangle inside, smaller by this much on each side."""
        down = across if down is None else down
        return Rect(self.x + across, self.y + down, self.width - 2 * across, self.height - 2 * down)

    def mirrored(self, width: float) -> Rect:
        """Give its place on a stage that is read from the right."""
        return Rect(width - self.right, self.y, self.width, self.height)


class Side(StrEnum):
    """Where a line of text stands across; START is the side that reading begins at."""

    START = "start"
    CENTRE = "centre"
    END = "end"


class Level(StrEnum):
    """Where a block of text stands in its height."""

    TOP = "top"
    MIDDLE = "middle"
    BOTTOM = "bottom"


class Shape(StrEnum):
    """How icon and words of a button are put together."""

    COLUMN = "column"
    """Icon above, words below, centred."""
    ROW = "row"
    """Icon before the words, both centred as one."""
    LEAD = "lead"
    """Icon at the reading side, words after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Anything on the stage. `key` is the same for the same thing in the next picture."""

    key: str
    at: Rect
    steady: bool = False
    """Not mirrored on a stage that is read from the right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel(Part):
    """A plain surface."""

    fill: Token
    edge: Token | None = None
    edge_width: int = EDGE
    radius: float = 0
    shadow: bool = False
    whole: bool = False
    """The ground of the window, the first of all parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words(Part):
    """A block of text in one size and weight."""

    text: str
    size: Size = Size.BODY
    ink: Token = Token.INK
    bold: bool = False
    side: Side = Side.START
    level: Level = Level.TOP
    balanced: bool = False
    needed: bool = True
    """Whether a customer has to read it (never under 40 px then)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing(Part):
    """An icon of the atlas: 40, 64 or 120 px, as large as fits its place."""

    icon: str
    ink: Token = Token.INK


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene(Part):
    """The still picture of the first page."""

    portrait: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Code(Part):
    """A QR code, black on white with four modules of quiet zone inside its place."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Button(Part):
    """Something to touch. `name` is the action that a touch posts."""

    name: str
    text: str
    icon: str = ""
    icon_size: int = 40
    role: Role = Role.CHOICE
    shape: Shape = Shape.COLUMN
    size: Size = Size.BODY
    bold: bool = False
    note: str = ""
    note_size: Size = Size.BODY
    selected: bool = False
    focused: bool = False
    spoken: str = ""
    picture: str | None = None
    """A picture of the goods ("" = there should be one but is none) instead of an icon."""
    reserve: int = 0
    """Lines of words to leave room for, so that the icons of neighbours stand at one height."""
    key_pad: bool = False
    """Answers with the sound of a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot(Part):
    """A place that takes a touch and shows nothing. `name` is the action that a touch posts."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows(Part):
    """A list of rows of one height that scrolls when it is longer than its place."""

    rows: tuple[Row, ...]
    row_height: int
    size: Size = Size.BODY
    plain: bool = False
    """No flash of a new row."""
    follow: bool = True
    """Show the newest row when one is added."""


@dataclass(frozen=True, slots=True)
class Look:
    """What all parts of one picture have in common."""

    theme: Theme = Theme.NORMAL
    scale: float = 1.0
    """Device px per px of the reference panel."""
    right_to_left: bool = False


class Setting(Protocol):
    """Measures text, in px of the reference panel."""

    def width(self, text: str, size: Size, *, bold: bool = False) -> float:
        """Give the width of a text in one line."""
        ...

    def lines(self, text: str, size: Size, width: float, *, bold: bool = False, balanced: bool = False) -> list[str]:
        """Set a text in lines."""
        ...


LEADING = {Size.NOTE: 36, Size.BODY: 48, Size.LABEL: 60, Size.TITLE: 76, Size.AMOUNT: 100, Size.TOTAL: 136}
"""Distance of two base lines, px."""


@dataclass(frozen=True, slots=True)
class Picture:
    """All parts of one picture, from the back to the front."""

    parts: tuple[Part, ...]
    look: Look
    targets: tuple[Button, ...] = field(default=())
