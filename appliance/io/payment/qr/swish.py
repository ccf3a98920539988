"""Swish (Sweden): a code that fills in the payment in the customer's app [SWQ 6.1]. It brings no confirmation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import STRICT, IntFlag
from typing import Final
from urllib.parse import quote, unquote

from appliance.core.money import Currency, Money
from appliance.io.payment.qr.payload import PayloadError, check_amount, check_text, decode, encode, money

LONGEST_MESSAGE: Final = 70
"""Characters [SWQ 4.1.2]."""

_SEK: Final = Currency.parse("SEK")
_LARGEST: Final = 10**14 - 1
"""Öre: twelve digits before the comma."""
_PAYEE: Final = re.compile(r"[0-9]{5,15}")
_AMOUNT: Final = re.compile(r"[0-9]{1,12}(?:,[0-9]{1,2})?")
_TOKEN: Final = re.compile(r"[0-9A-Za-z-]{1,64}")


class Editable(IntFlag, boundary=STRICT):
    """What the customer may change before paying."""

    NOTHING = 0
    PAYEE = 1
    AMOUNT = 2
    MESSAGE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SwishCode:
    """What a prefilled Swish code says; PayloadError if it cannot."""

    payee: str
    """A Swish number, 5 to 15 digits. Only one of ten digits can be built into a code."""
    amount: Money | None = None
    """SEK."""
    message: str = ""
    editable: Editable = Editable.NOTHING

    def __post_init__(self) -> None:
        if not _PAYEE.fullmatch(self.payee):
            raise PayloadError("the payee of a Swish code is a Swish number, digits only")
        if self.amount is not None:
            check_amount(self.amount, _LARGEST, "SEK")
        check_text("the message", self.message, LONGEST_MESSAGE)
        encode(self.message)

    def text(self) -> str:
        """Write the code; PayloadError if the payee has not ten digits."""
        if len(self.payee) != 10:
            raise PayloadError(f"a Swish number for codes has 10 digits, not {len(self.payee)}")
        amount = "" if self.amount is None else str(self.amount.to_decimal()).replace(".", ",")
        return f"C{self.payee};{amount};{quote(self.message, safe='')};{int(self.editable)}"

    def payload(self) -> bytes:
        """Give what the QR code holds."""
        return encode(self.text())


def parse(data: str | bytes) -> SwishCode:
    """Read a prefilled code. Also without trailing fields, with whole amounts and with a message in plain text."""
    text = decode(data)
    if not text.startswith("C"):
        raise PayloadError("a prefilled Swish code begins with C")
    fields = text[1:].split(";")
    if len(fields) > 4:
        raise PayloadError("a Swish code has four fields: payee, amount, message, mask")
    payee, amount, message, mask = fields + [""] * (4 - len(fields))
    if amount and not _AMOUNT.fullmatch(amount):
        raise PayloadError("the amount of a Swish code is kronor, with a comma before the öre")
    if mask not in set("01234567") | {""}:
        raise PayloadError("the mask of a Swish code is a number from 0 to 7")
    try:
        message = unquote(message, errors="strict")
    except UnicodeError:
        raise PayloadError("the message of the Swish code is not UTF-8") from None
    return SwishCode(
        payee=payee,
        amount=money(amount.replace(",", "."), _SEK) if amount else None,
        message=message,
        editable=Editable(int(mask or "0")),
    )


def token_text(token: str) -> str:
    """Write the code of a payment request that was made at Swish; its token is the answer's PaymentRequestToken."""
    if not _TOKEN.fullmatch(token):
        raise PayloadError("the token of a Swish payment request has up to 64 letters, digits and hyphens")
    return f"D{token}"
