"""Opening the database: SQLite beside the other files of the data folder, WAL, one writer at a time.

SQLite before 3.51.3 can damage a WAL when one connection writes while another resets it, so writes and checkpoints of
all threads and processes take turns: a lock file stands before them.
"""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, insert, select, update
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from hub import schema

_LONG_WAL: Final = 8 << 20


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
        self._wal = folder / "hub.db-wal"
        self._turn = threading.Lock()
        self._lock = (folder / "hub.lock").open("w")
        self._engine = _engine(f"sqlite:///{file}")
        if create:
            self._create()
        with self.read() as connection:
            found = setting(connection, "schema")
        if found != str(schema.SCHEMA):
            self.close()
            raise SchemaMismatch(f"{folder}: schema {found or 'unknown'}, this hub needs {schema.SCHEMA}")

    def _create(self) -> None:
        with self.write() as connection:
            schema.METADATA.create_all(connection)
            if not setting(connection, "schema"):
                put_setting(connection, "schema", str(schema.SCHEMA))
                put_setting(connection, "generation", "1")

    @contextmanager
    def _exclusively(self) -> Iterator[None]:
        with self._turn:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._lock, fcntl.LOCK_UN)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that holds the write lock from its beginning; an exception rolls all of it back."""
        with self._exclusively(), self._engine.connect() as connection:
            with connection.begin():
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                yield connection
            if self._wal.stat().st_size > _LONG_WAL:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view."""
        with self._engine.connect() as connection, connection.begin():
            connection.exec_driver_sql("BEGIN")
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()
        self._lock.close()


def _engine(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": 10})

    @event.listens_for(engine, "connect")
    def _open(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        driver: Any = connection
        driver.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "wal_autocheckpoint=0",
            "cache_size=-16384",
        ):
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
