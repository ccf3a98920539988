"""Pages: the products of a version as packed blobs that tills pull, and the way back from blobs to products."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

import zstandard
from sqlalchemy import Connection, insert, select

from appliance.core.product import BUCKETS, bucket, canonical
from appliance.mqtt.messages.catalogue import PAGE_BYTES, Manifest, page_document, page_products
from appliance.mqtt.messages.wire import Fields, decompress, parse_json
from hub import schema

_PER_PAGE: Final = 1600
"""Products that fill about half a page."""

Product = Mapping[str, Any]


def packed(document: Mapping[str, Any]) -> bytes:
    """Give a document as it lies in a blob."""
    return zstandard.ZstdCompressor(level=9).compress(canonical(document))


def pack(
    connection: Connection, zone: str, version: int, target: Mapping[str, Product], digests: Mapping[int, bytes]
) -> tuple[str, int]:
    """Pack what changed into pages, keep them, and give hash and size of the packed manifest."""
    members: list[list[Product]] = [[] for _ in range(BUCKETS)]
    for sku in sorted(target):
        members[bucket(sku)].append(target[sku])
    width = BUCKETS
    while width > 1 and width * len(target) > _PER_PAGE * BUCKETS:
        width //= 2
    pages: list[tuple[str, int]] = []
    for first in range(0, BUCKETS, width):
        pages.extend(_page(connection, members, digests, first, width))
    manifest = Manifest(
        zone=zone,
        version=version,
        digests=b"".join(digests[i][:8] for i in range(BUCKETS)),
        pages=tuple(pages),
    )
    content = packed(manifest.document())
    return _keep(connection, content), len(content)


def _page(
    connection: Connection,
    members: list[list[Product]],
    digests: Mapping[int, bytes],
    first: int,
    width: int,
) -> list[tuple[str, int]]:
    rows = [row for group in members[first : first + width] for row in group]
    if not rows:
        return []
    content_key = hashlib.sha256(b"page" + b"".join(digests[i] for i in range(first, first + width))).hexdigest()
    table = schema.catalogue_page
    known = connection.execute(select(table).where(table.c.content_key == content_key)).one_or_none()
    if known is not None:
        return [(known.sha256, known.size)]
    content = packed(page_document(sorted(rows, key=_likeness)))
    if len(content) > PAGE_BYTES and width > 1:
        half = width // 2
        return _page(connection, members, digests, first, half) + _page(
            connection, members, digests, first + half, half
        )
    sha256 = _keep(connection, content)
    connection.execute(insert(table).values(content_key=content_key, sha256=sha256, size=len(content)))
    return [(sha256, len(content))]


def _likeness(product: Product) -> tuple[str, bytes, str]:
    """Put like products beside each other: nobody needs an order in a page, and so it packs a seventh smaller."""
    return product.get("category", ""), canonical(product["name"]), product["sku"]


def _keep(connection: Connection, content: bytes) -> str:
    sha256 = hashlib.sha256(content).hexdigest()
    table = schema.blob
    if connection.scalar(select(table.c.sha256).where(table.c.sha256 == sha256)) is None:
        connection.execute(insert(table).values(sha256=sha256, content=content))
    return sha256


def unpack(connection: Connection, manifest: str) -> Iterator[dict[str, Any]]:
    """Give the products of the version that has this manifest; LookupError if its pages are not held any more."""
    listed = Manifest.parse(Fields(parse_json(decompress(_blob(connection, manifest))), "manifest"))
    for sha256, _ in listed.pages:
        yield from page_products(_blob(connection, sha256))


def _blob(connection: Connection, sha256: str) -> bytes:
    content = connection.scalar(select(schema.blob.c.content).where(schema.blob.c.sha256 == sha256))
    if content is None:
        raise LookupError(f"blob {sha256[:12]} is not held any more")
    return bytes(content)
