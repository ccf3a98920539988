"""The catalogue on the wire: signed head, delta, manifest and pages of columns, and the sanity of a new version."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from appliance.core.product import BUCKETS, KEYS
from appliance.mqtt.messages.wire import MAX_DECODED, Fields, Malformed, decompress, instant, parse_json
from appliance.mqtt.topics import SLUG

HEAD_TYPE: Final = "catalogue-head"
MAX_PRODUCTS: Final = 5_000_000
PAGE_BYTES: Final = 128 << 10
"""A page's packed size, and the size of a chunk; a delta above it is not broadcast."""
_ALWAYS: Final = frozenset({"sku", "gtins", "name", "unit", "price", "vat"})
_PAGES: Final = BUCKETS
_ROWS: Final = 200_000

_OF_A_VERSION: Final = (
    "version",
    "products",
    "root",
    "manifest",
    "manifest_size",
    "published_at",
    "effective_at",
    "force",
)
"""What `in_force` says of a version; the rest is that of the head."""

Product = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The signed pointer to a zone's current catalogue."""

    zone: str
    version: int
    products: int
    currency: str
    root: str
    manifest: str
    """SHA-256 of the packed manifest."""
    manifest_size: int
    oldest_delta: int
    """The oldest version from which the hub still has deltas."""
    published_at: datetime
    effective_at: datetime
    cohort: int = 100
    """Stores, in per cent, that may activate it (a wave); the others only stage it."""
    force: bool = False
    """Two persons let an unusually large change pass."""
    in_force: Head | None = None
    """The version that holds for all stores while this one waits for its time or its waves; None = there is none, or it
    is this one. Its `oldest_delta` and `cohort` are this one's and 100."""

    def document(self) -> dict[str, Any]:
        """Give the document that is signed."""
        document = {
            "type": HEAD_TYPE,
            "v": 1,
            "zone": self.zone,
            "version": self.version,
            "products": self.products,
            "currency": self.currency,
            "root": self.root,
            "manifest": self.manifest,
            "manifest_size": self.manifest_size,
            "oldest_delta": self.oldest_delta,
            "published_at": instant(self.published_at),
            "effective_at": instant(self.effective_at),
            "cohort": self.cohort,
            "force": self.force,
        }
        if self.in_force is not None:
            whole = self.in_force.document()
            document["in_force"] = {key: whole[key] for key in _OF_A_VERSION}
        return document

    @classmethod
    def parse(cls, fields: Fields) -> Head:
        """Read the signed part of a head; Malformed says what is wrong."""
        fields.version()
        head = cls._parse(fields)
        if "in_force" not in fields.table:
            return head
        parts = fields.fields("in_force").table
        missing = [key for key in _OF_A_VERSION if key not in parts]
        if missing:
            raise fields.wrong("in_force", f"{', '.join(missing)} is missing")
        versions = {key: parts[key] for key in _OF_A_VERSION}
        before = cls._parse(Fields({**fields.table, **versions, "cohort": 100}, "in_force"))
        if before.version >= head.version:
            raise fields.wrong("in_force", f"{before.version} is not below {head.version}")
        return replace(head, in_force=before)

    @classmethod
    def _parse(cls, fields: Fields) -> Head:
        return cls(
            zone=fields.text("zone", limit=32, pattern=SLUG),
            version=fields.integer("version", low=1),
            products=fields.integer("products", high=MAX_PRODUCTS),
            currency=fields.text("currency", limit=3),
            root=fields.digest("root"),
            manifest=fields.digest("manifest"),
            manifest_size=fields.integer("manifest_size", low=1, high=MAX_DECODED),
            oldest_delta=fields.integer("oldest_delta"),
            published_at=fields.instant("published_at"),
            effective_at=fields.instant("effective_at"),
            cohort=fields.integer("cohort", high=100),
            force=fields.flag("force"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """What changed between two versions of a zone. Nothing vouches for it but the root of the signed head."""

    zone: str
    base: int
    to: int
    root: str
    changed: tuple[Product, ...]
    """SKU and changed keys; None clears."""
    deleted: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """Give the payload; ValueError unless all changed rows have the same keys, as columns need it."""
        if len({frozenset(row) for row in self.changed}) > 1:
            raise ValueError("rows with different keys cannot stand in columns: a missing value would clear")
        return {
            "v": 1,
            "zone": self.zone,
            "from": self.base,
            "to": self.to,
            "root": self.root,
            "set": columns_of(self.changed) if self.changed else {"sku": []},
            "delete": list(self.deleted),
        }

    @classmethod
    def parse(cls, fields: Fields) -> Delta:
        """Read a payload; Malformed says what is wrong."""
        fields.version()
        deleted = fields.entries("delete", limit=MAX_PRODUCTS)
        if not all(isinstance(sku, str) for sku in deleted):
            raise fields.wrong("delete", "texts are wanted")
        delta = cls(
            zone=fields.text("zone", limit=32, pattern=SLUG),
            base=fields.integer("from"),
            to=fields.integer("to", low=1),
            root=fields.digest("root"),
            changed=tuple(rows_of(fields.fields("set"))),
            deleted=tuple(deleted),
        )
        if delta.to <= delta.base:
            raise fields.wrong("to", "is not above from")
        return delta

    def then(self, later: Delta) -> Delta:
        """Give the one delta that does what this and the next one do."""
        if (later.zone, later.base) != (self.zone, self.to):
            raise ValueError(f"{later.zone}/{later.base} does not follow {self.zone}/{self.to}")
        changed: dict[str, dict[str, Any]] = {row["sku"]: dict(row) for row in self.changed}
        deleted = dict.fromkeys(self.deleted)
        for sku in later.deleted:
            changed.pop(sku, None)
            deleted[sku] = None
        for row in later.changed:
            sku = row["sku"]
            if sku in deleted:
                del deleted[sku]
                changed[sku] = {key: row.get(key) for key in KEYS}
            else:
                changed.setdefault(sku, {}).update(row)
        return Delta(
            zone=self.zone,
            base=self.base,
            to=later.to,
            root=later.root,
            changed=_in_order(list(changed.values())),
            deleted=tuple(deleted),
        )


def _in_order(rows: Sequence[Product]) -> tuple[Product, ...]:
    """Sort rows by SKU."""
    return tuple(sorted(rows, key=lambda row: str(row["sku"])))


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The parts of a version: bucket digests (8 bytes each) and its pages in order, as hash and packed size."""

    zone: str
    version: int
    digests: bytes
    pages: tuple[tuple[str, int], ...]

    def document(self) -> dict[str, Any]:
        """Give the payload."""
        return {
            "v": 1,
            "zone": self.zone,
            "version": self.version,
            "digests": base64.b64encode(self.digests).decode("ascii"),
            "pages": [list(page) for page in self.pages],
        }

    @classmethod
    def parse(cls, fields: Fields) -> Manifest:
        """Read a payload; Malformed says what is wrong."""
        fields.version()
        try:
            digests = base64.b64decode(fields.text("digests", limit=BUCKETS * 12), validate=True)
        except (binascii.Error, ValueError) as error:
            raise fields.wrong("digests", str(error)) from None
        if len(digests) != BUCKETS * 8:
            raise fields.wrong("digests", f"{len(digests)} bytes are not {BUCKETS} times 8")
        pages = []
        for i, entry in enumerate(fields.entries("pages", limit=_PAGES)):
            if not (isinstance(entry, list) and len(entry) == 2):
                raise fields.wrong("pages", "entries are [hash, bytes]")
            page = Fields({"hash": entry[0], "size": entry[1]}, f"pages[{i}]")
            pages.append((page.digest("hash"), page.integer("size", low=1, high=MAX_DECODED)))
        return cls(
            zone=fields.text("zone", limit=32, pattern=SLUG),
            version=fields.integer("version", low=1),
            digests=digests,
            pages=tuple(pages),
        )


def columns_of(products: Sequence[Product]) -> dict[str, list[Any]]:
    """Turn products into columns; a column that none has is left out."""
    used = {key for product in products for key in product}
    return {key: [product.get(key) for product in products] for key in KEYS if key in used}


def rows_of(fields: Fields) -> list[dict[str, Any]]:
    """Turn columns into rows; Malformed unless all are equally long and the first is the SKU. Unknown ones are left."""
    skus = fields.entries("sku", limit=_ROWS)
    if not all(isinstance(sku, str) and 1 <= len(sku) <= 64 for sku in skus):
        raise fields.wrong("sku", "texts of 1 to 64 characters are wanted")
    if len(set(skus)) != len(skus):
        raise fields.wrong("sku", "a SKU stands twice")
    names = [key for key in KEYS if key in fields.table]
    columns = [fields.entries(key, limit=_ROWS) for key in names]
    for name, column in zip(names, columns, strict=True):
        if len(column) != len(skus):
            raise fields.wrong(name, f"{len(column)} entries, {len(skus)} SKUs")
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def page_products(content: bytes) -> list[dict[str, Any]]:
    """Read the whole products of a packed page; Malformed says what is wrong."""
    fields = Fields(parse_json(decompress(content)), "page")
    fields.version()
    return [
        {key: value for key, value in row.items() if value is not None or key in _ALWAYS}
        for row in rows_of(fields.fields("columns"))
    ]


def page_document(products: Sequence[Product]) -> dict[str, Any]:
    """Give the payload of a page."""
    return {"v": 1, "columns": columns_of(products)}


class Sanity:
    """Judges the rows of a new version as they come. Malformed at the first that is impossible.

    `improbable()` then says whether too many prices moved too far: more than 10 % of them by more than 50 %. A handful
    of price changes, up to 20, is never improbable.
    """

    def __init__(self, tax_codes: Iterable[str]) -> None:
        self._tax_codes = frozenset(tax_codes)
        self._codes: set[str] = set()
        self._priced = 0
        self._far = 0

    def take(self, row: Product, before: int | None) -> None:
        """Judge one row, whole or changed; `before` is the price in use, if there is one."""
        sku = row["sku"]
        price = row.get("price")
        if price is not None:
            if type(price) is not int or price <= 0:
                raise Malformed(f"{sku}: {price!r} is no price")
            self._priced += 1
            if before is not None and abs(price - before) * 2 > before:
                self._far += 1
        if "vat" in row and row["vat"] not in self._tax_codes:
            raise Malformed(f"{sku}: unknown VAT {row['vat']!r}")
        codes = [f"GTIN {gtin}" for gtin in row.get("gtins") or ()]
        for code in (*codes, f"PLU {row['plu']}") if row.get("plu") else codes:
            if code in self._codes:
                raise Malformed(f"{sku}: {code} stands twice")
            self._codes.add(code)

    def improbable(self) -> str:
        """Say what is improbable about the whole; "" if nothing is."""
        if self._far > 20 and self._far * 10 > self._priced:
            return f"{self._far} of {self._priced} prices moved by more than half"
        return ""


def fewer_products(before: int, after: int) -> str:
    """Say that more than 20 % of the products are gone; "" if not."""
    return f"{after} products instead of {before}" if after * 5 < before * 4 else ""
