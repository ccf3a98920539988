"""A till in a process of its own, so that it can lose its power in the middle of anything.

Devices, broker and hub stay outside, as in a shop. Commands go in and pictures of the state come out over a socket.
Tills are forked off a nursery, a process that has read all modules already: booting takes no longer than it must.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import queue
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from functools import cache
from importlib.metadata import entry_points
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Final, Protocol

from appliance import config
from appliance.assembly import Till
from appliance.core.checkout import Checkout, Rejection
from appliance.core.commands import Command
from appliance.core.effects import Sound
from appliance.errors import ApplianceError
from appliance.service import ServiceWatchdog

ROOT: Final = Path(__file__).parents[2]
_DRIVERS: Final = ("scanner.serial", "printer.escpos", "drawer.printer", "terminal.zvt")


class Watcher(Protocol):
    """Who looks at the till."""

    def show(self, checkout: Checkout) -> None:
        """Take a new state."""

    def refuse(self, rejection: Rejection) -> None:
        """Take a refusal."""

    def end(self, code: int | None, fault: str) -> None:
        """Take the end: an exit code, or the fault that ended it; neither after a power cut."""


class _Reporter:
    """Implements `ports.Presenter`: says everything over the pipe."""

    def __init__(self, line: Connection) -> None:
        self._line = line

    def show(self, checkout: Checkout) -> None:
        self._line.send(checkout)

    def refuse(self, rejection: Rejection) -> None:
        self._line.send(rejection)

    def play(self, sound: Sound) -> None:
        """Nobody listens."""


def run(line: Connection, configuration: Path) -> None:
    """Be the till."""
    logging.basicConfig(
        filename=configuration.with_suffix(".log"), level=logging.INFO, format="%(asctime)s %(name)s: %(message)s"
    )
    inbox: queue.SimpleQueue[Command] = queue.SimpleQueue()
    try:
        till = Till(config.load(configuration), inbox, _Reporter(line), ServiceWatchdog(screen=False))

        def listen() -> None:
            with contextlib.suppress(EOFError):
                while (command := line.recv()) is not None:
                    inbox.put(command)
            till.stop()

        threading.Thread(target=listen, name="commands", daemon=True).start()
        code = till.run(lambda: None)
    except ApplianceError as error:
        line.send((None, str(error)))
    else:
        line.send((code, ""))


def _nurse() -> None:
    """Fork off a till for everyone who connects, until the test run ends."""
    for driver in entry_points(group="kvitt.devices"):
        if driver.name in _DRIVERS:
            driver.load()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(sys.argv[1])
        door.listen()
        while sys.stdin not in (ready := select.select([door, sys.stdin], [], [])[0]):
            assert door in ready
            visitor, _ = door.accept()
            with visitor:
                if os.fork() == 0:
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    door.close()
                    line = Connection(visitor.detach())
                    line.send(os.getpid())
                    run(line, line.recv())
                    line.close()
                    return


@cache
def _nursery() -> str:
    """Start the nursery once; give its address."""
    folder = tempfile.TemporaryDirectory(prefix="kvitt-nursery-")
    door = Path(folder.name) / "door"
    process = subprocess.Popen([sys.executable, "-m", __name__, str(door)], stdin=subprocess.PIPE, cwd=ROOT)

    def close() -> None:
        assert process.stdin is not None
        process.stdin.close()
        process.wait()
        folder.cleanup()

    atexit.register(close)
    deadline = time.monotonic() + 30
    while not door.exists():
        assert process.poll() is None, "the nursery has ended"
        assert time.monotonic() < deadline, "the nursery does not open"
        time.sleep(0.01)
    return str(door)


class TillProcess:
    """One run of the till, from its boot to its end."""

    def __init__(self, configuration: Path, watcher: Watcher) -> None:
        self._line = Client(_nursery())
        self._watcher = watcher
        self.pid: int = self._line.recv()
        self._line.send(configuration)
        self._reader = threading.Thread(target=self._read, name="pictures of the till")
        self._reader.start()

    def send(self, command: Command) -> None:
        """Give the register a command; lost if the till is gone."""
        with contextlib.suppress(OSError):
            self._line.send(command)

    def kill(self) -> None:
        """Take its power: SIGKILL."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self._end()

    def stop(self) -> None:
        """End it in good order."""
        with contextlib.suppress(OSError):
            self._line.send(None)
        self._end()

    def _end(self) -> None:
        deadline = time.monotonic() + 30
        with contextlib.suppress(ProcessLookupError):
            while True:
                os.kill(self.pid, 0)
                assert time.monotonic() < deadline, "the till does not end"
                time.sleep(0.002)
        self._reader.join()
        self._line.close()

    def _read(self) -> None:
        code: int | None = None
        fault = ""
        while True:
            try:
                said = self._line.recv()
            except (EOFError, OSError):
                self._watcher.end(code, fault)
                return
            match said:
                case Checkout():
                    self._watcher.show(said)
                case Rejection():
                    self._watcher.refuse(said)
                case (code, fault):
                    continue


if __name__ == "__main__":
    _nurse()
