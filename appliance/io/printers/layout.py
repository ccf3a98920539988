"""A receipt on a grid of character cells: what wraps, what never does, and where everything stands.

Pure. A cell is one character of the printer's own font; a Chinese character takes two. Every printed line is filled
with spaces to its place, so that it stands the same whether the printer sets the type or receives a picture of it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from appliance.core.receipt import (
    Align,
    AmountLine,
    ColumnLine,
    Logo,
    QrCode,
    ReceiptDocument,
    ReceiptLine,
    Rule,
    Space,
    TextLine,
)

_GAP: Final = 2
"""Cells between a text and its amount."""

_PLAIN: Final = {
    **{ord(space): " " for space in "\u00a0\u2007\u2009\u202f\u3000"},
    **{ord(sign): "-" for sign in "\u2010\u2011\u2212"},
}
"""Spaces and signs that number formats use and that no printer's font has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Type:
    """One printed line of type; `text` is at most `columns // scale` cells wide."""

    text: str
    bold: bool = False
    scale: int = 1


@dataclass(frozen=True, slots=True)
class Ruled:
    """A line across the paper."""


@dataclass(frozen=True, slots=True)
class Blank:
    """An empty line."""


@dataclass(frozen=True, slots=True)
class LogoPicture:
    """The shop's logo, centred."""


@dataclass(frozen=True, slots=True)
class QrPicture:
    """A QR code, centred."""

    payload: str


PaperLine = Type | Ruled | Blank | LogoPicture | QrPicture


def cells(text: str) -> int:
    """Give the width of a text in cells (Unicode Standard Annex 11: wide and full-width characters take two)."""
    return sum(_width(character) for character in text)


def clean(text: str) -> str:
    """Take out what would steer the printer instead of being printed, and plain out special spaces and signs."""
    text = unicodedata.normalize("NFC", text).translate(_PLAIN).replace("\t", " ")
    return "".join(character for character in text if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co"))


def lay_out(document: ReceiptDocument, columns: int) -> tuple[PaperLine, ...]:
    """Set a document for paper of `columns` cells (24 to 64). Texts wrap, amounts never do."""
    return tuple(paper for line in document.lines for paper in _set(line, columns))


def _set(line: ReceiptLine, columns: int) -> Iterator[PaperLine]:
    match line:
        case TextLine():
            yield from _text(line, columns)
        case AmountLine():
            yield from _amount(line, columns)
        case ColumnLine():
            yield from _columns(line, columns)
        case Rule():
            yield Ruled()
        case Space():
            yield Blank()
        case Logo():
            yield LogoPicture()
        case QrCode():
            yield QrPicture(line.payload)
            if line.caption:
                yield from _text(TextLine(text=line.caption, align=Align.CENTRE), columns)


def _text(line: TextLine, columns: int) -> Iterator[PaperLine]:
    for part in line.text.split("\n"):
        for text in _wrap(clean(part), columns // line.scale):
            yield Type(text=_align(text, columns // line.scale, line.align), bold=line.bold, scale=line.scale)


def _amount(line: AmountLine, columns: int) -> Iterator[PaperLine]:
    amount = clean(line.amount)
    scale = line.scale if cells(amount) <= columns // line.scale else 1
    width = columns // scale
    room = width - cells(amount) - _GAP
    if room < width // 3:
        # The amount leaves too little room beside it: it takes a line of its own.
        yield from _text(TextLine(text=line.text, bold=line.bold, scale=scale), columns)
        yield Type(text=_align(amount, width, Align.RIGHT), bold=line.bold, scale=scale)
        return
    *above, last = _wrap(clean(line.text.replace("\n", " ")), room)
    for text in above:
        yield Type(text=text, bold=line.bold, scale=scale)
    yield Type(text=last + " " * (width - cells(last) - cells(amount)) + amount, bold=line.bold, scale=scale)


def _columns(line: ColumnLine, columns: int) -> Iterator[PaperLine]:
    first, *rest = (clean(cell) for cell in line.cells)
    share = columns // len(line.cells)
    widths = [max(share, cells(cell) + 1) for cell in rest]
    room = columns - sum(widths)
    if room < min(cells(first), share) or room < 2:
        yield from _text(TextLine(text=first, bold=line.bold), columns)
        first = ""
        room = max(0, columns - sum(widths))
    *above, last = _wrap(first, max(1, room))
    for text in above:
        yield Type(text=text, bold=line.bold)
    right = "".join(" " * (width - cells(cell)) + cell for cell, width in zip(rest, widths, strict=True))
    row = last + " " * (room - cells(last)) + right
    if cells(row) <= columns:
        yield Type(text=row, bold=line.bold)
        return
    for cell in rest:
        yield Type(text=_align(cell, columns, Align.RIGHT), bold=line.bold)


def _align(text: str, width: int, align: Align) -> str:
    space = width - cells(text)
    match align:
        case Align.LEFT:
            return text
        case Align.CENTRE:
            return " " * (space // 2) + text
        case Align.RIGHT:
            return " " * space + text


def _wrap(text: str, width: int) -> list[str]:
    """Break a text into lines of at most `width` cells: at spaces, between wide characters, else within the word.

    What stands indented stays indented on every line.
    """
    body = text.lstrip(" ")
    indent = " " * min(len(text) - len(body), width // 2)
    lines, line = [], indent
    for word in _words(body.rstrip(" ")):
        if cells(line) + cells(word.rstrip(" ")) > width and line != indent:
            lines.append(line.rstrip(" "))
            line = indent
        for character in word:
            if cells(line) + _width(character) > width and character != " ":
                lines.append(line.rstrip(" "))
                line = indent
            line += character
    return [*lines, line.rstrip(" ")]


def _words(text: str) -> Iterator[str]:
    """Split where a line may break; each word keeps the spaces after it."""
    word = ""
    for character in text:
        wide = _width(character) == 2
        if word and character != " " and (wide or word[-1] == " " or _width(word[-1]) == 2):
            yield word
            word = ""
        word += character
    if word:
        yield word


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
