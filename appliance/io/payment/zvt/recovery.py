"""What a terminal's last transaction proves about a payment whose answer was lost: the recovery table for ZVT.

Pure. It moves no money, and it never guesses: whatever the table does not prove is UNKNOWN.
"""

from __future__ import annotations

from dataclasses import dataclass

from appliance.core.money import Money
from appliance.core.payment import Outcome, OutcomeKind
from appliance.io.payment.zvt import codes
from appliance.io.payment.zvt.baseline import Baseline, contradicts, matches
from appliance.io.payment.zvt.codes import result_text
from appliance.io.payment.zvt.messages import Abort, StatusInformation
from appliance.io.payment.zvt.verdict import approved, refused, unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """The answer to 06 20 with service byte 03 of a terminal that is ready."""

    terminal: str
    """Terminal id of this connection's registration."""
    status: StatusInformation | None = None
    abort: Abort | None = None
    refusal: int | None = None
    """Error id, if the terminal did not take the command at all."""

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


def judge(asked: Money, baseline: Baseline | None, repeated: Repeated, *, trace: str = "") -> Outcome:
    """Say what became of a payment. `trace`: its trace number, if a status of it was ever seen.

    Whether another intent has claimed the same Reference is not known here; the journal knows.
    """
    if repeated.refusal is not None:
        return unknown(f"the terminal does not repeat its last transaction: {result_text(repeated.refusal)}")
    if baseline is None or not baseline.terminal:
        return unknown("nobody knows what the terminal did before this payment")
    if repeated.terminal != baseline.terminal:
        return unknown(f"this is terminal {repeated.terminal}, the payment was on {baseline.terminal}")
    if repeated.status is not None:
        return _of_status(asked, baseline, repeated.status, trace)
    if repeated.abort is not None and repeated.abort.result == codes.ALREADY_REVERSED and baseline.known:
        return _of_b4(baseline)
    said = repeated.abort.result if repeated.abort is not None else None
    reason = "" if said is None else f": {result_text(said)}"
    return unknown(f"the terminal does not tell its last transaction{reason}")


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


def _of_status(asked: Money, baseline: Baseline, status: StatusInformation, trace: str) -> Outcome:
    if status.result is None:
        return unknown("the terminal repeats a transaction without its result")
    if baseline.is_last(status):
        return Outcome(kind=OutcomeKind.NOT_CHARGED, text="the terminal has done nothing since before this payment")
    if not baseline.known or (baseline.empty and not baseline.locked):
        return unknown("nobody knows what the terminal did before this payment")
    if status.original_trace:
        return _of_reversal(asked, baseline, status, trace)
    if status.approved:
        if matches(asked, baseline, status):
            return approved(asked, status, (), ())
        return unknown("the terminal's last transaction does not fit this payment", status)
    fits = not contradicts(asked, baseline, status)
    if matches(asked, baseline, status) or (fits and baseline.locked):
        return refused(status.result, status.text)
    return unknown("the terminal's last refusal does not fit this payment")


def _of_reversal(asked: Money, baseline: Baseline, status: StatusInformation, trace: str) -> Outcome:
    """A reversal proves something only if it is one of ours: newer, of the same amount, of our trace number."""
    ours = _same_number(status.original_trace, trace) if trace else _newer(status.original_trace, baseline)
    if status.approved and matches(asked, baseline, status) and ours:
        return Outcome(
            kind=OutcomeKind.REVERSED,
            reference=status.reference,
            code="00",
            text="the terminal reversed the payment",
        )
    return unknown("the terminal's last transaction is a reversal that does not fit this payment", status)


def _same_number(one: str, other: str) -> bool:
    """Compare trace numbers of 3 and of 4 bytes: the shorter holds the last digits."""
    return bool(one) and bool(other) and int(one) % 10**6 == int(other) % 10**6


def _newer(trace: str, baseline: Baseline) -> bool:
    known = [int(seen.trace) for seen in (baseline.seen, baseline.approved) if seen.trace]
    return bool(baseline.empty) or (bool(known) and all(0 < (int(trace) - seen) % 10**6 <= 100 for seen in known))
