"""Codes that a customer's wallet shows and the till scans: which wallet, and nothing else.

Such a code is money for a minute: whoever has it can charge its owner. It is sent once and never stored, logged, shown
or used again. Only a whole scan is one, by its length and its first characters; numbers of goods (8, 12, 13 or 14
digits) are shorter than all of them. A GS1 element string can look like one, so ask only while this tender is chosen.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from appliance.io.payment.qr.payload import PayloadError


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
    code = scan.strip(" \t\r\n")
    identifier = _IDENTIFIER.match(code)
    if identifier is not None:
        code = code[identifier.end() :]
    for wallet, pattern in _DIGITS.items():
        if pattern.fullmatch(code):
            return PresentedCode(wallet=wallet, code=code)
    if _EMVCO.fullmatch(code) and _is_base64(code):
        return PresentedCode(wallet=Wallet.EMVCO, code=code)
    return None


def parse(data: str | bytes) -> PresentedCode:
    """Read a customer's code; PayloadError if it is none."""
    found = find(data if isinstance(data, str) else data.decode("latin-1"))
    if found is None:
        raise PayloadError("this is no payment code of WeChat Pay, Alipay, UnionPay or an EMV wallet")
    return found


def _is_base64(code: str) -> bool:
    try:
        base64.b64decode(code, validate=True)
    except binascii.Error:
        return False
    return True
