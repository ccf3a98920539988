"""What a terminal's last transaction proves about an intent whose answer was lost: the recovery table for ZVT.

Pure. It moves no money, and it never guesses: whatever the table does not prove is UNKNOWN.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from appliance.core.money import Money
from appliance.core.payment import NO_EVIDENCE, Evidence, Outcome, OutcomeKind, Reference
from appliance.io.payment.zvt import codes
from appliance.io.payment.zvt.baseline import Baseline, Seen, contradicts, matches, names, not_earlier, same_number
from appliance.io.payment.zvt.codes import result_text
from appliance.io.payment.zvt.messages import Abort, StatusInformation
from appliance.io.payment.zvt.verdict import UNSIGNED, already_reversed, approved, money_of, refused, unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """The answer to 06 20 with service byte 03 of a terminal that is ready."""

    terminal: str
    """Terminal id of this connection's registration."""
    status: StatusInformation | None = None
    abort: Abort | None = None
    refusal: int | None = None
    """Error id, if the terminal did not take the command at all."""

    @property
    def contradicted(self) -> bool:
        """Whether 06 1E came behind a yes: then nobody knows what the terminal stands by."""
        return self.status is not None and self.status.approved and self.abort is not None

    @property
    def silent(self) -> bool:
        """Whether it tells no transaction, or none with an amount and a receipt number."""
        if self.status is None:
            return True
        return self.status.approved and (self.status.amount is None or not self.status.receipt)

    def baseline(self, before: Baseline | None, *, locked: bool) -> Baseline:
        """Give the baseline that this answer makes."""
        known = before is not None and before.terminal == self.terminal
        base = Baseline(
            terminal=self.terminal,
            locked="yes" if locked else "",
            approved=before.approved if known and before is not None else Baseline().approved,
        )
        if self.status is not None:
            return base.after(self.status)
        if self.abort is not None and self.abort.result is not None:
            return Baseline(terminal=self.terminal, locked=base.locked, empty=f"{self.abort.result:02X}")
        return Baseline(terminal=self.terminal, locked=base.locked)


def judge(
    asked: Money,
    baseline: Baseline | None,
    repeated: Repeated,
    *,
    trace: str = "",
    evidence: Evidence = NO_EVIDENCE,
    attended: bool = True,
) -> Outcome:
    """Say what became of a payment or a refund. `trace`: its trace number, if a status of it was ever seen.

    Whether another intent has claimed the same Reference is not known here; the journal knows.
    """
    outcome = _judge(asked, baseline, repeated, trace, evidence)
    unsigned = not attended and repeated.status is not None and repeated.status.needs_signature
    if unsigned and outcome.kind is OutcomeKind.APPROVED:
        return replace(outcome, unfit=UNSIGNED)
    return outcome


def _judge(asked: Money, baseline: Baseline | None, repeated: Repeated, trace: str, evidence: Evidence) -> Outcome:
    if repeated.refusal is not None:
        return unknown(f"the terminal does not repeat its last transaction: {result_text(repeated.refusal)}")
    if repeated.contradicted:
        return unknown("the terminal tells its last transaction, and breaks off", repeated.status)
    if repeated.status is not None and _stands(evidence.reference, repeated):
        return _as_it_stands(asked, repeated.status, evidence)
    if baseline is None or not baseline.terminal:
        return unknown("nobody knows what the terminal did before this payment")
    if repeated.terminal != baseline.terminal:
        return unknown(f"this is terminal {repeated.terminal}, the payment was on {baseline.terminal}")
    if repeated.status is not None:
        return _of_status(asked, baseline, repeated.status, trace, evidence)
    if repeated.abort is not None and repeated.abort.result == codes.ALREADY_REVERSED and baseline.known:
        return _of_b4(baseline)
    return unknown(f"the terminal does not tell its last transaction{_reason(repeated)}")


def _reason(repeated: Repeated) -> str:
    said = repeated.abort.result if repeated.abort is not None else None
    return "" if said is None else f": {result_text(said)}"


def _stands(named: Reference | None, repeated: Repeated) -> bool:
    """Whether the last transaction is what the terminal said yes to, and still is one."""
    status = repeated.status
    if named is None or status is None or named.terminal_id != repeated.terminal:
        return False
    return status.approved and not status.original_trace and names(named, status)


def _as_it_stands(asked: Money, status: StatusInformation, evidence: Evidence) -> Outcome:
    """Give the terminal's amount, which may be another than was asked for: then the register has it undone."""
    if money_of(status, evidence.charged or asked) is None:
        return unknown("the terminal has charged in a currency that nobody knows", status)
    return approved(evidence.charged or asked, status)


def _of_b4(baseline: Baseline) -> Outcome:
    """06 1E B4: the last transaction has been reversed.

    Where the terminal said so before the payment too, that may be the older one. Then either nothing has happened
    since, or the payment came and was reversed: no money is charged.
    """
    if baseline.empty != f"{codes.ALREADY_REVERSED:02X}":
        text = "the terminal says that the payment has been reversed"
        return Outcome(kind=OutcomeKind.REVERSED, code="B4", text=text)
    if baseline.locked:
        return Outcome(kind=OutcomeKind.NOT_CHARGED, code="B4", text="the terminal's last transaction is reversed")
    return unknown("the terminal's last transaction is reversed, as it was before this payment")


def _of_status(asked: Money, baseline: Baseline, status: StatusInformation, trace: str, evidence: Evidence) -> Outcome:
    if status.result is None:
        return unknown("the terminal repeats a transaction without its result")
    if baseline.is_last(status):
        return Outcome(kind=OutcomeKind.NOT_CHARGED, text="the terminal has done nothing since before this payment")
    if not baseline.known or (baseline.empty and not baseline.locked):
        return unknown("nobody knows what the terminal did before this payment")
    if status.original_trace:
        named = evidence.reference.trace_number if evidence.reference is not None else ""
        return _of_reversal(evidence.charged or asked, baseline, status, trace or named)
    if status.approved:
        if matches(asked, baseline, status):
            return approved(asked, status)
        return unknown("the terminal's last transaction does not fit this payment", status)
    fits = not contradicts(asked, baseline, status)
    if matches(asked, baseline, status) or (fits and baseline.locked):
        return refused(status.result, status.text)
    return unknown("the terminal's last refusal does not fit this payment")


def _of_reversal(charged: Money, baseline: Baseline, status: StatusInformation, trace: str) -> Outcome:
    """A reversal proves something only if it is one of ours: newer, of the amount charged, of our trace number."""
    ours = same_number(status.original_trace, trace) if trace else _newer(status.original_trace, baseline)
    if status.approved and matches(charged, baseline, status) and ours:
        return Outcome(
            kind=OutcomeKind.REVERSED,
            reference=status.reference,
            code="00",
            text="the terminal reversed the payment",
        )
    return unknown("the terminal's last transaction is a reversal that does not fit this payment", status)


def _newer(trace: str, baseline: Baseline) -> bool:
    known = [int(seen.trace) for seen in (baseline.seen, baseline.approved) if seen.trace]
    return bool(baseline.empty) or (bool(known) and all(0 < (int(trace) - seen) % 10**6 <= 100 for seen in known))


# Reversals -----------------------------------------------------------------------------------------------------------


def judge_reversal(
    asked: Money,
    original: Reference,
    baseline: Baseline | None,
    repeated: Repeated,
    *,
    evidence: Evidence = NO_EVIDENCE,
) -> Outcome:
    """Say what became of the reversal of `original`, of the amount `asked`.

    The last transaction is the reversal: done. It is the sale: not done. `baseline` may be missing.
    """
    if repeated.refusal is not None:
        return unknown(f"the terminal does not repeat its last transaction: {result_text(repeated.refusal)}")
    if repeated.contradicted:
        return unknown("the terminal tells its last transaction, and breaks off", repeated.status)
    if repeated.terminal != original.terminal_id:
        return unknown(f"this is terminal {repeated.terminal}, the payment was on {original.terminal_id}")
    before = baseline if baseline is not None and baseline.terminal == repeated.terminal else Baseline()
    if repeated.status is not None:
        return _reversal_of_status(asked, original, before, repeated.status, evidence)
    said = repeated.abort.result if repeated.abort is not None else None
    news = said is not None and before.known and before.empty != f"{said:02X}"
    if news and said == codes.ALREADY_REVERSED:
        return already_reversed(asked)
    if news and said == codes.NO_REVERSAL:
        return refused(codes.NO_REVERSAL, "")
    return unknown(f"the terminal does not tell its last transaction{_reason(repeated)}")


def _reversal_of_status(
    asked: Money, original: Reference, before: Baseline, status: StatusInformation, evidence: Evidence
) -> Outcome:
    if status.result is None:
        return unknown("the terminal repeats a transaction without its result")
    recorded = evidence.reference is not None and names(evidence.reference, status)
    if status.approved and (recorded or _undoes(asked, original, status)):
        return approved(asked, status, OutcomeKind.REVERSED)
    if status.approved and not status.original_trace and names(original, status):
        return Outcome(kind=OutcomeKind.NOT_CHARGED, text="the terminal's last transaction is the sale, not reversed")
    if before.is_last(status):
        return Outcome(kind=OutcomeKind.NOT_CHARGED, text="the terminal has done nothing since before this reversal")
    if not status.approved and before.locked and before.known and not contradicts(asked, before, status):
        if status.result == codes.ALREADY_REVERSED:
            return already_reversed(asked)
        return refused(status.result, status.text)
    return unknown("the terminal's last transaction does not fit this reversal", status)


def _undoes(asked: Money, original: Reference, status: StatusInformation) -> bool:
    """Whether a status is the reversal of the original: it names its trace number, and all else fits."""
    return (
        same_number(status.original_trace, original.trace_number)
        and status.amount == asked.minor
        and status.currency in (None, asked.currency.numeric)
        and status.terminal_id in ("", original.terminal_id)
        and not_earlier(Seen.of_reference(original), status)
    )
