"""Orders at the hub's payment gateway (`up/pay`), and where they stand (`dn/pay`).

A customer's code travels in `up/pay` once. No fault of such a message may quote it: it would be in a log.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any, Final, TypeVar

from appliance.core.gateway import GatewayAction, GatewayState, Order, Standing
from appliance.core.money import Currency, Money
from appliance.mqtt.messages.wire import Fields

Word = TypeVar("Word", bound=StrEnum)

METHOD: Final = re.compile(r"[a-z0-9-]{1,32}")
LARGEST: Final = 10**12
"""Minor units."""
LONGEST_CODE: Final = 2953
"""Characters: the largest QR code holds as many bytes (ISO/IEC 18004)."""
_LONGEST_LIFE: Final = 10**6
"""Seconds, before and after an order expires."""


def order_document(order: Order) -> dict[str, Any]:
    """Give the payload of `up/pay`."""
    document: dict[str, Any] = {
        "v": 1,
        "attempt": str(order.attempt),
        "action": order.action.value,
        "method": order.method,
        "amount": order.amount.minor,
        "currency": order.amount.currency.code,
    }
    if order.original is not None:
        document["original"] = str(order.original)
    if order.code:
        document["code"] = order.code
    return document


def parse_order(fields: Fields) -> Order:
    """Read `up/pay`; Malformed says what is wrong."""
    fields.version()
    action = _choice(fields, "action", GatewayAction)
    if action is GatewayAction.REFUND and not fields.has("original"):
        raise fields.wrong("original", "is missing")
    return Order(
        attempt=fields.uuid("attempt"),
        action=action,
        method=fields.text("method", limit=32, pattern=METHOD),
        amount=_money(fields, low=1),
        original=fields.uuid("original") if fields.has("original") else None,
        code=_secret(fields, "code") if fields.has("code") else "",
    )


def standing_document(standing: Standing) -> dict[str, Any]:
    """Give the payload of `dn/pay`."""
    document: dict[str, Any] = {
        "v": 1,
        "attempt": str(standing.attempt),
        "state": standing.state.value,
        "amount": standing.amount.minor,
        "currency": standing.amount.currency.code,
        "reference": standing.reference,
    }
    if standing.code:
        document["code"] = standing.code
    if standing.expires_s is not None:
        document["expires_s"] = standing.expires_s
    if standing.text:
        document["text"] = standing.text
    return document


def parse_standing(fields: Fields) -> Standing:
    """Read `dn/pay`; Malformed says what is wrong."""
    fields.version()
    life = {"low": -_LONGEST_LIFE, "high": _LONGEST_LIFE}
    return Standing(
        attempt=fields.uuid("attempt"),
        state=_choice(fields, "state", GatewayState),
        amount=_money(fields, low=0),
        reference=fields.text("reference", limit=64),
        code=fields.text("code", limit=LONGEST_CODE) if fields.has("code") else "",
        expires_s=fields.integer("expires_s", **life) if fields.has("expires_s") else None,
        text=fields.text("text") if fields.has("text") else "",
    )


def _choice(fields: Fields, key: str, words: type[Word]) -> Word:
    text = fields.text(key, limit=32)
    try:
        return words(text)
    except ValueError:
        raise fields.wrong(key, f"{text!r} is not one of {', '.join(words)}") from None


def _money(fields: Fields, *, low: int) -> Money:
    minor = fields.integer("amount", low=low, high=LARGEST)
    code = fields.text("currency", limit=3)
    try:
        return Money(minor, Currency.parse(code))
    except ValueError as error:
        raise fields.wrong("currency", str(error)) from None


def _secret(fields: Fields, key: str) -> str:
    value = fields.table[key]
    if not isinstance(value, str) or len(value) > LONGEST_CODE:
        raise fields.wrong(key, f"a text of at most {LONGEST_CODE} characters is wanted")
    return value
