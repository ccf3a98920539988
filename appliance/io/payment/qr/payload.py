"""What all payloads share: the refusal, characters and bytes, lines, amounts."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from appliance.core.money import Currency, Money

LARGEST: Final = 2953
"""Bytes of the largest QR code (ISO/IEC 18004, table 7: version 40, level L)."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class PayloadError(ValueError):
    """A payload that its standard does not allow, read or to be built. The text says why and quotes nothing of it."""


def decode(data: str | bytes, *, encoding: str = "utf-8", largest: int = LARGEST) -> str:
    """Give the characters of what was scanned; PayloadError if it has more bytes, or others, than may be."""
    try:
        raw = data.encode(encoding) if isinstance(data, str) else data
        text = raw.decode(encoding)
    except UnicodeError:
        raise PayloadError(f"the code holds something else than {encoding} text") from None
    if not raw:
        raise PayloadError("the code is empty")
    if len(raw) > largest:
        raise PayloadError(f"the code has {len(raw)} bytes; {largest} are allowed")
    return text


def encode(text: str, *, encoding: str = "utf-8", largest: int = LARGEST) -> bytes:
    """Give the bytes of a payload; PayloadError if the encoding lacks a character, or they are too many."""
    try:
        raw = text.encode(encoding)
    except UnicodeError:
        raise PayloadError(f"a character is none of {encoding}") from None
    if len(raw) > largest:
        raise PayloadError(f"the code would have {len(raw)} bytes; {largest} are allowed")
    return raw


def lines_of(text: str) -> list[str]:
    """Split a payload of lines, LF or CRLF. Empty lines at the end carry nothing and are dropped."""
    lines = text.replace("\r\n", "\n").split("\n")
    while lines and not lines[-1]:
        lines.pop()
    return lines


def check_text(name: str, value: str, most: int, *, least: int = 0) -> None:
    """Refuse a text that is too short or too long (characters), or holds control characters."""
    if not least <= len(value) <= most:
        if not value:
            raise PayloadError(f"{name} is missing")
        raise PayloadError(f"{name} has {len(value)} characters; {most} are allowed")
    if _CONTROL.search(value):
        raise PayloadError(f"{name} holds a line end or another control character")


def check_amount(amount: Money, largest: int, *currencies: str) -> None:
    """Refuse an amount in a currency that the code cannot carry, or not within 1..largest minor units."""
    if amount.currency.code not in currencies:
        raise PayloadError(f"the amount is in {amount.currency}; the code carries {' or '.join(currencies)}")
    if not 1 <= amount.minor <= largest:
        raise PayloadError(
            f"the amount must lie between {Money(1, amount.currency)} and {Money(largest, amount.currency)}"
        )


def money(digits: str, currency: Currency) -> Money:
    """Give the money of an amount whose form has been checked; PayloadError if it has too many decimals."""
    try:
        return Money.of_decimal(Decimal(digits), currency)
    except ValueError:
        raise PayloadError(f"the amount has more decimals than {currency}") from None
