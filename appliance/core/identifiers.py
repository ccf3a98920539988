"""Identifiers, each with `parse` and `str` as inverses. Sources: GS1 General Specifications, IFPS (PLU), RFC 9562."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import NewType
from uuid import UUID

Sku = NewType("Sku", str)
"""The shop's own key of an item; unique per catalogue."""

Operator = NewType("Operator", str)
"""The sign-on name of a member of staff; "" is the unattended kiosk itself."""

LineNumber = NewType("LineNumber", int)
"""Number of a line item within its transaction, from 1; never reused, also when the line is voided."""

Language = NewType("Language", str)
"""A screen or receipt language: nb, nn, en, zh, ar (BCP 47 primary subtags)."""

_SLUG = re.compile(r"[a-z0-9-]{1,32}")


def check_digit(payload: str) -> str:
    """Give the GS1 check digit of a digit string without it (General Specifications, section 7.9)."""
    weighted = 3 * sum(map(int, payload[::-2])) + sum(map(int, payload[-2::-2]))
    return str(-weighted % 10)


@dataclass(frozen=True, slots=True, order=True)
class Gtin:
    """A Global Trade Item Number, always 14 digits inside (GS1 General Specifications, section 3.3.2)."""

    digits: str

    def __post_init__(self) -> None:
        if len(self.digits) != 14 or not (self.digits.isascii() and self.digits.isdecimal()):
            raise ValueError(f"a GTIN has 14 digits inside, not {self.digits!r}")
        if check_digit(self.digits[:-1]) != self.digits[-1]:
            raise ValueError(f"wrong check digit in {self.digits!r}")

    @classmethod
    def parse(cls, text: str) -> Gtin:
        """Read a GTIN-8, -12, -13 or -14; ValueError says what is wrong."""
        if len(text) not in (8, 12, 13, 14) or not (text.isascii() and text.isdecimal()):
            raise ValueError(f"a GTIN has 8, 12, 13 or 14 digits, not {text!r}")
        return cls(text.zfill(14))

    def __str__(self) -> str:
        return self.digits

    def __int__(self) -> int:
        return int(self.digits)


@dataclass(frozen=True, slots=True, order=True)
class Plu:
    """A price look-up code of 4 or 5 digits, for goods without a barcode."""

    digits: str

    def __post_init__(self) -> None:
        if len(self.digits) not in (4, 5) or not (self.digits.isascii() and self.digits.isdecimal()):
            raise ValueError(f"a PLU has 4 or 5 digits, not {self.digits!r}")

    @classmethod
    def parse(cls, text: str) -> Plu:
        """Read a PLU; ValueError says what is wrong."""
        return cls(text)

    def __str__(self) -> str:
        return self.digits


@dataclass(frozen=True, slots=True, order=True)
class CatalogueVersion:
    """One published set of products and prices of a price zone, "oslo/1841"."""

    zone: str
    number: int

    def __post_init__(self) -> None:
        if not _SLUG.fullmatch(self.zone) or self.number < 0:
            raise ValueError(f"not a catalogue version: {self.zone!r}/{self.number}")

    @classmethod
    def parse(cls, text: str) -> CatalogueVersion:
        """Read "zone/number"; ValueError says what is wrong."""
        zone, _, number = text.partition("/")
        if not number.isdecimal():
            raise ValueError(f"not a catalogue version: {text!r}")
        return cls(zone, int(number))

    def __str__(self) -> str:
        return f"{self.zone}/{self.number}"


@dataclass(frozen=True, slots=True, order=True)
class TransactionId:
    """A transaction as ARTS POSLog names it: store, workstation, business day, sequence; "oslo-01/3/2026-03-14/1187".

    The sequence never restarts on a workstation, also not at a new business day.
    """

    store: str
    workstation: str
    business_date: date
    sequence: int

    def __post_init__(self) -> None:
        if not (_SLUG.fullmatch(self.store) and _SLUG.fullmatch(self.workstation)) or self.sequence < 1:
            raise ValueError(f"not a transaction id: {self.store!r}/{self.workstation!r}/{self.sequence}")

    @classmethod
    def parse(cls, text: str) -> TransactionId:
        """Read "store/workstation/yyyy-mm-dd/sequence"; ValueError says what is wrong."""
        parts = text.split("/")
        if len(parts) != 4 or not parts[3].isdecimal():
            raise ValueError(f"not a transaction id: {text!r}")
        return cls(parts[0], parts[1], date.fromisoformat(parts[2]), int(parts[3]))

    def __str__(self) -> str:
        return f"{self.store}/{self.workstation}/{self.business_date.isoformat()}/{self.sequence}"


def uuid7(unix_ms: int, entropy: int) -> UUID:
    """Build a UUID version 7 (RFC 9562, section 5.7) from milliseconds since 1970 and 74 random bits."""
    random_a, random_b = entropy >> 62 & 0xFFF, entropy & ((1 << 62) - 1)
    return UUID(int=(unix_ms & ((1 << 48) - 1)) << 80 | 0x7 << 76 | random_a << 64 | 0b10 << 62 | random_b)
