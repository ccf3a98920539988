"""A catalogue file: the base, the layers of newer versions over it, and which of them is in use."""

from __future__ import annotations

import base64
import hashlib
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

SCHEMA: Final = Schema(version=1, min_reader=1)
_POSITION: Final = 2


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
        """Whether a version can be taken into use."""
        return any(layer.number == number for layer in (self.position.base, *self.position.layers))

    def add(self, number: int, change: Change, root: str) -> None:
        """Write a change of the newest version as a new layer; ValueError if its root is not the one announced."""
        newest = self.position.newest
        vector = change.vector(newest.vector)
        if root_of(vector) != root:
            raise ValueError(f"catalogue {self.position.zone}/{number}: its root is {root_of(vector)}, not {root}")
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

    def merge(self) -> None:
        """Carry the layers up to the version in use into the base, in one transaction."""
        merged = [layer for layer in self.position.layers if layer.number <= self.position.active]
        if not merged:
            return
        position = replace(
            self.position,
            base=merged[-1],
            layers=tuple(layer for layer in self.position.layers if layer.number > self.position.active),
        )
        with self.database.transaction():
            for layer in merged:
                for kind in KINDS:
                    self._merge_table(kind, layer.number)
            position.write(self.database)
        self.position = position
        self.database.connection.checkpoint()

    def _merge_table(self, kind: str, number: int) -> None:
        name = f"{kind}_{number}"
        if name not in self.database.tables():
            return
        layer, base = self.database.layer(kind, number), self.database.layer(kind, 0)
        if kind == "bucket":
            base.apply((row.doc_id, packed({**unpacked(base.fetch(row.doc_id)), **changed(row)})) for row in layer)
        else:
            gone = [row.doc_id for row in layer if "deleted" in row or row.get("id") == 0]
            base.apply(((row.doc_id, row) for row in layer if "deleted" not in row and row.get("id") != 0), gone)
        self.database.drop_table(name)

    def close(self) -> None:
        """Close the file."""
        self.database.close()
