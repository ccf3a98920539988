"""The shopper: the same seed buys the same, and a cut at any moment loses and doubles nothing."""

import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from appliance.core.events import TransactionCompleted
from appliance.core.identifiers import TransactionId
from appliance.store.journal import SqliteJournal
from simulators.books import Books
from simulators.goods import Good
from simulators.shop import Acks, plan

ROOT = Path(__file__).parents[2]


@dataclass
class Run:
    """One folder that a shopper sells in, by and by."""

    folder: Path
    seed: int = 1
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def ack(self) -> Path:
        return self.folder / "ack"

    @property
    def state(self) -> Path:
        return self.folder / "till"

    def start(self, sales: int = 0) -> subprocess.Popen[str]:
        words = ["--data", self.state, "--sales", sales, "--seed", self.seed, "--ack", self.ack]
        process = subprocess.Popen(
            [sys.executable, "-m", "simulators.cli", "shop", *map(str, words)],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        return process

    def acked(self) -> list[str]:
        return self.ack.read_text().split() if self.ack.exists() else []

    def wait_for(self, sales: int, process: subprocess.Popen[str]) -> None:
        deadline = time.monotonic() + 60
        while len(self.acked()) < sales:
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < deadline, "no sales"
            time.sleep(0.01)

    def journal(self) -> list[TransactionCompleted]:
        journal = SqliteJournal.open(self.state)
        try:
            journal.verify()
            sales: list[TransactionCompleted] = []
            after = 0
            while rows := journal.since(after, 500):
                sales += [row.event for row in rows if isinstance(row.event, TransactionCompleted)]
                after = rows[-1].sequence
            return sales
        finally:
            journal.close()

    def taken(self) -> int:
        books = Books(self.state / "simulated" / "terminal")
        try:
            return books.balance()
        finally:
            books.close()


@pytest.fixture
def run(tmp_path: Path):
    run = Run(tmp_path)
    yield run
    for process in run.processes:
        if process.poll() is None:
            process.kill()
        process.communicate()


def prove(run: Run) -> list[TransactionCompleted]:
    """Journal, acknowledged receipt numbers and the terminal's books agree."""
    sales = run.journal()
    assert [str(sale.transaction) for sale in sales] == run.acked()
    assert sum(sale.total.minor for sale in sales) == run.taken()
    return sales


def test_every_sale_is_acknowledged_once_it_is_complete(run: Run):
    done = run.start(sales=6)
    assert done.communicate(timeout=60)[1] == ""
    assert done.returncode == 0
    assert [sale.transaction.sequence for sale in prove(run)] == [1, 2, 3, 4, 5, 6]


def test_the_same_seed_sells_the_same(tmp_path: Path):
    def sold(folder: str, seed: int) -> list[object]:
        run = Run(tmp_path / folder, seed=seed)
        run.folder.mkdir()
        assert run.start(sales=4).communicate(timeout=60)[1] == ""
        return [(sale.total, sale.lines) for sale in prove(run)]

    first = sold("first", 5)
    assert sold("second", 5) == first
    assert sold("third", 6) != first


def test_a_kill_at_any_moment_loses_and_doubles_nothing(run: Run):
    chance = random.Random(11)
    for _ in range(3):
        process = run.start()
        run.wait_for(len(run.acked()) + 1, process)
        time.sleep(chance.uniform(0, 0.3))
        process.kill()
        process.wait()
    assert run.start(sales=1).communicate(timeout=60)[1] == ""
    prove(run)


@pytest.mark.crash
def test_two_hundred_kills_lose_and_double_nothing(run: Run):
    chance = random.Random(12)
    for _ in range(200):
        process = run.start()
        time.sleep(chance.uniform(0.3, 2.5))
        process.kill()
        process.wait()
    assert run.start(sales=1).communicate(timeout=60)[1] == ""
    prove(run)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_shopper_that_is_told_to_stop_ends_its_sale_first(run: Run, number: signal.Signals):
    process = run.start()
    run.wait_for(1, process)
    process.send_signal(number)
    assert process.communicate(timeout=30)[1] == ""
    assert process.returncode == 0
    prove(run)


def test_a_till_that_is_open_elsewhere_is_refused_in_words(run: Run):
    first = run.start()
    run.wait_for(1, first)
    second = run.start(sales=1)
    errors = second.communicate(timeout=30)[1]
    assert second.returncode == 1
    assert "kvitt-sim shop:" in errors
    assert "Traceback" not in errors


def test_customers_of_one_seed_differ_and_come_with_all_their_habits(goods: tuple[Good, ...]):
    plans = [plan(goods, random.Random(f"1/{number}")) for number in range(600)]
    assert len({str(one) for one in plans}) == len(plans)
    assert {one.regret for one in plans} == {"", "void", "undo"}
    assert {len(one.answers) for one in plans} == {1, 2}
    assert any(one.lost for one in plans)
    assert {how for one in plans for how, _, _ in one.baskets} == {"scan", "pick"}
    assert all(one.answers[-1] == "approve" for one in plans)
    assert {len(one.baskets) for one in plans} >= {1, 2, 3, 8, 12}


def test_a_half_written_acknowledgement_is_dropped(tmp_path: Path):
    file = tmp_path / "ack"
    file.write_text("torget/1/2026-11-23/1\ntorget/1/20")
    acks = Acks(file)
    one, two = (TransactionId.parse(f"torget/1/2026-11-23/{number}") for number in (1, 2))
    assert one in acks
    assert two not in acks
    acks.add(two)
    acks.close()
    assert file.read_text() == f"{one}\n{two}\n"
