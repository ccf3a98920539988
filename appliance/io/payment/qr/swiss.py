"""Swiss QR code: a code that fills in a transfer in the bank's app, in francs or euros. It brings no confirmation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from appliance.core.money import Currency, Money
from appliance.io.payment.qr.iban import Iban
from appliance.io.payment.qr.payload import PayloadError, check_amount, check_text, decode, encode, lines_of, money
from appliance.io.payment.qr.reference import check_creditor_reference, check_qr_reference

LEVEL: Final = "M"
"""Error correction with which the code is drawn [SIX]."""
LARGEST_VERSION: Final = 25
"""Of the QR code [SIX]."""
LARGEST: Final = 997
"""Bytes: what version 25 holds at level M."""
SIDE_MM: Final = 46
"""Of the drawn code without its quiet zone [SIX]."""
CROSS_MM: Final = 7
"""Side of the Swiss cross in the middle of the code [SIX]."""

CURRENCIES: Final = ("CHF", "EUR")

_LARGEST_AMOUNT: Final = 99_999_999_999
_AMOUNT: Final = re.compile(r"(?:0|[1-9][0-9]{0,8})\.[0-9]{2}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_ALLOWED: Final = re.compile("[\u0020-\u007e\u00a0-\u017f\u0218-\u021b\u20ac]*")
"""The Latin characters that banks take [SIX, permitted characters]."""
_ADDRESS: Final = 7
_LEAST_LINES, _MOST_LINES = 31, 34


class ReferenceType(StrEnum):
    """What kind of reference the transfer carries."""

    QRR = "QRR"
    SCOR = "SCOR"
    NON = "NON"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A structured address; PayloadError if a field is missing or too long."""

    name: str
    postcode: str
    town: str
    country: str
    """ISO 3166-1, two capital letters."""
    street: str = ""
    number: str = ""

    def __post_init__(self) -> None:
        _check("the name in an address", self.name, 70, least=1)
        _check("the street in an address", self.street, 70)
        _check("the house number in an address", self.number, 16)
        _check("the postcode in an address", self.postcode, 16, least=1)
        _check("the town in an address", self.town, 35, least=1)
        if not _COUNTRY.fullmatch(self.country):
            raise PayloadError("the country of an address is two capital letters")

    def lines(self) -> tuple[str, ...]:
        """Give its seven lines."""
        return ("S", self.name, self.street, self.number, self.postcode, self.town, self.country)


@dataclass(frozen=True, slots=True, kw_only=True)
class SwissCode:
    """What a Swiss QR code says; PayloadError if it cannot."""

    account: Iban
    """Of Switzerland or Liechtenstein. A QR-IBAN goes with a QR reference, and no other IBAN does."""
    creditor: Address
    currency: Currency
    """CHF or EUR."""
    amount: Money | None = None
    """0.01 to 999999999.99; without it the payer fills it in."""
    debtor: Address | None = None
    reference_type: ReferenceType = ReferenceType.NON
    reference: str = ""
    message: str = ""
    """Up to 140 characters together with `billing`."""
    billing: str = ""
    """Structured information of the biller, as its own syntax says."""
    schemes: tuple[str, ...] = ()
    """Up to two alternative schemes of up to 100 characters."""

    def __post_init__(self) -> None:
        if not self.account.swiss:
            raise PayloadError("a Swiss QR code needs an IBAN of CH or LI with 21 characters")
        if self.currency.code not in CURRENCIES:
            raise PayloadError(f"a Swiss QR code is in CHF or EUR, not in {self.currency}")
        if self.amount is not None:
            check_amount(self.amount, _LARGEST_AMOUNT, self.currency.code)
        self._check_reference()
        _check("the message", self.message, 140)
        _check("the billing information", self.billing, 140)
        if len(self.message) + len(self.billing) > 140:
            raise PayloadError("message and billing information have more than 140 characters together")
        if len(self.schemes) > 2:
            raise PayloadError("a Swiss QR code has at most two alternative schemes")
        for scheme in self.schemes:
            _check("an alternative scheme", scheme, 100, least=1)
        self.payload()

    def _check_reference(self) -> None:
        if (self.reference_type is ReferenceType.QRR) != self.account.qr_iban:
            raise PayloadError("a QR reference (QRR) needs a QR-IBAN, and a QR-IBAN needs a QR reference")
        match self.reference_type:
            case ReferenceType.QRR:
                check_qr_reference(self.reference)
            case ReferenceType.SCOR:
                check_creditor_reference(self.reference)
            case ReferenceType.NON:
                if self.reference:
                    raise PayloadError("a reference needs its type, QRR or SCOR")

    def text(self) -> str:
        """Write the code, without empty lines at its end."""
        nobody = ("",) * _ADDRESS
        lines = (
            "SPC",
            "0200",
            "1",
            str(self.account),
            *self.creditor.lines(),
            *nobody,
            "" if self.amount is None else str(self.amount.to_decimal()),
            self.currency.code,
            *(nobody if self.debtor is None else self.debtor.lines()),
            self.reference_type.value,
            self.reference,
            self.message,
            "EPD",
            self.billing,
            *self.schemes,
        )
        return "\n".join(lines).rstrip("\n")

    def payload(self) -> bytes:
        """Give what the QR code holds."""
        return encode(self.text(), largest=LARGEST)


def parse(data: str | bytes) -> SwissCode:
    """Read a code."""
    lines = lines_of(decode(data, largest=LARGEST))
    if lines[:3] != ["SPC", "0200", "1"]:
        raise PayloadError("a Swiss QR code begins with the lines SPC, 0200 and 1")
    if len(lines) < _LEAST_LINES:
        raise PayloadError(f"a Swiss QR code has at least {_LEAST_LINES} lines, not {len(lines)}")
    if len(lines) > _MOST_LINES:
        raise PayloadError(f"a Swiss QR code has at most {_MOST_LINES} lines, not {len(lines)}")
    creditor = _address("creditor", lines[4:11])
    if creditor is None:
        raise PayloadError("the creditor's address is missing")
    if any(lines[11:18]):
        raise PayloadError("the seven lines for an ultimate creditor must be empty")
    currency = lines[19]
    if currency not in CURRENCIES:
        raise PayloadError("a Swiss QR code is in CHF or EUR")
    kind = lines[27]
    if kind not in set(ReferenceType):
        raise PayloadError("the type of the reference is QRR, SCOR or NON")
    if lines[30] != "EPD":
        raise PayloadError("the line after the message is EPD")
    return SwissCode(
        account=Iban(lines[3]),
        creditor=creditor,
        currency=Currency.parse(currency),
        amount=_amount(lines[18], Currency.parse(currency)),
        debtor=_address("debtor", lines[20:27]),
        reference_type=ReferenceType(kind),
        reference=lines[28],
        message=lines[29],
        billing=lines[31] if len(lines) > _LEAST_LINES else "",
        schemes=tuple(lines[32:]),
    )


def _address(whose: str, lines: list[str]) -> Address | None:
    if not any(lines):
        return None
    kind, name, street, number, postcode, town, country = lines
    if kind == "K":
        raise PayloadError(f"the {whose}'s address is combined (K); only structured ones (S) are allowed")
    if kind != "S":
        raise PayloadError(f"the {whose}'s address does not begin with its type, S")
    return Address(name=name, street=street, number=number, postcode=postcode, town=town, country=country)


def _amount(text: str, currency: Currency) -> Money | None:
    if not text:
        return None
    if not _AMOUNT.fullmatch(text):
        raise PayloadError("the amount of a Swiss QR code is a number with a point and two decimals")
    return money(text, currency)


def _check(name: str, value: str, most: int, *, least: int = 0) -> None:
    check_text(name, value, most, least=least)
    if not _ALLOWED.fullmatch(value):
        raise PayloadError(f"{name} holds a character that Swiss banks do not take; they take Latin letters only")
