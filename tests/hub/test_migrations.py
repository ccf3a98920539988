"""A database of any release becomes one of this release, or stays as it is and says why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text

from hub import migrations, schema
from hub.database import Database, SchemaMismatch, generation, put_setting, revision, setting
from tests.mqtt.parts import HubFolder

REVISIONS = migrations.revisions()


@contextmanager
def opened(folder: Path) -> Iterator[Connection]:
    """Open hub.db as no hub would."""
    engine = create_engine(f"sqlite:///{folder / 'hub.db'}")
    with engine.begin() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "hub"
    folder.mkdir()
    return folder


def make(folder: Path, step: str) -> None:
    """Make a database as the release of a step left it."""
    with opened(folder) as connection:
        migrations.upgrade(connection, held="", to=step)
        put_setting(connection, "generation", "7")


def test_the_steps_make_the_tables_that_the_program_knows(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.METADATA) == []
        assert revision(connection) == schema.REVISION


def test_the_program_names_the_newest_step() -> None:
    assert REVISIONS[-1] == schema.REVISION


def test_a_new_database_is_of_the_first_generation(database: Database) -> None:
    with database.read() as connection:
        assert generation(connection) == 1


@pytest.mark.parametrize("step", REVISIONS)
def test_a_database_of_any_release_is_brought_up_and_kept_as_it_was(folder: Path, step: str) -> None:
    make(folder, step)
    with closing(Database(folder, upgrade=True)) as database, database.read() as connection:
        assert revision(connection) == schema.REVISION
        assert generation(connection) == 7
    kept = folder / f"hub-tables-{step}.db"
    assert kept.exists() == (step != schema.REVISION)
    if kept.exists():
        kept.rename(folder / "hub.db")
        with opened(folder) as connection:
            assert revision(connection) == step


def test_a_database_from_before_the_steps_is_adopted(folder: Path) -> None:
    make(folder, "0001")
    with opened(folder) as connection:
        connection.execute(text("DROP TABLE alembic_version"))
        put_setting(connection, "schema", "1")
    with closing(Database(folder, upgrade=True)) as database, database.read() as connection:
        assert revision(connection) == schema.REVISION
        assert setting(connection, "generation") == "7"


def test_a_database_of_a_newer_hub_is_refused_and_not_touched(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make(folder, REVISIONS[-1])
    with opened(folder) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaMismatch, match=r"\(9999\) are those of a newer hub.*Install the newer hub"):
        Database(folder, create=True, upgrade=True)
    assert HubFolder(folder, 0).command("sales") == 1
    assert "newer hub" in capsys.readouterr().err
    with opened(folder) as connection:
        assert revision(connection) == "9999"


def test_a_command_says_whether_the_tables_fit(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hub = HubFolder(folder, 0)
    assert hub.command("db", "check") == 1
    assert "there is no hub here" in capsys.readouterr().err
    make(folder, REVISIONS[-1])
    assert hub.command("db", "check") == 0
    assert schema.REVISION in capsys.readouterr().out
    assert hub.command("db", "upgrade") == 0
