"""Money: one attempt at a time, doubt is never charged again, and goods leave only for confirmed payments."""

from __future__ import annotations

import pytest

from appliance.core import commands as c
from appliance.core import events as e
from appliance.core.checkout import Reason, Rejection, TransactionState
from appliance.core.effects import Authorise, CancelAttempt, LookUp, PrintReceipt
from appliance.core.money import Money
from appliance.core.payment import OutcomeKind, PaymentState, Progress, Result, TenderType
from tests.core.test_selling import reason
from tests.core.till import BEER, MILK, NOK, SODA, Till


def paying() -> Till:
    till = Till()
    till.scan(MILK, SODA)
    till.pay()
    return till


def test_the_intent_is_journalled_with_its_baseline_before_it_is_sent_to_the_device() -> None:
    till = paying()
    requested = till.of(e.PaymentRequested)[0]
    assert (requested.amount, requested.baseline) == (Money(2290 + 3190, NOK), {"receipt": "0152"})
    assert [x.intent.attempt for x in till.effects if isinstance(x, Authorise)] == [requested.attempt]


def test_an_approved_card_completes_the_sale_with_everything_the_receipt_and_the_hub_need() -> None:
    till = Till()
    till.scan(MILK, SODA)
    till.pay_by_card()
    sale = till.of(e.TransactionCompleted)[0]
    assert sale.total == Money(5480, NOK)
    assert [(line.sku, line.type) for line in sale.lines] == [
        ("milk", "sale"),
        ("soda", "sale"),
        ("deposit-2", "deposit"),
    ]
    assert sum(t.gross.minor for t in sale.taxes) == 5480
    assert [(t.type, t.amount.minor, t.masked_pan) for t in sale.tenders] == [("card", 5480, "************4321")]
    assert dict(sale.stock) == {"deposit-2": -1, "milk": -1, "soda": -1}
    assert till.sale.payments[0].state is PaymentState.RELEASED


def test_a_second_payment_cannot_start_while_the_first_is_open() -> None:
    till = paying()
    assert reason(till.do(c.RequestPayment(TenderType.CARD))) is Reason.PAYMENT_RUNNING
    till.send()
    assert reason(till.do(c.RequestPayment(TenderType.CARD))) is Reason.PAYMENT_RUNNING
    till.outcome(OutcomeKind.UNKNOWN)
    assert reason(till.do(c.RequestPayment(TenderType.CARD))) is Reason.PAYMENT_RUNNING


@pytest.mark.parametrize(
    "command",
    [c.ScanCode(MILK), c.ReturnToItems(), c.VoidTransaction(c.VoidReason.CUSTOMER)],
    ids=lambda x: type(x).__name__,
)
def test_nothing_interferes_with_a_running_payment(command: c.Command) -> None:
    till = paying()
    till.send()
    before = till.checkout
    assert reason(till.do(command)) is Reason.PAYMENT_RUNNING
    assert till.checkout == before


def test_a_command_is_sent_once_only() -> None:
    till = paying()
    assert till.send()
    assert not till.send()


@pytest.mark.parametrize(
    "kind", [OutcomeKind.DECLINED, OutcomeKind.CANCELLED, OutcomeKind.NOT_CHARGED, OutcomeKind.REVERSED]
)
def test_after_a_refusal_the_customer_tries_again_or_goes_back_to_the_items(kind: OutcomeKind) -> None:
    till = paying()
    till.send()
    till.outcome(kind)
    assert till.checkout.state is TransactionState.TENDERING
    first = till.attempt
    till.pay()
    assert till.attempt != first
    till.send()
    till.outcome(kind)
    till.do(c.ReturnToItems())
    assert till.checkout.state is TransactionState.OPEN
    till.scan(MILK)


def test_a_lost_answer_calls_staff_is_looked_up_and_never_charged_again() -> None:
    till = paying()
    till.send()
    till.outcome(OutcomeKind.UNKNOWN, "line dropped")
    assert till.checkout.state is TransactionState.IN_DOUBT
    assert till.checkout.help_called
    assert [type(x) for x in till.effects].count(Authorise) == 1
    assert [type(x) for x in till.effects].count(LookUp) == 1
    till.outcome(OutcomeKind.UNKNOWN, "still nothing")
    assert len(till.of(e.PaymentOutcomeLost)) == 1
    till.outcome(OutcomeKind.APPROVED)
    assert till.checkout.state is TransactionState.TENDERED


def test_an_answer_that_comes_twice_releases_once() -> None:
    till = paying()
    till.send()
    till.outcome(OutcomeKind.APPROVED)
    assert reason(till.outcome(OutcomeKind.APPROVED)) is Reason.NOT_NOW
    assert len(till.of(e.TransactionCompleted)) == 1


def test_a_repeated_yes_of_the_device_is_recorded_once_and_answered_again() -> None:
    till = paying()
    till.send()
    assert till.record(Result(till.approved()))
    assert till.record(Result(till.approved()))
    assert len(till.of(e.PaymentApproved)) == 1


def test_a_yes_for_another_amount_is_kept_and_refused_and_looked_up_with_what_is_known_of_it() -> None:
    till = paying()
    till.send()
    assert not till.record(Result(till.approved(minor=1)))
    assert len(till.of(e.PaymentApproved)) == 1
    till.outcome(OutcomeKind.UNKNOWN, "the device was told to undo it")
    assert till.checkout.state is TransactionState.IN_DOUBT
    (question,) = [effect for effect in till.effects if isinstance(effect, LookUp)]
    assert question.evidence.charged == Money(1, NOK)
    assert question.evidence.reference == till.approved().reference
    assert not till.of(e.TransactionCompleted)


def test_a_device_that_fails_before_sending_has_charged_nothing() -> None:
    till = paying()
    till.outcome(OutcomeKind.UNKNOWN, "no connection")
    assert till.sale.payments[0].state is PaymentState.NOT_CHARGED


def test_cancel_is_only_a_request_and_an_approval_after_it_counts() -> None:
    till = paying()
    till.send()
    assert reason(till.do(c.CancelPayment())) is Reason.CANNOT_CANCEL
    till.do(c.ReportProgress(till.attempt, Progress.PRESENT_CARD, may_cancel=True))
    till.do(c.CancelPayment())
    assert CancelAttempt(till.attempt) in till.effects
    assert till.checkout.state is TransactionState.TENDERING
    till.outcome(OutcomeKind.APPROVED)
    assert till.checkout.state is TransactionState.TENDERED


@pytest.mark.parametrize(
    ("decision", "state"),
    [
        (c.PaymentDecision.WAS_PAID, TransactionState.TENDERED),
        (c.PaymentDecision.WAS_NOT_PAID, TransactionState.TENDERING),
    ],
)
def test_a_person_decides_a_payment_in_doubt_by_name(decision: c.PaymentDecision, state: TransactionState) -> None:
    till = paying()
    till.send()
    till.outcome(OutcomeKind.UNKNOWN)
    resolve = c.ResolvePayment(till.attempt, decision, "terminal log, receipt 0153")
    assert reason(till.do(resolve)) is Reason.NOT_SIGNED_ON
    till.sign_on()
    till.do(resolve)
    assert till.checkout.state is state
    assert till.of(e.PaymentResolved)[0].operator == "kari"


def test_a_payment_that_a_person_takes_for_unpaid_is_stopped_also_after_a_restart() -> None:
    till = Till()
    till.scan(MILK)
    till.pay()
    till.send()
    till.outcome(OutcomeKind.UNKNOWN)
    till.sign_on()
    till.do(c.ResolvePayment(till.attempt, c.PaymentDecision.WAS_NOT_PAID, "the phone shows nothing"))
    assert CancelAttempt(till.attempt) in till.effects
    assert CancelAttempt(till.attempt) in till.restart()


def test_a_sale_that_waits_for_staff_or_costs_nothing_is_not_paid() -> None:
    till = Till()
    assert reason(till.do(c.RequestPayment(TenderType.CARD))) is Reason.NOTHING_TO_PAY
    till.scan(BEER)
    assert reason(till.do(c.RequestPayment(TenderType.CARD))) is Reason.APPROVAL_NEEDED


def test_a_tender_that_does_not_work_is_refused() -> None:
    till = Till()
    till.scan(MILK)
    till.device("terminal", "CAT", c.Health.OFFLINE)
    assert reason(till.do(c.RequestPayment(TenderType.CARD))) is Reason.TENDER_NOT_AVAILABLE


# After a power cut ---------------------------------------------------------------------------------------------------


def test_an_intent_that_was_never_sent_is_not_charged_after_a_restart() -> None:
    till = paying()
    assert till.restart() == []
    assert till.sale.payments[0].state is PaymentState.NOT_CHARGED


@pytest.mark.parametrize("approved", [False, True])
def test_a_sent_intent_is_in_doubt_after_a_restart_and_looked_up(approved: bool) -> None:
    till = paying()
    till.send()
    if approved:
        till.record(Result(till.approved()))
    effects = till.restart()
    assert till.checkout.state is TransactionState.IN_DOUBT
    assert [(type(effect), effect.intent) for effect in effects] == [(LookUp, till.sale.payments[0].intent)]
    again = till.restart()
    assert again == effects
    assert len(till.of(e.PaymentOutcomeLost)) == 1


def test_a_confirmed_payment_and_its_sale_are_one_commit() -> None:
    till = paying()
    till.send()
    events = till.outcome(OutcomeKind.APPROVED)
    assert not isinstance(events, Rejection)
    assert [type(event) for event in events] == [e.PaymentConfirmed, e.TransactionCompleted]


# The receipt ----------------------------------------------------------------------------------------------------------


def sold() -> Till:
    till = Till()
    till.scan(MILK)
    till.pay_by_card()
    return till


def test_paper_is_issued_when_the_printer_has_confirmed_it() -> None:
    till = sold()
    till.do(c.ChooseReceipt(c.ReceiptKind.PAPER))
    (job,) = [x for x in till.effects if isinstance(x, PrintReceipt)]
    assert (job.job, job.copy) == (f"{till.sale.id}#0", 0)
    assert not till.of(e.ReceiptIssued)
    till.do(c.ReportPrint(job.job, c.PrintResult.PRINTED))
    assert till.of(e.ReceiptIssued)[0].result is c.PrintResult.PRINTED
    till.do(c.FinishSale())
    assert till.checkout.transaction is None


def test_a_printer_that_failed_leaves_the_choice_open_and_prints_no_copy() -> None:
    till = sold()
    till.do(c.ChooseReceipt(c.ReceiptKind.PAPER))
    till.do(c.ReportPrint(f"{till.sale.id}#0", c.PrintResult.FAILED, "no paper"))
    till.do(c.ChooseReceipt(c.ReceiptKind.PAPER))
    assert [x.copy for x in till.effects if isinstance(x, PrintReceipt)] == [0, 0]


def test_after_a_print_cut_in_the_middle_the_next_paper_is_a_copy() -> None:
    till = sold()
    till.do(c.ChooseReceipt(c.ReceiptKind.PAPER))
    till.restart()
    assert till.of(e.ReceiptIssued)[0].result is c.PrintResult.UNKNOWN
    till.do(c.ChooseReceipt(c.ReceiptKind.PAPER))
    assert [x.copy for x in till.effects if isinstance(x, PrintReceipt)] == [0, 1]


def test_without_paper_the_printer_is_no_choice() -> None:
    till = sold()
    till.device("printer", "POSPrinter", c.Health.ONLINE, c.Condition.PAPER_OUT)
    assert reason(till.do(c.ChooseReceipt(c.ReceiptKind.PAPER))) is Reason.RECEIPT_NOT_AVAILABLE
    till.do(c.ChooseReceipt(c.ReceiptKind.DIGITAL))
    till.do(c.FinishSale())
    assert till.of(e.ReceiptIssued)[0].result is c.PrintResult.SENT


def test_the_next_scan_takes_the_default_receipt_and_starts_the_next_sale() -> None:
    till = sold()
    first = till.sale.id
    till.scan(MILK)
    assert till.of(e.ReceiptChosen)[0].transaction == first
    assert till.sale.id.sequence == first.sequence + 1
    till.do(c.ReportPrint(f"{first}#0", c.PrintResult.PRINTED))
    assert till.of(e.ReceiptIssued)[0].transaction == first
    assert till.checkout.state is TransactionState.OPEN


def test_a_shop_that_must_give_a_receipt_lets_nobody_go_without_one() -> None:
    till = Till(receipts=(c.ReceiptKind.PAPER,))
    till.scan(MILK)
    till.pay_by_card()
    till.device("printer", "POSPrinter", c.Health.OFFLINE)
    assert reason(till.do(c.FinishSale())) is Reason.RECEIPT_NOT_AVAILABLE
    assert reason(till.do(c.ScanCode(MILK))) is Reason.RECEIPT_NOT_AVAILABLE
    till.device("printer", "POSPrinter")
    till.do(c.FinishSale())
    assert till.checkout.printing


def test_staff_reprint_the_last_receipt_as_a_copy() -> None:
    till = sold()
    till.take_receipt()
    till.do(c.FinishSale())
    assert reason(till.do(c.ReprintReceipt())) is Reason.NOT_SIGNED_ON
    till.sign_on()
    till.do(c.ReprintReceipt())
    assert [x.copy for x in till.effects if isinstance(x, PrintReceipt)] == [0, 1]
