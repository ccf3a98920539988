"""A nexo message as a tree of names and values, the same for XML and JSON, and its strict reading.

Objects are mappings; a leaf is a text, a number, or true and false. In XML an attribute and an element that holds
nothing but text are both leaves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from appliance.errors import DeviceFailure

Tree = Mapping[str, Any]

LARGEST: Final = 1 << 20
"""Bytes of a message; a payment with both receipts has about ten thousand."""
DEEPEST: Final = 32

_TEXT: Final = 4096


class Unreadable(DeviceFailure):
    """What came is no nexo answer to us; the text says why, and holds nothing of what was in it."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy or "Check that the address is the terminal's, and its dialect.")


@dataclass(frozen=True, slots=True)
class Node:
    """One object of a message; `name` is for what is said about it."""

    name: str
    entries: Tree

    @classmethod
    def of(cls, name: str, value: Any) -> Node:
        """Take a value for an object; Unreadable if it is none. An empty element is an empty object."""
        if value == "":
            return cls(name, {})
        if not isinstance(value, Mapping):
            raise Unreadable(f"{name} is no object")
        return cls(name, value)

    def child(self, name: str) -> Node:
        """Give the object of a name; Unreadable without it."""
        if name not in self.entries:
            raise Unreadable(f"{self.name} has no {name}")
        return Node.of(name, self.entries[name])

    def find(self, *names: str) -> Node:
        """Give the object behind a path of names; an empty one where the path ends."""
        node = self
        for name in names:
            node = Node.of(name, node.entries.get(name, ""))
        return node

    def list(self, name: str) -> Sequence[Any]:
        """Give the values of a name that may stand more than once."""
        value = self.entries.get(name, [])
        return value if isinstance(value, list) else [value]

    def text(self, name: str, default: str | None = None, *, limit: int = _TEXT) -> str:
        """Give a text; Unreadable if it is missing and has no default, is no text, or is too long."""
        value = self.entries.get(name)
        if value is None:
            if default is None:
                raise Unreadable(f"{self.name} has no {name}")
            return default
        if not isinstance(value, str):
            raise Unreadable(f"{name} is no text")
        if len(value) > limit:
            raise Unreadable(f"{name} is longer than {limit} characters")
        return value

    def word(self, name: str, default: str | None = None, *, limit: int = 64) -> str:
        """Give a short text that can be printed."""
        value = self.text(name, default, limit=limit)
        if not value.isprintable():
            raise Unreadable(f"{name} holds control characters")
        return value

    def remark(self, name: str, *, limit: int = 64) -> str:
        """Give a text that decides nothing; "" if it is missing or no text."""
        value = self.entries.get(name, "")
        return "".join(filter(str.isprintable, value[:limit])) if isinstance(value, str) else ""

    def flag(self, name: str) -> bool:
        """Give true or false, also written as text; false if it is missing."""
        match self.entries.get(name, False):
            case True | "true" | "1":
                return True
            case False | "false" | "0":
                return False
            case _:
                raise Unreadable(f"{name} is neither true nor false")

    def decimal(self, name: str) -> Decimal | None:
        """Give an amount in major units, at most 12 digits before the point and 6 behind; None if it is missing."""
        value = self.entries.get(name)
        if value is None:
            return None
        if isinstance(value, str):
            plain = value.replace(".", "", 1)
            if not (plain.isascii() and plain.isdigit() and len(plain) <= 18):
                raise Unreadable(f"{name} is no amount")
            value = Decimal(value)
        if not isinstance(value, Decimal):
            raise Unreadable(f"{name} is no amount")
        exponent = value.as_tuple().exponent
        if not isinstance(exponent, int) or not -6 <= exponent <= 12 or value.adjusted() > 11 or value.is_signed():
            raise Unreadable(f"{name} is no amount that can be paid")
        return value
