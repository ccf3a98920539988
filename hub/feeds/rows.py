"""From the texts of a row to a product: each text judged, each fault named with what to write instead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from appliance.core.identifiers import Gtin, Plu, check_digit
from appliance.core.money import Money
from appliance.core.product import KEYS, item_of, product_of
from hub.feeds.finding import Finding, Place, Reading
from hub.feeds.heading import COLUMNS, REQUIRED

__all__ = ["COLUMNS", "REQUIRED", "RowReader"]

_TRUE: Final = ("1", "true", "yes", "ja", "x")
_FALSE: Final = ("", "0", "false", "no", "nei")
_UNITS: Final = {
    **dict.fromkeys(("ea", "stk", "stk.", "st", "pk", "pcs", "pc", "each", "piece"), "ea"),
    **dict.fromkeys(("kg", "kilo", "kilogram", "kgm"), "kg"),
}
_GAPS: Final = str.maketrans("", "", " \u00a0\u202f'")
_AMOUNT: Final = re.compile(r"-?[0-9]{1,12}([.,][0-9]{1,6})?")
_GROUPED: Final = re.compile(r"[0-9]{1,3}(\.[0-9]{3})+,[0-9]{1,2}")


class RowReader:
    """Takes rows of texts by column. `part`: missing columns stay as they are, whatever `place` says of the list.

    `names`: what findings call a column, if it is not its name.
    """

    def __init__(self, place: Place, *, part: bool = False, names: Mapping[str, str] | None = None) -> None:
        self._place = place
        self._part = part or not place.whole
        self._known = place.known if self._part else {}
        self._names = names or {}
        self._products: dict[str, dict[str, Any]] = {}
        self._given: dict[str, frozenset[str]] = {}
        self._lines: dict[str, int] = {}
        self._owners: dict[str, tuple[str, int]] = {}
        self._findings: list[Finding] = []

    def find(self, line: int, column: str, text: str) -> None:
        """Note a fault."""
        self._findings.append(Finding(line=line, column=self._names.get(column, column), text=text))

    def take(self, line: int, row: Mapping[str, str]) -> None:
        """Read one row."""
        fields = {key: value.strip() for key, value in row.items()}
        sku = fields["sku"]
        if not sku or len(sku) > 64:
            self.find(line, "sku", "1 to 64 characters are wanted")
            return
        if sku in self._lines:
            self.find(line, "sku", f"{sku!r} stands already in line {self._lines[sku]}; delete one of the two")
            return
        self._lines[sku] = line
        known = self._known.get(sku)
        if known is None and (missing := [name for name in REQUIRED if name not in fields]):
            self.find(line, missing[0], f"{sku!r} is new: {', '.join(missing)} must be given")
            return
        found = len(self._findings)
        given = self._given_keys(line, sku, fields, known)
        if len(self._findings) > found:
            return
        whole = {"gtins": [], "price": None, **(known or {}), **given, "sku": sku}
        try:
            product = product_of(item_of(whole, self._place.currency))
        except (ValueError, TypeError, KeyError) as error:
            self.find(line, "", f"{sku}: {error}")
            return
        self._products[sku] = product
        self._given[sku] = frozenset(given if known else KEYS)
        for gtin in product["gtins"]:
            self._own(line, "gtins", f"GTIN {gtin}")
        if "plu" in product:
            self._own(line, "plu", f"PLU {product['plu']}")

    def _given_keys(
        self, line: int, sku: str, fields: Mapping[str, str], known: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        given: dict[str, Any] = {}
        names = {key.removeprefix("name_"): value for key, value in fields.items() if key.startswith("name_")}
        if names or known is None:
            kept = {**(known["name"] if known else {}), **names}
            given["name"] = {language: text for language, text in kept.items() if text}
            if not given["name"]:
                self.find(line, "name", f"{sku}: a name in at least one language is wanted")
        for column, read in (
            ("gtins", self._gtins),
            ("unit", self._unit),
            ("price", self._price),
            ("vat", self._vat),
            ("plu", self._plu),
            ("age", self._whole),
            ("limit", self._whole),
            ("browse", self._flag),
        ):
            if column in fields:
                given[column] = read(line, column, fields[column])
        return {**given, **{key: fields[key] for key in ("category", "picture", "deposit") if key in fields}}

    def _gtins(self, line: int, column: str, text: str) -> list[str]:
        result: list[str] = []
        for code in text.replace(",", " ").replace(";", " ").split():
            try:
                gtin = str(Gtin.parse(code))
            except ValueError as error:
                self.find(line, column, f"{error}; {_right(code)}")
                continue
            if gtin not in result:
                result.append(gtin)
        return result

    def _own(self, line: int, column: str, code: str) -> None:
        first = self._owners.setdefault(code, (code, line))[1]
        if first != line:
            self.find(line, column, f"{code} stands already in line {first}; one product can have it")

    def _unit(self, line: int, column: str, text: str) -> str:
        unit = _UNITS.get(text.casefold())
        if unit is None:
            self.find(line, column, f"{text!r} is no unit; write ea for a piece or kg for a kilogram")
        return unit or "ea"

    def _price(self, line: int, column: str, text: str) -> int | None:
        if not text:
            return None
        currency = self._place.currency
        bare = text.casefold().removeprefix("kr").removeprefix(".").removesuffix("kr").translate(_GAPS)
        bare = bare.removesuffix(",-").removesuffix(",–")
        if _GROUPED.fullmatch(bare):
            bare = bare.replace(".", "")
        try:
            amount = Decimal(bare.replace(",", ".")) if _AMOUNT.fullmatch(bare) else Decimal("NaN")
            price = Money.of_decimal(amount, currency).minor
        except ValueError:
            example = "22.90 or 22,90" if currency.exponent else "23"
            self.find(line, column, f"{text!r} is no amount in {currency}; write it like {example}")
            return None
        if not 0 < price < 10**9:
            self.find(line, column, f"{text} cannot be; leave it empty for goods that are not for sale yet")
        return price

    def _vat(self, line: int, column: str, text: str) -> str:
        codes = self._place.tax_codes
        bare = text.translate(_GAPS).removesuffix("%").replace(",", ".")
        if "." in bare and bare not in codes:
            bare = bare.rstrip("0").removesuffix(".")
        code = text if text in codes else bare
        if code not in codes:
            self.find(line, column, f"{text!r} is unknown; known: {', '.join(sorted(codes))}")
        return code

    def _plu(self, line: int, column: str, text: str) -> str:
        if text:
            try:
                Plu.parse(text)
            except ValueError as error:
                self.find(line, column, str(error))
        return text

    def _whole(self, line: int, column: str, text: str) -> int | None:
        if not text:
            return None
        if not text.isascii() or not text.isdecimal() or not 0 < int(text) < 1000:
            self.find(line, column, f"{text!r} is no whole number from 1 to 999")
            return None
        return int(text)

    def _flag(self, line: int, column: str, text: str) -> bool:
        if text.casefold() not in (*_TRUE, *_FALSE):
            self.find(line, column, f"{text!r} is neither yes nor no; write 1 or nothing")
        return text.casefold() in _TRUE

    def reading(self, *notes: str) -> Reading:
        """Give the whole, once every row has been taken."""
        there = {**self._known, **self._products}
        for sku, product in self._products.items():
            deposit = product.get("deposit")
            if deposit and deposit not in there:
                self.find(
                    self._lines[sku], "deposit", f"{sku}: its deposit {deposit!r} is no product; add it, or clear it"
                )
        self._look_for_owners(there)
        if not self._products and not self._findings:
            self.find(0, "", "no products")
        if self._findings:
            return Reading(findings=tuple(sorted(self._findings, key=lambda entry: entry.line)), notes=notes)
        return Reading(products=tuple(self._rows()), notes=notes)

    def _look_for_owners(self, there: Mapping[str, Mapping[str, Any]]) -> None:
        """Codes that a product outside the file carries already."""
        for sku, product in there.items():
            if sku in self._products:
                continue
            for code in (*(f"GTIN {gtin}" for gtin in product["gtins"]), f"PLU {product.get('plu', '')}"):
                if code in self._owners:
                    column = "plu" if code.startswith("PLU") else "gtins"
                    self.find(self._owners[code][1], column, f"{code} is that of {sku!r}, which the file does not name")

    def _rows(self) -> list[dict[str, Any]]:
        if not self._part:
            return list(self._products.values())
        return [
            {"sku": sku, **{key: product.get(key) for key in KEYS if key in self._given[sku] and key != "sku"}}
            for sku, product in self._products.items()
        ]


def _right(code: str) -> str:
    if "e+" in code.casefold():
        return "the spreadsheet has shortened it: format the column as text, and fetch the number anew"
    if code.isascii() and code.isdecimal() and len(code) in (8, 12, 13, 14):
        return f"the last digit would be {check_digit(code[:-1])}; read it again from the pack"
    return "write the digits below the barcode"
