from __future__ import annotations

from appliance.core.payment import OutcomeKind
from simulators.nexo_poi import NexoPoi
from tests.payment.nexo.till import Till


def test_an_approved_payment_is_recorded_before_it_is_reported(till: Till, terminal: NexoPoi) -> None:
    outcome = till.pay(1880)
    print(outcome)
    assert outcome.kind is OutcomeKind.APPROVED
    assert till.results == [outcome]
    assert terminal.books.balance() == 1880
