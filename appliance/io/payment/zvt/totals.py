"""A terminal's sums since its last end of day [Z15 2.16, 3.1.3], and what they prove about a lost payment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from appliance.core.money import Money
from appliance.core.payment import Outcome, OutcomeKind, Totals
from appliance.io.payment.zvt.apdu import ProtocolError
from appliance.io.payment.zvt.baseline import Baseline, is_ahead
from appliance.io.payment.zvt.messages import StatusInformation
from appliance.io.payment.zvt.verdict import money_of, unknown

SCHEMES: Final = ("girocard", "JCB", "Mastercard", "American Express", "Visa", "Diners", "other cards")
"""The seven sums of BMP 60, in their order; Eurocard has become Mastercard."""

_NUMBERS: Final = 4
_SUM: Final = 7
"""Bytes of one sum: a binary count, and six of BCD."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySums:
    """What a terminal says it holds. Minor units, in the terminal's currency."""

    amount: int
    count: int
    by_card: Mapping[str, int] = field(default_factory=dict)
    first: str = ""
    """Receipt numbers, four digits; "" without any."""
    last: str = ""

    @classmethod
    def of(cls, status: StatusInformation) -> DaySums | None:
        """Read BMP 60, and BMP 04 beside it; None if there is no BMP 60, ProtocolError if it breaks the rules."""
        data = status.totals
        if not data:
            return None
        if len(data) != _NUMBERS + _SUM * len(SCHEMES) or not _bcd_parts(data).hex().isdecimal():
            raise ProtocolError(f"BMP 60 holds no {len(SCHEMES)} sums")
        counts: list[int] = []
        sums: list[int] = []
        for at in range(_NUMBERS, len(data), _SUM):
            counts.append(data[at])
            sums.append(int(data[at + 1 : at + _SUM].hex()))
        total = sum(sums) if status.amount is None else status.amount
        first, last = data[:2].hex(), data[2:4].hex()
        return cls(
            amount=total,
            count=sum(counts),
            by_card={scheme: part for scheme, part in zip(SCHEMES, sums, strict=True) if part},
            first=first if first.strip("0") else "",
            last=last if last.strip("0") else "",
        )


def _bcd_parts(data: bytes) -> bytes:
    return data[:_NUMBERS] + b"".join(data[at + 1 : at + _SUM] for at in range(_NUMBERS, len(data), _SUM))


def day_totals(status: StatusInformation | None, asked: Money, receipt: tuple[str, ...]) -> Totals | None:
    """Give the totals of an end of day; None if the terminal did not say them. `asked` gives the usual currency."""
    sums = None if status is None else DaySums.of(status)
    if status is None or (sums is None and status.amount is None):
        return None
    amount = money_of(status, None if sums is None else Money(sums.amount, asked.currency))
    if amount is None and status.amount is not None and status.currency is None:
        amount = Money(status.amount, asked.currency)
    if amount is None:
        return None
    by_card = {} if sums is None else {card: Money(part, amount.currency) for card, part in sums.by_card.items()}
    return Totals(amount=amount, count=0 if sums is None else sums.count, by_card=by_card, receipt=receipt)


def judge_totals(asked: Money, unsettled: Money, baseline: Baseline | None, sums: DaySums | None) -> Outcome:
    """Say what the sums prove about a payment: the terminal holds what the journal is certain of, or this one too.

    Sums that are equal by accident prove nothing, so the receipt numbers must agree where both sides have them: a
    terminal that closed its day by itself holds only newer numbers than the journal counts on.
    """
    if sums is None:
        return unknown("the terminal tells neither its last transaction nor its sums")
    if sums.by_card and sum(sums.by_card.values()) != sums.amount:
        return unknown("the sums of the terminal contradict each other")
    known = baseline.approved.receipt if baseline is not None else ""
    if unsettled and known and sums.first and is_ahead(known, sums.first):
        return unknown("the terminal has closed its day since")
    if sums.amount == unsettled.minor:
        return Outcome(kind=OutcomeKind.NOT_CHARGED, text="the terminal holds what was paid before this payment")
    newer = not known or not sums.last or is_ahead(known, sums.last)
    if sums.amount == (unsettled + asked).minor and newer:
        text = "found by the sums of the terminal, without its receipt"
        return Outcome(kind=OutcomeKind.APPROVED, amount=asked, text=text)
    return unknown(f"the terminal holds {sums.amount} minor units; the journal {unsettled}, or with this one more")
