"""A delta against one catalogue version: judged as a whole, then written as a layer of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from appliance.core.money import Currency
from appliance.core.product import KEYS, bucket, bucket_digest, item_of, product_digest
from appliance.store.price_book import CatalogueDatabase, Product, View, stored
from appliance.store.price_book import changed as in_layer

FIRST_OWN_ID: Final = 10**14
"""Ids of products without a GTIN begin here: above every GTIN-14."""

_PRICED: Final = frozenset({"sku", "price"})

NOTHING: Final = {
    "plu": "",
    "category": "",
    "picture": "",
    "age": None,
    "deposit": "",
    "limit": None,
    "recalled": False,
    "browse": False,
}
"""Keys that a product leaves out where they differ from nothing in nothing."""


def checked(document: Mapping[str, Any], currency: Currency, tax_codes: Collection[str] | None) -> Product:
    """Give a product in its one form; ValueError says why it cannot be sold."""
    product = {key: document[key] for key in KEYS if key in document}
    product = {key: value for key, value in product.items() if key not in NOTHING or value not in (NOTHING[key], None)}
    try:
        item = item_of(product, currency)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"product {document.get('sku')!r}: {error!r}") from error
    if not item.sku or not all(isinstance(text, str) for text in item.names.values()):
        raise ValueError(f"product {item.sku!r}: a SKU and names are texts")
    if item.price is not None and item.price.minor <= 0:
        raise ValueError(f"product {item.sku!r}: {item.price} is no price")
    if tax_codes is not None and item.tax_code not in tax_codes:
        raise ValueError(f"product {item.sku!r}: unknown tax code {item.tax_code!r}")
    return product


def gtins_of(product: Mapping[str, Any]) -> list[int]:
    """Give the GTINs of a checked product as numbers, the first first."""
    return [int(gtin) for gtin in product["gtins"]]


def plu_of(product: Mapping[str, Any]) -> int:
    """Give the PLU of a checked product as a number; 0 if it has none."""
    return int(product.get("plu") or 0)


class Change:
    """What a delta makes of a version. Nothing is written before all of it has been judged."""

    def __init__(self, view: View, currency: Currency, tax_codes: Collection[str] | None) -> None:
        self._view = view
        self._currency = currency
        self._tax_codes = tax_codes
        self.rows: dict[str, dict[int, dict[str, Any]]] = {
            "product": {},
            "price": {},
            "code": {},
            "plu": {},
            "bucket": {},
        }
        self.grown = 0
        """Products more, or fewer, than before."""
        self._touched: set[int] = set()
        """Products whose codes are free, because this delta says anew who has them."""
        self._claims: list[tuple[str, str, int, int]] = []
        self._next_own = max(FIRST_OWN_ID - 1, view.highest_id())

    def take(self, changed: Iterable[Mapping[str, Any]], deleted: Iterable[str]) -> None:
        """Take a delta in; ValueError says why it is refused."""
        seen: set[str] = set()
        for entry in changed:
            sku = entry.get("sku")
            if not isinstance(sku, str) or sku in seen:
                raise ValueError(f"SKU {sku!r} stands twice, or is none")
            seen.add(sku)
            self._change(sku, entry)
        for sku in deleted:
            found = self._view.by_sku(sku)
            if found is None or sku in seen:
                raise ValueError(f"SKU {sku!r} cannot be deleted: unknown, or changed as well")
            seen.add(sku)
            self._leave(*found)
            self._digest(sku, None)
            self.grown -= 1
        self._settle_claims()

    def _change(self, sku: str, entry: Mapping[str, Any]) -> None:
        if entry.keys() == _PRICED and (unpriced := self._view.unpriced(sku)):
            self._reprice(*unpriced, entry["price"])
            return
        found = self._view.by_sku(sku)
        before: Product = found[1] if found else {}
        if found is None:
            self.grown += 1
        whole = {"gtins": None, "price": None, **before, **entry}
        product = checked({**whole, "gtins": whole["gtins"] or []}, self._currency, self._tax_codes)
        gtins, plu = gtins_of(product), plu_of(product)
        product_id = self._id_for(gtins, found)
        if found and found[0] != product_id:
            self._leave(*found)
        elif found:
            self._release(found[0], before)
        moved = found is None or found[0] != product_id
        bare = stored(product_id, product)
        if moved or bare != stored(product_id, before):
            self.rows["product"][product_id] = bare
        if moved or product["price"] != before.get("price"):
            self.rows["price"][product_id] = {"minor": product["price"]}
        self._claims.extend(("code", sku, gtin, product_id) for gtin in gtins)
        if plu:
            self._claims.append(("plu", sku, plu, product_id))
        self._digest(sku, product_digest(product))

    def _reprice(self, product_id: int, product: Product, price: object) -> None:
        """Take another price in, and nothing else: most changes are that."""
        if price is not None and (type(price) is not int or price <= 0):
            raise ValueError(f"product {product['sku']!r}: {price!r} is no price")
        self.rows["price"][product_id] = {"minor": price}
        self._digest(product["sku"], product_digest({**product, "price": price}))

    def _id_for(self, gtins: list[int], found: tuple[int, Product] | None) -> int:
        if gtins:
            return gtins[0]
        if found and found[0] >= FIRST_OWN_ID:
            return found[0]
        self._next_own += 1
        return self._next_own

    def _leave(self, product_id: int, product: Mapping[str, Any]) -> None:
        self._touched.add(product_id)
        # A product that has taken this key over in the same delta stays.
        self.rows["product"].setdefault(product_id, {"deleted": True})
        self._release(product_id, product)

    def _release(self, product_id: int, product: Mapping[str, Any]) -> None:
        """Give the codes of a product free: whoever claims one afterwards has it."""
        self._touched.add(product_id)
        for gtin in gtins_of(product)[1:]:
            self.rows["code"].setdefault(gtin, {"id": 0})
        if plu := plu_of(product):
            self.rows["plu"].setdefault(plu, {"id": 0})

    def _settle_claims(self) -> None:
        owners: dict[tuple[str, int], int] = {}
        for kind, sku, code, product_id in self._claims:
            holder = self._view.id_of_gtin(code) if kind == "code" else self._view.id_of_plu(code)
            if owners.setdefault((kind, code), product_id) != product_id or (holder and holder not in self._touched):
                raise ValueError(
                    f"product {sku!r}: {'GTIN' if kind == 'code' else 'PLU'} {code} belongs to another one"
                )
            if kind == "plu" or code != product_id:
                self.rows[kind][code] = {"id": product_id}

    def _digest(self, sku: str, digest: bytes | None) -> None:
        self.rows["bucket"].setdefault(bucket(sku), {})[sku] = None if digest is None else digest.hex()

    def vector(self, before: bytes) -> bytes:
        """Give the bucket digests of the new version, 32 bytes each, from those of the old one."""
        parts = [before[start : start + 32] for start in range(0, len(before), 32)]
        for number, changes in self.rows["bucket"].items():
            parts[number] = bucket_digest([self._view.digests(number, in_layer(changes))])
        return b"".join(parts)

    def write(self, database: CatalogueDatabase, number: int) -> None:
        """Write the layer of a version, within the transaction at hand."""
        for kind, rows in self.rows.items():
            if rows:
                database.layer(kind, number).apply(sorted(rows.items()))
