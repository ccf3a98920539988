"""Small documents: settings, staff, suspended transactions, cached folds. None is the only record of anything.

Settings and staff are the hub's; `suspended` and `fold` are folds of the journal, with the sequence and hash that they
stand for. All are written after the journal; what cannot be read goes to quarantine and is built anew.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from tinydb import where
from tinydb.table import Table as TinyTable

from appliance.errors import DiskFull, StoreError, StoreInUse
from appliance.store.connection import Connection
from appliance.store.files import forget_cached, publish, quarantine, wal_of
from appliance.store.migrations import Schema, bring_up, inscribe, inspect
from appliance.store.table import Database, Table
from appliance.store.wal import survey

log = logging.getLogger(__name__)

FILE: Final = "documents.db"
SCHEMA: Final = Schema(version=1, min_reader=1)
Kind = Literal["setting", "staff", "suspended", "fold", "kv"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """What was made of the journal up to a row."""

    sequence: int
    hash: str
    value: Mapping[str, Any]


class KeyedTable(Table):
    """Documents {"key", "value"}, found by key."""

    fields_indexed = ("key",)


class DocumentDatabase(Database):
    """The tables of the documents' file."""

    table_class: type[TinyTable] = KeyedTable


class DocumentStore:
    """The documents of one state folder. `rebuilt` tells that the file had to be begun anew."""

    def __init__(self, database: DocumentDatabase, *, rebuilt: bool) -> None:
        self._database = database
        self.rebuilt = rebuilt

    @classmethod
    def open(cls, state: Path) -> DocumentStore:
        """Open; a damaged file goes to quarantine and an empty one takes its place."""
        path = state / FILE
        rebuilt = False
        forget_cached(path, wal_of(path))
        if path.exists():
            why = survey(wal_of(path)).damage
            if not why:
                try:
                    return cls(_opened(path), rebuilt=False)
                except (StoreInUse, DiskFull):
                    raise
                except StoreError as fault:
                    why = str(fault)
            log.warning("%s cannot be used and is built anew: %s", path.name, why)
            rebuilt = True
            quarantine(state, f"{datetime.now(UTC):%Y%m%dT%H%M%S}", path, wal_of(path), move=True)
        _create(path)
        return cls(_opened(path), rebuilt=rebuilt)

    def transaction(self) -> AbstractContextManager[None]:
        """Join several changes into one commit."""
        return self._database.transaction()

    def _table(self, kind: Kind) -> Table:
        table: Table = self._database.table(kind)
        return table

    def get(self, kind: Kind, key: str) -> Any:
        """Give the value of a key; None if there is none. StoreError if its row is damaged."""
        found = self._table(kind).get(where("key") == key)
        return None if found is None else found["value"]

    def keys(self, kind: Kind) -> list[str]:
        """Give all keys of a kind, in the order in which they came."""
        return [row["key"] for row in self._table(kind)]

    def put(self, kind: Kind, key: str, value: object) -> None:
        """Keep a JSON value under a key; durable when the call returns."""
        self._table(kind).upsert({"key": key, "value": value}, where("key") == key)

    def remove(self, kind: Kind, key: str) -> None:
        """Forget a key."""
        self._table(kind).remove(where("key") == key)

    def put_fold(self, name: str, fold: Fold) -> None:
        """Keep a fold with the row it stands for."""
        self.put("fold", name, {"seq": fold.sequence, "hash": fold.hash, "value": dict(fold.value)})

    def fold(self, name: str) -> Fold | None:
        """Give a fold; the caller compares sequence and hash with the journal before it believes it."""
        found = self.get("fold", name)
        return None if found is None else Fold(sequence=found["seq"], hash=found["hash"], value=found["value"])

    def close(self) -> None:
        """Close in good order."""
        self._database.close()


def _create(path: Path) -> None:
    built = path.with_name(path.name + ".new")
    for leftover in (built, wal_of(built)):
        leftover.unlink(missing_ok=True)
    with closing(DocumentDatabase(built, indexed=True)) as database, database.transaction():
        inscribe(database, SCHEMA)
    publish(built, path)


def _opened(path: Path) -> DocumentDatabase:
    database = DocumentDatabase(Connection(path, indexed=True))
    try:
        version = inspect(database, SCHEMA)
        problems = database.connection.execute("PRAGMA integrity_check")
    except BaseException:
        database.connection.abandon()
        raise
    if problems != [("ok",)]:
        database.connection.abandon()
        raise StoreError(f"{path.name}: {problems[0][0]}")
    if version == SCHEMA.version:
        return database
    database.close()
    bring_up(path, SCHEMA, path.with_name(f"documents-schema-{version}.db"))
    return DocumentDatabase(Connection(path, indexed=True))
