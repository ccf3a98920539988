"""Value added tax: the rates in force on a day, and amounts that always add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from appliance.core.money import Money, round_half_away, total


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRate:
    """A rate in per cent, in force from a day on (`since` None: always was)."""

    rate: Decimal
    since: date | None = None


@dataclass(frozen=True, slots=True)
class TaxTable:
    """Tax code of the catalogue ("25", "15") -> its rates over time. Which rates there are is configuration."""

    codes: Mapping[str, tuple[TaxRate, ...]]

    def rate(self, code: str, on: date) -> Decimal:
        """Give the rate in per cent of a tax code on a business date; LookupError if there is none."""
        in_force = [entry for entry in self.codes.get(code, ()) if entry.since is None or entry.since <= on]
        if not in_force:
            raise LookupError(f"no rate for tax code {code!r} on {on.isoformat()}")
        return max(in_force, key=lambda entry: entry.since or date.min).rate


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxedAmount:
    """What was taken at one rate. `net + tax == gross` holds for every one that exists."""

    rate: Decimal
    net: Money
    tax: Money
    gross: Money

    def __post_init__(self) -> None:
        if self.net + self.tax != self.gross:
            raise ValueError(f"{self.net} + {self.tax} is not {self.gross}")

    @classmethod
    def of_gross(cls, gross: Money, rate: Decimal) -> TaxedAmount:
        """Take the tax out of a price that includes it: tax = gross x rate / (100 + rate), rounded once."""
        tax = Money(round_half_away(gross.minor * rate / (100 + rate)), gross.currency)
        return cls(rate=rate, net=gross - tax, tax=tax, gross=gross)


def tax_summary(amounts: Sequence[tuple[Decimal, Money]]) -> tuple[TaxedAmount, ...]:
    """Sum gross amounts by rate and take the tax out of each sum; highest rate first.

    The tax is taken out of the sum and not line by line, so that a receipt of many small lines does not gather
    a rounding error (Directive 2006/112/EC leaves the method to the member states; the sum is the usual one).
    """
    by_rate: dict[Decimal, list[Money]] = {}
    for rate, gross in amounts:
        by_rate.setdefault(rate, []).append(gross)
    return tuple(
        TaxedAmount.of_gross(total(grosses, grosses[0].currency), rate)
        for rate, grosses in sorted(by_rate.items(), key=lambda entry: -entry[0])
    )
