"""One thread per device: it opens it, keeps it open, does its tasks and reports its health when that changes."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from appliance.core.checkout import DeviceState
from appliance.core.commands import Health, ReportDevice
from appliance.drivers import Device
from appliance.errors import DeviceError, DeviceFailure
from appliance.ports import Post

log = logging.getLogger(__name__)

D = TypeVar("D", bound=Device)

Task = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How often devices are looked at and how long is waited, in seconds."""

    printer: float = 3.0
    """Between two questions for paper and cover."""
    drawer: float = 0.5
    """Between two looks at the drawer's sensor."""
    terminal: float = 30.0
    """Between two enquiries of an idle terminal."""
    others: float = 10.0
    lookup: float = 5.0
    """Between two look-ups of a payment that is still unknown."""
    record: float = 10.0
    """For a payment fact to be on disk."""
    first_pause: float = 0.5
    """Before a device that is gone is tried again; doubled up to `longest_pause`."""
    longest_pause: float = 4.0
    join: float = 5.0
    """For a thread to end when the supervisor stops."""


class Worker(Generic[D]):
    """The thread of one device. Subclasses say what to do when it is up, and what a look at it is."""

    def __init__(self, device: D, post: Post, timing: Timing, *, interval: float) -> None:
        self.device = device
        self.post = post
        self.timing = timing
        self.stopping = threading.Event()
        self._interval = interval
        self._tasks: SimpleQueue[Task] = SimpleQueue()
        self._up = False
        self._pause = 0.0
        self._next_look = 0.0
        self._reported: ReportDevice | None = None
        self._thread = threading.Thread(target=self._run, name=f"device {device.name}", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; returns at once. Tasks that have not begun are not done."""
        self.stopping.set()
        self._tasks.put(lambda: None)

    def join(self) -> None:
        """Wait for the end, a while."""
        if self._thread.ident is not None:
            self._thread.join(self.timing.join)
        if self._thread.is_alive():
            log.error("%s: the driver does not come to an end", self.device.name)

    def give(self, task: Task) -> None:
        """Have something done by the device's thread."""
        self._tasks.put(task)

    def ready(self) -> None:
        """Make sure that the device is open; DeviceError if it cannot be now."""
        if not self._up:
            self.device.open()
            self._up = True
            self._pause = 0.0
            self._next_look = 0.0
            log.info("%s: open", self.device.name)
            self.on_open()

    def report(self, state: DeviceState) -> None:
        """Tell the register, if this is news."""
        news = ReportDevice(
            device=state.name,
            category=state.category,
            health=state.health,
            conditions=state.conditions,
            detail=state.detail,
            remedy=state.remedy,
        )
        if news != self._reported:
            self._reported = news
            self.post(news)

    def lose(self, error: DeviceError) -> None:
        """Give the device up for now; it is opened again after a pause."""
        self.shut()
        self._up = False
        longest = self.timing.longest_pause
        self._pause = min(longest, self._pause * 2 or self.timing.first_pause) if error.transient else longest
        self._next_look = time.monotonic() + self._pause
        device = self.device
        if self._reported is None or self._reported.health is not Health.OFFLINE:
            log.warning("%s: %s", device.name, error)
        self.report(
            DeviceState(
                name=device.name,
                category=device.category,
                health=Health.OFFLINE,
                detail=str(error),
                remedy=error.remedy,
            )
        )

    def shut(self) -> None:
        """Close the device. A line that is gone may refuse even that, and must not take the thread along."""
        try:
            self.device.close()
        except Exception:
            log.exception("%s: could not be closed", self.device.name)

    def on_open(self) -> None:
        """Do what a freshly opened device needs."""

    def look(self) -> None:
        """See how the open device is."""
        self.report(self.device.check())

    def due(self) -> float:
        """Give the time (monotonic) of the next look."""
        return self._next_look

    def _run(self) -> None:
        while not self.stopping.is_set():
            try:
                self._step()
            except DeviceError as error:
                self.lose(error)
            except Exception as error:
                log.exception("%s: the driver failed", self.device.name)
                self.lose(DeviceFailure(f"the driver failed: {error}", remedy="Restart the till; tell service."))
        self.shut()

    def _step(self) -> None:
        try:
            task = self._tasks.get(timeout=max(0.0, self.due() - time.monotonic()))
        except Empty:
            self.ready()
            self._next_look = time.monotonic() + self._interval
            self.look()
            if self._reported is not None and self._reported.health is Health.OFFLINE:
                # It is open and says itself that it cannot work: staff should not have to wait for the next look.
                self._next_look = min(self._next_look, time.monotonic() + self.timing.longest_pause)
        else:
            if not self.stopping.is_set():
                task()
