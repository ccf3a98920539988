"""What is found in a file of products: the products, or every fault with its place and what to write instead."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance.core.money import Currency


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A fault of the file. `line` counts from 1, the heading included; 0 = the file as a whole."""

    line: int
    column: str = ""
    """The column's name, or the element's in XML; "" = the line as a whole."""
    text: str
    """What is wrong, and what to write instead."""

    def __str__(self) -> str:
        where = [f"line {self.line}"] if self.line else []
        return ": ".join([*where, *([self.column] if self.column else []), self.text])


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a file holds: its products if there are no findings, else nothing that may be used.

    The products are whole, or, of a part of the list, SKU and changed keys (None clears): as `hub.catalogue.publish`
    takes them.
    """

    products: tuple[dict[str, Any], ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    """How the file was understood, and what of it was left out on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the products are to go."""

    currency: Currency
    tax_codes: Collection[str]
    language: str = "nb"
    """Of names that do not say theirs."""
    whole: bool = True
    """The file is the whole list; else only what it names is added or changed."""
    known: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The products that there are, for a part of the list."""


class Unreadable(Exception):
    """The file cannot be read at all."""

    def __init__(self, text: str, line: int = 0) -> None:
        super().__init__(text)
        self.finding = Finding(line=line, text=text)
