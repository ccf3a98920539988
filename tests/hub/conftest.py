"""A hub's database and its ingest, without a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.database import Database
from hub.ingest import Ingest


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "hub", create=True)
    yield database
    database.close()


@pytest.fixture
def ingest(database: Database) -> Ingest:
    return Ingest(database)
