"""A terminal says later what a person decided otherwise: never silently, and never charged a second time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.core import commands as c
from appliance.core import events as e
from appliance.core.checkout import Reason, TransactionState
from appliance.core.effects import LookUp
from appliance.core.identifiers import Gtin
from appliance.core.money import Money
from appliance.core.payment import IntentKind, Outcome, OutcomeKind, PaymentState, Reference, TenderType
from appliance.ui.pages import OutcomeUnknownPage
from appliance.ui.viewmodel import page
from tests.core.test_selling import reason
from tests.core.till import BEER, ITEMS, MILK, NOK, SODA, Book, Till, item


def decided(decision: c.PaymentDecision) -> Till:
    """Give a till at which staff have decided a payment that nobody could look up."""
    till = Till()
    till.scan(MILK)
    till.pay()
    till.send()
    till.outcome(OutcomeKind.UNKNOWN, "line dropped")
    till.sign_on()
    till.do(c.ResolvePayment(till.attempt, decision, "terminal log"))
    till.do(c.SignOff())
    assert not till.checkout.help_called
    return till


def test_a_charge_that_shows_up_later_is_in_doubt_again_and_cannot_be_charged_twice() -> None:
    till = decided(c.PaymentDecision.WAS_NOT_PAID)
    till.outcome(OutcomeKind.APPROVED)
    assert till.checkout.state is TransactionState.IN_DOUBT
    assert till.checkout.help_called
    assert "kari" in till.of(e.PaymentOutcomeLost)[-1].reason
    assert reason(till.do(c.RequestPayment(TenderType.CARD))) is Reason.PAYMENT_RUNNING
    assert [type(x) for x in till.effects].count(LookUp) == 2
    till.outcome(OutcomeKind.APPROVED)
    assert till.checkout.state is TransactionState.TENDERED
    assert len(till.of(e.TransactionCompleted)) == 1


def test_a_charge_that_shows_up_after_the_customer_went_back_to_the_items_is_in_doubt_again_too() -> None:
    till = decided(c.PaymentDecision.WAS_NOT_PAID)
    till.do(c.ReturnToItems())
    till.outcome(OutcomeKind.APPROVED)
    assert till.checkout.state is TransactionState.IN_DOUBT
    assert till.restart() == [LookUp(till.sale.payments[0].intent)]


def test_a_second_attempt_that_has_not_left_yet_is_not_sent() -> None:
    till = decided(c.PaymentDecision.WAS_NOT_PAID)
    first, found = till.attempt, till.approved()
    till.pay()
    till.do(c.ReportOutcome(first, found))
    assert not till.send()
    assert [payment.state for payment in till.sale.payments] == [PaymentState.UNKNOWN, PaymentState.NOT_CHARGED]
    assert till.checkout.state is TransactionState.IN_DOUBT
    assert isinstance(page(till.checkout), OutcomeUnknownPage)


def test_a_charge_that_shows_up_for_a_smaller_basket_goes_back_and_releases_nothing() -> None:
    till = Till()
    till.scan(MILK, SODA)
    till.pay()
    till.send()
    found = till.approved()
    till.outcome(OutcomeKind.UNKNOWN, "line dropped")
    till.sign_on()
    till.do(c.ResolvePayment(till.attempt, c.PaymentDecision.WAS_NOT_PAID, "terminal log"))
    till.do(c.ReturnToItems())
    till.do(c.VoidLine(till.sale.active[0].line))
    first = till.attempt
    for _ in range(2):
        till.do(c.ReportOutcome(first, found))
    assert not till.of(e.TransactionCompleted)
    assert (till.running.intent.kind, till.running.intent.amount) == (IntentKind.REVERSE, found.amount)
    till.send()
    assert (till.sale.paid.minor, till.checkout.help_called) == (0, True)


def test_a_charge_that_shows_up_releases_nothing_that_staff_have_not_allowed_yet() -> None:
    till = Till(Book(items=(item("milk", 3990, gtins=(Gtin.parse(MILK),)), *ITEMS[1:])))
    till.scan(MILK)
    till.pay()
    till.send()
    found = till.approved()
    till.outcome(OutcomeKind.UNKNOWN, "line dropped")
    till.sign_on()
    till.do(c.ResolvePayment(till.attempt, c.PaymentDecision.WAS_NOT_PAID, "terminal log"))
    till.do(c.ReturnToItems())
    till.do(c.VoidLine(till.sale.active[0].line))
    till.scan(BEER)
    first = till.attempt
    for _ in range(2):
        till.do(c.ReportOutcome(first, found))
    assert (till.checkout.state, till.sale.due.minor) == (TransactionState.TENDERING, 0)
    assert not till.of(e.TransactionCompleted)


def test_a_charge_that_shows_up_after_a_part_was_paid_in_another_way_goes_back() -> None:
    tenders = {TenderType.CARD: "terminal", TenderType.GIFT_CARD: "gifts"}
    till = Till(tenders=tuple(tenders), tender_devices=tenders)
    till.device("gifts", "ElectronicValueRW")
    till.scan(MILK)
    till.pay()
    till.send()
    first, found = till.attempt, till.approved()
    till.outcome(OutcomeKind.UNKNOWN, "line dropped")
    till.sign_on()
    till.do(c.ResolvePayment(first, c.PaymentDecision.WAS_NOT_PAID, "terminal log"))
    till.do(c.RequestPayment(TenderType.GIFT_CARD))
    till.send()
    till.do(c.ReportOutcome(till.attempt, replace(found, amount=Money(1000, NOK), reference=None)))
    for _ in range(2):
        till.do(c.ReportOutcome(first, found))
    assert not till.of(e.TransactionCompleted)
    assert (till.running.intent.kind, till.running.intent.device) == (IntentKind.REVERSE, "terminal")
    till.send()
    till.outcome(OutcomeKind.REVERSED)
    assert (till.sale.paid.minor, till.sale.due.minor) == (1000, 1290)


def test_a_charge_that_shows_up_keeps_no_wrong_charge_from_going_back() -> None:
    tenders = {TenderType.CARD: "terminal", TenderType.GIFT_CARD: "gifts"}
    till = Till(tenders=tuple(tenders), tender_devices=tenders)
    till.device("gifts", "ElectronicValueRW")
    till.scan(MILK)
    till.pay()
    till.send()
    first, found = till.attempt, till.approved()
    till.outcome(OutcomeKind.UNKNOWN, "line dropped")
    till.sign_on()
    till.do(c.ResolvePayment(first, c.PaymentDecision.WAS_NOT_PAID, "terminal log"))
    till.do(c.RequestPayment(TenderType.GIFT_CARD))
    till.send()
    till.do(c.ReportOutcome(till.attempt, replace(found, amount=Money(9900, NOK), reference=None)))
    till.do(c.ReportOutcome(first, found))
    assert (till.running.intent.kind, till.running.state) == (IntentKind.REVERSE, PaymentState.INTENT)
    assert "22.90" in till.checkout.help_code


def test_a_charge_that_shows_up_after_the_sale_was_voided_calls_staff_with_its_reference() -> None:
    till = decided(c.PaymentDecision.WAS_NOT_PAID)
    attempt, found = till.attempt, till.approved()
    till.do(c.VoidTransaction(c.VoidReason.CUSTOMER))
    till.do(c.ReportOutcome(attempt, found))
    assert till.checkout.help_called
    assert "0153" in till.checkout.help_code
    assert "22.90" in till.checkout.help_code


@pytest.mark.parametrize("kind", [OutcomeKind.DECLINED, OutcomeKind.NOT_CHARGED, OutcomeKind.REVERSED])
def test_goods_that_were_not_paid_after_all_are_told_to_staff(kind: OutcomeKind) -> None:
    till = decided(c.PaymentDecision.WAS_PAID)
    assert till.checkout.state is TransactionState.TENDERED
    till.outcome(kind)
    assert till.checkout.help_called
    assert "22.90" in till.checkout.help_code
    assert till.checkout.state is TransactionState.TENDERED, "what is done is done: staff decide"


def test_a_look_up_that_agrees_with_the_person_changes_nothing() -> None:
    for decision, kind in (
        (c.PaymentDecision.WAS_PAID, OutcomeKind.APPROVED),
        (c.PaymentDecision.WAS_NOT_PAID, OutcomeKind.NOT_CHARGED),
        (c.PaymentDecision.WAS_NOT_PAID, OutcomeKind.UNKNOWN),
    ):
        till = decided(decision)
        before = till.checkout
        assert reason(till.outcome(kind)) is Reason.NOT_NOW
        assert till.checkout == before


def test_a_charge_that_is_another_attempts_is_no_contradiction() -> None:
    till = decided(c.PaymentDecision.WAS_NOT_PAID)
    first, found = till.attempt, till.approved()
    till.pay_by_card()
    assert till.checkout.state is TransactionState.TENDERED
    assert reason(till.do(c.ReportOutcome(first, found))) is Reason.NOT_NOW
    other = replace(found, reference=Reference(receipt_number="0154"))
    till.do(c.ReportOutcome(first, other))
    assert "0154" in till.checkout.help_code


def test_an_end_that_nobody_was_in_doubt_about_stays_final() -> None:
    till = Till()
    till.scan(MILK)
    till.pay()
    till.send()
    till.outcome(OutcomeKind.DECLINED)
    before = till.checkout
    assert reason(till.do(c.ReportOutcome(till.attempt, Outcome(kind=OutcomeKind.APPROVED)))) is Reason.NOT_NOW
    assert till.checkout == before
