"""What the last transaction of a terminal proves about a lost payment, and what it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.payment import NO_EVIDENCE, Evidence, Outcome, OutcomeKind
from appliance.io.payment.zvt.baseline import Baseline, matches
from appliance.io.payment.zvt.messages import Abort, StatusInformation
from appliance.io.payment.zvt.recovery import Repeated, judge, judge_reversal
from tests.payment.till import nok

TID = "29001006"
OLD = StatusInformation(
    result=0, amount=1880, currency=578, terminal_id=TID, receipt="0150", trace="000150", date="1123", time="090000"
)
OURS = replace(OLD, receipt="0151", trace="000151", time="091500")
BASELINE = Baseline(terminal=TID, locked="yes").after(OLD)
ASKED = nok(1880)


def told(status: StatusInformation | None = None, **more: object) -> Repeated:
    return Repeated(terminal=str(more.pop("terminal", TID)), status=status, **more)  # type: ignore[arg-type] # keywords


def verdict(status: StatusInformation, baseline: Baseline = BASELINE, trace: str = "") -> OutcomeKind:
    return judge(ASKED, baseline, told(status), trace=trace).kind


def test_a_new_approved_sale_of_the_same_amount_and_terminal_is_ours() -> None:
    outcome = judge(ASKED, BASELINE, told(OURS))
    assert outcome.kind is OutcomeKind.APPROVED
    assert outcome.amount == ASKED
    assert outcome.reference is not None
    assert outcome.reference.receipt_number == "0151"


def test_the_same_transaction_as_before_means_that_nothing_was_charged() -> None:
    assert verdict(OLD) is OutcomeKind.NOT_CHARGED


def test_the_last_approved_one_before_means_the_same_where_declines_are_not_repeated() -> None:
    declined = StatusInformation(result=5, terminal_id=TID, text="Karte abgelehnt")
    baseline = BASELINE.after(declined)
    assert verdict(OLD, baseline) is OutcomeKind.NOT_CHARGED
    assert verdict(declined, baseline) is OutcomeKind.NOT_CHARGED
    assert verdict(OURS, baseline) is OutcomeKind.APPROVED


@pytest.mark.parametrize(
    "changed",
    [
        replace(OURS, amount=1881),
        replace(OURS, amount=None),
        replace(OURS, currency=978),
        replace(OURS, receipt=""),
        replace(OURS, receipt="0149"),
        replace(OURS, receipt="0150"),
        replace(OURS, receipt="0251"),
        replace(OURS, terminal_id="29001007"),
        replace(OURS, time="085959"),
        replace(OURS, date="1122"),
        replace(OURS, result=None),
    ],
    ids=[
        "another amount",
        "no amount",
        "another currency",
        "no receipt number",
        "an older receipt number",
        "the same receipt number at another time",
        "a receipt number too far ahead",
        "another terminal",
        "an earlier time",
        "an earlier day",
        "no result",
    ],
)
def test_what_differs_in_anything_is_not_ours(changed: StatusInformation) -> None:
    assert verdict(changed) is OutcomeKind.UNKNOWN


def test_without_currency_a_looked_up_sale_still_matches() -> None:
    assert verdict(replace(OURS, currency=None)) is OutcomeKind.APPROVED


def test_receipt_numbers_begin_again_after_9999() -> None:
    before = Baseline(terminal=TID, locked="yes").after(replace(OLD, receipt="9999"))
    assert verdict(replace(OURS, receipt="0001"), before) is OutcomeKind.APPROVED


def test_a_new_year_is_later_although_its_date_is_smaller() -> None:
    before = Baseline(terminal=TID, locked="yes").after(replace(OLD, date="1231", time="235930"))
    assert verdict(replace(OURS, date="0101", time="000010"), before) is OutcomeKind.APPROVED


def test_another_terminal_at_the_same_address_proves_nothing() -> None:
    assert judge(ASKED, BASELINE, told(OLD, terminal="29001007")).kind is OutcomeKind.UNKNOWN


def test_without_a_baseline_nothing_is_proved() -> None:
    assert judge(ASKED, None, told(OURS)).kind is OutcomeKind.UNKNOWN
    assert verdict(OURS, Baseline(terminal=TID, locked="yes")) is OutcomeKind.UNKNOWN


def test_a_refusal_that_fits_is_a_refusal_and_6c_is_a_cancellation() -> None:
    assert verdict(replace(OURS, result=0x05)) is OutcomeKind.DECLINED
    assert verdict(replace(OURS, result=0x6C)) is OutcomeKind.CANCELLED


def test_a_refusal_without_numbers_counts_only_at_a_terminal_that_nobody_else_can_use() -> None:
    bare = StatusInformation(result=0x6C, terminal_id=TID)
    assert verdict(bare) is OutcomeKind.CANCELLED
    assert verdict(bare, replace(BASELINE, locked="")) is OutcomeKind.UNKNOWN
    assert verdict(replace(bare, amount=5000)) is OutcomeKind.UNKNOWN


def test_a_reversal_of_our_trace_number_means_reversed() -> None:
    reversal = replace(OURS, receipt="0152", trace="000152", original_trace="000151", time="091600")
    assert verdict(reversal, trace="000151") is OutcomeKind.REVERSED
    assert verdict(reversal) is OutcomeKind.REVERSED
    assert verdict(reversal, trace="000140") is OutcomeKind.UNKNOWN
    assert verdict(replace(reversal, original_trace="000149")) is OutcomeKind.UNKNOWN
    assert verdict(replace(reversal, amount=1000)) is OutcomeKind.UNKNOWN


def test_abort_b4_means_reversed_and_any_other_abort_proves_nothing() -> None:
    assert judge(ASKED, BASELINE, told(abort=Abort(result=0xB4))).kind is OutcomeKind.REVERSED
    for abort in (Abort(result=0x83), Abort()):
        assert judge(ASKED, BASELINE, told(abort=abort)).kind is OutcomeKind.UNKNOWN


def test_abort_b4_before_and_after_means_that_no_charge_stands_if_nobody_else_can_use_the_terminal() -> None:
    b4 = told(abort=Abort(result=0xB4))
    assert judge(ASKED, b4.baseline(None, locked=True), b4).kind is OutcomeKind.NOT_CHARGED
    assert judge(ASKED, b4.baseline(None, locked=False), b4).kind is OutcomeKind.UNKNOWN


def test_a_terminal_that_cannot_repeat_proves_nothing() -> None:
    assert judge(ASKED, BASELINE, told(refusal=0x83)).kind is OutcomeKind.UNKNOWN


def test_the_first_sale_ever_matches_only_at_a_terminal_that_nobody_else_can_use() -> None:
    empty = told(abort=Abort(result=0x83)).baseline(None, locked=True)
    assert empty.known
    assert verdict(OURS, empty) is OutcomeKind.APPROVED
    assert verdict(OURS, replace(empty, locked="")) is OutcomeKind.UNKNOWN


def test_a_baseline_is_stored_as_texts_and_read_back() -> None:
    for baseline in (BASELINE, Baseline(), BASELINE.after(replace(OURS, result=5))):
        texts = baseline.to_mapping()
        assert all(isinstance(text, str) for pair in texts.items() for text in pair)
        assert Baseline.of_mapping(texts) == baseline


def test_a_baseline_keeps_the_last_approved_one_over_refusals() -> None:
    after = BASELINE.after(replace(OURS, result=5))
    assert after.seen.receipt == "0151"
    assert after.approved.receipt == "0150"


def test_a_baseline_still_holds_while_the_terminal_tells_the_same_again() -> None:
    assert BASELINE.still(Baseline(terminal=TID, locked="yes").after(replace(OLD, text="other words")))
    assert not BASELINE.still(Baseline(terminal=TID, locked="yes").after(OURS))
    assert not BASELINE.still(replace(BASELINE, terminal="29001007"))
    assert BASELINE.after(replace(OURS, result=5)).still(BASELINE)


TEXTS = st.integers(0, 9999).map(lambda n: f"{n:04d}")
CLOCKS = st.integers(0, 235959).map(lambda n: f"{n:06d}")
STATUSES = st.builds(
    StatusInformation,
    result=st.sampled_from([0, 0, 0, 5, 0x6C, None]),
    amount=st.sampled_from([1880, 1880, 1000, None]),
    currency=st.sampled_from([578, 978, None]),
    terminal_id=st.sampled_from([TID, "29001007", ""]),
    receipt=st.one_of(st.just(""), TEXTS, st.sampled_from(["0150", "0151"])),
    trace=st.sampled_from(["", "000150", "000151", "000152"]),
    original_trace=st.sampled_from(["", "", "000151"]),
    date=st.sampled_from(["", "1123", "1122", "0101"]),
    time=st.one_of(st.just(""), CLOCKS),
)


@given(STATUSES)
def test_no_status_is_taken_for_ours_unless_everything_fits(status: StatusInformation) -> None:
    outcome = judge(ASKED, BASELINE, told(status))
    if outcome.kind is OutcomeKind.APPROVED:
        assert status.approved
        assert status.amount == 1880
        assert status.currency in (578, None)
        assert status.terminal_id in (TID, "")
        assert 1 <= (int(status.receipt) - 150) % 9999 <= 100
        assert not status.original_trace
        assert matches(ASKED, BASELINE, status)
    if outcome.kind is OutcomeKind.NOT_CHARGED:
        assert BASELINE.is_last(status)


# By the reference that was recorded ---------------------------------------------------------------------------------

ANOTHER = replace(OURS, amount=1881)


def named(status: StatusInformation) -> Evidence:
    return Evidence(reference=status.reference, charged=nok(status.amount or 0))


def test_the_recorded_reference_finds_a_charge_of_another_amount() -> None:
    outcome = judge(ASKED, BASELINE, told(ANOTHER), evidence=named(ANOTHER))
    assert (outcome.kind, outcome.amount) == (OutcomeKind.APPROVED, nok(1881))
    assert judge(ASKED, None, told(ANOTHER), evidence=named(ANOTHER)).amount == nok(1881)
    assert judge(ASKED, None, told(replace(ANOTHER, amount=None)), evidence=named(ANOTHER)).amount == nok(1881)


@pytest.mark.parametrize(
    "changed",
    [
        replace(ANOTHER, receipt="0152"),
        replace(ANOTHER, receipt=""),
        replace(ANOTHER, trace="000152"),
        replace(ANOTHER, time="091501"),
        replace(ANOTHER, trace="", date="", time=""),
        replace(ANOTHER, terminal_id="29001007"),
        replace(ANOTHER, result=5),
        replace(ANOTHER, original_trace="000150"),
    ],
)
def test_what_differs_from_the_recorded_reference_in_anything_is_not_it(changed: StatusInformation) -> None:
    kind = judge(ASKED, BASELINE, told(changed), evidence=named(ANOTHER)).kind
    assert kind not in (OutcomeKind.APPROVED, OutcomeKind.NOT_CHARGED)


def test_a_charge_of_another_amount_that_the_terminal_undid_is_found_by_its_recorded_trace_number() -> None:
    """The till refused it, and the terminal reversed what it had charged, not what was asked for."""
    undone = replace(ANOTHER, receipt="0152", trace="000152", original_trace="000151", time="091600")
    assert judge(ASKED, BASELINE, told(undone), evidence=named(ANOTHER)).kind is OutcomeKind.REVERSED
    for other in (replace(undone, original_trace="000149"), replace(undone, amount=1880)):
        assert judge(ASKED, BASELINE, told(other), evidence=named(ANOTHER)).kind is OutcomeKind.UNKNOWN
    assert judge(ASKED, BASELINE, told(undone)).kind is OutcomeKind.UNKNOWN


def test_a_yes_that_is_told_and_broken_off_proves_nothing() -> None:
    broken = replace(told(OURS), abort=Abort(result=0))
    assert judge(ASKED, BASELINE, broken).kind is OutcomeKind.UNKNOWN
    assert judge(ASKED, BASELINE, broken, evidence=named(OURS)).kind is OutcomeKind.UNKNOWN
    assert judge(ASKED, BASELINE, replace(told(replace(OURS, result=5)), abort=Abort(result=5))).kind is (
        OutcomeKind.DECLINED
    )
    undone_ = judge_reversal(ASKED, OURS.reference, BASELINE, replace(told(REVERSAL), abort=Abort(result=0)))
    assert undone_.kind is OutcomeKind.UNKNOWN


def test_a_recorded_reference_of_another_terminal_proves_nothing() -> None:
    bare = replace(ANOTHER, terminal_id="")
    assert judge(ASKED, BASELINE, told(bare, terminal="29001007"), evidence=named(ANOTHER)).kind is OutcomeKind.UNKNOWN


def test_a_charge_in_a_currency_that_nobody_knows_is_unknown() -> None:
    assert judge(ASKED, BASELINE, told(replace(OURS, currency=1)), evidence=named(OURS)).kind is OutcomeKind.UNKNOWN


# Reversals ----------------------------------------------------------------------------------------------------------

REVERSAL = replace(OURS, receipt="0152", trace="000152", original_trace="000151", time="091600")
SOLD = BASELINE.after(OURS)


def undone(
    repeated: Repeated | StatusInformation, before: Baseline | None = SOLD, evidence: Evidence = NO_EVIDENCE
) -> Outcome:
    answer = told(repeated) if isinstance(repeated, StatusInformation) else repeated
    return judge_reversal(ASKED, OURS.reference, before, answer, evidence=evidence)


@pytest.mark.parametrize("before", [SOLD, BASELINE, None])
def test_the_last_transaction_is_the_reversal_so_it_is_done_or_the_sale_so_it_is_not(before: Baseline | None) -> None:
    assert undone(REVERSAL, before).kind is OutcomeKind.REVERSED
    assert undone(replace(REVERSAL, receipt="0151", trace="000151"), before).kind is OutcomeKind.REVERSED
    assert undone(OURS, before).kind is OutcomeKind.NOT_CHARGED


@pytest.mark.parametrize(
    "changed",
    [
        replace(REVERSAL, amount=1881),
        replace(REVERSAL, amount=None),
        replace(REVERSAL, currency=978),
        replace(REVERSAL, original_trace="000150"),
        replace(REVERSAL, original_trace=""),
        replace(REVERSAL, terminal_id="29001007"),
        replace(REVERSAL, time="091400"),
        replace(REVERSAL, result=None),
    ],
    ids=[
        "another amount",
        "no amount",
        "another currency",
        "of another sale",
        "no original trace number",
        "another terminal",
        "before the sale",
        "no result",
    ],
)
@pytest.mark.parametrize("before", [SOLD, None])
def test_a_reversal_that_differs_in_anything_is_not_ours(changed: StatusInformation, before: Baseline | None) -> None:
    assert undone(changed, before).kind is OutcomeKind.UNKNOWN


def test_a_reversal_without_the_number_of_its_sale_is_found_by_the_recorded_reference() -> None:
    bare = replace(REVERSAL, original_trace="")
    assert undone(bare, None, Evidence(reference=bare.reference)).kind is OutcomeKind.REVERSED


def test_b4_is_done_and_b5_is_not_possible_if_the_terminal_did_not_say_so_before() -> None:
    b4, b5 = told(abort=Abort(result=0xB4)), told(abort=Abort(result=0xB5))
    assert undone(b4).kind is OutcomeKind.REVERSED
    assert undone(b5).kind is OutcomeKind.DECLINED
    for answer in (b4, b5):
        assert undone(answer, answer.baseline(None, locked=True)).kind is OutcomeKind.UNKNOWN
        assert undone(answer, None).kind is OutcomeKind.UNKNOWN
    assert undone(replace(REVERSAL, result=0xB4, original_trace="")).kind is OutcomeKind.REVERSED


def test_a_refused_reversal_is_declined_only_at_a_terminal_that_nobody_else_can_use() -> None:
    refused = StatusInformation(result=0x05, terminal_id=TID)
    assert undone(refused).kind is OutcomeKind.DECLINED
    assert undone(refused, replace(SOLD, locked="")).kind is OutcomeKind.UNKNOWN
    assert undone(refused, None).kind is OutcomeKind.UNKNOWN


def test_the_same_last_transaction_as_before_means_that_nothing_was_reversed() -> None:
    later = replace(OURS, receipt="0153", trace="000153", time="093000", amount=500)
    assert undone(later, SOLD.after(later)).kind is OutcomeKind.NOT_CHARGED
    assert undone(later).kind is OutcomeKind.UNKNOWN


def test_another_terminal_or_one_that_does_not_repeat_proves_nothing_about_a_reversal() -> None:
    assert undone(told(REVERSAL, terminal="29001007")).kind is OutcomeKind.UNKNOWN
    assert undone(told(refusal=0x83)).kind is OutcomeKind.UNKNOWN


@given(STATUSES)
def test_no_status_is_taken_for_a_reversal_unless_everything_fits(status: StatusInformation) -> None:
    outcome = undone(status)
    if outcome.kind is OutcomeKind.REVERSED:
        assert status.approved
        assert (status.amount, status.original_trace) == (1880, "000151")
        assert status.currency in (578, None)
        assert status.terminal_id in (TID, "")
    if outcome.kind is OutcomeKind.NOT_CHARGED:
        assert SOLD.is_last(status)
