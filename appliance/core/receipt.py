"""A receipt as lines, not as bytes: what is printed, in which order, how large. Drivers turn it into paper."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Align(StrEnum):
    """Where a text stands on the paper."""

    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLine:
    """A text over the whole width; wraps at words. `scale` is relative to the size of the amounts: 1 or 2."""

    text: str
    align: Align = Align.LEFT
    bold: bool = False
    scale: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountLine:
    """A text on the left that wraps, an amount on the right that never does."""

    text: str
    amount: str
    bold: bool = False
    scale: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnLine:
    """Right-aligned columns of equal width after a left one: the tax table."""

    cells: tuple[str, ...]
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across the paper."""


@dataclass(frozen=True, slots=True)
class Space:
    """An empty line."""


@dataclass(frozen=True, slots=True)
class Logo:
    """The shop's logo, if the printer has one configured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QrCode:
    """A QR code, with a caption in plain words below it."""

    payload: str
    caption: str = ""


ReceiptLine = TextLine | AmountLine | ColumnLine | Rule | Space | Logo | QrCode


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptDocument:
    """One receipt."""

    title: str
    lines: tuple[ReceiptLine, ...]
