"""The thread of a tender device: payments, look-ups, and the way from the adapter's facts to the journal.

Nothing here sends a financial command twice: an intent is authorised once, and what is unknown is only asked about.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, SimpleQueue
from uuid import UUID

from appliance.core.commands import Health, RecordPayment, ReportOutcome, ReportProgress, ReportTotals
from appliance.core.payment import Evidence, Intent, IntentKind, Outcome, OutcomeKind, PaymentFact, Progress, Sending
from appliance.drivers import Record, TenderDevice
from appliance.errors import DeviceError
from appliance.io.worker import Timing, Worker
from appliance.ports import Post

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Doubt:
    """A payment that is asked about until it is known."""

    intent: Intent
    evidence: Evidence
    due: float
    told: Outcome | None = None


class TenderWorker(Worker[TenderDevice]):
    """One payment at a time."""

    def __init__(self, device: TenderDevice, post: Post, timing: Timing) -> None:
        super().__init__(device, post, timing, interval=timing.terminal)
        self.baseline: Mapping[str, str] | None = None
        """What the device did last, as it is known without asking."""
        self._doubts: dict[UUID, _Doubt] = {}
        self._next_check = 0.0
        self._begun: set[UUID] = set()
        self._cancelled: set[UUID] = set()
        self._cancels: SimpleQueue[UUID | None] = SimpleQueue()
        self._canceller = threading.Thread(target=self._run_cancels, name=f"cancel {device.name}", daemon=True)

    def start(self) -> None:
        """Start both threads: a cancellation must get through while a payment blocks the first one."""
        super().start()
        self._canceller.start()

    def stop(self) -> None:
        """Ask both threads to end."""
        super().stop()
        self._cancels.put(None)

    def join(self) -> None:
        """Wait for both; a payment that does not end by itself is left, and looked up at the next start."""
        super().join()
        if self._thread.is_alive():
            self.shut()
            super().join()
        if self._canceller.ident is not None:
            self._canceller.join(self.timing.join)

    def authorise(self, intent: Intent) -> None:
        """Begin a payment, once."""
        self.give(lambda: self._authorise(intent))

    def look_up(self, intent: Intent, evidence: Evidence) -> None:
        """Ask about an intent now, and again until it is known."""
        self.give(lambda: self._doubt(intent, evidence))

    def present(self, attempt: UUID, code: str) -> None:
        """Hand a scanned code to the device while it waits for it."""
        if attempt in self._begun:
            self.device.present(attempt, code)

    def close_day(self) -> None:
        """Have the device close its day; answers with ReportTotals."""
        self.give(self._close_day)

    def _close_day(self) -> None:
        try:
            self.ready()
            totals = self.device.close_day()
        except DeviceError as error:
            self.post(ReportTotals(self.device.name, None, _words(error)))
            raise
        except Exception as error:
            self.post(ReportTotals(self.device.name, None, f"the driver failed: {error}"))
            raise
        self.baseline = self.device.baseline()
        self.post(ReportTotals(self.device.name, totals))

    def cancel(self, attempt: UUID) -> None:
        """Ask the device to stop."""
        self._cancelled.add(attempt)
        self._cancels.put(attempt)

    def on_open(self) -> None:
        """Know how the device is and what it did last."""
        self._check()

    def due(self) -> float:
        """Give the time of the next look or look-up."""
        return min((doubt.due for doubt in self._doubts.values()), default=super().due())

    def look(self) -> None:
        """Ask about what is in doubt, and how the device is: a doubt may last, and the next customer must not."""
        now = time.monotonic()
        for doubt in [doubt for doubt in self._doubts.values() if doubt.due <= now]:
            self._ask(doubt)
        if not self._doubts or now >= self._next_check:
            self._check()

    def _check(self) -> None:
        state = self.device.check()
        wait = self.timing.terminal if state.health is Health.ONLINE else self.timing.longest_pause
        self._next_check = time.monotonic() + wait
        # Before the news: whoever pays at once freezes it into the intent.
        self.baseline = self.device.baseline()
        self.report(state)

    def lose(self, error: DeviceError) -> None:
        """Give the device up for now; whoever waits for an answer about a payment gets one."""
        super().lose(error)
        for doubt in self._doubts.values():
            if doubt.due <= time.monotonic():
                self._tell(doubt, _unknown(error))

    def _authorise(self, intent: Intent) -> None:
        if intent.attempt in self._begun:
            log.error("%s: attempt %s was begun already and is not sent again", self.device.name, intent.attempt)
            return
        self._begun.add(intent.attempt)
        sent = False

        def record(fact: PaymentFact) -> bool:
            nonlocal sent
            durable = self._record(intent.attempt, fact)
            if durable and isinstance(fact, Sending):
                sent = True
                # From now on the device's last transaction is this one, and would be taken for an older one's.
                self._doubts.clear()
            return durable

        try:
            if intent.attempt in self._cancelled:
                outcome = Outcome(kind=OutcomeKind.NOT_CHARGED, text="cancelled before anything was sent")
            else:
                self.ready()
                self._ask_again()
                self.ready()
                outcome = self._move(intent, record)
        except Exception as error:
            self._finish(intent.attempt, _failed(error, sent=sent))
            raise
        self._finish(intent.attempt, outcome)

    def _move(self, intent: Intent, record: Record) -> Outcome:
        def notify(progress: Progress, may_cancel: bool, code: str = "", until: datetime | None = None) -> None:
            self.post(ReportProgress(intent.attempt, progress, may_cancel, code, until))

        match intent.kind:
            case IntentKind.PAY:
                return self.device.authorise(intent, record, notify)
            case IntentKind.REVERSE:
                return self.device.reverse(intent, record, notify)
            case IntentKind.REFUND:
                return self.device.refund(intent, record, notify)

    def _ask_again(self) -> None:
        """Ask once more about what a person has decided meanwhile: he may be wrong, and this be a second charge."""
        for doubt in list(self._doubts.values()):
            self._ask(doubt)

    def _finish(self, attempt: UUID, outcome: Outcome) -> None:
        # The next intent freezes the baseline, so it must be the new one before the register can ask for it.
        self.baseline = self.device.baseline()
        self._cancelled.discard(attempt)
        log.info("%s: attempt %s: %s %s", self.device.name, attempt, outcome.kind, outcome.code)
        self.post(ReportOutcome(attempt, outcome))

    def _record(self, attempt: UUID, fact: PaymentFact) -> bool:
        """Have a fact put on disk, and wait until it is; False if it could not be, or took too long."""
        answers: SimpleQueue[bool] = SimpleQueue()
        self.post(RecordPayment(attempt, fact, answers.put))
        deadline = time.monotonic() + self.timing.record
        while time.monotonic() < deadline and not self.stopping.is_set():
            try:
                return answers.get(timeout=min(0.2, self.timing.record))
            except Empty:
                continue
        log.error("%s: no answer from the journal about attempt %s", self.device.name, attempt)
        return False

    def _doubt(self, intent: Intent, evidence: Evidence) -> None:
        doubt = self._doubts[intent.attempt] = _Doubt(intent, evidence, time.monotonic())
        try:
            self.ready()
        except DeviceError as error:
            doubt.due = time.monotonic()
            self.lose(error)
            return
        self._ask(doubt)

    def _ask(self, doubt: _Doubt) -> None:
        try:
            outcome = self.device.lookup(doubt.intent, doubt.evidence)
        except DeviceError as error:
            self.lose(error)
            return
        self._tell(doubt, outcome)

    def _tell(self, doubt: _Doubt, outcome: Outcome) -> None:
        if outcome.kind is OutcomeKind.UNKNOWN:
            doubt.due = time.monotonic() + self.timing.lookup
        else:
            self._doubts.pop(doubt.intent.attempt, None)
        if outcome != doubt.told:
            doubt.told = outcome
            self._finish(doubt.intent.attempt, outcome)

    def _run_cancels(self) -> None:
        while (attempt := self._cancels.get()) is not None:
            try:
                self.device.cancel(attempt)
            except Exception:
                # Only a request: the payment goes on and its own outcome decides.
                log.exception("%s: attempt %s could not be cancelled", self.device.name, attempt)


def _failed(error: Exception, *, sent: bool) -> Outcome:
    if sent:
        return _unknown(error)
    return Outcome(kind=OutcomeKind.NOT_CHARGED, text=_words(error))


def _unknown(error: Exception) -> Outcome:
    return Outcome(kind=OutcomeKind.UNKNOWN, text=_words(error))


def _words(error: Exception) -> str:
    remedy = error.remedy if isinstance(error, DeviceError) else ""
    return f"{error} {remedy}".strip()
