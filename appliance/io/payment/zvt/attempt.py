"""One 06 01 from its first byte to its outcome. Money may move here, so nothing in it raises."""

from __future__ import annotations

import logging
import time
from typing import Final
from uuid import UUID

from appliance.core.payment import Intent, Notify, Outcome, OutcomeKind, Progress, Result
from appliance.drivers import Record
from appliance.errors import DeviceError
from appliance.io.payment.zvt import codes, commands
from appliance.io.payment.zvt.apdu import ProtocolError
from appliance.io.payment.zvt.baseline import Baseline
from appliance.io.payment.zvt.dialogue import AbortAnswered, AbortSent, Completed, Refused, Step
from appliance.io.payment.zvt.messages import Abort, Interim, ReceiptText, StatusInformation
from appliance.io.payment.zvt.session import End, Session
from appliance.io.payment.zvt.verdict import Payment, Reply

log = logging.getLogger(__name__)

MARGIN: Final = 1.0
"""Seconds of T3 that must be left when the till says yes."""


class StopWish:
    """The wish to stop one attempt, put here by another thread."""

    def __init__(self) -> None:
        self._attempt: UUID | None = None

    def ask(self, attempt: UUID) -> None:
        """Wish to stop an attempt."""
        self._attempt = attempt

    def open_for(self, attempt: UUID) -> bool:
        """Whether an attempt shall stop and nobody has told the terminal."""
        return self._attempt == attempt

    def told(self) -> None:
        """The terminal has been told."""
        self._attempt = None


class Attempt:
    """One payment on an open session."""

    def __init__(
        self,
        session: Session,
        intent: Intent,
        baseline: Baseline,
        *,
        record: Record,
        notify: Notify,
        stop: StopWish | None,
        attended: bool,
    ) -> None:
        """`stop` is None where the terminal cannot be asked to stop."""
        self.intent = intent
        self.last: StatusInformation | None = None
        self.refused = False
        self._session = session
        self._record = record
        self._notify = notify
        self._stop = stop
        self._payment = Payment(intent.amount, baseline, attended=attended)
        self._stopping = False

    @property
    def trace(self) -> str:
        """The terminal's trace number of this attempt, if it gave one."""
        return self.last.trace if self.last is not None else ""

    def run(self) -> Outcome:
        """Run the dialogue and say what it amounts to."""
        command = commands.authorisation(self.intent.amount)
        try:
            return self._outcome(self._session.run(command, self._answer, abort_wanted=self._abort_wanted))
        except ProtocolError as error:
            if self._session.foreign_to_command:
                return Outcome(kind=OutcomeKind.NOT_CHARGED, code="protocol", text=f"not started: {error}")
            return self._payment.lost(str(error))
        except DeviceError as error:
            return self._payment.lost(str(error))
        except Exception as error:
            # Money may have moved: a fault of our own is no reason to forget that.
            log.exception("payment %s broke off", self.intent.attempt)
            return self._payment.lost(f"fault of the till: {type(error).__name__}")

    def _outcome(self, end: End) -> Outcome:
        match end:
            case Completed():
                return self._payment.completed()
            case Abort():
                return self._payment.aborted(end)
            case Refused(error=error):
                self.refused = True
                text = f"not started: {codes.result_text(error)}"
                return Outcome(kind=OutcomeKind.NOT_CHARGED, code=f"{error:02X}", text=text)

    def _abort_wanted(self) -> bool:
        return self._stop is not None and self._stop.open_for(self.intent.attempt)

    def _answer(self, step: Step) -> Reply:
        match step:
            case Interim():
                self._payment.interim(step)
                self._show(codes.progress_of(step.status), may_stop=codes.may_stop(step.status))
            case AbortSent() if self._stop is not None:
                self._stop.told()
                self._stopping = True
                self._show(Progress.CANCELLING, may_stop=False)
            case AbortAnswered():
                log.info("the terminal %s the wish to stop", "takes" if step.heard else "is too late for")
                self._stopping = step.heard
            case ReceiptText():
                self._payment.printed(step)
            case StatusInformation():
                self.last = step
                reply = self._payment.status(step)
                return self._durable() if reply is Reply.RECORD else reply
            case _:
                pass
        return Reply.ACKNOWLEDGE

    def _show(self, progress: Progress, *, may_stop: bool) -> None:
        shown = Progress.CANCELLING if self._stopping else progress
        self._notify(shown, may_stop and self._stop is not None and not self._stopping)

    def _durable(self) -> Reply:
        """Make the approval durable before the terminal hears our yes; say nothing rather than say it too late."""
        self._show(Progress.WORKING, may_stop=False)
        t3 = self._session.timers.t3
        began = time.monotonic()
        durable = self._record(Result(self._payment.pending()))
        if time.monotonic() - began > t3 - min(MARGIN, t3 / 4):
            return Reply.DROP
        return self._payment.recorded(durable=durable)
