"""Products from a CSV file, as a shop's own system exports them. Every fault is named with its line; none is mended."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

from appliance.core.identifiers import Gtin, Plu
from appliance.core.money import Currency, Money
from appliance.core.product import item_of, product_of

COLUMNS: Final = (
    "sku",
    "gtins",
    "name_nb",
    "name_nn",
    "name_en",
    "name_zh",
    "unit",
    "price",
    "vat",
    "plu",
    "category",
    "picture",
    "age",
    "deposit",
    "limit",
    "browse",
)
REQUIRED: Final = ("sku", "unit", "price", "vat")
_TRUE: Final = ("1", "true", "yes", "ja")
_FALSE: Final = ("", "0", "false", "no", "nei")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A fault of the file. `line` counts from 1, the heading included; 0 = the file as a whole."""

    line: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}" if self.line else self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a file holds: its products if there are no findings, else nothing that may be used."""

    products: tuple[dict[str, Any], ...]
    findings: tuple[Finding, ...]


def read_csv(file: Path, *, currency: Currency, tax_codes: Collection[str]) -> Reading:
    """Read a file in UTF-8 with a heading; the columns are COLUMNS, in any order, further ones are a finding."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = file.read_bytes()[: error.start].count(b"\n") + 1
        return _nothing(Finding(line=line, text="not UTF-8; save the file as UTF-8 (in Excel: CSV UTF-8)"))
    rows = csv.DictReader(io.StringIO(text, newline=""), restkey="", strict=True)
    try:
        heading = rows.fieldnames or ()
        wrong = [f"unknown column {name!r}" for name in heading if name not in COLUMNS]
        wrong += [f"column {name!r} is missing" for name in REQUIRED if name not in heading]
        wrong += [f"column {name!r} stands twice" for name in set(heading) if list(heading).count(name) > 1]
        if wrong:
            return _nothing(*(Finding(line=1, text=why) for why in wrong))
        reader = _Reader(currency, tax_codes)
        for row in rows:
            reader.take(rows.line_num, row)
    except csv.Error as error:
        return _nothing(Finding(line=rows.line_num, text=str(error)))
    return reader.reading()


def _nothing(*findings: Finding) -> Reading:
    return Reading(products=(), findings=findings)


class _Reader:
    def __init__(self, currency: Currency, tax_codes: Collection[str]) -> None:
        self._currency = currency
        self._tax_codes = frozenset(tax_codes)
        self._products: dict[str, dict[str, Any]] = {}
        self._lines: dict[str, int] = {}
        self._owners: dict[str, tuple[str, int]] = {}
        self._findings: list[Finding] = []

    def take(self, line: int, row: dict[str, Any]) -> None:
        """Read one line."""
        if row.get("") or None in row.values():
            self._find(line, "has more or fewer fields than the heading")
            return
        fields = {key: value.strip() for key, value in row.items()}
        sku = fields["sku"]
        if not sku or len(sku) > 64:
            self._find(line, "sku: 1 to 64 characters are wanted")
            return
        if sku in self._products:
            self._find(line, f"sku {sku!r} stands already in line {self._lines[sku]}")
            return
        found = len(self._findings)
        document = self._document(line, sku, fields)
        if len(self._findings) > found:
            return
        try:
            self._products[sku] = product_of(item_of(document, self._currency))
        except (ValueError, TypeError, KeyError) as error:
            self._find(line, f"{sku}: {error}")
        self._lines[sku] = line

    def _document(self, line: int, sku: str, fields: dict[str, str]) -> dict[str, Any]:
        names = {key.removeprefix("name_"): value for key, value in fields.items() if key.startswith("name_") and value}
        if not names:
            self._find(line, f"{sku}: a name in at least one language is wanted")
        return {
            "sku": sku,
            "gtins": self._gtins(line, fields.get("gtins", "")),
            "name": names,
            "unit": fields["unit"],
            "price": self._price(line, fields["price"]),
            "vat": self._vat(line, fields["vat"]),
            "plu": self._plu(line, fields.get("plu", "")),
            "category": fields.get("category", ""),
            "picture": fields.get("picture", ""),
            "age": self._whole(line, "age", fields.get("age", "")),
            "deposit": fields.get("deposit", ""),
            "limit": self._whole(line, "limit", fields.get("limit", "")),
            "browse": self._flag(line, fields.get("browse", "")),
        }

    def _gtins(self, line: int, text: str) -> list[str]:
        result = []
        for code in text.split():
            try:
                gtin = str(Gtin.parse(code))
            except ValueError as error:
                self._find(line, f"gtins: {error}")
                continue
            self._own(line, "GTIN", gtin)
            result.append(gtin)
        return result

    def _own(self, line: int, kind: str, code: str) -> None:
        first = self._owners.setdefault(f"{kind} {code}", (code, line))[1]
        if first != line:
            self._find(line, f"{kind} {code} stands already in line {first}")

    def _price(self, line: int, text: str) -> int | None:
        if not text:
            return None
        try:
            price = Money.of_decimal(Decimal(text), self._currency).minor
        except (InvalidOperation, ValueError, OverflowError):
            example = "22.90" if self._currency.exponent else "23"
            self._find(line, f"price: {text!r} is no amount in {self._currency}; write it like {example}")
            return None
        if not 0 < price < 10**9:
            self._find(line, f"price: {text} cannot be; leave it empty for goods that are not for sale yet")
        return price

    def _vat(self, line: int, text: str) -> str:
        if text not in self._tax_codes:
            self._find(line, f"vat: {text!r} is unknown; known: {', '.join(sorted(self._tax_codes))}")
        return text

    def _plu(self, line: int, text: str) -> str:
        if not text:
            return ""
        try:
            Plu.parse(text)
        except ValueError as error:
            self._find(line, f"plu: {error}")
        self._own(line, "PLU", text)
        return text

    def _whole(self, line: int, name: str, text: str) -> int | None:
        if not text:
            return None
        if not text.isascii() or not text.isdecimal() or not 0 < int(text) < 1000:
            self._find(line, f"{name}: {text!r} is no whole number from 1 to 999")
            return None
        return int(text)

    def _flag(self, line: int, text: str) -> bool:
        if text.lower() not in (*_TRUE, *_FALSE):
            self._find(line, f"browse: {text!r} is neither yes nor no")
        return text.lower() in _TRUE

    def _find(self, line: int, text: str) -> None:
        self._findings.append(Finding(line=line, text=text))

    def reading(self) -> Reading:
        """Give the whole, deposits checked."""
        for sku, product in self._products.items():
            deposit = product.get("deposit")
            if deposit and deposit not in self._products:
                self._find(self._lines[sku], f"{sku}: its deposit {deposit!r} is not in the file")
        if not self._products and not self._findings:
            self._find(0, "no products")
        if self._findings:
            return Reading(products=(), findings=tuple(sorted(self._findings, key=lambda entry: entry.line)))
        return Reading(products=tuple(self._products.values()), findings=())
