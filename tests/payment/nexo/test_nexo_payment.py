"""A payment at a nexo terminal, in both dialects, on real sockets."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from appliance.core.money import Currency, Money
from appliance.core.payment import (
    Evidence,
    IntentKind,
    OutcomeKind,
    PaymentFact,
    Progress,
    ReceiptCopy,
    ReceiptText,
    Reference,
    Result,
    Sending,
)
from appliance.errors import DeviceBusy, DeviceError, DeviceFailure, DeviceOffline
from appliance.io.payment.nexo import service_id
from simulators.books import EntryKind
from simulators.nexo_poi import NexoPoi
from tests.payment.nexo.till import Till
from tests.payment.till import nok, until

MakeTill = Callable[..., Till]

# What the terminal says ---------------------------------------------------------------------------------------------


def test_an_approved_payment_is_recorded_before_it_is_reported(till: Till, terminal: NexoPoi) -> None:
    outcome = till.pay(1880)
    assert outcome.kind is OutcomeKind.APPROVED
    assert outcome.amount == Money(1880, Currency.parse("NOK"))
    assert till.results == [outcome]
    assert terminal.books.balance() == 1880


def test_the_terminal_hears_nothing_before_the_sending_is_on_disk(till: Till, terminal: NexoPoi) -> None:
    heard: list[bool] = []
    till.on_fact = lambda _: heard.append("Payment" in terminal.log)
    till.pay()
    assert heard == [False, True, True, True]


def test_a_sending_that_cannot_be_stored_sends_nothing(till: Till, terminal: NexoPoi) -> None:
    till.sending_durable = False
    assert till.pay().kind is OutcomeKind.NOT_CHARGED
    assert "Payment" not in terminal.log


def test_an_approval_that_cannot_be_stored_is_unknown_and_found_later(till: Till, terminal: NexoPoi) -> None:
    till.durable = False
    assert till.pay(1880).kind is OutcomeKind.UNKNOWN
    assert terminal.books.balance() == 1880
    assert till.recover().kind is OutcomeKind.APPROVED


def test_an_approval_names_the_terminal_s_transaction_and_masks_the_card(
    till: Till, caplog: pytest.LogCaptureFixture
) -> None:
    outcome = till.pay()
    assert outcome.reference is not None
    assert outcome.reference.poi_transaction.count(" ") == 1
    assert len(outcome.reference.device_date) == 4
    assert len(outcome.reference.device_time) == 6
    assert outcome.masked_pan.strip("*") in ("9659", "7003")
    customer, merchant = till.receipt(ReceiptCopy.CUSTOMER), till.receipt(ReceiptCopy.MERCHANT)
    assert customer[0] == merchant[0] == "Test shop"
    said = "".join((*customer, *merchant, outcome.text, caplog.text))
    assert "516815" not in said
    assert "600007" not in said


@pytest.mark.parametrize(
    ("condition", "kind"),
    [
        ("Refusal", OutcomeKind.DECLINED),
        ("WrongPIN", OutcomeKind.DECLINED),
        ("UnreachableHost", OutcomeKind.DECLINED),
        ("NobodyKnowsThis", OutcomeKind.DECLINED),
        ("Aborted", OutcomeKind.CANCELLED),
        ("Cancel", OutcomeKind.CANCELLED),
        ("Busy", OutcomeKind.NOT_CHARGED),
        ("NotAllowed", OutcomeKind.NOT_CHARGED),
        ("InProgress", OutcomeKind.UNKNOWN),
    ],
)
def test_a_failure_is_what_its_condition_says(till: Till, terminal: NexoPoi, condition: str, kind: OutcomeKind) -> None:
    terminal.behave(f"decline {condition}")
    outcome = till.pay()
    assert outcome.kind is kind
    assert terminal.books.balance() == 0
    if kind in (OutcomeKind.DECLINED, OutcomeKind.CANCELLED):
        assert outcome.code == condition
        assert outcome.text


def test_the_terminal_s_own_words_are_shown_to_staff(till: Till, terminal: NexoPoi) -> None:
    terminal.behave("decline Refusal")
    assert till.pay().text in ("refused (Refusal at the terminal)", "refused (210 Refusal)")


def test_a_customer_who_presses_stop_has_cancelled(till: Till, terminal: NexoPoi) -> None:
    terminal.behave("cancel")
    assert till.pay().kind is OutcomeKind.CANCELLED


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("no amount", "without naming amount"),
        ("amount 0", "0.00 NOK instead of 18.80 NOK"),
        ("no transaction", "without naming its transaction"),
    ],
)
def test_a_success_that_is_not_ours_is_unknown_with_a_reason(
    till: Till, terminal: NexoPoi, how: str, reason: str
) -> None:
    terminal.behave(how)
    outcome = till.pay(1880)
    assert outcome.kind is OutcomeKind.UNKNOWN
    assert reason in outcome.text
    assert till.results == []
    # Asking again does not make it ours.
    assert till.look_up(2).kind is OutcomeKind.UNKNOWN


@pytest.mark.parametrize(
    ("how", "taken", "currency"),
    [("partial 500", 500, "NOK"), ("amount 1881", 1881, "NOK"), ("amount 1", 1, "NOK"), ("currency SEK", 1880, "SEK")],
)
def test_another_amount_is_recorded_never_released_and_found_for_the_reversal(
    till: Till, terminal: NexoPoi, how: str, taken: int, currency: str
) -> None:
    terminal.behave(how)
    outcome = till.pay(1880)
    assert outcome.kind is OutcomeKind.UNKNOWN
    assert f"instead of {nok(1880)}" in outcome.text
    assert [result.amount for result in till.results] == [Money(taken, Currency.parse(currency))]
    till.evidence = Evidence(reference=till.results[0].reference)
    found = till.look_up(1)
    assert (found.kind, found.amount) == (OutcomeKind.APPROVED, Money(taken, Currency.parse(currency)))
    assert found.reference is not None
    assert till.reverse(taken, found.reference).kind is OutcomeKind.REVERSED
    assert terminal.books.standing() == []


def test_a_part_that_names_no_amount_is_not_recorded(till: Till, terminal: NexoPoi) -> None:
    terminal.behave("partial 500, no amount")
    outcome = till.pay(1880)
    assert (outcome.kind, till.results) == (OutcomeKind.UNKNOWN, [])
    assert "a part" in outcome.text or "without naming amount" in outcome.text


def test_a_signature_is_accepted_where_there_are_staff(till: Till, terminal: NexoPoi) -> None:
    terminal.behave("signature")
    assert till.pay().kind is OutcomeKind.APPROVED


def test_a_signature_is_no_approval_where_nobody_is(make_till: MakeTill, terminal: NexoPoi) -> None:
    till = make_till(unattended=True).open()
    terminal.behave("signature")
    outcome = till.pay()
    assert outcome.kind is OutcomeKind.UNKNOWN
    assert "signature" in outcome.text
    assert "signature" in till.results[0].unfit
    assert "signature" in till.look_up().unfit


def test_an_unattended_payment_without_a_signature_is_approved(make_till: MakeTill) -> None:
    assert make_till(unattended=True).open().pay().kind is OutcomeKind.APPROVED


# Cancelling ---------------------------------------------------------------------------------------------------------


def in_background(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_a_wish_to_stop_aborts_the_payment(till: Till, terminal: NexoPoi) -> None:
    terminal.behave("late 5")
    cancelled: list[threading.Thread] = []

    def on_show(progress: Progress) -> None:
        if progress is Progress.WORKING and not cancelled:
            cancelled.append(in_background(till.cancel))

    till.on_show = on_show
    began = time.monotonic()
    outcome = till.pay()
    assert outcome.kind is OutcomeKind.CANCELLED
    assert time.monotonic() - began < 3
    assert terminal.books.balance() == 0
    assert (Progress.WORKING, True) in till.shown
    cancelled[0].join()
    assert terminal.log.count("Abort") == 1


def test_a_wish_to_stop_that_comes_too_late_is_an_approval(till: Till, terminal: NexoPoi) -> None:
    terminal.behave("late 0.5, deaf")
    cancelled: list[threading.Thread] = []

    def on_show(progress: Progress) -> None:
        if progress is Progress.WORKING and not cancelled:
            cancelled.append(in_background(till.cancel))

    till.on_show = on_show
    assert till.pay().kind is OutcomeKind.APPROVED
    cancelled[0].join()
    assert (Progress.CANCELLING, False) in till.shown
    assert terminal.books.balance() == 1880


def test_a_wish_to_stop_before_anything_was_sent_sends_nothing(till: Till, terminal: NexoPoi) -> None:
    till.on_show = lambda progress: till.cancel() if progress is Progress.CONNECTING else None
    assert till.pay().kind is OutcomeKind.NOT_CHARGED
    assert "Payment" not in terminal.log
    assert not till.sent


def test_a_terminal_that_takes_no_abort_is_not_sent_one(make_till: MakeTill, terminal: NexoPoi) -> None:
    till = make_till(abort=False).open()
    till.on_fact = lambda _: till.cancel()
    assert till.pay().kind is OutcomeKind.APPROVED
    assert not till.driver.capabilities.cancel
    assert all(not may_cancel for _, may_cancel in till.shown)
    assert "Abort" not in terminal.log


# What cannot begin --------------------------------------------------------------------------------------------------


def test_a_terminal_that_is_gone_raises_before_anything_is_recorded(till: Till, terminal: NexoPoi) -> None:
    terminal.unplug()
    with pytest.raises(DeviceError):
        till.pay()
    assert till.facts == []


def test_a_terminal_of_nobody_cannot_be_opened(make_till: MakeTill, terminal: NexoPoi) -> None:
    till = make_till()
    terminal.unplug()
    with pytest.raises(DeviceOffline) as error:
        till.open()
    assert "port" in error.value.remedy


def test_a_currency_of_another_contract_is_refused(till: Till, terminal: NexoPoi) -> None:
    with pytest.raises(DeviceFailure, match="cannot be paid"):
        till.pay(money=Money(100, Currency.parse("SEK")))
    with pytest.raises(DeviceFailure):
        till.pay(0)
    assert till.facts == []
    assert terminal.books.entries() == []


def test_a_payment_from_before_the_terminal_was_known_is_refused(make_till: MakeTill) -> None:
    till = make_till()
    with pytest.raises(DeviceOffline, match="not ready"):
        till.pay()
    till.open()
    assert till.pay().kind is OutcomeKind.APPROVED


def test_a_closed_terminal_takes_no_payment(till: Till, terminal: NexoPoi) -> None:
    baseline = till.driver.baseline()
    till.driver.close()
    till.driver.close()
    with pytest.raises(DeviceOffline):
        till.pay(baseline=baseline)
    assert till.facts == []


def test_closing_ends_a_payment_that_waits_for_the_customer(till: Till, terminal: NexoPoi) -> None:
    terminal.behave("late 5")
    closing: list[threading.Thread] = []

    def on_show(progress: Progress) -> None:
        if progress is Progress.WORKING and not closing:
            closing.append(in_background(till.driver.close))

    till.on_show = on_show
    began = time.monotonic()
    assert till.pay().kind is OutcomeKind.UNKNOWN
    assert time.monotonic() - began < 2
    closing[0].join()


def test_a_payment_is_not_disturbed_by_a_check(till: Till, terminal: NexoPoi) -> None:
    terminal.behave("late 0.5")
    states: list[str] = []
    till.on_show = lambda progress: states.append(check(till)) if progress is Progress.WORKING else None
    assert till.pay().kind is OutcomeKind.APPROVED
    assert states[0] == "at work"


def check(till: Till) -> str:
    """Ask from another thread, as `kvitt check` would."""
    found: list[str] = []
    in_background(lambda: found.append(till.driver.check().detail)).join()
    return found[0]


# Refund and reversal ------------------------------------------------------------------------------------------------


def test_a_reversal_takes_back_the_payment_that_it_names(till: Till, terminal: NexoPoi) -> None:
    paid = till.pay(1880)
    assert paid.reference is not None
    outcome = till.reverse(1880, paid.reference)
    assert outcome.kind is OutcomeKind.REVERSED
    assert till.results[-1] == outcome
    assert terminal.books.balance() == 0
    assert terminal.books.standing() == []


def test_a_second_reversal_is_declined(till: Till, terminal: NexoPoi) -> None:
    paid = till.pay(1880)
    assert paid.reference is not None
    till.reverse(1880, paid.reference)
    assert till.reverse(1880, paid.reference).kind is OutcomeKind.DECLINED
    assert terminal.books.balance() == 0


def test_a_reversal_whose_answer_is_lost_is_found_by_its_own_name(till: Till, terminal: NexoPoi) -> None:
    paid = till.pay(1880)
    assert paid.reference is not None
    terminal.behave("cut 3")
    assert till.reverse(1880, paid.reference).kind is OutcomeKind.UNKNOWN
    assert till.recover().kind is OutcomeKind.REVERSED
    assert len(terminal.books.reversals()) == 1


def test_a_reversal_that_a_restart_began_needs_no_baseline(till: Till, terminal: NexoPoi) -> None:
    paid = till.pay(1880)
    assert paid.reference is not None
    terminal.behave("cut 3")
    assert till.reverse(1880, paid.reference, baseline=None).kind is OutcomeKind.UNKNOWN
    assert till.recover().kind is OutcomeKind.REVERSED
    assert terminal.books.balance() == 0


def test_a_reversal_that_never_arrived_is_found_out_without_a_baseline(till: Till, terminal: NexoPoi) -> None:
    paid = till.pay(1880)
    assert paid.reference is not None
    terminal.behave("cut 1")
    assert till.reverse(1880, paid.reference, baseline=None).kind is OutcomeKind.UNKNOWN
    assert till.recover().kind is OutcomeKind.NOT_CHARGED
    assert till.reverse(1880, paid.reference, baseline=None).kind is OutcomeKind.REVERSED


def test_a_refund_whose_answer_is_lost_is_found_by_its_own_name(till: Till, terminal: NexoPoi) -> None:
    terminal.behave("cut 3")
    assert till.pay(700, kind=IntentKind.REFUND, baseline=None).kind is OutcomeKind.UNKNOWN
    assert till.recover().kind is OutcomeKind.APPROVED
    assert terminal.books.balance() == -700


def test_a_reversal_of_another_amount_goes_to_staff(till: Till, terminal: NexoPoi) -> None:
    paid = till.pay(1880)
    assert paid.reference is not None
    terminal.behave("amount 500")
    outcome = till.reverse(1880, paid.reference)
    assert outcome.kind is OutcomeKind.UNKNOWN
    assert "instead of" in outcome.text
    assert till.look_up(1).kind is OutcomeKind.UNKNOWN


def test_only_the_last_transaction_can_be_reversed_at_such_a_terminal(till: Till, terminal: NexoPoi) -> None:
    first, second = till.pay(100), till.pay(200)
    assert first.reference is not None
    assert second.reference is not None
    terminal.default("last only")
    assert till.reverse(100, first.reference).kind is OutcomeKind.DECLINED
    assert till.reverse(200, second.reference).kind is OutcomeKind.REVERSED
    assert terminal.books.balance() == 100


def test_a_transaction_that_is_settled_is_refunded_and_not_reversed(till: Till, terminal: NexoPoi) -> None:
    paid = till.pay(1880)
    assert paid.reference is not None
    terminal.behave("settled")
    assert till.reverse(1880, paid.reference).kind is OutcomeKind.DECLINED
    assert till.pay(1880, kind=IntentKind.REFUND).kind is OutcomeKind.APPROVED
    assert terminal.books.balance() == 0


def test_a_reversal_of_the_wrong_sale_goes_to_staff(till: Till, terminal: NexoPoi) -> None:
    till.pay(700)
    paid = till.pay(1880)
    assert paid.reference is not None
    terminal.behave("other sale")
    outcome = till.reverse(1880, paid.reference)
    assert outcome.kind is OutcomeKind.UNKNOWN
    assert "instead of" in outcome.text or "another transaction" in outcome.text
    assert till.look_up(1).kind is OutcomeKind.UNKNOWN


def test_a_reversal_of_nothing_is_refused_before_anything_is_sent(till: Till) -> None:
    with pytest.raises(DeviceFailure, match="which payment"):
        till.reverse(100, Reference(receipt_number="0152"))
    assert till.facts == []


def test_a_refund_pays_back(till: Till, terminal: NexoPoi) -> None:
    outcome = till.pay(700, kind=IntentKind.REFUND)
    assert outcome.kind is OutcomeKind.APPROVED
    assert [entry.kind for entry in terminal.books.entries()] == [EntryKind.REVERSAL]
    assert terminal.books.balance() == -700


def test_a_refund_is_not_taken_for_a_payment_with_the_same_name(till: Till, terminal: NexoPoi) -> None:
    """A terminal that names another PaymentType than it was asked for has done something else."""
    terminal.behave("cut 3")
    assert till.pay(700, kind=IntentKind.REFUND).kind is OutcomeKind.UNKNOWN
    assert till.intent is not None
    till.intent = replace(till.intent, kind=IntentKind.PAY)
    assert till.look_up(2).kind is OutcomeKind.UNKNOWN


# One after the other ------------------------------------------------------------------------------------------------


def test_payments_have_names_of_their_own(till: Till, terminal: NexoPoi) -> None:
    for number in range(5):
        assert till.pay(100 + number).kind is OutcomeKind.APPROVED
    names = {entry.asked for entry in terminal.books.charges()}
    assert len(names) == 5
    assert till.intent is not None
    assert any(name.endswith(service_id.of_attempt(till.intent.attempt)) for name in names)


def test_a_terminal_that_rests_is_waited_for(make_till: MakeTill) -> None:
    till = make_till(rest=Decimal("0.4")).open()
    till.pay()
    began = time.monotonic()
    till.pay()
    assert time.monotonic() - began >= 0.35


def test_a_second_till_hears_that_the_terminal_is_busy(till: Till, make_till: MakeTill, terminal: NexoPoi) -> None:
    other = make_till().open()
    # At Swedbank Pay its first payment logs it in, which would stop what the terminal is doing.
    assert other.pay(20).kind is OutcomeKind.APPROVED
    terminal.behave("late 0.5")
    first: list[OutcomeKind] = []
    paying = in_background(lambda: first.append(till.pay(1880).kind))
    until(lambda: terminal.pending() is not None)
    outcome = other.pay(1880)
    paying.join()
    assert first == [OutcomeKind.APPROVED]
    assert outcome.kind is OutcomeKind.NOT_CHARGED
    assert outcome.code == "Busy"
    assert terminal.books.balance() == 1900


def test_nothing_of_a_message_is_logged(till: Till, terminal: NexoPoi, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    terminal.behave("malformed")
    till.pay()
    till.recover()
    assert "MaskedP" not in caplog.text
    assert terminal.passphrase_file.name not in caplog.text or "cannot be read" in caplog.text


def test_the_facts_come_in_order(till: Till) -> None:
    seen: list[PaymentFact] = []
    till.on_fact = seen.append
    till.pay()
    assert [type(fact) for fact in seen] == [Sending, Result, ReceiptText, ReceiptText]


def test_another_terminal_under_the_same_name_is_noticed(till: Till, terminal: NexoPoi, dialect: str) -> None:
    if dialect == "adyen":
        pytest.skip("the POIID is the serial number")
    before = till.driver.baseline()
    terminal.swap("1710009999")
    till.driver.check()
    with pytest.raises(DeviceBusy, match="another terminal"):
        till.pay(baseline=before)
    assert till.pay().kind is OutcomeKind.APPROVED
