"""Text in several scripts: which font draws which characters, in which order, and where a line may end. Pure, no Kivy.

Roboto (part of Kivy) draws Latin, Greek and Cyrillic. Chinese and Arabic come from Noto, found by fontconfig. One line
is a list of runs in visual order, each of one font and one direction (a small part of UAX 9: enough for sentences with
numbers, amounts and names in them, no nested embeddings). Line ends follow UAX 14 as far as our languages need it.
"""

from __future__ import annotations

import functools
import re
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Final

Measure = Callable[[str], float]
"""Width of a text set in one line, px."""


class Script(StrEnum):
    """Writing systems that need a font of their own."""

    LATIN = "latin"
    CHINESE = "chinese"
    ARABIC = "arabic"


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of one line: one font, one direction."""

    text: str
    script: Script

    @property
    def right_to_left(self) -> bool:
        """Whether its characters run from right to left."""
        return self.script is Script.ARABIC


@dataclass(frozen=True, slots=True)
class Family:
    """Where a script's font comes from: its name to fontconfig, the Debian package, the usual place of its files."""

    name: str
    package: str
    regular: str
    bold: str
    face: int = 0
    """Index of the face in the usual files."""


FAMILIES: Final = {
    Script.CHINESE: Family(
        "Noto Sans CJK SC",
        "fonts-noto-cjk",
        "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
        2,
    ),
    Script.ARABIC: Family(
        "Noto Sans Arabic",
        "fonts-noto-core",
        "/usr/share/fonts/truetype/noto/NotoSansArabic-Regular.ttf",
        "/usr/share/fonts/truetype/noto/NotoSansArabic-Bold.ttf",
    ),
}

LANGUAGE_SCRIPTS: Final = {"zh": Script.CHINESE, "ar": Script.ARABIC}
"""Languages that Roboto cannot write."""

_CHINESE: Final = ((0x2E80, 0x2FDF), (0x3000, 0x312F), (0x31A0, 0x31EF), (0x3200, 0x9FFF), (0xF900, 0xFAFF))
_CHINESE_FORMS: Final = ((0xFE30, 0xFE4F), (0xFF00, 0xFFEF), (0x20000, 0x323AF))
_ARABIC: Final = ((0x0600, 0x06FF), (0x0750, 0x077F), (0x08A0, 0x08FF), (0xFB50, 0xFDFF), (0xFE70, 0xFEFF))
_NO_LINE_START: Final = frozenset("，。、；：？！）》」』”’…·%℃")
_NO_LINE_END: Final = frozenset("（《「『“‘￥")
_UNIT: Final = re.compile(r"(?<=\d) (?=(?:[kdc]?[gl]|kr|stk\.?|%)(?!\w))")
"""The space between a number and its unit."""
_PLAIN_SPACE: Final = str.maketrans({"\u202f": "\u00a0", "\u2009": "\u00a0", "\u2007": "\u00a0"})


def script_of(character: str) -> Script | None:
    """Give the script of a character; None for what every font has: spaces, digits, punctuation."""
    code = ord(character)
    if code < 0x2E80 and not 0x0600 <= code <= 0x08FF:
        return Script.LATIN if character.isalpha() else None
    if any(low <= code <= high for low, high in (*_CHINESE, *_CHINESE_FORMS)):
        return Script.CHINESE
    if any(low <= code <= high for low, high in _ARABIC):
        return Script.ARABIC
    return Script.LATIN if character.isalpha() else None


def plain(text: str) -> str:
    """Write narrow no-break spaces as wide ones, which Roboto has; and keep a number and its unit together."""
    return _UNIT.sub("\u00a0", text.translate(_PLAIN_SPACE))


def visual_runs(line: str, *, right_to_left: bool = False) -> tuple[Run, ...]:
    """Split one line into runs, in the order in which they stand on the screen from the left."""
    line = plain(line)
    if line.isascii() or not any(map(_foreign, line)):
        return (Run(line, Script.LATIN),) if line else ()
    scripts = _resolve(line, right_to_left=right_to_left)
    runs: list[Run] = []
    for character, script in zip(line, scripts, strict=True):
        if runs and runs[-1].script is script:
            runs[-1] = Run(runs[-1].text + character, script)
        else:
            runs.append(Run(character, script))
    return tuple(_visual_order(runs)) if right_to_left else tuple(runs)


def _foreign(character: str) -> bool:
    return script_of(character) not in (None, Script.LATIN)


def _resolve(line: str, *, right_to_left: bool) -> list[Script]:
    """Give every character a script: a number is Latin, other neutrals go with their neighbours or the paragraph."""
    found: list[Script | None] = [Script.LATIN if c.isdigit() else script_of(c) for c in line]
    for i, character in enumerate(line):
        inside = 0 < i < len(line) - 1 and line[i - 1].isdigit() and line[i + 1].isdigit()
        if found[i] is None and (character == "%" or (inside and character in ".,:/-\u00a0")):
            found[i] = Script.LATIN
    base = Script.ARABIC if right_to_left else Script.LATIN
    result: list[Script] = []
    for i, script in enumerate(found):
        if script is not None:
            result.append(script)
            continue
        before = result[-1] if result else base
        after = next((s for s in found[i:] if s is not None), base)
        if right_to_left:
            result.append(before if before is after else base)
        else:
            result.append(Script.LATIN if Script.ARABIC in (before, after) and before is not after else before)
    return result


def _visual_order(runs: list[Run]) -> Iterator[Run]:
    """Turn the order of a right-to-left line; neighbouring left-to-right runs keep theirs (UAX 9, rule L2)."""
    together: list[Run] = []
    for run in reversed(runs):
        if run.right_to_left:
            yield from reversed(together)
            together = []
            yield run
        else:
            together.append(run)
    yield from reversed(together)


def pieces(text: str) -> list[str]:
    """Split a text into pieces that no line end may part; spaces stay at the end of their piece."""
    result: list[str] = []
    start = 0
    for i, (here, following) in enumerate(pairwise(text), start=1):
        if _may_break(here, following):
            result.append(text[start:i])
            start = i
    if start < len(text):
        result.append(text[start:])
    return result


def _may_break(here: str, following: str) -> bool:
    if following == " " or following in _NO_LINE_START or here in _NO_LINE_END:
        return False
    if here == " ":
        return True
    if here == "-" and following.isalpha():
        return True
    chinese = Script.CHINESE in (script_of(here), script_of(following))
    return chinese and "\u00a0" not in (here, following)


def break_lines(text: str, width: float, measure: Measure, *, balanced: bool = False) -> list[str]:
    """Set a text in lines of at most `width` px. `balanced` makes them about equally long, as in a title.

    A single piece wider than a line is cut between characters: only then does a word fall apart.
    """
    text = plain(text)
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines += _fill(paragraph, width, measure)
    if balanced and len(lines) > 1 and "\n" not in text:
        lines = _balance(text, width, lines, measure)
    return lines


def _balance(text: str, width: float, lines: list[str], measure: Measure) -> list[str]:
    low, high = width / 2, width
    best = lines
    for _ in range(6):
        middle = (low + high) / 2
        trial = _fill(text, middle, measure)
        if len(trial) == len(lines) and all(measure(line) <= middle for line in trial) and not _torn(text, trial):
            best, high = trial, middle
        else:
            low = middle
    return best


def _torn(text: str, lines: list[str]) -> bool:
    """Whether a line end stands inside a piece."""
    whole = {piece.strip() for piece in pieces(text)}
    return any(pieces(line)[-1].strip() not in whole for line in lines if line)


def _fill(text: str, width: float, measure: Measure) -> list[str]:
    lines: list[str] = []
    line = ""
    for piece in pieces(text):
        if line and measure((line + piece).rstrip(" ")) > width:
            lines.append(line.rstrip(" "))
            line = ""
        line += piece
        while len(line) > 1 and measure(line.rstrip(" ")) > width:
            fit = next((n for n in range(len(line) - 1, 1, -1) if measure(line[:n]) <= width), 1)
            lines.append(line[:fit])
            line = line[fit:]
    return [*lines, line.rstrip(" ")] if line or not lines else lines


class FontFiles:
    """The font files of this machine. SDL_ttf opens only face 0 of a collection; others become files in `cache`."""

    def __init__(self, cache: Path, latin: tuple[str, str] = ("Roboto", "Roboto")) -> None:
        self._cache = cache
        self._latin = latin
        self._found: dict[tuple[Script, bool], str] = {}

    def path(self, script: Script, *, bold: bool) -> str:
        """Give the file of a script's font, or Latin's if the machine has none for it."""
        key = (script, bold)
        if key not in self._found:
            self._found[key] = self._locate(script, bold=bold) or self._latin[bold]
        return self._found[key]

    def missing_package(self, language: str) -> str:
        """Name the Debian package that a language's font is missing from; "" if the language can be written."""
        script = LANGUAGE_SCRIPTS.get(language)
        if script is None or _font_file(FAMILIES[script], bold=False) is not None:
            return ""
        return FAMILIES[script].package

    def _locate(self, script: Script, *, bold: bool) -> str:
        if script is Script.LATIN:
            return self._latin[bold]
        found = _font_file(FAMILIES[script], bold=bold)
        if found is None:
            return ""
        file, face = found
        return str(extract_face(Path(file), face, self._cache)) if file.endswith(".ttc") else file


def _font_file(family: Family, *, bold: bool) -> tuple[str, int] | None:
    """Give file and face index of a family: from its usual place, else from fontconfig."""
    usual = family.bold if bold else family.regular
    if Path(usual).exists():
        return usual, family.face
    return _match(f"{family.name}:{'bold' if bold else 'regular'}", family.name)


@functools.cache
def _match(pattern: str, family: str) -> tuple[str, int] | None:
    program = shutil.which("fc-match")
    if program is None:
        return None
    answer = subprocess.run(  # noqa: S603 - a fixed program, a pattern of our own
        [program, "--format=%{family}\t%{file}\t%{index}", pattern], capture_output=True, text=True, check=False
    )
    names, _, place = answer.stdout.partition("\t")
    file, _, index = place.partition("\t")
    return (file, int(index) & 0xFFFF) if family in names.split(",") else None


def extract_face(collection: Path, face: int, folder: Path) -> Path:
    """Write one face of an OpenType collection as a font file of its own, once (OpenType 1.9, "Font Collections")."""
    target = folder / f"{collection.stem}-{face}.otf"
    if target.exists():
        return target
    data = collection.read_bytes()
    (start,) = struct.unpack_from(">I", data, 12 + 4 * face)
    (count,) = struct.unpack_from(">H", data, start + 4)
    header = bytearray(data[start : start + 12 + 16 * count])
    position = len(header)
    tables = []
    for i in range(count):
        offset, length = struct.unpack_from(">II", header, 12 + 16 * i + 8)
        struct.pack_into(">I", header, 12 + 16 * i + 8, position)
        padded = data[offset : offset + length].ljust((length + 3) & ~3, b"\0")
        tables.append(padded)
        position += len(padded)
    folder.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    part.write_bytes(bytes(header) + b"".join(tables))
    part.replace(target)
    return target


def characters_of(font: Path) -> frozenset[int]:
    """Give the code points that a font file can draw (its `cmap`, formats 4 and 12)."""
    data = font.read_bytes()
    (count,) = struct.unpack_from(">H", data, 4)
    tables = {data[12 + 16 * i : 16 + 16 * i]: struct.unpack_from(">I", data, 20 + 16 * i)[0] for i in range(count)}
    cmap = tables[b"cmap"]
    (subtables,) = struct.unpack_from(">H", data, cmap + 2)
    found: set[int] = set()
    for i in range(subtables):
        (offset,) = struct.unpack_from(">I", data, cmap + 8 + 8 * i)
        found.update(_mapped(data, cmap + offset))
    return frozenset(found)


def _mapped(data: bytes, at: int) -> Iterator[int]:
    (form,) = struct.unpack_from(">H", data, at)
    if form == 12:
        (groups,) = struct.unpack_from(">I", data, at + 12)
        for i in range(groups):
            first, last = struct.unpack_from(">II", data, at + 16 + 12 * i)
            yield from range(first, last + 1)
    elif form == 4:
        (double,) = struct.unpack_from(">H", data, at + 6)
        ends = struct.unpack_from(f">{double // 2}H", data, at + 14)
        starts = struct.unpack_from(f">{double // 2}H", data, at + 16 + double)
        for first, last in zip(starts, ends, strict=True):
            if first != 0xFFFF:
                yield from range(first, last + 1)
