"""The journal's file: its tables, its schema, and an empty one that appears whole or not at all."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any, Final

from tinydb.table import Document

from appliance.errors import StoreError
from appliance.store.files import publish, wal_of
from appliance.store.migrations import Schema, inscribe
from appliance.store.rows import EventTable
from appliance.store.table import Database

SCHEMA: Final = Schema(version=1, min_reader=1)
FILE: Final = "journal.db"
MARK: Final = "journal.mark"
POSITION: Final = 2
"""Document of `meta` that names the business day at hand."""


class JournalDatabase(Database):
    """The journal's tables; `event` is one that only grows."""

    def table(self, name: str, **kwargs: Any) -> Any:
        """Give a table."""
        if name == "event" and name not in self._tables:
            self._tables[name] = EventTable(self.sqlite, name, **kwargs)
        return super().table(name, **kwargs)

    def drop_tables(self) -> None:
        """Refuse: nothing in the journal is deleted, and no code can."""
        raise StoreError("nothing in the journal is deleted")

    def drop_table(self, name: str) -> None:
        """Refuse, as for all tables."""
        raise StoreError(f"nothing in the journal is deleted, nor is {name}")


def create(path: Path, epoch: int = 1, first: int = 1) -> None:
    """Make an empty journal that appears whole or not at all."""
    built = path.with_name(path.name + ".new")
    for leftover in (built, wal_of(built)):
        leftover.unlink(missing_ok=True)
    with closing(JournalDatabase(built)) as database, database.transaction():
        inscribe(database, SCHEMA)
        for name in ("event", "day", "epoch"):
            database.table(name, persist_empty=True)
        database.table("event").guard()
        database.table("epoch").insert(Document({"first": first}, epoch))
    publish(built, path)
