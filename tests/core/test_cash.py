"""Cash: rounding as its own line, change, parts; and what an acceptor counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core import commands as c
from appliance.core import events as e
from appliance.core.cash import rounded
from appliance.core.checkout import AfterRestart, Reason, TransactionState
from appliance.core.effects import Authorise, KickDrawer, LookUp
from appliance.core.identifiers import Gtin
from appliance.core.money import Money
from appliance.core.payment import CHANGE_DUE, CashCredit, Outcome, OutcomeKind, PaymentState, TenderType
from tests.core.test_selling import reason
from tests.core.till import MILK, NOK, SODA, Book, Till, item

MILK_GTIN = Gtin.parse(MILK)
ANY = st.integers(-(10**9), 10**9)


def nok(minor: int) -> Money:
    return Money(minor, NOK)


def stall(minor: int = 29540, **rules: object) -> Till:
    """A staffed till with one item in the basket."""
    book = Book(items=(item("cheese", minor, gtins=(MILK_GTIN,)),))
    facts: dict[str, object] = {
        "tenders": (TenderType.CARD, TenderType.CASH),
        "unattended": False,
        "cash_step": 100,
    }
    till = Till(book, **{**facts, **rules})
    till.sign_on()
    till.scan(MILK)
    return till


def accepting() -> Till:
    till = Till(
        tenders=(TenderType.CASH,),
        tender_devices={TenderType.CASH: "acceptor"},
        cash_step=100,
    )
    till.device("acceptor", "CashChanger")
    till.scan(MILK, SODA)
    till.do(c.RequestPayment(TenderType.CASH))
    return till


@given(ANY, st.sampled_from([1, 5, 50, 100]))
def test_rounding_goes_to_the_nearest_coin_and_halves_go_away_from_zero(minor: int, step: int) -> None:
    found = rounded(nok(minor), step).minor
    assert found % step == 0
    assert 2 * abs(found - minor) <= step
    assert rounded(nok(-minor), step).minor == -found
    if 2 * abs(found - minor) == step:
        assert abs(found) > abs(minor)


@pytest.mark.parametrize(
    ("due", "to_pay"), [(29540, 29500), (29549, 29500), (29550, 29600), (18940, 18900), (29500, 29500)]
)
def test_cash_is_rounded_and_the_sale_its_tax_and_its_total_stay(due: int, to_pay: int) -> None:
    till = stall(due)
    till.do(c.TakeCash(nok(50000)))
    (sale,) = till.of(e.TransactionCompleted)
    (tender,) = sale.tenders
    assert (sale.total, sum(tax.gross.minor for tax in sale.taxes)) == (nok(due), due)
    assert (sale.rounding or nok(0)) == nok(to_pay - due)
    assert (tender.type, tender.amount, tender.given) == (TenderType.CASH, nok(to_pay), nok(50000))


def test_cash_is_one_commit_and_the_drawer_opens_after_it() -> None:
    till = stall()
    till.do(c.TakeCash(nok(30000)))
    assert till.checkout.state is TransactionState.TENDERED
    assert [type(x) for x in till.effects].count(KickDrawer) == 1
    assert not [x for x in till.effects if isinstance(x, Authorise)]
    assert till.restart() == []


def test_too_little_cash_is_a_part_and_the_rest_is_rounded_only_if_it_is_cash_too() -> None:
    till = stall()
    till.do(c.TakeCash(nok(20000)))
    assert (till.sale.paid, till.sale.due, till.sale.rounding) == (nok(20000), nok(9540), None)
    till.pay()
    assert till.running.intent.amount == nok(9540)
    till.send()
    till.outcome(OutcomeKind.DECLINED)
    till.do(c.TakeCash(nok(9500)))
    (sale,) = till.of(e.TransactionCompleted)
    assert [(t.type, t.amount.minor) for t in sale.tenders] == [("cash", 20000), ("cash", 9500)]
    assert sale.rounding == nok(-40)


def test_a_rest_below_half_a_coin_needs_no_coin() -> None:
    till = stall(2040)
    till.do(c.TakeCash(nok(2000)))
    (sale,) = till.of(e.TransactionCompleted)
    assert (sale.rounding, [t.amount.minor for t in sale.tenders]) == (nok(-40), [2000])


@pytest.mark.parametrize("given_minor", [0, -100])
def test_no_cash_is_no_payment(given_minor: int) -> None:
    assert reason(stall().do(c.TakeCash(nok(given_minor)))) is Reason.TOO_LITTLE


def test_only_staff_take_cash() -> None:
    till = stall()
    till.do(c.SignOff())
    assert reason(till.do(c.TakeCash(nok(50000)))) is Reason.NOT_SIGNED_ON


def test_cash_over_the_counter_is_not_taken_at_an_unattended_kiosk() -> None:
    till = stall(unattended=True)
    assert reason(till.do(c.TakeCash(nok(50000)))) is Reason.TENDER_NOT_AVAILABLE


def test_cash_cannot_be_taken_while_a_card_payment_runs_or_is_in_doubt() -> None:
    till = stall()
    till.pay()
    assert reason(till.do(c.TakeCash(nok(50000)))) is Reason.PAYMENT_RUNNING
    till.send()
    till.outcome(OutcomeKind.UNKNOWN)
    assert reason(till.do(c.TakeCash(nok(50000)))) is not None
    assert not till.of(e.TransactionCompleted)


def test_cash_parts_are_given_back_by_staff_at_once() -> None:
    till = stall()
    till.do(c.TakeCash(nok(20000)))
    till.do(c.UndoPayments())
    assert (till.sale.paid, till.sale.payments[0].state) == (nok(0), PaymentState.REVERSED)
    assert [type(x) for x in till.effects].count(KickDrawer) == 2
    till.do(c.SignOff())
    till.sign_on()
    till.do(c.TakeCash(nok(20000)))
    till.do(c.SignOff())
    assert reason(till.do(c.UndoPayments())) is Reason.NOT_SIGNED_ON


def test_a_cash_sale_is_undone_as_a_whole_at_once() -> None:
    till = stall()
    till.do(c.TakeCash(nok(30000)))
    till.take_receipt()
    till.do(c.PostVoid("wrong goods"))
    assert len(till.of(e.TransactionPostVoided)) == 1
    assert till.checkout.takings == nok(0)


# Acceptors ------------------------------------------------------------------------------------------------------------


def test_an_acceptor_is_asked_for_the_rounded_amount() -> None:
    till = accepting()
    assert (till.sale.total, till.running.intent.amount) == (nok(5480), nok(5500))
    assert till.sale.rounding == nok(20)


def test_every_coin_is_on_disk_before_the_acceptor_hears_that_we_know_and_counts_once() -> None:
    till = accepting()
    till.send()
    assert till.record(CashCredit(nok(2000), "17"))
    assert till.record(CashCredit(nok(2000), "17"))
    assert till.record(CashCredit(nok(1000), "18"))
    assert [event.amount.minor for event in till.of(e.CashCredited)] == [2000, 1000]
    assert sum(amount.minor for amount in till.running.credits.values()) == 3000


@pytest.mark.parametrize("amount", [nok(0), nok(-100)])
def test_a_credit_of_nothing_is_refused(amount: Money) -> None:
    till = accepting()
    till.send()
    assert not till.record(CashCredit(amount, "17"))


def test_no_coin_is_credited_before_the_acceptor_was_asked_for_any() -> None:
    assert not accepting().record(CashCredit(nok(2000), "17"))


def test_a_look_up_knows_the_credits_that_are_on_disk() -> None:
    till = accepting()
    till.send()
    till.record(CashCredit(nok(2000), "17"))
    asked = [effect for effect in till.restart() if isinstance(effect, LookUp)]
    assert [dict(effect.evidence.credits) for effect in asked] == [{"17": nok(2000)}]


def test_staff_are_called_to_a_customer_whose_change_was_not_paid_out() -> None:
    till = accepting()
    till.send()
    paid = Outcome(
        kind=OutcomeKind.APPROVED, amount=nok(5500), given=nok(10000), code=CHANGE_DUE, text="45.00 NOK of change"
    )
    till.do(c.ReportOutcome(till.attempt, paid))
    assert till.checkout.state is TransactionState.TENDERED
    assert (till.checkout.help_called, till.checkout.help_code) == (True, "45.00 NOK of change")


def test_cash_that_was_not_paid_takes_its_rounding_along() -> None:
    till = accepting()
    till.send()
    till.outcome(OutcomeKind.CANCELLED)
    assert (till.sale.rounding, till.sale.due) == (None, nok(5480))


def test_an_acceptor_that_keeps_a_part_has_taken_a_part() -> None:
    till = accepting()
    till.send()
    till.do(c.ReportOutcome(till.attempt, till.approved(3000)))
    assert (till.sale.paid, till.sale.due, till.sale.rounding) == (nok(3000), nok(2480), None)


def test_cash_that_a_power_cut_kept_from_being_asked_for_takes_its_rounding_along() -> None:
    till = accepting()
    assert till.sale.rounding == nok(20)
    till.restart()
    assert (till.sale.rounding, till.sale.due) == (None, nok(5480))


def change_of_mind() -> tuple[Till, Outcome]:
    """An acceptor's payment of a rounded sum that staff took for none; and what the machine says of it."""
    till = accepting()
    till.send()
    found = Outcome(kind=OutcomeKind.APPROVED, amount=nok(5500), given=nok(5500))
    till.outcome(OutcomeKind.UNKNOWN)
    till.sign_on()
    till.do(c.ResolvePayment(till.attempt, c.PaymentDecision.WAS_NOT_PAID, "looked into it"))
    assert till.sale.rounding is None
    return till, found


def test_cash_that_shows_up_after_staff_denied_it_brings_its_rounding_along() -> None:
    till, found = change_of_mind()
    for _ in range(2):
        till.do(c.ReportOutcome(till.attempt, found))
    (sale,) = till.of(e.TransactionCompleted)
    assert (sale.total, sale.rounding, [tender.amount for tender in sale.tenders]) == (nok(5480), nok(20), [nok(5500)])


def test_a_rounding_of_cash_that_cannot_be_given_back_pays_for_nothing() -> None:
    tenders = {TenderType.CARD: "terminal", TenderType.CASH: "acceptor"}
    till = Till(tenders=tuple(tenders), tender_devices=tenders, cash_step=100, after_restart=AfterRestart.REVERSE)
    till.device("acceptor", "CashChanger")
    till.scan(MILK, MILK, MILK)
    till.do(c.RequestPayment(TenderType.CASH))
    till.send()
    till.restart()
    till.do(c.ReportOutcome(till.attempt, till.approved(6900)))
    till.send()
    till.outcome(OutcomeKind.DECLINED, "it is empty")
    assert [due.amount for due in till.of(e.RefundDue)] == [nok(6900)]
    till.pay_by_card()
    (sale,) = till.of(e.TransactionCompleted)
    assert (sale.total, sale.rounding, [tender.amount for tender in sale.tenders]) == (nok(6870), None, [nok(6870)])
