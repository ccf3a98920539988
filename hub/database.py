"""Opening the database: SQLite beside the other files of the data folder, WAL, one writer at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, select, update
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from hub import schema


class SchemaMismatch(Exception):
    """The database was made by a hub of another schema; nothing was changed."""


class NoDatabase(Exception):
    """There is no hub in this folder."""


class Database:
    """The hub's database. `write()` is one transaction that holds the write lock from its beginning."""

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        file = folder / "hub.db"
        if create:
            folder.mkdir(parents=True, exist_ok=True)
        elif not file.exists():
            raise NoDatabase(f"{folder}: there is no hub here; `kvitt-hub serve --data {folder}` makes one")
        self.folder = folder
        self._engine = _engine(f"sqlite:///{file}")
        if create:
            schema.METADATA.create_all(self._engine)
        with self.write() as connection:
            found = setting(connection, "schema")
            if not found:
                put_setting(connection, "schema", str(schema.SCHEMA))
                put_setting(connection, "generation", "1")
            elif found != str(schema.SCHEMA):
                raise SchemaMismatch(f"{folder}: schema {found}, this hub needs {schema.SCHEMA}")

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that holds the write lock from its beginning; an exception rolls all of it back."""
        with self._engine.connect() as connection, connection.begin():
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view."""
        with self._engine.connect() as connection, connection.begin():
            connection.exec_driver_sql("BEGIN")
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def _engine(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": 10})

    @event.listens_for(engine, "connect")
    def _open(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        driver: Any = connection
        driver.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-16384"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


def setting(connection: Connection, name: str) -> str:
    """Give a value of the hub itself; "" if it was never set."""
    value = connection.scalar(select(schema.setting.c.value).where(schema.setting.c.name == name))
    return value or ""


def put_setting(connection: Connection, name: str, value: str) -> None:
    """Keep a value of the hub itself."""
    changed = connection.execute(update(schema.setting).where(schema.setting.c.name == name).values(value=value))
    if not changed.rowcount:
        connection.execute(insert(schema.setting).values(name=name, value=value))


def generation(connection: Connection) -> int:
    """Give the generation of this database."""
    return int(setting(connection, "generation"))
