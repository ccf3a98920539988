"""Cash machines: what the till believes is what the machine has in it, whatever is killed, lost or jammed."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO
from uuid import uuid4

import pytest

from appliance.core.identifiers import TransactionId
from appliance.core.money import Currency, Money
from appliance.core.payment import (
    CHANGE_DUE,
    CashCredit,
    Evidence,
    Intent,
    IntentKind,
    Outcome,
    OutcomeKind,
    PaymentFact,
    Progress,
    Sending,
    TenderType,
)
from appliance.errors import ConfigError, DeviceError, DeviceFailure
from appliance.io.payment.cash import CashAcceptor
from simulators.books import Books
from simulators.cash_device import CashMachine, behaviour
from tests.payment.till import until

NOK = Currency.parse("NOK")
AMOUNT = 12000


def nok(minor: int) -> Money:
    return Money(minor, NOK)


class PowerCut(Exception):
    """The till is gone in the middle of a call."""


@dataclass
class Till:
    """A driver, and what a register has on disk."""

    address: str
    options: dict[str, object] = field(default_factory=dict)
    facts: list[PaymentFact] = field(default_factory=list)
    credits: dict[str, Money] = field(default_factory=dict)
    shown: list[Progress] = field(default_factory=list)
    store: Callable[[PaymentFact], bool] = lambda _: True
    intent: Intent | None = None

    def __post_init__(self) -> None:
        self.device = self._new()

    def _new(self) -> CashAcceptor:
        told: dict[str, object] = {"idle": Decimal(20), "patience": Decimal(5), **self.options}
        named = CashAcceptor.Options(device="simulated", address=self.address, currency="NOK", **told)  # type: ignore[arg-type]
        return CashAcceptor("cash", named)

    def open(self) -> Till:
        self.device.open()
        return self

    def restart(self) -> None:
        self.device.close()
        self.device = self._new()
        self.device.open()

    def begin(self, minor: int = AMOUNT) -> Paying:
        self.intent = Intent(
            attempt=uuid4(),
            transaction=TransactionId("store-01", "1", date(2026, 11, 23), 1),
            kind=IntentKind.PAY,
            device="cash",
            tender=TenderType.CASH,
            amount=nok(minor),
            baseline=self.device.baseline(),
        )
        self.credits.clear()
        self.shown.clear()
        return Paying(self)

    def lookup(self) -> Outcome:
        assert self.intent is not None
        return self.device.lookup(self.intent, Evidence(credits=self.credits))

    def give_back(self, outcome: Outcome) -> Outcome:
        assert self.intent is not None
        assert outcome.amount is not None
        undone = self.intent
        self.intent = replace(
            undone,
            attempt=uuid4(),
            kind=IntentKind.REVERSE,
            amount=outcome.amount,
            original_attempt=undone.attempt,
            baseline=None,
        )
        return self.device.reverse(self.intent, self.record, self.notify)

    def record(self, fact: PaymentFact) -> bool:
        if not self.store(fact):
            return False
        self.facts.append(fact)
        if isinstance(fact, CashCredit):
            self.credits[fact.counter] = fact.amount
        return True

    def notify(self, progress: Progress, may_cancel: bool, code: str = "", until: datetime | None = None) -> None:
        self.shown.append(progress)


class Paying:
    """A payment under way, on a thread as the device's worker has one."""

    def __init__(self, till: Till) -> None:
        self._till = till
        self._ended: list[Outcome | Exception] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        assert self._till.intent is not None
        try:
            self._ended.append(self._till.device.authorise(self._till.intent, self._till.record, self._till.notify))
        except Exception as error:  # noqa: BLE001 - raised again by `outcome`
            self._ended.append(error)

    def asked(self) -> Paying:
        until(lambda: Progress.INSERT_CASH in self._till.shown or bool(self._ended))
        assert Progress.INSERT_CASH in self._till.shown, self._ended
        return self

    def cancel(self) -> None:
        assert self._till.intent is not None
        self._till.device.cancel(self._till.intent.attempt)

    def outcome(self) -> Outcome:
        self._thread.join(20)
        assert self._ended, "the payment does not end"
        if isinstance(self._ended[0], Exception):
            raise self._ended[0]
        return self._ended[0]


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[CashMachine]:
    with CashMachine(tmp_path / "books") as machine:
        yield machine


@pytest.fixture
def make_till() -> Iterator[Callable[..., Till]]:
    made: list[Till] = []

    def make(address: str, **options: object) -> Till:
        made.append(Till(address, options))
        return made[-1].open()

    yield make
    for till in made:
        till.device.close()


@pytest.fixture
def till(machine: CashMachine, make_till: Callable[..., Till]) -> Till:
    return make_till(machine.address)


def kept(outcome: Outcome) -> int:
    """What the till believes to be in the machine for good."""
    if outcome.kind is not OutcomeKind.APPROVED:
        return 0
    assert outcome.amount is not None
    assert outcome.given is not None
    # Change that was not paid out is in the machine too, and due to the customer.
    return outcome.given.minor if outcome.code == CHANGE_DUE and "change" in outcome.text else outcome.amount.minor


# Enough, too much, too little -----------------------------------------------------------------------------------------


def test_each_coin_is_on_disk_and_the_whole_is_approved(machine: CashMachine, till: Till) -> None:
    paying = till.begin().asked()
    assert machine.insert(10000)
    assert machine.insert(2000)
    outcome = paying.outcome()
    assert (outcome.kind, outcome.amount, outcome.given) == (OutcomeKind.APPROVED, nok(AMOUNT), nok(AMOUNT))
    assert till.facts == [Sending(), CashCredit(nok(10000), "1"), CashCredit(nok(2000), "2")]
    assert machine.books.balance() == AMOUNT


def test_change_is_paid_out(machine: CashMachine, till: Till) -> None:
    paying = till.begin().asked()
    machine.insert(20000)
    outcome = paying.outcome()
    assert (outcome.amount, outcome.given, outcome.code) == (nok(AMOUNT), nok(20000), "")
    assert machine.books.balance() == AMOUNT


def test_change_that_cannot_be_paid_out_is_told_to_staff(machine: CashMachine, till: Till) -> None:
    machine.behave("no payout")
    paying = till.begin().asked()
    machine.insert(20000)
    outcome = paying.outcome()
    assert (outcome.kind, outcome.amount, outcome.given) == (OutcomeKind.APPROVED, nok(AMOUNT), nok(20000))
    assert outcome.code == CHANGE_DUE
    assert outcome.text.startswith("80.00 NOK of change was not paid out")


def test_of_change_that_is_paid_out_in_part_the_rest_is_told_to_staff(machine: CashMachine, till: Till) -> None:
    machine.behave("pay 5000")
    paying = till.begin().asked()
    machine.insert(20000)
    outcome = paying.outcome()
    assert outcome.text.startswith("30.00 NOK of change was not paid out")
    assert machine.books.balance() == 15000


def test_a_payment_that_is_stopped_is_paid_back(machine: CashMachine, till: Till) -> None:
    paying = till.begin().asked()
    machine.insert(5000)
    until(lambda: bool(till.credits))
    paying.cancel()
    assert paying.outcome().kind is OutcomeKind.CANCELLED
    assert machine.books.balance() == 0
    assert not machine.insert(100)


def test_a_payment_that_is_stopped_and_cannot_be_paid_back_is_a_part(
    machine: CashMachine, make_till: Callable[..., Till]
) -> None:
    till = make_till(machine.address, pays_out=False)
    paying = till.begin().asked()
    machine.insert(5000)
    until(lambda: bool(till.credits))
    paying.cancel()
    outcome = paying.outcome()
    assert (outcome.kind, outcome.amount) == (OutcomeKind.APPROVED, nok(5000))
    assert machine.books.balance() == 5000
    assert till.give_back(outcome).kind is OutcomeKind.DECLINED


def test_a_customer_who_goes_away_gets_his_money_back(machine: CashMachine, make_till: Callable[..., Till]) -> None:
    till = make_till(machine.address, idle=Decimal("0.3"))
    assert till.begin().outcome().kind is OutcomeKind.CANCELLED
    assert machine.books.charges() == []


def test_a_note_that_is_credited_after_the_machine_was_shut_counts(machine: CashMachine, till: Till) -> None:
    machine.behave("late 20000")
    paying = till.begin().asked()
    paying.cancel()
    outcome = paying.outcome()
    assert (outcome.kind, outcome.amount, outcome.given) == (OutcomeKind.APPROVED, nok(AMOUNT), nok(20000))
    assert machine.books.balance() == AMOUNT


def test_a_payment_is_paid_out_again_once(machine: CashMachine, till: Till) -> None:
    paying = till.begin().asked()
    machine.insert(AMOUNT)
    outcome = paying.outcome()
    assert till.give_back(outcome).kind is OutcomeKind.REVERSED
    assert till.lookup().kind is OutcomeKind.REVERSED
    assert machine.books.balance() == 0


@pytest.mark.parametrize(("told", "kind"), [("no payout", OutcomeKind.DECLINED), ("pay 5000", OutcomeKind.UNKNOWN)])
def test_what_is_not_wholly_paid_out_is_not_reversed(
    machine: CashMachine, till: Till, told: str, kind: OutcomeKind
) -> None:
    paying = till.begin().asked()
    machine.insert(AMOUNT)
    outcome = paying.outcome()
    machine.behave(told)
    assert till.give_back(outcome).kind is kind


# Lost credits, other machines, full disks -----------------------------------------------------------------------------


def test_a_credit_that_is_not_on_disk_is_not_acknowledged_and_shuts_the_machine(
    machine: CashMachine, till: Till
) -> None:
    till.store = lambda fact: not isinstance(fact, CashCredit)
    paying = till.begin().asked()
    machine.insert(5000)
    assert paying.outcome().kind is OutcomeKind.UNKNOWN
    assert not machine.insert(100)
    outcome = till.lookup()
    assert (outcome.kind, outcome.amount) == (OutcomeKind.APPROVED, nok(5000))


def test_a_credit_that_the_machine_cannot_name_is_for_staff(machine: CashMachine, till: Till) -> None:
    machine.behave("forget 1")
    paying = till.begin().asked()
    machine.insert(5000)
    outcome = paying.outcome()
    assert outcome.kind is OutcomeKind.UNKNOWN
    assert "count what is in it" in outcome.text
    assert till.lookup().kind is OutcomeKind.UNKNOWN


def test_a_machine_that_does_not_come_to_rest_is_for_staff(
    machine: CashMachine, make_till: Callable[..., Till]
) -> None:
    machine.behave("jam")
    till = make_till(machine.address, patience=Decimal("0.5"))
    machine.behave("jam")
    paying = till.begin().asked()
    machine.insert(AMOUNT)
    assert paying.outcome().kind is OutcomeKind.UNKNOWN
    assert till.lookup().kind is OutcomeKind.UNKNOWN
    machine.behave("")
    till.restart()
    assert till.lookup().kind is OutcomeKind.APPROVED


def test_another_machine_proves_nothing(machine: CashMachine, till: Till, tmp_path: Path) -> None:
    paying = till.begin().asked()
    machine.insert(5000)
    until(lambda: bool(till.credits))
    machine.unplug()
    assert paying.outcome().kind is OutcomeKind.UNKNOWN
    with CashMachine(tmp_path / "other") as other:
        till.address = other.address
        till.restart()
        outcome = till.lookup()
        till.device.close()
    assert outcome.kind is OutcomeKind.UNKNOWN
    assert "more coins and notes than the machine" in outcome.text


def test_cash_that_came_while_nobody_paid_stops_the_payment_before_it_begins(machine: CashMachine, till: Till) -> None:
    baseline = till.device.baseline()
    paying = till.begin().asked()
    machine.insert(AMOUNT)
    paying.outcome()
    assert till.intent is not None
    stale = replace(till.intent, attempt=uuid4(), baseline=baseline)
    with pytest.raises(DeviceFailure, match="while nobody paid"):
        till.device.authorise(stale, till.record, till.notify)


def test_what_cannot_be_recorded_opens_no_machine(machine: CashMachine, till: Till) -> None:
    till.store = lambda _: False
    assert till.begin().outcome().kind is OutcomeKind.NOT_CHARGED
    assert not machine.insert(100)


# Killed ---------------------------------------------------------------------------------------------------------------


@dataclass
class Dying(Till):
    """A till that dies at a persistence point: what is stored by then stays, and nothing else happens."""

    die: tuple[str, bool] = ("", False)

    def record(self, fact: PaymentFact) -> bool:
        point, after = self.die
        credits_before = sum(isinstance(entry, CashCredit) for entry in self.facts)
        here = point == "Sending" if isinstance(fact, Sending) else point == f"credit {credits_before + 1}"
        if here and not after:
            raise PowerCut
        stored = super().record(fact)
        if here:
            raise PowerCut
        return stored


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("point", ["credit 1", "credit 2"])
@pytest.mark.parametrize("notes", [(10000, 2000), (5000, 20000)])
def test_a_till_that_is_killed_at_a_persistence_point_knows_afterwards_what_the_machine_holds(
    machine: CashMachine, point: str, after: bool, notes: tuple[int, ...]
) -> None:
    till = Dying(machine.address, die=(point, after))
    till.open()
    paying = till.begin().asked()
    for note in notes:
        machine.insert(note)
    paying.outcome()
    till.restart()
    outcome = till.lookup()
    till.device.close()
    assert outcome.kind is OutcomeKind.APPROVED
    assert kept(outcome) == machine.books.balance()
    assert till.facts[0] == Sending()


class MachineProcess:
    """The machine as a process of its own, on one port."""

    def __init__(self, books: Path) -> None:
        self.books = books
        self.port = 0
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> str:
        command = [sys.executable, "-m", "simulators.cash_device", "--books", str(self.books), "--port", str(self.port)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        address = self._out().readline().strip()
        self.port = int(address.rpartition(":")[2])
        return address

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
        code = self._process.wait(10)
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        self._process = None
        return code

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self.wait()


@pytest.fixture
def process(tmp_path: Path) -> Iterator[MachineProcess]:
    machine = MachineProcess(tmp_path / "books")
    yield machine
    machine.stop()


@pytest.mark.parametrize(
    ("point", "expected"),
    [("credit", OutcomeKind.APPROVED), ("payout", OutcomeKind.APPROVED), ("paid", OutcomeKind.APPROVED)],
)
def test_a_machine_that_is_killed_has_kept_its_books_and_the_till_believes_them(
    process: MachineProcess, make_till: Callable[..., Till], point: str, expected: OutcomeKind
) -> None:
    till = make_till(process.start())
    assert process.say(f"behave kill {point}") == "ok"
    paying = till.begin().asked()
    process.say("note 20000")
    assert paying.outcome().kind is OutcomeKind.UNKNOWN
    assert process.wait() == 137
    process.start()
    till.restart()
    outcome = till.lookup()
    assert outcome.kind is expected
    assert outcome.given == nok(20000)
    assert (outcome.code == CHANGE_DUE) == (point != "paid")
    till.device.close()
    process.stop()
    with closing(Books(process.books)) as books:
        assert books.balance() == kept(outcome)


def test_the_machine_process_obeys_and_names_what_it_does_not_know(process: MachineProcess) -> None:
    process.start()
    assert process.say("coin 100") == "returned"
    assert process.say("behave no pay") == "no behaviour 'no pay'; did you mean 'no payout'?"
    assert process.say("dance") == "no command 'dance': coin, note, behave, quit"


def test_a_behaviour_is_read() -> None:
    assert behaviour("pay 500, kill paid").pay == 500
    assert behaviour("no payout").no_payout


# Configuration --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"device": "nothing"}, "installed: simulated"),
        ({"device": "a b"}, "no name of a driver"),
        ({"currency": "XXX"}, "unknown currency"),
    ],
)
def test_a_machine_that_cannot_be_is_refused(options: Mapping[str, str], why: str) -> None:
    told = {"device": "simulated", "address": "127.0.0.1:1", "currency": "NOK", **options}
    with pytest.raises(ConfigError, match=why):
        CashAcceptor("cash", CashAcceptor.Options(**told))


def test_a_machine_without_power_is_offline() -> None:
    options = CashAcceptor.Options(device="simulated", address="127.0.0.1:1", currency="NOK")
    with pytest.raises(DeviceError, match="does not answer"):
        CashAcceptor("cash", options).open()


def test_a_payment_needs_to_know_where_the_count_stood(till: Till) -> None:
    till.store = lambda _: False
    till.begin().outcome()
    assert till.intent is not None
    unready = replace(till.intent, attempt=uuid4(), baseline=None)
    with pytest.raises(DeviceError, match="was not ready"):
        till.device.authorise(unready, till.record, till.notify)
