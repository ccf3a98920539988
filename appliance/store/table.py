"""TinyDB's API over SQLite rows: one row per document, checked on every read, real transactions, no cache.

TinyDB's own storage is never used. A table is "t_<name>"(id, doc, crc); `crc` = CRC-32 of `<id>:<doc>`.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, cast

from tinydb import TinyDB
from tinydb.queries import QueryLike
from tinydb.storages import Storage
from tinydb.table import Document
from tinydb.table import Table as TinyTable

from appliance.errors import StoreError
from appliance.store.connection import Connection, Synchronous
from appliance.store.faults import RowDamaged

PAGE_ROWS: Final = 500
_ROWS: Final = "SELECT id, doc, crc FROM {t} {rest}"
_NAME: Final = re.compile(r"[a-z0-9_]+")

Fields = dict[str, Any]
Updates = Iterable[tuple[Mapping[str, Any] | Callable[[MutableMapping[str, Any]], None], QueryLike]]


encode: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
"""Gives a document as JSON text."""


def checksum(doc_id: int, text: str) -> int:
    """Give the CRC-32 of a row."""
    return zlib.crc32(f"{doc_id}:{text}".encode())


class Rows(Mapping[str, Fields]):
    """A table as TinyDB reads it, lazily: documents by id as text. No cursor stays open between two steps."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def items(self) -> ItemsView[str, Fields]:
        """Give pairs of id and document, read a page of rows at a time."""
        return PagedItems(self, self._table)

    def __getitem__(self, key: str) -> Fields:
        text = str(key)
        if not text.isdecimal() or str(int(text)) != text:
            raise KeyError(key)
        document = self._table.fetch(int(text))
        if document is None:
            raise KeyError(key)
        return document

    def __iter__(self) -> Iterator[str]:
        return map(str, self._table.ids())

    def __len__(self) -> int:
        return self._table.size()


class PagedItems(ItemsView[str, Fields]):
    """The items of a lazy table, in pages by id."""

    def __init__(self, rows: Rows, table: Table) -> None:
        super().__init__(rows)
        self._table = table

    def __iter__(self) -> Iterator[tuple[str, Fields]]:
        after: int | None = None
        while page := self._table.page(after, PAGE_ROWS):
            for document in page:
                yield str(document.doc_id), dict(document)
            after = page[-1].doc_id


class Overlay(MutableMapping[int, Fields]):
    """What an update does to a table: rows come in when asked for, and only what changed goes out."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._loaded: dict[int, tuple[str, Fields]] = {}
        self._set: dict[int, Fields] = {}
        self._deleted: set[int] = set()
        self._cleared = False

    def __contains__(self, key: object) -> bool:
        if key in self._set or key in self._loaded:
            return True
        if self._cleared or key in self._deleted or not isinstance(key, int):
            return False
        return self._table.has(key)

    def __getitem__(self, key: int) -> Fields:
        if key in self._set:
            return self._set[key]
        if key in self._loaded:
            return self._loaded[key][1]
        if self._cleared or key in self._deleted:
            raise KeyError(key)
        text = self._table.text(key)
        if text is None:
            raise KeyError(key)
        document = self._table.parse(key, text)
        self._loaded[key] = (text, document)
        return document

    def __setitem__(self, key: int, document: Fields) -> None:
        self._loaded.pop(key, None)
        self._deleted.discard(key)
        self._set[key] = document

    def __delitem__(self, key: int) -> None:
        if key not in self:
            raise KeyError(key)
        self._loaded.pop(key, None)
        self._set.pop(key, None)
        self._deleted.add(key)

    def __iter__(self) -> Iterator[int]:
        stored = [] if self._cleared else [key for key in self._table.ids() if key not in self._deleted]
        known = set(stored)
        return iter([*stored, *(key for key in self._set if key not in known)])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def clear(self) -> None:
        """Empty the table in one statement."""
        self._loaded.clear()
        self._set.clear()
        self._deleted.clear()
        self._cleared = True

    @property
    def highest_set(self) -> int:
        """Highest id set in this update."""
        return max(self._set, default=0)

    def changes(self) -> tuple[bool, set[int], dict[int, Fields]]:
        """Give what to write: whether all rows go first, which ids go, and what stands where."""
        edited = {
            key: document for key, (text, document) in self._loaded.items() if self._table.dump(key, document) != text
        }
        return self._cleared, self._deleted, {**edited, **self._set}


class Table(TinyTable):
    """A TinyDB table whose documents are rows. Nothing is cached: a price must never come from a cache."""

    fields_indexed: tuple[str, ...] = ()
    """Top-level fields with an expression index, made along with the table."""

    def __init__(self, storage: SQLiteStorage, name: str, cache_size: int = 0, persist_empty: bool = False) -> None:
        if not _NAME.fullmatch(name):
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
                rows = self._select(f"WHERE {_extract(field)} = ? ORDER BY id", (value,))
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


class SQLiteStorage(Storage):
    """TinyDB's storage: the tables of one SQLite file."""

    def __init__(self, path: Path | Connection, *, synchronous: Synchronous = "FULL", indexed: bool = False) -> None:
        if isinstance(path, Connection):
            self.connection = path
        else:
            self.connection = Connection(path, synchronous=synchronous, indexed=indexed)
        self._names: set[str] | None = None
        self._names_of = -1

    def names(self) -> set[str]:
        """Give the names of the tables."""
        if self._names is None or self._names_of != self.connection.undone:
            self._names_of = self.connection.undone
            rows = self.connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 't_*'")
            self._names = {row[0].removeprefix("t_") for row in rows}
        return self._names

    def exists(self, name: str) -> bool:
        """Whether a table has come into being."""
        return name in self.names()

    def create(self, name: str, indexed: tuple[str, ...] = ()) -> None:
        """Make a table, and an expression index for each field named."""
        with self.connection.transaction():
            self._names = None
            self.connection.execute(
                f'CREATE TABLE "t_{name}" (id INTEGER PRIMARY KEY, doc TEXT NOT NULL, crc INTEGER NOT NULL) STRICT'
            )
            for field in indexed:
                self.index(name, field)

    def index(self, name: str, field: str) -> None:
        """Make the expression index of a field; documents without it are not in it."""
        value = _extract(field)
        self.connection.execute(f'CREATE INDEX "i_{name}_{field}" ON "t_{name}" ({value}) WHERE {value} IS NOT NULL')

    def read(self) -> dict[str, dict[str, Any]] | None:
        """Give the names of the tables with nothing in them: all that TinyDB asks for is the names."""
        return {name: {} for name in self.names()} or None

    def write(self, data: dict[str, dict[str, Any]]) -> None:
        """Drop the tables that are missing in `data`: the only whole write that TinyDB may do here."""
        gone = self.names() - set(data)
        if set(data) - self.names() or any(data.values()):
            raise StoreError("a table is written row by row, never as a whole")
        with self.connection.transaction():
            self._names = None
            for name in gone:
                self.connection.execute(f'DROP TABLE "t_{name}"')

    def close(self) -> None:
        """Close the file."""
        self.connection.close()


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


def _extract(field: str) -> str:
    if not _NAME.fullmatch(field):
        raise ValueError(f"an indexed field's name has a-z, 0-9 and _, not {field!r}")
    return f"json_extract(doc, '$.{field}')"
