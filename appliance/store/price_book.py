"""One catalogue version as the till sees it: look-ups through its layers down to the base."""

from __future__ import annotations

import base64
from bisect import bisect_left
from collections.abc import Callable, Mapping
from typing import Any, Final

from tinydb import where

from appliance.core.catalogue import Item, Shelf
from appliance.core.identifiers import CatalogueVersion, Gtin, Plu, Sku
from appliance.core.money import Currency
from appliance.core.product import item_of
from appliance.errors import StoreError
from appliance.store.faults import RowDamaged
from appliance.store.table import Database, Table

Product = dict[str, Any]

KINDS: Final = ("product", "price", "code", "plu", "bucket")


def _gtin(product_id: int) -> str:
    return f"{product_id:014d}"


def stored(product_id: int, product: Mapping[str, Any]) -> Product:
    """Give what the table `product` holds of one: no price, and no GTIN where the key says it all."""
    alone = product["gtins"] == [_gtin(product_id)]
    return {key: value for key, value in product.items() if key != "price" and not (alone and key == "gtins")}


def packed(digests: Mapping[str, bytes | None]) -> Product:
    """Give the row of a base bucket: SKUs in order, and their digests as one text."""
    present = sorted((sku, digest) for sku, digest in digests.items() if digest)
    together = b"".join(digest for _, digest in present)
    return {"sku": [sku for sku, _ in present], "digest": base64.b64encode(together).decode()}


def unpacked(row: Mapping[str, Any] | None) -> dict[str, bytes | None]:
    """Give the digests by SKU of a base bucket's row."""
    if row is None:
        return {}
    together = base64.b64decode(row["digest"])
    return dict(zip(row["sku"], (together[at : at + 32] for at in range(0, len(together), 32)), strict=True))


def changed(row: Mapping[str, Any] | None) -> dict[str, bytes | None]:
    """Give the digests by SKU of a layer's bucket row; None stands for a product that is gone."""
    return {sku: bytes.fromhex(digest) if digest else None for sku, digest in (row or {}).items()}


class ProductTable(Table):
    """Products without their price; found by SKU, and the few that are picked by picture."""

    fields_indexed = ("sku", "browse")


class CatalogueDatabase(Database):
    """The tables of a catalogue file."""

    def table(self, name: str, **kwargs: Any) -> Any:
        """Give a table."""
        if name.startswith("product") and name not in self._tables:
            self._tables[name] = ProductTable(self.sqlite, name, **kwargs)
        return super().table(name, **kwargs)

    def layer(self, kind: str, number: int) -> Table:
        """Give a table of the layer that a version is; `number` 0 is the base."""
        table: Table = self.table(f"{kind}_{number}" if number else kind)
        return table


class View:
    """The products of one version: what its layers say, newest first, else the base."""

    def __init__(self, database: CatalogueDatabase, layers: tuple[int, ...]) -> None:
        self.database = database
        self._tables = {
            kind: tuple(database.layer(kind, number) for number in (*sorted(layers, reverse=True), 0)) for kind in KINDS
        }

    def _newest(self, kind: str, key: int) -> Mapping[str, Any] | None:
        for table in self._tables[kind]:
            found = table.fetch(key)
            if found is not None:
                return found
        return None

    def product(self, product_id: int) -> Product | None:
        """Give a product with its price."""
        found = self._newest("product", product_id)
        if found is None or "deleted" in found:
            return None
        return self._priced(product_id, found)

    def _priced(self, product_id: int, found: Mapping[str, Any]) -> Product:
        price = self._newest("price", product_id)
        if price is None:
            # Every product has a row for its price, also one that is not for sale yet.
            raise RowDamaged("price", product_id)
        return {"gtins": [_gtin(product_id)], **found, "price": price["minor"]}

    def id_of_gtin(self, gtin: int) -> int:
        """Give the id of the product that carries a GTIN; 0 if there is none."""
        found = self._newest("product", gtin)
        if found is not None and "deleted" not in found:
            return gtin
        return self._redirected("code", gtin)

    def id_of_plu(self, plu: int) -> int:
        """Give the id of the product of a PLU; 0 if there is none."""
        return self._redirected("plu", plu)

    def _redirected(self, kind: str, key: int) -> int:
        found = self._newest(kind, key)
        return 0 if found is None else int(found["id"])

    def by_gtin(self, gtin: int) -> Product | None:
        """Give the product that carries a GTIN: its first one is the key, the others lead there."""
        return self.product(gtin) or self._by_id(self._redirected("code", gtin))

    def _by_id(self, product_id: int) -> Product | None:
        return self.product(product_id) if product_id else None

    def by_plu(self, plu: int) -> Product | None:
        """Give the product of a PLU."""
        return self._by_id(self._redirected("plu", plu))

    def by_sku(self, sku: str) -> tuple[int, Product] | None:
        """Give id and product of a SKU."""
        found = self.unpriced(sku)
        return None if found is None else (found[0], self._priced(*found))

    def unpriced(self, sku: str) -> tuple[int, Product] | None:
        """Give id and product of a SKU, all but its price."""
        tables = self._tables["product"]
        for at, table in enumerate(tables):
            for row in table.search(where("sku") == sku):
                # A newer row at the same id is another product, or says that this one is gone.
                if not any(newer.has(row.doc_id) for newer in tables[:at]):
                    return row.doc_id, {"gtins": [_gtin(row.doc_id)], **row}
        return None

    def browsable(self) -> list[Product]:
        """Give the products of the picture search."""
        tables = self._tables["product"]
        ids = sorted({row.doc_id for table in tables for row in table.search(where("browse") == 1)})
        products = (self.product(product_id) for product_id in ids)
        return [product for product in products if product is not None and product.get("browse")]

    def digests(self, bucket: int, changes: Mapping[str, bytes | None]) -> bytes:
        """Give the digests of a bucket's products in SKU order, with changes put in; None: the product is gone.

        A bucket of a million products has a thousand: they are moved as one, never one by one.
        """
        *layers, base = self._tables["bucket"]
        merged: dict[str, bytes | None] = {}
        for table in reversed(layers):
            merged.update(changed(table.fetch(bucket)))
        merged.update(changes)
        row = base.fetch(bucket) or {"sku": [], "digest": ""}
        skus, digests = row["sku"], bytearray(base64.b64decode(row["digest"]))
        for sku, digest in merged.items():
            at = bisect_left(skus, sku)
            there = at < len(skus) and skus[at] == sku
            digests[32 * at : 32 * (at + there)] = digest or b""
            skus[at : at + there] = [sku] if digest else []
        return bytes(digests)

    def highest_id(self) -> int:
        """Give the highest product id that was ever used in these tables."""
        return max(table.highest() for table in self._tables["product"])


class LayeredBook:
    """A `core.catalogue.PriceBook`. A damaged row, or a version that is no longer held, knows nothing: staff are asked.

    `current` tells whether the version is still held; `damaged` takes a fault of the file.
    """

    def __init__(
        self,
        version: CatalogueVersion,
        currency: Currency,
        view: View | None,
        *,
        current: Callable[[], bool] = lambda: True,
        damaged: Callable[[StoreError], None] = lambda _: None,
    ) -> None:
        self._version = version
        self._currency = currency
        self._view = view
        self._current = current
        self._damaged = damaged
        self._shelf: Shelf | None = None

    @property
    def version(self) -> CatalogueVersion:
        """The version that every answer comes from."""
        return self._version

    def _ask(self, question: Callable[[View], Product | None]) -> Item | None:
        if self._view is None or not self._current():
            return None
        try:
            product = question(self._view)
            return None if product is None else item_of(product, self._currency)
        except StoreError as fault:
            if self._current():
                self._damaged(fault)
            return None

    def by_gtin(self, gtin: Gtin) -> Item | None:
        """Give the item that carries this GTIN."""
        return self._ask(lambda view: view.by_gtin(int(gtin)))

    def by_plu(self, plu: Plu) -> Item | None:
        """Give the item of a PLU."""
        return self._ask(lambda view: view.by_plu(int(plu.digits)))

    def by_sku(self, sku: Sku) -> Item | None:
        """Give the item of the shop's own key."""
        return self._ask(lambda view: (view.by_sku(sku) or (0, None))[1])

    def shelf(self) -> Shelf:
        """Give the browsable items by category and SKU; read once."""
        if self._shelf is None:
            self._shelf = self._read_shelf()
        return self._shelf

    def _read_shelf(self) -> Shelf:
        if self._view is None or not self._current():
            return Shelf()
        try:
            items = [item_of(product, self._currency) for product in self._view.browsable()]
        except StoreError as fault:
            self._damaged(fault)
            return Shelf()
        items.sort(key=lambda item: (item.category, item.sku))
        return Shelf(items=tuple(items), categories=tuple(sorted({item.category for item in items} - {""})))
