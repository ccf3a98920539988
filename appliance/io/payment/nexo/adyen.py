"""Trees as JSON, the dialect of Adyen's terminals (nexo Retailer 3.0). Numbers are Decimal, never float."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Final, NoReturn

from appliance.io.payment.nexo.tree import LARGEST, Tree, Unreadable

VERSION: Final = "3.0"
PATH: Final = "/nexo"
CONTENT_TYPE: Final = "application/json; charset=utf-8"


def encode(tree: Tree) -> bytes:
    """Write a message; a Decimal is written with its own digits."""
    return _text(tree).encode()


def _text(value: Any) -> str:
    match value:
        case dict():
            return "{" + ",".join(f"{json.dumps(name)}:{_text(entry)}" for name, entry in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(map(_text, value)) + "]"
        case Decimal():
            return format(value, "f")
        case _:
            return json.dumps(value)


def decode(data: bytes) -> Tree:
    """Read a message; Unreadable says why it is none."""
    if len(data) > LARGEST:
        raise Unreadable(f"the message is longer than {LARGEST} bytes")
    try:
        found = json.loads(
            data.decode(), parse_float=Decimal, parse_int=Decimal, parse_constant=_refuse, object_pairs_hook=_once
        )
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise Unreadable("not JSON") from error
    if not isinstance(found, dict):
        raise Unreadable("not a JSON object")
    return found


def _refuse(_: str) -> NoReturn:
    raise ValueError("not a number of JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable("a name stands twice in one JSON object")
    return found
