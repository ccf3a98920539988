"""What is for sale: items, and a read-only view of one catalogue version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from appliance.core.identifiers import CatalogueVersion, Gtin, Language, Plu, Sku
from appliance.core.money import Money


class Unit(StrEnum):
    """What a price is for (UN/ECE Recommendation 20 in the shop's spelling)."""

    EACH = "ea"
    KILOGRAM = "kg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item of the catalogue."""

    sku: Sku
    names: Mapping[Language, str]
    unit: Unit
    price: Money | None
    """Unit price including tax; None: not for sale until the hub sends one."""
    tax_code: str
    gtins: tuple[Gtin, ...] = ()
    plu: Plu | None = None
    category: str = ""
    picture: str = ""
    """Name of a picture without folder and ending; "" = the name is drawn large instead."""
    minimum_age: int | None = None
    """Years; staff must approve the sale."""
    deposit_sku: Sku | None = None
    """The deposit item that is sold along with each piece of this one (bottles, cans)."""
    maximum_quantity: int | None = None
    """Pieces that a customer may take alone; above it staff must approve. None: the store's policy."""
    recalled: bool = False
    browsable: bool = False
    """Stands in the picture search: goods that carry no barcode."""

    def name(self, language: Language, fallback: Language) -> str:
        """Give the name in a language, else in the shop's own, else any, else the SKU."""
        return self.names.get(language) or self.names.get(fallback) or next(iter(self.names.values()), self.sku)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The browsable items of one version, in the order of the picture search; small enough to stay in memory."""

    items: tuple[Item, ...] = ()
    categories: tuple[str, ...] = ()


class PriceBook(Protocol):
    """One catalogue version, read-only. A basket keeps the one it began with."""

    @property
    def version(self) -> CatalogueVersion:
        """The version that every answer comes from."""
        ...

    def by_gtin(self, gtin: Gtin) -> Item | None:
        """Give the item that carries this GTIN."""
        ...

    def by_plu(self, plu: Plu) -> Item | None:
        """Give the item of a PLU."""
        ...

    def by_sku(self, sku: Sku) -> Item | None:
        """Give the item of the shop's own key."""
        ...

    def shelf(self) -> Shelf:
        """Give the browsable items."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannedItem:
    """What a barcode says: which item, and anything measured or dated that the code carries."""

    gtin: Gtin | None = None
    plu: Plu | None = None
    sku: Sku | None = None
    weight: Decimal | None = None
    """Net weight in kilograms (GS1 AI 310x, or a restricted circulation number)."""
    price: Money | None = None
    """Price of this very pack (GS1 AI 392x, or a restricted circulation number)."""
    count: int | None = None
    """Pieces in the pack (GS1 AI 30, 37)."""
    batch: str = ""
    serial: str = ""
    best_before: date | None = None
    """GS1 AI 15: quality, not safety; sold with no question."""
    use_by: date | None = None
    """GS1 AI 17: after this day the item must not be sold."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A code that names no item: truncated, wrong check digit, a format that is not ours. `reason` is for staff."""

    raw: str
    reason: str = field(default="")
