"""The receipts in an answer: lines to print, and whether a signature is wanted. Card numbers are masked here.

Swedbank Pay puts a JSON object in base64 into each receipt's OutputText [SWP PaymentResponse, CVM Signature]. Adyen
sends lines whose text is like the query of a URL: name=TOTAL&value=18.80&key=totalAmount [ADY Generate receipts].
"""

from __future__ import annotations

import base64
import binascii
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs

from appliance.io.payment.nexo import adyen
from appliance.io.payment.nexo.tree import Node, Unreadable
from appliance.io.payment.zvt.text import clean, mask_digits

log = logging.getLogger(__name__)

RECEIPT_BYTES: Final = 5000
"""Of each receipt that are kept, UTF-8: the sale must fit into one row of the journal with them."""
LINE: Final = 200
WIDTH: Final = 32
"""Characters of a receipt line, for a name on the left and a value on the right."""

CUSTOMER: Final = "CustomerReceipt"
MERCHANT: Final = "CashierReceipt"

# A number whose middle is hidden but whose beginning is not: 516815******9659, 600007 **** 7003.
_HALF_MASKED: Final = re.compile(r"(?<!\d)\d[\d ]{3,10}[*xX•][*xX• ]*\d{0,4}(?!\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipts:
    """Both receipts of a payment."""

    customer: tuple[str, ...] = ()
    merchant: tuple[str, ...] = ()
    signature: bool = False
    """A signature is wanted, or may be: the merchant's receipt could not be read."""


def masked_pan(text: str) -> str:
    """Hide all of a card number but its last four digits.

    >>> masked_pan("516815******9659"), masked_pan("600007 **** 7003"), masked_pan("12345 * 6789")
    ('************9659', '**********7003', '******6789')
    """
    return mask_digits("".join(letter if letter.isdigit() else "*" for letter in text if not letter.isspace()))


def safe(text: str) -> str:
    """Drop control characters, and mask every card number, also one that is half masked.

    >>> safe("Kort 516815******9659")
    'Kort ************9659'
    """
    return _HALF_MASKED.sub(lambda match: masked_pan(match.group()), clean(text))


def read(receipts: Iterable[Any]) -> Receipts:
    """Read the PaymentReceipt objects of an answer. What cannot be read is left out: it never undoes a payment."""
    lines: dict[str, list[str]] = {CUSTOMER: [], MERCHANT: []}
    signature = False
    for entry in receipts:
        try:
            receipt = Node.of("PaymentReceipt", entry)
            kind = receipt.word("DocumentQualifier", "")
            signature = signature or receipt.flag("RequiredSignatureFlag")
            for text in _texts(receipt):
                found, signs = _lines(text)
                signature = signature or signs
                if kind in lines:
                    lines[kind] += found
        except Unreadable as error:
            log.warning("a receipt of the terminal cannot be read: %s", error)
            signature = True
    return Receipts(customer=_fit(lines[CUSTOMER]), merchant=_fit(lines[MERCHANT]), signature=signature)


def _texts(receipt: Node) -> list[str]:
    content = receipt.child("OutputContent")
    return [
        text if isinstance(text, str) else Node.of("OutputText", text).text("Text", "", limit=100_000)
        for text in content.list("OutputText")
    ]


def _lines(text: str) -> tuple[list[str], bool]:
    """Give the lines of one text, and whether it asks for a signature."""
    if "=" in text.rstrip("="):
        return [_pair(text)], False
    if len(text) < 40:
        # No receipt in base64 is as short as that: a plain line.
        return [text], False
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unreadable("it is not base64") from error
    found: list[str] = []
    signature = False
    for name, part in adyen.decode(data).items():
        side = Node.of(name, part)
        found += [line for line in side.find("Optional").list("ReceiptString") if isinstance(line, str)]
        signature = signature or side.find("Mandatory", "Payment").flag("SignatureBlock")
    return found, signature


def _pair(text: str) -> str:
    values = parse_qs(text, keep_blank_values=True)
    name, value = (values.get(key, [""])[0].strip() for key in ("name", "value"))
    if not name or not value:
        return name or value
    return f"{name}{' ' * max(1, WIDTH - len(name) - len(value))}{value}"


def _fit(lines: list[str]) -> tuple[str, ...]:
    kept: list[str] = []
    room = RECEIPT_BYTES
    for line in lines:
        shown = safe(line)[:LINE]
        room -= len(shown.encode()) + 1
        if room < 0:
            break
        kept.append(shown)
    return tuple(kept)
