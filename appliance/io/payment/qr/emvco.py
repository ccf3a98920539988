"""EMV merchant-presented code: what the shop's acquirer issues for its wallets [MPM]. It brings no confirmation.

The payload is a row of objects: two digits of ID, two of length, the value; templates hold objects again. Lengths count
characters, the CRC runs over bytes.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass
from typing import Final

from appliance.core.money import Currency, Money
from appliance.io.payment.qr.payload import PayloadError, check_text, decode, encode, money

FORMAT, METHOD, CATEGORY, CURRENCY, AMOUNT = "00", "01", "52", "53", "54"
TIP, FIXED_FEE, FEE_PERCENT = "55", "56", "57"
COUNTRY, NAME, CITY, POSTCODE, ADDITIONAL, CRC, LANGUAGE = "58", "59", "60", "61", "62", "63", "64"

_STATIC, _DYNAMIC = "11", "12"
_ACCOUNTS: Final = range(2, 52)
_TEMPLATES: Final = (*range(26, 52), int(ADDITIONAL), int(LANGUAGE))
_NEEDED: Final = (CATEGORY, CURRENCY, COUNTRY, NAME, CITY)
_FORMS: Final = {
    FORMAT: ("the payload format", r"01"),
    METHOD: ("the point of initiation", r"1[12]"),
    CATEGORY: ("the merchant category", r"[0-9]{4}"),
    CURRENCY: ("the currency", r"[0-9]{3}"),
    AMOUNT: ("the amount", r"(?=.{1,13}$)[0-9]+(?:\.[0-9]*)?"),
    TIP: ("the tip indicator", r"0[123]"),
    FIXED_FEE: ("the fixed fee", r"(?=.{1,13}$)[0-9]+(?:\.[0-9]*)?"),
    FEE_PERCENT: ("the percentage of the fee", r"[0-9]{1,2}(?:\.[0-9]{0,2})?"),
    COUNTRY: ("the country", r"[A-Z]{2}"),
    NAME: ("the merchant's name", r".{1,25}"),
    CITY: ("the merchant's city", r".{1,15}"),
    POSTCODE: ("the postcode", r".{1,10}"),
}
_FEES: Final = {None: set(), "01": set(), "02": {FIXED_FEE}, "03": {FEE_PERCENT}}
"""Which of the two fees goes with a tip indicator [MPM]."""


@dataclass(frozen=True, slots=True)
class DataObject:
    """One object: an ID of two digits and 1 to 99 characters; PayloadError if it is none."""

    id: str
    value: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9]{2}", self.id):
            raise PayloadError("the ID of an object is two digits")
        check_text(f"object {self.id}", self.value, 99, least=1)

    def text(self) -> str:
        """Write it."""
        return f"{self.id}{len(self.value):02d}{self.value}"


@dataclass(frozen=True, slots=True)
class MerchantCode:
    """What a merchant-presented code says: its objects in their order, without the CRC; PayloadError if it cannot."""

    objects: tuple[DataObject, ...]

    def __post_init__(self) -> None:
        ids = [found.id for found in self.objects]
        if len(set(ids)) < len(ids):
            raise PayloadError("the code holds an object twice")
        if ids[:1] != [FORMAT]:
            raise PayloadError("the first object of the code is 00")
        if CRC in ids:
            raise PayloadError("the CRC, object 63, is the last object")
        missing = [needed for needed in _NEEDED if needed not in ids]
        if missing:
            raise PayloadError(f"the code has no object {missing[0]}")
        if not any(int(found) in _ACCOUNTS for found in ids):
            raise PayloadError("the code names no account, objects 02 to 51")
        for found in self.objects:
            name, form = _FORMS.get(found.id, ("", ".*"))
            if not re.fullmatch(form, found.value):
                raise PayloadError(f"{name}, object {found.id}, has a form that is not allowed")
            if int(found.id) in _TEMPLATES:
                read_objects(found.value, f"template {found.id}")
        if _FEES[self.value(TIP)] != {FIXED_FEE, FEE_PERCENT} & set(ids):
            raise PayloadError("tip indicator and fees, objects 55 to 57, do not fit together")
        if self.amount == Money(0, self.currency):
            raise PayloadError("the amount of the code is zero")
        self.payload()

    def value(self, id: str) -> str | None:  # noqa: A002 - the standard's word
        """Give the value of an object, None if the code has none."""
        return next((found.value for found in self.objects if found.id == id), None)

    def template(self, id: str) -> tuple[DataObject, ...]:  # noqa: A002 - the standard's word
        """Give the objects of a template, none if the code has none; PayloadError if the value is no template."""
        value = self.value(id)
        return () if value is None else read_objects(value, f"template {id}")

    @property
    def dynamic(self) -> bool:
        """Whether the code is made for one payment."""
        return self.value(METHOD) == _DYNAMIC

    @property
    def accounts(self) -> tuple[DataObject, ...]:
        """Objects 02 to 51: where the money goes, one for each network; from 26 on they are templates."""
        return tuple(found for found in self.objects if int(found.id) in _ACCOUNTS)

    @property
    def currency(self) -> Currency:
        """Object 53; PayloadError for a currency that the till does not know."""
        try:
            return Currency.of_numeric(int(self.value(CURRENCY) or 0))
        except ValueError:
            raise PayloadError("the code is in a currency that the till does not know") from None

    @property
    def amount(self) -> Money | None:
        """Object 54; None if the customer types it in."""
        value = self.value(AMOUNT)
        return money(value, self.currency) if value is not None else None

    @property
    def name(self) -> str:
        """Object 59, the merchant's name."""
        return self.value(NAME) or ""

    @property
    def city(self) -> str:
        """Object 60, the merchant's city."""
        return self.value(CITY) or ""

    def with_amount(self, amount: Money) -> MerchantCode:
        """Give the code of one payment from the code that hangs on the counter.

        PayloadError: another currency, not above zero, or a code that asks for a tip or a fee on top of the price.
        """
        if amount.currency != self.currency:
            raise PayloadError(f"the amount is in {amount.currency}, the code in {self.currency}")
        if amount.minor <= 0:
            raise PayloadError("the amount is not above zero")
        if self.value(TIP) is not None:
            raise PayloadError("the code asks for a tip or a fee; ask the acquirer for one without")
        objects = [DataObject(FORMAT, "01"), DataObject(METHOD, _DYNAMIC)]
        for found in self.objects:
            if found.id not in (FORMAT, METHOD, AMOUNT):
                objects.append(found)
            if found.id == CURRENCY:
                objects.append(DataObject(AMOUNT, str(amount.to_decimal())))
        return MerchantCode(tuple(objects))

    def text(self) -> str:
        """Write the code with its CRC."""
        body = "".join(found.text() for found in self.objects) + f"{CRC}04"
        return f"{body}{crc(encode(body)):04X}"

    def payload(self) -> bytes:
        """Give what the QR code holds."""
        return encode(self.text())


def crc(data: bytes) -> int:
    """Give the CRC-16/CCITT-FALSE: polynomial 1021, start FFFF [MPM].

    >>> f"{crc(b'123456789'):04X}"
    '29B1'
    """
    return binascii.crc_hqx(data, 0xFFFF)


def read_objects(text: str, where: str) -> tuple[DataObject, ...]:
    """Read a row of objects, each ID once; `where` names it in the refusal."""
    objects: list[DataObject] = []
    at = 0
    while at < len(text):
        head = text[at : at + 4]
        if not re.fullmatch(r"[0-9]{4}", head):
            raise PayloadError(f"{where}: ID and length of an object are not four digits, at character {at}")
        value = text[at + 4 : at + 4 + int(head[2:])]
        if len(value) < int(head[2:]):
            raise PayloadError(f"{where}: object {head[:2]} says {int(head[2:])} characters, {len(value)} follow")
        objects.append(DataObject(head[:2], value))
        at += 4 + len(value)
    if len({found.id for found in objects}) < len(objects):
        raise PayloadError(f"{where} holds an object twice")
    return tuple(objects)


def parse(data: str | bytes) -> MerchantCode:
    """Read a code."""
    text = decode(data)
    body, checksum = text[:-4], text[-4:]
    if not text.startswith(f"{FORMAT}02") or not body.endswith(f"{CRC}04"):
        raise PayloadError("an EMV code begins with object 00 and ends with its CRC, object 63")
    if checksum != f"{crc(encode(body)):04X}":
        raise PayloadError("the CRC is wrong: the code is damaged, or was changed")
    return MerchantCode(read_objects(body[:-4], "the code"))
