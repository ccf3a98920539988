"""What the person at the screen has chosen and typed, and what may happen to it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from appliance.core.checkout import LineItem, Rejection
from appliance.core.commands import Command
from appliance.core.effects import Sound
from appliance.core.identifiers import Language, LineNumber
from appliance.ui.entry.overlays import Overlay
from appliance.ui.pages import Page, Screen
from appliance.ui.view import Theme


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the person at the screen has chosen and typed. Nothing here must survive a power cut."""

    screen: Screen
    language: Language
    large: bool
    contrast: bool
    low_reach: bool
    calm: bool
    sale: int | None = None
    """The transaction that all this belongs to; None before the first item."""
    overlays: tuple[Overlay, ...] = ()
    """Open questions; the last one is on the screen."""
    hint: Rejection | None = None
    """Why the last thing did not work, told for a few seconds."""
    seen: int = 0
    """The highest line number seen in this sale."""
    last: LineNumber | None = None
    """The line that was added or changed last."""
    unknown_code: str = ""
    """The code that was not taken last."""
    turned_down: LineItem | None = None
    """An item that staff refused and the customer has not been told of yet."""
    slow: bool = False
    """The payment takes longer than usual."""
    more_time: int = 0
    row: str = ""
    """The chosen row of the staff list."""

    @classmethod
    def fresh(cls, screen: Screen, sale: int | None = None) -> Entry:
        """Give the entry of a person who has not touched anything."""
        return cls(
            screen=screen,
            language=screen.languages[0],
            large=screen.large,
            contrast=screen.theme is Theme.HIGH_CONTRAST,
            low_reach=screen.low_reach,
            calm=screen.theme is Theme.CALM,
            sale=sale,
        )

    @property
    def top(self) -> Overlay | None:
        """The question on the screen."""
        return self.overlays[-1] if self.overlays else None

    @property
    def theme(self) -> Theme:
        """The colours in use; contrast comes before calm."""
        if self.contrast:
            return Theme.HIGH_CONTRAST
        return Theme.CALM if self.calm else Theme.NORMAL

    def push(self, overlay: Overlay) -> Entry:
        """Open a question over what is there."""
        return replace(self, overlays=(*self.overlays, overlay))

    def put(self, overlay: Overlay) -> Entry:
        """Replace the question on the screen."""
        return replace(self, overlays=(*self.overlays[:-1], overlay))

    def pop(self) -> Entry:
        """Close the question on the screen."""
        return replace(self, overlays=self.overlays[:-1])

    def choose(self, row: str) -> Entry:
        """Choose a row of the staff list."""
        return replace(self, row=row)

    def clear(self) -> Entry:
        """Close all questions."""
        return replace(self, overlays=())


@dataclass(frozen=True, slots=True)
class Touch:
    """An action, row, tile or key was touched, or chosen by the keypad: "pay", "line:3", "item:SKU", "key:7"."""

    name: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The register has a new page; `step` gets the one before beside it."""

    page: Page


@dataclass(frozen=True, slots=True)
class Refused:
    """The register refused something."""

    rejection: Rejection


@dataclass(frozen=True, slots=True)
class Elapsed:
    """The time of a `Deadline` is over; `key` tells which, so that a late timer does nothing."""

    key: str


Intent = Touch | Shown | Refused | Elapsed


@dataclass(frozen=True, slots=True)
class Step:
    """What an intent leads to."""

    entry: Entry
    commands: tuple[Command, ...] = ()
    sound: Sound | None = None
