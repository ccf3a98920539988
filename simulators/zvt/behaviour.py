"""How a simulated terminal behaves, as words: `approve`, `decline 05`, `late 3, keep, drop before 040F`."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What happens to a payment, reversal, refund or end of day, and how the terminal answers from then on.

    Times are seconds.
    """

    # The payment.
    result: str = "approve"
    """approve, decline, cancel (the customer presses stop), ask (a person decides)."""
    code: int = 0x05
    """Result code of a decline."""
    late: float = 0.0
    """The customer takes his time."""
    refuse: int = 0
    """Answer 84 xx to 06 01."""
    silent: bool = False
    """Never answer 06 01, and do nothing."""
    mute: bool = False
    """Never answer 06 01, but take the money."""
    no_result: bool = False
    """Take the money and never send 04 0F."""
    no_completion: bool = False
    """Never send 06 0F."""
    repeats: int = 0
    """How often 04 0F is sent again."""
    pin_retry: bool = False
    """A first 04 0F with 37 (wrong PIN), then the result."""
    abort_after_approval: bool = False
    """06 1E although 27=00 was acknowledged; the sale is undone."""
    completion_after_decline: bool = False
    """06 0F in place of 06 1E."""
    early_abort: bool = False
    """A refusal without 04 0F: 06 1E alone."""
    signature: bool = False
    amount: int | None = None
    """Charge another amount."""
    currency: int | None = None
    tid: str = ""
    """Call itself so in 04 0F."""
    no_amount: bool = False
    """04 0F without BMP 04."""
    no_receipt: bool = False
    """04 0F without BMP 87."""
    garbled: bool = False
    """04 0F with an impossible counter."""
    foreign: str = ""
    """Answer 06 01 with these bytes (hex) and do nothing."""
    minutes: int = 0
    """Raise T4 in 04 FF."""
    stale: bool = False
    """Send the previous transaction's 04 0F before the answer to 06 01."""
    stubborn: bool = False
    """Go on as after a yes when the till refuses."""
    wrong_sale: bool = False
    """Reverse another sale than the till named."""

    # Our answer is missing.
    missing: str = "reverse"
    """reverse or keep the sale; decline: it never was one, and is told as declined; sync: keep it until the next
    payment says by 1F1F that the till is one behind."""
    stored_at: str = "prints"
    """The sale stands after our answer to the status, or to the last print command."""

    # Afterwards.
    after_reversal: str = "record"
    """06 20 then tells the reversal (record), 06 1E B4 (b4), or the transaction before (previous)."""
    no_repeat: bool = False
    """06 20 is answered 84 83."""
    no_totals: bool = False
    """06 10 is answered 84 83."""
    nothing_stored: bool = False
    """06 20 is answered 06 1E 6A."""
    forgets_declines: bool = False
    """06 20 tells the last approved transaction."""
    busy: float = 0.0
    """Busy for so long after the payment."""
    state: int = 0
    """Status byte of 05 01, until the till initialises or diagnoses the terminal."""
    hopeless: bool = False
    """And after it."""

    # Habits.
    message_ids: bool = False
    """Number messages (1F73) if the till asks for it at its next registration, and insist on the right numbers."""
    receipt_sync: bool = False
    """Tell the last receipt number, and take the till's (1F1F)."""

    # The line.
    drop: str = ""
    """Cut the line: "before 040F" or "after 040F", by the control bytes of a frame of the terminal; or "after answer
    040F", when our answer to that frame has come."""
    cut: int = 0
    """Cut the line at this frame boundary of the payment: 1 is before the first frame that the terminal sends."""
    kill: int = 0
    """The same, and the process dies."""
    single_bytes: bool = False
    slow: float = 0.0
    """Seconds between two bytes of the terminal."""
    echo: bool = False
    """The line gives back what the till says."""
    noise: bool = False
    """Bytes out of nowhere before 04 0F."""
    glue: bool = False
    nak: int = 0
    """Serial: refuse so many good blocks."""
    bad_crc: int = 0
    """Serial: send so many blocks with a wrong CRC."""
    lost_ack: int = 0
    """Serial: lose so many of our ACKs."""


def _hex(text: str) -> int:
    return int(text, 16)


_WORDS: Final[Mapping[str, Callable[[str], Mapping[str, Any]]]] = {
    "approve": lambda _: {"result": "approve"},
    "decline": lambda code: {"result": "decline", "code": _hex(code or "05")},
    "cancel": lambda _: {"result": "cancel"},
    "ask": lambda _: {"result": "ask"},
    "reverse": lambda _: {"missing": "reverse"},
    "keep": lambda _: {"missing": "keep"},
    "stored at": lambda text: {"stored_at": text},
    "after reversal": lambda text: {"after_reversal": text},
    "drop": lambda text: {"drop": text or "before 8000"},
    "foreign": lambda text: {"foreign": text or "150369"},
    "refuse": lambda code: {"refuse": _hex(code or "83")},
    "state": lambda code: {"state": _hex(code)},
}

_PLAIN: Final[Mapping[str, str]] = {
    field.name.replace("_", " "): field.name for field in fields(Behaviour) if field.name not in ("result", "code")
}


def behaviour(text: str, base: Behaviour | None = None) -> Behaviour:
    """Read a behaviour: parts separated by commas, each a word of `Behaviour` and its value. ValueError names the part.

    >>> behaviour("decline 51, late 2").code
    81
    """
    changes: dict[str, Any] = {}
    for part in (part.strip() for part in text.split(",")):
        if part:
            changes |= _part(part)
    return replace(base or Behaviour(), **changes)


def _part(part: str) -> Mapping[str, Any]:
    for word, read in _WORDS.items():
        if part == word or part.startswith(word + " "):
            return read(part[len(word) :].strip())
    for word, name in sorted(_PLAIN.items(), key=lambda item: -len(item[0])):
        if part == word or part.startswith(word + " "):
            return {name: _value(name, part[len(word) :].strip())}
    near = difflib.get_close_matches(part, [*_WORDS, *_PLAIN], n=1) or ["approve"]
    raise ValueError(f"no behaviour {part!r}; did you mean {near[0]!r}?")


def _value(name: str, text: str) -> Any:
    kind = type(getattr(Behaviour(), name))
    if kind is bool:
        return text not in ("off", "no")
    if kind is float:
        return float(text or 1)
    if kind is str:
        return text
    return int(text or 1)
