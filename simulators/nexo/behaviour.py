"""How a simulated nexo terminal behaves, as words: `approve`, `decline WrongPIN`, `late 3, cut 4`."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What happens to a payment, refund or reversal, and how the terminal answers from then on. Times are seconds."""

    # The payment.
    result: str = "approve"
    """approve, decline, cancel (the customer presses stop), partial, ask (a person decides)."""
    condition: str = "Refusal"
    """ErrorCondition of a decline."""
    late: float = 0.0
    """The customer takes his time."""
    deaf: bool = False
    """Does not obey an Abort."""
    amount: int | None = None
    """Take another amount; minor units."""
    currency: str = ""
    """Name another currency."""
    no_amount: bool = False
    """Success without AmountsResp."""
    no_transaction: bool = False
    """Success without POITransactionID."""
    signature: bool = False
    last_only: bool = False
    """A reversal of anything but the last transaction is refused."""
    settled: bool = False
    """A reversal is refused: the transaction is in a closed end of day."""
    other_sale: bool = False
    """A reversal undoes the sale before the one that was named, and says so."""
    busy: bool = False
    """Answer Failure/Busy, and do nothing."""
    not_allowed: bool = False
    """Forget the login session before this message."""
    never: bool = False
    """Do nothing and never answer."""
    mute: bool = False
    """Take the money and never answer."""

    # Look-ups, from this payment on.
    in_progress: int = 0
    """Answer so many look-ups with InProgress (Busy at Swedbank Pay)."""
    not_found: int = 0
    """Answer so many look-ups with NotFound."""
    other_message: bool = False
    """Repeat the answer to another message."""
    no_repeat: bool = False
    """Found, but without what was found."""
    refuse_lookup: str = ""
    """ErrorCondition of every look-up."""

    # The line; of the payment, or with `always` of every answer from then on.
    always: bool = False
    cut: int = 0
    """Cut the line at this boundary: 1 request read, 2 begun, 3 in the books, 4 status line sent, 5 headers sent,
    6 half of the body sent, 7 all but the last byte, 8 everything sent."""
    kill: int = 0
    """The same, and the terminal loses its power."""
    status: int = 0
    """Answer with this HTTP status and no message."""
    truncated: bool = False
    """The line is closed in the middle of the body."""
    drip: float = 0.0
    """Seconds between the bytes of an answer."""
    wrong: str = ""
    """What is wrong with the answer: service, sale, poi, category, kind (a request comes back); or with its envelope:
    key, identifier, version, hmac, nonce, padding, header, clear."""
    malformed: bool = False
    """An answer that breaks off inside."""
    dtd: bool = False
    """XML with a document type and an entity."""
    twice: bool = False
    """A second Response beside the first one."""
    huge: bool = False
    """Two million bytes."""


_WORDS: Final[Mapping[str, Callable[[str], Mapping[str, Any]]]] = {
    "approve": lambda _: {"result": "approve"},
    "decline": lambda condition: {"result": "decline", "condition": condition or "Refusal"},
    "cancel": lambda _: {"result": "cancel"},
    "partial": lambda amount: {"result": "partial", "amount": int(amount or 100)},
    "ask": lambda _: {"result": "ask"},
}

_PLAIN: Final[Mapping[str, str]] = {
    field.name.replace("_", " "): field.name for field in fields(Behaviour) if field.name not in ("result", "condition")
}


def behaviour(text: str) -> Behaviour:
    """Read a behaviour: parts separated by commas, each a word of `Behaviour` and its value. ValueError names the part.

    >>> behaviour("decline WrongPIN, late 2").condition
    'WrongPIN'
    """
    changes: dict[str, Any] = {}
    for part in (part.strip() for part in text.split(",")):
        if part:
            changes |= _part(part)
    return replace(Behaviour(), **changes)


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
