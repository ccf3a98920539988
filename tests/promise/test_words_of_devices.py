"""Whatever a device says, and in whatever order: an attempt comes to an end, and staff hear of a doubt."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.core import commands as c
from appliance.core import events as e
from appliance.core.checkout import TransactionState
from appliance.core.payment import OutcomeKind, PaymentState, Result, TenderType
from tests.core.till import BEER, MILK, Till


def approved_on_record() -> Till:
    """Give a till whose terminal has said yes; the yes is on disk, the end is not there yet."""
    till = Till()
    till.scan(MILK)
    till.pay()
    till.send()
    assert till.record(Result(till.approved()))
    return till


@pytest.mark.parametrize("kind", [OutcomeKind.CANCELLED, OutcomeKind.DECLINED])
def test_a_yes_on_record_that_ends_in_a_no_is_looked_up_not_believed(kind: OutcomeKind) -> None:
    till = approved_on_record()
    till.outcome(kind)
    assert till.checkout.state is TransactionState.IN_DOUBT
    till.outcome(kind)
    assert till.sale.payments[0].state is PaymentState(kind.value)
    assert till.checkout.state is TransactionState.TENDERING


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["send", "yes", "restart", *OutcomeKind]), max_size=6), st.sampled_from(OutcomeKind))
def test_no_order_of_words_leaves_an_attempt_that_cannot_end(words: list[str], last: OutcomeKind) -> None:
    till = Till()
    till.scan(MILK)
    till.pay()
    for word in words:
        match word:
            case "send":
                till.send()
            case "yes":
                till.record(Result(till.approved()))
            case "restart":
                till.restart()
            case kind:
                till.outcome(OutcomeKind(kind))
    till.outcome(last)
    till.outcome(last)
    running = till.sale.running
    if running is not None:
        assert till.checkout.state is TransactionState.IN_DOUBT
        till.sign_on()
        till.do(c.ResolvePayment(running.intent.attempt, c.PaymentDecision.WAS_NOT_PAID, "terminal log"))
    assert till.sale.running is None
    assert len(till.of(e.TransactionCompleted)) == len(till.of(e.PaymentConfirmed)) <= 1
    if not till.of(e.TransactionCompleted):
        till.do(c.RequestPayment(TenderType.CARD))
        assert till.sale.payment.state is PaymentState.INTENT


def staff_at_the_till() -> Till:
    """Give a till whose staff came for an approval, allowed it, and are still signed on while the customer pays."""
    till = Till()
    till.scan(BEER)
    till.do(c.CallHelp())
    till.sign_on()
    till.do(c.GrantApproval(till.sale.lines[0].line))
    assert till.checkout.help_acknowledged
    till.pay()
    till.send()
    return till


def test_a_doubt_calls_staff_though_they_have_answered_another_call() -> None:
    till = staff_at_the_till()
    till.outcome(OutcomeKind.UNKNOWN)
    assert (till.checkout.help_acknowledged, till.checkout.help_code) == (False, "payment")


def test_a_doubt_after_a_power_cut_calls_staff_though_they_had_answered_another_call() -> None:
    till = staff_at_the_till()
    till.restart()
    assert till.checkout.operator is None
    assert (till.checkout.help_acknowledged, till.checkout.help_code) == (False, "payment")
