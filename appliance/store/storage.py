"""TinyDB's storage: the tables of one SQLite file, which TinyDB never writes as a whole."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from tinydb.storages import Storage

from appliance.errors import StoreError
from appliance.store.connection import Connection, Synchronous

NAME: Final = re.compile(r"[a-z0-9_]+")
"""Names of tables and indexed fields: they go into SQL."""


def expression(field: str) -> str:
    """Give the SQL expression of a document's top-level field."""
    if not NAME.fullmatch(field):
        raise ValueError(f"an indexed field's name has a-z, 0-9 and _, not {field!r}")
    return f"json_extract(doc, '$.{field}')"


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
        value = expression(field)
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
