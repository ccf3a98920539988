"""Looking for products in a zone's catalogue: a page of them at a time, by words, SKU or GTIN."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, func, select

from appliance.core.product import bucket
from hub.schema import catalogue_product


def find(
    connection: Connection, zone: str, words: str = "", *, offset: int = 0, limit: int = 50
) -> tuple[list[dict[str, Any]], int]:
    """Give products by SKU in which every word stands somewhere, and how many there are in all."""
    table = catalogue_product
    query = select(table.c.document).where(table.c.zone == zone).order_by(table.c.sku)
    wanted = words.casefold().split()
    if wanted:
        # Here, because SQLite knows capital letters of English only.
        found = [product for product in map(json.loads, connection.scalars(query)) if _has(product, wanted)]
        return found[offset : offset + limit], len(found)
    total = connection.scalar(select(func.count()).select_from(table).where(table.c.zone == zone)) or 0
    return [json.loads(row) for row in connection.scalars(query.offset(offset).limit(limit))], total


def _has(product: dict[str, Any], words: list[str]) -> bool:
    text = " ".join([product["sku"], *product["gtins"], *product["name"].values(), product.get("category", "")])
    return all(word in text.casefold() for word in words)


def one(connection: Connection, zone: str, sku: str) -> dict[str, Any] | None:
    """Give a product."""
    table = catalogue_product
    document = connection.scalar(
        select(table.c.document).where(table.c.zone == zone, table.c.bucket == bucket(sku), table.c.sku == sku)
    )
    return None if document is None else json.loads(document)


def names(connection: Connection, zone: str, language: str) -> dict[str, str]:
    """Give the name of every product by SKU."""
    rows = connection.execute(
        select(catalogue_product.c.sku, catalogue_product.c.document).where(catalogue_product.c.zone == zone)
    )
    return {row.sku: name(json.loads(row.document), language) for row in rows}


def name(product: dict[str, Any], language: str) -> str:
    """Give a product's name in a language, else in one that it has."""
    texts = product["name"]
    for tried in (language, "nb", "en", *texts):
        if tried in texts:
            return str(texts[tried])
    return str(product["sku"])
