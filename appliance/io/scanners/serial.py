"""Scanner on a serial line: RS-232, or USB that shows up as a serial port (CDC-ACM)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from appliance.core.checkout import DeviceState
from appliance.core.commands import Health
from appliance.errors import ConfigError, DeviceOffline
from appliance.io.link import Link, open_link
from appliance.io.scanners.framing import Frame, Framing


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialScannerOptions:
    """[devices.scanner] with driver = "serial"."""

    url: str
    """serial:///dev/serial/by-id/...?baud=9600, or tcp://host:port for a scanner behind a terminal server."""
    prefix: str = ""
    """What the scanner is set to send before each code; lines without it are noise."""
    suffix: str = ""
    """What the scanner is set to send behind each code, before the terminator."""
    terminator: str = "\r\n"
    """Each of these characters ends a code; "" = a pause of `gap_ms` ends it."""
    gap_ms: int = 150
    """A code that stands still for so long was cut off and is dropped, so that it cannot glue to the next one."""
    longest: int = 512
    """Characters that the longest code may have."""

    def __post_init__(self) -> None:
        if not self.prefix.isascii() or not self.suffix.isascii() or not self.terminator.isascii():
            raise ConfigError("scanner: prefix, suffix and terminator are ASCII")
        if not 10 <= self.gap_ms <= 5000 or not 8 <= self.longest <= 8192:
            raise ConfigError("scanner: gap_ms is from 10 to 5000, longest from 8 to 8192")


class SerialScanner:
    """UnifiedPOS Scanner."""

    category = "Scanner"
    Options = SerialScannerOptions

    def __init__(self, name: str, options: SerialScannerOptions) -> None:
        self.name = name
        self._options = options
        self._link: Link | None = None

    def open(self) -> None:
        """Open the line. Whether a scanner is at its other end shows with the first scan."""
        self.close()
        self._link = open_link(self._options.url, timeout=5)

    def close(self) -> None:
        """Close the line."""
        if self._link is not None:
            self._link.close()
            self._link = None

    def check(self) -> DeviceState:
        """See that the line is there; a scanner cannot be asked."""
        if not self._require().alive():
            raise DeviceOffline(f"{self._options.url}: the scanner is gone", remedy="Plug the scanner in again.")
        return DeviceState(
            name=self.name,
            category=self.category,
            health=Health.ONLINE,
            detail=f"{self._options.url} is open; scan something to see that the scanner works",
        )

    def read(self, deliver: Callable[[str], None], stopped: Callable[[], bool]) -> None:
        """Deliver codes until `stopped()`."""
        link, options = self._require(), self._options
        frame = Frame(
            prefix=options.prefix, suffix=options.suffix, terminator=options.terminator, longest=options.longest
        )
        framing = Framing(frame)
        while not stopped():
            data = link.read(4096, options.gap_ms / 1000 if framing.partial else 0.5)
            if data or framing.partial:
                for code in framing.feed(data) if data else framing.pause():
                    deliver(code)

    def _require(self) -> Link:
        if self._link is None:
            raise DeviceOffline(f"scanner {self.name} is not open", remedy="Plug the scanner in.")
        return self._link
