"""ESC/POS bytes to paper: read what a printer would have printed, as text and as a picture of the roll.

The commands are those of Epson's ESC/POS Command Reference that receipt software uses. What is not known is kept in
`Paper.unknown`, so that a test can insist that there is nothing of the kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from PIL import Image

_PARAMETERS: Final = {
    b"\x1b": {"@": 0, "2": 0, "p": 3, "$": 2, "\\": 2, "c": 2, "S": 0, "L": 0, "W": 8}
    | dict.fromkeys("!aEG-MtdJ3RV{ =rT", 1),
    b"\x1d": {"P": 2, "L": 2, "W": 2} | dict.fromkeys("!raBbhwHfI/", 1),
    b"\x1c": {".": 0, "&": 0, "C": 1, "!": 1, "-": 1, "S": 2},
}
_CODE_PAGES: Final = {
    0: 437,
    2: 850,
    3: 860,
    4: 863,
    5: 865,
    13: 857,
    14: 737,
    16: 1252,
    17: 866,
    18: 852,
    19: 858,
    33: 775,
    34: 855,
    35: 861,
    36: 862,
    45: 1250,
    46: 1251,
    51: 1257,
}
"""Number of ESC t -> code page, as Epson gives them."""

_LINE: Final = 34
"""Dots from line to line after ESC @: a sixth of an inch at 203 dpi."""


@dataclass(frozen=True, slots=True)
class Op:
    """One command, or a run of characters (`name` is "text")."""

    name: str
    data: bytes


class Parser:
    """Splits a stream into commands; what is incomplete waits for more."""

    def __init__(self) -> None:
        self._rest = b""

    @property
    def pending(self) -> bytes:
        """Give what is not a whole command yet."""
        return self._rest

    def feed(self, data: bytes) -> Iterator[Op]:
        """Take bytes at once; the commands that are complete come as they are asked for."""
        self._rest += data
        return self._commands()

    def _commands(self) -> Iterator[Op]:
        while self._rest:
            length, name = self._measure(self._rest)
            if length == 0 or length > len(self._rest):
                return
            op, self._rest = Op(name, self._rest[:length]), self._rest[length:]
            yield op

    def _measure(self, data: bytes) -> tuple[int, str]:
        """Give length and name of the first command; length 0 = cannot be told yet."""
        lead = data[:1]
        if lead == b"\x10":
            if len(data) < 3:
                return 0, ""
            return (5 if data[1] == 0x14 else 3), "DLE"
        if lead in _PARAMETERS:
            return self._escape(data, lead)
        if data[0] < 0x20:
            return 1, "LF" if lead == b"\n" else "control"
        end = next((i for i, byte in enumerate(data) if byte < 0x20), len(data))
        return end, "text"

    def _escape(self, data: bytes, lead: bytes) -> tuple[int, str]:
        if len(data) < 2:
            return 0, ""
        key, prefix = chr(data[1]), {b"\x1b": "ESC", b"\x1d": "GS", b"\x1c": "FS"}[lead]
        name = f"{prefix} {key}"
        if lead == b"\x1d" and key == "(":
            return (5 + data[3] + 256 * data[4], f"GS ( {chr(data[2])}") if len(data) >= 5 else (0, "")
        if lead == b"\x1d" and key == "v":
            return (8 + (data[4] + 256 * data[5]) * (data[6] + 256 * data[7]), name) if len(data) >= 8 else (0, "")
        if lead == b"\x1d" and key == "V":
            return (4 if data[2] in (65, 66) else 3, name) if len(data) >= 3 else (0, "")
        if lead == b"\x1b" and key == "*":
            if len(data) < 5:
                return 0, ""
            return 5 + (data[3] + 256 * data[4]) * (3 if data[2] >= 32 else 1), name
        if key in _PARAMETERS[lead]:
            return 2 + _PARAMETERS[lead][key], name
        return 2, "unknown"


@dataclass(frozen=True, slots=True)
class Span:
    """Characters in one style."""

    text: str
    bold: bool = False
    wide: bool = False
    high: bool = False
    small: bool = False

    @property
    def cell(self) -> tuple[int, int]:
        """Width and height of one character in dots."""
        width, height = (9, 17) if self.small else (12, 24)
        return width * (1 + self.wide), height * (1 + self.high)


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line."""

    spans: tuple[Span, ...]
    align: str
    feed: int


@dataclass(frozen=True, slots=True)
class Picture:
    """A raster picture; black where 1."""

    image: Image.Image
    align: str


@dataclass(frozen=True, slots=True)
class Qr:
    """A code that the printer draws itself."""

    payload: str
    size: int
    align: str


@dataclass(frozen=True, slots=True)
class Feed:
    """Paper without print."""

    dots: int


@dataclass(frozen=True, slots=True)
class Cut:
    """Where the paper was cut."""

    partial: bool


Mark = Line | Picture | Qr | Feed | Cut


@dataclass(slots=True)
class _Style:
    bold: bool = False
    wide: bool = False
    high: bool = False
    small: bool = False
    align: str = "left"
    codec: str = "cp437"
    line: int = _LINE


@dataclass(slots=True)
class Paper:
    """A roll of paper and the state of the printer above it."""

    marks: list[Mark] = field(default_factory=list)
    unknown: list[bytes] = field(default_factory=list)
    _style: _Style = field(default_factory=_Style)
    _spans: list[Span] = field(default_factory=list)
    _qr: tuple[str, int] = ("", 3)
    _graphics: bytes = b""

    @classmethod
    def of(cls, data: bytes) -> Paper:
        """Give the paper that these bytes print."""
        paper = cls()
        parser = Parser()
        for op in parser.feed(data):
            paper.apply(op)
        return paper

    def apply(self, op: Op) -> None:
        """Let one command happen."""
        style, last = self._style, op.data[-1]
        match op.name:
            case "text":
                text = op.data.decode(style.codec, "replace")
                self._spans.append(Span(text, style.bold, style.wide, style.high, style.small))
            case "LF":
                self._flush()
            case "ESC @":
                self._spans.clear()
                self._style = _Style()
            case "ESC !":
                style.small, style.bold = bool(last & 1), bool(last & 8)
                style.high, style.wide = bool(last & 16), bool(last & 32)
            case "GS !":
                style.wide, style.high = bool(last & 0xF0), bool(last & 0x0F)
            case "ESC E" | "ESC G":
                style.bold = bool(last & 1)
            case "ESC M":
                style.small = last in (1, 49)
            case "ESC a":
                style.align = {0: "left", 1: "centre", 2: "right"}.get(last % 48, "left")
            case "ESC t":
                style.codec = f"cp{_CODE_PAGES.get(last, 437)}"
                if last not in _CODE_PAGES:
                    self.unknown.append(op.data)
            case "ESC 2":
                style.line = _LINE
            case "ESC 3":
                style.line = last
            case "ESC d":
                self._flush(empty=False)
                self.marks.append(Feed(last * style.line))
            case "ESC J":
                self._flush(empty=False)
                self.marks.append(Feed(last))
            case "GS V":
                self._flush(empty=False)
                self.marks.append(Cut(partial=op.data[2] in (1, 49, 66)))
            case _:
                self._draw(op)

    def _draw(self, op: Op) -> None:
        data, align = op.data, self._style.align
        match op.name:
            case "GS v":
                width = (data[4] + 256 * data[5]) * 8
                self._picture(data[8:], width, data[6] + 256 * data[7])
            case "GS ( L" if data[6:7] == b"p":
                self._graphics = data[5:]
            case "GS ( L" if self._graphics:
                width, height = self._graphics[6] + 256 * self._graphics[7], self._graphics[8] + 256 * self._graphics[9]
                self._picture(self._graphics[10:], (width + 7) // 8 * 8, height)
            case "ESC *":
                self._column(data)
            case "GS ( k":
                function, payload = data[6], data[7:]
                if function == 67:
                    self._qr = (self._qr[0], payload[0])
                elif function == 80:
                    self._qr = (payload[1:].decode("utf-8", "replace"), self._qr[1])
                elif function == 81:
                    self._flush(empty=False)
                    self.marks.append(Qr(*self._qr, align))
            case "unknown" | "control" | "DLE":
                self.unknown.append(data)

    def _picture(self, rows: bytes, width: int, height: int) -> None:
        self._flush(empty=False)
        if width and height and len(rows) >= width // 8 * height:
            self.marks.append(Picture(Image.frombytes("1", (width, height), rows), self._style.align))

    def _column(self, data: bytes) -> None:
        bytes_high = 3 if data[2] >= 32 else 1
        width = data[3] + 256 * data[4]
        image = Image.new("1", (max(1, width), bytes_high * 8))
        for x in range(width):
            column = int.from_bytes(data[5 + x * bytes_high : 5 + (x + 1) * bytes_high], "big")
            for y in range(bytes_high * 8):
                image.putpixel((x, y), column >> (bytes_high * 8 - 1 - y) & 1)
        self.marks.append(Picture(image, self._style.align))

    def _flush(self, *, empty: bool = True) -> None:
        if self._spans or empty:
            high = max((span.cell[1] for span in self._spans), default=0)
            self.marks.append(Line(tuple(self._spans), self._style.align, max(self._style.line, high)))
        self._spans = []

    @property
    def cuts(self) -> int:
        """How often the paper was cut."""
        return sum(isinstance(mark, Cut) for mark in self.marks)

    def text(self, columns: int = 48) -> str:
        """Give the paper as plain text; a picture or a code is named in brackets."""
        rows: list[str] = []
        for mark in self.marks:
            match mark:
                case Line():
                    row = "".join(span.text for span in mark.spans)
                    rows.append(row.center(columns).rstrip() if mark.align == "centre" else row.rstrip())
                case Picture():
                    rows.append(f"[picture {mark.image.width} x {mark.image.height}]")
                case Qr():
                    rows.append(f"[QR {mark.payload}]".center(columns).rstrip())
                case Cut():
                    rows.append("- " * (columns // 2))
                case Feed():
                    pass
        return "\n".join(rows) + "\n"
