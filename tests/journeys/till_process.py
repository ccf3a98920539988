"""A till in a process of its own, so that it can lose its power in the middle of anything.

Devices, broker and hub stay outside, as in a shop. Commands go in and pictures of the state come out over a pipe.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import queue
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, Protocol

from appliance import config
from appliance.assembly import Till
from appliance.core.checkout import Checkout, Rejection
from appliance.core.commands import Command
from appliance.core.effects import Sound
from appliance.errors import ApplianceError
from appliance.service import ServiceWatchdog

_PROCESSES: Final = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__])
"""A till is forked off a process that has read all modules already: booting takes no longer than it must."""


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
    logging.basicConfig(filename=configuration.with_suffix(".log"), level=logging.INFO, format="%(name)s: %(message)s")
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


class TillProcess:
    """One run of the till, from its boot to its end."""

    def __init__(self, configuration: Path, watcher: Watcher) -> None:
        self._line, theirs = _PROCESSES.Pipe()
        self._watcher = watcher
        self._process = _PROCESSES.Process(target=run, args=(theirs, configuration), name="till")
        self._process.start()
        theirs.close()
        self._reader = threading.Thread(target=self._read, name="pictures of the till")
        self._reader.start()

    @property
    def pid(self) -> int:
        """Number of the process."""
        assert self._process.pid is not None
        return self._process.pid

    def send(self, command: Command) -> None:
        """Give the register a command; lost if the till is gone."""
        with contextlib.suppress(OSError):
            self._line.send(command)

    def kill(self) -> None:
        """Take its power: SIGKILL."""
        self._process.kill()
        self._end()

    def stop(self) -> None:
        """End it in good order."""
        with contextlib.suppress(OSError):
            self._line.send(None)
        self._process.join(30)
        assert self._process.exitcode is not None, "the till does not end"
        self._end()

    def _end(self) -> None:
        self._process.join()
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
