"""Numbers of messages (tag 1F73), by which a repeat is known [Z15 5].

Asked for in the registration and used only if the terminal echoes the tag there. Whoever begins counts on from the last
number of either side, 000001 after 999999; an answer repeats the number of what it answers.
"""

from __future__ import annotations

from typing import Final

from appliance.io.payment.zvt import apdu as wire
from appliance.io.payment.zvt import fields, tlv
from appliance.io.payment.zvt.apdu import Apdu, ProtocolError
from appliance.io.payment.zvt.fields import bcd, read_fields, write_fields
from appliance.io.payment.zvt.messages import MESSAGE_ID
from appliance.io.payment.zvt.tlv import Tlv, read_length, read_tlv

LARGEST: Final = 999_999


def tag(number: int) -> Tlv:
    """Give the object of a number."""
    return Tlv(MESSAGE_ID, bcd(number, 3))


def number_of(apdu: Apdu) -> int | None:
    """Give the number of a message; None if it has none.

    Only a status information consists of bitmaps alone. In every other message something without a length comes first,
    so that the number is looked for in an object at the end that ends where the message does.
    """
    if apdu.control == wire.STATUS_INFORMATION:
        try:
            return _number(read_fields(apdu.data).tlv)
        except ProtocolError:
            return None
    for at, byte in enumerate(apdu.data):
        if byte != fields.TLV:
            continue
        try:
            length, start = read_length(apdu.data, at + 1)
            number = _number(read_tlv(apdu.data[start:])) if start + length == len(apdu.data) else None
        except ProtocolError:
            continue
        if number is not None:
            return number
    return None


def _number(objects: tuple[Tlv, ...]) -> int | None:
    value = tlv.first(objects, MESSAGE_ID)
    return int(value.hex()) if value is not None and len(value) == 3 and value.hex().isdecimal() else None


class MessageIds:
    """The numbers of one connection."""

    def __init__(self) -> None:
        self._last = 0
        self._heard: Apdu | None = None
        self._answered: Apdu | None = None

    def begin(self) -> Tlv:
        """Number a command of ours."""
        self._last = self._last % LARGEST + 1
        return tag(self._last)

    def hear(self, apdu: Apdu) -> Apdu | None:
        """Take what the terminal says. If it is a repeat, give our answer to it, which is to be sent again."""
        number = number_of(apdu)
        if number is not None and apdu == self._heard:
            return self._answered
        self._heard, self._answered = (None, None) if number is None else (apdu, None)
        if number is not None and not apdu.answer:
            self._last = number
        return None

    def answer(self, answer: Apdu) -> Apdu:
        """Give our answer to what was heard last, with its number."""
        number = None if self._heard is None else number_of(self._heard)
        if number is not None:
            answer = Apdu(answer.control, answer.data + write_fields({}, (tag(number),)))
        self._answered = answer
        return answer
