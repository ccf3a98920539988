"""The goods of a shop as its CSV file lists them, and the codes that stand on their packs."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from appliance.core.catalogue import Item, Unit
from appliance.core.identifiers import Gtin, Language, Plu, Sku, check_digit
from appliance.core.money import Currency, Money
from appliance.core.product import BUCKETS, bucket, bucket_digest, product_digest, product_of, root_digest

SAMPLE_SHOP: Final = Path(__file__).resolve().parent.parent / "examples" / "shop"
"""The shop of the demo (examples/shop/README.md says what the columns mean)."""

_BY_WEIGHT: Final = "23"
_BY_PRICE: Final = "20"
_LARGEST_MEASURE: Final = 9999


@dataclass(frozen=True, slots=True)
class Good:
    """An item, and how a pack of it is labelled."""

    item: Item

    @property
    def article(self) -> str:
        """The number on the pack as a scanner sends it; "" for goods without a barcode."""
        return _scanned(self.item.gtins[0]) if self.item.gtins else ""

    @property
    def labelled(self) -> bool:
        """Whether each pack carries its own weight or price."""
        return self.item.unit is Unit.KILOGRAM and self.article[:2] in (_BY_WEIGHT, _BY_PRICE)

    def code(self, grams: int) -> str:
        """Give the code on a pack of so many grams; all packs of goods that are not weighed carry the same."""
        if not self.labelled:
            return self.article
        measure = grams
        if self.article.startswith(_BY_PRICE) and self.item.price is not None:
            measure = self.item.price.times(Decimal(grams).scaleb(-3)).minor
        payload = f"{self.article[:8]}{max(1, min(measure, _LARGEST_MEASURE)):04}"
        return payload + check_digit(payload)


def _scanned(gtin: Gtin) -> str:
    """Give a GTIN as short as its symbol is: EAN-8, EAN-13 or GTIN-14 (UPC-A is sent as EAN-13)."""
    for length in (8, 13):
        if gtin.digits.startswith("0" * (14 - length)):
            return gtin.digits[-length:]
    return gtin.digits


def read_goods(file: Path, currency: Currency) -> tuple[Good, ...]:
    """Read a shop's CSV file; ValueError names the line that cannot be used."""
    with file.open(encoding="utf-8", newline="") as text:
        rows = csv.DictReader(text)
        goods = []
        for row in rows:
            try:
                goods.append(Good(_item(row, currency)))
            except (KeyError, ValueError, ArithmeticError) as error:
                raise ValueError(f"{file}, line {rows.line_num}: {error}") from error
    return tuple(goods)


def _item(row: dict[str, str], currency: Currency) -> Item:
    names = {key.removeprefix("name_"): text for key, text in row.items() if key.startswith("name_") and text}
    return Item(
        sku=Sku(row["sku"]),
        names={Language(language): text for language, text in names.items()},
        unit=Unit(row["unit"]),
        price=Money.of_decimal(Decimal(row["price"]), currency) if row["price"] else None,
        tax_code=row["vat"],
        gtins=tuple(Gtin.parse(code) for code in row["gtins"].split()),
        plu=Plu.parse(row["plu"]) if row["plu"] else None,
        category=row["category"],
        picture=row["picture"],
        minimum_age=int(row["age"]) if row["age"] else None,
        deposit_sku=Sku(row["deposit"]) if row["deposit"] else None,
        maximum_quantity=int(row["limit"]) if row["limit"] else None,
        browsable=row["browse"] == "1",
    )


def snapshot(goods: Sequence[Good]) -> tuple[str, list[dict[str, Any]]]:
    """Give the root digest and the documents of a whole catalogue version, in SKU order."""
    documents = sorted((product_of(good.item) for good in goods), key=lambda document: str(document["sku"]))
    buckets: list[list[bytes]] = [[] for _ in range(BUCKETS)]
    for document in documents:
        buckets[bucket(document["sku"])].append(product_digest(document))
    return root_digest(bucket_digest(digests) for digests in buckets), documents
