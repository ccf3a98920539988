"""A finished picture in words: what `wording.view` makes of a page, and what a layout draws. Pure, no Kivy.

A screen draws a View and knows nothing else; tests and speech find a button by `Action.name`, never by position.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

ICONS: Final = (
    "adjust",
    "age",
    "arrow_down",
    "arrow_left",
    "arrow_right",
    "back",
    "bag",
    "basket",
    "calm",
    "card",
    "cash",
    "check",
    "clock",
    "contrast",
    "cross",
    "delete_key",
    "device",
    "down",
    "drawer",
    "gift_card",
    "help",
    "home",
    "hub",
    "keypad",
    "language",
    "larger",
    "letters",
    "lock",
    "lower",
    "minus",
    "more",
    "no_receipt",
    "pay",
    "person",
    "phone",
    "plus",
    "print",
    "qr",
    "quantity",
    "receipt",
    "refresh",
    "remove",
    "scale",
    "scan",
    "search",
    "sign_off",
    "staff",
    "start",
    "terminal",
    "undo",
    "unknown",
    "up",
    "warning",
)
"""Every drawing that a View may name, in Action.icon or View.icon; the atlas has all of them."""


class Layout(StrEnum):
    """The eight layouts that draw every page."""

    ATTRACT = "attract"
    BASKET = "basket"
    QUESTION = "question"
    GRID = "grid"
    KEYPAD = "keypad"
    STATUS = "status"
    TILL = "till"
    LIST = "list"


class Role(StrEnum):
    """How a button looks and how much it weighs."""

    PRIMARY = "primary"
    CHOICE = "choice"
    STOP = "stop"


class Theme(StrEnum):
    """Colours of a whole screen."""

    NORMAL = "normal"
    HIGH_CONTRAST = "high_contrast"
    CALM = "calm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing to touch. `icon` names a drawing of the atlas; `spoken` is read out."""

    name: str
    text: str
    icon: str
    role: Role = Role.CHOICE
    spoken: str = ""
    note: str = ""
    """A second, smaller line: the state of a switch, a price."""
    selected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of the basket or of a staff list. `name` is the action that choosing it posts; "" cannot be chosen."""

    key: str
    text: str
    name: str = ""
    note: str = ""
    """Marks in words: weight, deposit, waits for staff."""
    quantity: str = ""
    amount: str = ""
    fresh: bool = False
    """Flashed once when it appears."""
    selected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A picture with a name and a price in the grid. `picture` "" draws the name larger."""

    name: str
    text: str
    note: str = ""
    picture: str = ""
    spoken: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keypad:
    """What is typed, and which keys there are besides the digits. A key posts the action "key:<character>"."""

    entry: str = ""
    hint: str = ""
    """Under the entry: what it means so far, or why it is refused."""
    keys: tuple[str, ...] = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "back", "0", "")
    """Twelve, in rows of three; "back" deletes one character, "" is a gap."""
    letters: tuple[str, ...] = ()
    """Letter keys instead of digits, when a name is typed; only those that lead to an item, then perhaps "back"."""


class StripKind(StrEnum):
    """Colour of the strip below the top."""

    INFO = "info"
    WARN = "warn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """One line below the top strip."""

    text: str
    kind: StripKind


class Pointer(StrEnum):
    """Where the card terminal stands, as seen from the customer."""

    NONE = ""
    LEFT = "left"
    RIGHT = "right"
    BELOW = "below"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Everything on the screen."""

    page: str
    layout: Layout
    revision: int
    shop: str
    """Name of the shop in the top strip. Touching it posts the action "staff"."""
    theme: Theme = Theme.NORMAL
    large: bool = False
    low_reach: bool = False
    right_to_left: bool = False
    language: str = "nb"
    training: str = ""
    """Text of the training strip; "" = a real sale."""
    steps: tuple[str, ...] = ()
    step: int = 0
    """1-based number of the present step; 0 hides them."""
    top_right: str = ""
    strip: Strip | None = None
    icon: str = ""
    pointer: Pointer = Pointer.NONE
    qr: str = ""
    title: str = ""
    sentence: str = ""
    amount: str = ""
    large_amount: bool = False
    """The amount is what the page is about."""
    amount_label: str = ""
    """"To pay" above the total."""
    rows: tuple[Row, ...] = ()
    empty: str = ""
    """Shown instead of rows when there are none."""
    last_text: str = ""
    last_amount: str = ""
    """The line scanned last, large."""
    undo: Action | None = None
    """"Removed. [Undo]" of the basket."""
    tabs: tuple[Action, ...] = ()
    tiles: tuple[Tile, ...] = ()
    keypad: Keypad | None = None
    detail: tuple[tuple[str, str], ...] = ()
    """Label and value pairs of the chosen row on a staff list."""
    choices: tuple[Action, ...] = ()
    primary: Action | None = None
    bar: tuple[Action, ...] = ()
    """Bottom bar, from the reading side: Help first, Adjust last."""
    spoken: str = ""

    def actions(self) -> tuple[Action, ...]:
        """Give everything that can be touched but rows, tiles and keys, in reading order: the primary one first."""
        first = (self.primary,) if self.primary else ()
        undo = (self.undo,) if self.undo else ()
        return (*first, *self.tabs, *self.choices, *undo, *self.bar)
