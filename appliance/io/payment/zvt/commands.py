"""What a till says to a terminal: the commands of [Z15 2], ready to be sent."""

from __future__ import annotations

from appliance.core.money import Currency, Money
from appliance.io.payment.zvt import apdu, fields
from appliance.io.payment.zvt.apdu import Apdu
from appliance.io.payment.zvt.fields import bcd, write_fields
from appliance.io.payment.zvt.messages import COMMAND, COMMANDS
from appliance.io.payment.zvt.tlv import Tlv

STATUS_WITHOUT_PRINTING = 0x03
"""Service byte of 06 20: 01 send the status information, 02 print nothing [Z15 2.20]."""


def currency_code(currency: Currency) -> bytes:
    """Give the value of BMP 49."""
    return bcd(currency.numeric, 2)


def registration(password: str, config: int, currency: Currency, service: int | None = None) -> Apdu:
    """06 00. Tag 26 lists 06 D3; without it the terminal sends single lines only [Z15 2.1]."""
    data = bytes.fromhex(password) + bytes((config,)) + currency_code(currency)
    values = {} if service is None else {fields.SERVICE: bytes((service,))}
    blocks = Tlv(COMMANDS, children=(Tlv(COMMAND, apdu.PRINT_BLOCK.to_bytes(2, "big")),))
    return Apdu(apdu.REGISTRATION, data + write_fields(values, (blocks,)))


def authorisation(amount: Money) -> Apdu:
    """06 01. The currency is always sent: a terminal returns one only if it was asked with one [Z15 1.4]."""
    values = {fields.AMOUNT: bcd(amount.minor, 6), fields.CURRENCY: currency_code(amount.currency)}
    return Apdu(apdu.AUTHORISATION, write_fields(values))


def reversal(password: str, receipt: str, amount: Money, usual: Currency) -> Apdu:
    """06 30: undo the sale of a receipt number (four digits) and of this amount [Z15 2.9].

    The currency is named only if it is not the usual one of the terminal.
    """
    values = {fields.RECEIPT: bytes.fromhex(receipt), fields.AMOUNT: bcd(amount.minor, 6)}
    if amount.currency != usual:
        values[fields.CURRENCY] = currency_code(amount.currency)
    return Apdu(apdu.REVERSAL, bytes.fromhex(password) + write_fields(values))


def refund(password: str, amount: Money) -> Apdu:
    """06 31: pay an amount back to a card [Z15 2.15]."""
    values = {fields.AMOUNT: bcd(amount.minor, 6), fields.CURRENCY: currency_code(amount.currency)}
    return Apdu(apdu.REFUND, bytes.fromhex(password) + write_fields(values))


def end_of_day(password: str) -> Apdu:
    """06 50: send everything to the acquirer, and begin anew [Z15 2.16]."""
    return Apdu(apdu.END_OF_DAY, bytes.fromhex(password))


def totals(password: str) -> Apdu:
    """06 10: the sums since the last end of day, which goes on."""
    return Apdu(apdu.TOTALS, bytes.fromhex(password))


def repeat_receipt(password: str) -> Apdu:
    """06 20 with service byte 03: the status of the last transaction, nothing printed."""
    service = write_fields({fields.SERVICE: bytes((STATUS_WITHOUT_PRINTING,))})
    return Apdu(apdu.REPEAT_RECEIPT, bytes.fromhex(password) + service)


def status_enquiry(password: str) -> Apdu:
    """05 01."""
    return Apdu(apdu.STATUS_ENQUIRY, bytes.fromhex(password))


def abort() -> Apdu:
    """06 B0: please stop. The terminal's answer still decides [Z15 2.23]."""
    return Apdu(apdu.ABORT_BY_TILL)
