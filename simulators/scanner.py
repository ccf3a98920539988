"""A barcode scanner on a serial line, in good and in bad order."""

from __future__ import annotations

import time
from dataclasses import dataclass

from simulators.wire import Wire


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How the scanner is set to send a code."""

    prefix: str = ""
    suffix: str = ""
    terminator: str = "\r\n"
    identifiers: bool = False
    """Send the AIM symbology identifier before the code (ISO/IEC 15424)."""


class ScannerSimulator:
    """A scanner at the end of a wire."""

    def __init__(self, wire: Wire, setting: Setting | None = None) -> None:
        self._wire = wire
        self._setting = setting or Setting()

    @property
    def url(self) -> str:
        """What to write into the appliance's configuration."""
        return self._wire.url

    def start(self) -> None:
        """Plug the scanner in; again after `stop`."""
        self._wire.plug(_ignore)

    def stop(self) -> None:
        """Pull the plug."""
        self._wire.unplug()

    def scan(self, code: str, *, identifier: str = "]E0", byte_pause: float = 0.0) -> None:
        """Scan a code; `byte_pause` seconds between its bytes, as of a slow or failing line."""
        data = self.frame(code, identifier=identifier)
        if not byte_pause:
            self._wire.send(data)
            return
        for byte in data:
            self._wire.send(bytes((byte,)))
            time.sleep(byte_pause)

    def scan_part(self, code: str, length: int) -> None:
        """Send only the first bytes: the scanner was knocked off, or its cable has a bad contact."""
        self._wire.send(self.frame(code)[:length])

    def noise(self, data: bytes) -> None:
        """Send anything at all."""
        self._wire.send(data)

    def frame(self, code: str, *, identifier: str = "]E0") -> bytes:
        """Give the bytes of a scan."""
        now = self._setting
        head = identifier if now.identifiers else ""
        return f"{now.prefix}{head}{code}{now.suffix}{now.terminator}".encode()


def _ignore(data: bytes) -> None:
    """A scanner takes no orders."""
