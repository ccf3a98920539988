"""References that a bank carries back to the payee: QR reference (Switzerland) and creditor reference (ISO 11649)."""

from __future__ import annotations

import re
from typing import Final

from appliance.io.payment.qr.iban import remainder_97
from appliance.io.payment.qr.payload import PayloadError

_CREDITOR: Final = re.compile(r"RF[0-9]{2}[A-Z0-9]{1,21}")
_QR: Final = re.compile(r"[0-9]{27}")
_CARRY: Final = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)
"""The row of the table of modulo 10, recursive, for a carry of 0 [SIX]."""


def qr_check_digit(digits: str) -> str:
    """Give the check digit of a QR reference: modulo 10, recursive."""
    carry = 0
    for digit in digits:
        carry = _CARRY[(carry + int(digit)) % 10]
    return str(-carry % 10)


def qr_reference(number: str) -> str:
    """Give the QR reference of a number of 1 to 26 digits, filled up with zeros in front; PayloadError otherwise.

    >>> qr_reference("21000000000313947143000901")
    '210000000003139471430009017'
    """
    if not re.fullmatch(r"[0-9]{1,26}", number) or not number.strip("0"):
        raise PayloadError("a QR reference is made of 1 to 26 digits that are not all zero")
    padded = number.zfill(26)
    return padded + qr_check_digit(padded)


def check_qr_reference(text: str) -> None:
    """Refuse what is no QR reference."""
    if not _QR.fullmatch(text) or not text.strip("0"):
        raise PayloadError("a QR reference has 27 digits that are not all zero")
    if qr_check_digit(text[:-1]) != text[-1]:
        raise PayloadError("the check digit of the QR reference is wrong")


def creditor_reference(number: str) -> str:
    """Give the creditor reference of 1 to 21 capital letters and digits; PayloadError otherwise.

    >>> creditor_reference("539007547034")
    'RF18539007547034'
    """
    if not re.fullmatch(r"[A-Z0-9]{1,21}", number):
        raise PayloadError("a creditor reference is made of 1 to 21 capital letters and digits")
    return f"RF{98 - remainder_97(number + 'RF00'):02d}{number}"


def check_creditor_reference(text: str) -> None:
    """Refuse what is no creditor reference."""
    if not _CREDITOR.fullmatch(text):
        raise PayloadError("a creditor reference is RF, two check digits, and 1 to 21 capital letters and digits")
    if remainder_97(text[4:] + text[:4]) != 1:
        raise PayloadError("the check digits of the creditor reference are wrong")
