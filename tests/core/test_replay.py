"""Random lives of a till: whatever is asked in whatever order, the books stay right and a replay agrees."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.core import commands as c
from appliance.core import events as e
from appliance.core.checkout import Checkout, TransactionState
from appliance.core.evolution import evolve
from appliance.core.identifiers import LineNumber, Sku
from appliance.core.lifecycle import next_state
from appliance.core.payment import OutcomeKind, PaymentState, Result, Sending, TenderType
from tests.core.till import APPLES_BY_WEIGHT, BEER, MILK, SODA, Till

lines = st.integers(1, 6).map(LineNumber)
asked: st.SearchStrategy[c.Command] = st.one_of(
    st.sampled_from([MILK, SODA, BEER, APPLES_BY_WEIGHT, "nonsense"]).map(c.ScanCode),
    st.sampled_from(["bun", "apples", "unpriced"]).map(lambda sku: c.PickItem(Sku(sku))),
    st.builds(c.ChangeQuantity, lines, st.integers(0, 30)),
    st.builds(c.VoidLine, lines),
    st.builds(c.RestoreLine, lines),
    st.sampled_from(
        [
            c.VoidTransaction(c.VoidReason.CUSTOMER),
            c.RequestPayment(TenderType.CARD),
            c.RequestPayment(TenderType.CARD),
            c.CancelPayment(),
            c.ReturnToItems(),
            c.FinishSale(),
            c.CallHelp(),
            c.CancelHelp(),
            c.SignOff(),
            c.CloseLane(),
            c.OpenLane(),
            c.ReprintReceipt(),
        ]
    ),
    st.sampled_from(list(c.ReceiptKind)).map(c.ChooseReceipt),
    st.builds(c.GrantApproval, lines),
    st.builds(c.RefuseApproval, lines),
)
device = st.sampled_from(["send", "yes", "restart", "sign on", "printed", "failed", *OutcomeKind])


def step(till: Till, act: c.Command | str) -> None:
    payment = till.checkout.transaction.payment if till.checkout.transaction else None
    match act:
        case "restart":
            till.restart()
        case "sign on":
            till.sign_on()
        case "printed" | "failed":
            for job in tuple(till.checkout.printing):
                till.do(c.ReportPrint(job, c.PrintResult(act)))
        case "send" if payment:
            till.record(Sending())
        case "yes" if payment:
            till.record(Result(till.approved()))
        case OutcomeKind() if payment:
            till.outcome(act)
        case str():
            pass
        case _:
            till.do(act)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(asked, device), max_size=60))
def test_whatever_happens_the_books_stay_right(acts: list[c.Command | str]) -> None:
    till = Till()
    state = TransactionState.IDLE
    for act in acts:
        before = len(till.journal)
        step(till, act)
        for event, _ in till.journal[before:]:
            moved = next_state(state, type(event))
            if getattr(event, "transaction", None) is not None and not isinstance(
                event, e.ReceiptIssued | e.ReceiptChosen
            ):
                assert moved is not None, f"{type(event).__name__} is illegal in {state}"
                state = TransactionState.IDLE if moved is TransactionState.VOIDED else moved
        if till.checkout.transaction:
            pending = [p for p in till.sale.payments if p.state is PaymentState.INTENT or p.state.unresolved]
            assert len(pending) <= 1
            assert till.sale.total.minor >= 0
        else:
            state = TransactionState.IDLE
    released = [attempt for sale in till.of(e.TransactionCompleted) for attempt in sale.tenders]
    confirmed = till.of(e.PaymentConfirmed)
    assert len({tender.attempt for tender in released}) == len(released)
    assert {tender.attempt for tender in released} == {event.attempt for event in confirmed}
    for sale in till.of(e.TransactionCompleted):
        assert sum(line.gross.minor for line in sale.lines) == sale.total.minor
        assert sum(tender.amount.minor for tender in sale.tenders) == sale.total.minor
        assert sum(tax.gross.minor for tax in sale.taxes) == sale.total.minor
    numbers = [event.transaction.sequence for event in till.of(e.TransactionStarted)]
    assert numbers == list(range(1, len(numbers) + 1))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(asked, device), max_size=40))
def test_a_replay_of_the_journal_gives_the_state_that_was(acts: list[c.Command | str]) -> None:
    till = Till()
    for act in acts:
        step(till, act)
    replayed = Checkout(policy=till.policy)
    for event, at in till.journal:
        replayed = evolve(replayed, event, at)
    lived = till.checkout
    if lived.transaction is None and replayed.state is TransactionState.TENDERED:
        replayed = replace(replayed, transaction=None)
    passing = ("devices", "hub_online", "hub_since", "waiting_rows", "progress", "may_cancel", "free_mb", "revision")
    blank = {name: getattr(Checkout(policy=till.policy), name) for name in passing}
    assert replace(replayed, **blank) == replace(lived, **blank)
