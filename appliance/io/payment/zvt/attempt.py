"""One 06 01, 06 30 or 06 31 from its first byte to its outcome. Money may move here, so nothing in it raises."""

from __future__ import annotations

import logging
import time
from typing import Final
from uuid import UUID

from appliance.core.payment import (
    Intent,
    Notify,
    Outcome,
    OutcomeKind,
    PaymentFact,
    Progress,
    ReceiptCopy,
    Result,
)
from appliance.core.payment import ReceiptText as ReceiptFact
from appliance.drivers import Record
from appliance.errors import DeviceError
from appliance.io.payment.zvt import codes
from appliance.io.payment.zvt.apdu import ProtocolError
from appliance.io.payment.zvt.commands import Command
from appliance.io.payment.zvt.dialogue import AbortAnswered, AbortSent, Completed, Refused, Step
from appliance.io.payment.zvt.messages import Abort, Interim, ReceiptText, StatusInformation
from appliance.io.payment.zvt.session import End, Session
from appliance.io.payment.zvt.verdict import Payment, Reply

log = logging.getLogger(__name__)

MARGIN: Final = 1.0
"""Seconds of T3 that must be left when the till answers what it has made durable."""


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
    """One command that moves money, on an open session."""

    def __init__(
        self,
        session: Session,
        intent: Intent,
        command: Command,
        payment: Payment,
        *,
        record: Record,
        notify: Notify,
        stop: StopWish | None,
    ) -> None:
        """`payment` judges what the terminal says. `stop` is None where the terminal cannot be asked to stop."""
        self.intent = intent
        self.last: StatusInformation | None = None
        self.refused = False
        self._session = session
        self._command = command
        self._record = record
        self._notify = notify
        self._stop = stop
        self._payment = payment
        self._stopping = False

    @property
    def trace(self) -> str:
        """The terminal's trace number of this attempt, if it gave one."""
        return self.last.trace if self.last is not None else ""

    def run(self) -> Outcome:
        """Run the dialogue and say what it amounts to."""
        try:
            return self._outcome(self._session.run(self._command, self._answer, abort_wanted=self._abort_wanted))
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
                return self._payment.not_started(error)

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
                return self._keep(step)
            case StatusInformation():
                self.last = step
                reply = self._payment.status(step)
                return self._approve() if reply in (Reply.RECORD, Reply.RECORD_AND_REFUSE) else reply
            case _:
                pass
        return Reply.ACKNOWLEDGE

    def _show(self, progress: Progress, *, may_stop: bool) -> None:
        shown = Progress.CANCELLING if self._stopping else progress
        self._notify(shown, may_stop and self._stop is not None and not self._stopping)

    def _approve(self) -> Reply:
        """Make the approval durable before the terminal hears our yes."""
        self._show(Progress.WORKING, may_stop=False)
        durable = self._durable(Result(self._payment.pending()))
        return Reply.DROP if durable is None else self._payment.recorded(durable=durable)

    def _keep(self, text: ReceiptText) -> Reply:
        """Make lines of a receipt durable: our answer means that they are stored, not that they are printed."""
        if text.administration or not text.lines:
            return Reply.ACKNOWLEDGE
        copy = ReceiptCopy.MERCHANT if text.merchant else ReceiptCopy.CUSTOMER
        durable = self._durable(ReceiptFact(copy, text.lines))
        if durable is None:
            return Reply.DROP
        return Reply.ACKNOWLEDGE if durable else Reply.NOT_STORED

    def _durable(self, fact: PaymentFact) -> bool | None:
        """Have a fact recorded; None if the terminal's T3 is nearly over: then say nothing rather than too late."""
        t3 = self._session.timers.t3
        began = time.monotonic()
        durable = self._record(fact)
        return None if time.monotonic() - began > t3 - min(MARGIN, t3 / 4) else durable
