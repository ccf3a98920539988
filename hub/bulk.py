"""Many rows into one table, at the driver's own speed: what SQLAlchemy does for each row costs more than the row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table


class Columns:
    """The columns of a table that rows are written to, in the order in which a row names their values."""

    def __init__(self, table: Table, *names: str) -> None:
        assert all(name in table.c for name in names)
        self._table = table.name
        self._names = names

    def insert(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows, which are new."""
        if not rows:
            return
        names = ", ".join(f'"{name}"' for name in self._names)
        if connection.dialect.name == "postgresql":
            from hub.postgres import copy_rows  # noqa: PLC0415 - not every hub has a PostgreSQL

            copy_rows(connection, f'COPY "{self._table}" ({names}) FROM STDIN', rows)
            return
        places = ", ".join("?" * len(self._names))
        statement = f'INSERT INTO "{self._table}" ({names}) VALUES ({places})'  # noqa: S608 - our own names
        connection.exec_driver_sql(statement, list(rows))
