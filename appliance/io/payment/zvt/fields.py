"""Bitmaps (BMP) of a command or status: their lengths, and reading and writing them [Z15 13].

Card numbers never get past this module: BMP 22 is masked to its last four digits here, the tracks are dropped here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from appliance.io.payment.zvt.apdu import ProtocolError
from appliance.io.payment.zvt.text import mask_digits
from appliance.io.payment.zvt.tlv import Tlv, read_length, read_tlv, write_length, write_tlv

TIME_OUT: Final = 0x01
SERVICE: Final = 0x03
AMOUNT: Final = 0x04
TLV: Final = 0x06
TRACE: Final = 0x0B
TIME: Final = 0x0C
DATE: Final = 0x0D
EXPIRY: Final = 0x0E
CARD_SEQUENCE: Final = 0x17
PAYMENT_TYPE: Final = 0x19
PAN: Final = 0x22
RESULT: Final = 0x27
TERMINAL_ID: Final = 0x29
CONTRACT: Final = 0x2A
ORIGINAL_TRACE: Final = 0x37
AUTHORISATION: Final = 0x3B
ADDITIONAL_TEXT: Final = 0x3C
CURRENCY: Final = 0x49
TOTALS: Final = 0x60
RECEIPT: Final = 0x87
TURNOVER: Final = 0x88
CARD_TYPE: Final = 0x8A
CARD_NAME: Final = 0x8B
NETWORK_CARD_TYPE: Final = 0x8C
HOST_CODE: Final = 0xA0

_BY_LENGTH: Final[Mapping[int, tuple[int, ...]]] = {
    1: (
        *(0x01, 0x02, 0x03, 0x05, 0x19, 0x27, 0x72, 0x73, 0x74, 0x75, 0x8A, 0x8C, 0xA0),
        *(0xD0, 0xD2, 0xD3, 0xE0, 0xE9, 0xEA, 0xF0, 0xF9, 0xFA, 0xFB, 0xFC, 0xFD),
    ),
    2: (0x0D, 0x0E, 0x17, 0x3A, 0x49, 0x87),
    3: (0x0B, 0x0C, 0x37, 0x3D, 0x88, 0xAA),
    4: (0x29, 0x70, 0x71),
    5: (0xBA,),
    6: (0x04,),
    8: (0x3B, 0xEB),
    15: (0x2A,),
}
FIXED: Final[Mapping[int, int]] = {bmp: length for length, bmps in _BY_LENGTH.items() for bmp in bmps}
"""Length in bytes of the bitmaps that always have the same."""

COUNTERS: Final[Mapping[int, int]] = {
    **dict.fromkeys((0x22, 0x23, 0x2D, 0x4C, 0x8B, 0xA7, 0xD1, *range(0xE1, 0xE9), *range(0xF1, 0xF9)), 2),
    **dict.fromkeys((0x24, 0x2E, 0x3C, 0x60, 0x9A, 0xAF), 3),
}
"""Counter bytes of the others: LLVAR two, LLLVAR three, each F and one decimal digit."""

TRACKS: Final = frozenset({0x23, 0x24, 0x2D})
"""Track 2, track 3, track 1."""

_DIGITS_ONLY: Final = frozenset({AMOUNT, TRACE, TIME, DATE, RECEIPT, TERMINAL_ID, CURRENCY, ORIGINAL_TRACE, TURNOVER})

LONGEST_PAN: Final = 19
"""Digits of a card number [ISO/IEC 7812-1]. A longer field is no such number, and the hub's books take no more."""


@dataclass(frozen=True, slots=True)
class Fields:
    """What a data block holds. `values` by BMP, raw but for the card number; `unknown`: the BMP that ended it."""

    values: Mapping[int, bytes] = field(default_factory=dict)
    tlv: tuple[Tlv, ...] = ()
    masked_pan: str = ""
    unknown: int | None = None

    def digits(self, bmp: int) -> str:
        """Give a BCD field as digits, "" if it is absent."""
        return self.values[bmp].hex() if bmp in self.values else ""


def read_fields(data: bytes) -> Fields:
    """Read bitmaps in any order.

    A bitmap that the table does not know ends the reading, because nobody knows its length: what came before is kept,
    the rest counts as absent. ProtocolError: a length that does not fit, a counter that is none, digits that are none,
    or one bitmap twice with two values.
    """
    values: dict[int, bytes] = {}
    tlv: tuple[Tlv, ...] = ()
    masked = ""
    at = 0
    while at < len(data):
        bmp = data[at]
        if bmp == TLV:
            length, start = read_length(data, at + 1)
        elif bmp in FIXED:
            length, start = FIXED[bmp], at + 1
        elif bmp in COUNTERS:
            length, start = _counter(data, at)
        else:
            return Fields(values, tlv, masked, unknown=bmp)
        at = start + length
        if at > len(data):
            raise ProtocolError(f"BMP {bmp:02X} says {length} bytes, {len(data) - start} follow")
        value = data[start:at]
        if bmp == TLV:
            tlv += read_tlv(value)
        elif bmp == PAN:
            masked = mask_pan(value)
        elif bmp not in TRACKS:
            _check(bmp, value, values)
            values[bmp] = value
    return Fields(values, tlv, masked)


def _counter(data: bytes, at: int) -> tuple[int, int]:
    bmp, count = data[at], COUNTERS[data[at]]
    counter = data[at + 1 : at + 1 + count]
    if len(counter) < count:
        raise ProtocolError(f"the counter of BMP {bmp:02X} is cut off")
    if any(byte >> 4 != 0xF or byte & 0xF > 9 for byte in counter):
        raise ProtocolError(f"BMP {bmp:02X} has {counter.hex(' ')} where its length should stand")
    return int("".join(str(byte & 0xF) for byte in counter)), at + 1 + count


def _check(bmp: int, value: bytes, values: Mapping[int, bytes]) -> None:
    if bmp in _DIGITS_ONLY and not value.hex().isdecimal():
        raise ProtocolError(f"BMP {bmp:02X} holds something else than digits")
    if values.get(bmp, value) != value:
        raise ProtocolError(f"BMP {bmp:02X} comes twice with two values")


def mask_pan(value: bytes) -> str:
    """Give a card number with at most its last four digits clear. E is masked already, F is padding, D ends it.

    >>> mask_pan(bytes.fromhex("eeeeeeeeeeee4771"))
    '************4771'
    """
    number = value.hex().split("d", 1)[0].rstrip("f")
    clear = mask_digits("".join(nibble if nibble.isdecimal() else "*" for nibble in number))
    clear = clear[-LONGEST_PAN:]
    return clear if any(letter.isdecimal() for letter in clear) else "*" * len(clear)


def write_fields(values: Mapping[int, bytes], tlv: tuple[Tlv, ...] = ()) -> bytes:
    """Write bitmaps in the order given, BMP 06 last; ProtocolError if a value has a length that its BMP cannot have."""
    out = bytearray()
    for bmp, value in values.items():
        out.append(bmp)
        if bmp in FIXED:
            if len(value) != FIXED[bmp]:
                raise ProtocolError(f"BMP {bmp:02X} has {FIXED[bmp]} bytes, not {len(value)}")
        elif bmp in COUNTERS:
            out += _write_counter(len(value), COUNTERS[bmp])
        else:
            raise ProtocolError(f"there is no BMP {bmp:02X}")
        out += value
    if tlv:
        body = write_tlv(tlv)
        out += bytes((TLV,)) + write_length(len(body)) + body
    return bytes(out)


def _write_counter(length: int, count: int) -> bytes:
    digits = f"{length:0{count}d}"
    if len(digits) > count:
        raise ProtocolError(f"{length} bytes do not fit behind a counter of {count} digits")
    return bytes(0xF0 | int(digit) for digit in digits)


def bcd(value: int, length: int) -> bytes:
    """Give a number as `length` bytes of BCD; ProtocolError if it is negative or too large.

    >>> bcd(1880, 6).hex()
    '000000001880'
    """
    digits = f"{value:0{2 * length}d}"
    if value < 0 or len(digits) > 2 * length:
        raise ProtocolError(f"{value} does not fit into {2 * length} digits")
    return bytes.fromhex(digits)
