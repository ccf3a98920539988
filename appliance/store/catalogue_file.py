"""A catalogue file: the base, the layers of newer versions over it, and which of them is in use."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tinydb.table import Document

from appliance.core.identifiers import CatalogueVersion
from appliance.errors import StoreError
from appliance.store.catalogue_change import Change
from appliance.store.connection import Connection
from appliance.store.migrations import Schema, inspect
from appliance.store.price_book import KINDS, CatalogueDatabase, View, changed, packed, unpacked
from appliance.store.table import Table

SCHEMA: Final = Schema(version=1, min_reader=1)
_POSITION: Final = 2
_ROWS_AT_ONCE: Final = 50
_BUCKETS_AT_ONCE: Final = 2


def root_of(vector: bytes) -> str:
    """Give the hex root of a version from its bucket digests."""
    return hashlib.sha256(vector).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One version that the file holds; the base is the oldest."""

    number: int
    products: int
    vector: bytes
    """The 1,024 bucket digests, 32 bytes each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """What a file holds. Applying a version by half cannot be: this one document changes, or it does not."""

    zone: str
    currency: str
    active: int
    base: Layer
    layers: tuple[Layer, ...] = ()

    @classmethod
    def read(cls, database: CatalogueDatabase) -> Position:
        """Read it; StoreError if the file has none."""
        found = database.table("meta").get(doc_id=_POSITION)
        if found is None:
            raise StoreError("the catalogue has no position")
        base, *layers = (
            Layer(number=entry["number"], products=entry["products"], vector=_vector(database, entry["number"]))
            for entry in found["versions"]
        )
        return cls(
            zone=found["zone"], currency=found["currency"], active=found["active"], base=base, layers=tuple(layers)
        )

    def write(self, database: CatalogueDatabase) -> None:
        """Write it, and the vectors of the versions it names, within the transaction at hand."""
        held = {layer.number: layer for layer in (self.base, *self.layers)}
        vectors = database.table("vector")
        for number in held.keys() - set(vectors.ids()):
            vectors.insert(Document({"digests": base64.b64encode(held[number].vector).decode()}, number))
        vectors.remove(doc_ids=[number for number in vectors.ids() if number not in held])
        versions = [{"number": layer.number, "products": layer.products} for layer in (self.base, *self.layers)]
        facts = {"zone": self.zone, "currency": self.currency, "active": self.active, "versions": versions}
        database.table("meta").upsert(Document(facts, _POSITION))

    @property
    def newest(self) -> Layer:
        """The newest version."""
        return self.layers[-1] if self.layers else self.base


def _vector(database: CatalogueDatabase, number: int) -> bytes:
    found = database.table("vector").get(doc_id=number)
    if found is None:
        raise StoreError(f"catalogue version {number} has no digests")
    return base64.b64decode(found["digests"])


class CatalogueFile:
    """An open catalogue file. Writes come from one thread at a time; look-ups from any."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database = CatalogueDatabase(Connection(path, synchronous="NORMAL", indexed=True))
        try:
            inspect(self.database, SCHEMA)
            self.position = Position.read(self.database)
        except BaseException:
            self.close()
            raise

    @property
    def active(self) -> CatalogueVersion:
        """The version in use."""
        return CatalogueVersion(self.position.zone, self.position.active)

    @property
    def newest(self) -> CatalogueVersion:
        """The newest version."""
        return CatalogueVersion(self.position.zone, self.position.newest.number)

    def view(self, number: int) -> View:
        """Give the products of a version."""
        return View(self.database, tuple(layer.number for layer in self.position.layers if layer.number <= number))

    def holds(self, number: int) -> bool:
        """Whether a version can be looked into."""
        return any(layer.number == number for layer in (self.position.base, *self.position.layers))

    def may_follow(self, version: CatalogueVersion) -> bool:
        """Whether a version can be taken into use: it is held, and not older than the one in use."""
        at_hand = version.zone == self.position.zone and self.holds(version.number)
        return at_hand and version.number >= self.position.active

    def add(self, number: int, change: Change, vector: bytes) -> None:
        """Write a change of the newest version as a new layer; `vector` holds the bucket digests it leads to."""
        newest = self.position.newest
        layer = Layer(number=number, products=newest.products + change.grown, vector=vector)
        position = replace(self.position, layers=(*self.position.layers, layer))
        with self.database.transaction():
            for kind in KINDS:
                if f"{kind}_{number}" in self.database.tables():
                    self.database.drop_table(f"{kind}_{number}")
            change.write(self.database, number)
            position.write(self.database)
        self.position = position

    def activate(self, number: int) -> None:
        """Take a version into use: one row."""
        position = replace(self.position, active=number)
        with self.database.transaction():
            position.write(self.database)
        self.position = position

    def merged(self) -> tuple[int, ...]:
        """Give the layers that may go into the base: those up to the version in use."""
        return tuple(layer.number for layer in self.position.layers if layer.number <= self.position.active)

    def carry(self, numbers: Sequence[int]) -> None:
        """Copy layers into the base, oldest first, a few rows a transaction, so that no look-up waits long.

        The layers still stand above the base: every answer stays the same, also if this is cut off in the middle.
        """
        for number in numbers:
            for kind in KINDS:
                if f"{kind}_{number}" in self.database.tables():
                    self._carry_table(kind, self.database.layer(kind, number), self.database.layer(kind, 0))

    def _carry_table(self, kind: str, layer: Table, base: Table) -> None:
        after: int | None = None
        while page := layer.page(after, _BUCKETS_AT_ONCE if kind == "bucket" else _ROWS_AT_ONCE):
            after = page[-1].doc_id
            with self.database.transaction():
                if kind == "bucket":
                    base.apply(
                        (row.doc_id, packed({**unpacked(base.fetch(row.doc_id)), **changed(row)})) for row in page
                    )
                    continue
                gone = [row.doc_id for row in page if "deleted" in row or row.get("id") == 0]
                base.apply(((row.doc_id, row) for row in page if row.doc_id not in gone), gone)

    def drop(self, numbers: Sequence[int]) -> None:
        """Give up layers that have been carried into the base, in one transaction."""
        held = {layer.number: layer for layer in self.position.layers}
        position = replace(
            self.position,
            base=held[max(numbers)],
            layers=tuple(layer for layer in self.position.layers if layer.number not in numbers),
        )
        with self.database.transaction():
            for kind in KINDS:
                for number in numbers:
                    if f"{kind}_{number}" in self.database.tables():
                        self.database.drop_table(f"{kind}_{number}")
            position.write(self.database)
        self.position = position
        self.database.connection.checkpoint()

    def close(self) -> None:
        """Close the file."""
        self.database.close()
