"""Many rows into one table, at the driver's own speed: what SQLAlchemy does for each row costs more than the row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError


class Columns:
    """The columns of a table that rows are written to, in the order in which a row names their values."""

    def __init__(self, table: Table, *names: str) -> None:
        assert all(name in table.c for name in names)
        self._table = table.name
        self._names = names

    def insert(self, connection: Connection, rows: Iterable[tuple[Any, ...]]) -> None:
        """Insert rows, which are new, each taken when its turn comes. Faults are SQLAlchemy's."""
        names = ", ".join(f'"{name}"' for name in self._names)
        if connection.dialect.name == "postgresql":
            from hub.postgres import copy_rows  # noqa: PLC0415 - not every hub has a PostgreSQL

            statement = f'COPY "{self._table}" ({names}) FROM STDIN'
            write = copy_rows
        else:
            places = ", ".join("?" * len(self._names))
            statement = f'INSERT INTO "{self._table}" ({names}) VALUES ({places})'  # noqa: S608 - our own names
            write = _execute_many
        dialect = connection.dialect
        faults = dialect.loaded_dbapi.Error
        try:
            write(connection, statement, rows)
        except faults as error:
            raise DBAPIError.instance(statement, None, error, faults, dialect=dialect) from error


def _execute_many(connection: Connection, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    connection.connection.cursor().executemany(statement, rows)  # type: ignore[arg-type] # any iterable will do
