"""The service manager's side of the till: readiness, watchdog and stop, in systemd's notification protocol."""

from __future__ import annotations

import os
import socket
import threading
import time
from typing import Final

_PARTS: Final = ("register", "screen")


class ServiceWatchdog:
    """Feeds systemd while register and screen both live; implements `ports.Watchdog`.

    A frozen picture and a frozen register are different faults, and both must restart the service: the watchdog is
    fed only while each of them has been heard of within the last `PATIENCE` seconds. Without systemd (NOTIFY_SOCKET
    unset) nothing is sent.
    """

    PATIENCE: Final = 10.0

    def __init__(self, *, screen: bool) -> None:
        self._address = os.environ.get("NOTIFY_SOCKET", "")
        now = time.monotonic()
        self._heard = dict.fromkeys(_PARTS if screen else _PARTS[:1], now)
        self._lock = threading.Lock()

    def feed(self) -> None:
        """The register is alive."""
        self._hear("register")

    def feed_screen(self) -> None:
        """The screen is alive."""
        self._hear("screen")

    def ready(self) -> None:
        """The till takes customers."""
        self._notify("READY=1")

    def stopping(self) -> None:
        """The till ends in good order."""
        self._notify("STOPPING=1")

    def _hear(self, part: str) -> None:
        now = time.monotonic()
        with self._lock:
            self._heard[part] = now
            alive = all(now - heard < self.PATIENCE for heard in self._heard.values())
        if alive:
            self._notify("WATCHDOG=1")

    def _notify(self, message: str) -> None:
        if not self._address:
            return
        # An address that begins with "@" is in the abstract namespace (sd_notify, systemd manual).
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
            line.connect(address)
            line.sendall(message.encode())
