"""Codes that a customer's wallet shows and the till scans: which wallet, and nothing else.

Such a code is money for a minute: whoever has it can charge its owner. It is sent once and never stored, logged, shown
or used again. Only a whole scan is one, by its length and its first characters; numbers of goods (8, 12, 13 or 14
digits) are shorter than all of them. A GS1 element string can look like one: goods that can be sold come first.
Sources: EMV QR Code Specification for Payment Systems, consumer-presented mode [CPM]; the wallets' own lengths.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Wallet(StrEnum):
    """Who issued the code."""

    WECHAT_PAY = "wechat_pay"
    ALIPAY = "alipay"
    UNIONPAY = "unionpay"
    EMVCO = "emvco"
    """Any wallet of the EMV QR Code Specification, consumer-presented mode."""


_DIGITS: Final = {
    Wallet.WECHAT_PAY: re.compile(r"1[0-5][0-9]{16}"),
    Wallet.ALIPAY: re.compile(r"(?:2[5-9]|30)[0-9]{14,22}"),
    Wallet.UNIONPAY: re.compile(r"62[0-9]{17}"),
}
_EMVCO: Final = re.compile(r"hQVDUFYwMW[0-9A-Za-z+/]{2,502}={0,2}")
"""Base64 of 85 05 CPV01, then template 61; up to 512 characters [CPM]."""
_IDENTIFIER: Final = re.compile(r"\](?:C0|Q[012])")
"""Symbology identifiers of Code 128 and QR code that are not GS1's (ISO/IEC 15424)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentedCode:
    """A customer's code. Its `repr` and `str` do not show it."""

    wallet: Wallet
    code: str = field(repr=False)


def find(scan: str) -> PresentedCode | None:
    """Give the customer's code that a whole scan is, with or without its symbology identifier; None if it is none."""
    code = bare(scan)
    for wallet, pattern in _DIGITS.items():
        if pattern.fullmatch(code):
            return PresentedCode(wallet=wallet, code=code)
    # Base64 comes in fours (RFC 4648, section 4).
    if len(code) % 4 == 0 and _EMVCO.fullmatch(code):
        return PresentedCode(wallet=Wallet.EMVCO, code=code)
    return None


def bare(scan: str) -> str:
    """Give a scan without the symbology identifier that a scanner may put before it."""
    code = scan.strip(" \t\r\n")
    identifier = _IDENTIFIER.match(code)
    return code if identifier is None else code[identifier.end() :]
