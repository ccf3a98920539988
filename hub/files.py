"""Answers requests for blobs and deltas on a connection of its own, so that a cold catalogue delays no sale."""

from __future__ import annotations

import hashlib
import json
import logging
import queue
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import zstandard
from sqlalchemy import Connection, func, select, tuple_
from sqlalchemy.exc import SQLAlchemyError

from appliance.core.product import bucket, canonical
from appliance.mqtt.messages.blob import CHUNK, Chunk, WantBlob, WantDelta, cut, parse_want
from appliance.mqtt.messages.catalogue import Delta
from appliance.mqtt.messages.wire import MAX_DECODED, Fields, Malformed, Packet, decode
from appliance.mqtt.topics import Kind, every, parse
from hub import schema
from hub.broker import Delivery, Session
from hub.catalogue import in_force, newest, products, products_at
from hub.database import Database
from hub.worker import machine_name

_SHARE: Final = 4
"""A delta larger than a quarter of the snapshot is not worth it."""
_HELD_DELTAS: Final = 8
_FEW: Final = 5000
"""Products that are looked up one by one; SQLite takes no more than 32,766 values in a statement."""

_log = logging.getLogger(__name__)


class Files:
    """One thread behind one connection."""

    def __init__(self, database: Database, host: str, port: int) -> None:
        self._database = database
        self._deltas: dict[tuple[str, int, int], bytes] = {}
        """Deltas that were asked for last: a fleet asks for the same ones."""
        self._inbox: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()
        self._session = Session(
            host,
            port,
            client_id=f"hub-{machine_name()}-files",
            subscriptions=(f"$share/files/{every(Kind.GET)}",),
            taken=self._inbox.put,
        )
        self._thread = threading.Thread(target=self._run, name="files", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()
        self._session.start()

    def stop(self) -> None:
        """End; a request without an answer is asked again."""
        self._session.stop()
        self._inbox.put(None)
        self._thread.join(10)

    def _run(self) -> None:
        while (delivery := self._inbox.get()) is not None:
            asked = delivery.packet
            address = parse(asked.topic)
            if address is None or address.kind is not Kind.GET:
                continue
            try:
                chunks = self._chunks(asked)
            except Malformed as error:
                _log.warning("%s: a request that cannot be read: %s", address.name, error)
                continue
            except SQLAlchemyError as error:
                _log.error("%s: %s", address.name, error)
                chunks = [Chunk(error="busy")]
            for chunk in chunks:
                self._session.publish(chunk.packet(address.name, asked.correlation))

    def _chunks(self, asked: Packet) -> list[Chunk]:
        want = parse_want(decode(asked.payload, asked.properties))
        with self._database.read() as connection:
            match want:
                case WantBlob(sha256=sha256, chunks=wanted):
                    table = schema.blob
                    content = connection.scalar(select(table.c.content).where(table.c.sha256 == sha256))
                    if content is None:
                        return [Chunk(error="gone")]
                    return [chunk for chunk in cut(content, sha256) if chunk.index in wanted]
                case WantDelta(zone=zone, base=base, to=to):
                    content = self._deltas.get((zone, base, to)) or packed_delta(connection, zone, base, to)
                    if content is None:
                        return [Chunk(error="gone")]
                    self._deltas[zone, base, to] = content
                    while len(self._deltas) > _HELD_DELTAS:
                        del self._deltas[next(iter(self._deltas))]
                    return list(cut(content, hashlib.sha256(content).hexdigest()))
                case _:
                    return [Chunk(error="denied")]


def packed_delta(connection: Connection, zone: str, base: int, to: int) -> bytes | None:
    """Give the packed change from a version to the newest, or to the one in force.

    None if it is too old, too large, or no such thing.
    """
    if to not in (newest(connection, zone), in_force(connection, zone, datetime.now(UTC), everywhere=True)):
        return None
    table = schema.catalogue_delta
    rows = connection.execute(
        select(table.c.base, table.c.document)
        .where(table.c.zone == zone, table.c.base >= base, table.c.base < to)
        .order_by(table.c.base)
    ).all()
    if [row.base for row in rows] != list(range(base, to)) or not rows:
        return None
    whole: Delta | None = None
    for row in rows:
        delta = Delta.parse(Fields(json.loads(row.document), "delta"))
        whole = delta if whole is None else whole.then(delta)
    assert whole is not None
    document = canonical(
        _aligned(whole, _as_of(connection, zone, to, [row["sku"] for row in whole.changed])).document()
    )
    if len(document) > MAX_DECODED:
        return None
    packed = zstandard.ZstdCompressor(level=9).compress(document)
    snapshot = connection.scalar(select(func.sum(schema.catalogue_page.c.size))) or 0
    return packed if len(packed) <= max(CHUNK, snapshot // _SHARE) else None


def _as_of(connection: Connection, zone: str, version: int, skus: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Give some products of a version."""
    if version != newest(connection, zone):
        return products_at(connection, zone, version)
    if len(skus) > _FEW:
        return products(connection, zone)
    table = schema.catalogue_product
    places = [(bucket(sku), sku) for sku in skus]
    rows = connection.execute(
        select(table.c.sku, table.c.document).where(
            table.c.zone == zone, tuple_(table.c.bucket, table.c.sku).in_(places)
        )
    )
    return {row.sku: json.loads(row.document) for row in rows}


def _aligned(delta: Delta, current: dict[str, dict[str, Any]]) -> Delta:
    """Give every changed row the same keys: what did not change in it stands as it is now."""
    keys = {key for row in delta.changed for key in row}
    changed = tuple(
        {key: row["sku"] if key == "sku" else current[row["sku"]].get(key) for key in sorted(keys)}
        for row in delta.changed
    )
    return Delta(zone=delta.zone, base=delta.base, to=delta.to, root=delta.root, changed=changed, deleted=delta.deleted)
