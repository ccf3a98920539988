"""Compares a picture with its reference, with room for another version of the graphics library."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops

CHANNEL = 32
"""A pixel differs if a channel differs by more than this, of 255."""
SHARE = 0.002
"""Share of all pixels that may differ."""
TILE = 32
TILE_SHARE = 0.1
"""Share of the pixels of any 32 x 32 tile that may differ."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How far two pictures are apart."""

    share: float
    worst_tile: float
    mask: Image.Image

    @property
    def tolerable(self) -> bool:
        return self.share <= SHARE and self.worst_tile <= TILE_SHARE


def compare(actual: Image.Image, expected: Image.Image) -> Difference:
    """Compare two pictures of one size; another size is another picture."""
    if actual.size != expected.size:
        return Difference(1.0, 1.0, Image.new("L", actual.size, 255))
    apart = ImageChops.difference(actual.convert("RGB"), expected.convert("RGB"))
    red, green, blue = apart.split()
    most = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    mask = most.point(lambda value: 255 if value > CHANNEL else 0)
    pixels = mask.width * mask.height
    share = mask.histogram()[255] / pixels
    worst = mask.reduce(TILE).getextrema()[1] / 255
    return Difference(share, worst, mask)


def keep(picture: Image.Image, path: Path) -> None:
    """Write a reference with as few colours as it needs: 64, more where there are pictures of goods."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for colours in (64, 256):
        small = picture.convert("RGB").quantize(colours, dither=Image.Dither.NONE)
        small.save(path, optimize=True)
        if compare(picture, small).tolerable:
            return
    picture.convert("RGB").save(path, optimize=True)
