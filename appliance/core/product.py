"""An item as a document: the form in which hub, wire and catalogue file hold it, and its digest.

Keys: sku, gtins, name {language: text}, unit, price (minor units or None), vat (tax code); and, only where they differ
from nothing: plu, category, picture, age, deposit, limit, recalled, browse. A page holds columns of these.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from appliance.core.catalogue import Item, Unit
from appliance.core.identifiers import Gtin, Language, Plu, Sku
from appliance.core.money import Currency, Money

BUCKETS: Final = 1024
KEYS: Final = (
    "sku",
    "gtins",
    "name",
    "unit",
    "price",
    "vat",
    "plu",
    "category",
    "picture",
    "age",
    "deposit",
    "limit",
    "recalled",
    "browse",
)
_OPTIONAL: Final = {
    "plu": "",
    "category": "",
    "picture": "",
    "age": None,
    "deposit": "",
    "limit": None,
    "recalled": False,
    "browse": False,
}


_ENCODE: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode
_SCALARS: Final = frozenset({str, int, bool, type(None)})


def canonical(document: object) -> bytes:
    """Give the one byte form of a JSON value (RFC 8785 for integers, texts, lists and objects; a float is refused)."""
    if type(document) not in _SCALARS:
        _refuse_float(document)
    return _ENCODE(document).encode()


def _refuse_float(value: object) -> None:
    if isinstance(value, float):
        raise TypeError("a float has no place in a stored document")
    if isinstance(value, dict):
        for key, entry in value.items():
            if not (isinstance(key, str) and key.isascii()):
                raise TypeError(f"keys are ASCII texts, not {key!r}")
            if type(entry) not in _SCALARS:
                _refuse_float(entry)
    elif isinstance(value, list | tuple):
        for entry in value:
            if type(entry) not in _SCALARS:
                _refuse_float(entry)


def product_of(item: Item) -> dict[str, Any]:
    """Give the document of an item."""
    document: dict[str, Any] = {
        "sku": str(item.sku),
        "gtins": [str(gtin) for gtin in item.gtins],
        "name": dict(item.names),
        "unit": item.unit.value,
        "price": None if item.price is None else item.price.minor,
        "vat": item.tax_code,
        "plu": "" if item.plu is None else str(item.plu),
        "category": item.category,
        "picture": item.picture,
        "age": item.minimum_age,
        "deposit": item.deposit_sku or "",
        "limit": item.maximum_quantity,
        "recalled": item.recalled,
        "browse": item.browsable,
    }
    return {key: value for key, value in document.items() if key not in _OPTIONAL or value != _OPTIONAL[key]}


def item_of(document: Mapping[str, Any], currency: Currency) -> Item:
    """Give the item of a document; ValueError, KeyError or TypeError if it is not one."""
    full = {**_OPTIONAL, **document}
    price = full["price"]
    return Item(
        sku=Sku(full["sku"]),
        names={Language(language): text for language, text in full["name"].items()},
        unit=Unit(full["unit"]),
        price=None if price is None else Money(price, currency),
        tax_code=full["vat"],
        gtins=tuple(Gtin.parse(gtin) for gtin in full["gtins"]),
        plu=Plu(full["plu"]) if full["plu"] else None,
        category=full["category"],
        picture=full["picture"],
        minimum_age=full["age"],
        deposit_sku=Sku(full["deposit"]) if full["deposit"] else None,
        maximum_quantity=full["limit"],
        recalled=full["recalled"],
        browsable=full["browse"],
    )


def bucket(sku: str) -> int:
    """Give the bucket of a SKU: the first ten bits of its SHA-256, 0 to 1023."""
    return int.from_bytes(hashlib.sha256(sku.encode()).digest()[:2]) >> 6


def product_digest(document: Mapping[str, Any]) -> bytes:
    """Give the SHA-256 of a product's canonical form."""
    return hashlib.sha256(canonical(document)).digest()


def bucket_digest(digests: Iterable[bytes]) -> bytes:
    """Give the digest of a bucket from its products' digests in SKU order; of an empty bucket too."""
    return hashlib.sha256(b"".join(digests)).digest()


def root_digest(buckets: Iterable[bytes]) -> str:
    """Give the hex root of a version from its 1,024 bucket digests in order."""
    return hashlib.sha256(b"".join(buckets)).hexdigest()
