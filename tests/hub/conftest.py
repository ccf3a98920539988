"""A hub's database and its ingest, without a network; on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.database import Database
from hub.ingest import Ingest
from tests.hub.postgres import Cluster, programs


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    found = programs()
    if found is None:
        pytest.skip("there is no PostgreSQL here to test with; on Debian: apt install postgresql")
    cluster = Cluster(found)
    cluster.start()
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def template(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name a database that has the tables."""
    name = cluster.create()
    Database(tmp_path_factory.mktemp("template"), cluster.url(name), create=True).close()
    return name


@pytest.fixture
def postgres_url(cluster: Cluster, template: str) -> Iterator[str]:
    """Name a PostgreSQL database of the test's own that has the tables and nothing in them."""
    name = cluster.create(template)
    yield cluster.url(name)
    cluster.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Name a database that has no tables yet."""
    if request.param == "sqlite":
        yield ""
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    name = cluster.create()
    yield cluster.url(name)
    cluster.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """Name a database: "" is SQLite in the hub's folder."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def database(tmp_path: Path, url: str) -> Iterator[Database]:
    database = Database(tmp_path / "hub", url, create=True)
    yield database
    database.close()


@pytest.fixture
def ingest(database: Database) -> Ingest:
    return Ingest(database)
