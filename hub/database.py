"""Opening the database, with the tables that this hub needs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, inspect, select, text

from hub import schema
from hub.sqlite import SqliteStore

if TYPE_CHECKING:
    from hub.postgres import PostgresStore

_PUT: Final = text(
    "INSERT INTO setting (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)

_log = logging.getLogger(__name__)


class SchemaMismatch(Exception):
    """The tables are those of another release of the hub; nothing was changed."""


class NoDatabase(Exception):
    """There is no hub in this folder."""


class Database:
    """The hub's database: SQLite in the folder, or the PostgreSQL that a URL names.

    `create` makes the tables where there are none; `upgrade` brings those of an older release up to this one's, after a
    backup.
    """

    def __init__(self, folder: Path, url: str = "", *, create: bool = False, upgrade: bool = False) -> None:
        self._folder = folder
        if create:
            folder.mkdir(parents=True, exist_ok=True)
        elif not url and not (folder / "hub.db").exists():
            raise self._nothing()
        self._store = _store(folder, url)
        try:
            self._bring_up(create=create, upgrade=upgrade)
        except BaseException:
            self.close()
            raise

    def _bring_up(self, *, create: bool, upgrade: bool) -> None:
        with self.read() as connection:
            held = revision(connection)
        if held == schema.REVISION:
            return
        from hub import migrations  # noqa: PLC0415 - a third of a second that only a change of tables needs

        if held not in ("", *migrations.revisions()):
            raise SchemaMismatch(
                f"{self._store}: its tables ({held}) are those of a newer hub, this one knows them up to "
                f"{schema.REVISION}. Install the newer hub again; nothing was changed"
            )
        if not held and not create:
            raise self._nothing()
        if held and not upgrade:
            raise SchemaMismatch(
                f"{self._store}: its tables ({held}) are those of an older hub, this one needs {schema.REVISION}. "
                f"Stop the hub and run `kvitt-hub db upgrade --data {self._folder}`"
            )
        if held:
            self._store.back_up(f"hub-tables-{held}.db")
        with self.write() as connection:
            self._store.alone(connection)
            held = revision(connection)
            migrations.upgrade(connection, held=held)
            if not held:
                put_setting(connection, "generation", "1")
        self.look_ahead()
        _log.info("%s: tables %s are now %s", self._store, held or "(none)", schema.REVISION)

    def _nothing(self) -> NoDatabase:
        return NoDatabase(f"{self._folder}: there is no hub here; `kvitt-hub serve --data {self._folder}` makes one")

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction; an exception rolls all of it back. On SQLite there is one writer at a time."""
        with self._store.write() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view."""
        with self._store.read() as connection:
            yield connection

    def look_ahead(self) -> None:
        """Make room for the months to come, where the database needs it made."""
        self._store.look_ahead(datetime.now(UTC).date())

    def close(self) -> None:
        """Close every connection."""
        self._store.close()


def _store(folder: Path, url: str) -> SqliteStore | PostgresStore:
    if not url:
        return SqliteStore(folder)
    from hub.postgres import PostgresStore  # noqa: PLC0415 - not every hub has one

    return PostgresStore(url)


def revision(connection: Connection) -> str:
    """Name the step of hub/migrations at which the tables stand; "" if there are none."""
    found = inspect(connection)
    if found.has_table("alembic_version"):
        return str(connection.scalar(text("SELECT version_num FROM alembic_version")))
    if not found.has_table("setting"):
        return ""
    # Made before there were migrations, and numbered by itself.
    return f"{setting(connection, 'schema'):0>4}"


def setting(connection: Connection, name: str) -> str:
    """Give a value of the hub itself; "" if it was never set."""
    value = connection.scalar(select(schema.setting.c.value).where(schema.setting.c.name == name))
    return value or ""


def put_setting(connection: Connection, name: str, value: str) -> None:
    """Keep a value of the hub itself."""
    connection.execute(_PUT, {"name": name, "value": value})


def generation(connection: Connection) -> int:
    """Give the generation of this database."""
    return int(setting(connection, "generation"))
