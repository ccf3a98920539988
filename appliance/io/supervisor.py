"""All devices of a till: a thread for each, and the register's calls handed to the right one (ports.Peripherals)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from appliance.core.commands import PrintResult, ReportOutcome, ReportPrint, ReportTotals
from appliance.core.payment import NO_EVIDENCE, Evidence, Intent, Outcome, OutcomeKind
from appliance.core.receipt import ReceiptDocument
from appliance.drivers import Device
from appliance.errors import ConfigError
from appliance.io.registry import attach
from appliance.io.tender_worker import TenderWorker
from appliance.io.worker import Timing, Worker
from appliance.io.workers import ButtonWorker, DrawerWorker, LightWorker, PrinterWorker, ScannerWorker
from appliance.ports import Post

_WORKERS: Final[Mapping[str, Any]] = {
    "Scanner": ScannerWorker,
    "POSPrinter": PrinterWorker,
    "CashDrawer": DrawerWorker,
    "Lights": LightWorker,
    "Keylock": ButtonWorker,
    "CAT": TenderWorker,
    "ElectronicValueRW": TenderWorker,
    "CashChanger": TenderWorker,
}
"""UnifiedPOS category of a device -> what its thread does."""


class Supervisor:
    """Owns the devices from `start` to `stop`. Answers come as commands through `post`."""

    def __init__(self, devices: Sequence[Device], post: Post, timing: Timing | None = None) -> None:
        attach(devices)
        self._post = post
        self._workers: list[Worker[Any]] = []
        for device in devices:
            if device.category not in _WORKERS:
                raise ConfigError(f"device {device.name}: nothing is known to do with a {device.category}")
            self._workers.append(_WORKERS[device.category](device, post, timing or Timing()))
        self._printers = [worker for worker in self._workers if isinstance(worker, PrinterWorker)]
        self._drawers = [worker for worker in self._workers if isinstance(worker, DrawerWorker)]
        self._lights = [worker for worker in self._workers if isinstance(worker, LightWorker)]
        self._tenders = {worker.device.name: worker for worker in self._workers if isinstance(worker, TenderWorker)}

    def start(self) -> None:
        """Start all devices; returns at once, and every device reports when it is there or why it is not."""
        for worker in self._workers:
            worker.start()

    def stop(self) -> None:
        """Stop all devices, wait for a receipt that is being printed, and close everything."""
        for worker in self._workers:
            worker.stop()
        for worker in self._workers:
            worker.join()

    def print_receipt(self, job: str, document: ReceiptDocument) -> None:
        """Print on the first printer; answers with ReportPrint, once."""
        if self._printers:
            self._printers[0].print(job, document)
        else:
            self._post(ReportPrint(job=job, result=PrintResult.FAILED, detail="this till has no receipt printer"))

    def open_drawer(self) -> None:
        """Open the cash drawers."""
        for drawer in self._drawers:
            drawer.kick()

    def show_lamp(self, lamp: str) -> None:
        """Set the lane light: open, help, attention or off."""
        for light in self._lights:
            light.show(lamp)

    def authorise(self, intent: Intent) -> None:
        """Begin an intent of any kind, once; answers with RecordPayment, ReportProgress and one ReportOutcome."""
        self._tender(intent, OutcomeKind.NOT_CHARGED, TenderWorker.authorise)

    def look_up(self, intent: Intent, evidence: Evidence = NO_EVIDENCE) -> None:
        """Find out about an intent; answers with ReportOutcome at once, and when a later answer differs."""
        self._tender(intent, OutcomeKind.UNKNOWN, lambda worker, it: worker.look_up(it, evidence))

    def present(self, attempt: UUID, code: str) -> None:
        """Give the devices a code; the one whose intent waits for it takes it."""
        for tender in self._tenders.values():
            tender.present(attempt, code)

    def close_day(self, device: str) -> None:
        """Have a tender device close its day; answers with ReportTotals."""
        tender = self._tenders.get(device)
        if tender is not None:
            tender.close_day()
        else:
            self._post(ReportTotals(device, None, f"this till has no payment device called {device}"))

    def cancel(self, attempt: UUID) -> None:
        """Ask the devices to stop a payment; whose it is not, ignores it."""
        for tender in self._tenders.values():
            tender.cancel(attempt)

    def baseline(self, device: str) -> Mapping[str, str] | None:
        """Give what a tender device did last, without asking it."""
        tender = self._tenders.get(device)
        return None if tender is None else tender.baseline

    def _tender(self, intent: Intent, otherwise: OutcomeKind, act: Any) -> None:
        tender = self._tenders.get(intent.device)
        if tender is not None:
            act(tender, intent)
            return
        text = f"this till has no payment device called {intent.device}"
        self._post(ReportOutcome(intent.attempt, Outcome(kind=otherwise, text=text)))
