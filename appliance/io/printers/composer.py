"""A laid-out receipt as ESC/POS bytes, by python-escpos. Slow to import: only the printer's own thread does."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import qrcode
from escpos import capabilities, constants
from escpos.escpos import Escpos
from escpos.magicencode import Encoder, MagicEncode
from PIL import Image, ImageChops

from appliance.io.printers import glyphs
from appliance.io.printers.layout import Blank, LogoPicture, PaperLine, QrPicture, Ruled, Type

# The library writes its profiles as a pickle into a new temporary folder at every import and forgets it there.
shutil.rmtree(capabilities.pickle_dir, ignore_errors=True)

_IMAGE_HEADER: Final = 8
_REAL_TIME: Final = re.compile(rb"\x10(?=[\x04\x05\x14])")
_LOGO_HEIGHT: Final = 240
_ROOM_BELOW_LARGE: Final = b"\x1bJ\x0a"
"""The line spacing leaves nothing between double height and the next line."""
_QR_QUIET: Final = 4
"""Empty modules around a code (ISO/IEC 18004, section 6.3.8)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """How the printer prints: what does not change from job to job."""

    profile: str
    code_pages: tuple[str, ...]
    columns: int
    dots: int
    font: str
    pictures: str
    qr_native: bool
    qr_size: int
    cut: str
    chinese_mode: bool
    logo: Image.Image | None

    @property
    def cell(self) -> tuple[int, int]:
        """Width and height of a character in dots: font A is 12 x 24 on nearly all printers, B 9 x 17."""
        return self.dots // self.columns, 24 if self.font == "a" else 17

    @property
    def line(self) -> int:
        """Height of a line in dots: a sixth of an inch, the spacing that ESC @ sets; 72 mm of print are 2.83 inches."""
        inches = 2.83 if self.dots > 400 else 1.89
        return round(self.dots / inches / 6)


def profiles() -> tuple[str, ...]:
    """Give the names of the printer profiles that there are."""
    return tuple(sorted(capabilities.CAPABILITIES["profiles"]))


def load_logo(path: str, dots: int) -> Image.Image:
    """Read a picture and make it fit the paper; OSError if it cannot be read."""
    with Image.open(path) as picture:
        drawn = picture.convert("RGBA")
    white = Image.new("RGBA", drawn.size, "white")
    white.alpha_composite(drawn)
    white.thumbnail((dots, _LOGO_HEIGHT))
    return white.convert("L").convert("1")


def compose(press: Press, lines: Sequence[PaperLine]) -> bytes:
    """Give the bytes that print and cut a receipt, from a printer in any state."""
    return _Composer(press).compose(lines)


def pulse(pin: int, on_ms: int, off_ms: int) -> bytes:
    """Give the bytes that open a drawer at pin 2 or 5 of the printer's connector (ESC p)."""
    return bytes((0x1B, 0x70, 0 if pin == 2 else 1, min(255, on_ms // 2), min(255, off_ms // 2)))


class _Composer(Escpos):  # type: ignore[misc] # python-escpos has no types
    """python-escpos, writing into a buffer."""

    def __init__(self, press: Press) -> None:
        self._press = press
        self._buffer = bytearray()
        super().__init__()
        self.profile = capabilities.get_profile(press.profile)
        # Without the width the library writes a warning to the standard output for every picture.
        media = {"width": {"pixels": press.dots, "mm": "Unknown"}, "dpi": "Unknown"}
        self.profile.profile_data = {**self.profile.profile_data, "media": media}
        pages: dict[str, Any] = self.profile.get_code_pages()
        self._pages = {name: pages[name] for name in press.code_pages if name in pages}
        self.magic = MagicEncode(self, encoder=Encoder(self._pages))

    def _raw(self, msg: bytes) -> None:
        self._buffer += msg

    def compose(self, lines: Sequence[PaperLine]) -> bytes:
        self.hw("INIT")
        self._raw(constants.GS + b"a\x00")  # no automatic status: it would mix with the answers that are asked for
        if self._press.chinese_mode:
            self._raw(b"\x1c.")
        for line in lines:
            self._line(line)
        if self._press.cut == "none":
            self.print_and_feed(6)
        else:
            self.cut(mode="PART" if self._press.cut == "part" else "FULL")
        return bytes(self._buffer)

    def _line(self, line: PaperLine) -> None:
        match line:
            case Type():
                self._type(line)
            case Ruled():
                dash = "─" if self._can_set("─") else "-"
                self._type(Type(text=dash * self._press.columns))
            case Blank():
                self._type(Type(text=""))
            case LogoPicture():
                if self._press.logo is not None:
                    self._picture(self._press.logo)
            case QrPicture():
                self._qr(line.payload)

    def _type(self, line: Type) -> None:
        if self._can_set(line.text):
            large = line.scale == 2
            self.set(
                normal_textsize=not large,
                double_width=large,
                double_height=large,
                bold=line.bold,
                font=self._press.font,
                align="left",
            )
            if line.text.isascii():
                # The same in all code pages; the library fails on it where there is none.
                self._raw(line.text.encode("ascii") + b"\n")
            else:
                self.text(line.text + "\n")
            if large:
                self._raw(_ROOM_BELOW_LARGE)
            return
        width, height = self._press.cell
        cell = (width * line.scale, height * line.scale)
        # Left-hand spaces are part of the text, so the picture begins at the left edge.
        height = self._press.line if line.scale == 1 else cell[1] + _ROOM_BELOW_LARGE[-1]
        self._picture(glyphs.draw(line.text, cell=cell, line=height, bold=line.bold), centred=False)

    def _can_set(self, text: str) -> bool:
        return all(
            ord(character) < 0x80 or any(self.magic.encoder.can_encode(page, character) for page in self._pages)
            for character in text
        )

    def _picture(self, picture: Image.Image, *, centred: bool = True) -> None:
        if picture.width > self._press.dots:
            picture = picture.crop((0, 0, self._press.dots, picture.height))
        if centred:
            wide = Image.new("1", (self._press.dots, picture.height), 1)
            wide.paste(picture, ((self._press.dots - picture.width) // 2, 0))
            picture = wide
        else:
            ink = ImageChops.invert(picture.convert("L")).getbbox()
            picture = picture.crop((0, 0, min(picture.width, (ink[2] if ink else 8) + 7 & ~7), picture.height))
        self.set(align="left")
        start = len(self._buffer) + _IMAGE_HEADER
        self.image(picture, impl=_PICTURES[self._press.pictures], fragment_height=4096)
        # A printer obeys real-time commands (DLE EOT, DLE DC4: open the drawer!) also where they are dots of a
        # picture. One dot more makes them harmless.
        self._buffer[start:] = _REAL_TIME.sub(b"\x11", bytes(self._buffer[start:]))

    def _qr(self, payload: str) -> None:
        code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=_QR_QUIET)
        code.add_data(payload)
        code.make(fit=True)
        size = max(1, min(self._press.qr_size, self._press.dots // (code.modules_count + 2 * _QR_QUIET)))
        if self._press.qr_native:
            self.set(align="center")
            self.qr(payload, ec=constants.QR_ECLEVEL_M, size=size, native=True)
            self.set(align="left")
            self.text("\n")
            return
        code.box_size = size
        self._picture(code.make_image().get_image().convert("1"))


_PICTURES: Final = {"raster": "bitImageRaster", "graphics": "graphics", "column": "bitImageColumn"}
