"""The catalogue of a price zone: versions, deltas, pages, and the head that tills are shown. Nothing by half."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import zstandard
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from appliance.core.product import BUCKETS, KEYS, bucket, bucket_digest, canonical, product_digest, root_digest
from appliance.mqtt.messages.catalogue import (
    PAGE_BYTES,
    Delta,
    Head,
    Manifest,
    Sanity,
    fewer_products,
    page_document,
)
from appliance.mqtt.messages.wire import Malformed, instant, read_instant
from hub import schema
from hub.prices import record

KEPT_DELTAS: Final = 100
_PER_PAGE: Final = 1600
"""Products that fill about half a page."""


class HeldBack(Exception):
    """The new catalogue is possible but improbable; a person may force it."""


class Refused(Exception):
    """The new catalogue cannot be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A version that was published."""

    zone: str
    version: int
    products: int
    changed: int
    deleted: int


def products(connection: Connection, zone: str) -> dict[str, dict[str, Any]]:
    """Give the current products of a zone by SKU."""
    table = schema.catalogue_product
    rows = connection.execute(select(table.c.sku, table.c.document).where(table.c.zone == zone))
    return {row.sku: json.loads(row.document) for row in rows}


def newest(connection: Connection, zone: str) -> int:
    """Give the number of the newest version; 0 before the first."""
    table = schema.catalogue_version
    return connection.scalar(select(func.max(table.c.version)).where(table.c.zone == zone)) or 0


def zones(connection: Connection) -> list[str]:
    """Give every zone that has a catalogue."""
    table = schema.catalogue_version
    return list(connection.scalars(select(table.c.zone).distinct().order_by(table.c.zone)))


def publish(
    connection: Connection,
    zone: str,
    wanted: Iterable[Mapping[str, Any]],
    *,
    currency: str,
    tax_codes: Collection[str],
    whole: bool,
    effective_at: datetime | None = None,
    force: bool = False,
    cohort: int = 100,
) -> Publication | None:
    """Make a new version of these products; None if nothing changes.

    `whole`: they are all products, others are deleted; else they are added or changed. Refused or HeldBack say why not,
    and nothing has changed then.
    """
    # On PostgreSQL two who publish at once take turns; on SQLite all writers do.
    connection.execute(select(schema.setting).where(schema.setting.c.name == "generation").with_for_update())
    current = products(connection, zone)
    target = {} if whole else dict(current)
    for product in wanted:
        target[product["sku"]] = dict(product)
    changed = {sku: row for sku, row in target.items() if current.get(sku) != row}
    deleted = sorted(set(current) - set(target))
    if not changed and not deleted and newest(connection, zone):
        return None
    _judge(current, target, changed, tax_codes, force=force)
    number = newest(connection, zone) + 1
    record(connection, zone, number, current, target)
    touched = {bucket(sku) for sku in (*changed, *deleted)}
    _store(connection, zone, changed, [*deleted, *(sku for sku in changed if sku in current)])
    digests = _digests(connection, zone, touched if number > 1 else range(BUCKETS), target)
    root = root_digest(digests[i] for i in range(BUCKETS))
    manifest, size = _pages(connection, zone, number, target, digests)
    if number > 1:
        delta = _delta(zone, number, root, changed, deleted, current)
        connection.execute(
            insert(schema.catalogue_delta).values(
                zone=zone, base=number - 1, document=canonical(delta.document()).decode()
            )
        )
        connection.execute(
            delete(schema.catalogue_delta).where(
                schema.catalogue_delta.c.zone == zone, schema.catalogue_delta.c.base < number - KEPT_DELTAS
            )
        )
    now = datetime.now(UTC)
    connection.execute(
        insert(schema.catalogue_version).values(
            zone=zone,
            version=number,
            currency=currency,
            products=len(target),
            root=root,
            manifest=manifest,
            manifest_size=size,
            published_at=instant(now),
            effective_at=instant(effective_at or now),
            forced=force,
            cohort=cohort,
        )
    )
    return Publication(zone=zone, version=number, products=len(target), changed=len(changed), deleted=len(deleted))


def _judge(
    current: Mapping[str, Mapping[str, Any]],
    target: Mapping[str, Mapping[str, Any]],
    changed: Collection[str],
    tax_codes: Collection[str],
    *,
    force: bool,
) -> None:
    sanity = Sanity(tax_codes)
    moves = Sanity(tax_codes)
    try:
        for sku, row in target.items():
            sanity.take(row, None)
            if sku in changed:
                moves.take(row, current.get(sku, {}).get("price"))
    except Malformed as error:
        raise Refused(str(error)) from error
    why = moves.improbable() or fewer_products(len(current), len(target))
    if why and not force:
        raise HeldBack(why)


def _store(connection: Connection, zone: str, changed: Mapping[str, Mapping[str, Any]], old: Collection[str]) -> None:
    """Write changed products in the place of the old ones."""
    table = schema.catalogue_product
    if old:
        connection.execute(
            delete(table).where(
                table.c.zone == zone, table.c.bucket == bindparam("in_bucket"), table.c.sku == bindparam("of_sku")
            ),
            [{"in_bucket": bucket(sku), "of_sku": sku} for sku in old],
        )
    rows = [
        {
            "zone": zone,
            "bucket": bucket(sku),
            "sku": sku,
            "document": canonical(row).decode(),
            "digest": product_digest(row),
        }
        for sku, row in changed.items()
    ]
    if rows:
        connection.execute(insert(table), sorted(rows, key=lambda row: (row["bucket"], row["sku"])))


def _digests(
    connection: Connection, zone: str, touched: Iterable[int], target: Mapping[str, Mapping[str, Any]]
) -> dict[int, bytes]:
    """Give all bucket digests; those of the touched buckets are made anew."""
    members: dict[int, list[str]] = {number: [] for number in touched}
    for sku in sorted(target):
        number = bucket(sku)
        if number in members:
            members[number].append(sku)
    table = schema.catalogue_bucket
    connection.execute(
        delete(table).where(table.c.zone == zone, table.c.bucket == bindparam("in_bucket")),
        [{"in_bucket": number} for number in members],
    )
    connection.execute(
        insert(table),
        [
            {"zone": zone, "bucket": number, "digest": bucket_digest(product_digest(target[sku]) for sku in skus)}
            for number, skus in members.items()
        ],
    )
    rows = connection.execute(select(table.c.bucket, table.c.digest).where(table.c.zone == zone))
    return {row.bucket: bytes(row.digest) for row in rows}


def _pages(
    connection: Connection,
    zone: str,
    version: int,
    target: Mapping[str, Mapping[str, Any]],
    digests: Mapping[int, bytes],
) -> tuple[str, int]:
    """Pack what changed into pages, keep them, and give hash and size of the packed manifest."""
    members: list[list[Mapping[str, Any]]] = [[] for _ in range(BUCKETS)]
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
    packed = _packed(manifest.document())
    return _keep(connection, packed), len(packed)


def _page(
    connection: Connection,
    members: list[list[Mapping[str, Any]]],
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
    packed = _packed(page_document(rows))
    if len(packed) > PAGE_BYTES and width > 1:
        half = width // 2
        return _page(connection, members, digests, first, half) + _page(
            connection, members, digests, first + half, half
        )
    sha256 = _keep(connection, packed)
    connection.execute(insert(table).values(content_key=content_key, sha256=sha256, size=len(packed)))
    return [(sha256, len(packed))]


def _packed(document: Mapping[str, Any]) -> bytes:
    return zstandard.ZstdCompressor(level=9).compress(canonical(document))


def _keep(connection: Connection, content: bytes) -> str:
    sha256 = hashlib.sha256(content).hexdigest()
    table = schema.blob
    if connection.scalar(select(table.c.sha256).where(table.c.sha256 == sha256)) is None:
        connection.execute(insert(table).values(sha256=sha256, content=content))
    return sha256


def _delta(
    zone: str,
    number: int,
    root: str,
    changed: Mapping[str, Mapping[str, Any]],
    deleted: Collection[str],
    current: Mapping[str, Mapping[str, Any]],
) -> Delta:
    return Delta(
        zone=zone,
        base=number - 1,
        to=number,
        root=root,
        changed=tuple(_columns(changed, current)),
        deleted=tuple(deleted),
    )


def _columns(
    changed: Mapping[str, Mapping[str, Any]], current: Mapping[str, Mapping[str, Any]]
) -> Iterable[dict[str, Any]]:
    """Give the changed rows with the keys that changed in any of them; every row has them all, as columns need it."""
    keys = {
        key
        for sku, row in changed.items()
        for key in KEYS
        if (row.get(key), key in row) != (current.get(sku, {}).get(key), key in current.get(sku, {}))
    }
    if any(sku not in current for sku in changed):
        keys = set(KEYS)
    return ({"sku": sku, **{key: changed[sku].get(key) for key in KEYS if key in keys}} for sku in sorted(changed))


def head(connection: Connection, zone: str) -> Head | None:
    """Give the pointer to a zone's newest version; None before the first."""
    table = schema.catalogue_version
    row = connection.execute(
        select(table).where(table.c.zone == zone).order_by(table.c.version.desc()).limit(1)
    ).one_or_none()
    if row is None:
        return None
    deltas = schema.catalogue_delta
    oldest = connection.scalar(select(func.min(deltas.c.base)).where(deltas.c.zone == zone))
    return Head(
        zone=zone,
        version=row.version,
        products=row.products,
        currency=row.currency,
        root=row.root,
        manifest=row.manifest,
        manifest_size=row.manifest_size,
        oldest_delta=row.version if oldest is None else oldest,
        published_at=read_instant(row.published_at),
        effective_at=read_instant(row.effective_at),
        force=row.forced,
        cohort=row.cohort,
    )


def raise_wave(connection: Connection, zone: str, cohort: int) -> int:
    """Let `cohort` per cent of the stores use the newest version; give its number, 0 if there is none."""
    table = schema.catalogue_version
    number = newest(connection, zone)
    connection.execute(update(table).where(table.c.zone == zone, table.c.version == number).values(cohort=cohort))
    return number
