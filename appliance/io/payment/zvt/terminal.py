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
from appliance.errors import DeviceBusy, DeviceError, DeviceFailure, DeviceOffline, DeviceTimeout
from appliance.io.payment.zvt import codes, commands
from appliance.io.payment.zvt.access import Access
from appliance.io.payment.zvt.attempt import Attempt, StopWish
from appliance.io.payment.zvt.baseline import Baseline
from appliance.io.payment.zvt.commands import Command
from appliance.io.payment.zvt.messages import TerminalState
from appliance.io.payment.zvt.options import ZvtOptions
from appliance.io.payment.zvt.recovery import Repeated, judge, judge_reversal
from appliance.io.payment.zvt.session import Session, Timers
from appliance.io.payment.zvt.totals import judge_totals
from appliance.io.payment.zvt.verdict import Payment, Reversal, unknown

log = logging.getLogger(__name__)

LARGEST_AMOUNT: Final = 10**12 - 1
"""BMP 04 has twelve digits of minor units."""

FIRST_POLL: Final = 0.5
"""Seconds to the second question of a look-up; doubled for each further one."""

BRIEF: Final = Timers(t3=1.0, t4=1.0)
"""Timers of a check, which must not keep anybody waiting."""


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
        self._capabilities = Capabilities(
            cancel=options.abort, reverse=True, refund=True, totals=True, unattended=options.unattended
        )
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._access = Access(options, stopped=self._closing.is_set)
        self._stop = StopWish()
        self._sent: tuple[UUID, Baseline] | None = None
        """The last attempt that was sent, and what the terminal had done before."""
        self._trace: tuple[UUID, str] | None = None

    @property
    def capabilities(self) -> Capabilities:
        """What it can do; whether it can be asked for its last transaction is known once it was."""
        return replace(self._capabilities, lookup=self._access.repeats)

    # Life cycle -----------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Connect, register, and read what the terminal did last; DeviceError with a remedy."""
        self._closing.clear()
        with self._lock:
            self._access.drop()
            self._access.ready()

    def close(self) -> None:
        """Close the line; a dialogue that is under way ends as UNKNOWN.

        The terminal stays registered: a log-off (06 02) would give its own menu back, and then nobody could say any
        more that it did nothing while the till was away.
        """
        self._closing.set()
        with self._lock:
            self._access.drop()

    def check(self) -> DeviceState:
        """Ask the terminal how it is. While it works for a customer that is the answer."""
        if not self._lock.acquire(blocking=False):
            return self._state(Health.ONLINE, "at work")
        try:
            session = self._access.ready(BRIEF)
            state = session.state(self._options.code)
            self._access.note(state)
            self._access.refresh(session)
        except DeviceError as error:
            self._access.drop()
            return self._state(Health.OFFLINE, str(error), error.remedy)
        else:
            session.timers = self._access.timers
        finally:
            self._lock.release()
        return self._state_of(session, state)

    def _state_of(self, session: Session, state: TerminalState | None) -> DeviceState:
        about = f"terminal {session.registration.terminal_id}"
        if state is None or state.ready:
            version = f", software {state.version}" if state is not None and state.version else ""
            hint = "" if self._access.repeats else "; cannot repeat its last transaction"
            return self._state(Health.ONLINE, about + version + hint)
        detail = codes.state_text(0xFF if state.status is None else state.status)
        if self._access.serves:
            return self._state(Health.ONLINE, f"{about}: {detail}; the till does it before the next payment")
        return self._state(Health.OFFLINE, f"{about}: {detail}", "Do at the terminal what its display asks for.")

    def _state(self, health: Health, detail: str, remedy: str = "") -> DeviceState:
        return DeviceState(name=self.name, category=self.category, health=health, detail=detail, remedy=remedy)

    # TenderDevice ---------------------------------------------------------------------------------------------------

    def baseline(self) -> Mapping[str, str] | None:
        """Give what the terminal did last; None until it has been asked."""
        baseline = self._access.baseline
        return None if baseline is None else baseline.to_mapping()

    def cancel(self, attempt: UUID) -> None:
        """Ask the terminal to stop (06 B0) as soon as the dialogue allows; before it, nothing is sent at all."""
        self._stop.ask(attempt)

    def present(self, attempt: UUID, code: str) -> None:
        """A card terminal reads no codes of ours."""

    def authorise(self, intent: Intent, record: Record, notify: Notify) -> Outcome:
        """Take the money of an intent (06 01).

        DeviceError: nothing was sent. UNKNOWN: bytes have left and nothing is proved; a look-up must follow.
        """
        with self._lock:
            notify(Progress.CONNECTING, False)
            session, before = self._prepare(intent)
            payment = Payment(intent.amount, before, attended=not self._options.unattended)
            command = commands.authorisation(intent.amount, self._access.sync)
            return self._send(session, intent, command, payment, before, record, notify)

    def refund(self, intent: Intent, record: Record, notify: Notify) -> Outcome:
        """Pay the amount of an intent back to a card (06 31). Staff stand by, so that a signature can be checked."""
        with self._lock:
            notify(Progress.CONNECTING, False)
            session, before = self._prepare(intent)
            payment = Payment(intent.amount, before, attended=True)
            command = commands.refund(self._options.code, intent.amount)
            return self._send(session, intent, command, payment, before, record, notify)

    def reverse(self, intent: Intent, record: Record, notify: Notify) -> Outcome:
        """Undo `intent.original` by its receipt number and amount (06 30)."""
        with self._lock:
            notify(Progress.CONNECTING, False)
            original = intent.original
            if original is None or not original.receipt_number.isdecimal() or len(original.receipt_number) != 4:
                raise DeviceFailure(
                    f"{self.name}: the terminal gave this payment no receipt number, so that it cannot be reversed",
                    remedy="Give the money back at the terminal.",
                )
            self._payable(intent)
            session = self._ready_to_pay()
            if session.registration.terminal_id != original.terminal_id:
                raise DeviceFailure(
                    f"{self.name}: the payment was on terminal {original.terminal_id}, and this is"
                    f" {session.registration.terminal_id}",
                    remedy=f"Connect terminal {original.terminal_id}, or give the money back there.",
                )
            before = self._access.baseline or Baseline()
            command = commands.reversal(self._options.code, original.receipt_number, intent.amount, self._currency)
            reversal = Reversal(intent.amount, original, before)
            return self._send(session, intent, command, reversal, before, record, notify)

    def _send(
        self,
        session: Session,
        intent: Intent,
        command: Command,
        payment: Payment,
        before: Baseline,
        record: Record,
        notify: Notify,
    ) -> Outcome:
        if self._stop.open_for(intent.attempt):
            return Outcome(kind=OutcomeKind.NOT_CHARGED, text="stopped before anything was sent")
        if not record(Sending()):
            return Outcome(kind=OutcomeKind.NOT_CHARGED, text="the till could not store that it was about to send")
        self._sent = (intent.attempt, before)
        stoppable = self._capabilities.cancel and intent.kind is not IntentKind.REVERSE
        attempt = Attempt(
            session,
            intent,
            command,
            payment,
            record=record,
            notify=notify,
            stop=self._stop if stoppable else None,
        )
        outcome = attempt.run()
        self._after(attempt, outcome)
        return outcome

    def _ready_to_pay(self) -> Session:
        """Give a session at which money can be moved: nothing is unresolved, so that the terminal may be served."""
        self._access.serve(self._access.ready())
        return self._access.ready()

    def _payable(self, intent: Intent) -> None:
        foreign = intent.amount.currency != self._currency and intent.kind is not IntentKind.REVERSE
        if foreign or not 0 < intent.amount.minor <= LARGEST_AMOUNT:
            raise DeviceFailure(f"{self.name}: {intent.amount} cannot be paid at a terminal for {self._currency}")

    def _prepare(self, intent: Intent) -> tuple[Session, Baseline]:
        """Give the session, and what the terminal did last; a payment needs that it was so when it was asked for."""
        self._payable(intent)
        session = self._ready_to_pay()
        now = self._access.baseline
        if now is None or (intent.baseline is None and intent.kind is IntentKind.PAY):
            raise DeviceOffline(
                f"{self.name}: the terminal was not ready when the payment began", remedy="Try once more."
            )
        before = now if intent.baseline is None else Baseline.of_mapping(intent.baseline)
        if not before.still(now):
            raise DeviceBusy(
                f"{self.name}: the terminal has done something else since the payment began", remedy="Try once more."
            )
        return session, before

    def _after(self, attempt: Attempt, outcome: Outcome) -> None:
        """Keep the baseline true: what is known goes into it, what is not known must be asked again."""
        if outcome.kind is OutcomeKind.UNKNOWN or self._access.baseline is None:
            if attempt.trace:
                self._trace = (attempt.intent.attempt, attempt.trace)
            self._access.drop()
        elif attempt.last is not None:
            self._access.after(attempt.last)
        if attempt.refused:
            # It may have forgotten this till, after losing power on a serial line for example.
            self._access.drop()

    def close_day(self) -> Totals | None:
        """Run the terminal's end of day (06 50); its sums, None if it tells none. DeviceError: it is not closed.

        What the terminal did before it says nothing about the new day, and is read anew.
        """
        with self._lock:
            session = self._access.ready()
            try:
                totals = session.end_of_day(self._options.code, self._currency)
            except (DeviceOffline, DeviceTimeout) as error:
                self._access.drop()
                raise DeviceOffline(
                    f"{self.name}: nobody knows whether the terminal has closed its day: {error}",
                    remedy="Close the day again; a day that is closed already has no sums.",
                ) from error
            try:
                self._access.read_baseline(session)
            except DeviceError as error:
                log.warning("%s: the day is closed, and then: %s", self.name, error)
            return totals

    # Look-up --------------------------------------------------------------------------------------------------------

    def lookup(self, intent: Intent, evidence: Evidence = NO_EVIDENCE) -> Outcome:
        """Find out what became of an intent: register, 05 01 until ready, 06 20, then the table in recovery.py.

        Asks again while the terminal is busy or away, for the option `patience`; then UNKNOWN.
        """
        give_up = time.monotonic() + float(self._options.patience)
        pause = FIRST_POLL
        while True:
            with self._lock:
                outcome, final = self._ask(intent, evidence)
            if final or time.monotonic() + pause > give_up or self._closing.wait(pause):
                log.info("look-up of %s: %s %s", intent.attempt, outcome.kind, outcome.text)
                return outcome
            pause *= 2

    def _ask(self, intent: Intent, evidence: Evidence) -> tuple[Outcome, bool]:
        """Ask once; give the outcome, and whether asking again soon is of no use."""
        password = self._options.code
        try:
            session = self._access.asking()
            state = session.state(password)
            if state is not None and state.status == codes.BUSY:
                return unknown("the terminal is busy"), False
            repeated = session.repeat(password)
            self._access.take(repeated)
            outcome = self._judge(intent, evidence, repeated)
            if outcome.kind is OutcomeKind.UNKNOWN and repeated.silent and self._totals_may_tell(intent, evidence):
                outcome = self._by_totals(session, intent, evidence)
        except DeviceFailure as error:
            self._access.drop()
            return unknown(str(error)), True
        except DeviceError as error:
            self._access.drop()
            return unknown(str(error)), False
        if outcome.kind is OutcomeKind.NOT_CHARGED and state is not None and not state.ready:
            wants = codes.state_text(0xFF if state.status is None else state.status)
            return unknown(f"the terminal has done nothing since, but {wants}"), False
        return outcome, True

    def _judge(self, intent: Intent, evidence: Evidence, repeated: Repeated) -> Outcome:
        before = self._before(intent)
        if intent.kind is not IntentKind.REVERSE:
            trace = self._trace[1] if self._trace is not None and self._trace[0] == intent.attempt else ""
            attended = not self._options.unattended or intent.kind is not IntentKind.PAY
            return judge(intent.amount, before, repeated, trace=trace, evidence=evidence, attended=attended)
        if intent.original is None:
            return unknown("nobody knows which payment was to be reversed")
        return judge_reversal(intent.amount, intent.original, before, repeated, evidence=evidence)

    def _totals_may_tell(self, intent: Intent, evidence: Evidence) -> bool:
        """Whether the terminal's sums prove something: nobody else sells at it, and the journal has all of its day."""
        usable = self._options.totals_resolve and self._options.locked and evidence.unsettled is not None
        before = self._before(intent)
        here = before is not None and before.terminal == self._access.terminal_id and bool(before.locked)
        return usable and here and intent.kind is IntentKind.PAY

    def _by_totals(self, session: Session, intent: Intent, evidence: Evidence) -> Outcome:
        sums = session.totals(self._options.code)
        if evidence.unsettled is None or evidence.unsettled.currency != intent.amount.currency:
            return unknown("the journal does not know what the terminal must hold")
        return judge_totals(intent.amount, evidence.unsettled, self._before(intent), sums)

    def _before(self, intent: Intent) -> Baseline | None:
        """Give what the terminal had done before an intent was sent; from memory where the intent does not say it."""
        if self._sent is not None and self._sent[0] == intent.attempt:
            return self._sent[1]
        return None if intent.baseline is None else Baseline.of_mapping(intent.baseline)
