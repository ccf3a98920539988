"""Bytes of a scanner's line to codes. Pure: no line, no clock.

A symbology identifier (ISO/IEC 15424: "]E0", "]d2") and the group separator of GS1 element strings are part of a code
and pass through; what no barcode holds does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_SEPARATOR: Final = "\x1d"
"""FNC1 within a GS1 element string (General Specifications, section 7.8.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """How the scanner wraps its codes."""

    prefix: str = ""
    suffix: str = ""
    terminator: str = "\r\n"
    """Each of these characters ends a code; "" = a pause ends it."""
    longest: int = 512
    """Characters; what is longer is noise and is dropped up to the next terminator."""


class Framing:
    """Collects bytes until a code is complete."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._held = bytearray()
        self._overlong = False

    @property
    def partial(self) -> bool:
        """Whether a code has begun."""
        return bool(self._held) or self._overlong

    def feed(self, data: bytes) -> list[str]:
        """Give the codes that are complete with these bytes."""
        codes = []
        ends = self._frame.terminator.encode("latin-1")
        for byte in data:
            if byte in ends:
                codes += self._end()
            elif len(self._held) >= self._frame.longest:
                self._overlong = True
                self._held.clear()
            elif not self._overlong:
                self._held.append(byte)
        return codes

    def pause(self) -> list[str]:
        """Nothing has come for a while: half a code is dropped, or is whole where pauses end codes."""
        if self._frame.terminator:
            self._held.clear()
            self._overlong = False
            return []
        return self._end()

    def _end(self) -> list[str]:
        data, overlong = bytes(self._held), self._overlong
        self._held.clear()
        self._overlong = False
        if overlong:
            return []
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
        frame = self._frame
        if frame.prefix:
            # Noise before the prefix goes; a line without it did not come from a scan.
            _, found, text = text.rpartition(frame.prefix)
            if not found:
                return []
        if frame.suffix and text.endswith(frame.suffix):
            text = text[: -len(frame.suffix)]
        code = "".join(character for character in text if character.isprintable() or character == _SEPARATOR)
        return [code] if code.strip() else []
