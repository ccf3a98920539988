"""The simulated paper: what is printed is what is read back, however the bytes arrive."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from appliance.core.receipt import AmountLine, QrCode, ReceiptDocument, TextLine
from appliance.io.printers import composer
from appliance.io.printers.layout import lay_out
from simulators.escpos_paper import Cut, Line, Paper, Parser, Picture, Qr
from simulators.escpos_picture import render


def press(**other: object) -> composer.Press:
    how: dict[str, object] = {
        "profile": "default",
        "code_pages": ("CP858",),
        "columns": 48,
        "dots": 576,
        "font": "a",
        "pictures": "raster",
        "qr_native": True,
        "qr_size": 6,
        "cut": "part",
        "chinese_mode": False,
        "logo": None,
    }
    return composer.Press(**(how | other))


DOCUMENT = ReceiptDocument(
    title="t",
    lines=(
        TextLine(text="Torgboden", bold=True, scale=2),
        AmountLine(text="Blåbær", amount="39,90"),
        AmountLine(text="挪威三文鱼", amount="129,00"),
        QrCode(payload="https://kvitt.example/r/1"),
    ),
)
BYTES = composer.compose(press(), lay_out(DOCUMENT, 48))


@given(st.lists(st.integers(0, len(BYTES)), max_size=8))
def test_the_paper_is_the_same_however_the_bytes_are_cut(cuts: list[int]):
    edges = [0, *sorted(cuts), len(BYTES)]
    parser, paper = Parser(), Paper()
    for start, end in itertools.pairwise(edges):
        for op in parser.feed(BYTES[start:end]):
            paper.apply(op)
    assert parser.pending == b""
    assert paper.text() == Paper.of(BYTES).text()


def test_the_marks_are_those_of_the_receipt_in_its_order():
    paper = Paper.of(BYTES)
    kinds = [type(mark) for mark in paper.marks if isinstance(mark, Line | Picture | Qr | Cut)]
    assert [kind for kind in kinds if kind is not Line] == [Picture, Qr, Cut]
    assert paper.unknown == []


@pytest.mark.parametrize("pictures", ["raster", "graphics", "column"])
def test_a_picture_is_the_same_in_every_way_of_sending_it(pictures: str):
    lines = lay_out(ReceiptDocument(title="t", lines=(TextLine(text="挪威三文鱼"),)), 48)
    paper = Paper.of(composer.compose(press(pictures=pictures), lines))
    strips = [mark.image for mark in paper.marks if isinstance(mark, Picture)]
    [whole] = [mark.image for mark in Paper.of(composer.compose(press(), lines)).marks if isinstance(mark, Picture)]
    # Column mode sends the picture in strips of 24 dots.
    assert set().union(*(ink(strip, 24 * i) for i, strip in enumerate(strips))) == ink(whole, 0)


def ink(picture: Image.Image, top: int) -> set[tuple[int, int]]:
    width, height = picture.size
    return {(x, top + y) for x in range(width) for y in range(height) if picture.getpixel((x, y))}


def test_an_unknown_command_is_kept_for_the_test_that_looks():
    assert Paper.of(b"\x1b@\x1b\x7fx\n").unknown == [b"\x1b\x7f"]


def test_the_picture_of_the_roll_has_ink_where_the_text_stands_and_none_beside_it():
    picture = render(Paper.of(b"\x1b@" + b" " * 40 + b"Sum 1,00\n\x1dV\x00"), dots=576)
    assert picture.width == 640
    dark = picture.convert("L").point(lambda grey: 255 if grey < 128 else 0).getbbox()
    assert dark is not None
    left, top, right, bottom = dark
    assert 32 + 40 * 12 <= left < right <= 32 + 576
    assert top < bottom <= picture.height
