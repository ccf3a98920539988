"""Type as a picture, for what the printer's own code pages lack: Sami, Chinese and everything else.

Fonts are found by fontconfig and chosen character by character. Each character stands in the middle of its cell or
cells, so that a line that is a picture lines up with those that the printer set itself.
"""

from __future__ import annotations

import functools
import logging
import subprocess
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from appliance.io.printers.layout import cells

log = logging.getLogger(__name__)

_FAMILIES: Final = "Noto Sans Mono,DejaVu Sans Mono,Noto Sans Mono CJK SC,Noto Sans"
_INK: Final = 96
"""A dot is burnt from this grey on (0-255): a little heavier than half, as thermal paper wants it."""


@dataclass(frozen=True, slots=True)
class _Face:
    path: str
    index: int
    ranges: tuple[tuple[int, int], ...]

    def has(self, character: str) -> bool:
        return any(low <= ord(character) <= high for low, high in self.ranges)


def draw(text: str, *, cell: tuple[int, int], line: int, bold: bool) -> Image.Image:
    """Draw one line of type: `cell` is width and height of one cell in dots, `line` the height of the picture."""
    width, height = cell
    picture = Image.new("L", (max(8, cells(text) * width), max(line, height)), 0)
    pen = ImageDraw.Draw(picture)
    x = 0
    for cluster in _clusters(text):
        room = cells(cluster) * width
        font = _font(cluster[0], width, height, bold)
        left, _, right, _ = font.getbbox(cluster, anchor="ls")
        pen.text((x + (room - (right - left)) / 2 - left, _baseline(height)), cluster, 255, font, anchor="ls")
        x += room
    return picture.point(lambda grey: 0 if grey > _INK else 255).convert("1", dither=Image.Dither.NONE)


def missing(text: str) -> str:
    """Give the characters of a text that no installed font has."""
    return "".join(sorted({character for character in text if not any(face.has(character) for face in _faces(False))}))


def _clusters(text: str) -> list[str]:
    """Keep what has no width of its own with the character that carries it."""
    clusters: list[str] = []
    for character in text:
        if clusters and cells(character) == 0:
            clusters[-1] += character
        else:
            clusters.append(character)
    return clusters


def _baseline(height: int) -> int:
    return round(height * 0.79)


@functools.lru_cache(maxsize=4096)
def _font(character: str, width: int, height: int, bold: bool) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Give the font for a character, as large as its cells allow."""
    faces = _faces(bold)
    if not faces:
        return ImageFont.load_default()
    face = next((face for face in faces if face.has(character)), faces[0])
    room = width * cells(character)
    # 0.84 of the cell's height is the size at which ascenders and descenders of the Noto fonts stay inside it.
    for size in range(round(height * 0.92 if cells(character) == 2 else height * 0.84), 4, -1):
        font = _load(face.path, face.index, size)
        if font.getlength(character) <= room:
            return font
    return _load(face.path, face.index, 5)


@functools.cache
def _load(path: str, index: int, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size, index=index, layout_engine=ImageFont.Layout.BASIC)


@functools.cache
def _faces(bold: bool) -> tuple[_Face, ...]:
    pattern = _FAMILIES + (":bold" if bold else "")
    command = ["fc-match", "--sort", "--format=%{file}\t%{index}\t%{charset}\n", pattern]
    try:
        listing = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)  # noqa: S603 - fixed command
    except (OSError, subprocess.SubprocessError):
        log.exception("fontconfig does not answer: install fontconfig and fonts-noto")
        return ()
    faces = []
    for row in listing.stdout.splitlines():
        path, index, charset = row.split("\t")
        ranges = tuple(
            (int(low, 16), int(high or low, 16)) for low, _, high in (part.partition("-") for part in charset.split())
        )
        # The upper half of fontconfig's index names an instance of a variable font; Pillow wants the face only.
        faces.append(_Face(path, int(index) & 0xFFFF, ranges))
    return tuple(faces)
