"""Every (state, event) pair: the table says where it leads, and what it does not say changes nothing."""

from __future__ import annotations

import typing
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest

from appliance.core import commands as c
from appliance.core import events as e
from appliance.core.checkout import Checkout, LaneState, Transaction, TransactionState
from appliance.core.evolution import evolve
from appliance.core.identifiers import CatalogueVersion, LineNumber, Operator, Sku, TransactionId
from appliance.core.lifecycle import LANE, TRANSACTION, next_lane, next_state
from appliance.core.money import Money
from appliance.core.payment import IntentKind, Outcome, OutcomeKind, PaymentState, TenderType, may_become
from tests.core.till import NOK, START, Till, policy

ID = TransactionId("oslo-01", "3", START.date(), 7)
ATTEMPT = UUID("019cebab-587c-714c-98ea-c43b58be13fe")
OUTCOME = Outcome(kind=OutcomeKind.APPROVED, amount=Money(2290, NOK))

SAMPLES: tuple[e.Event, ...] = (
    e.TransactionStarted(transaction=ID, catalogue=CatalogueVersion("oslo", 1), currency=NOK),
    e.LineAdded(
        transaction=ID,
        line=LineNumber(1),
        sku=Sku("milk"),
        text="Milk",
        names={},
        entry=c.EntryMethod.SCANNED,
        quantity=Decimal(1),
        unit="ea",  # type: ignore[arg-type]  # the value does not matter here
        price=Money(2290, NOK),
        gross=Money(2290, NOK),
        tax_code="15",
        tax_rate=Decimal(15),
        currency=NOK,
    ),
    e.QuantityChanged(transaction=ID, line=LineNumber(1), quantity=Decimal(2), gross=Money(4580, NOK), currency=NOK),
    e.LineVoided(transaction=ID, line=LineNumber(1)),
    e.LineRestored(transaction=ID, line=LineNumber(1)),
    e.ApprovalGranted(transaction=ID, line=LineNumber(1), operator=Operator("kari")),
    e.PaymentRequested(
        transaction=ID,
        attempt=ATTEMPT,
        kind=IntentKind.PAY,
        device="terminal",
        tender=TenderType.CARD,
        amount=Money(2290, NOK),
        currency=NOK,
    ),
    e.PaymentSent(transaction=ID, attempt=ATTEMPT),
    e.PaymentApproved(transaction=ID, attempt=ATTEMPT, outcome=OUTCOME, currency=NOK),
    e.PaymentConfirmed(transaction=ID, attempt=ATTEMPT, outcome=OUTCOME, currency=NOK),
    e.PaymentDeclined(transaction=ID, attempt=ATTEMPT, code="05", text=""),
    e.PaymentCancelled(transaction=ID, attempt=ATTEMPT, code="6c", text=""),
    e.PaymentNotCharged(transaction=ID, attempt=ATTEMPT, reason=""),
    e.PaymentReversed(transaction=ID, attempt=ATTEMPT, reason=""),
    e.PaymentOutcomeLost(transaction=ID, attempt=ATTEMPT, reason=""),
    e.PaymentResolved(
        transaction=ID,
        attempt=ATTEMPT,
        decision=c.PaymentDecision.WAS_PAID,
        operator=Operator("kari"),
        reason="",
    ),
    e.TenderingEnded(transaction=ID),
    e.TransactionCompleted(
        transaction=ID,
        currency=NOK,
        total=Money(2290, NOK),
        lines=(),
        taxes=(),
        tenders=(),
        stock=(),
        receipt_token="t",
    ),
    e.TransactionVoided(transaction=ID, reason=c.VoidReason.CUSTOMER, total=Money(0, NOK), currency=NOK),
)
LIVE = [state for state in TransactionState if state not in (TransactionState.IDLE, TransactionState.VOIDED)]


def in_state(state: TransactionState) -> Checkout:
    transaction = Transaction(id=ID, state=state, catalogue=CatalogueVersion("oslo", 1), currency=NOK)
    return Checkout(policy=policy(), lane=LaneState.OPEN, transaction=transaction)


@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: event.TYPE)
@pytest.mark.parametrize("state", LIVE)
def test_an_event_moves_the_transaction_as_the_table_says_or_not_at_all(
    state: TransactionState, event: e.Event
) -> None:
    before = in_state(state)
    after = evolve(before, event, START)
    wanted = next_state(state, type(event))
    if wanted is None:
        assert after == before
    elif wanted is TransactionState.VOIDED:
        assert after.transaction is None
    else:
        assert after.state is wanted


@pytest.mark.parametrize("event", [s for s in SAMPLES if not isinstance(s, e.TransactionStarted)], ids=lambda s: s.TYPE)
def test_an_event_of_another_transaction_changes_nothing(event: e.Event) -> None:
    foreign = replace(event, transaction=replace(ID, sequence=8))  # type: ignore[call-arg]  # all of these have one
    for state in LIVE:
        before = in_state(state)
        assert evolve(before, foreign, START) == before


def test_the_table_names_only_events_that_exist() -> None:
    known = set(typing.get_args(e.Event))
    assert {event for _, event in TRANSACTION} | {event for _, event in LANE} <= known


@pytest.mark.parametrize("event", [e.LaneOpened, e.LaneClosed])
@pytest.mark.parametrize("lane", list(LaneState))
def test_the_lane_moves_as_its_table_says_or_not_at_all(lane: LaneState, event: type) -> None:
    before = Checkout(policy=policy(), lane=lane)
    after = evolve(before, event(operator=Operator("kari")), START)
    assert after.lane is (next_lane(lane, event) or lane)


@pytest.mark.parametrize("final", [s for s in PaymentState if not any(may_become(s, t) for t in PaymentState)])
def test_a_final_payment_state_is_left_by_nothing(final: PaymentState) -> None:
    assert not final.unresolved


def test_doubt_is_left_only_by_an_answer_or_by_a_person() -> None:
    ways_out = {
        event
        for (state, event), then in TRANSACTION.items()
        if state is TransactionState.IN_DOUBT and then is not state
    }
    assert ways_out == {
        e.PaymentConfirmed,
        e.PaymentDeclined,
        e.PaymentCancelled,
        e.PaymentNotCharged,
        e.PaymentReversed,
    }


def test_no_goods_are_released_from_doubt_without_a_confirmed_payment() -> None:
    assert next_state(TransactionState.IN_DOUBT, e.TransactionCompleted) is None
    till = Till()
    till.scan("7038010009457")
    till.pay()
    till.send()
    till.outcome(OutcomeKind.UNKNOWN)
    assert till.checkout.state is TransactionState.IN_DOUBT
    assert not till.of(e.TransactionCompleted)
