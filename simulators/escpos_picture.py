"""A picture of the paper, dot for dot as a thermal printer burns it, only in a nicer type."""

from __future__ import annotations

import functools
import subprocess
from typing import Final

import qrcode
from PIL import Image, ImageChops, ImageDraw, ImageFont

from simulators.escpos_paper import Cut, Feed, Line, Mark, Paper, Picture, Qr, Span

_MARGIN: Final = 32
_EDGE: Final = 24
_PAPER: Final = (252, 251, 247)
_INK: Final = (38, 36, 40)
_SHADE: Final = (226, 224, 218)
_FAMILY: Final = "Noto Sans Mono,DejaVu Sans Mono,monospace"


def render(paper: Paper, *, dots: int = 576) -> Image.Image:
    """Draw the whole roll; `dots` is the width that the printer can print."""
    ink = Image.new("L", (dots, sum(_height(mark) for mark in paper.marks) + 2 * _EDGE), 0)
    cuts, y = [], _EDGE
    for mark in paper.marks:
        if isinstance(mark, Cut):
            cuts.append(y + _EDGE // 2)
        else:
            _draw(ink, mark, y)
        y += _height(mark)
    roll = Image.new("RGB", (dots + 2 * _MARGIN, ink.height), _PAPER)
    roll.paste(Image.new("RGB", ink.size, _INK), (_MARGIN, 0), ink)
    for cut in cuts:
        _cut(roll, cut)
    return roll


def _height(mark: Mark) -> int:
    match mark:
        case Line():
            return mark.feed
        case Picture():
            return mark.image.height
        case Qr():
            return _code(mark).height
        case Feed():
            return mark.dots
        case Cut():
            return _EDGE


def _draw(ink: Image.Image, mark: Mark, y: int) -> None:
    match mark:
        case Line():
            width = sum(len(span.text) * span.cell[0] for span in mark.spans)
            x = _left(ink.width, width, mark.align)
            baseline = max((round(span.cell[1] * 0.79) for span in mark.spans), default=0)
            for span in mark.spans:
                x = _type(ink, span, x, y + baseline)
        case Picture():
            ink.paste(mark.image.convert("L"), (_left(ink.width, mark.image.width, mark.align), y))
        case Qr():
            code = _code(mark)
            ink.paste(code, (_left(ink.width, code.width, mark.align), y))
        case Feed() | Cut():
            return


def _left(room: int, width: int, align: str) -> int:
    return {"left": 0, "centre": (room - width) // 2, "right": room - width}[align]


def _type(ink: Image.Image, span: Span, x: int, baseline: int) -> int:
    width, height = span.cell
    # With double width alone (or height alone) a character is drawn once and stretched, as the printer does it.
    natural = width // (2 if span.wide and not span.high else 1)
    font = _font(natural * 2, span.bold)
    for character in span.text:
        if "\u2500" <= character <= "\u257f":
            pen = ImageDraw.Draw(ink)
            pen.line((x, baseline - height // 4, x + width, baseline - height // 4), 255, 2)
        elif character != " ":
            cell = Image.new("L", (natural, height // (2 if span.high and not span.wide else 1)), 0)
            ImageDraw.Draw(cell).text((natural / 2, round(cell.height * 0.79)), character, 255, font, anchor="ms")
            stretched = cell.resize((width, height), Image.Resampling.BICUBIC)
            box = (x, baseline - round(height * 0.79))
            ink.paste(255, box, stretched)
        x += width
    return x


def _code(mark: Qr) -> Image.Image:
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=4, box_size=mark.size)
    code.add_data(mark.payload)
    code.make(fit=True)
    return ImageChops.invert(code.make_image().get_image().convert("L"))


def _cut(roll: Image.Image, y: int) -> None:
    pen = ImageDraw.Draw(roll)
    for x in range(0, roll.width, 16):
        pen.line((x, y, x + 8, y), _SHADE, 2)


@functools.cache
def _font(width: int, bold: bool) -> ImageFont.FreeTypeFont:
    """Give a monospaced font of which a character is as wide as half of `width`."""
    pattern = _FAMILY + (":bold" if bold else "")
    found = subprocess.run(["fc-match", "--format=%{file}", pattern], capture_output=True, text=True, check=True)  # noqa: S603, S607 - fixed command, found in PATH
    size = width
    while size > 6 and ImageFont.truetype(found.stdout, size).getlength("0") > width / 2:
        size -= 1
    return ImageFont.truetype(found.stdout, size)
