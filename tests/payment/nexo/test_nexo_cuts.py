"""Every boundary of a payment: the line is cut, the terminal loses power or is killed, the till is killed.

Afterwards the till asks, and what it then knows must be what the terminal's books say.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import pytest

from appliance.core.payment import Intent, OutcomeKind, PaymentFact
from simulators.books import Books
from simulators.nexo_poi import POI, NexoPoi
from tests.payment.nexo.till import Till, driver
from tests.payment.till import until

BOUNDARIES = range(1, 9)
"""Of simulators.nexo.behaviour: request read, begun, in the books, status line, headers, half, nearly all, all sent."""
AMOUNT = 1880
BOOKED = 3
"""From this boundary on the terminal has the money in its books."""


def agrees(outcome: OutcomeKind, books: Books) -> bool:
    """Whether what the till knows is what the books say. UNKNOWN never agrees: this terminal can always tell."""
    match outcome:
        case OutcomeKind.APPROVED:
            return books.balance() == AMOUNT
        case OutcomeKind.UNKNOWN:
            return False
        case _:
            return books.balance() == 0


@pytest.mark.parametrize("fault", ["cut", "kill"])
@pytest.mark.parametrize(
    "result",
    [
        "approve",
        pytest.param("decline Refusal", marks=pytest.mark.crash),
        pytest.param("cancel", marks=pytest.mark.crash),
    ],
)
def test_at_every_boundary_till_and_books_agree_afterwards(
    till: Till, terminal: NexoPoi, fault: str, result: str
) -> None:
    for boundary in BOUNDARIES:
        before = terminal.books.balance()
        payments = terminal.log.count("Payment")
        terminal.behave(f"{result}, {fault} {boundary}")
        first = till.pay(AMOUNT).kind
        # Only when the whole answer has come is the payment final in spite of the cut.
        assert (first is not OutcomeKind.UNKNOWN) == (boundary == 8), boundary
        outcome = first if first is not OutcomeKind.UNKNOWN else till.recover().kind
        charged = terminal.books.balance() - before
        booked = boundary >= BOOKED or (fault == "cut" and boundary == 2)
        assert charged == (AMOUNT if outcome is OutcomeKind.APPROVED else 0), f"boundary {boundary}: {outcome}"
        assert outcome is not OutcomeKind.UNKNOWN, boundary
        assert (outcome is OutcomeKind.NOT_CHARGED) == (not booked), f"boundary {boundary}: {outcome}"
        assert terminal.log.count("Payment") == payments + 1


@pytest.mark.crash
@pytest.mark.parametrize("fault", ["cut", "kill"])
def test_at_every_boundary_of_a_reversal_till_and_books_agree_afterwards(
    till: Till, terminal: NexoPoi, fault: str
) -> None:
    for boundary in BOUNDARIES:
        paid = till.pay(AMOUNT)
        assert paid.reference is not None
        before = terminal.books.balance()
        terminal.behave(f"{fault} {boundary}")
        first = till.reverse(AMOUNT, paid.reference).kind
        outcome = first if first is not OutcomeKind.UNKNOWN else till.recover().kind
        given_back = before - terminal.books.balance()
        assert given_back == (AMOUNT if outcome is OutcomeKind.REVERSED else 0), f"boundary {boundary}: {outcome}"
        assert outcome in (OutcomeKind.REVERSED, OutcomeKind.NOT_CHARGED), boundary


def test_a_look_up_that_is_cut_is_asked_again(till: Till, terminal: NexoPoi) -> None:
    terminal.behave("cut 3, always")
    assert till.pay(AMOUNT).kind is OutcomeKind.UNKNOWN
    for boundary in BOUNDARIES[3:7]:
        terminal.default(f"cut {boundary}, always")
        assert till.look_up(1).kind is OutcomeKind.UNKNOWN
    terminal.default("approve")
    assert till.look_up(1).kind is OutcomeKind.APPROVED


# The till is killed -------------------------------------------------------------------------------------------------


@dataclass
class Killed:
    """What a killed till left on disk."""

    facts: list[str]

    @property
    def sent(self) -> bool:
        return "Sending" in self.facts


def pay_and_write_down(dialect: str, url: str, folder: str, journal: str, intent_: Intent, die_at: str) -> None:
    """Pay in a process of its own, with a journal on disk; die where told: before or after a fact is durable."""
    device = driver(dialect, url, POI[dialect], Path(folder), payment=Decimal(20))
    device.open()

    def write(line: str) -> None:
        with Path(journal).open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def record(fact: PaymentFact) -> bool:
        name = type(fact).__name__
        if die_at == f"before {name}":
            die()
        write(name)
        if die_at == f"after {name}":
            die()
        return True

    outcome = device.authorise(intent_, record, lambda *_: None)
    write(outcome.kind)
    if die_at == "after the outcome":
        die()


LONG = pytest.mark.crash
POINTS = [
    "after Sending",
    "before Result",
    *(
        pytest.param(point, marks=LONG)
        for point in ("before Sending", "while the customer pays", "after Result", "after the outcome")
    ),
]


@pytest.mark.parametrize("point", POINTS)
def test_a_till_that_is_killed_finds_its_payment_again(
    till: Till, terminal: NexoPoi, dialect: str, tmp_path: Path, point: str
) -> None:
    baseline = till.driver.baseline()
    assert baseline is not None
    till.sending_durable = False
    till.pay(AMOUNT)  # makes the intent, and sends nothing
    assert till.intent is not None
    assert terminal.books.entries() == []
    terminal.behave("late 1" if point == "while the customer pays" else "approve")
    journal = tmp_path / "journal"
    arguments = (dialect, terminal.url, str(tmp_path / "books"), str(journal), till.intent, point)
    process = multiprocessing.get_context("spawn").Process(target=pay_and_write_down, args=arguments)
    process.start()
    if point == "while the customer pays":
        until(lambda: terminal.pending() is not None, seconds=20)
        process.kill()
    process.join(20.0)
    assert process.exitcode == -signal.SIGKILL
    process.close()
    left = Killed(journal.read_text(encoding="utf-8").split() if journal.exists() else [])
    assert left.sent == (point != "before Sending")
    if not left.sent:
        # An intent that was never sent is not asked about: nothing was charged.
        assert "Payment" not in terminal.log
        return
    outcome = till.recover().kind
    assert agrees(outcome, terminal.books)
    assert (outcome is OutcomeKind.APPROVED) == (point != "after Sending")
    assert terminal.log.count("Payment") <= 1


# The terminal is killed ---------------------------------------------------------------------------------------------


class TerminalProcess:
    """The simulated terminal as a process of its own, on one port."""

    def __init__(self, dialect: str, books: Path) -> None:
        self.dialect = dialect
        self.books = books
        self.url = ""
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        listen = self.url.rpartition("/")[2] or "127.0.0.1:0"
        command = [sys.executable, "-m", "simulators.nexo_poi", "--dialect", self.dialect, "--listen", listen]
        command += ["--books", str(self.books)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self._out().readline()
        assert line.startswith("listening "), line
        self.url = line.split()[1]

    def _out(self) -> IO[str]:
        assert self._process is not None
        assert self._process.stdout is not None
        return self._process.stdout

    def say(self, line: str) -> str:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._out().readline().strip()

    def wait(self) -> int:
        assert self._process is not None
        code = self._process.wait(10.0)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process = None
        return code

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self.wait()


@pytest.fixture
def process(dialect: str, tmp_path: Path) -> Iterator[TerminalProcess]:
    found = TerminalProcess(dialect, tmp_path / "books")
    yield found
    found.stop()


@pytest.mark.parametrize("dialect", ["swedbank", pytest.param("adyen", marks=LONG)])
def test_a_terminal_that_is_killed_has_kept_its_books(process: TerminalProcess) -> None:
    options: dict[str, Any] = {"payment": Decimal(5)}
    for boundary in (2, 3, 6):
        process.start()
        till = Till(lambda: driver(process.dialect, process.url, POI[process.dialect], process.books, **options)).open()
        assert process.say(f"behave kill {boundary}") == "ok"
        assert till.pay(AMOUNT + boundary).kind is OutcomeKind.UNKNOWN
        assert process.wait() == 137
        process.start()
        outcome = till.recover().kind
        till.driver.close()
        process.stop()
        with closing(Books(process.books)) as books:
            charged = AMOUNT + boundary in {entry.amount for entry in books.charges()}
        assert charged == (boundary >= BOOKED)
        assert outcome is (OutcomeKind.APPROVED if charged else OutcomeKind.NOT_CHARGED)


@pytest.mark.parametrize("dialect", ["swedbank"])
def test_the_terminal_process_obeys_and_names_what_it_does_not_know(process: TerminalProcess) -> None:
    process.start()
    assert process.say("behave declin") == "no behaviour 'declin'; did you mean 'decline'?"
    assert process.say("dance") == "no command 'dance': behave, default, answer, restart, unplug, plug, quit"
    assert process.say("default decline WrongPIN, late 2") == "ok"
    assert process.say("unplug") == "ok"
    assert process.say("plug") == "ok"
    assert process.say("restart") == "ok"


def test_a_person_decides_at_a_terminal_that_asks(till: Till, terminal: NexoPoi) -> None:
    terminal.behave("ask")
    person = threading.Thread(target=decide, args=(terminal,))
    person.start()
    assert till.pay().code == "WrongPIN"
    person.join()


def decide(terminal: NexoPoi) -> None:
    until(lambda: terminal.pending() is not None)
    terminal.answer("decline WrongPIN")
