"""The whole till against a terminal that keeps books: what it charged is what was sold, once."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance import config
from appliance.config import StaffConfig
from appliance.core import commands as c
from appliance.core.checkout import Checkout, TransactionState
from appliance.core.events import TransactionCompleted
from appliance.core.money import Money
from appliance.core.payment import PaymentState, TenderType
from appliance.staff import hash_pin
from appliance.store.journal import SqliteJournal
from simulators.counter import Counter
from simulators.goods import Good
from simulators.stall import Stall, stock
from tests.core.till import ITEMS, MILK, NOK

PIN = "4711"
PRICE = 2290


class StaffedStall(Stall):
    """A stall at which Kari may sign on."""

    def _config(self) -> config.Config:
        return dataclasses.replace(super()._config(), staff=(StaffConfig(name="kari", pin_hash=hash_pin(PIN)),))


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    stock(tmp_path / "state", [Good(ITEMS[0])])
    with Counter(tmp_path / "counter") as counter:
        yield counter


@contextmanager
def open_stall(tmp_path: Path, counter: Counter) -> Iterator[StaffedStall]:
    with StaffedStall(tmp_path / "state", counter) as stall:
        stall.wait_until_ready()
        yield stall


def sold(tmp_path: Path) -> list[int]:
    """Give the totals of all completed sales of the journal."""
    journal = SqliteJournal.open(tmp_path / "state")
    try:
        events = [row.event for row in journal.since(0, 10_000)]
    finally:
        journal.close()
    return [event.total.minor for event in events if isinstance(event, TransactionCompleted)]


def in_state(*states: TransactionState) -> Callable[[Checkout], bool]:
    return lambda checkout: checkout.state in states


def pay(stall: Stall) -> None:
    stall.post(c.ScanCode(MILK))
    stall.post(c.RequestPayment(TenderType.CARD))


def sent(checkout: Checkout) -> bool:
    payment = checkout.transaction.payment if checkout.transaction else None
    return payment is not None and payment.state is PaymentState.SENT


def test_two_quick_taps_on_pay_charge_once(tmp_path: Path, counter: Counter) -> None:
    with open_stall(tmp_path, counter) as stall:
        pay(stall)
        for _ in range(5):
            stall.post(c.RequestPayment(TenderType.CARD))
        stall.window.wait(in_state(TransactionState.TENDERED), "the sale")
    assert [entry.amount for entry in counter.terminal.books.standing()] == sold(tmp_path) == [PRICE]


def test_who_pays_again_at_once_after_staff_were_wrong_is_charged_once(tmp_path: Path, counter: Counter) -> None:
    """The answer is lost, the terminal is busy afterwards, staff guess, and the customer taps Pay again and again."""
    counter.terminal.behave("keep, drop before 040F, busy 6")
    with open_stall(tmp_path, counter) as stall:
        pay(stall)
        doubt = stall.window.wait(in_state(TransactionState.IN_DOUBT), "the doubt")
        assert doubt.transaction is not None
        assert doubt.transaction.payment is not None
        stall.post(c.SignOn(PIN))
        attempt = doubt.transaction.payment.intent.attempt
        stall.post(c.ResolvePayment(attempt, c.PaymentDecision.WAS_NOT_PAID, "terminal"))
        stall.window.wait(in_state(TransactionState.TENDERING), "the decision")
        deadline = time.monotonic() + 30
        while True:
            stall.post(c.RequestPayment(TenderType.CARD))
            try:
                stall.window.wait(in_state(TransactionState.TENDERED), "the sale", seconds=0.2)
                break
            except TimeoutError:
                assert time.monotonic() < deadline, "the till does not come to an end"
    assert [entry.amount for entry in counter.terminal.books.standing()] == sold(tmp_path) == [PRICE]


@pytest.mark.parametrize("answer", ["approve", "cancel"])
def test_a_till_that_is_stopped_during_a_payment_finds_out_at_its_next_start(
    tmp_path: Path, counter: Counter, answer: str
) -> None:
    counter.terminal.behave("ask, keep")
    with open_stall(tmp_path, counter) as stall:
        pay(stall)
        stall.window.wait(sent, "the amount on the terminal")
        deadline = time.monotonic() + 10
        while counter.terminal.pending() is None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    assert sold(tmp_path) == []
    if counter.terminal.pending() is not None:
        counter.terminal.answer(answer)
    with open_stall(tmp_path, counter) as stall:
        after = stall.window.wait(
            lambda checkout: checkout.transaction is None or not checkout.unresolved(), "the end of the doubt"
        )
        if after.state is not TransactionState.TENDERED:
            stall.post(c.RequestPayment(TenderType.CARD))
            stall.window.wait(in_state(TransactionState.TENDERED), "the sale")
    assert [entry.amount for entry in counter.terminal.books.standing()] == sold(tmp_path) == [PRICE]


@pytest.mark.parametrize("moment", [0.0, 0.05, 0.2, 0.4])
def test_a_cancel_that_races_the_approval_leaves_the_books_equal(
    tmp_path: Path, counter: Counter, moment: float
) -> None:
    counter.terminal.behave("late 0.3")
    with open_stall(tmp_path, counter) as stall:
        pay(stall)
        stall.window.wait(lambda checkout: sent(checkout) and checkout.may_cancel, "a step that may be stopped")
        time.sleep(moment)
        stall.post(c.CancelPayment())
        after = stall.window.wait(
            lambda checkout: checkout.transaction is not None and checkout.transaction.running is None, "the end"
        )
        assert after.state in (TransactionState.TENDERED, TransactionState.TENDERING)
    assert [entry.amount for entry in counter.terminal.books.standing()] == sold(tmp_path)


def test_a_charge_of_another_amount_that_stands_is_reversed_at_once(tmp_path: Path, counter: Counter) -> None:
    counter.terminal.behave("amount 2291, stubborn")
    with open_stall(tmp_path, counter) as stall:
        pay(stall)
        stall.window.wait(
            lambda checkout: checkout.transaction is not None and len(checkout.transaction.payments) == 2,
            "the reversal",
        )
        after = stall.window.wait(
            lambda checkout: checkout.transaction is not None and checkout.transaction.running is None, "its end"
        )
        assert after.transaction is not None
        assert after.transaction.payments[0].state is PaymentState.REVERSED
        assert counter.terminal.books.balance() == 0
        stall.post(c.RequestPayment(TenderType.CARD))
        stall.window.wait(in_state(TransactionState.TENDERED), "the sale")
    assert [entry.amount for entry in counter.terminal.books.standing()] == sold(tmp_path) == [PRICE]


def test_staff_undo_the_last_sale_and_close_the_terminals_day(tmp_path: Path, counter: Counter) -> None:
    with open_stall(tmp_path, counter) as stall:
        pay(stall)
        stall.window.wait(in_state(TransactionState.TENDERED), "the sale")
        stall.post(c.SignOn(PIN))
        stall.post(c.PostVoid("wrong goods"))
        deadline = time.monotonic() + 10
        while "> 0630" not in counter.terminal.log:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        stall.window.wait(in_state(TransactionState.IDLE), "the end of the post-void")
        assert counter.terminal.books.balance() == 0
        stall.post(c.CloseTerminalDay("terminal"))
        after = stall.window.wait(lambda checkout: "terminal" in checkout.days_closed, "the end of the day")
    day = after.days_closed["terminal"]
    assert (day.device_amount, day.journal_amount) == (Money(0, NOK), Money(0, NOK))
