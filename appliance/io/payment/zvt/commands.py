"""What a till says to a terminal: the commands of [Z15 2], ready to be sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from appliance.core.money import Currency, Money
from appliance.io.payment.zvt import apdu, fields, message_ids
from appliance.io.payment.zvt.apdu import Apdu
from appliance.io.payment.zvt.fields import bcd, write_fields
from appliance.io.payment.zvt.messages import COMMAND, COMMANDS, RECEIPT_SYNC
from appliance.io.payment.zvt.tlv import Tlv

STATUS_WITHOUT_PRINTING: Final = 0x03
"""Service byte of 06 20: 01 send the status information, 02 print nothing [Z15 2.20]."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its data without BMP 06, and the objects of BMP 06."""

    control: int
    data: bytes = b""
    objects: tuple[Tlv, ...] = ()

    def apdu(self, *more: Tlv) -> Apdu:
        """Give what is sent; `more` objects follow those of the command."""
        return Apdu(self.control, self.data + write_fields({}, (*self.objects, *more)))


def currency_code(currency: Currency) -> bytes:
    """Give the value of BMP 49."""
    return bcd(currency.numeric, 2)


def registration(
    password: str, config: int, currency: Currency, service: int | None = None, *, ids: bool = False
) -> Command:
    """06 00. Tag 26 lists 06 D3; without it the terminal sends single lines only [Z15 2.1].

    `ids`: ask whether the terminal numbers messages (1F73).
    """
    data = bytes.fromhex(password) + bytes((config,)) + currency_code(currency)
    values = {} if service is None else {fields.SERVICE: bytes((service,))}
    blocks = Tlv(COMMANDS, children=(Tlv(COMMAND, apdu.PRINT_BLOCK.to_bytes(2, "big")),))
    objects = (blocks, message_ids.tag(0)) if ids else (blocks,)
    return Command(apdu.REGISTRATION, data + write_fields(values), objects)


def authorisation(amount: Money, sync: str | None = None) -> Command:
    """06 01. The currency is always sent: a terminal returns one only if it was asked with one [Z15 1.4].

    `sync`: the terminal's last receipt number (1F1F), four digits, "" if it is not known [Z15 4]; None sends no tag.
    """
    values = {fields.AMOUNT: bcd(amount.minor, 6), fields.CURRENCY: currency_code(amount.currency)}
    objects = () if sync is None else (Tlv(RECEIPT_SYNC, bytes.fromhex(sync)),)
    return Command(apdu.AUTHORISATION, write_fields(values), objects)


def reversal(password: str, receipt: str, amount: Money, usual: Currency) -> Command:
    """06 30: undo the sale of a receipt number (four digits) and of this amount [Z15 2.9].

    The currency is named only if it is not the usual one of the terminal.
    """
    values = {fields.RECEIPT: bytes.fromhex(receipt), fields.AMOUNT: bcd(amount.minor, 6)}
    if amount.currency != usual:
        values[fields.CURRENCY] = currency_code(amount.currency)
    return Command(apdu.REVERSAL, bytes.fromhex(password) + write_fields(values))


def refund(password: str, amount: Money) -> Command:
    """06 31: pay an amount back to a card [Z15 2.15]."""
    values = {fields.AMOUNT: bcd(amount.minor, 6), fields.CURRENCY: currency_code(amount.currency)}
    return Command(apdu.REFUND, bytes.fromhex(password) + write_fields(values))


def repeat_receipt(password: str) -> Command:
    """06 20 with service byte 03: the status of the last transaction, nothing printed."""
    service = write_fields({fields.SERVICE: bytes((STATUS_WITHOUT_PRINTING,))})
    return Command(apdu.REPEAT_RECEIPT, bytes.fromhex(password) + service)


def plain(control: int, password: str) -> Command:
    """Give a command that is nothing but the password.

    05 01 status enquiry, 06 10 totals, 06 50 end of day, 06 70 diagnosis, 06 93 initialisation.
    """
    return Command(control, bytes.fromhex(password))


def diagnosis() -> Command:
    """06 70 [Z15 2.17]."""
    return Command(apdu.DIAGNOSIS)


def abort() -> Command:
    """06 B0: please stop. The terminal's answer still decides [Z15 2.23]."""
    return Command(apdu.ABORT_BY_TILL)
