"""What a scanned text says: which item, and the weight, price, count or date that the code itself carries.

Sources: GS1 General Specifications (sections 2.1 restricted circulation numbers, 3 application identifiers, 5.1.2
symbology identifiers, 7.9 check digits, 7.12 dates), GS1 Digital Link URI Syntax 1.2, ISO/IEC 15424. Most codes are
plain GTINs and need only their check digit; the rest is read by biip, which takes longer to load than such a code to
read, and is therefore loaded when the first one needs it, or by `prepare`.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from appliance.core.catalogue import ScannedItem, Unreadable
from appliance.core.identifiers import Gtin, Plu, check_digit
from appliance.core.money import Currency, Money, round_half_away

if TYPE_CHECKING:
    import biip
    import biip.rcn

REGIONS: Final = ("de", "dk", "ee", "fi", "gb", "lt", "lv", "no", "se")
"""Countries whose rules for restricted circulation numbers are known (ISO 3166-1, lower case)."""

MAXIMUM_LENGTH: Final = 1000
"""Characters; longer than any GS1 symbol on a consumer pack holds."""

_SEPARATOR: Final = "\x1d"
"""FNC1 inside a symbol, as every scanner sends it (General Specifications, section 7.8.3)."""

_GTIN_LENGTHS: Final = (8, 12, 13, 14)
_WITH_GTIN: Final = ("E0", "E4", "I1")
_WITH_ADD_ON: Final = "E3"
_ADD_ON_ALONE: Final = ("E1", "E2")
_WITH_ELEMENTS: Final = ("C1", "e0", "e1", "e2", "d2", "Q3", "J1")

_SPOKEN: Final = {8: "an EAN-8", 12: "a UPC-A", 13: "an EAN-13", 14: "a GTIN-14"}


@dataclass(frozen=True, slots=True)
class StoreRule:
    """One of the store's own rules, e.g. "20IIIIIVWWWWC".

    Digits stand for themselves, I is the item, W the weight in grams, P the price in minor units, V the check digit
    of a measure of four or five digits (General Specifications, section 7.9.2 on), X is skipped, C, at the end, is the
    check digit of the whole. The item is looked up by the same number with W, P and X at zero and V and C put right.
    ValueError says what is wrong with a rule.
    """

    pattern: str

    def __post_init__(self) -> None:
        pattern = self.pattern
        if len(pattern) not in _GTIN_LENGTHS or not re.fullmatch(r"[0-9]+[0-9IWPVX]*C", pattern):
            raise ValueError(
                f"barcode rule {pattern!r}: write 8, 12, 13 or 14 of the characters 0-9, I, W, P, V, X; "
                "a digit first, and C last"
            )
        runs = re.findall(r"W+|P+", pattern)
        if len(runs) > 1:
            raise ValueError(f"barcode rule {pattern!r}: one run of W or one run of P, not several")
        if "I" not in pattern:
            raise ValueError(f"barcode rule {pattern!r}: which item it is must stand in it as I")
        if pattern.count("V") > 1 or ("V" in pattern and (not runs or len(runs[0]) not in (4, 5))):
            raise ValueError(f"barcode rule {pattern!r}: V checks a W or P of four or five digits, and stands once")

    def matches(self, digits: str) -> bool:
        """Whether this rule is the one for a code of digits."""
        return len(digits) == len(self.pattern) and all(
            mark in "IWPVXC" or mark == digit for mark, digit in zip(self.pattern, digits, strict=True)
        )

    def measure(self, digits: str) -> str:
        """Give the digits of weight or price; "" if the rule has none."""
        return self._at("W", digits) or self._at("P", digits)

    def measure_holds(self, digits: str) -> bool:
        """Whether the check digit of the measure is right, where the rule has one."""
        return "V" not in self.pattern or self._at("V", digits) == _measure_check_digit(self.measure(digits))

    def article(self, digits: str) -> Gtin:
        """Give the number that the catalogue knows: measure and skipped digits at zero, check digits put right."""
        verified = _measure_check_digit("0" * len(self.measure(digits))) if "V" in self.pattern else ""
        replaced = {"W": "0", "P": "0", "X": "0", "V": verified}
        payload = "".join(replaced.get(mark, digit) for mark, digit in zip(self.pattern[:-1], digits[:-1], strict=True))
        return Gtin.parse(payload + check_digit(payload))

    def _at(self, wanted: str, digits: str) -> str:
        return "".join(digit for mark, digit in zip(self.pattern, digits, strict=True) if mark == wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class BarcodeRules:
    """How codes of restricted circulation are read: by the store's own rules first, then by those of a country."""

    region: str = ""
    """One of REGIONS; "" reads them as plain article numbers."""
    own: tuple[StoreRule, ...] = ()

    def __post_init__(self) -> None:
        if self.region and self.region not in REGIONS:
            raise ValueError(f"no rules are known for the region {self.region!r}; known: {', '.join(REGIONS)}, or none")

    @classmethod
    def of(cls, *, region: str, rules: Sequence[str]) -> BarcodeRules:
        """Read the rules of a configuration; ValueError says which is wrong and why."""
        return cls(region=region, own=tuple(StoreRule(pattern) for pattern in rules))


def prepare() -> None:
    """Load biip now, so that the first weighed item does not wait for it. Takes about 0.2 s; from any thread."""
    _parse("]C10107038010009457", "")


def read_plu(digits: str) -> ScannedItem | Unreadable:
    """Read a price look-up code that was typed: 4 or 5 digits."""
    try:
        return ScannedItem(plu=Plu.parse(digits.strip()))
    except ValueError:
        return Unreadable(digits, "A number typed for goods without a barcode has 4 or 5 digits.")


def read(raw: str, rules: BarcodeRules, currency: Currency, today: date) -> ScannedItem | Unreadable:
    """Read a code as the scanner gave it, with or without its symbology identifier; never raises.

    `today` is the business date: it settles the century of the two-digit years inside a code.
    """
    code = raw.strip(" \t\r\n")
    if not code:
        return Unreadable(raw, "The code is empty.")
    if len(code) > MAXIMUM_LENGTH:
        return Unreadable(raw, f"The code has {len(code)} characters; no product code is that long.")
    if not all(character.isascii() and (character.isprintable() or character == _SEPARATOR) for character in code):
        return Unreadable(raw, "The code holds characters that no product code has. Clean the scanner and try again.")
    identifier, data = _split_identifier(code)
    reading = _Reading(raw=raw, rules=rules, currency=currency, today=today)
    if identifier in _ADD_ON_ALONE:
        return reading.unreadable("Only the small extra code was scanned. Scan the large one beside it.")
    if identifier == _WITH_ADD_ON:
        data = data[: {14: 12, 15: 13, 17: 12, 18: 13}.get(len(data), len(data))]
    if data.lower().startswith(("http://", "https://")):
        return reading.link(data)
    if identifier in _WITH_ELEMENTS or data.startswith(_SEPARATOR):
        return reading.elements(data.lstrip(_SEPARATOR))
    if identifier in _WITH_GTIN or identifier == _WITH_ADD_ON or len(data) in _GTIN_LENGTHS:
        return reading.number(data, upc_e_first=identifier == "E0")
    if len(data) > max(_GTIN_LENGTHS) and data[:2].isdecimal():
        return reading.elements(data)
    if data.isdecimal():
        return reading.unreadable(f"The code has {len(data)} digits, a product code 8, 12, 13 or 14. Scan it again.")
    return reading.unreadable("This is no product code.")


def _split_identifier(code: str) -> tuple[str, str]:
    """Split off a symbology identifier: "]", a code character, a modifier (ISO/IEC 15424)."""
    return (code[1:3], code[3:]) if code.startswith("]") else ("", code)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """One reading: what every step of it needs to know."""

    raw: str
    rules: BarcodeRules
    currency: Currency
    today: date

    def unreadable(self, reason: str) -> Unreadable:
        return Unreadable(self.raw, reason)

    def number(self, digits: str, *, upc_e_first: bool = False) -> ScannedItem | Unreadable:
        """Read a code that is a number and nothing else."""
        if not digits.isdecimal() or len(digits) not in _GTIN_LENGTHS:
            return self.unreadable(f"{digits!r} is not a product number: those have 8, 12, 13 or 14 digits.")
        valid = _is_gtin(digits)
        if len(digits) == 8 and (upc_e_first or not valid) and (upc_a := _upc_a_of(digits)) is not None:
            return ScannedItem(gtin=upc_a)
        if not valid:
            return self.unreadable(f"The check digit is wrong for {_SPOKEN[len(digits)]}. Scan the code again.")
        return self.article(digits)

    def article(self, digits: str) -> ScannedItem | Unreadable:
        """Read a valid GTIN: the store's own rules, the country's, and else the article itself."""
        gtin = Gtin.parse(digits)
        for rule in self.rules.own:
            padding, code = gtin.digits[: -len(rule.pattern)], gtin.digits[-len(rule.pattern) :]
            if not padding.strip("0") and rule.matches(code):
                return self._by_rule(rule, code)
        if self.rules.region and gtin.digits.startswith("02"):
            return self._restricted(gtin)
        return ScannedItem(gtin=gtin)

    def _by_rule(self, rule: StoreRule, digits: str) -> ScannedItem | Unreadable:
        if not rule.measure_holds(digits):
            return self.unreadable("The check digit of the weight or price is wrong. Scan the label again.")
        item = ScannedItem(gtin=rule.article(digits))
        measure = rule.measure(digits)
        if not measure:
            return item
        if "W" in rule.pattern:
            return self._measured(item, weight=Decimal(measure).scaleb(-3))
        return self._measured(item, price=Decimal(measure).scaleb(-self.currency.exponent))

    def _restricted(self, gtin: Gtin) -> ScannedItem | Unreadable:
        """Read a number of restricted circulation by the rules of the country."""
        number = _restricted_number(gtin, self.rules.region)
        if number is None:
            return self.unreadable("The check digit of the weight or price is wrong. Scan the label again.")
        if number.weight is None and number.price is None and number.count is None:
            return ScannedItem(gtin=gtin)
        item = ScannedItem(gtin=Gtin.parse(number.without_variable_measure().as_gtin_13()))
        return self._measured(item, weight=number.weight, price=number.price, count=number.count)

    def elements(self, message: str) -> ScannedItem | Unreadable:
        """Read a string of GS1 elements (GS1-128, DataBar, DataMatrix)."""
        result = _parse("]C1" + message, self.rules.region)
        if result.gs1_message is None:
            return self.unreadable("The code is cut off or is not a product code. Scan it again.")
        return self._combined([(entry.ai.ai, entry.value) for entry in result.gs1_message.element_strings])

    def link(self, uri: str) -> ScannedItem | Unreadable:
        """Read a GS1 Digital Link."""
        scheme, rest = uri.split(":", 1)
        try:
            result = _parse(f"{scheme.lower()}:{rest}", self.rules.region)
        except ValueError:
            return self.unreadable("This web address cannot be read.")
        if result.gs1_digital_link_uri is None:
            return self.unreadable("This code holds a web address that names no product.")
        return self._combined([(entry.ai.ai, entry.value) for entry in result.gs1_digital_link_uri.element_strings])

    def _combined(self, pairs: Sequence[tuple[str, str]]) -> ScannedItem | Unreadable:
        """Make one item of application identifiers and their values."""
        values = dict(reversed(pairs))
        numbers = {value for identifier, value in pairs if identifier == "01"} or {
            value for identifier, value in pairs if identifier == "02"
        }
        if len(numbers) != 1:
            return self.unreadable("The code does not say which product it is.")
        (number,) = numbers
        if not _is_gtin(number):
            return self.unreadable("The check digit of the product number is wrong. Scan the code again.")
        item = self.article(number)
        if isinstance(item, Unreadable):
            return item
        use_by, best_before = values.get("17") or values.get("7003", "")[:6], values.get("15", "")
        if use_by and _date(use_by, self.today) is None:
            return self.unreadable(f"The use-by date in the code ({use_by}) is no date. Look at the pack.")
        item = dataclasses.replace(
            item,
            batch=values.get("10", ""),
            serial=values.get("21", ""),
            best_before=_date(best_before, self.today),
            use_by=_date(use_by, self.today),
        )
        return self._with_measures(item, values)

    def _with_measures(self, item: ScannedItem, values: Mapping[str, str]) -> ScannedItem | Unreadable:
        weight = price = None
        for identifier, value in values.items():
            kind, decimals = identifier[:3], int(identifier[-1])
            if kind == "310":
                weight = Decimal(value).scaleb(-decimals)
            elif kind == "392":
                price = Decimal(value).scaleb(-decimals)
            elif kind == "393":
                if int(value[:3]) != self.currency.numeric:
                    return self.unreadable(f"The price in the code is not in {self.currency}.")
                price = Decimal(value[3:]).scaleb(-decimals)
        pieces = values.get("30") or (values.get("37") if "02" in values else None)
        return self._measured(item, weight=weight, price=price, count=None if pieces is None else int(pieces))

    def _measured(
        self,
        item: ScannedItem,
        *,
        weight: Decimal | None = None,
        price: Decimal | None = None,
        count: int | None = None,
    ) -> ScannedItem | Unreadable:
        """Put measures into an item; a measure of nothing is a label that went wrong."""
        if weight is not None:
            weight = Decimal(round_half_away(weight.scaleb(3))).scaleb(-3)
        if any(measure is not None and measure <= 0 for measure in (weight, price, count)):
            return self.unreadable("The label says 0 for weight, price or pieces. It must be weighed again.")
        try:
            amount = None if price is None else Money.of_decimal(price, self.currency)
        except ValueError:
            return self.unreadable(f"The price in the code has more decimals than {self.currency} has.")
        return dataclasses.replace(
            item,
            weight=item.weight if weight is None else weight,
            price=item.price if amount is None else amount,
            count=item.count if count is None else count,
        )


def _is_gtin(digits: str) -> bool:
    return check_digit(digits[:-1]) == digits[-1]


def _date(text: str, today: date) -> date | None:
    """Read YYMMDD; day 00 is the last of its month. The century is the one that puts the year nearest to today.

    General Specifications, section 7.12: from 49 years back to 50 years ahead. None if it is no date, or "".
    """
    if len(text) != 6 or not text.isdecimal():
        return None
    year, month, day = (int(text[i : i + 2]) for i in (0, 2, 4))
    ahead = (year - today.year + 49) % 100 - 49
    try:
        first = date(today.year + ahead, month, 1)
        return first.replace(day=day) if day else (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    except ValueError:
        return None


# biip ---------------------------------------------------------------------------------------------------------------


@functools.cache
def _forget_companies() -> None:
    """Free biip's table of all companies, 12 MB: which of them a number was given to is no question of a till's."""
    from biip import gs1_prefixes  # noqa: PLC0415 - see _parse

    gs1_prefixes._GS1_COMPANY_PREFIX_TRIE = {}  # noqa: SLF001 - there is no other way; a test guards the name


def _parse(value: str, region: str) -> biip.ParseResult:
    """Let biip read a text; ValueError only for a web address that is none."""
    import biip  # noqa: PLC0415 - a tenth of the whole start-up time, and most tills see no code that needs it at once

    _forget_companies()
    config = biip.ParseConfig(rcn_region=region or None, gs1_element_strings_verify_date=False)
    return biip.parse(value, config=config)


def _upc_a_of(digits: str) -> Gtin | None:
    """Expand a UPC-E of eight digits, number system and check digit included; None if it is none.

    The forms of six and seven digits carry no check digit, so that nobody could tell them from a truncated code.
    """
    upc = _parse(digits, "").upc
    return None if upc is None else Gtin.parse(upc.as_upc_a())


def _restricted_number(gtin: Gtin, region: str) -> biip.rcn.Rcn | None:
    """Read a GTIN-13 from 20 to 29 by the rules of a region; None if the check digit of its measure is wrong."""
    from biip.rcn import Rcn  # noqa: PLC0415 - see _parse

    number = _parse("]E0" + gtin.digits[1:], region).gtin
    return number if isinstance(number, Rcn) else None


def _measure_check_digit(measure: str) -> str:
    from biip.checksums import gs1_price_weight_check_digit  # noqa: PLC0415 - see _parse

    return str(gs1_price_weight_check_digit(measure))
