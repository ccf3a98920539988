"""The driver of a ZVT card terminal (UnifiedPOS CAT): `appliance.drivers.TenderDevice` over TCP or a serial line."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Final
from uuid import UUID

from appliance.core.checkout import DeviceState
from appliance.core.commands import Health
from appliance.core.money import Currency
from appliance.core.payment import (
    NO_EVIDENCE,
    Capabilities,
    Evidence,
    Intent,
    IntentKind,
    Notify,
    Outcome,
    OutcomeKind,
    Progress,
    Sending,
    Totals,
)
from appliance.drivers import Record
from appliance.errors import DeviceBusy, DeviceError, DeviceFailure, DeviceOffline
from appliance.io.link import open_link
from appliance.io.payment.zvt import codes
from appliance.io.payment.zvt.attempt import Attempt, StopWish
from appliance.io.payment.zvt.baseline import Baseline
from appliance.io.payment.zvt.messages import TerminalState
from appliance.io.payment.zvt.options import ZvtOptions
from appliance.io.payment.zvt.recovery import Repeated, judge
from appliance.io.payment.zvt.session import Session, Timers
from appliance.io.payment.zvt.verdict import unknown
from appliance.io.payment.zvt.wire import SerialWire, TcpWire, Wire

log = logging.getLogger(__name__)

LARGEST_AMOUNT: Final = 10**12 - 1
"""BMP 04 has twelve digits of minor units."""

FIRST_POLL: Final = 0.5
"""Seconds to the second question of a look-up; doubled for each further one."""

BRIEF: Final = Timers(t3=1.0, t4=1.0)
"""Timers of a check, which must not keep anybody waiting."""

IDLE_REREAD: Final = 60.0
"""Seconds after which the last transaction of a terminal that others can use is read again."""


class ZvtTerminal:
    """One terminal. One thread calls; `cancel`, `baseline`, `check` and `close` may come from others."""

    category: ClassVar[str] = "CAT"
    Options = ZvtOptions

    def __init__(self, name: str, options: ZvtOptions) -> None:
        """ConfigError: an option cannot be used. Opens nothing."""
        options.check()
        self.name = name
        self._options = options
        self._currency = Currency.parse(options.currency)
        self.capabilities = Capabilities(
            lookup=True, cancel=options.abort, reverse=False, confirms=True, unattended=options.unattended
        )
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._session: Session | None = None
        self._baseline: Baseline | None = None
        self._read_at = 0.0
        self._timers = Timers(t3=float(options.t3), t4=float(options.t4))
        self._stop = StopWish()
        self._trace: tuple[UUID, str] | None = None

    # Life cycle -----------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Connect, register, and read what the terminal did last; DeviceError with a remedy."""
        self._closing.clear()
        with self._lock:
            self._drop()
            self._ready()

    def close(self) -> None:
        """Close the line; a dialogue that is under way ends as UNKNOWN."""
        self._closing.set()
        with self._lock:
            self._drop()

    def check(self) -> DeviceState:
        """Ask the terminal how it is. While it works for a customer that is the answer."""
        if not self._lock.acquire(blocking=False):
            return self._state(Health.ONLINE, "at work")
        try:
            session = self._ready(BRIEF)
            state = session.state(self._options.code)
            if not self._options.locked and time.monotonic() - self._read_at > IDLE_REREAD:
                self._read_baseline(session)
        except DeviceError as error:
            self._drop()
            return self._state(Health.OFFLINE, str(error), error.remedy)
        else:
            session.timers = self._timers
        finally:
            self._lock.release()
        return self._state_of(session, state)

    def _state_of(self, session: Session, state: TerminalState | None) -> DeviceState:
        about = f"terminal {session.registration.terminal_id}"
        if state is None or state.ready:
            version = f", software {state.version}" if state is not None and state.version else ""
            hint = "" if self.capabilities.lookup else "; cannot repeat its last transaction"
            return self._state(Health.ONLINE, about + version + hint)
        detail = codes.state_text(0xFF if state.status is None else state.status)
        return self._state(Health.OFFLINE, f"{about}: {detail}", "Do at the terminal what its display asks for.")

    def _state(self, health: Health, detail: str, remedy: str = "") -> DeviceState:
        return DeviceState(name=self.name, category=self.category, health=health, detail=detail, remedy=remedy)

    # Connection -----------------------------------------------------------------------------------------------------

    def _ready(self, timers: Timers | None = None) -> Session:
        """Give a registered session whose line is open and silent, connecting again where the terminal hung up."""
        if self._session is not None and self._session.usable:
            self._session.timers = timers or self._timers
            return self._session
        session = self._connect(timers)
        self._read_baseline(session)
        return session

    def _connect(self, timers: Timers | None = None) -> Session:
        self._drop()
        options = self._options
        link = open_link(options.link_url, timeout=float(options.connect) if timers is None else timers.t3)
        wire: Wire = SerialWire(link, t1=float(options.t1), t2=float(options.t2)) if options.serial else TcpWire(link)
        session = Session(options.url, wire, timers or self._timers, stopped=self._closing.is_set)
        try:
            session.register(options.code, options.config, self._currency, options.service)
        except DeviceError:
            session.close()
            raise
        log.info("terminal %s registered at %s", session.registration.terminal_id, options.url)
        self._session = session
        return session

    def _read_baseline(self, session: Session) -> None:
        try:
            self._take(session.repeat(self._options.code))
        except DeviceError:
            self._drop()
            raise

    def _take(self, repeated: Repeated) -> None:
        if repeated.refusal == codes.BUSY:
            raise DeviceBusy(
                f"{self._options.url}: the terminal cannot tell its last transaction now",
                remedy="Wait until the terminal is idle.",
            )
        self.capabilities = replace(self.capabilities, lookup=repeated.refusal is None)
        self._baseline = repeated.baseline(self._baseline, locked=self._options.locked)
        self._read_at = time.monotonic()

    def _drop(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    # TenderDevice ---------------------------------------------------------------------------------------------------

    def baseline(self) -> Mapping[str, str] | None:
        """Give what the terminal did last; None until it has been asked."""
        baseline = self._baseline
        return None if baseline is None else baseline.to_mapping()

    def cancel(self, attempt: UUID) -> None:
        """Ask the terminal to stop (06 B0) as soon as the dialogue allows; before it, nothing is sent at all."""
        self._stop.ask(attempt)

    def authorise(self, intent: Intent, record: Record, notify: Notify) -> Outcome:
        """Take the money of an intent (06 01).

        DeviceError: nothing was sent. UNKNOWN: bytes have left and nothing is proved; a look-up must follow.
        """
        with self._lock:
            notify(Progress.CONNECTING, False)
            session, baseline = self._prepare(intent)
            if self._stop.open_for(intent.attempt):
                return Outcome(kind=OutcomeKind.NOT_CHARGED, text="stopped before anything was sent")
            if not record(Sending()):
                return Outcome(kind=OutcomeKind.NOT_CHARGED, text="the till could not store that it was about to send")
            attempt = Attempt(
                session,
                intent,
                baseline,
                record=record,
                notify=notify,
                stop=self._stop if self.capabilities.cancel else None,
                attended=not self._options.unattended,
            )
            outcome = attempt.run()
            self._after(attempt, outcome)
            return outcome

    def _prepare(self, intent: Intent) -> tuple[Session, Baseline]:
        if intent.kind is not IntentKind.PAY:
            raise DeviceFailure(f"{self.name}: this driver takes payments only, not {intent.kind}")
        if intent.amount.currency != self._currency or not 0 < intent.amount.minor <= LARGEST_AMOUNT:
            raise DeviceFailure(f"{self.name}: {intent.amount} cannot be paid at a terminal for {self._currency}")
        session = self._ready()
        now = self._baseline
        if intent.baseline is None or now is None:
            raise DeviceOffline(
                f"{self.name}: the terminal was not ready when the payment began", remedy="Try once more."
            )
        before = Baseline.of_mapping(intent.baseline)
        if not before.still(now):
            raise DeviceBusy(
                f"{self.name}: the terminal has done something else since the payment began", remedy="Try once more."
            )
        return session, before

    def _after(self, attempt: Attempt, outcome: Outcome) -> None:
        """Keep the baseline true: what is known goes into it, what is not known must be asked again."""
        if outcome.kind is OutcomeKind.UNKNOWN or self._baseline is None:
            if attempt.trace:
                self._trace = (attempt.intent.attempt, attempt.trace)
            self._drop()
        elif attempt.last is not None:
            self._baseline = self._baseline.after(attempt.last)
        if attempt.refused:
            # It may have forgotten this till, after losing power on a serial line for example.
            self._drop()

    def reverse(self, intent: Intent, record: Record, notify: Notify) -> Outcome:
        """Not yet."""
        return Outcome(kind=OutcomeKind.DECLINED, text="this driver does not reverse")

    def refund(self, intent: Intent, record: Record, notify: Notify) -> Outcome:
        """Not yet."""
        return Outcome(kind=OutcomeKind.DECLINED, text="this driver does not refund")

    def present(self, attempt: UUID, code: str) -> None:
        """A card terminal reads no codes of ours."""

    def close_day(self) -> Totals | None:
        """Not yet."""
        raise DeviceFailure(f"{self.name}: this driver does not close the terminal's day")

    def lookup(self, intent: Intent, evidence: Evidence = NO_EVIDENCE) -> Outcome:
        """Find out what became of a payment: register, 05 01 until ready, 06 20, then the table in recovery.py.

        Asks again while the terminal is busy or away, for the option `patience`; then UNKNOWN.
        """
        give_up = time.monotonic() + float(self._options.patience)
        pause = FIRST_POLL
        while True:
            with self._lock:
                outcome, final = self._ask(intent)
            if final or time.monotonic() + pause > give_up or self._closing.wait(pause):
                log.info("look-up of %s: %s %s", intent.attempt, outcome.kind, outcome.text)
                return outcome
            pause *= 2

    def _ask(self, intent: Intent) -> tuple[Outcome, bool]:
        """Ask once; give the outcome, and whether asking again soon is of no use."""
        password = self._options.code
        try:
            session = self._session if self._session is not None and self._session.usable else self._connect()
            state = session.state(password)
            if state is not None and state.status == codes.BUSY:
                return unknown("the terminal is busy"), False
            repeated = session.repeat(password)
            self._take(repeated)
        except DeviceFailure as error:
            self._drop()
            return unknown(str(error)), True
        except DeviceError as error:
            self._drop()
            return unknown(str(error)), False
        before = None if intent.baseline is None else Baseline.of_mapping(intent.baseline)
        trace = self._trace[1] if self._trace is not None and self._trace[0] == intent.attempt else ""
        outcome = judge(intent.amount, before, repeated, trace=trace)
        if outcome.kind is OutcomeKind.NOT_CHARGED and state is not None and not state.ready:
            wants = codes.state_text(0xFF if state.status is None else state.status)
            return unknown(f"the terminal has done nothing since, but {wants}"), False
        return outcome, True
