"""One movement of money, from the first byte of its request to its outcome. Nothing in it raises."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Final
from uuid import UUID

from appliance.core.payment import Intent, Notify, Outcome, OutcomeKind, Progress, ReceiptCopy, ReceiptText, Result
from appliance.drivers import Record
from appliance.errors import DeviceError
from appliance.io.payment.nexo.http_link import Exchange
from appliance.io.payment.nexo.messages import Movement, Request
from appliance.io.payment.nexo.session import Session
from appliance.io.payment.nexo.verdict import category_of, judge, misfit, unknown

log = logging.getLogger(__name__)

ABORTS: Final = 3
"""How often the terminal is asked to stop one payment; an Abort has no answer that tells whether it was of use."""
ABORT_PAUSE: Final = 3.0
"""Seconds between them."""


class StopWish:
    """The wish to stop an attempt, and where that attempt is; between the payment's thread and that of the wish."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._wished: UUID | None = None
        self._attempt: UUID | None = None
        self._service = ""

    def begin(self, attempt: UUID) -> None:
        """An attempt begins."""
        with self._changed:
            self._attempt, self._service = attempt, ""

    def sent(self, service: str) -> None:
        """Its request is out, under this ServiceID."""
        with self._changed:
            self._service = service
            self._changed.notify_all()

    def end(self) -> None:
        """It is over."""
        with self._changed:
            if self._wished == self._attempt:
                self._wished = None
            self._attempt = None
            self._changed.notify_all()

    def ask(self, attempt: UUID) -> None:
        """Wish to stop an attempt."""
        with self._changed:
            self._wished = attempt

    def wished(self, attempt: UUID) -> bool:
        """Whether an attempt shall stop."""
        return self._wished == attempt

    def to_abort(self, attempt: UUID) -> str:
        """Give the ServiceID of an attempt as soon as its request is out; "" if it has not begun, or is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._attempt != attempt or self._service != "")
            return self._service if self._attempt == attempt else ""

    def over(self, attempt: UUID, seconds: float) -> bool:
        """Wait for the end of an attempt; whether it came."""
        with self._changed:
            return self._changed.wait_for(lambda: self._attempt != attempt, seconds)


class Attempt:
    """One request that moves money, on a connection of its own."""

    def __init__(
        self,
        session: Session,
        request: Request,
        intent: Intent,
        *,
        record: Record,
        notify: Notify,
        stop: StopWish | None,
        stopped: Callable[[], bool],
        attended: bool,
    ) -> None:
        """`stop` is None where the terminal cannot be asked to stop; `stopped`: whether the till is closing."""
        self._session = session
        self._request = request
        self._intent = intent
        self._record = record
        self._notify = notify
        self._stop = stop
        self._stopped = stopped
        self._attended = attended
        self._stopping = False

    def run(self, exchange: Exchange, timeout: float) -> Outcome:
        """Send, wait, judge. `timeout`: seconds for the answer."""
        try:
            exchange.send(self._session.encode(self._request))
            if self._stop is not None:
                self._stop.sent(self._request.header.service_id)
            self._notify(Progress.WORKING, self._stop is not None)
            node = self._session.answer(exchange, self._request, timeout, self._waiting)
            answer = Movement.read(category_of(self._intent.kind), node)
        except DeviceError as error:
            return unknown(str(error))
        except Exception as error:
            # Money may have moved: a fault of our own is no reason to forget that.
            log.exception("payment %s broke off", self._intent.attempt)
            return unknown(f"fault of the till: {type(error).__name__}")
        return self._judge(answer)

    def _waiting(self) -> bool:
        """Show that a wish to stop was heard, while the answer is waited for."""
        if self._stop is not None and not self._stopping and self._stop.wished(self._intent.attempt):
            self._stopping = True
            self._notify(Progress.CANCELLING, False)
        return self._stopped()

    def _judge(self, answer: Movement) -> Outcome:
        outcome = judge(
            self._intent.amount,
            self._intent.kind,
            answer,
            terminal=self._request.header.poi_id,
            attended=self._attended,
        )
        if outcome.kind not in (OutcomeKind.APPROVED, OutcomeKind.REVERSED):
            return outcome
        self._notify(Progress.WORKING, False)
        told = replace(outcome, customer_receipt=(), merchant_receipt=())
        stored = self._record(Result(told))
        wrong = misfit(self._intent.amount, outcome)
        if wrong or not stored:
            reason = wrong or "the till could not store the result"
            return unknown(reason, answer=answer, terminal=self._request.header.poi_id)
        texts = {ReceiptCopy.CUSTOMER: outcome.customer_receipt, ReceiptCopy.MERCHANT: outcome.merchant_receipt}
        for copy, lines in texts.items():
            if lines:
                self._record(ReceiptText(copy, lines))
        return told
