"""What every tender device promises (drivers.TenderDevice)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import uuid4

import pytest

from appliance.core.identifiers import TransactionId
from appliance.core.money import Currency, Money
from appliance.core.payment import (
    NO_EVIDENCE,
    Evidence,
    Intent,
    IntentKind,
    Outcome,
    OutcomeKind,
    PaymentFact,
    ReceiptText,
    Result,
    Sending,
    TenderType,
)
from appliance.errors import DeviceError
from tests.contracts.benches import TENDERS, Bench

NOK = Currency.parse("NOK")


def intent(bench: Bench, minor: int = 18440) -> Intent:
    return Intent(
        attempt=uuid4(),
        transaction=TransactionId("store-01", "1", date(2026, 11, 23), 1),
        kind=IntentKind.PAY,
        device="it",
        tender=TenderType.CARD,
        amount=Money(minor, NOK),
        baseline=bench.device.baseline(),
    )


def pay(bench: Bench, what: Intent, facts: list[PaymentFact], *, durable: bool = True) -> Outcome:
    def record(fact: PaymentFact) -> bool:
        facts.append(fact)
        return durable

    verbs = {
        IntentKind.PAY: bench.device.authorise,
        IntentKind.REVERSE: bench.device.reverse,
        IntentKind.REFUND: bench.device.refund,
    }
    outcome: Outcome = verbs[what.kind](what, record, lambda *_: None)
    return outcome


def reversal(bench: Bench, paid: Outcome, *, with_baseline: bool = True) -> Intent:
    what = replace(intent(bench), kind=IntentKind.REVERSE, original=paid.reference)
    return what if with_baseline else replace(what, baseline=None)


def steps(facts: list[PaymentFact]) -> list[type]:
    """What was made durable, receipt texts left out: not every device gives them."""
    return [type(fact) for fact in facts if not isinstance(fact, ReceiptText)]


@pytest.mark.parametrize("bench", TENDERS, indirect=True)
class TestTenderDevice:
    def test_an_approval_is_for_the_amount_and_follows_sending(self, bench: Bench):
        bench.device.open()
        facts: list[PaymentFact] = []
        outcome = pay(bench, intent(bench), facts)
        assert (outcome.kind, outcome.amount) == (OutcomeKind.APPROVED, Money(18440, NOK))
        assert steps(facts) == [Sending, Result]

    def test_a_refusal_by_the_card_is_declined(self, bench: Bench):
        bench.device.open()
        bench.far.behave("decline 05")
        assert pay(bench, intent(bench), []).kind is OutcomeKind.DECLINED

    def test_what_cannot_be_recorded_is_never_sent(self, bench: Bench):
        bench.device.open()
        before = bench.far.books.balance()
        try:
            kind = pay(bench, intent(bench), [], durable=False).kind
        except DeviceError:
            kind = OutcomeKind.NOT_CHARGED
        assert kind is OutcomeKind.NOT_CHARGED
        assert bench.far.books.balance() == before

    def test_a_payment_can_be_looked_up_for_ever_and_moves_no_money(self, bench: Bench):
        bench.device.open()
        what = intent(bench)
        assert pay(bench, what, []).kind is OutcomeKind.APPROVED
        before = bench.far.books.balance()
        assert {bench.device.lookup(what, NO_EVIDENCE).kind for _ in range(3)} == {OutcomeKind.APPROVED}
        assert bench.far.books.balance() == before

    def test_the_baseline_moves_with_every_payment(self, bench: Bench):
        bench.device.open()
        first = bench.device.baseline()
        pay(bench, intent(bench), [])
        assert first is not None
        assert bench.device.baseline() != first

    def test_after_sending_nothing_is_raised_and_nothing_is_guessed(self, bench: Bench):
        bench.device.open()
        bench.far.behave("mute")
        facts: list[PaymentFact] = []
        assert pay(bench, intent(bench), facts).kind is OutcomeKind.UNKNOWN
        assert [type(fact) for fact in facts] == [Sending]

    @pytest.mark.parametrize("with_baseline", [True, False])
    def test_a_reversal_undoes_the_payment_and_follows_sending(self, bench: Bench, with_baseline: bool):
        bench.device.open()
        paid = pay(bench, intent(bench), [])
        facts: list[PaymentFact] = []
        undone = pay(bench, reversal(bench, paid, with_baseline=with_baseline), facts)
        assert (undone.kind, undone.amount) == (OutcomeKind.REVERSED, Money(18440, NOK))
        assert steps(facts) == [Sending, Result]
        assert bench.far.books.balance() == 0

    def test_a_reversal_that_cannot_be_recorded_is_never_sent(self, bench: Bench):
        bench.device.open()
        paid = pay(bench, intent(bench), [])
        assert pay(bench, reversal(bench, paid), [], durable=False).kind is OutcomeKind.NOT_CHARGED
        assert bench.far.books.balance() == 18440

    def test_a_reversal_can_be_looked_up_for_ever_and_moves_no_money(self, bench: Bench):
        bench.device.open()
        what = reversal(bench, pay(bench, intent(bench), []))
        assert pay(bench, what, []).kind is OutcomeKind.REVERSED
        assert {bench.device.lookup(what, NO_EVIDENCE).kind for _ in range(3)} == {OutcomeKind.REVERSED}
        assert bench.far.books.balance() == 0

    def test_a_reversal_that_the_device_refuses_leaves_the_payment(self, bench: Bench):
        bench.device.open()
        paid = pay(bench, intent(bench), [])
        bench.far.behave("decline 05")
        assert pay(bench, reversal(bench, paid), []).kind is OutcomeKind.DECLINED
        assert bench.far.books.balance() == 18440

    def test_a_refund_is_approved_for_its_amount_and_follows_sending(self, bench: Bench):
        bench.device.open()
        facts: list[PaymentFact] = []
        paid_back = pay(bench, replace(intent(bench, 500), kind=IntentKind.REFUND), facts)
        assert (paid_back.kind, paid_back.amount) == (OutcomeKind.APPROVED, Money(500, NOK))
        assert steps(facts) == [Sending, Result]
        assert bench.far.books.balance() == -500

    @pytest.mark.parametrize("kind", [IntentKind.REVERSE, IntentKind.REFUND])
    def test_a_reversal_or_refund_whose_answer_is_lost_is_unknown(self, bench: Bench, kind: IntentKind):
        bench.device.open()
        paid = pay(bench, intent(bench), [])
        bench.far.behave("mute")
        what = replace(reversal(bench, paid), kind=kind)
        assert pay(bench, what, []).kind is OutcomeKind.UNKNOWN

    def test_what_was_recorded_is_found_again_by_its_reference(self, bench: Bench):
        bench.device.open()
        what = intent(bench)
        paid = pay(bench, what, [])
        told = Evidence(reference=paid.reference, charged=paid.amount)
        found = bench.device.lookup(replace(what, amount=Money(100, NOK)), told)
        assert (found.kind, found.amount) == (OutcomeKind.APPROVED, Money(18440, NOK))
