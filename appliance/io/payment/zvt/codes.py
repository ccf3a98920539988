"""Codes of a terminal and what they mean: results, terminal states, steps, kinds of card [Z15 10, 11, 3.7].

Meanings are for staff; customers read `Progress` in their own language.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from appliance.core.payment import Progress

OK: Final = 0x00
CANCELLED: Final = 0x6C
WRONG_CURRENCY: Final = 0x6F
NOT_POSSIBLE: Final = 0x83
BUSY: Final = 0x9C
ALREADY_REVERSED: Final = 0xB4
NO_REVERSAL: Final = 0xB5
PRINTER: Final = 0xCC

_RESULTS: Final[Mapping[int, str]] = {
    0x00: "no error",
    0x64: "the card cannot be read",
    0x65: "no card data: neither chip nor stripe",
    0x66: "the card reader had a fault",
    0x67: "not allowed for debit cards",
    0x68: "not allowed for credit and fuel cards",
    0x6A: "the terminal's memory of sales is full; run its end of day",
    0x6B: "switched off, or the till is not registered",
    0x6C: "stopped at the terminal, or nobody presented a card in time",
    0x6E: "the card is blocked",
    0x6F: "wrong currency",
    0x71: "not enough money on the card",
    0x72: "the chip has a fault",
    0x73: "the card's data are wrong",
    0x74: "the terminal's keys are used up; call the acquirer",
    0x75: "a text of the terminal is not authentic",
    0x76: "the card is not on the list of accepted cards",
    0x77: "the end of day is not possible now",
    0x78: "the card has expired",
    0x79: "the card is not valid yet",
    0x7A: "the terminal does not know the card",
    0x7B: "the magnetic stripe is not allowed for this debit card",
    0x7C: "the magnetic stripe is not allowed for this card",
    0x7D: "the terminal cannot communicate",
    0x7E: "the magnetic stripe is not allowed; direct debit would be possible",
    0x83: "not possible now, or not supported",
    0x85: "a key is missing; call the acquirer",
    0x89: "the PIN pad is defective",
    0x9A: "the terminal and the till disagree about the protocol",
    0x9B: "the terminal's line to its host is disturbed",
    0x9C: "the terminal is busy",
    0xA0: "the receiver is not ready",
    0xA1: "the host does not answer",
    0xA3: "no connection to the host",
    0xA5: "not allowed by the rules for card data",
    0xB1: "the terminal's memory is full; run its end of day",
    0xB2: "the terminal's merchant journal is full; run its end of day",
    0xB4: "already reversed",
    0xB5: "a reversal is not possible",
    0xB7: "the reservation does not fit, or the amount is wrong",
    0xB8: "the reservation has an error",
    0xBF: "the terminal's supply voltage is too low",
    0xC0: "the card lock is defective",
    0xC1: "the merchant card is blocked",
    0xC2: "the terminal needs a diagnosis",
    0xC3: "the amount is above the limit",
    0xC4: "the terminal needs new card profiles",
    0xC5: "this way to pay is not supported",
    0xC6: "the currency cannot be used",
    0xC8: "the amount is too small",
    0xC9: "the highest amount of the terminal is too small",
    0xCB: "only possible in euro",
    0xCC: "the printer is not ready",
    0xCD: "cash back is not possible",
    0xD2: "not allowed for service cards",
    0xDC: "a card is in the reader",
    0xDD: "the card could not be ejected",
    0xDE: "the card could not be drawn in",
    0xE0: "the terminal is under remote maintenance",
    0xE2: "the card reader does not answer",
    0xE3: "the shutter of the card reader is shut",
    0xE4: "the terminal must be activated",
    0xEA: "this kind of card is not allowed",
    0xEB: "not possible: unknown PIN procedure",
    0xEC: "the PIN cannot be checked",
    0xED: "the PIN pad is defective",
    0xF0: "an end of day is open; run it first",
    0xF1: "the offline check failed",
    0xFC: "a part of the terminal is missing or defective",
    0xFD: "this speed is not supported",
    0xFF: "a fault of the terminal",
}


def result_text(code: int) -> str:
    """Say what a result code means, for staff."""
    if code in _RESULTS:
        return _RESULTS[code]
    return "refused by the card's bank" if 0x01 <= code <= 0x63 else "a code that the standard does not name"


READY: Final = frozenset({0x00, 0xDC, 0xE1})
"""Terminal states in which a payment can start [Z15 11]."""

_STATES: Final[Mapping[int, str]] = {
    0x51: "the terminal must be initialised",
    0x62: "the terminal's clock is not set",
    0x9C: "the terminal is busy",
    0xC2: "the terminal needs a diagnosis",
    0xF0: "the terminal needs its end of day",
}


def state_text(status: int) -> str:
    """Say what a terminal state means, for staff; "" when it is ready."""
    return "" if status in READY else _STATES.get(status, f"the terminal needs service (state {status:02X})")


_STEPS: Final[Mapping[Progress, tuple[int, ...]]] = {
    Progress.PRESENT_CARD: (0x0A,),
    Progress.ENTER_PIN: (0x01, 0x02),
    Progress.WRONG_PIN: (0x15,),
    Progress.REMOVE_CARD: (0x0B, *range(0x41, 0x60)),
    Progress.CHOOSE_ON_TERMINAL: (0x00, 0x2A, 0x2B, 0x2C, 0xE0, 0xE1),
    Progress.AUTHORISING: (0x04, 0x05, 0x06, 0x1B),
    Progress.TRY_ANOTHER_WAY: (0x03, 0x07, 0x08, 0x09, 0x0C, 0x10, 0x12, 0x13, 0x14, 0x16, 0x18, 0x19, 0x1D),
    Progress.CONNECTING: (0xC9, 0xD2, 0xD3),
}
_PROGRESS: Final[Mapping[int, Progress]] = {code: step for step, codes in _STEPS.items() for code in codes}

_STOPPABLE: Final = frozenset(
    (0x00, 0x01, 0x02, 0x03, 0x07, 0x08, 0x09, 0x0A, 0x0C, 0x0E, 0x10, 0x15, 0x17, 0x19, 0x2A, 0x2B, 0x2C, 0xE0, 0xE1)
)

AUTO_REVERSAL: Final = 0x05
"""Intermediate status: the terminal undoes a sale by itself."""


def progress_of(status: int) -> Progress:
    """Translate an intermediate status for the customer's screen; WORKING for what has no step of its own."""
    return _PROGRESS.get(status, Progress.WORKING)


def may_stop(status: int) -> bool:
    """Whether a request to stop can still be in time at this intermediate status: no host has been asked yet."""
    return status in _STOPPABLE


CARD_TYPES: Final[Mapping[int, str]] = {
    0x05: "girocard",
    0x06: "Mastercard",
    0x08: "American Express",
    0x0A: "Visa",
    0x0D: "V PAY",
    0x2E: "Maestro",
}

CARDHOLDER_CHECKS: Final[Mapping[int, str]] = {
    0x00: "none",
    0x01: "signature",
    0x02: "online PIN",
    0x03: "offline encrypted PIN",
    0x04: "offline PIN",
    0x05: "offline encrypted PIN and signature",
    0x06: "offline PIN and signature",
    0x07: "online PIN and signature",
    0xFF: "unknown",
}
SIGNED: Final = frozenset({0x01, 0x05, 0x06, 0x07})
"""Cardholder checks that somebody must look at."""

TECHNOLOGIES: Final[Mapping[int, str]] = {0x00: "stripe", 0x01: "chip", 0x02: "NFC"}
