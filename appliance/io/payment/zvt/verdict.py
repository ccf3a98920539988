"""What the steps of a payment, refund or reversal amount to: pure judgement, live on the open dialogue [Z15 2.2, 3.1].

BMP 27 decides and nothing else: neither 06 0F nor a text means paid, and what cannot be proved is UNKNOWN.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum, auto
from typing import Final

from appliance.core.money import Currency, Money
from appliance.core.payment import Outcome, OutcomeKind, Reference
from appliance.io.payment.zvt import codes
from appliance.io.payment.zvt.baseline import Baseline, same_number
from appliance.io.payment.zvt.codes import result_text
from appliance.io.payment.zvt.messages import Abort, Interim, StatusInformation

REFUSAL: Final = 0x66
"""Error id of our negative answer to an approval: any but 00, 9C and 9D makes the terminal undo it [Z15 2.2.6]."""

UNSIGNED: Final = "the terminal wants a signature, and nobody is here to check it"

LONGEST_NAME: Final = 60
"""Letters of a card's name that are kept: BMP 8B may have 99, the hub's books take no more."""


class Reply(Enum):
    """What the till owes the terminal for a status."""

    ACKNOWLEDGE = auto()
    RECORD = auto()
    """Make the result durable first; then acknowledge, or refuse if that is not possible."""
    RECORD_AND_REFUSE = auto()
    """Make the result durable, so that a charge that stands can be found and undone; then refuse."""
    REFUSE = auto()
    NOT_STORED = auto()
    """A receipt text could not be made durable: 84 CC, the printer is not ready [Z15 3.5]."""
    DROP = auto()
    """Say nothing and close the line: this is not ours, and any answer might move money."""


def unknown(reason: str, status: StatusInformation | None = None) -> Outcome:
    """Give the outcome of what cannot be proved; a look-up must follow."""
    if status is None:
        return Outcome(kind=OutcomeKind.UNKNOWN, text=reason)
    return Outcome(kind=OutcomeKind.UNKNOWN, amount=money_of(status, None), reference=status.reference, text=reason)


def money_of(status: StatusInformation, asked: Money | None) -> Money | None:
    """Give the terminal's amount; its currency, or the one it was asked in if it names none."""
    if status.amount is None:
        return asked
    if status.currency is None:
        return None if asked is None else Money(status.amount, asked.currency)
    try:
        return Money(status.amount, Currency.of_numeric(status.currency))
    except ValueError:
        return None


def approved(asked: Money, status: StatusInformation, kind: OutcomeKind = OutcomeKind.APPROVED) -> Outcome:
    """Give the outcome of a yes."""
    name = status.card_name or codes.CARD_TYPES.get(status.card_type or 0, "")
    return Outcome(
        kind=kind,
        amount=money_of(status, asked),
        reference=status.reference,
        masked_pan=status.masked_pan,
        card_name=name[:LONGEST_NAME],
        code="00",
        text=status.text,
    )


def refused(result: int, said: str) -> Outcome:
    """Give the outcome of a no."""
    kind = OutcomeKind.CANCELLED if result == codes.CANCELLED else OutcomeKind.DECLINED
    meaning = result_text(result)
    return Outcome(kind=kind, code=f"{result:02X}", text=f"{meaning} ({said})" if said else meaning)


class Payment:
    """Collects what the terminal says about one payment or refund, and says what it amounts to."""

    def __init__(self, asked: Money, baseline: Baseline, *, attended: bool) -> None:
        self._asked = asked
        self._baseline = baseline
        self._attended = attended
        self._approval: StatusInformation | None = None
        self._confirmed = False
        self._refusal: StatusInformation | None = None
        self._doubt = ""

    @property
    def approval(self) -> StatusInformation | None:
        """The yes that has been seen, recorded or not."""
        return self._approval

    # What a reversal sees otherwise ---------------------------------------------------------------------------------

    def pending(self) -> Outcome:
        """Give the approval as it is to be recorded before it is acknowledged."""
        assert self._approval is not None
        outcome = approved(self._asked, self._approval)
        return replace(outcome, unfit=UNSIGNED) if self._unsigned(self._approval) else outcome

    def not_started(self, error: int) -> Outcome:
        """84 xx came in place of 80 00: no money moved [Z16 5.2.3]."""
        text = f"not started: {result_text(error)}"
        return Outcome(kind=OutcomeKind.NOT_CHARGED, code=f"{error:02X}", text=text)

    def _refused(self, result: int, said: str) -> Outcome:
        return refused(result, said)

    def _of_another(self, status: StatusInformation) -> bool:
        return bool(status.original_trace) or self._baseline.is_last(status)

    def _take(self, status: StatusInformation) -> Reply:
        self._doubt = self._mismatch(status)
        if not self._doubt:
            return Reply.RECORD
        # What cannot be expressed as money cannot be recorded as an amount.
        return Reply.REFUSE if money_of(status, self._asked) is None else Reply.RECORD_AND_REFUSE

    def _mismatch(self, status: StatusInformation) -> str:
        if status.amount is not None and status.amount != self._asked.minor:
            return f"the terminal approved {status.amount} minor units instead of {self._asked.minor}"
        if status.currency is not None and status.currency != self._asked.currency.numeric:
            return f"the terminal approved in currency {status.currency:03d} instead of {self._asked.currency}"
        if self._baseline.terminal and status.terminal_id not in ("", self._baseline.terminal):
            return f"the terminal calls itself {status.terminal_id} instead of {self._baseline.terminal}"
        return UNSIGNED if self._unsigned(status) else ""

    def _unsigned(self, status: StatusInformation) -> bool:
        return status.needs_signature and not self._attended

    # Steps ----------------------------------------------------------------------------------------------------------

    def interim(self, step: Interim) -> None:
        """Take an intermediate status: an auto-reversal after a yes takes the yes back."""
        if step.status == codes.AUTO_REVERSAL and self._approval is not None:
            self._doubt = self._doubt or "the terminal takes its yes back"

    def status(self, status: StatusInformation) -> Reply:
        """Take a result; say what to answer."""
        if status.result is None:
            self._doubt = "a result without a result code"
            return Reply.DROP
        if not status.approved:
            if self._approval is not None:
                self._doubt = f"first approved, then {result_text(status.result)}"
            self._refusal = status
            return Reply.ACKNOWLEDGE
        return self._yes(status)

    def _yes(self, status: StatusInformation) -> Reply:
        if self._approval is not None and self._same(self._approval, status):
            # A repeat: what was answered before is answered again.
            if self._doubt:
                return Reply.REFUSE
            return Reply.ACKNOWLEDGE if self._confirmed else Reply.RECORD
        if self._approval is not None or self._of_another(status):
            self._doubt = "the terminal reports another transaction"
            return Reply.DROP
        self._approval = status
        return self._take(status)

    @staticmethod
    def _same(one: StatusInformation, other: StatusInformation) -> bool:
        return one.reference == other.reference and one.amount == other.amount and one.currency == other.currency

    def recorded(self, *, durable: bool) -> Reply:
        """Take what became of the record; say what to answer."""
        if self._doubt:
            return Reply.REFUSE
        self._confirmed = durable
        if durable:
            return Reply.ACKNOWLEDGE
        self._doubt = "the till could not store the result and asked the terminal to undo it"
        return Reply.REFUSE

    # Ends -----------------------------------------------------------------------------------------------------------

    def completed(self) -> Outcome:
        """06 0F came: say what it amounts to."""
        if self._doubt:
            return unknown(self._doubt, self._approval)
        if self._approval is not None:
            if self._confirmed:
                return self.pending()
            return unknown("the terminal ended before the result was acknowledged", self._approval)
        if self._refusal is not None and self._refusal.result is not None:
            return self._refused(self._refusal.result, self._refusal.text)
        return unknown("the terminal ended without a result")

    def aborted(self, abort: Abort) -> Outcome:
        """06 1E came: after a yes the terminal undoes it, so that a look-up must tell; else the code decides."""
        if self._approval is not None:
            return unknown(self._doubt or "the terminal ended the payment after approving it", self._approval)
        if self._doubt:
            return unknown(self._doubt)
        if self._refusal is not None and self._refusal.result is not None:
            return self._refused(self._refusal.result, self._refusal.text or abort.text)
        if abort.result in (None, codes.OK):
            return unknown("the terminal stopped without a reason")
        return self._refused(abort.result, abort.text)

    def lost(self, reason: str) -> Outcome:
        """The line or the terminal's sense was lost."""
        return unknown(self._doubt or reason, self._approval)


class Reversal(Payment):
    """The same of a reversal: its answer must name what it was asked to undo [Z15 2.9].

    An answer about another sale is not recorded: it names nothing of ours.
    """

    def __init__(self, asked: Money, original: Reference, baseline: Baseline) -> None:
        super().__init__(asked, baseline, attended=True)
        self._original = original

    def pending(self) -> Outcome:
        """Give the reversal as it is to be recorded before it is acknowledged."""
        assert self._approval is not None
        return approved(self._asked, self._approval, OutcomeKind.REVERSED)

    def not_started(self, error: int) -> Outcome:
        """84 xx came: B4 and B5 say something about the sale, everything else only that nothing was done."""
        if error in (codes.ALREADY_REVERSED, codes.NO_REVERSAL):
            return self._refused(error, "")
        return super().not_started(error)

    def _refused(self, result: int, said: str) -> Outcome:
        return already_reversed(self._asked) if result == codes.ALREADY_REVERSED else refused(result, said)

    def _of_another(self, status: StatusInformation) -> bool:
        # Some terminals repeat the receipt number of the sale in its reversal.
        return not status.original_trace and self._baseline.is_last(status)

    def _take(self, status: StatusInformation) -> Reply:
        self._doubt = self._mismatch(status)
        return Reply.REFUSE if self._doubt else Reply.RECORD

    def _mismatch(self, status: StatusInformation) -> str:
        told, ours = status.original_trace, self._original
        if told and ours.trace_number and not same_number(told, ours.trace_number):
            return f"the terminal reversed trace number {told} instead of {ours.trace_number}"
        if status.amount is not None and status.amount != self._asked.minor:
            return f"the terminal reversed {status.amount} minor units instead of {self._asked.minor}"
        if status.currency is not None and status.currency != self._asked.currency.numeric:
            return f"the terminal reversed in currency {status.currency:03d} instead of {self._asked.currency}"
        if status.terminal_id not in ("", ours.terminal_id):
            return f"the terminal calls itself {status.terminal_id} instead of {ours.terminal_id}"
        return ""


def already_reversed(asked: Money) -> Outcome:
    """Give the outcome of B4: whoever undid the sale, it is undone."""
    text = result_text(codes.ALREADY_REVERSED)
    return Outcome(kind=OutcomeKind.REVERSED, amount=asked, code=f"{codes.ALREADY_REVERSED:02X}", text=text)
