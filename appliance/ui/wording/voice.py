"""One language with the shop's way to write money, weights and dates. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal, get_decimal_symbol

from appliance.core.catalogue import Item, Unit
from appliance.core.checkout import LineItem
from appliance.core.identifiers import Language
from appliance.core.money import Currency, Money
from appliance.ui.strings import Texts

CATEGORIES: Final = (
    ("category", "Bags"),
    ("category", "Bakery"),
    ("category", "Bread"),
    ("category", "Drinks"),
    ("category", "Fish"),
    ("category", "Flowers"),
    ("category", "Fruit"),
    ("category", "Herbs"),
    ("category", "Meat"),
    ("category", "Nuts"),
    ("category", "Other"),
    ("category", "Sweets"),
    ("category", "Vegetables"),
)
"""Categories that have a text in every language; the shop's others are shown as the catalogue names them."""


@lru_cache(maxsize=4096)
def _money(minor: int, currency: Currency, locale: str) -> str:
    return format_currency(Money(minor, currency).to_decimal(), currency.code, locale=locale)


@lru_cache(maxsize=256)
def _whole(minor: int, currency: Currency, locale: str) -> str:
    pattern: str = Locale.parse(locale).currency_formats["standard"].pattern.replace(".00", "")
    amount = Money(minor, currency).to_decimal()
    return format_currency(amount, currency.code, pattern, locale=locale, currency_digits=False)


@lru_cache(maxsize=4096)
def _amount(minor: int, currency: Currency, locale: str) -> str:
    digits = "." + "0" * currency.exponent if currency.exponent else ""
    return format_decimal(Money(minor, currency).to_decimal(), format=f"#,##0{digits}", locale=locale)


@lru_cache(maxsize=1024)
def _weight(kilograms: Decimal, locale: str) -> str:
    return format_decimal(kilograms, format="#,##0.000", locale=locale)


@lru_cache(maxsize=8)
def _day_format(locale: str) -> str:
    """Give the shop's short date with the year in full: nobody guesses a century from two digits."""
    pattern: str = Locale.parse(locale).date_formats["short"].pattern
    return pattern if "yyyy" in pattern else pattern.replace("yy", "y").replace("yyy", "y")


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """How the till speaks to one person."""

    texts: Texts
    locale: str
    timezone: str
    fallback: Language
    """The shop's own language, for names that the customer's language has no text for."""

    @property
    def language(self) -> Language:
        """The language spoken."""
        return self.texts.language

    def say(self, context: str, text: str, **values: str | int) -> str:
        """Give a text."""
        return self.texts.say(context, text, **values)

    def count(self, context: str, one: str, many: str, number: int, **values: str | int) -> str:
        """Give a text that depends on a number."""
        return self.texts.count(context, one, many, number, **values)

    def money(self, money: Money) -> str:
        """Give an amount with its currency: "189,50 kr"."""
        return _money(money.minor, money.currency, self.locale)

    def whole(self, money: Money) -> str:
        """Give an amount without minor units, which it must have none of: "200 kr"."""
        return _whole(money.minor, money.currency, self.locale)

    def amount(self, money: Money) -> str:
        """Give an amount for a column that needs no currency: "189,50"."""
        return _amount(money.minor, money.currency, self.locale)

    @property
    def decimal_mark(self) -> str:
        """The sign between whole and minor units."""
        return get_decimal_symbol(self.locale)

    def weight(self, kilograms: Decimal) -> str:
        """Give a weight in kilograms with three decimals, without the unit."""
        return _weight(kilograms, self.locale)

    def date(self, day: date) -> str:
        """Give a day in figures."""
        return format_date(day, _day_format(self.locale), self.locale)

    def time(self, at: datetime) -> str:
        """Give the time of day in the shop's zone."""
        return format_time(at.astimezone(ZoneInfo(self.timezone)), "short", locale=self.locale)

    def name(self, line: LineItem) -> str:
        """Give the name of a line in the customer's language."""
        return line.names.get(self.language) or line.names.get(self.fallback) or line.text

    def item(self, item: Item) -> str:
        """Give the name of an item in the customer's language."""
        return item.name(self.language, self.fallback)

    def category(self, name: str) -> str:
        """Give the name of a category; one that we do not know is shown as the shop wrote it."""
        return self.texts.say("category", name)

    def unit_price(self, price: Money, unit: Unit) -> str:
        """Give what one piece or one kilogram costs."""
        if unit is Unit.KILOGRAM:
            return self.say("common", "{price} per kg", price=self.money(price))
        return self.money(price)
