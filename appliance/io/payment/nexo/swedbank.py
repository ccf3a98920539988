"""Trees as XML, the dialect of Swedbank Pay's PAX terminals (nexo Retailer 3.1).

No DTD, no entity, no more than one element of a name where nexo has one, a limit for size and depth.
"""

from __future__ import annotations

from html import escape
from typing import Any, Final
from xml.parsers import expat  # DTDs are refused below, and with them all declared entities

from appliance.io.payment.nexo.tree import DEEPEST, LARGEST, Tree, Unreadable

VERSION: Final = "3.1"
PATH: Final = "/EPASSaleToPOI/3.1"
CONTENT_TYPE: Final = "application/xml; charset=utf-8"

_REPEATED: Final = frozenset({"PaymentReceipt", "OutputText"})
"""Elements that are lists, also where there is only one."""
_ELEMENTS: Final = frozenset(
    {
        "AbortReason",
        "AdditionalResponse",
        "ApprovalCode",
        "DateTime",
        "OutputText",
        "POICapabilities",
        "SaleCapabilities",
        "ServiceProfiles",
    }
)
"""Leaves that are elements; every other leaf is an attribute."""


def encode(tree: Tree) -> bytes:
    """Write a message. Elements stand in the order of the tree, which is the schema's where it was built."""
    out = ['<?xml version="1.0" encoding="UTF-8"?>']
    for name, value in tree.items():
        _write(out, name, value)
    return "".join(out).encode()


def _write(out: list[str], name: str, value: Any) -> None:
    if isinstance(value, list):
        for entry in value:
            _write(out, name, entry)
        return
    if not isinstance(value, dict):
        out.append(f"<{name}>{escape(_leaf(value))}</{name}>")
        return
    attributes = {
        key: leaf for key, leaf in value.items() if key not in _ELEMENTS and not isinstance(leaf, dict | list)
    }
    text = attributes.pop("Text", None)
    children = {key: child for key, child in value.items() if key not in attributes and key != "Text"}
    out.append(f"<{name}" + "".join(f' {key}="{escape(_leaf(leaf))}"' for key, leaf in attributes.items()))
    if text is None and not children:
        out.append("/>")
        return
    out.append(">" if text is None else f">{escape(_leaf(text))}")
    for key, child in children.items():
        _write(out, key, child)
    out.append(f"</{name}>")


def _leaf(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def decode(data: bytes) -> Tree:
    """Read a message; Unreadable says why it is none."""
    if len(data) > LARGEST:
        raise Unreadable(f"the message is longer than {LARGEST} bytes")
    return _Reader().read(data)


class _Reader:
    """Builds the tree while expat reads."""

    def __init__(self) -> None:
        self._root: dict[str, Any] = {}
        self._open: list[tuple[str, dict[str, Any], list[str]]] = []
        """Elements that have begun: name, entries, text."""

    def read(self, data: bytes) -> Tree:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        try:
            parser.Parse(data, True)
        except expat.ExpatError as error:
            raise Unreadable(f"not XML: {expat.ErrorString(error.code)} in line {error.lineno}") from error
        except (LookupError, ValueError) as error:
            raise Unreadable("not XML: its encoding is not known") from error
        return self._root

    def _doctype(self, *_: object) -> None:
        raise Unreadable("XML with a document type is refused")

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= DEEPEST:
            raise Unreadable(f"more than {DEEPEST} elements inside each other")
        entries = {key: value for key, value in attributes.items() if not key.startswith("xml")}
        self._open.append((name, entries, []))

    def _text(self, text: str) -> None:
        self._open[-1][2].append(text)

    def _end(self, _: str) -> None:
        name, entries, texts = self._open.pop()
        text = "".join(texts).strip()
        value: Any = entries
        if not entries:
            value = text
        elif text and "Text" in entries:
            raise Unreadable(f"{name} has two texts")
        elif text:
            entries["Text"] = text
        above = self._open[-1][1] if self._open else self._root
        seen = above.get(name)
        if seen is not None and not isinstance(seen, list):
            raise Unreadable(f"{name} stands twice")
        above[name] = [*(seen or []), value] if name in _REPEATED else value
