"""The database of one shop: SQLite beside the other files of the data folder, WAL, one writer at a time.

SQLite before 3.51.3 can damage a WAL when one connection writes while another resets it, so writes and checkpoints of
all threads and processes take turns: a lock file stands before them.
"""

from __future__ import annotations

import fcntl
import logging
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

_LONG_WAL: Final = 8 << 20
_PRAGMAS: Final = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "wal_autocheckpoint=0",
    "cache_size=-16384",
)

_log = logging.getLogger(__name__)


class SqliteStore:
    """DIR/hub.db and the lock before it."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "hub.db"
        self._wal = folder / "hub.db-wal"
        self._turn = threading.Lock()
        self._lock = (folder / "hub.lock").open("w")
        self._engine = _engine(f"sqlite:///{self._file}")

    def __str__(self) -> str:
        return str(self._file)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that holds the write lock from its beginning."""
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

    def alone(self, connection: Connection) -> None:
        """Do nothing: who writes is alone."""

    def look_ahead(self, today: date) -> None:
        """Do nothing: its tables have no partitions."""

    def back_up(self, name: str) -> None:
        """Keep a copy of all that is committed under this name, beside the database."""
        copy = self._file.with_name(name)
        built = copy.with_name(f"{name}.new")
        built.unlink(missing_ok=True)
        with self._exclusively(), self._engine.connect() as connection:
            connection.exec_driver_sql("VACUUM INTO ?", (str(built),))
        built.chmod(stat.S_IMODE(self._file.stat().st_mode))
        _flush(built)
        built.rename(copy)
        _flush(copy.parent)
        _log.info("%s: a copy of the database as it is now", copy)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()
        self._lock.close()

    @contextmanager
    def _exclusively(self) -> Iterator[None]:
        with self._turn:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._lock, fcntl.LOCK_UN)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _engine(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": 10})

    @event.listens_for(engine, "connect")
    def _open(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        driver: Any = connection
        driver.isolation_level = None
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine
