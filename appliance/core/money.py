"""Money as an integer of minor units, and the only rounding function of the product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Currency:
    """A currency of ISO 4217: alphabetic code, numeric code (terminals want it), and number of decimals."""

    code: str
    numeric: int
    exponent: int

    def __str__(self) -> str:
        return self.code

    @classmethod
    def parse(cls, code: str) -> Currency:
        """Give the currency of an ISO 4217 alphabetic code; ValueError names the codes that are known."""
        try:
            return _CURRENCIES[code]
        except KeyError:
            known = ", ".join(sorted(_CURRENCIES))
            raise ValueError(f"unknown currency {code!r}; known: {known}") from None

    @classmethod
    def of_numeric(cls, numeric: int) -> Currency:
        """Give the currency of an ISO 4217 numeric code, as card terminals send it (578 = NOK)."""
        for currency in _CURRENCIES.values():
            if currency.numeric == numeric:
                return currency
        raise ValueError(f"unknown ISO 4217 numeric code {numeric:03d}")


# ISO 4217:2015, list one: alphabetic code, numeric code, minor unit.
_CURRENCIES: Final = {
    code: Currency(code=code, numeric=numeric, exponent=exponent)
    for code, numeric, exponent in (
        ("CHF", 756, 2),
        ("CNY", 156, 2),
        ("CZK", 203, 2),
        ("DKK", 208, 2),
        ("EUR", 978, 2),
        ("GBP", 826, 2),
        ("ISK", 352, 0),
        ("JPY", 392, 0),
        ("NOK", 578, 2),
        ("PLN", 985, 2),
        ("SEK", 752, 2),
        ("USD", 840, 2),
    )
}


def round_half_away(value: Decimal) -> int:
    """Round to the nearest integer, halves away from zero, as shops and tax offices do it by hand."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in minor units of one currency. Amounts of two currencies never meet: ValueError."""

    minor: int
    currency: Currency

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError(f"money is an int of minor units, not {type(self.minor).__name__}")

    @classmethod
    def of_decimal(cls, amount: Decimal, currency: Currency) -> Money:
        """Give the money of an amount in major units ("48.80"); ValueError if it has too many decimals."""
        scaled = amount.scaleb(currency.exponent)
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{amount} has more decimals than {currency} ({currency.exponent})")
        return cls(int(scaled), currency)

    def to_decimal(self) -> Decimal:
        """Give the amount in major units with exactly the decimals of the currency."""
        return Decimal(self.minor).scaleb(-self.currency.exponent)

    def _same(self, other: Money) -> int:
        if not isinstance(other, Money):
            raise TypeError(f"money and {type(other).__name__} do not mix")
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not mix")
        return other.minor

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __mul__(self, factor: int) -> Money:
        if type(factor) is not int:
            raise TypeError("money is multiplied by an int; use times() for a Decimal quantity")
        return Money(self.minor * factor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.minor >= self._same(other)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        return f"{self.to_decimal()} {self.currency}"

    def times(self, quantity: Decimal) -> Money:
        """Give the amount for a quantity (pieces, kilograms), rounded once."""
        return Money(round_half_away(self.minor * quantity), self.currency)

    def allocate(self, weights: Sequence[int]) -> tuple[Money, ...]:
        """Split into parts in proportion to weights >= 0, not all zero; the parts sum to the whole exactly.

        What does not divide goes one minor unit each to the largest remainders, the first of equals first.
        """
        total = sum(weights)
        if total <= 0 or min(weights) < 0:
            raise ValueError("weights must be >= 0 and not all zero")
        sign = -1 if self.minor < 0 else 1
        amount = abs(self.minor)
        parts = [amount * weight // total for weight in weights]
        order = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % total), i))
        for index in order[: amount - sum(parts)]:
            parts[index] += 1
        return tuple(Money(sign * part, self.currency) for part in parts)


def total(amounts: Sequence[Money], currency: Currency) -> Money:
    """Sum amounts of one currency; the sum of nothing is zero."""
    result = Money(0, currency)
    for amount in amounts:
        result += amount
    return result
