"""ServiceIDs: the names of messages, ten characters of 0-9 and A-Z.

A payment's ServiceID follows from its attempt alone, so that a till that lost its memory asks for the same one and no
counter has to be kept. It has to be unique per POIID for 48 hours [ADY Terminal API fundamentals], or within one login
session [SWP Login]. It is made of the attempt's time, milliseconds modulo 2^28 (74.5 hours), and of 23 of its random
bits: two payments of one till share a ServiceID only if they began in the same millisecond of two such periods, and
then once in eight million times. Every other message is named in the same way, by the moment at which it is sent.
"""

from __future__ import annotations

import secrets
import time
from typing import Final
from uuid import UUID

from appliance.core.identifiers import uuid7

LENGTH: Final = 10
_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TIME_BITS: Final = 28
_RANDOM_BITS: Final = 23
"""51 bits together; 36^10 is a little more than 2^51."""


def of_attempt(attempt: UUID) -> str:
    """Give the ServiceID of a payment. `attempt`: UUIDv7, whose first 48 bits are milliseconds (RFC 9562, 5.7).

    >>> of_attempt(UUID("019ab123-4567-7000-8000-0000002a2a2a"))
    '1KRDS3VZU2'
    """
    milliseconds = attempt.int >> 80
    number = milliseconds % (1 << _TIME_BITS) << _RANDOM_BITS | attempt.int % (1 << _RANDOM_BITS)
    letters = []
    for _ in range(LENGTH):
        number, digit = divmod(number, len(_DIGITS))
        letters.append(_DIGITS[digit])
    return "".join(reversed(letters))


def fresh() -> str:
    """Give the ServiceID of a message that moves no money."""
    return of_attempt(uuid7(time.time_ns() // 1_000_000, secrets.randbits(74)))
