"""Character sets of a terminal's texts, and the masking of card numbers in them."""

from __future__ import annotations

import re
from typing import Final

CP437: Final = 0xFF
UTF_8: Final = 0xFE

# The 7-bit set of ZVT: ASCII with the German letters of DIN 66003 in six places; no "section sign" for "@".
_SEVEN_BIT: Final = str.maketrans({0x5B: "Ä", 0x5C: "Ö", 0x5D: "Ü", 0x7B: "ä", 0x7C: "ö", 0x7D: "ü", 0x7E: "ß"})

# Thirteen to nineteen digits (ISO/IEC 7812-1), alone or in groups.
_LONG_NUMBER: Final = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")

# Layout that a terminal puts into a text; every other control character is dropped.
_LAYOUT: Final = "\n\r\t"


def decode(data: bytes, charset: int = CP437) -> str:
    """Read a text in the character set of tag 14; bytes it cannot hold become U+FFFD."""
    if charset == UTF_8:
        codec = "utf-8"
    elif charset == 0x00:
        codec = "ascii"
    elif 0x01 <= charset <= 0x10 and charset != 0x0C:
        codec = f"iso8859-{charset}"
    else:
        codec = "cp437"
    return clean(data.decode(codec, errors="replace"))


def decode_seven_bit(data: bytes) -> str:
    """Read a text of the 7-bit set: display lines, and the software version."""
    return clean(data.decode("ascii", errors="replace").translate(_SEVEN_BIT))


def clean(text: str) -> str:
    """Drop padding and control characters, and mask what can be a card number.

    >>> clean("Kort 4111 1111 1111 1111" + chr(0))
    'Kort ************1111'
    """
    kept = "".join(letter for letter in text.rstrip("\0") if letter.isprintable() or letter in _LAYOUT)
    return _LONG_NUMBER.sub(_mask, kept)


def _mask(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match.group())
    return mask_digits(digits) if _luhn(digits) else match.group()


def _luhn(digits: str) -> bool:
    """Whether the last digit checks the others (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def mask_digits(digits: str) -> str:
    """Hide all but the last four characters.

    >>> mask_digits("4111111111111111")
    '************1111'
    """
    return "*" * (len(digits) - 4) + digits[-4:] if len(digits) > 4 else "*" * len(digits)
