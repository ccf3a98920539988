"""A database of any release becomes one of this release, or stays as it is and says why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, select, text

from appliance.mqtt.messages.journal import batch_packet, wire_row
from hub import migrations, schema
from hub.database import Database, SchemaMismatch, generation, put_setting, revision, setting
from hub.ingest import Incoming, Ingest
from hub.prices import history
from hub.sales import sales
from tests.mqtt.parts import AT, HubFolder, MemoryJournal, sale

REVISIONS = migrations.revisions()


class Place:
    """A folder and a database that no hub has open."""

    def __init__(self, folder: Path, url: str) -> None:
        folder.mkdir()
        self.folder = folder
        self.url = url
        self.command_line = ("--database", url) if url else ()

    @contextmanager
    def opened(self) -> Iterator[Connection]:
        """Open it as no hub would."""
        engine = create_engine(self.url or f"sqlite:///{self.folder / 'hub.db'}")
        with engine.begin() as connection:
            yield connection
        engine.dispose()

    def make(self, step: str) -> None:
        """Make a database as the release of a step left it."""
        with self.opened() as connection:
            migrations.upgrade(connection, held="", to=step)
            put_setting(connection, "generation", "7")

    def command(self, *words: str) -> int:
        return HubFolder(self.folder, 0).command(*words, *self.command_line)


@pytest.fixture
def place(tmp_path: Path, empty_url: str) -> Place:
    return Place(tmp_path / "hub", empty_url)


def ours(name: str | None, kind: str, _parents: object) -> bool:
    """Whether a table is one that the program names; partitions are not."""
    return kind != "table" or name in schema.METADATA.tables


def test_the_steps_make_the_tables_that_the_program_knows(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": ours})
        assert compare_metadata(context, schema.METADATA) == []
        assert revision(connection) == schema.REVISION


def test_tables_of_sqlite_that_are_one_tree_are_made_so(tmp_path: Path) -> None:
    with closing(Database(tmp_path, create=True)) as database, database.read() as connection:
        made = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
        trees = {row.name for row in made if "WITHOUT ROWID" in row.sql}
    wanted = {
        table.name for table in schema.METADATA.tables.values() if not table.dialect_options["sqlite"]["with_rowid"]
    }
    assert trees == wanted


def test_the_program_names_the_newest_step() -> None:
    assert REVISIONS[-1] == schema.REVISION


def test_a_new_database_is_of_the_first_generation(place: Place) -> None:
    with closing(Database(place.folder, place.url, create=True)) as database, database.read() as connection:
        assert generation(connection) == 1


@pytest.mark.parametrize("step", REVISIONS)
def test_a_database_of_any_release_is_brought_up_and_kept_as_it_was(place: Place, step: str) -> None:
    place.make(step)
    with closing(Database(place.folder, place.url, upgrade=True)) as database, database.read() as connection:
        assert revision(connection) == schema.REVISION
        assert generation(connection) == 7
    kept = place.folder / f"hub-tables-{step}.db"
    assert kept.exists() == (step != schema.REVISION and not place.url)
    if kept.exists():
        kept.rename(place.folder / "hub.db")
        with place.opened() as connection:
            assert revision(connection) == step


def test_an_older_database_is_left_alone_by_every_command_but_one(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.make("0001")
    assert place.command("sales") == 1
    assert "kvitt-hub db upgrade" in capsys.readouterr().err
    with place.opened() as connection:
        assert revision(connection) == "0001"
    assert place.command("db", "upgrade") == 0
    assert place.command("sales") == 0


def test_the_books_are_the_same_after_every_step(place: Place, tmp_path: Path) -> None:
    """Old rows are written as a hub of the first release wrote them: the columns that there were then."""
    journal = MemoryJournal()
    journal.append(sale(1), at=AT, clock_synced=True, catalogue="main/1")
    packet, _ = batch_packet("k7q2mzc4xna", 1, [wire_row(row.document) for row in journal.since(0, 10)])
    with closing(Database(tmp_path / "new", create=True)) as database:
        Ingest(database).commit([Incoming(kiosk="k7q2mzc4xna", payload=packet.payload, properties=packet.properties)])
        with database.read() as connection:
            wanted = sales(connection)
            rows = {
                table.name: [dict(row._mapping) for row in connection.execute(select(table))]
                for table in schema.METADATA.sorted_tables
            }
    place.make("0001")
    with place.opened() as connection:
        for name in ("journal_row", "kiosk_mark", "sale", "sale_line", "sale_tax", "sale_tender", "stock_movement"):
            old = _columns(connection, name)
            for row in rows[name]:
                places = ", ".join(f":{column}" for column in old)
                names = ", ".join(f'"{column}"' for column in old)
                connection.execute(text(f"INSERT INTO {name} ({names}) VALUES ({places})"), row)
    with closing(Database(place.folder, place.url, upgrade=True)) as database, database.read() as connection:
        assert sales(connection) == wanted
        for name in ("sale_line", "sale_tax", "sale_tender", "stock_movement"):
            days = set(connection.scalars(text(f"SELECT business_date FROM {name}")))
            assert days == {"2026-03-14"}


def test_the_history_of_prices_begins_with_the_products_that_there_are(place: Place) -> None:
    place.make("0003")
    at = "2026-03-14T10:00:00.000Z"
    with place.opened() as connection:
        for version in (6, 7):
            connection.execute(
                text(
                    "INSERT INTO catalogue_version VALUES"
                    " ('main', :version, 'NOK', 1, '', '', 0, :at, :at, :forced, 100)"
                ),
                {"version": version, "at": at, "forced": False},
            )
        connection.execute(
            text("INSERT INTO catalogue_product VALUES ('main', 3, 'milk-1l', :document, :digest)"),
            {"document": '{"price":2290,"sku":"milk-1l"}', "digest": b""},
        )
    with closing(Database(place.folder, place.url, upgrade=True)) as database, database.read() as connection:
        assert [(change.version, change.price) for change in history(connection, "main", "milk-1l")] == [(7, 2290)]


def _columns(connection: Connection, table: str) -> list[str]:
    return list(connection.execute(text(f"SELECT * FROM {table}")).keys())


def test_a_database_from_before_the_steps_is_adopted_and_closed_to_older_hubs(place: Place) -> None:
    place.make("0001")
    with place.opened() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
        put_setting(connection, "schema", "1")
    with closing(Database(place.folder, place.url, upgrade=True)) as database, database.read() as connection:
        assert revision(connection) == schema.REVISION
        assert setting(connection, "generation") == "7"
        assert setting(connection, "schema") == ""


def test_a_database_of_a_newer_hub_is_refused_and_not_touched(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.make(REVISIONS[-1])
    with place.opened() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaMismatch, match=r"\(9999\) are those of a newer hub.*Install the newer hub"):
        Database(place.folder, place.url, create=True, upgrade=True)
    assert place.command("sales") == 1
    assert "newer hub" in capsys.readouterr().err
    with place.opened() as connection:
        assert revision(connection) == "9999"


def test_a_command_says_whether_the_tables_fit(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert place.command("db", "check") == 1
    assert "there is no hub here" in capsys.readouterr().err
    place.make(REVISIONS[-1])
    assert place.command("db", "check") == 0
    assert schema.REVISION in capsys.readouterr().out
    assert place.command("db", "upgrade") == 0
