"""The thread of a terminal while a payment stays in doubt: its health is still told, and the next payment is safe."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from appliance.core.checkout import DeviceState
from appliance.core.commands import Health, ReportDevice, ReportOutcome
from appliance.core.payment import Intent, Notify, Outcome, OutcomeKind, Sending
from appliance.drivers import Record
from appliance.io.supervisor import Supervisor
from tests.io.rig import until
from tests.io.test_tender_worker import APPROVED, QUICK, UNKNOWN, Register, Terminal, intent


class Ailing(Terminal):
    """A terminal whose state can be set, and whose line may refuse to be closed."""

    def __init__(self) -> None:
        super().__init__()
        self.health = Health.ONLINE
        self.close_fault: Exception | None = None

    def check(self) -> DeviceState:
        return DeviceState(name=self.name, category=self.category, health=self.health)

    def close(self) -> None:
        if self.close_fault is not None:
            raise self.close_fault


@contextmanager
def supervised(terminal: Terminal) -> Iterator[tuple[Supervisor, Register]]:
    register = Register()
    supervisor = Supervisor([terminal], register.post, QUICK)
    supervisor.start()
    try:
        yield supervisor, register
    finally:
        supervisor.stop()


def health(register: Register) -> Health | None:
    reports = register.of(ReportDevice)
    return reports[-1].health if reports else None


def pay(_: Intent, record: Record, __: Notify) -> Outcome:
    assert record(Sending())
    return APPROVED


def test_a_terminal_with_a_payment_that_stays_in_doubt_still_tells_how_it_is() -> None:
    terminal = Ailing()
    terminal.health = Health.OFFLINE
    with supervised(terminal) as (devices, register):
        devices.look_up(intent())
        until(lambda: health(register) is Health.OFFLINE)
        terminal.health = Health.ONLINE
        until(lambda: health(register) is Health.ONLINE)
        terminal.health = Health.OFFLINE
        until(lambda: health(register) is Health.OFFLINE)


def test_before_the_next_payment_is_sent_the_doubt_is_asked_about_once_more_and_then_left() -> None:
    terminal, old, new, asked = Ailing(), intent(), intent(), threading.Event()
    terminal.act = pay
    with supervised(terminal) as (devices, register):
        devices.look_up(old)
        register.wait(ReportOutcome)
        terminal.answers = [APPROVED]
        devices.authorise(new)
        register.wait(ReportOutcome, lambda it: it.attempt == new.attempt)
        before = len(terminal.looked_up)
        asked.wait(0.3)
        assert len(terminal.looked_up) == before, "the terminal's last transaction is another one's now"
    found = [(report.attempt, report.outcome.kind) for report in register.of(ReportOutcome)]
    assert found == [
        (old.attempt, OutcomeKind.UNKNOWN),
        (old.attempt, OutcomeKind.APPROVED),
        (new.attempt, OutcomeKind.APPROVED),
    ]


def test_a_doubt_that_stays_one_is_left_when_the_next_payment_is_sent() -> None:
    terminal, old, new = Ailing(), intent(), intent()
    terminal.act = pay
    with supervised(terminal) as (devices, register):
        devices.look_up(old)
        register.wait(ReportOutcome)
        devices.authorise(new)
        register.wait(ReportOutcome, lambda it: it.attempt == new.attempt)
        terminal.answers = [APPROVED]
        threading.Event().wait(0.3)
    assert UNKNOWN.kind in {report.outcome.kind for report in register.of(ReportOutcome)}
    assert [r.attempt for r in register.of(ReportOutcome) if r.outcome.kind is OutcomeKind.APPROVED] == [new.attempt]


def test_a_payment_that_was_never_sent_leaves_the_doubt_to_be_asked_about() -> None:
    terminal, old, new = Ailing(), intent(), intent()
    with supervised(terminal) as (devices, register):
        devices.look_up(old)
        register.wait(ReportOutcome)
        terminal.act = lambda *_: Outcome(kind=OutcomeKind.NOT_CHARGED)
        devices.authorise(new)
        register.wait(ReportOutcome, lambda it: it.attempt == new.attempt)
        terminal.answers = [APPROVED]
        register.wait(ReportOutcome, lambda it: it.attempt == old.attempt and it.outcome == APPROVED)


def test_a_line_that_cannot_be_closed_does_not_end_the_terminals_thread() -> None:
    terminal, payment = Ailing(), intent()

    def act(*_: object) -> Outcome:
        terminal.close_fault = OSError(5, "Input/output error")
        raise ZeroDivisionError

    terminal.act = act
    with supervised(terminal) as (devices, register):
        devices.authorise(payment)
        register.wait(ReportOutcome)
        until(lambda: health(register) is Health.OFFLINE)
        terminal.close_fault = None
        until(lambda: health(register) is Health.ONLINE)
        terminal.act = lambda *_: APPROVED
        devices.authorise(intent())
        register.wait(ReportOutcome, lambda it: it.outcome.kind is OutcomeKind.APPROVED)
