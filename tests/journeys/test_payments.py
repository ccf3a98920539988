"""Payments that go wrong on the wire: never charged twice, never called declined without proof, never forgotten."""

from collections.abc import Callable

import pytest

from appliance.core import events as e
from tests.journeys.kiosk import FLOUR, MILK, Kiosk

CHECKING = ("We are checking the payment", "Do not pay again. Staff are coming.")

KEPT = "keep, drop after answer 040F"
"""The terminal keeps the sale, and the line breaks before the till hears the end of it."""


def test_an_approval_whose_end_is_lost_is_found_again_and_not_charged_again(kiosk: Kiosk):
    kiosk.terminal.behave(KEPT)
    kiosk.scan(MILK)
    kiosk.pay()
    kiosk.expect("receipt", "22,90 kr")
    kiosk.take_receipt()
    assert len(kiosk.terminal.books.charges()) == 1
    assert [sale.total for sale in kiosk.reckon().sales] == [2290]


def test_an_approval_that_is_lost_in_a_power_cut_is_found_at_the_boot(kiosk: Kiosk):
    kiosk.terminal.behave("keep, no result")
    kiosk.scan(MILK)
    kiosk.pay()
    kiosk.until(kiosk.terminal.books.charges, "the charge")
    kiosk.power_cut()

    kiosk.boot()
    kiosk.expect("receipt", "22,90 kr")
    kiosk.take_receipt()
    assert len(kiosk.terminal.books.charges()) == 1
    assert [sale.total for sale in kiosk.reckon().sales] == [2290]


def test_an_approval_that_the_terminal_undoes_in_a_power_cut_is_paid_anew(kiosk: Kiosk):
    kiosk.terminal.behave("reverse, no result")
    kiosk.scan(MILK)
    kiosk.pay()
    kiosk.until(kiosk.terminal.books.charges, "the charge")
    kiosk.power_cut()

    kiosk.boot()
    kiosk.expect("declined", "The payment did not go through", "Nothing is charged.")
    kiosk.touch("again")
    kiosk.expect("receipt", "22,90 kr")
    kiosk.take_receipt()
    assert len(kiosk.terminal.books.charges()) == 2
    assert [sale.total for sale in kiosk.reckon().sales] == [2290]


def test_what_the_terminal_undid_when_the_line_broke_is_paid_anew(kiosk: Kiosk):
    kiosk.terminal.behave("reverse, drop before 040F")
    kiosk.scan(MILK)
    kiosk.pay()
    kiosk.expect("declined", "The payment did not go through", "Nothing is charged.")
    kiosk.touch("again")
    kiosk.expect("receipt")
    kiosk.take_receipt()
    assert kiosk.terminal.books.balance() == 2290
    assert [sale.total for sale in kiosk.reckon().sales] == [2290]


@pytest.mark.parametrize("moment", ["INTENT", "SENT", "APPROVED", "RELEASED"])
def test_a_power_cut_at_any_point_of_a_payment_ends_with_the_books_right(kiosk: Kiosk, moment: str):
    kiosk.scan(MILK, FLOUR)
    kiosk.pay()
    kiosk.until(lambda: (payment := kiosk.sale.payment) is not None and payment.state in (moment, "RELEASED"), moment)
    kiosk.power_cut()

    kiosk.boot()
    kiosk.until(lambda: kiosk.checkout.state in ("TENDERING", "TENDERED"), "the end of the doubt")
    if kiosk.checkout.state == "TENDERING":
        kiosk.expect("declined", "Nothing is charged.")
        kiosk.touch("again")
    kiosk.expect("receipt", "52,80 kr")
    kiosk.take_receipt()
    assert kiosk.terminal.books.balance() == 5280
    assert [sale.total for sale in kiosk.reckon().sales] == [5280]


def test_a_garbled_frame_of_the_terminal_is_looked_up_and_nobody_pays_twice(kiosk: Kiosk):
    kiosk.terminal.behave("garbled, keep")
    kiosk.scan(MILK)
    kiosk.pay()
    kiosk.expect("receipt", "22,90 kr")
    kiosk.take_receipt()
    assert len(kiosk.terminal.books.charges()) == 1
    assert [sale.total for sale in kiosk.reckon().sales] == [2290]


def test_a_device_of_another_protocol_on_the_terminals_port_takes_no_money(kiosk: Kiosk):
    kiosk.terminal.behave("foreign 150369")
    kiosk.scan(MILK)
    kiosk.pay()
    kiosk.expect("declined", "The payment did not go through", "Nothing is charged.")
    kiosk.touch("again")
    kiosk.expect("receipt")
    kiosk.take_receipt()
    assert [sale.total for sale in kiosk.reckon().sales] == [2290]


def test_while_nobody_knows_the_customer_is_told_so_and_staff_can_decide(kiosk: Kiosk):
    kiosk.terminal.behave("drop before 040F, no repeat, keep")
    kiosk.scan(MILK)
    kiosk.pay()
    kiosk.expect("outcome_unknown", *CHECKING, "22,90 kr")
    kiosk.scan_code("9520040000101")
    kiosk.expect("outcome_unknown", *CHECKING)
    kiosk.power_cut()

    kiosk.boot(expect="outcome_unknown")
    kiosk.sign_on()
    kiosk.expect("resolve_payment", "22,90 kr", "Sent, no answer", "Ask again", "Was paid", "Was not paid")
    kiosk.touch("was_paid", "reason:terminal")
    kiosk.until(lambda: kiosk.checkout.state == "TENDERED", "the decision")
    kiosk.sign_off()
    kiosk.expect("receipt")
    kiosk.take_receipt()
    assert [sale.total for sale in kiosk.reckon().sales] == [2290]
    decided = [event for event in kiosk.events() if isinstance(event, e.PaymentResolved)]
    assert [(event.operator, event.reason) for event in decided] == [("Kari", "seen in the terminal's log")]


def test_a_terminal_without_power_ends_the_payment_in_doubt_until_it_is_back(kiosk: Kiosk):
    kiosk.terminal.behave("late 30")
    kiosk.scan(MILK)
    kiosk.pay()
    kiosk.expect("card", "Hold your card or phone to it, or insert the card.")
    kiosk.terminal.unplug()
    kiosk.expect("outcome_unknown", *CHECKING)
    kiosk.terminal.plug()
    kiosk.expect("declined", "The payment did not go through", "Nothing is charged.")
    kiosk.touch("again")
    kiosk.expect("receipt")
    kiosk.take_receipt()
    assert [sale.total for sale in kiosk.reckon().sales] == [2290]


def test_a_till_whose_terminal_is_missing_takes_no_customers_and_says_so(make_kiosk: Callable[..., Kiosk]):
    kiosk = make_kiosk()
    kiosk.terminal.unplug()
    kiosk.boot(missing=("terminal",))
    kiosk.expect("out_of_service", "This till is out of order", "Please use another one.")
    kiosk.sign_on()
    kiosk.expect("attendant", "Card terminal", "No contact", "What to do")
    kiosk.sign_off()
    kiosk.terminal.plug()
    kiosk.expect("attract")
    kiosk.buy(MILK)
    assert [sale.total for sale in kiosk.reckon().sales] == [2290]
