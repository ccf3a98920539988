"""Every frame boundary of a payment: the line is cut, the terminal loses power, the till is killed.

Afterwards the till asks, and what it then knows must be what the terminal's books say.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import pytest

from appliance.core.payment import Intent, OutcomeKind, PaymentFact
from simulators.books import Books
from simulators.zvt_terminal import ZvtTerminal
from tests.payment.till import Till, intent, nok, until

BOUNDARIES = 20
"""Of an approved payment: before and after each frame of the terminal, after each frame of the till behind 06 01.

8000; 04FF, 04FF, 040F, two 06D3, 060F with an answer each.
"""
AMOUNT = 1880

MISSING = ["keep", "keep, stored at status", "reverse", "reverse, stored at status"]
TOLD = ["after reversal record", "after reversal b4", "after reversal previous"]
POLICIES = [*MISSING[:2], *(f"{missing}, {told}" for missing in MISSING[2:] for told in TOLD)]


def agrees(outcome: OutcomeKind, terminal: Books) -> bool:
    """Whether what the till knows is what the books say. UNKNOWN never agrees: this terminal can always tell."""
    match outcome:
        case OutcomeKind.APPROVED:
            return terminal.balance() == AMOUNT
        case OutcomeKind.UNKNOWN:
            return False
        case _:
            return terminal.balance() == 0


def final(till: Till, first: OutcomeKind) -> OutcomeKind:
    """What the till knows in the end. What was final stays final; a lost answer is looked up after a restart."""
    return first if first is not OutcomeKind.UNKNOWN else till.recover().kind


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("fault", ["cut", "kill"])
def test_at_every_boundary_of_a_payment_over_tcp_till_and_books_agree_afterwards(
    tcp: str, terminal: ZvtTerminal, fault: str, policy: str
) -> None:
    for boundary in range(1, BOUNDARIES + 1):
        till = Till(tcp).open()
        before = terminal.books.balance()
        terminal.behave(f"{policy}, {fault} {boundary}")
        first = till.pay(AMOUNT).kind
        # Only behind 06 0F is the payment final in spite of the cut.
        assert (first is OutcomeKind.APPROVED) == (boundary >= BOUNDARIES - 1), boundary
        outcome = final(till, first)
        charged = terminal.books.balance() - before
        assert outcome is not OutcomeKind.UNKNOWN, f"boundary {boundary}"
        assert charged == (AMOUNT if outcome is OutcomeKind.APPROVED else 0), f"boundary {boundary}: {outcome}"
        till.driver.close()


def serial_cuts(terminal: ZvtTerminal, policy: str, boundaries: list[int]) -> None:
    url = f"serial://{terminal.open_pty()}?baud=115200"
    for boundary in boundaries:
        till = Till(url).open()
        before = terminal.books.balance()
        terminal.behave(f"{policy}, cut {boundary}")
        outcome = final(till, till.pay(AMOUNT).kind)
        charged = terminal.books.balance() - before
        assert outcome is not OutcomeKind.UNKNOWN, f"boundary {boundary}"
        assert charged == (AMOUNT if outcome is OutcomeKind.APPROVED else 0), f"boundary {boundary}: {outcome}"
        till.driver.close()


@pytest.mark.parametrize("policy", ["keep", "reverse"])
def test_at_boundaries_of_a_payment_over_a_serial_line_till_and_books_agree_afterwards(
    terminal: ZvtTerminal, policy: str
) -> None:
    serial_cuts(terminal, policy, [3, 9, 11, 19])


@pytest.mark.crash
@pytest.mark.parametrize("policy", POLICIES)
def test_at_every_boundary_of_a_payment_over_a_serial_line_till_and_books_agree_afterwards(
    terminal: ZvtTerminal, policy: str
) -> None:
    serial_cuts(terminal, policy, list(range(1, BOUNDARIES + 1)))


@pytest.mark.parametrize("how", ["decline 05", "cancel"])
def test_at_every_boundary_of_a_refused_payment_nothing_is_charged(tcp: str, terminal: ZvtTerminal, how: str) -> None:
    for boundary in range(1, 15):
        till = Till(tcp).open()
        terminal.behave(f"{how}, cut {boundary}")
        assert final(till, till.pay(AMOUNT).kind) in (
            OutcomeKind.DECLINED,
            OutcomeKind.CANCELLED,
            OutcomeKind.NOT_CHARGED,
        )
        assert terminal.books.balance() == 0
        till.driver.close()


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("fault", ["cut", "kill"])
def test_at_every_boundary_of_a_reversal_till_and_books_agree_afterwards(
    tcp: str, terminal: ZvtTerminal, fault: str, policy: str
) -> None:
    for boundary in range(1, BOUNDARIES - 1):
        till = Till(tcp).open()
        sale = till.pay(AMOUNT).reference
        before = terminal.books.balance()
        terminal.behave(f"{policy}, {fault} {boundary}")
        outcome = final(till, till.reverse(sale, AMOUNT).kind)
        given_back = before - terminal.books.balance()
        told = "previous" not in policy
        assert outcome is not OutcomeKind.UNKNOWN or not told, f"boundary {boundary}"
        if outcome is not OutcomeKind.UNKNOWN:
            assert given_back == (AMOUNT if outcome is OutcomeKind.REVERSED else 0), f"boundary {boundary}: {outcome}"
        till.driver.close()
        terminal.default("approve")


@pytest.mark.parametrize("policy", MISSING)
def test_at_every_boundary_of_a_refund_till_and_books_agree_afterwards(
    tcp: str, terminal: ZvtTerminal, policy: str
) -> None:
    for boundary in range(1, BOUNDARIES + 1):
        till = Till(tcp).open()
        before = terminal.books.balance()
        terminal.behave(f"{policy}, cut {boundary}")
        outcome = final(till, till.refund(AMOUNT).kind)
        paid_back = before - terminal.books.balance()
        assert outcome is not OutcomeKind.UNKNOWN, f"boundary {boundary}"
        assert paid_back == (AMOUNT if outcome is OutcomeKind.APPROVED else 0), f"boundary {boundary}: {outcome}"
        till.driver.close()


def test_a_cut_look_up_is_asked_again(tcp: str, terminal: ZvtTerminal) -> None:
    till = Till(tcp, {"patience": Decimal("0.1")}).open()
    terminal.behave("keep, drop before 060F")
    assert till.pay(AMOUNT).kind is OutcomeKind.UNKNOWN
    terminal.unplug()
    assert till.recover().kind is OutcomeKind.UNKNOWN
    terminal.plug()
    assert till.intent is not None
    assert till.driver.lookup(till.intent).kind is OutcomeKind.APPROVED
    till.driver.close()


# The till is killed -------------------------------------------------------------------------------------------------


@dataclass
class Killed:
    """What a killed till left on disk."""

    facts: list[str]

    @property
    def sent(self) -> bool:
        return "Sending" in self.facts


def pay_and_write_down(url: str, baseline: dict[str, str], journal: str, die_at: str) -> None:
    """Pay in a process of its own, with a journal on disk; die where told: before or after a fact is durable."""
    till = Till(url).open()
    assert till.driver.baseline() == baseline

    def write(line: str) -> None:
        with Path(journal).open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())

    def record(fact: PaymentFact) -> bool:
        name = type(fact).__name__
        if die_at == f"before {name}":
            os.kill(os.getpid(), signal.SIGKILL)
        write(name)
        if die_at == f"after {name}":
            os.kill(os.getpid(), signal.SIGKILL)
        return True

    outcome = till.driver.authorise(intent(nok(AMOUNT), baseline), record, lambda *_: None)
    write(f"outcome {outcome.kind}")


class KilledTill:
    """A till process, killed at a boundary that the terminal counts, or at one of its own facts."""

    def __init__(self, terminal: ZvtTerminal, url: str, folder: Path) -> None:
        self._context: Any = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.payment.till"])
        self._terminal = terminal
        self._url = url
        self._folder = folder
        self._process: Any = None

    def kill(self) -> None:
        """End the process as a power cut would."""
        self._process.kill()
        self._process.join()

    def run(self, name: str, die_at: str = "") -> tuple[Killed, Intent]:
        till = Till(self._url).open()
        baseline = dict(till.driver.baseline() or {})
        till.driver.close()
        journal = self._folder / f"journal-{name}"
        journal.touch()
        arguments = (self._url, baseline, str(journal), die_at)
        self._process = self._context.Process(target=pay_and_write_down, args=arguments)
        self._process.start()
        self._process.join(20.0)
        assert not self._process.is_alive()
        return Killed(journal.read_text(encoding="utf-8").splitlines()), intent(nok(AMOUNT), baseline)


@pytest.fixture
def killed(tmp_path: Path) -> Iterator[tuple[ZvtTerminal, KilledTill]]:
    holder: list[KilledTill] = []
    with ZvtTerminal(tmp_path / "books", t3=0.4, die=lambda: next(iter(holder)).kill()) as terminal:
        holder.append(KilledTill(terminal, f"tcp://127.0.0.1:{terminal.listen_tcp()}", tmp_path))
        yield terminal, holder[0]


def recovered(url: str, asked: Intent, facts: Killed) -> OutcomeKind:
    """What the till knows after its restart, by the rules of the journal."""
    if not facts.sent:
        return OutcomeKind.NOT_CHARGED
    if facts.facts[-1] == "outcome APPROVED":
        return OutcomeKind.APPROVED
    till = Till(url)
    till.intent = asked
    outcome = till.recover().kind
    till.driver.close()
    return outcome


def kill_tills(terminal: ZvtTerminal, till: KilledTill, policy: str, boundaries: list[int]) -> None:
    for boundary in boundaries:
        before = terminal.books.balance()
        terminal.behave(f"{policy}, kill {boundary}")
        facts, asked = till.run(str(boundary))
        outcome = recovered(till._url, asked, facts)
        charged = terminal.books.balance() - before
        assert outcome is not OutcomeKind.UNKNOWN, boundary
        assert charged == (AMOUNT if outcome is OutcomeKind.APPROVED else 0), f"boundary {boundary}: {outcome}"


@pytest.mark.parametrize("policy", ["keep", "reverse"])
def test_a_till_that_is_killed_at_a_boundary_knows_after_its_restart_what_the_books_say(
    killed: tuple[ZvtTerminal, KilledTill], policy: str
) -> None:
    kill_tills(*killed, policy, [1, 9, 11, 19])


@pytest.mark.crash
@pytest.mark.parametrize("policy", POLICIES)
def test_a_till_that_is_killed_at_any_boundary_knows_after_its_restart_what_the_books_say(
    killed: tuple[ZvtTerminal, KilledTill], policy: str
) -> None:
    kill_tills(*killed, policy, list(range(1, BOUNDARIES + 1)))


@pytest.mark.parametrize("policy", ["keep", "reverse"])
@pytest.mark.parametrize("point", ["before Sending", "after Sending", "before Result", "after Result"])
def test_a_till_that_is_killed_at_a_persistence_point_knows_after_its_restart_what_the_books_say(
    killed: tuple[ZvtTerminal, KilledTill], policy: str, point: str
) -> None:
    terminal, till = killed
    terminal.behave(policy)
    facts, asked = till.run("point", die_at=point)
    assert (
        facts.facts
        == {
            "before Sending": [],
            "after Sending": ["Sending"],
            "before Result": ["Sending"],
            "after Result": ["Sending", "Result"],
        }[point]
    )
    if "Sending" in point:
        assert "> 0601" not in terminal.log
    else:
        until(lambda: policy == "keep" or terminal.books.balance() == 0)
    outcome = recovered(till._url, asked, facts)
    assert agrees(outcome, terminal.books)
    assert (outcome is OutcomeKind.APPROVED) == ("Result" in point and policy == "keep")


# The terminal is killed ---------------------------------------------------------------------------------------------


class TerminalProcess:
    """The simulated terminal as a process of its own, on one port."""

    def __init__(self, books: Path) -> None:
        self._books = books
        self.port = 0
        self._process: subprocess.Popen[str] | None = None

    def start(self, default: str = "approve") -> str:
        command = [sys.executable, "-m", "simulators.zvt_terminal", "--listen", f"127.0.0.1:{self.port}"]
        command += ["--books", str(self._books), "--default", default, "--t3", "0.4"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self._out().readline()
        assert line.startswith("listening "), line
        self.port = int(line.rpartition(":")[2])
        return f"tcp://127.0.0.1:{self.port}"

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
def process(tmp_path: Path) -> Iterator[TerminalProcess]:
    terminal = TerminalProcess(tmp_path / "books")
    yield terminal
    terminal.stop()


@pytest.mark.parametrize(("policy", "boundary"), [("keep", 9), ("reverse", 9), ("reverse", 11), ("keep", 3)])
def test_a_terminal_that_is_killed_has_kept_its_books(
    process: TerminalProcess, tmp_path: Path, policy: str, boundary: int
) -> None:
    till = Till(process.start(policy)).open()
    assert process.say(f"behave {policy}, kill {boundary}") == "ok"
    assert till.pay(AMOUNT).kind is OutcomeKind.UNKNOWN
    assert process.wait() == 137
    process.start(policy)
    outcome = till.recover().kind
    till.driver.close()
    process.stop()
    with closing(Books(tmp_path / "books")) as books:
        assert agrees(outcome, books)
    assert (outcome is OutcomeKind.APPROVED) == (policy == "keep" and boundary == 9)


def test_the_terminal_process_obeys_and_names_what_it_does_not_know(process: TerminalProcess) -> None:
    process.start()
    assert process.say("behave declin 5") == "no behaviour 'declin 5'; did you mean 'decline'?"
    assert process.say("dance") == "no command 'dance': behave, default, answer, sell, close-day, unplug, plug, quit"
    assert process.say("sell 500") == "ok"


def test_books_survive_a_line_that_was_half_written(tmp_path: Path) -> None:
    with ZvtTerminal(tmp_path) as terminal:
        terminal.sell(700)
        whole = terminal.books.entries()
    with (tmp_path / "books.jsonl").open("ab") as file:
        file.write(json.dumps({"kind": "charge"}).encode()[:-3])
    books = Books(tmp_path)
    assert books.entries() == whole
    assert books.balance() == 700
    books.close()
