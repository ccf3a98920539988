"""Amounts, quantities and times as the reader's language writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time, format_timedelta
from babel.numbers import NumberFormatError, format_compact_decimal, format_currency, format_decimal, parse_decimal

from appliance.core.money import Currency, Money
from appliance.mqtt.messages.wire import read_instant

_NUMBER: Final = re.compile(r"-?[0-9][0-9., ]*")
LOCALES: Final = {"nb": "nb_NO", "en": "en_GB"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Formats:
    """How one language writes, on the shop's clock."""

    language: str
    zone: ZoneInfo

    @property
    def locale(self) -> str:
        """The name that CLDR knows."""
        return LOCALES[self.language]

    def money(self, minor: int, currency: str) -> str:
        """Write an amount with its currency."""
        known = Currency.parse(currency)
        text = format_currency(Money(minor, known).to_decimal(), known.code, locale=self.locale)
        # CLDR wants a space between letters and digits (TR35, part 3, currencySpacing), which Babel does not put in.
        return re.sub(r"(?<=[A-Z])(?=[0-9])", "\xa0", text)

    def amount(self, minor: int, currency: str) -> str:
        """Write an amount without its currency, where the column names it."""
        return self.decimal(Money(minor, Currency.parse(currency)).to_decimal())

    def decimal(self, amount: Decimal) -> str:
        """Write an amount with the decimals that it has."""
        places = max(0, -int(amount.as_tuple().exponent))
        pattern = "#,##0." + "0" * places if places else "#,##0"
        return format_decimal(amount, format=pattern, locale=self.locale)

    def entry(self, minor: int, currency: str) -> str:
        """Write an amount as it stands in a field that people change: no groups."""
        plain = str(Money(minor, Currency.parse(currency)).to_decimal())
        return plain.replace(".", ",") if self.language == "nb" else plain

    def short(self, minor: int, currency: str) -> str:
        """Write an amount in few characters, for the scale of a chart."""
        amount = Money(minor, Currency.parse(currency)).to_decimal()
        return format_compact_decimal(amount, locale=self.locale, fraction_digits=1 if abs(amount) >= 1000 else 0)

    def number(self, value: int | Decimal) -> str:
        """Write a number."""
        return format_decimal(value, locale=self.locale)

    def thousandths(self, value: int) -> str:
        """Write a quantity that is kept in thousandths."""
        return format_decimal(Decimal(value).scaleb(-3), locale=self.locale)

    def rate(self, rate: str) -> str:
        """Write a rate in per cent."""
        return f"{format_decimal(Decimal(rate), locale=self.locale)} %"

    def local(self, at: str | datetime) -> datetime:
        """Give an instant on the shop's clock."""
        return (read_instant(at) if isinstance(at, str) else at).astimezone(self.zone)

    def when(self, at: str | datetime) -> str:
        """Write day and time."""
        return format_datetime(self.local(at), "medium", locale=self.locale)

    def time(self, at: str | datetime) -> str:
        """Write the time of the day to the second."""
        return format_time(self.local(at), "medium", locale=self.locale)

    def minute(self, at: str | datetime) -> str:
        """Write day and time to the minute."""
        return format_datetime(self.local(at), "short", locale=self.locale)

    def ago(self, at: datetime, now: datetime) -> str:
        """Write how long ago something was."""
        return format_timedelta(at - now, add_direction=True, locale=self.locale)

    def day(self, day: date) -> str:
        """Write a day with its weekday."""
        return format_date(day, "full", locale=self.locale)

    def iso_day(self, day: str) -> str:
        """Write a day that is kept as "2026-03-14"."""
        return format_date(date.fromisoformat(day), "EEE d MMM yyyy", locale=self.locale)

    def short_day(self, day: date) -> str:
        """Write a day in few characters."""
        return format_date(day, "d MMM", locale=self.locale).rstrip(".")

    def read_amount(self, text: str, currency: str) -> int | None:
        """Read an amount that somebody wrote, in minor units; None if it is none or has too many decimals."""
        known = Currency.parse(currency)
        value = self.read_decimal(text)
        if value is None or value.copy_abs() >= 10**9:
            return None
        try:
            return Money.of_decimal(value, known).minor
        except ValueError:
            return None

    def read_thousandths(self, text: str) -> int | None:
        """Read a quantity that somebody wrote, in thousandths; None if it is none or finer than that."""
        value = self.read_decimal(text)
        if value is None or value.copy_abs() >= 10**9 or value.scaleb(3) % 1:
            return None
        return int(value.scaleb(3))

    def read_decimal(self, text: str) -> Decimal | None:
        """Read a number; comma and point both part the decimals if there is only one of them."""
        text = text.strip().replace("\xa0", " ").replace("\u202f", " ").replace("\u2212", "-")
        if not _NUMBER.fullmatch(text):
            return None
        try:
            if text.count(",") + text.count(".") == 1 and " " not in text:
                return Decimal(text.replace(",", "."))
            return parse_decimal(text, locale=self.locale, strict=True)
        except (NumberFormatError, InvalidOperation):
            return None
