"""What the steps of a payment amount to: pure judgement, live on the open dialogue [Z15 2.2, 3.1].

BMP 27 decides and nothing else: neither 06 0F nor a text means paid, and what cannot be proved is UNKNOWN.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from appliance.core.money import Currency, Money
from appliance.core.payment import Outcome, OutcomeKind
from appliance.io.payment.zvt import codes
from appliance.io.payment.zvt.baseline import Baseline
from appliance.io.payment.zvt.codes import result_text
from appliance.io.payment.zvt.messages import Abort, Interim, ReceiptText, StatusInformation

REFUSAL: Final = 0x66
"""Error id of our negative answer to an approval: any but 00, 9C and 9D makes the terminal undo it [Z15 2.2.6]."""

LONGEST_NAME: Final = 60
"""Letters of a card's name that are kept: BMP 8B may have 99, the hub's books take no more."""

RECEIPT_BYTES: Final = 5000
"""Of each of the terminal's two receipts that are kept, UTF-8: a hundred full lines. The sale must fit into one row of
the journal with them."""


class Reply(Enum):
    """What the till owes the terminal for a status."""

    ACKNOWLEDGE = auto()
    RECORD = auto()
    """Make the result durable first; then acknowledge, or refuse if that is not possible."""
    REFUSE = auto()
    DROP = auto()
    """Say nothing and close the line: this is not ours, and any answer might move money."""


def unknown(reason: str, status: StatusInformation | None = None) -> Outcome:
    """Give the outcome of what cannot be proved; a look-up must follow."""
    if status is None:
        return Outcome(kind=OutcomeKind.UNKNOWN, text=reason)
    return Outcome(kind=OutcomeKind.UNKNOWN, amount=_money(status, None), reference=status.reference, text=reason)


def _money(status: StatusInformation, asked: Money | None) -> Money | None:
    """Give the terminal's amount; its currency, or the one it was asked in if it names none."""
    if status.amount is None:
        return asked
    if status.currency is None:
        return None if asked is None else Money(status.amount, asked.currency)
    try:
        return Money(status.amount, Currency.of_numeric(status.currency))
    except ValueError:
        return None


def approved(asked: Money, status: StatusInformation, customer: tuple[str, ...], merchant: tuple[str, ...]) -> Outcome:
    """Give the outcome of a yes."""
    name = status.card_name or codes.CARD_TYPES.get(status.card_type or 0, "")
    return Outcome(
        kind=OutcomeKind.APPROVED,
        amount=_money(status, asked),
        reference=status.reference,
        masked_pan=status.masked_pan,
        card_name=name[:LONGEST_NAME],
        code="00",
        text=status.text,
        customer_receipt=customer,
        merchant_receipt=merchant,
    )


def refused(result: int, said: str) -> Outcome:
    """Give the outcome of a no."""
    kind = OutcomeKind.CANCELLED if result == codes.CANCELLED else OutcomeKind.DECLINED
    meaning = result_text(result)
    return Outcome(kind=kind, code=f"{result:02X}", text=f"{meaning} ({said})" if said else meaning)


class Payment:
    """Collects what the terminal says about one payment, and says what it amounts to."""

    def __init__(self, asked: Money, baseline: Baseline, *, attended: bool) -> None:
        self._asked = asked
        self._baseline = baseline
        self._attended = attended
        self._approval: StatusInformation | None = None
        self._confirmed = False
        self._refusal: StatusInformation | None = None
        self._doubt = ""
        self._customer: list[str] = []
        self._merchant: list[str] = []

    @property
    def approval(self) -> StatusInformation | None:
        """The yes that has been seen, recorded or not."""
        return self._approval

    def interim(self, step: Interim) -> None:
        """Take an intermediate status: an auto-reversal after a yes takes the yes back."""
        if step.status == codes.AUTO_REVERSAL and self._approval is not None:
            self._doubt = "the terminal reverses the payment"

    def printed(self, text: ReceiptText) -> None:
        """Take lines of a receipt."""
        if text.administration:
            return
        kept = self._merchant if text.merchant else self._customer
        room = RECEIPT_BYTES - sum(len(line.encode()) + 1 for line in kept)
        for line in text.lines:
            room -= len(line.encode()) + 1
            if room < 0:
                return
            kept.append(line)

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
        if self._approval is not None or status.original_trace or self._baseline.is_last(status):
            self._doubt = "the terminal reports another transaction"
            return Reply.DROP
        self._approval = status
        mismatch = self._mismatch(status)
        if mismatch:
            self._doubt = mismatch
            return Reply.REFUSE
        return Reply.RECORD

    @staticmethod
    def _same(one: StatusInformation, other: StatusInformation) -> bool:
        return one.reference == other.reference and one.amount == other.amount and one.currency == other.currency

    def _mismatch(self, status: StatusInformation) -> str:
        if status.amount is not None and status.amount != self._asked.minor:
            return f"the terminal approved {status.amount} minor units instead of {self._asked.minor}"
        if status.currency is not None and status.currency != self._asked.currency.numeric:
            return f"the terminal approved in currency {status.currency:03d} instead of {self._asked.currency}"
        if status.needs_signature and not self._attended:
            return "the terminal wants a signature, and nobody is here to check it"
        return ""

    def pending(self) -> Outcome:
        """Give the approval as it is to be recorded before it is acknowledged."""
        assert self._approval is not None
        return approved(self._asked, self._approval, tuple(self._customer), tuple(self._merchant))

    def recorded(self, *, durable: bool) -> Reply:
        """Take what became of the record; say what to answer."""
        self._confirmed = durable
        if durable:
            return Reply.ACKNOWLEDGE
        self._doubt = "the till could not store the result and asked the terminal to undo it"
        return Reply.REFUSE

    def completed(self) -> Outcome:
        """06 0F came: say what the payment amounts to."""
        if self._doubt:
            return unknown(self._doubt, self._approval)
        if self._approval is not None:
            if self._confirmed:
                return self.pending()
            return unknown("the terminal ended before the result was acknowledged", self._approval)
        if self._refusal is not None and self._refusal.result is not None:
            return refused(self._refusal.result, self._refusal.text)
        return unknown("the terminal ended without a result")

    def aborted(self, abort: Abort) -> Outcome:
        """06 1E came: after a yes the terminal undoes it, so that a look-up must tell; else the code decides."""
        if self._approval is not None:
            return unknown(self._doubt or "the terminal ended the payment after approving it", self._approval)
        if self._doubt:
            return unknown(self._doubt)
        if self._refusal is not None and self._refusal.result is not None:
            return refused(self._refusal.result, self._refusal.text or abort.text)
        if abort.result in (None, codes.OK):
            return unknown("the terminal stopped without a reason")
        return refused(abort.result, abort.text)

    def lost(self, reason: str) -> Outcome:
        """The line or the terminal's sense was lost."""
        return unknown(self._doubt or reason, self._approval)
