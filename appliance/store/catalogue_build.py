"""A whole catalogue version as a new file: judged, sorted on disk, its root compared, and only then given its name."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from tinydb.table import Document

from appliance.core.identifiers import CatalogueVersion
from appliance.core.money import Currency
from appliance.core.product import BUCKETS, bucket, bucket_digest, product_digest
from appliance.store.catalogue_change import FIRST_OWN_ID, checked, gtins_of, plu_of
from appliance.store.catalogue_file import SCHEMA, Layer, Position, root_of
from appliance.store.faults import fault_of
from appliance.store.files import publish
from appliance.store.migrations import inscribe
from appliance.store.price_book import CatalogueDatabase, ProductTable, packed, stored
from appliance.store.table import encode

_SCRATCH: Final = (
    "PRAGMA journal_mode=OFF",
    "PRAGMA synchronous=OFF",
    "PRAGMA temp_store=FILE",
    "PRAGMA cache_size=-4096",
    "CREATE TABLE product (id INTEGER, bucket INTEGER, sku TEXT, digest BLOB, doc TEXT, minor INTEGER)",
    "CREATE TABLE code (gtin INTEGER, id INTEGER)",
    "CREATE TABLE plu (plu INTEGER, id INTEGER)",
)

_FILL: Final = {
    "product": "SELECT id, doc FROM product ORDER BY id",
    "price": """SELECT id, '{"minor":' || coalesce(minor, 'null') || '}' FROM product ORDER BY id""",
    "code": """SELECT gtin, '{"id":' || id || '}' FROM code ORDER BY gtin""",
    "plu": """SELECT plu, '{"id":' || id || '}' FROM plu ORDER BY plu""",
}


def build(
    target: Path,
    version: CatalogueVersion,
    root: str,
    products: Iterable[Mapping[str, Any]],
    currency: Currency,
    tax_codes: Collection[str] | None,
) -> None:
    """Make the file of a version. ValueError, or whatever `products` raises, leaves nothing behind."""
    built, scratch = (target.with_name(target.name + ending) for ending in (".new", ".scratch"))
    for leftover in (built, scratch):
        leftover.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(scratch, isolation_level=None)) as connection:
            for statement in _SCRATCH:
                connection.execute(statement)
            connection.execute("BEGIN")
            _take_in(connection, products, currency, tax_codes)
            with closing(CatalogueDatabase(built, synchronous="OFF", indexed=True)) as database:
                _fill(database, connection, version, root, currency)
        _finish(built, target)
    except sqlite3.Error as error:
        raise fault_of(error, path=target) from error
    finally:
        for leftover in (built, scratch):
            leftover.unlink(missing_ok=True)


def _finish(built: Path, target: Path) -> None:
    try:
        publish(built, target)
    except OSError as error:
        raise fault_of(error, path=target) from error


def _take_in(
    connection: sqlite3.Connection,
    products: Iterable[Mapping[str, Any]],
    currency: Currency,
    tax_codes: Collection[str] | None,
) -> None:
    """Append all products to the scratch file; it is sorted when it is read."""
    next_own = FIRST_OWN_ID
    for entry in products:
        product = checked({"price": None, **entry}, currency, tax_codes)
        sku, gtins, plu = product["sku"], gtins_of(product), plu_of(product)
        if gtins:
            key = gtins[0]
        else:
            key, next_own = next_own, next_own + 1
        row = (key, bucket(sku), sku, product_digest(product), encode(stored(key, product)), product["price"])
        connection.execute("INSERT INTO product VALUES (?, ?, ?, ?, ?, ?)", row)
        for gtin in gtins[1:]:
            connection.execute("INSERT INTO code VALUES (?, ?)", (gtin, key))
        if plu:
            connection.execute("INSERT INTO plu VALUES (?, ?)", (plu, key))


def _fill(
    database: CatalogueDatabase, scratch: sqlite3.Connection, version: CatalogueVersion, root: str, currency: Currency
) -> None:
    with database.transaction():
        inscribe(database, SCHEMA)
        vector = b"".join(bucket_digest([digests]) for digests in _buckets(scratch, database))
        if root_of(vector) != root:
            raise ValueError(f"catalogue {version}: its root is {root_of(vector)}, not {root}")
        database.sqlite.create("product")
        for kind, query in _FILL.items():
            table = database.table(kind, persist_empty=True)
            table.load(_once(kind, scratch.execute(query)))
        for code in database.table("code").ids():
            if database.table("product").has(code):
                raise ValueError(f"GTIN {code} belongs to two products")
        # Indexes at last: sorted once, instead of a step into the B-tree for every row.
        for field in ProductTable.fields_indexed:
            database.sqlite.index("product", field)
        count = scratch.execute("SELECT count(*) FROM product").fetchone()[0]
        layer = Layer(number=version.number, products=count, vector=vector)
        Position(zone=version.zone, currency=currency.code, active=version.number, base=layer).write(database)


def _once(kind: str, rows: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Give sorted rows on; ValueError if two have one key."""
    before = None
    for key, text in rows:
        if key == before:
            raise ValueError(
                f"two products have one {'GTIN' if kind in ('product', 'code', 'price') else 'PLU'}: {key}"
            )
        before = key
        yield key, text


def _buckets(scratch: sqlite3.Connection, database: CatalogueDatabase) -> Iterator[bytes]:
    """Give each bucket's digests in SKU order and note them; ValueError if a SKU stands twice."""
    table = database.table("bucket", persist_empty=True)
    rows = iter(scratch.execute("SELECT bucket, sku, digest FROM product ORDER BY bucket, sku"))
    row = next(rows, None)
    for number in range(BUCKETS):
        digests: dict[str, bytes] = {}
        while row is not None and row[0] == number:
            if row[1] in digests:
                raise ValueError(f"SKU {row[1]!r} stands twice")
            digests[row[1]] = row[2]
            row = next(rows, None)
        if digests:
            table.insert(Document(packed(digests), number))
        yield b"".join(digests.values())
