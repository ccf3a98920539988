"""Payments under supervision: recorded before sent, asked about until known, never sent twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from uuid import UUID, uuid4

import pytest

from appliance.core.checkout import DeviceState
from appliance.core.commands import Command, Health, RecordPayment, ReportDevice, ReportOutcome, ReportProgress
from appliance.core.identifiers import TransactionId
from appliance.core.money import Currency, Money
from appliance.core.payment import (
    Capabilities,
    Evidence,
    Intent,
    IntentKind,
    Notify,
    Outcome,
    OutcomeKind,
    Progress,
    Result,
    Sending,
    TenderType,
    Totals,
)
from appliance.drivers import Record
from appliance.errors import DeviceOffline, DeviceTimeout
from appliance.io.supervisor import Supervisor
from appliance.io.worker import Timing
from tests.io.rig import Inbox, until

QUICK = Timing(terminal=0.1, lookup=0.05, record=0.5, first_pause=0.02, longest_pause=0.05, join=1.0)
NOK = Currency.parse("NOK")
APPROVED = Outcome(kind=OutcomeKind.APPROVED, amount=Money(18440, NOK))
UNKNOWN = Outcome(kind=OutcomeKind.UNKNOWN, text="no answer")

Act = Callable[[Intent, Record, Notify], Outcome]


def intent(device: str = "terminal") -> Intent:
    return Intent(
        attempt=uuid4(),
        transaction=TransactionId("oslo-01", "3", date(2026, 11, 23), 1187),
        kind=IntentKind.PAY,
        device=device,
        tender=TenderType.CARD,
        amount=Money(18440, NOK),
    )


class Terminal:
    """A tender device that follows a script."""

    name = "terminal"
    category = "CAT"
    capabilities = Capabilities()

    def __init__(self) -> None:
        self.act: Act = lambda *_: APPROVED
        self.answers: list[Outcome | Exception] = []
        self.authorised: list[UUID] = []
        self.looked_up: list[UUID] = []
        self.cancelled: list[UUID] = []
        self.reversed: list[UUID] = []
        self.refunded: list[UUID] = []
        self.presented: list[tuple[UUID, str]] = []
        self.closed = 0
        self.last = "0041"
        self.fault: Exception | None = None

    def open(self) -> None:
        if self.fault is not None:
            raise self.fault

    def close(self) -> None:
        pass

    def check(self) -> DeviceState:
        return DeviceState(name=self.name, category=self.category, health=Health.ONLINE)

    def baseline(self) -> Mapping[str, str]:
        return {"receipt": self.last}

    def authorise(self, intent: Intent, record: Record, notify: Notify) -> Outcome:
        self.authorised.append(intent.attempt)
        return self.act(intent, record, notify)

    def reverse(self, intent: Intent, record: Record, notify: Notify) -> Outcome:
        self.reversed.append(intent.attempt)
        return self.act(intent, record, notify)

    def refund(self, intent: Intent, record: Record, notify: Notify) -> Outcome:
        self.refunded.append(intent.attempt)
        return self.act(intent, record, notify)

    def present(self, attempt: UUID, code: str) -> None:
        self.presented.append((attempt, code))

    def close_day(self) -> Totals | None:
        self.closed += 1
        if self.fault is not None:
            raise self.fault
        return Totals(amount=Money(18440, NOK), count=1)

    def lookup(self, intent: Intent, evidence: Evidence) -> Outcome:
        self.looked_up.append(intent.attempt)
        answer = self.answers.pop(0) if self.answers else UNKNOWN
        if isinstance(answer, Exception):
            raise answer
        return answer

    def cancel(self, attempt: UUID) -> None:
        self.cancelled.append(attempt)


class Register(Inbox):
    """An inbox that puts facts on disk, or does not."""

    def __init__(self) -> None:
        super().__init__()
        self.disk: Callable[[RecordPayment], bool | None] = lambda _: True

    def post(self, command: Command) -> None:
        super().post(command)
        if isinstance(command, RecordPayment):
            answer = self.disk(command)
            if answer is not None:
                threading.Thread(target=command.reply, args=(answer,)).start()


@pytest.fixture
def register() -> Register:
    return Register()


@contextmanager
def supervised(register: Register, *terminals: Terminal, timing: Timing = QUICK) -> Iterator[Supervisor]:
    supervisor = Supervisor(terminals, register.post, timing)
    supervisor.start()
    try:
        yield supervisor
    finally:
        supervisor.stop()


def outcomes(register: Register) -> list[OutcomeKind]:
    return [report.outcome.kind for report in register.of(ReportOutcome)]


def test_facts_are_on_disk_before_the_terminal_goes_on_and_progress_reaches_the_screen(register: Register):
    terminal, payment, order = Terminal(), intent(), []

    def act(_: Intent, record: Record, notify: Notify) -> Outcome:
        order.append(("recorded", record(Sending())))
        notify(Progress.PRESENT_CARD, True)
        order.append(("recorded", record(Result(APPROVED))))
        return APPROVED

    terminal.act = act
    with supervised(register, terminal) as devices:
        devices.authorise(payment)
        assert register.wait(ReportOutcome) == ReportOutcome(payment.attempt, APPROVED)
    assert order == [("recorded", True), ("recorded", True)]
    assert [type(command.fact) for command in register.of(RecordPayment)] == [Sending, Result]
    assert register.of(ReportProgress) == [ReportProgress(payment.attempt, Progress.PRESENT_CARD, True)]


@pytest.mark.parametrize("answer", [False, None])
def test_what_the_disk_does_not_take_is_not_sent_and_not_charged(register: Register, answer: bool | None):
    terminal = Terminal()
    register.disk = lambda _: answer

    def act(_: Intent, record: Record, __: Notify) -> Outcome:
        assert not record(Sending())
        raise DeviceTimeout("nothing was sent")

    terminal.act = act
    with supervised(register, terminal) as devices:
        devices.authorise(intent())
        assert register.wait(ReportOutcome).outcome.kind is OutcomeKind.NOT_CHARGED


def test_a_fault_before_sending_is_not_charged_and_says_why(register: Register):
    terminal = Terminal()

    def act(*_: object) -> Outcome:
        raise DeviceOffline("no line.", remedy="Check the cable.")

    terminal.act = act
    with supervised(register, terminal) as devices:
        devices.authorise(intent())
        outcome = register.wait(ReportOutcome).outcome
    assert (outcome.kind, outcome.text) == (OutcomeKind.NOT_CHARGED, "no line. Check the cable.")


def test_a_terminal_that_cannot_be_opened_is_not_charged(register: Register):
    terminal = Terminal()
    terminal.fault = DeviceOffline("no line")
    with supervised(register, terminal) as devices:
        devices.authorise(intent())
        assert register.wait(ReportOutcome).outcome.kind is OutcomeKind.NOT_CHARGED
    assert terminal.authorised == []


@pytest.mark.parametrize("fault", [DeviceOffline("line gone"), ZeroDivisionError()])
def test_any_fault_after_sending_is_unknown(register: Register, fault: Exception):
    terminal = Terminal()

    def act(_: Intent, record: Record, __: Notify) -> Outcome:
        assert record(Sending())
        raise fault

    terminal.act = act
    with supervised(register, terminal) as devices:
        devices.authorise(intent())
        assert register.wait(ReportOutcome).outcome.kind is OutcomeKind.UNKNOWN
        until(lambda: any(report.health is Health.ONLINE for report in register.of(ReportDevice)))
    assert outcomes(register) == [OutcomeKind.UNKNOWN]


def test_an_intent_is_authorised_once_however_often_it_is_asked_for(register: Register):
    terminal, payment = Terminal(), intent()
    with supervised(register, terminal) as devices:
        for _ in range(3):
            devices.authorise(payment)
        later = intent()
        devices.authorise(later)
        register.wait(ReportOutcome, lambda it: it.attempt == later.attempt)
    assert terminal.authorised == [payment.attempt, later.attempt]


def test_a_look_up_is_answered_at_once_and_repeated_until_it_is_known(register: Register):
    terminal, payment = Terminal(), intent()
    terminal.answers = [UNKNOWN, UNKNOWN, DeviceOffline("line gone"), UNKNOWN, APPROVED]
    with supervised(register, terminal) as devices:
        devices.look_up(payment)
        register.wait(ReportOutcome, lambda it: it.outcome == APPROVED)
        asked = len(terminal.looked_up)
        threading.Event().wait(0.2)
        assert len(terminal.looked_up) == asked == 5, "once known it is not asked again"
    kinds = outcomes(register)
    assert kinds[0] is OutcomeKind.UNKNOWN
    assert kinds[-1] is OutcomeKind.APPROVED
    assert len(kinds) == 4, "UNKNOWN is repeated only where its reason changed: no answer, line gone, no answer"
    assert terminal.authorised == [], "a look-up never sends money"


def test_a_look_up_that_is_asked_for_again_is_answered_again(register: Register):
    terminal, payment = Terminal(), intent()
    with supervised(register, terminal, timing=Timing(lookup=60, first_pause=0.02, longest_pause=0.05)) as devices:
        devices.look_up(payment)
        until(lambda: len(register.of(ReportOutcome)) == 1)
        devices.look_up(payment)
        until(lambda: len(register.of(ReportOutcome)) == 2)


def test_a_look_up_at_a_terminal_that_is_away_is_unknown_until_it_comes_back(register: Register):
    terminal, payment = Terminal(), intent()
    terminal.fault = DeviceOffline("no line")
    terminal.answers = [APPROVED]
    with supervised(register, terminal) as devices:
        devices.look_up(payment)
        assert register.wait(ReportOutcome).outcome.kind is OutcomeKind.UNKNOWN
        terminal.fault = None
        register.wait(ReportOutcome, lambda it: it.outcome == APPROVED)
    assert outcomes(register) == [OutcomeKind.UNKNOWN, OutcomeKind.APPROVED]


def test_a_cancellation_gets_through_while_the_payment_runs(register: Register):
    terminal, payment, asked = Terminal(), intent(), threading.Event()

    def act(_: Intent, record: Record, __: Notify) -> Outcome:
        assert record(Sending())
        asked.set()
        until(lambda: terminal.cancelled == [payment.attempt])
        return Outcome(kind=OutcomeKind.CANCELLED)

    terminal.act = act
    with supervised(register, terminal) as devices:
        devices.authorise(payment)
        assert asked.wait(5)
        devices.cancel(payment.attempt)
        assert register.wait(ReportOutcome).outcome.kind is OutcomeKind.CANCELLED


def test_a_payment_cancelled_before_its_turn_is_never_sent(register: Register):
    terminal, first, second, asked, go = Terminal(), intent(), intent(), threading.Event(), threading.Event()

    def act(*_: object) -> Outcome:
        asked.set()
        assert go.wait(5)
        return APPROVED

    terminal.act = act
    with supervised(register, terminal) as devices:
        devices.authorise(first)
        assert asked.wait(5)
        devices.authorise(second)
        devices.cancel(second.attempt)
        go.set()
        report = register.wait(ReportOutcome, lambda it: it.attempt == second.attempt)
        assert report.outcome.kind is OutcomeKind.NOT_CHARGED
    assert terminal.authorised == [first.attempt]


def test_the_baseline_is_the_new_one_before_the_outcome_is_told(register: Register):
    terminal, seen = Terminal(), []

    def act(*_: object) -> Outcome:
        terminal.last = "0042"
        return APPROVED

    terminal.act = act

    def post(command: Command) -> None:
        if isinstance(command, ReportOutcome):
            seen.append(devices.baseline("terminal"))
        register.post(command)

    devices = Supervisor([terminal], post, QUICK)
    devices.start()
    until(lambda: devices.baseline("terminal") == {"receipt": "0041"})
    devices.authorise(intent())
    register.wait(ReportOutcome)
    devices.stop()
    assert seen == [{"receipt": "0042"}]
    assert devices.baseline("other") is None


def test_a_device_that_is_not_configured_takes_no_money(register: Register):
    with supervised(register) as devices:
        devices.authorise(intent("swish"))
        devices.look_up(intent("swish"))
        devices.cancel(uuid4())
    assert outcomes(register) == [OutcomeKind.NOT_CHARGED, OutcomeKind.UNKNOWN]


def test_stopping_does_not_wait_for_an_answer_of_the_journal(register: Register):
    terminal, asked = Terminal(), threading.Event()
    register.disk = lambda _: asked.set()

    def act(_: Intent, record: Record, __: Notify) -> Outcome:
        assert not record(Sending())
        raise DeviceOffline("stopped")

    terminal.act = act
    with supervised(register, terminal, timing=Timing(record=60)) as devices:
        devices.authorise(intent())
        assert asked.wait(5)
