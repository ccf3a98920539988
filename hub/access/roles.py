"""What the people of a shop may see and do at the hub, by their role."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Right(StrEnum):
    """One thing that a role may allow."""

    SALES = "sales"
    EXPORT = "export"
    PRODUCTS = "products"
    PRICES = "prices"
    STOCK = "stock"
    STOCK_CHANGE = "stock-change"
    KIOSKS = "kiosks"
    ALARMS = "alarms"
    RELEASE = "release"
    """Try to book rows in quarantine again."""
    AUDIT = "audit"
    USERS = "users"


class Role(StrEnum):
    """What somebody is in the shop."""

    OWNER = "owner"
    ACCOUNTANT = "accountant"
    STOCK = "stock"
    READ_ONLY = "read-only"


RIGHTS: Final[Mapping[Role, frozenset[Right]]] = {
    Role.OWNER: frozenset(Right),
    Role.ACCOUNTANT: frozenset(
        {Right.SALES, Right.EXPORT, Right.PRODUCTS, Right.STOCK, Right.KIOSKS, Right.ALARMS, Right.AUDIT}
    ),
    Role.STOCK: frozenset({Right.PRODUCTS, Right.STOCK, Right.STOCK_CHANGE, Right.KIOSKS}),
    Role.READ_ONLY: frozenset({Right.SALES, Right.PRODUCTS, Right.STOCK, Right.KIOSKS, Right.ALARMS}),
}
