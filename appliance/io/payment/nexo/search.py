"""Looking an intent up by the ServiceID of its request: the recovery table for nexo. It moves no money."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from appliance.core.payment import Evidence, Intent, IntentKind, Outcome, OutcomeKind
from appliance.io.payment.nexo import service_id
from appliance.io.payment.nexo.access import Access
from appliance.io.payment.nexo.messages import Result, StatusAnswer
from appliance.io.payment.nexo.options import NexoOptions
from appliance.io.payment.nexo.session import Session
from appliance.io.payment.nexo.verdict import NO_SESSION, WORKING, category_of, judge_status, meaning, unknown

NOT_FOUND: Final = "NotFound"


@dataclass(slots=True)
class _Doubt:
    """An intent whose request is out, or may be."""

    since: float
    """Monotonic: when its request was sent, or when this process first heard of it."""
    serial: str
    """The hardware that it was sent to; "" = not known."""
    missing: float | None = None
    """Monotonic: when the terminal first said in earnest that it does not know it."""


class Search:
    """Remembers what this process has sent and not heard of."""

    def __init__(self, options: NexoOptions, access: Access) -> None:
        self._options = options
        self._access = access
        self._doubts: dict[UUID, _Doubt] = {}

    @property
    def pending(self) -> bool:
        """Whether anything is not known, so that the terminal must not be disturbed."""
        return bool(self._doubts)

    def sent(self, attempt: UUID) -> None:
        """Take note that the request of an attempt is about to leave; whatever was in doubt before has been decided."""
        self._doubts.clear()
        self._doubts[attempt] = _Doubt(time.monotonic(), self._access.serial)

    def settled(self, attempt: UUID) -> None:
        """Take note that its outcome is known."""
        self._doubts.pop(attempt, None)

    def ask(self, session: Session, intent: Intent, evidence: Evidence) -> tuple[Outcome, bool]:
        """Ask once. Give the outcome, and whether asking again soon is of no use; DeviceError without an answer."""
        names, known = session.names, intent.baseline or {}
        nameless = intent.kind is not IntentKind.PAY and intent.baseline is None
        if not nameless and (known.get("sale"), known.get("poi")) != (names.sale_id, names.poi_id):
            was = f"{known.get('poi', '?')}, by {known.get('sale', '?')}"
            return unknown(f"the payment was made at terminal {was}; this is another one"), True
        doubt = self._doubts.setdefault(intent.attempt, _Doubt(time.monotonic(), ""))
        doubt.serial = known.get("serial") or doubt.serial
        status = self._status(session, intent)
        if status.response.condition in NO_SESSION:
            self._access.renew(session, float(self._options.answer))
            status = self._status(session, intent)
        response = status.response
        if response.result is Result.FAILURE and response.condition == NOT_FOUND:
            return self._not_found(session, doubt, any_hardware=nameless)
        doubt.missing = None
        if response.result is not Result.SUCCESS:
            return unknown(meaning(response.condition, response.text)), response.condition not in WORKING
        header = names.header(category_of(intent.kind), service_id.of_attempt(intent.attempt))
        outcome = judge_status(
            intent.amount,
            intent.kind,
            header,
            status,
            terminal=names.poi_id,
            attended=not self._options.unattended,
            recorded=evidence.reference,
        )
        return outcome, True

    def _status(self, session: Session, intent: Intent) -> StatusAnswer:
        category, asked = category_of(intent.kind), service_id.of_attempt(intent.attempt)
        return session.status(category, asked, float(self._options.answer))

    def _not_found(self, session: Session, doubt: _Doubt, *, any_hardware: bool) -> tuple[Outcome, bool]:
        """The terminal does not know the request: proof only late enough, twice, and from the same hardware.

        A reversal or refund that a restart began knows no hardware: whatever answers then is taken for it.

        How long ago a request was sent is known for certain only to the process that sent it; another one counts from
        its own first question, because the clock of a till may have been set meanwhile.
        """
        now = time.monotonic()
        waiting = unknown("the terminal does not know the payment so far"), False
        if now - doubt.since < self._options.host_timeout:
            return waiting
        if doubt.missing is None:
            self._access.ensure(session)
            doubt.missing = now
            if any_hardware and not doubt.serial:
                doubt.serial = self._access.serial
            return waiting
        if now - doubt.missing < self._options.not_found_pause:
            return waiting
        if not doubt.serial or doubt.serial != self._access.serial:
            was = doubt.serial or "nobody knows which"
            return unknown(f"the payment went to other hardware (serial number {was})"), True
        text = "the terminal has never had this payment"
        return Outcome(kind=OutcomeKind.NOT_CHARGED, code=NOT_FOUND, text=text), True
