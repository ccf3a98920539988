"""Several ingest workers, each a process of its own: started, and started again when it dies, until all are stopped."""

from __future__ import annotations

import logging
import math
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from hub.database import Database, setting
from hub.worker import HEALTHY_S, HEARTBEAT

LOOK_S: Final = 0.2
AGAIN_S: Final = 2.0
"""A worker that did not live so long is started again only after that time."""
STOP_S: Final = 15.0

_log = logging.getLogger(__name__)


class Workforce:
    """The processes of one machine's workers. Each holds the end of a pipe, and ends when this process does."""

    def __init__(self, count: int, *, folder: Path, broker: str, url: str) -> None:
        self._words = [sys.executable, "-m", "hub", "work", "--tied"]
        self._words += ["--data", str(folder), "--broker", broker, "--database", url]
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._started = dict.fromkeys(range(1, count + 1), -math.inf)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="workforce", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End them after the commits at hand."""
        self._stopping.set()
        self._thread.join()
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdin is not None:
                process.stdin.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            for number in self._started:
                self._look_after(number)
            self._stopping.wait(LOOK_S)

    def _look_after(self, number: int) -> None:
        process = self._processes.get(number)
        if process is not None:
            code = process.poll()
            if code is None:
                return
            _log.error("worker %d ended with %d; what it had not committed is sent again by its tills", number, code)
            if process.stdin is not None:
                process.stdin.close()
            del self._processes[number]
        if time.monotonic() - self._started[number] >= AGAIN_S:
            self._started[number] = time.monotonic()
            words: Sequence[str] = [*self._words, "--number", str(number)]
            self._processes[number] = subprocess.Popen(words, stdin=subprocess.PIPE)  # noqa: S603 - this very program


class Pulse:
    """Whether any worker, on any machine, has lately shown that it can commit. Clocks are not compared."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = threading.Lock()
        self._seen = ""
        self._looked_at = -math.inf
        self._beat_at = -math.inf

    def healthy(self) -> bool:
        """Say so. Before the first beat that it sees itself, it says no."""
        with self._turn:
            now = time.monotonic()
            if now - self._looked_at >= LOOK_S:
                self._looked_at = now
                self._look(now)
            return now - self._beat_at < HEALTHY_S

    def _look(self, now: float) -> None:
        try:
            with self._database.read() as connection:
                found = setting(connection, HEARTBEAT) or "never"
        except SQLAlchemyError as error:
            _log.error("the database does not answer: %s", error)
            return
        # What stands there at the first look may be old.
        if self._seen not in ("", found):
            self._beat_at = now
        self._seen = found
