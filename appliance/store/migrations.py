"""Schema numbers of the store's files, and the steps between them.

`application_id` and `user_version` stand in the file's header and again in the table `meta`, so that a flipped version
number runs no migration. Stored journal rows are never rewritten by a step. Expand first, contract a release later:
`min_reader` tells which older release may still open the file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tinydb.table import Document

from appliance.errors import StoreError
from appliance.store.connection import Connection
from appliance.store.files import publish, wal_of
from appliance.store.table import Database

APPLICATION_ID: Final = 0x4B564954
"""The letters KVIT."""

_ABOUT: Final = 1

Step = Callable[[Database], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """What this release writes, what it can bring up, and which readers its files still serve."""

    version: int
    min_reader: int
    steps: Mapping[int, Step] = field(default_factory=dict)
    """Step n brings schema n to n + 1."""


def inscribe(database: Database, schema: Schema) -> None:
    """Write the schema into header and table, within the transaction at hand."""
    database.connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    database.connection.execute(f"PRAGMA user_version={schema.version}")
    about = {"application": APPLICATION_ID, "schema": schema.version, "min_reader": schema.min_reader}
    database.table("meta").upsert(Document(about, _ABOUT))


def inspect(database: Database, schema: Schema) -> int:
    """Give the schema of an open file; StoreError if it is none of ours, contradicts itself, or is too new."""
    application = database.connection.execute("PRAGMA application_id")[0][0]
    version = database.connection.execute("PRAGMA user_version")[0][0]
    about: Mapping[str, Any] = database.table("meta").get(doc_id=_ABOUT) or {}
    name = database.connection.path.name
    if application != APPLICATION_ID or about.get("application") != application or about.get("schema") != version:
        raise StoreError(f"{name}: header and meta do not agree about the schema ({version}, {about.get('schema')}).")
    if version > schema.version and int(about["min_reader"]) > schema.version:
        raise StoreError(f"{name} was written by a newer release of Kvitt (schema {version}).")
    return int(version)


def bring_up(path: Path, schema: Schema, backup: Path) -> None:
    """Bring a file that nobody has open to this release's schema: after a backup, and after a rehearsal on the copy.

    Each step is one transaction that includes the version number: a power cut leaves the schema before it or after it.
    """
    with closing(Database(path)) as database:
        version = inspect(database, schema)
        if version >= schema.version:
            return
        database.connection.checkpoint("TRUNCATE")
        _copy(database.connection, backup)
    rehearsal = path.with_name(path.name + ".rehearsal")
    for leftover in (rehearsal, wal_of(rehearsal)):
        leftover.unlink(missing_ok=True)
    rehearsal.write_bytes(backup.read_bytes())
    for target in (rehearsal, path):
        with closing(Database(target)) as database:
            _climb(database, version, schema)
    rehearsal.unlink()


def _copy(connection: Connection, backup: Path) -> None:
    built = backup.with_name(backup.name + ".new")
    built.unlink(missing_ok=True)
    connection.backup(built)
    publish(built, backup)


def _climb(database: Database, version: int, schema: Schema) -> None:
    for number in range(version, schema.version):
        with database.transaction():
            schema.steps[number](database)
            inscribe(database, Schema(version=number + 1, min_reader=schema.min_reader))
    problems = database.connection.execute("PRAGMA integrity_check")
    if problems != [("ok",)]:
        raise StoreError(f"{database.connection.path.name}: the migration left {problems[0][0]}")


def version_of(path: Path) -> int:
    """Give the schema number in a closed file's header."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
