"""Reversals and refunds at a simulated terminal, over TCP and over a serial line: every way they can end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from appliance.core.payment import Outcome, OutcomeKind, ReceiptCopy, ReceiptText, Reference, Result, Sending
from appliance.errors import DeviceBusy, DeviceError, DeviceFailure, DeviceOffline
from simulators.zvt_terminal import ZvtTerminal
from tests.payment.till import Till, nok

MakeTill = Callable[..., Till]


def sold(till: Till, minor: int = 1880) -> Reference:
    """Sell something, and give the terminal's names of it."""
    outcome = till.pay(minor)
    assert outcome.reference is not None
    till.facts.clear()
    return outcome.reference


# Reversal -----------------------------------------------------------------------------------------------------------


def test_a_reversal_names_the_sale_and_gives_the_money_back(till: Till, terminal: ZvtTerminal) -> None:
    sale = sold(till)
    outcome = till.reverse(sale)
    assert (outcome.kind, outcome.amount) == (OutcomeKind.REVERSED, nok(1880))
    assert outcome.reference not in (None, sale)
    assert terminal.books.balance() == 0
    assert [type(fact) for fact in till.facts] == [Sending, Result, ReceiptText, ReceiptText]
    assert till.results[0].kind is OutcomeKind.REVERSED
    assert till.texts(ReceiptCopy.CUSTOMER)


def test_an_older_sale_is_reversed_and_the_newer_one_stands(till: Till, terminal: ZvtTerminal) -> None:
    older, newer = sold(till, 1000), sold(till, 700)
    assert till.reverse(older, 1000).kind is OutcomeKind.REVERSED
    assert [f"{entry.receipt:04d}" for entry in terminal.books.standing()] == [newer.receipt_number]


def test_a_reversal_needs_no_baseline(till: Till, terminal: ZvtTerminal) -> None:
    sale = sold(till)
    till.restart()
    assert till.reverse(sale, with_baseline=False).kind is OutcomeKind.REVERSED
    assert terminal.books.balance() == 0


def test_nothing_of_a_reversal_is_sent_before_it_is_durable(till: Till, terminal: ZvtTerminal) -> None:
    sale = sold(till)
    till.sending_durable = False
    assert till.reverse(sale).kind is OutcomeKind.NOT_CHARGED
    assert "> 0630" not in terminal.log
    assert terminal.books.balance() == 1880


def test_the_terminal_hears_our_yes_only_after_the_reversal_is_durable(till: Till, terminal: ZvtTerminal) -> None:
    sale = sold(till)

    def look(fact: object) -> None:
        if isinstance(fact, Result):
            time.sleep(0.1)
            assert terminal.log[-1] == "< 040F"

    till.on_fact = look
    assert till.reverse(sale).kind is OutcomeKind.REVERSED


def test_a_reversal_that_cannot_be_stored_is_refused_and_the_sale_stands(till: Till, terminal: ZvtTerminal) -> None:
    sale = sold(till)
    till.durable = False
    assert till.reverse(sale).kind is OutcomeKind.UNKNOWN
    assert terminal.books.balance() == 1880
    assert till.recover().kind is OutcomeKind.NOT_CHARGED


def test_a_sale_that_is_reversed_already_is_reversed(till: Till, terminal: ZvtTerminal) -> None:
    sale = sold(till)
    assert till.reverse(sale).kind is OutcomeKind.REVERSED
    again = till.reverse(sale)
    assert (again.kind, again.code) == (OutcomeKind.REVERSED, "B4")
    assert terminal.books.balance() == 0


def test_a_sale_of_a_closed_day_cannot_be_reversed(till: Till, terminal: ZvtTerminal) -> None:
    sale = sold(till)
    terminal.close_day()
    outcome = till.reverse(sale)
    assert (outcome.kind, outcome.code) == (OutcomeKind.DECLINED, "B5")
    assert "not possible" in outcome.text
    assert terminal.books.balance() == 1880


@pytest.mark.parametrize(
    ("how", "kind", "code"),
    [
        ("decline B4", OutcomeKind.REVERSED, "B4"),
        ("decline B5", OutcomeKind.DECLINED, "B5"),
        ("decline B5, early abort", OutcomeKind.DECLINED, "B5"),
        ("decline 05", OutcomeKind.DECLINED, "05"),
        ("decline 05, completion after decline", OutcomeKind.DECLINED, "05"),
        ("decline 6C", OutcomeKind.CANCELLED, "6C"),
        ("refuse 83", OutcomeKind.NOT_CHARGED, "83"),
        ("refuse 9C", OutcomeKind.NOT_CHARGED, "9C"),
        ("refuse B4", OutcomeKind.REVERSED, "B4"),
        ("refuse B5", OutcomeKind.DECLINED, "B5"),
    ],
)
def test_a_terminal_says_why_it_does_not_reverse(
    till: Till, terminal: ZvtTerminal, how: str, kind: OutcomeKind, code: str
) -> None:
    sale = sold(till)
    terminal.behave(how)
    outcome = till.reverse(sale)
    assert (outcome.kind, outcome.code) == (kind, code)
    assert outcome.text
    assert till.results == []
    assert terminal.books.balance() == 1880


@pytest.mark.parametrize("how", ["wrong sale", "amount 1000"])
def test_a_reversal_of_another_sale_or_amount_is_answered_no_and_proves_nothing(
    till: Till, terminal: ZvtTerminal, how: str
) -> None:
    sold(till, 1880)
    sale = sold(till, 1880)
    terminal.behave(how)
    outcome = till.reverse(sale)
    assert outcome.kind is OutcomeKind.UNKNOWN
    assert "instead of" in outcome.text
    assert till.results == []
    assert "> 8466" in terminal.log
    assert terminal.books.balance() == 3760


def test_a_reversal_of_another_sale_that_stands_in_spite_of_our_no_is_never_taken_for_ours(
    till: Till, terminal: ZvtTerminal
) -> None:
    sold(till, 1880)
    sale = sold(till, 1880)
    terminal.behave("wrong sale, stubborn")
    assert till.reverse(sale).kind is OutcomeKind.UNKNOWN
    assert till.recover().kind is OutcomeKind.UNKNOWN
    assert terminal.books.balance() == 1880


@pytest.mark.parametrize(
    ("how", "done"),
    [
        ("silent", False),
        ("mute, keep", True),
        ("no result, keep", True),
        ("no result, reverse", False),
        ("garbled, keep", True),
        ("garbled, reverse", False),
        ("no completion", True),
        ("abort after approval", False),
        ("drop after 040F, keep", True),
        ("drop before 060F", True),
    ],
)
@pytest.mark.parametrize("told", ["", ", after reversal b4"])
def test_a_reversal_whose_answer_was_lost_is_looked_up(
    till: Till, terminal: ZvtTerminal, how: str, done: bool, told: str
) -> None:
    sale = sold(till)
    terminal.behave(how + told)
    assert till.reverse(sale).kind is OutcomeKind.UNKNOWN
    found = till.recover()
    assert found.kind is (OutcomeKind.REVERSED if done else OutcomeKind.NOT_CHARGED)
    assert terminal.books.balance() == (0 if done else 1880)


def test_a_reversal_that_is_not_told_again_stays_unknown(till: Till, terminal: ZvtTerminal) -> None:
    sale = sold(till)
    terminal.behave("no completion, after reversal previous")
    assert till.reverse(sale).kind is OutcomeKind.UNKNOWN
    assert till.recover().kind is OutcomeKind.UNKNOWN


def test_after_a_reversal_that_was_not_done_a_new_one_may_be_tried(till: Till, terminal: ZvtTerminal) -> None:
    sale = sold(till)
    terminal.behave("silent")
    assert till.reverse(sale).kind is OutcomeKind.UNKNOWN
    assert till.recover().kind is OutcomeKind.NOT_CHARGED
    assert till.reverse(sale).kind is OutcomeKind.REVERSED
    assert terminal.books.balance() == 0


def test_a_payment_without_a_receipt_number_or_of_another_terminal_is_not_sent_for_reversal(
    till: Till, terminal: ZvtTerminal
) -> None:
    sale = sold(till)
    for original in (None, replace(sale, receipt_number=""), replace(sale, terminal_id="29001007")):
        with pytest.raises(DeviceFailure) as fault:
            till.reverse(original)
        assert fault.value.remedy
    assert till.facts == []
    assert "> 0630" not in terminal.log


def test_a_terminal_that_is_away_reverses_nothing(tcp: str, terminal: ZvtTerminal, make_till: MakeTill) -> None:
    till = make_till(tcp).open()
    sale = sold(till)
    terminal.unplug()
    with pytest.raises(DeviceError):
        till.reverse(sale)
    assert till.facts == []


def test_a_sale_in_another_amount_than_was_asked_for_can_be_reversed_by_what_was_charged(
    till: Till, terminal: ZvtTerminal
) -> None:
    terminal.behave("amount 1881, stubborn")
    assert till.pay(1880).kind is OutcomeKind.UNKNOWN
    charged = till.recover(till.evidence)
    assert charged.amount is not None
    assert till.reverse(charged.reference, charged.amount.minor).kind is OutcomeKind.REVERSED
    assert terminal.books.balance() == 0


# Refund -------------------------------------------------------------------------------------------------------------


def test_a_refund_pays_back_to_a_card(till: Till, terminal: ZvtTerminal) -> None:
    sold(till)
    outcome = till.refund(500)
    assert (outcome.kind, outcome.amount) == (OutcomeKind.APPROVED, nok(500))
    assert [type(fact) for fact in till.facts] == [Sending, Result, ReceiptText, ReceiptText]
    assert terminal.books.balance() == 1380


@pytest.mark.parametrize(
    ("how", "kind"),
    [
        ("decline 05", OutcomeKind.DECLINED),
        ("cancel", OutcomeKind.CANCELLED),
        ("refuse 83", OutcomeKind.NOT_CHARGED),
        ("amount 501", OutcomeKind.UNKNOWN),
    ],
)
def test_a_refund_that_fails_moves_nothing(till: Till, terminal: ZvtTerminal, how: str, kind: OutcomeKind) -> None:
    terminal.behave(how)
    assert till.refund(500).kind is kind
    assert terminal.books.balance() == 0


@pytest.mark.parametrize(
    ("how", "done"),
    [("silent", False), ("mute, keep", True), ("no result, reverse", False), ("no completion", True)],
)
def test_a_refund_whose_answer_was_lost_is_looked_up(till: Till, terminal: ZvtTerminal, how: str, done: bool) -> None:
    terminal.behave(how)
    assert till.refund(500).kind is OutcomeKind.UNKNOWN
    assert till.recover().kind is (OutcomeKind.APPROVED if done else OutcomeKind.NOT_CHARGED)
    assert terminal.books.balance() == (-500 if done else 0)


def test_a_refund_without_a_baseline_is_found_only_by_its_reference(till: Till, terminal: ZvtTerminal) -> None:
    terminal.behave("no completion")
    assert till.refund(500, with_baseline=False).kind is OutcomeKind.UNKNOWN
    assert till.recover().kind is OutcomeKind.UNKNOWN
    assert till.recover(till.evidence).kind is OutcomeKind.APPROVED


def test_a_refund_is_not_sent_once_the_terminal_has_done_something_else(
    tcp: str, terminal: ZvtTerminal, make_till: MakeTill
) -> None:
    till = make_till(tcp).open()
    terminal.unplug()
    terminal.sell(500)
    terminal.plug()
    with pytest.raises(DeviceBusy):
        till.refund(500)
    assert "> 0631" not in terminal.log


def test_a_customer_can_cancel_a_refund_while_the_terminal_waits_for_the_card(
    till: Till, terminal: ZvtTerminal
) -> None:
    terminal.behave("late 20")
    till.on_show = lambda _: till.cancel()
    outcome: Outcome = till.refund(500)
    assert outcome.kind in (OutcomeKind.CANCELLED, OutcomeKind.NOT_CHARGED)
    assert terminal.books.balance() == 0


def test_a_refund_at_a_terminal_that_never_answered_is_not_sent(
    tcp: str, terminal: ZvtTerminal, make_till: MakeTill
) -> None:
    terminal.unplug()
    with pytest.raises((DeviceOffline, DeviceError)):
        make_till(tcp).refund(500)
