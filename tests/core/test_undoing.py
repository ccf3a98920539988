"""Giving money back: part payments, wrong amounts, whole sales; nothing goes back twice, and no debt is forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.core import commands as c
from appliance.core import events as e
from appliance.core.checkout import AfterRestart, Reason, TransactionState
from appliance.core.effects import Authorise, LookUp
from appliance.core.money import Money
from appliance.core.payment import (
    IntentKind,
    Outcome,
    OutcomeKind,
    PaymentState,
    Result,
    Sending,
    TenderType,
    UndoReason,
)
from tests.core.test_selling import reason
from tests.core.till import MILK, NOK, SODA, Till

TENDERS = {TenderType.CARD: "terminal", TenderType.GIFT_CARD: "gifts"}


def nok(minor: int) -> Money:
    return Money(minor, NOK)


def split(**rules: object) -> Till:
    """A sale of 54.80 of which a gift card has paid 20.00."""
    till = Till(tenders=tuple(TENDERS), tender_devices=TENDERS, **rules)
    till.device("gifts", "ElectronicValueRW")
    till.scan(MILK, SODA)
    till.do(c.RequestPayment(TenderType.GIFT_CARD))
    till.send()
    till.do(c.ReportOutcome(till.attempt, till.approved(2000)))
    return till


def wrong_amount() -> Till:
    till = Till()
    till.scan(MILK)
    till.pay()
    till.send()
    till.record(Result(till.approved(9900)))
    till.do(c.ReportOutcome(till.attempt, till.approved(9900)))
    return till


def sold() -> Till:
    till = Till()
    till.scan(MILK)
    till.pay_by_card()
    till.take_receipt()
    return till


def reversal(till: Till, kind: OutcomeKind = OutcomeKind.REVERSED, text: str = "") -> None:
    till.send()
    till.do(c.ReportOutcome(till.attempt, Outcome(kind=kind, text=text)))


# Parts ----------------------------------------------------------------------------------------------------------------


def test_a_gift_card_pays_what_it_holds_and_the_card_pays_the_rest() -> None:
    till = split()
    assert (till.sale.paid, till.sale.due) == (nok(2000), nok(3480))
    till.pay()
    assert till.running.intent.amount == nok(3480)
    till.send()
    till.outcome(OutcomeKind.APPROVED)
    (sale,) = till.of(e.TransactionCompleted)
    assert [(tender.type, tender.amount.minor) for tender in sale.tenders] == [("gift_card", 2000), ("card", 3480)]


def test_a_card_that_takes_less_than_was_asked_for_pays_nothing() -> None:
    till = Till()
    till.scan(MILK)
    till.pay()
    till.send()
    till.do(c.ReportOutcome(till.attempt, till.approved(1000)))
    assert till.sale.paid == nok(0)
    assert till.running.intent.kind is IntentKind.REVERSE


def test_a_refused_second_part_leaves_the_first_one_paid() -> None:
    till = split()
    till.pay()
    till.send()
    till.outcome(OutcomeKind.DECLINED)
    assert (till.sale.paid, till.checkout.state) == (nok(2000), TransactionState.TENDERING)
    assert reason(till.do(c.ReturnToItems())) is Reason.PAYMENT_RUNNING
    assert reason(till.do(c.VoidTransaction(c.VoidReason.CUSTOMER))) is Reason.PAYMENT_RUNNING


def test_more_than_what_is_left_cannot_be_asked_for() -> None:
    till = split()
    assert reason(till.do(c.RequestPayment(TenderType.CARD, nok(3481)))) is Reason.NOTHING_TO_PAY
    assert reason(till.do(c.RequestPayment(TenderType.CARD, nok(0)))) is Reason.NOTHING_TO_PAY


def test_undo_gives_every_part_back_by_the_tender_that_paid_it_the_newest_first() -> None:
    till = split()
    till.do(c.RequestPayment(TenderType.CARD, nok(1000)))
    till.send()
    till.outcome(OutcomeKind.APPROVED)
    till.do(c.UndoPayments())
    first = till.running.intent
    assert (first.kind, first.device, first.amount) == (IntentKind.REVERSE, "terminal", nok(1000))
    assert first.original is not None
    reversal(till)
    second = till.running.intent
    assert (second.device, second.amount) == ("gifts", nok(2000))
    reversal(till)
    assert (till.sale.paid, till.sale.running) == (nok(0), None)
    assert [p.state for p in till.sale.payments if p.intent.kind is IntentKind.PAY] == [PaymentState.REVERSED] * 2
    till.do(c.ReturnToItems())
    assert till.checkout.state is TransactionState.OPEN


def test_a_payment_that_is_being_undone_pays_for_nothing() -> None:
    till = split()
    till.do(c.UndoPayments())
    till.send()
    assert till.sale.payments[0].state is PaymentState.REVERSING
    assert till.sale.paid == nok(0)
    assert reason(till.do(c.RequestPayment(TenderType.CARD))) is Reason.PAYMENT_RUNNING


@pytest.mark.parametrize("kind", [OutcomeKind.NOT_CHARGED, OutcomeKind.CANCELLED])
def test_a_part_that_could_not_be_undone_now_stands_and_can_be_undone_later(kind: OutcomeKind) -> None:
    till = split()
    till.do(c.UndoPayments())
    reversal(till, kind)
    assert (till.sale.paid, till.checkout.help_called) == (nok(2000), True)
    till.do(c.UndoPayments())
    reversal(till)
    assert till.sale.paid == nok(0)


def test_a_part_that_its_device_cannot_undo_is_owed_to_the_customer() -> None:
    till = split()
    till.do(c.UndoPayments())
    reversal(till, OutcomeKind.DECLINED, "after the end of day")
    (due,) = till.of(e.RefundDue)
    assert (due.amount, due.device, due.tender) == (nok(2000), "gifts", TenderType.GIFT_CARD)
    assert till.sale.paid == nok(0)
    assert till.checkout.help_called


def test_a_reversal_whose_answer_is_lost_is_looked_up_and_never_sent_again() -> None:
    till = split()
    till.do(c.UndoPayments())
    till.send()
    till.outcome(OutcomeKind.UNKNOWN, "line dropped")
    assert till.checkout.state is TransactionState.IN_DOUBT
    assert len([x for x in till.effects if isinstance(x, Authorise)]) == 2
    assert [x.intent.kind for x in till.effects if isinstance(x, LookUp)] == [IntentKind.REVERSE]
    till.outcome(OutcomeKind.REVERSED)
    assert (till.checkout.state, till.sale.paid) == (TransactionState.TENDERING, nok(0))


# Wrong amounts --------------------------------------------------------------------------------------------------------


def test_a_charge_of_another_amount_is_reversed_at_once_and_never_released() -> None:
    till = wrong_amount()
    undo = till.running
    assert (undo.intent.kind, undo.intent.amount, undo.reason) == (IntentKind.REVERSE, nok(9900), UndoReason.MISFIT)
    assert not till.of(e.TransactionCompleted)
    reversal(till)
    assert till.sale.paid == nok(0)
    till.pay_by_card()
    assert till.checkout.state is TransactionState.TENDERED


@pytest.mark.parametrize("said_again", [True, False])
def test_a_charge_that_must_not_stand_is_reversed_at_once_also_if_only_its_record_says_so(said_again: bool) -> None:
    till = Till()
    till.scan(MILK)
    till.pay()
    till.send()
    unsigned = replace(till.approved(), unfit="nobody checked the signature")
    assert not till.record(Result(unsigned))
    till.do(c.ReportOutcome(till.attempt, unsigned if said_again else till.approved()))
    assert not till.of(e.TransactionCompleted)
    assert (till.running.intent.kind, till.running.intent.amount) == (IntentKind.REVERSE, nok(2290))
    till.restart()
    assert till.sale.paid == nok(0)


@pytest.mark.parametrize("kind", [OutcomeKind.NOT_CHARGED, OutcomeKind.DECLINED, OutcomeKind.CANCELLED])
def test_a_wrong_charge_that_cannot_be_reversed_is_owed(kind: OutcomeKind) -> None:
    till = wrong_amount()
    reversal(till, kind)
    assert [due.amount for due in till.of(e.RefundDue)] == [nok(9900)]
    assert list(till.checkout.refunds) == [till.sale.payments[0].intent.attempt]


def test_a_reversal_that_a_power_cut_kept_from_being_sent_is_begun_anew() -> None:
    till = wrong_amount()
    before = till.attempt
    till.restart()
    assert till.running.intent.kind is IntentKind.REVERSE
    assert till.attempt != before
    reversal(till)
    assert till.sale.payments[0].state is PaymentState.REVERSED


# Refunds that are due -------------------------------------------------------------------------------------------------


def owing() -> Till:
    till = wrong_amount()
    reversal(till, OutcomeKind.DECLINED)
    till.sign_on()
    return till


def test_money_that_is_due_is_given_back_by_the_device_that_took_it() -> None:
    till = owing()
    (attempt,) = till.checkout.refunds
    till.do(c.RefundPayment(attempt))
    (task,) = till.checkout.refunds.values()
    assert task.running is not None
    assert (task.running.intent.kind, task.running.intent.amount) == (IntentKind.REFUND, nok(9900))
    refund = task.running.intent.attempt
    till.do(c.RecordPayment(refund, Sending(), lambda _: None))
    till.do(c.ReportOutcome(refund, Outcome(kind=OutcomeKind.APPROVED, amount=nok(9900))))
    assert not till.checkout.refunds
    assert till.sale.payments[0].state is PaymentState.REVERSED


def test_staff_may_give_it_back_themselves_and_put_their_name_to_it() -> None:
    till = owing()
    (attempt,) = till.checkout.refunds
    till.do(c.ResolvePayment(attempt, c.PaymentDecision.GIVEN_BACK, "cash from the drawer"))
    assert not till.checkout.refunds
    assert [(x.operator, x.decision) for x in till.of(e.PaymentResolved)] == [("kari", "given_back")]


def test_nobody_gives_money_back_who_is_not_signed_on() -> None:
    till = owing()
    (attempt,) = till.checkout.refunds
    till.do(c.SignOff())
    assert reason(till.do(c.RefundPayment(attempt))) is Reason.NOT_SIGNED_ON
    given = c.ResolvePayment(attempt, c.PaymentDecision.GIVEN_BACK, "cash")
    assert reason(till.do(given)) is Reason.NOT_SIGNED_ON


def test_a_refund_in_doubt_is_looked_up_and_no_second_one_begins() -> None:
    till = owing()
    (attempt,) = till.checkout.refunds
    till.do(c.RefundPayment(attempt))
    refund = till.attempt
    till.do(c.RecordPayment(refund, Sending(), lambda _: None))
    till.do(c.ReportOutcome(refund, Outcome(kind=OutcomeKind.UNKNOWN, text="line dropped")))
    assert reason(till.do(c.RefundPayment(attempt))) is Reason.PAYMENT_RUNNING
    assert reason(till.do(c.ResolvePayment(attempt, c.PaymentDecision.GIVEN_BACK, "cash"))) is Reason.NOT_NOW
    assert [effect.intent.attempt for effect in till.restart() if isinstance(effect, LookUp)] == [refund]
    till.do(c.ReportOutcome(refund, Outcome(kind=OutcomeKind.NOT_CHARGED)))
    assert list(till.checkout.refunds) == [attempt]
    till.sign_on()
    till.do(c.RefundPayment(attempt))
    assert till.attempt != refund


def test_a_refund_that_a_power_cut_kept_from_being_sent_waits_for_staff() -> None:
    till = owing()
    (attempt,) = till.checkout.refunds
    till.do(c.RefundPayment(attempt))
    till.restart()
    assert till.sale.running is None
    assert list(till.checkout.refunds) == [attempt]
    till.sign_on()
    till.do(c.ResolvePayment(attempt, c.PaymentDecision.GIVEN_BACK, "cash"))
    assert not till.checkout.refunds


def test_goods_are_not_scanned_into_a_sale_that_is_being_undone() -> None:
    till = sold()
    till.sign_on()
    till.do(c.PostVoid("wrong goods"))
    assert reason(till.do(c.ScanCode(MILK))) is Reason.PAYMENT_RUNNING


def test_a_reversal_that_shows_up_after_staff_denied_it_is_told_to_staff() -> None:
    till = split()
    till.do(c.UndoPayments())
    till.send()
    till.outcome(OutcomeKind.UNKNOWN)
    undo = till.attempt
    till.sign_on()
    till.do(c.ResolvePayment(undo, c.PaymentDecision.WAS_NOT_PAID, "nothing in the terminal's journal"))
    till.do(c.ReportOutcome(undo, Outcome(kind=OutcomeKind.REVERSED)))
    assert till.of(e.HelpCalled)[-1].code.startswith("20.00 NOK given back after all")


def test_a_refund_that_shows_up_keeps_the_next_one_from_being_sent() -> None:
    till = owing()
    (attempt,) = till.checkout.refunds
    till.do(c.RefundPayment(attempt))
    first = till.attempt
    till.do(c.RecordPayment(first, Sending(), lambda _: None))
    till.do(c.ReportOutcome(first, Outcome(kind=OutcomeKind.UNKNOWN)))
    till.do(c.ResolvePayment(first, c.PaymentDecision.WAS_NOT_PAID, "not in the journal"))
    till.do(c.RefundPayment(attempt))
    second = till.attempt
    till.do(c.ReportOutcome(first, Outcome(kind=OutcomeKind.APPROVED, amount=nok(9900))))
    assert reason(till.do(c.RecordPayment(second, Sending(), lambda _: None))) is Reason.NOT_NOW


def test_a_debt_outlives_its_transaction_and_the_business_day() -> None:
    till = owing()
    (attempt,) = till.checkout.refunds
    till.do(c.VoidTransaction(c.VoidReason.STAFF))
    till.day = till.now.date() + timedelta(days=1)
    till.scan(MILK)
    opened = till.of(e.DayOpened)[-1]
    assert [due.attempt for due in opened.refunds_due] == [attempt]
    yesterday = next(i for i, (event, _) in enumerate(till.journal) if event is opened)
    del till.journal[:yesterday]
    till.restart()
    assert list(till.checkout.refunds) == [attempt]


def test_the_next_customer_pays_while_money_is_due_to_another() -> None:
    till = owing()
    till.do(c.VoidTransaction(c.VoidReason.STAFF))
    till.do(c.SignOff())
    till.scan(MILK)
    till.pay_by_card()
    assert till.checkout.state is TransactionState.TENDERED


# Post-void ------------------------------------------------------------------------------------------------------------


def test_a_post_void_gives_the_money_of_a_whole_sale_back_and_takes_the_goods_back() -> None:
    till = sold()
    till.sign_on()
    till.do(c.PostVoid("wrong goods"))
    assert (till.checkout.state, till.running.intent.amount) == (TransactionState.POST_VOIDING, nok(2290))
    reversal(till)
    (undone,) = till.of(e.TransactionPostVoided)
    assert (undone.total, undone.operator, dict(undone.stock)) == (nok(2290), "kari", {"milk": 1})
    assert (till.checkout.sales, till.checkout.takings, till.checkout.last_sale) == (0, nok(0), None)


def test_a_sale_whose_reversal_was_never_sent_stands() -> None:
    till = sold()
    till.sign_on()
    till.do(c.PostVoid("wrong goods"))
    till.outcome(OutcomeKind.NOT_CHARGED, "no connection")
    assert (till.checkout.state, till.checkout.sales) == (TransactionState.TENDERED, 1)
    assert till.sale.payments[0].state is PaymentState.RELEASED
    assert not till.of(e.TransactionPostVoided)


def test_a_sale_whose_terminal_cannot_reverse_any_more_is_undone_and_its_money_is_due() -> None:
    till = sold()
    till.sign_on()
    till.do(c.PostVoid("wrong goods"))
    reversal(till, OutcomeKind.DECLINED, "settled")
    assert [due.amount for due in till.of(e.RefundDue)] == [nok(2290)]
    assert len(till.of(e.TransactionPostVoided)) == 1


def test_a_post_void_goes_on_after_a_restart() -> None:
    till = sold()
    till.sign_on()
    till.do(c.PostVoid("wrong goods"))
    till.send()
    till.restart()
    assert till.checkout.state is TransactionState.POST_VOIDING
    till.outcome(OutcomeKind.REVERSED)
    assert len(till.of(e.TransactionPostVoided)) == 1


def sold_in_parts(**rules: object) -> Till:
    """A sale of which a gift card paid the first part and the card the rest; somebody of the staff is signed on."""
    till = split(**rules)
    till.pay_by_card()
    till.take_receipt()
    till.sign_on()
    return till


def test_a_sale_of_which_a_part_is_owed_already_does_not_stand() -> None:
    till = sold_in_parts()
    till.do(c.PostVoid("wrong goods"))
    reversal(till, OutcomeKind.DECLINED, "settled")
    till.outcome(OutcomeKind.NOT_CHARGED, "no connection")
    assert [due.amount for due in till.of(e.RefundDue)] == [nok(3480), nok(2000)]
    assert len(till.of(e.TransactionPostVoided)) == 1
    assert not till.of(e.PostVoidEnded)


def test_a_part_that_was_undone_before_the_sale_is_no_beginning_of_its_post_void() -> None:
    till = split()
    till.do(c.UndoPayments())
    reversal(till)
    till.pay_by_card()
    till.take_receipt()
    till.sign_on()
    till.do(c.PostVoid("wrong goods"))
    till.outcome(OutcomeKind.NOT_CHARGED, "no connection")
    assert (till.checkout.state, till.checkout.sales) == (TransactionState.TENDERED, 1)
    assert not till.of(e.RefundDue)


def test_no_refund_gets_in_the_way_of_a_sale_that_is_being_undone() -> None:
    till = split()
    till.do(c.UndoPayments())
    reversal(till, OutcomeKind.DECLINED, "not any more")
    debt = next(iter(till.checkout.refunds))
    till.do(c.RequestPayment(TenderType.GIFT_CARD))
    till.send()
    till.do(c.ReportOutcome(till.attempt, till.approved(2000)))
    till.pay_by_card()
    till.take_receipt()
    till.sign_on()
    till.do(c.PostVoid("wrong goods"))
    assert till.running.intent.device == "terminal"
    assert reason(till.do(c.RefundPayment(debt))) is Reason.PAYMENT_RUNNING
    reversal(till)
    assert (till.running.intent.device, till.running.intent.kind) == ("gifts", IntentKind.REVERSE)
    reversal(till)
    assert len(till.of(e.TransactionPostVoided)) == 1
    assert till.do(c.RefundPayment(debt))[0].attempt == till.attempt


@pytest.mark.parametrize("why", ["nobody is signed on", "a customer is busy", "no reason", "no sale"])
def test_a_post_void_is_refused(why: str) -> None:
    till = Till() if why == "no sale" else sold()
    if why == "a customer is busy":
        till.scan(MILK)
    if why != "nobody is signed on":
        till.sign_on()
    before = till.checkout
    assert reason(till.do(c.PostVoid(" " if why == "no reason" else "wrong goods")))
    assert till.checkout == before


# After a restart ------------------------------------------------------------------------------------------------------


def found_paid(policy: AfterRestart) -> Till:
    till = Till(after_restart=policy)
    till.scan(MILK)
    till.pay()
    till.send()
    till.restart()
    till.outcome(OutcomeKind.APPROVED)
    return till


def test_a_sale_that_a_restart_finds_paid_is_complete() -> None:
    assert found_paid(AfterRestart.COMPLETE).checkout.state is TransactionState.TENDERED


def test_a_machine_that_hands_out_goods_gives_the_money_back() -> None:
    till = found_paid(AfterRestart.REVERSE)
    assert not till.of(e.TransactionCompleted)
    assert till.running.reason is UndoReason.RESTART
    reversal(till)
    assert till.sale.paid == nok(0)


def test_where_staff_are_asked_they_hand_the_goods_over_or_give_the_money_back() -> None:
    till = found_paid(AfterRestart.ASK)
    assert reason(till.do(c.CompleteSale())) is Reason.NOT_SIGNED_ON
    assert reason(till.do(c.RequestPayment(TenderType.CARD))) is Reason.NOTHING_TO_PAY
    till.sign_on()
    till.do(c.CompleteSale())
    assert len(till.of(e.TransactionCompleted)) == 1
    other = found_paid(AfterRestart.ASK)
    other.do(c.UndoPayments())
    reversal(other)
    assert other.sale.paid == nok(0)


def test_an_outcome_that_came_without_a_restart_is_not_asked_about() -> None:
    till = Till(after_restart=AfterRestart.ASK)
    till.scan(MILK)
    till.pay_by_card()
    assert till.checkout.state is TransactionState.TENDERED
