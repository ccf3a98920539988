"""What every tender device promises (drivers.TenderDevice)."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import pytest

from appliance.core.identifiers import TransactionId
from appliance.core.money import Currency, Money
from appliance.core.payment import Intent, IntentKind, Outcome, OutcomeKind, PaymentFact, Result, Sending, TenderType
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

    outcome: Outcome = bench.device.authorise(what, record, lambda *_: None)
    return outcome


@pytest.mark.parametrize("bench", TENDERS, indirect=True)
class TestTenderDevice:
    def test_an_approval_is_for_the_amount_and_follows_sending(self, bench: Bench):
        bench.device.open()
        facts: list[PaymentFact] = []
        outcome = pay(bench, intent(bench), facts)
        assert (outcome.kind, outcome.amount) == (OutcomeKind.APPROVED, Money(18440, NOK))
        assert [type(fact) for fact in facts] == [Sending, Result]

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
        assert {bench.device.lookup(what).kind for _ in range(3)} == {OutcomeKind.APPROVED}
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
