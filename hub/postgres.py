"""The database of a fleet: PostgreSQL, several writers, sales in a partition for each month.

The password is libpq's affair (PGPASSWORD, or a file that PGPASSFILE names), so that it stands in no command line.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError

from hub.settings import UrlUnusable

PARTITIONED: Final = ("sale", "sale_line", "sale_tax", "sale_tender", "stock_movement")
_AHEAD: Final = 3
"""Months after this one that have their partition already."""
_ALONE: Final = 0x4B564954
"""Number of the lock under which tables are changed: the letters KVIT."""

_log = logging.getLogger(__name__)


class PostgresStore:
    """A database on a PostgreSQL server."""

    def __init__(self, address: str) -> None:
        try:
            url = make_url(address)
        except ArgumentError as error:
            raise UrlUnusable("the database's address is none; write postgresql+psycopg://USER@HOST/NAME") from error
        self._name = url.render_as_string(hide_password=True)
        if url.drivername not in ("postgresql", "postgresql+psycopg"):
            raise UrlUnusable(f"{self._name}: write postgresql+psycopg://USER@HOST/NAME, or nothing for SQLite")
        if url.password is not None:
            raise UrlUnusable(
                f"{self._name}: leave the password out; give it in PGPASSWORD, or in a file that PGPASSFILE names"
            )
        self._engine = create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
        self._reading = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def __str__(self) -> str:
        return self._name

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction; its rows are locked as it touches them."""
        with self._engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view."""
        with self._reading.begin() as connection:
            yield connection

    def alone(self, connection: Connection) -> None:
        """Wait until no other hub changes tables; until the transaction ends, none will."""
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ALONE})

    def back_up(self, name: str) -> None:
        """Leave it to PostgreSQL: each step is one transaction, and copies are its administrator's."""
        _log.info("%s: no copy is made before the tables change (%s); pg_dump makes one", self, name)

    def look_ahead(self, today: date) -> None:
        """Make the partitions of last month, this month and the next ones, where they are missing."""
        first = today.year * 12 + today.month - 1
        with self.write() as connection:
            self.alone(connection)
            for month in range(first - 1, first + _AHEAD + 1):
                for table in PARTITIONED:
                    _partition(connection, table, month)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def _partition(connection: Connection, table: str, month: int) -> None:
    name = f"{table}_{month // 12:04d}_{month % 12 + 1:02d}"
    if connection.scalar(text("SELECT to_regclass(:name)"), {"name": name}) is not None:
        return
    start, end = (f"{number // 12:04d}-{number % 12 + 1:02d}-01" for number in (month, month + 1))
    connection.exec_driver_sql(f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL)")
    # Rows that came before their partition wait in the one for all other months.
    connection.exec_driver_sql(
        f"WITH early AS (DELETE FROM {table}_other WHERE business_date >= '{start}' AND business_date < '{end}'"  # noqa: S608 - our own names
        f" RETURNING *) INSERT INTO {name} SELECT * FROM early"
    )
    connection.exec_driver_sql(f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ('{start}') TO ('{end}')")


def copy_rows(connection: Connection, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Run a COPY ... FROM STDIN with these rows; faults are the driver's."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
