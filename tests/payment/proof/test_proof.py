"""The proof of payments: whatever is cut, and wherever, what was taken is what was released, exactly.

In a normal run a sample of the cuts, always the same ones, and each planted defect; all of it with
`./kvitt test --crash payments`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import date
from uuid import UUID

import pytest

from appliance.core import events as e
from appliance.core.commands import PaymentDecision
from appliance.core.identifiers import Operator, TransactionId
from appliance.core.money import Money
from appliance.core.payment import IntentKind, Outcome, OutcomeKind, TenderType
from tests.core.till import NOK
from tests.payment.proof import plan
from tests.payment.proof.compare import mismatches
from tests.payment.proof.dialogues import AMOUNT, LINES, Case, Cut, Dialogue, dialogue
from tests.payment.proof.plan import BOTH, COUNT, Found

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux")

Record = Callable[[str, object], None]

SEED = 20261127
SAMPLE = 60


def tell(found: Sequence[Found], record: Record) -> None:
    cuts, mismatches_ = sum(case.cuts for case in found), sum(bool(case.wrong) for case in found)
    record("figures", f"{len(found)} runs, {cuts} cuts, {mismatches_} mismatches")
    record("cuts", cuts)
    record("mismatches", mismatches_)


def wrong(found: Sequence[Found]) -> list[str]:
    return [f"{case.case}: {'; '.join(case.wrong)}" for case in found if case.wrong]


def counted(cases: Sequence[Case]) -> list[Found]:
    """Run dialogues without a cut; that alone must balance, and must pass points at the wire and at the journal."""
    found = plan.do(cases)
    assert wrong(found) == []
    for case in found:
        assert {"after a write", "read"} < set(case.labels), case
    return found


def test_at_a_sample_of_cuts_books_and_journal_agree(record_property: Record) -> None:
    cases = plan.everything(counted(plan.sample(list(plan.uncut()), 8, SEED)))
    found = plan.do(plan.sample(cases, SAMPLE, SEED))
    tell(found, record_property)
    assert wrong(found) == []
    assert sum(bool(case.cuts) for case in found) > SAMPLE * 0.8


@pytest.mark.proof
@pytest.mark.parametrize("line", LINES)
def test_at_every_cut_books_and_journal_agree(line: str, record_property: Record) -> None:
    found = plan.do(plan.everything(counted([case for case in plan.uncut() if case.line == line])))
    tell(found, record_property)
    assert wrong(found) == []
    assert sum(bool(case.cuts) for case in found) > len(found) * 0.8


@pytest.mark.proof
@pytest.mark.parametrize("line", LINES)
def test_at_every_cut_of_a_recovery_books_and_journal_agree(line: str, record_property: Record) -> None:
    approved = [case for case in plan.uncut() if case.line == line and case.dialogue == "approved"]
    recoveries = counted(list(plan.recoveries(counted(approved))))
    found = plan.do(plan.everything(recoveries))
    tell(found, record_property)
    assert wrong(found) == []


# The proof itself ---------------------------------------------------------------------------------------------------

DEFECTS = {
    "sends_early": ("keep", "till", "till"),
    "sends_again": ("keep", "line", "terminal"),
    "matches_by_amount": ("keep", "line", "terminal"),
    "releases_on_approval": ("reverse, after reversal record", "till", "till"),
    "acknowledges_early": ("keep", "till", "till"),
}
"""Planted defect -> the way of the terminal, and the cuts, by which it shows."""


@pytest.mark.parametrize("defect", DEFECTS)
def test_the_proof_finds_a_till_that(defect: str, record_property: Record) -> None:
    policy, what, by = DEFECTS[defect]
    (clean,) = counted([Case(line="zvt-tcp", dialogue="approved", policy=policy, cuts=(COUNT,))])
    cuts = [case for case in plan.cuts_of(clean) if (case.cuts[0].what, case.cuts[0].by) == (what, by)]
    planted = [
        Case(line=case.line, dialogue=case.dialogue, policy=policy, cuts=case.cuts, defect=defect) for case in cuts
    ]
    found = plan.do(planted[:: max(1, len(planted) // 8)])
    caught = wrong(found)
    record_property("figures", f"planted: {defect}; caught at {len(caught)} of {len(found)} cuts: {caught[:1]}")
    assert caught


@pytest.mark.parametrize("line", ["nexo-swedbank", "nexo-adyen"])
@pytest.mark.parametrize("defect", ["sends_early", "sends_again"])
def test_the_proof_finds_a_till_of_a_nexo_terminal_that(line: str, defect: str, record_property: Record) -> None:
    what = "till" if defect == "sends_early" else "line"
    # From its third boundary on the terminal has the money in its books.
    cuts = [Cut(what=what, by="terminal", at=number) for number in range(3, 8)]
    found = plan.do([Case(line=line, dialogue="approved", cuts=(cut,), defect=defect) for cut in cuts])
    caught = wrong(found)
    record_property("figures", f"planted: {defect}; caught at {len(caught)} of {len(found)} cuts: {caught[:1]}")
    assert caught


# The comparison -----------------------------------------------------------------------------------------------------

SALE = TransactionId(store="s", workstation="1", business_date=date(2026, 11, 27), sequence=2)
ATTEMPT = UUID(int=7)
MONEY = Money(AMOUNT, NOK)
SIMPLE = dialogue("zvt-tcp", "approved")

REQUESTED = e.PaymentRequested(
    transaction=SALE,
    attempt=ATTEMPT,
    kind=IntentKind.PAY,
    device="terminal",
    tender=TenderType.CARD,
    amount=MONEY,
    currency=NOK,
)
CONFIRMED = e.PaymentConfirmed(
    transaction=SALE, attempt=ATTEMPT, outcome=Outcome(kind=OutcomeKind.APPROVED, amount=MONEY), currency=NOK
)
COMPLETED = e.TransactionCompleted(
    transaction=SALE, currency=NOK, total=MONEY, lines=(), taxes=(), tenders=(), stock=(), receipt_token=""
)
LOST = e.PaymentOutcomeLost(transaction=SALE, attempt=ATTEMPT, reason="")
RESOLVED = e.PaymentResolved(
    transaction=SALE, attempt=ATTEMPT, decision=PaymentDecision.WAS_PAID, operator=Operator("Kari"), reason=""
)
DUE = e.RefundDue(
    transaction=SALE,
    attempt=ATTEMPT,
    amount=MONEY,
    currency=NOK,
    device="terminal",
    tender=TenderType.CARD,
    reason="",
)
HONEST = [REQUESTED, CONFIRMED, COMPLETED]


def test_the_comparison_passes_a_sale_that_was_paid() -> None:
    assert list(mismatches(HONEST, AMOUNT, SIMPLE)) == []


@pytest.mark.parametrize(
    ("events", "taken", "says"),
    [
        pytest.param(HONEST, 0, "has taken 0, goods for 1500", id="released and not charged"),
        pytest.param(HONEST, 2 * AMOUNT, "has taken 3000, goods for 1500", id="charged twice"),
        pytest.param(HONEST[:2], AMOUNT, "has taken 1500, goods for 0", id="charged and not released"),
        pytest.param([*HONEST, COMPLETED], AMOUNT, "more than once", id="completed twice"),
        pytest.param([REQUESTED], 0, "has no end", id="left open"),
        pytest.param([*HONEST, DUE], AMOUNT, "still due", id="money due"),
        pytest.param(
            [REQUESTED, LOST, RESOLVED, CONFIRMED, COMPLETED], AMOUNT, "staff had to", id="a needless decision"
        ),
        pytest.param([REQUESTED, LOST, COMPLETED, CONFIRMED], AMOUNT, "nobody knew", id="released in doubt"),
    ],
)
def test_the_comparison_says_what_is_wrong(events: list[e.Event], taken: int, says: str) -> None:
    assert any(says in fault for fault in mismatches(events, taken, SIMPLE))


def test_a_decision_is_right_where_the_terminal_cannot_say() -> None:
    events = [REQUESTED, LOST, RESOLVED, CONFIRMED, COMPLETED]
    unable = Dialogue(name="unable", unable=True)
    assert list(mismatches(events, AMOUNT, unable)) == []
    assert list(mismatches(events, AMOUNT, Dialogue(name="misfit", misfit=True))) == []
    approved = e.PaymentApproved(
        transaction=SALE, attempt=ATTEMPT, outcome=Outcome(kind=OutcomeKind.APPROVED, amount=MONEY), currency=NOK
    )
    assert list(mismatches([REQUESTED, approved, *events[1:]], AMOUNT, Dialogue(name="misfit", misfit=True))) != []


def test_every_line_has_every_dialogue_and_zvt_every_habit() -> None:
    names = {(case.line, case.dialogue) for case in plan.uncut()}
    for line in LINES:
        assert {"approved", "declined", "another amount", "part undone", "refund due", "unable to say"} <= {
            name for at, name in names if at == line
        }
    assert len({case.policy for case in plan.uncut() if case.line == "zvt-tcp"}) == 8
    assert {case.policy for case in plan.uncut() if case.line == "zvt-serial"} == set(BOTH)
