"""Payments at a simulated terminal, over TCP and over a serial line: every way it can end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from appliance.core.commands import Health
from appliance.core.money import Currency, Money
from appliance.core.payment import NO_EVIDENCE, OutcomeKind, Progress, ReceiptCopy, ReceiptText, Result, Sending
from appliance.errors import ConfigError, DeviceBusy, DeviceError, DeviceFailure, DeviceOffline
from appliance.io.payment.zvt.terminal import ZvtTerminal as Driver
from simulators.books import EntryKind
from simulators.zvt_terminal import ZvtTerminal
from tests.payment.till import PATIENT, Till, nok, until

MakeTill = Callable[..., Till]
EUR = Currency.parse("EUR")


def test_an_approved_payment_is_in_the_books_and_comes_with_both_receipts(till: Till, terminal: ZvtTerminal) -> None:
    outcome = till.pay(1880)
    assert outcome.kind is OutcomeKind.APPROVED
    assert outcome.amount == nok(1880)
    assert outcome.masked_pan == "************4242"
    assert outcome.card_name == "DEBIT MASTERCARD"
    assert till.texts(ReceiptCopy.CUSTOMER)[0] == "KUNDENBELEG"
    assert till.texts(ReceiptCopy.MERCHANT)[0] == "HAENDLERBELEG"
    (charge,) = terminal.books.charges()
    assert outcome.reference is not None
    assert outcome.reference.receipt_number == f"{charge.receipt:04d}"
    assert outcome.reference.trace_number == f"{charge.trace:06d}"
    assert terminal.books.balance() == 1880


def test_the_screen_follows_the_terminal_and_offers_to_cancel_only_while_it_can(till: Till) -> None:
    till.pay()
    assert till.shown == [
        (Progress.CONNECTING, False),
        (Progress.PRESENT_CARD, True),
        (Progress.AUTHORISING, False),
        (Progress.WORKING, False),
    ]


def test_nothing_is_sent_before_the_intent_is_durable(till: Till, terminal: ZvtTerminal) -> None:
    until(lambda: terminal.log[-1] == "> 8000")
    before = list(terminal.log)

    def look(fact: object) -> None:
        if isinstance(fact, Sending):
            # A byte that leaves too early has time to arrive.
            time.sleep(0.1)
            assert list(terminal.log) == before

    till.on_fact = look
    assert till.pay().kind is OutcomeKind.APPROVED
    assert "> 0601" in terminal.log


def test_the_terminal_hears_our_yes_only_after_the_result_is_durable(till: Till, terminal: ZvtTerminal) -> None:
    def look(fact: object) -> None:
        if isinstance(fact, Result):
            time.sleep(0.1)
            assert terminal.log[-1] == "< 040F"

    till.on_fact = look
    assert till.pay().kind is OutcomeKind.APPROVED
    assert len(till.results) == 1


def test_what_cannot_be_stored_before_sending_is_not_sent(till: Till, terminal: ZvtTerminal) -> None:
    till.sending_durable = False
    assert till.pay().kind is OutcomeKind.NOT_CHARGED
    assert "> 0601" not in terminal.log


def test_a_result_that_cannot_be_stored_is_refused_and_the_terminal_undoes_it(
    till: Till, terminal: ZvtTerminal
) -> None:
    till.durable = False
    assert till.pay().kind is OutcomeKind.UNKNOWN
    assert "> 8466" in terminal.log
    assert terminal.books.balance() == 0
    assert till.recover().kind is OutcomeKind.REVERSED


def test_a_result_that_is_stored_too_late_is_not_answered_at_all(till: Till, terminal: ZvtTerminal) -> None:
    till.on_fact = lambda fact: time.sleep(0.35) if isinstance(fact, Result) else None
    assert till.pay().kind is OutcomeKind.UNKNOWN
    until(lambda: terminal.books.balance() == 0)
    assert till.recover().kind is OutcomeKind.REVERSED


@pytest.mark.parametrize(
    ("how", "kind", "code"),
    [
        ("decline 05", OutcomeKind.DECLINED, "05"),
        ("decline 51", OutcomeKind.DECLINED, "51"),
        ("decline 78", OutcomeKind.DECLINED, "78"),
        ("decline 05, completion after decline", OutcomeKind.DECLINED, "05"),
        ("decline 64, early abort", OutcomeKind.DECLINED, "64"),
        ("cancel", OutcomeKind.CANCELLED, "6C"),
        ("cancel, early abort", OutcomeKind.CANCELLED, "6C"),
        ("refuse 83", OutcomeKind.NOT_CHARGED, "83"),
        ("refuse 9C", OutcomeKind.NOT_CHARGED, "9C"),
        ("pin retry, decline 05", OutcomeKind.DECLINED, "05"),
    ],
)
def test_a_payment_that_the_terminal_refuses_takes_no_money(
    till: Till, terminal: ZvtTerminal, how: str, kind: OutcomeKind, code: str
) -> None:
    terminal.behave(how)
    outcome = till.pay()
    assert (outcome.kind, outcome.code) == (kind, code)
    assert outcome.text
    assert till.results == []
    assert terminal.books.balance() == 0
    assert till.pay(500).kind is OutcomeKind.APPROVED
    assert terminal.books.balance() == 500


@pytest.mark.parametrize(
    "how",
    [
        "repeats 3",
        "pin retry",
        "late 0.3",
        "no amount",
        "no receipt",
        "glue",
        "single bytes",
        "single bytes, glue, repeats 1",
        "minutes 3",
    ],
)
@pytest.mark.parametrize("terminal", [pytest.param(PATIENT, id="patient")], indirect=True)
def test_a_terminal_with_habits_of_its_own_still_gets_its_approval_recorded_once(
    make_till: MakeTill, line: str, terminal: ZvtTerminal, how: str
) -> None:
    till = make_till(line, **PATIENT).open()
    terminal.behave(how)
    outcome = till.pay()
    assert outcome.kind is OutcomeKind.APPROVED
    assert outcome.amount == nok(1880)
    assert len(till.results) == 1
    assert terminal.books.balance() == 1880


@pytest.mark.parametrize("how", ["amount 1881", "amount 18800", "currency 978"])
def test_another_amount_or_currency_is_recorded_answered_no_and_looked_up(
    till: Till, terminal: ZvtTerminal, how: str
) -> None:
    terminal.behave(how)

    def look(fact: object) -> None:
        if isinstance(fact, Result):
            time.sleep(0.1)
            assert terminal.log[-1] == "< 040F"

    till.on_fact = look
    outcome = till.pay()
    assert outcome.kind is OutcomeKind.UNKNOWN
    (result,) = till.results
    assert result.reference == outcome.reference is not None
    assert result.amount != nok(1880)
    assert "> 8466" in terminal.log
    assert terminal.books.balance() == 0
    assert till.recover(till.evidence).kind is OutcomeKind.REVERSED


@pytest.mark.parametrize(("how", "amount"), [("amount 1881", nok(1881)), ("currency 978", Money(1880, EUR))])
def test_another_amount_that_stands_in_spite_of_our_no_is_found_by_its_reference(
    till: Till, terminal: ZvtTerminal, how: str, amount: Money
) -> None:
    terminal.behave(f"{how}, stubborn")
    assert till.pay().kind is OutcomeKind.UNKNOWN
    assert till.recover().kind is OutcomeKind.UNKNOWN
    found = till.recover(till.evidence)
    assert (found.kind, found.amount) == (OutcomeKind.APPROVED, amount)
    assert terminal.books.balance() == amount.minor


def test_a_yes_of_another_terminal_is_refused(till: Till, terminal: ZvtTerminal) -> None:
    terminal.behave("tid 29001007")
    outcome = till.pay()
    assert outcome.kind is OutcomeKind.UNKNOWN
    assert "29001007" in outcome.text
    assert "> 8466" in terminal.log
    assert terminal.books.balance() == 0


@pytest.mark.parametrize("how", ["echo", "noise", "slow 0.01", "glue, noise"])
@pytest.mark.parametrize("missing", ["reverse", "keep", "missing decline"])
def test_on_a_bad_line_till_and_books_agree_in_the_end(
    till: Till, terminal: ZvtTerminal, how: str, missing: str
) -> None:
    terminal.behave(f"{missing}, {how}")
    told = [till.pay().kind]
    terminal.default("approve")

    def known() -> bool:
        if told[-1] is OutcomeKind.UNKNOWN:
            told.append(till.recover(till.evidence).kind)
        return told[-1] is not OutcomeKind.UNKNOWN

    # A slow serial line has to repeat its blocks to the end first.
    until(known, seconds=60)
    assert terminal.books.balance() == (1880 if told[-1] is OutcomeKind.APPROVED else 0)


def test_where_a_missing_answer_counts_as_a_decline_it_is_told_as_one(till: Till, terminal: ZvtTerminal) -> None:
    terminal.behave("missing decline, drop after 040F")
    assert till.pay().kind is OutcomeKind.UNKNOWN
    assert till.recover().kind is OutcomeKind.DECLINED
    assert terminal.books.balance() == 0


def test_a_currency_that_nobody_knows_cannot_be_recorded_and_is_refused(till: Till, terminal: ZvtTerminal) -> None:
    terminal.behave("currency 1")
    assert till.pay().kind is OutcomeKind.UNKNOWN
    assert till.results == []
    assert "> 8466" in terminal.log
    assert terminal.books.balance() == 0


def test_each_receipt_is_durable_before_the_terminal_hears_that_it_is_stored(till: Till, terminal: ZvtTerminal) -> None:
    def look(fact: object) -> None:
        if isinstance(fact, ReceiptText):
            time.sleep(0.1)
            assert terminal.log[-1] == "< 06D3"

    till.on_fact = look
    assert till.pay().kind is OutcomeKind.APPROVED
    assert [type(fact) for fact in till.facts] == [Sending, Result, ReceiptText, ReceiptText]


def test_a_receipt_that_cannot_be_stored_is_refused_and_the_terminal_undoes_the_sale(
    till: Till, terminal: ZvtTerminal
) -> None:
    till.texts_durable = False
    assert till.pay().kind is OutcomeKind.UNKNOWN
    assert "> 84CC" in terminal.log
    assert terminal.books.balance() == 0
    assert till.recover(till.evidence).kind is OutcomeKind.REVERSED


def test_a_completion_alone_is_no_payment_and_an_abort_after_the_yes_undoes_it(
    till: Till, terminal: ZvtTerminal
) -> None:
    terminal.behave("abort after approval")
    outcome = till.pay()
    assert outcome.kind is OutcomeKind.UNKNOWN
    assert terminal.books.balance() == 0
    assert till.recover().kind is OutcomeKind.REVERSED


def test_a_status_of_an_older_payment_before_the_answer_is_not_ours(till: Till, terminal: ZvtTerminal) -> None:
    assert till.pay().kind is OutcomeKind.APPROVED
    till.facts.clear()
    terminal.behave("stale")
    outcome = till.pay()
    assert outcome.kind is OutcomeKind.UNKNOWN
    assert till.results == []
    assert till.recover().kind is OutcomeKind.NOT_CHARGED
    assert terminal.books.balance() == 1880


def test_a_signature_is_refused_where_nobody_can_check_it(
    line: str, terminal: ZvtTerminal, make_till: MakeTill
) -> None:
    till = make_till(line, unattended=True).open()
    terminal.behave("signature")
    assert till.pay().kind is OutcomeKind.UNKNOWN
    assert len(till.results) == 1
    assert terminal.books.balance() == 0
    assert till.driver.capabilities.unattended


def test_a_charge_that_wants_a_signature_and_stands_in_spite_of_our_no_is_found_and_unfit_for_any_goods(
    line: str, terminal: ZvtTerminal, make_till: MakeTill
) -> None:
    till = make_till(line, unattended=True).open()
    terminal.behave("signature, stubborn")
    assert till.pay().kind is OutcomeKind.UNKNOWN
    for evidence in (till.evidence, NO_EVIDENCE):
        found = till.recover(evidence)
        assert (found.kind, "signature" in found.unfit) == (OutcomeKind.APPROVED, True)


def test_a_signature_is_taken_where_staff_can_check_it(till: Till, terminal: ZvtTerminal) -> None:
    terminal.behave("signature")
    assert till.pay().kind is OutcomeKind.APPROVED


@pytest.mark.parametrize("how", ["silent", "mute, keep", "no result, keep", "no completion", "garbled, keep"])
def test_an_answer_that_never_comes_is_unknown_and_then_looked_up(till: Till, terminal: ZvtTerminal, how: str) -> None:
    terminal.behave(how)
    assert till.pay().kind is OutcomeKind.UNKNOWN
    paid = till.recover()
    assert paid.kind is (OutcomeKind.NOT_CHARGED if how == "silent" else OutcomeKind.APPROVED)
    assert terminal.books.balance() == (0 if how == "silent" else 1880)


def test_a_terminal_of_another_protocol_has_charged_nothing_and_says_so(
    tcp: str, make_till: MakeTill, terminal: ZvtTerminal
) -> None:
    till = make_till(tcp).open()
    terminal.behave("foreign 150369")
    outcome = till.pay()
    assert outcome.kind is OutcomeKind.NOT_CHARGED
    assert "ECR17" in outcome.text


def test_a_single_byte_that_might_be_another_protocol_is_no_proof(
    tcp: str, make_till: MakeTill, terminal: ZvtTerminal
) -> None:
    till = make_till(tcp).open()
    terminal.behave("foreign 02")
    assert till.pay().kind is OutcomeKind.UNKNOWN
    assert till.recover().kind is OutcomeKind.NOT_CHARGED


# Cancelling ---------------------------------------------------------------------------------------------------------


def test_a_customer_can_cancel_while_the_terminal_waits_for_the_card(till: Till, terminal: ZvtTerminal) -> None:
    terminal.behave("late 20")
    till.on_show = lambda progress: till.cancel() if progress is Progress.PRESENT_CARD else None
    outcome = till.pay()
    assert outcome.kind is OutcomeKind.CANCELLED
    assert terminal.books.balance() == 0
    assert (Progress.CANCELLING, False) in till.shown


def test_a_cancel_that_comes_too_late_waits_for_the_real_outcome(till: Till, terminal: ZvtTerminal) -> None:
    till.on_show = lambda progress: till.cancel() if progress is Progress.AUTHORISING else None
    outcome = till.pay()
    assert outcome.kind is OutcomeKind.APPROVED
    assert terminal.log.count("> 06B0") == 1
    assert "< 8483" in terminal.log
    assert terminal.books.balance() == 1880


def test_a_cancel_before_the_first_byte_sends_nothing(till: Till, terminal: ZvtTerminal) -> None:
    till.on_show = lambda progress: till.cancel() if progress is Progress.CONNECTING else None
    assert till.pay().kind is OutcomeKind.NOT_CHARGED
    assert "> 0601" not in terminal.log


def test_a_cancel_of_another_attempt_is_no_cancel_of_this_one(till: Till, terminal: ZvtTerminal) -> None:
    assert till.pay().kind is OutcomeKind.APPROVED
    till.cancel()
    assert till.pay().kind is OutcomeKind.APPROVED
    assert "> 06B0" not in terminal.log


def test_a_terminal_that_takes_no_abort_is_never_sent_one(
    line: str, terminal: ZvtTerminal, make_till: MakeTill
) -> None:
    till = make_till(line, abort=False).open()
    terminal.behave("late 0.3")
    till.on_show = lambda progress: till.cancel() if progress is Progress.PRESENT_CARD else None
    assert till.pay().kind is OutcomeKind.APPROVED
    assert "> 06B0" not in terminal.log
    assert not any(may_cancel for _, may_cancel in till.shown)


# A person at the terminal -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("approve", OutcomeKind.APPROVED),
        ("decline 51", OutcomeKind.DECLINED),
        ("cancel", OutcomeKind.CANCELLED),
    ],
)
def test_a_person_decides_where_the_terminal_asks(
    till: Till, terminal: ZvtTerminal, answer: str, kind: OutcomeKind
) -> None:
    terminal.default("ask")
    found: list[OutcomeKind] = []
    thread = threading.Thread(target=lambda: found.append(till.pay().kind))
    thread.start()
    until(lambda: terminal.pending() is not None)
    pending = terminal.pending()
    assert pending is not None
    assert (pending.amount, pending.currency) == (1880, 578)
    terminal.answer(answer)
    thread.join(5.0)
    assert found == [kind]
    assert terminal.pending() is None


# Before and after ---------------------------------------------------------------------------------------------------


def test_an_idle_connection_that_the_terminal_closed_is_opened_again_before_the_payment(
    tcp: str, terminal: ZvtTerminal, make_till: MakeTill
) -> None:
    till = make_till(tcp).open()
    terminal.unplug()
    terminal.plug()
    assert till.pay().kind is OutcomeKind.APPROVED
    assert list(terminal.log).count("> 0600") == 2


def test_a_terminal_that_sold_something_else_meanwhile_is_not_paid_at_with_an_old_baseline(
    tcp: str, terminal: ZvtTerminal, make_till: MakeTill
) -> None:
    till = make_till(tcp).open()
    terminal.unplug()
    terminal.sell(1880)
    terminal.plug()
    with pytest.raises(DeviceBusy):
        till.pay(1880)
    assert "> 0601" not in terminal.log
    assert till.pay(1880).kind is OutcomeKind.APPROVED


def test_a_terminal_that_is_away_raises_before_anything_is_sent(tcp: str, terminal: ZvtTerminal) -> None:
    till = Till(tcp).open()
    terminal.unplug()
    with pytest.raises(DeviceError) as fault:
        till.pay()
    assert fault.value.remedy
    assert till.facts == []
    till.driver.close()


def test_a_payment_without_a_baseline_is_not_sent(tcp: str, terminal: ZvtTerminal, make_till: MakeTill) -> None:
    till = make_till(tcp)
    with pytest.raises(DeviceOffline):
        till.pay()
    assert "> 0601" not in terminal.log


def test_a_payment_in_another_currency_or_of_nothing_is_not_sent(till: Till, terminal: ZvtTerminal) -> None:
    for money in (Money(100, Currency.parse("EUR")), nok(0), nok(-5), nok(10**12)):
        with pytest.raises(DeviceFailure):
            till.pay(money=money)
    assert "> 0601" not in terminal.log


def test_a_terminal_of_another_currency_is_refused_with_a_remedy(
    line: str, terminal: ZvtTerminal, make_till: MakeTill
) -> None:
    till = make_till(line, currency="EUR")
    with pytest.raises(DeviceFailure, match="EUR") as fault:
        till.open()
    assert "currency" in fault.value.remedy


def test_the_baseline_follows_every_payment_without_another_question(till: Till, terminal: ZvtTerminal) -> None:
    till.pay(100)
    terminal.behave("decline 05")
    till.pay(200)
    till.pay(300)
    baseline = till.driver.baseline()
    assert baseline is not None
    last = terminal.books.charges()[-1]
    assert baseline["seen.receipt"] == baseline["approved.receipt"] == f"{last.receipt:04d}"
    assert list(terminal.log).count("> 0620") == 1


def test_a_check_tells_the_terminal_and_what_it_needs(till: Till, terminal: ZvtTerminal) -> None:
    state = till.driver.check()
    assert (state.health, state.category) == (Health.ONLINE, "CAT")
    assert "29001006" in state.detail
    terminal.default("state F0")
    state = till.driver.check()
    assert state.health is Health.OFFLINE
    assert "end of day" in state.detail
    assert state.remedy


def test_a_check_of_a_terminal_that_is_away_is_short_and_says_so(
    tcp: str, terminal: ZvtTerminal, make_till: MakeTill
) -> None:
    till = make_till(tcp).open()
    terminal.unplug()
    began = time.monotonic()
    assert till.driver.check().health is Health.OFFLINE
    assert time.monotonic() - began < 2.0
    terminal.plug()
    assert till.driver.check().health is Health.ONLINE


def test_a_check_during_a_payment_does_not_disturb_it(till: Till, terminal: ZvtTerminal) -> None:
    terminal.default("ask")
    found: list[OutcomeKind] = []
    thread = threading.Thread(target=lambda: found.append(till.pay().kind))
    thread.start()
    until(lambda: terminal.pending() is not None)
    assert till.driver.check().detail == "at work"
    terminal.answer("approve")
    thread.join(5.0)
    assert found == [OutcomeKind.APPROVED]


def test_closing_ends_a_payment_as_unknown(till: Till, terminal: ZvtTerminal) -> None:
    terminal.default("ask")
    found: list[OutcomeKind] = []
    thread = threading.Thread(target=lambda: found.append(till.pay().kind))
    thread.start()
    until(lambda: terminal.pending() is not None)
    till.driver.close()
    thread.join(5.0)
    assert found == [OutcomeKind.UNKNOWN]


def test_a_terminal_that_cannot_repeat_says_so_and_its_lost_payments_stay_unknown(
    line: str, terminal: ZvtTerminal, make_till: MakeTill
) -> None:
    terminal.default("no repeat")
    till = make_till(line).open()
    assert not till.driver.capabilities.lookup
    terminal.behave("no repeat, no completion")
    assert till.pay().kind is OutcomeKind.UNKNOWN
    assert till.recover().kind is OutcomeKind.UNKNOWN
    assert terminal.books.balance() == 1880


def test_a_busy_terminal_is_asked_until_it_is_ready(till: Till, terminal: ZvtTerminal) -> None:
    terminal.behave("no completion, busy 0.8")
    assert till.pay().kind is OutcomeKind.UNKNOWN
    assert till.recover().kind is OutcomeKind.APPROVED


def test_a_newer_sale_of_another_amount_proves_nothing(till: Till, terminal: ZvtTerminal) -> None:
    terminal.behave("silent")
    assert till.pay(1880).kind is OutcomeKind.UNKNOWN
    terminal.sell(1881)
    assert till.recover().kind is OutcomeKind.UNKNOWN


@pytest.mark.parametrize("how", ["nak 2", "bad crc 2", "lost ack 1", "lost ack 2, bad crc 1", "nak 1, single bytes"])
def test_a_disturbed_serial_line_repeats_and_charges_once(terminal: ZvtTerminal, make_till: MakeTill, how: str) -> None:
    till = make_till(f"serial://{terminal.open_pty()}?baud=9600").open()
    terminal.behave(how)
    assert till.pay().kind is OutcomeKind.APPROVED
    assert [entry.kind for entry in terminal.books.entries()].count(EntryKind.CHARGE) == 1
    assert terminal.log.count("> 0601") == 1


@pytest.mark.parametrize(
    ("option", "value"),
    [("password", "12"), ("password", "12345a"), ("config_byte", "XY"), ("config_byte", ""), ("currency", "XXX")],
)
def test_an_option_that_cannot_be_used_is_named(option: str, value: str) -> None:
    options: dict[str, Any] = {"url": "tcp://127.0.0.1:1", option: value}
    with pytest.raises(ConfigError, match=option):
        Driver("terminal", Driver.Options(**options))


def test_two_stop_bits_are_the_default_of_the_serial_line() -> None:
    assert Driver.Options(url="serial:///dev/ttyUSB0").link_url == "serial:///dev/ttyUSB0?stop=2"
    assert Driver.Options(url="serial:///dev/ttyUSB0?stop=1").link_url == "serial:///dev/ttyUSB0?stop=1"
    assert Driver.Options(url="tcp://127.0.0.1:1").link_url == "tcp://127.0.0.1:1"
