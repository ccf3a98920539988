"""The loop that drives a fleet: one thread, one epoll, a heap of what is due."""

from __future__ import annotations

import contextlib
import heapq
import resource
import select
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from appliance.mqtt.client import Endpoint
from simulators.fleet.figures import Figures
from simulators.fleet.kiosk import DrivenConnection, FleetKiosk, Pace

FILES_OF_A_KIOSK: Final = 8
LONGEST_TURN_S: Final = 0.2
PER_SECOND: Final = 100
"""Kiosks that come up in a second."""


class Fleet:
    """`count` kiosks of one broker. With `folder` each has a card of its own there, and goes on where it stood."""

    def __init__(self, count: int, *, endpoint: Endpoint, pace: Pace, folder: Path | None = None) -> None:
        _let_open(count * FILES_OF_A_KIOSK + 100)
        self.figures = Figures()
        self._poll = select.epoll()
        self._by_descriptor: dict[int, FleetKiosk] = {}
        self._watched: dict[FleetKiosk, tuple[DrivenConnection, int]] = {}
        now = time.monotonic()
        self.kiosks: Sequence[FleetKiosk] = [
            FleetKiosk(
                number=number,
                endpoint=endpoint,
                pace=pace,
                figures=self.figures,
                begin=now + number / PER_SECOND,
                state=folder / f"kiosk-{number}" if folder is not None else None,
            )
            for number in range(1, count + 1)
        ]
        self._due = [(kiosk.due, number) for number, kiosk in enumerate(self.kiosks)]
        self._number = {kiosk: number for number, kiosk in enumerate(self.kiosks)}

    @property
    def online(self) -> int:
        """Kiosks that could send now."""
        return sum(kiosk.online for kiosk in self.kiosks)

    @property
    def done(self) -> bool:
        """Whether everything is sold and acknowledged."""
        return all(kiosk.done for kiosk in self.kiosks)

    def run(self, ended: Callable[[], bool]) -> None:
        """Drive them until `ended` says so."""
        while not ended():
            self.turn()

    def turn(self) -> None:
        """Wait for the next thing, and do it."""
        now = time.monotonic()
        while self._due and self._due[0][0] <= now:
            due, number = heapq.heappop(self._due)
            kiosk = self.kiosks[number]
            if due == kiosk.due:
                self._drive(kiosk)
        limit = min(self._due[0][0] - time.monotonic(), LONGEST_TURN_S) if self._due else LONGEST_TURN_S
        for descriptor, _ in self._poll.poll(max(0.0, limit)):
            kiosk = self._by_descriptor[descriptor]
            connection = kiosk.connection
            if connection is not None and connection.fileno() == descriptor:
                connection.read()
            self._drive(kiosk)

    def sell_no_more(self) -> None:
        """Only send what is there."""
        for kiosk in self.kiosks:
            kiosk.selling = False

    def close(self) -> None:
        """End in good order."""
        for kiosk in self.kiosks:
            kiosk.end()
        self._poll.close()

    def _drive(self, kiosk: FleetKiosk) -> None:
        kiosk.turn(time.monotonic())
        connection = kiosk.connection
        if connection is not None:
            written = connection.write()
            self._watch(kiosk, connection, select.EPOLLIN | (0 if written else select.EPOLLOUT))
        heapq.heappush(self._due, (kiosk.due, self._number[kiosk]))

    def _watch(self, kiosk: FleetKiosk, connection: DrivenConnection, wanted: int) -> None:
        """Keep the poll in step with a connection; a socket that was closed has left it by itself."""
        descriptor = connection.fileno()
        if descriptor < 0 or self._watched.get(kiosk) == (connection, wanted):
            return
        try:
            self._poll.register(descriptor, wanted)
        except FileExistsError:
            self._poll.modify(descriptor, wanted)
        self._watched[kiosk] = connection, wanted
        self._by_descriptor[descriptor] = kiosk


class FleetThread:
    """A fleet that runs beside whoever made it; use as a context manager."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=fleet.run, args=(self._stopping.is_set,), name="fleet")

    def __enter__(self) -> Fleet:
        self._thread.start()
        return self.fleet

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        self.fleet.close()


def _let_open(files: int) -> None:
    """Raise the limit of open files as far as this user may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = files if hard == resource.RLIM_INFINITY else min(files, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
