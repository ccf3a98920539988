"""TinyDB's API over SQLite rows: one row per document, checked on every read, real transactions, no cache.

TinyDB's own storage is never used. A table is "t_<name>"(id, doc, crc); `crc` = CRC-32 of `<id>:<doc>`.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager
from typing import Any, Final, cast

from tinydb import TinyDB
from tinydb.queries import QueryLike
from tinydb.table import Document
from tinydb.table import Table as TinyTable

from appliance.store.connection import Connection
from appliance.store.faults import RowDamaged
from appliance.store.overlay import PAGE_ROWS, Fields, Overlay, Rows
from appliance.store.storage import NAME, SQLiteStorage, expression

_ROWS: Final = "SELECT id, doc, crc FROM {t} {rest}"

Updates = Iterable[tuple[Mapping[str, Any] | Callable[[MutableMapping[str, Any]], None], QueryLike]]


encode: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
"""Gives a document as JSON text."""


def checksum(doc_id: int, text: str) -> int:
    """Give the CRC-32 of a row."""
    return zlib.crc32(f"{doc_id}:{text}".encode())


class Table(TinyTable):
    """A TinyDB table whose documents are rows. Nothing is cached: a price must never come from a cache."""

    fields_indexed: tuple[str, ...] = ()
    """Top-level fields with an expression index, made along with the table."""

    def __init__(self, storage: SQLiteStorage, name: str, cache_size: int = 0, persist_empty: bool = False) -> None:
        if not NAME.fullmatch(name):
            raise ValueError(f"a table's name has a-z, 0-9 and _, not {name!r}")
        # TinyDB binds its default size too early for a class attribute, and wipes a table that is to be persisted.
        super().__init__(storage, name, cache_size=0, persist_empty=False)
        del cache_size
        self._connection = storage.connection
        self._database = storage
        self._sql_name = f'"t_{name}"'
        self._overlay: Overlay | None = None
        self._next_given = 1
        if persist_empty and not storage.exists(name):
            storage.create(name, self.fields_indexed)

    # Rows ------------------------------------------------------------------------------------------------------------

    def dump(self, doc_id: int, document: Mapping[str, Any]) -> str:
        """Give the text of a row."""
        del doc_id
        return encode(dict(document))

    def parse(self, doc_id: int, text: str) -> Fields:
        """Give the document of a row's text."""
        try:
            document = json.loads(text)
        except ValueError:
            raise RowDamaged(self.name, doc_id) from None
        if not isinstance(document, dict):
            raise RowDamaged(self.name, doc_id)
        return document

    def _proved(self, doc_id: int, text: object, crc: object) -> str:
        if not isinstance(text, str) or checksum(doc_id, text) != crc:
            raise RowDamaged(self.name, doc_id)
        return text

    def _sql(self, statement: str) -> str:
        # The name matches [a-z0-9_]+, checked in the constructor.
        return statement.replace("{t}", self._sql_name)

    def _run(self, statement: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(self._sql(statement), values)

    def _select(self, rest: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        if not self._database.exists(self.name):
            return []
        return self._run(_ROWS.replace("{rest}", rest), values)

    def text(self, doc_id: int) -> str | None:
        """Give the text of one row, proved by its checksum."""
        rows = self._select("WHERE id = ?", (doc_id,))
        return self._proved(*rows[0]) if rows else None

    def fetch(self, doc_id: int) -> Fields | None:
        """Give one document."""
        text = self.text(doc_id)
        return None if text is None else self.parse(doc_id, text)

    def page(self, after: int | None, limit: int) -> list[Document]:
        """Give up to `limit` documents with ids above `after`, by id."""
        if after is None:
            rows = self._select("ORDER BY id LIMIT ?", (limit,))
        else:
            rows = self._select("WHERE id > ? ORDER BY id LIMIT ?", (after, limit))
        return [Document(self.parse(row[0], self._proved(*row)), row[0]) for row in rows]

    def has(self, doc_id: int) -> bool:
        """Whether a row stands at this id."""
        if not self._database.exists(self.name):
            return False
        return bool(self._run("SELECT 1 FROM {t} WHERE id = ?", (doc_id,)))

    def ids(self) -> Iterator[int]:
        """Give all ids in order, a page at a time."""
        after: int | None = None
        while self._database.exists(self.name):
            if after is None:
                page = self._run("SELECT id FROM {t} ORDER BY id LIMIT ?", (PAGE_ROWS,))
            else:
                page = self._run("SELECT id FROM {t} WHERE id > ? ORDER BY id LIMIT ?", (after, PAGE_ROWS))
            yield from (row[0] for row in page)
            if len(page) < PAGE_ROWS:
                return
            after = page[-1][0]

    def size(self) -> int:
        """Count the rows."""
        if not self._database.exists(self.name):
            return 0
        return int(self._run("SELECT count(*) FROM {t}")[0][0])

    def highest(self) -> int:
        """Give the highest id; 0 for an empty table. One step into the B-tree."""
        if not self._database.exists(self.name):
            return 0
        return int(self._run("SELECT max(id) FROM {t}")[0][0] or 0)

    def lowest(self) -> int:
        """Give the lowest id; 0 for an empty table."""
        if not self._database.exists(self.name):
            return 0
        return int(self._run("SELECT min(id) FROM {t}")[0][0] or 0)

    def apply(self, documents: Iterable[tuple[int, Mapping[str, Any]]], gone: Iterable[int] = ()) -> None:
        """Set and remove rows as they come, within the transaction at hand; for many, best in the order of ids."""
        pending: list[tuple[int, str]] = []
        self._write(False, set(gone), pending)
        for doc_id, document in documents:
            pending.append((doc_id, self.dump(doc_id, document)))
            if len(pending) == PAGE_ROWS:
                self._write(False, set(), pending)
                pending.clear()
        self._write(False, set(), pending)

    def load(self, rows: Iterable[tuple[int, str]]) -> None:
        """Fill an empty table from rows of id and text, in the order of ids, within the transaction at hand."""
        self._connection.executemany(
            self._sql("INSERT INTO {t} (id, doc, crc) VALUES (?, ?, ?)"),
            ((key, text, checksum(key, text)) for key, text in rows),
        )

    # TinyDB's extension points ---------------------------------------------------------------------------------------

    def _read_table(self) -> dict[str, Mapping[str, Any]]:
        return Rows(self)  # type: ignore[return-value]  # TinyDB reads it as a Mapping and names it a dict

    def _update_table(self, updater: Callable[[Any], None]) -> None:
        with self._connection.transaction():
            outer, self._overlay = self._overlay, Overlay(self)
            try:
                updater(self._overlay)
                cleared, deleted, documents = self._overlay.changes()
                # Every text is made before the first row is written: a value that JSON cannot hold changes nothing.
                rows = [(key, self.dump(key, document)) for key, document in documents.items()]
                self._write(cleared, deleted, rows)
            except BaseException:
                self._next_given = 1
                raise
            finally:
                self._overlay = outer

    def _write(self, cleared: bool, deleted: set[int], rows: list[tuple[int, str]]) -> None:
        if not self._database.exists(self.name):
            if not rows and not cleared:
                return
            self._database.create(self.name, self.fields_indexed)
        if cleared:
            self._run("DELETE FROM {t}")
        elif deleted:
            self._connection.executemany(self._sql("DELETE FROM {t} WHERE id = ?"), ((key,) for key in deleted))
        if rows:
            self._connection.executemany(
                self._sql(
                    "INSERT INTO {t} (id, doc, crc) VALUES (?, ?, ?)"
                    " ON CONFLICT (id) DO UPDATE SET doc = excluded.doc, crc = excluded.crc"
                ),
                ((key, text, checksum(key, text)) for key, text in rows),
            )

    def _get_next_id(self) -> int:
        highest = max(self.highest(), self._overlay.highest_set if self._overlay else 0)
        given = max(highest + 1, self._next_given)
        self._next_given = given + 1
        return given

    # Where TinyDB scans, and we need not -----------------------------------------------------------------------------

    def _candidates(self, cond: QueryLike) -> Iterable[tuple[str, Fields]]:
        """Give the documents that a query may match: those of an indexed field's value, else all."""
        # TinyDB keeps a query's shape in a private field, ('==', (field,), value). A wrong guess is only slow.
        match getattr(cond, "_hash", None):
            case ("==", (str(field),), str() | int() as value) if field in self.fields_indexed:
                rows = self._select(f"WHERE {expression(field)} = ? ORDER BY id", (value,))
                return [(str(row[0]), self.parse(row[0], self._proved(*row))) for row in rows]
        return Rows(self).items()

    def search(self, cond: QueryLike) -> list[Document]:
        """Give the documents that match; an indexed field narrows the candidates, the query judges each."""
        return [Document(document, int(key)) for key, document in self._candidates(cond) if cond(document)]

    def get(self, cond: Any = None, doc_id: Any = None, doc_ids: Any = None) -> Any:
        """Give one document by query or id, or the documents of several ids, in the order of their ids."""
        if doc_id is not None:
            document = self._read_table().get(str(doc_id))
            return None if document is None else Document(document, doc_id)
        if doc_ids is not None:
            found = ((key, self.fetch(key)) for key in sorted(set(doc_ids)))
            return [Document(document, key) for key, document in found if document is not None]
        if cond is None:
            raise RuntimeError("give a query, an id or several ids")
        for key, document in self._candidates(cond):
            if cond(document):
                return Document(document, int(key))
        return None

    def update_multiple(self, updates: Updates) -> list[int]:
        """Update by several queries; a generator would serve TinyDB's first document only."""
        return super().update_multiple(tuple(updates))

    def upsert(self, document: Mapping[str, Any], cond: QueryLike | None = None) -> list[int]:
        """Update or insert, in one transaction."""
        with self._connection.transaction():
            return super().upsert(document, cond)

    def truncate(self) -> None:
        """Remove all documents; ids begin at 1 again."""
        super().truncate()
        self._next_given = 1


class Database(TinyDB):
    """A TinyDB database in one SQLite file."""

    table_class: type[TinyTable] = Table
    default_storage_class: Any = SQLiteStorage

    def table(self, name: str, **kwargs: Any) -> Any:
        """Give a table; it comes into being at its first write."""
        return super().table(name, **kwargs)

    def transaction(self) -> AbstractContextManager[None]:
        """Join several calls into one commit."""
        return self.connection.transaction()

    @property
    def sqlite(self) -> SQLiteStorage:
        """The storage of the file."""
        storage: Any = self._storage
        return cast(SQLiteStorage, storage)

    @property
    def connection(self) -> Connection:
        """The connection to the file."""
        return self.sqlite.connection
