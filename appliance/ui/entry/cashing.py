"""Typing what a customer puts down in cash. Pure."""

from __future__ import annotations

from dataclasses import replace

from appliance.core.commands import TakeCash
from appliance.core.effects import Sound
from appliance.core.money import Currency, Money
from appliance.ui.entry.overlays import TakingCash
from appliance.ui.entry.person import Entry, Step
from appliance.ui.pages import Page

LONGEST = 6
"""Digits of whole units."""


def cash_touched(entry: Entry, typing: TakingCash, verb: str, argument: str, page: Page) -> Step:
    """Take a key, a sum that is offered, or the end of the typing."""
    cash = page.frame.cash
    if cash is None:
        return Step(entry.pop())
    currency = cash.due.currency
    match verb:
        case "key":
            digits = typed(typing.digits, argument, currency)
            return Step(entry.put(replace(typing, digits=digits)), sound=Sound.TICK)
        case "given":
            offered = (*cash.notes, *(() if typing.digits else (cash.due,)))
            chosen = next((money for money in offered if str(money.minor) == argument), None)
            return Step(entry, () if chosen is None else (TakeCash(chosen),))
        case "ok" if typing.digits:
            return Step(entry, (TakeCash(given(typing.digits, currency)),))
        case _:
            return Step(entry)


def typed(digits: str, key: str, currency: Currency) -> str:
    """Give what stands there after a key: "back", a digit, or the sign that the minor units follow."""
    whole, point, part = digits.partition(".")
    if key == "back":
        return digits[:-1]
    if key in (",", "."):
        return digits if point or not currency.exponent else f"{digits or '0'}."
    if not key.isdecimal():
        return digits
    room = len(part) < currency.exponent if point else len(whole) < LONGEST
    return digits + key if room and digits != "0" else (key if digits == "0" else digits)


def given(digits: str, currency: Currency) -> Money:
    """Give the sum that was typed."""
    whole, _, part = digits.partition(".")
    return Money(int((whole or "0") + part.ljust(currency.exponent, "0")), currency)
