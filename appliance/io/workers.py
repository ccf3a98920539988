"""What the thread of each kind of device does."""

from __future__ import annotations

import logging
import threading
import time

from appliance.core.commands import (
    CallHelp,
    PrintResult,
    ReportDrawer,
    ReportPrint,
    ScanCode,
)
from appliance.core.receipt import ReceiptDocument
from appliance.drivers import CashDrawer, HelpButton, LaneLight, ReceiptPrinter, Scanner
from appliance.errors import DeviceError, DeviceFailure
from appliance.io.worker import Timing, Worker
from appliance.ports import Post

log = logging.getLogger(__name__)

_CHECK_EVERY: float = 10.0


class ScannerWorker(Worker[Scanner]):
    """Reads until the device goes or the till stops."""

    def __init__(self, device: Scanner, post: Post, timing: Timing) -> None:
        super().__init__(device, post, timing, interval=0.0)

    def look(self) -> None:
        """Read codes; returns only when the till stops."""
        self.report(self.device.check())
        self.device.read(lambda code: self.post(ScanCode(code)), self.stopping.is_set)


class PrinterWorker(Worker[ReceiptPrinter]):
    """Prints one job at a time and says once what became of it.

    Jobs that have not begun when the till stops get no answer: the journal still holds them, and the next start
    prints them.
    """

    def __init__(self, device: ReceiptPrinter, post: Post, timing: Timing) -> None:
        super().__init__(device, post, timing, interval=timing.printer)
        self._waiting: set[str] = set()
        self._lock = threading.Lock()

    def print(self, job: str, document: ReceiptDocument) -> None:
        """Take a job; one that is waiting already is not taken twice."""
        with self._lock:
            if job in self._waiting:
                return
            self._waiting.add(job)
        self.give(lambda: self._print(job, document))

    def _print(self, job: str, document: ReceiptDocument) -> None:
        try:
            # A printer on the network may have closed an idle connection: that is seen and mended before the job.
            self._revive()
        except DeviceError as error:
            self._answer(job, PrintResult.FAILED, error)
            raise
        try:
            self.device.print(document)
        except DeviceFailure as error:
            self._answer(job, PrintResult.FAILED, error)
            self.look()
        except DeviceError as error:
            self._answer(job, PrintResult.UNKNOWN, error)
            raise
        except Exception as error:
            self._answer(job, PrintResult.UNKNOWN, error)
            raise
        else:
            self._answer(job, PrintResult.PRINTED, None)
            self.look()

    def _revive(self) -> None:
        try:
            self.ready()
            self.look()
        except DeviceError as error:
            log.info("%s: opened again before a job: %s", self.device.name, error)
            self.lose(error)
            self.ready()
            self.look()

    def _answer(self, job: str, result: PrintResult, error: Exception | None) -> None:
        with self._lock:
            self._waiting.discard(job)
        detail = "" if error is None else str(error)
        log.info("%s: job %s: %s %s", self.device.name, job, result, detail)
        self.post(ReportPrint(job=job, result=result, detail=detail))


class DrawerWorker(Worker[CashDrawer]):
    """Opens the drawer and watches its sensor."""

    def __init__(self, device: CashDrawer, post: Post, timing: Timing) -> None:
        super().__init__(device, post, timing, interval=timing.drawer)
        self._open: bool | None = None
        self._next_check = 0.0

    def kick(self) -> None:
        """Open the drawer soon."""
        self.give(self._kick)

    def on_open(self) -> None:
        """Ask for everything again."""
        self._next_check = 0.0

    def look(self) -> None:
        """Report the sensor when it changes, and the health now and then."""
        now_open = self.device.is_open()
        if now_open != self._open or time.monotonic() >= self._next_check:
            self._next_check = time.monotonic() + _CHECK_EVERY
            self.report(self.device.check())
        if now_open is not None and now_open != self._open:
            self.post(ReportDrawer(now_open))
        self._open = now_open

    def _kick(self) -> None:
        self.ready()
        self.device.kick()


class LightWorker(Worker[LaneLight]):
    """Shows the newest lamp, also after the light came back."""

    def __init__(self, device: LaneLight, post: Post, timing: Timing) -> None:
        super().__init__(device, post, timing, interval=timing.others)
        self._lamp = "off"

    def show(self, lamp: str) -> None:
        """Show a lamp soon."""
        self._lamp = lamp
        self.give(self._show)

    def on_open(self) -> None:
        """Show what was wanted last."""
        self.device.show(self._lamp)

    def _show(self) -> None:
        self.ready()
        self.device.show(self._lamp)


class ButtonWorker(Worker[HelpButton]):
    """Calls for help."""

    def __init__(self, device: HelpButton, post: Post, timing: Timing) -> None:
        super().__init__(device, post, timing, interval=timing.others)

    def on_open(self) -> None:
        """Listen."""
        self.device.watch(lambda: self.post(CallHelp()))
