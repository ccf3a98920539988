"""Schema numbers: brought up after a backup and a rehearsal, refused when they lie, and old files still open."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path

import pytest
from tinydb.table import Document

from appliance.core.events import TransactionCompleted
from appliance.errors import StoreError
from appliance.store.journal import SqliteJournal
from appliance.store.migrations import APPLICATION_ID, Schema, bring_up, inscribe, inspect
from appliance.store.table import Database
from tests.store.sales import sell

JOURNALS = Path(__file__).resolve().parents[1] / "data" / "journals"
ONE = Schema(version=1, min_reader=1)


def add_loyalty(database: Database) -> None:
    database.table("loyalty").insert(Document({"points": 0}, 1))


def fail(database: Database) -> None:
    database.table("loyalty").insert(Document({"points": 0}, 1))
    raise ZeroDivisionError


def of_schema_one(path: Path) -> Path:
    with Database(path) as database, database.transaction():
        inscribe(database, ONE)
        database.table("kept").insert({"a": 1})
    return path


def test_a_file_is_brought_up_after_a_backup(tmp_path: Path):
    path = of_schema_one(tmp_path / "x.db")
    two = Schema(version=2, min_reader=1, steps={1: add_loyalty})
    bring_up(path, two, tmp_path / "before.db")
    with Database(path) as database:
        assert inspect(database, two) == 2
        assert database.table("kept").all() == [{"a": 1}]
        assert database.table("loyalty").all() == [{"points": 0}]
    with Database(tmp_path / "before.db") as database:
        assert inspect(database, ONE) == 1
        assert database.tables() == {"kept", "meta"}
    assert not list(tmp_path.glob("*.rehearsal*"))


def test_several_steps_are_climbed_one_after_the_other(tmp_path: Path):
    path = of_schema_one(tmp_path / "x.db")
    three = Schema(version=3, min_reader=1, steps={1: add_loyalty, 2: lambda db: db.table("loyalty").truncate()})
    bring_up(path, three, tmp_path / "before.db")
    with Database(path) as database:
        assert inspect(database, three) == 3
        assert database.table("loyalty").all() == []


def test_a_step_that_fails_is_found_in_the_rehearsal_and_touches_nothing(tmp_path: Path):
    path = of_schema_one(tmp_path / "x.db")
    with pytest.raises(ZeroDivisionError):
        bring_up(path, Schema(version=2, min_reader=1, steps={1: fail}), tmp_path / "before.db")
    with Database(path) as database:
        assert inspect(database, ONE) == 1
        assert database.tables() == {"kept", "meta"}


def test_a_file_of_this_release_is_left_alone(tmp_path: Path):
    path = of_schema_one(tmp_path / "x.db")
    bring_up(path, ONE, tmp_path / "before.db")
    assert not (tmp_path / "before.db").exists()


def test_the_release_before_opens_a_file_that_says_it_may(tmp_path: Path):
    path = of_schema_one(tmp_path / "x.db")
    with Database(path) as database, database.transaction():
        inscribe(database, Schema(version=2, min_reader=1))
    with Database(path) as database:
        assert inspect(database, ONE) == 2


def test_a_file_that_needs_a_newer_release_is_refused(tmp_path: Path):
    path = of_schema_one(tmp_path / "x.db")
    with Database(path) as database, database.transaction():
        inscribe(database, Schema(version=2, min_reader=2))
    with Database(path) as database, pytest.raises(StoreError, match="newer release"):
        inspect(database, ONE)


@pytest.mark.parametrize("pragma", ["user_version=2", "user_version=0", f"application_id={APPLICATION_ID ^ 1}"])
def test_a_header_that_disagrees_with_the_table_is_refused(tmp_path: Path, pragma: str):
    path = of_schema_one(tmp_path / "x.db")
    with Database(path) as database:
        database.connection.execute(f"PRAGMA {pragma}")
        with pytest.raises(StoreError, match="do not agree"):
            inspect(database, ONE)


def released() -> list[Path]:
    return sorted(JOURNALS.glob("*.db.gz"))


def test_there_is_a_journal_of_a_released_version():
    assert released()


@pytest.mark.parametrize("packed", released(), ids=lambda path: path.name.removesuffix(".db.gz"))
def test_a_journal_of_every_released_version_opens_verifies_folds_and_takes_a_sale(packed: Path, tmp_path: Path):
    facts = json.loads(packed.with_name(packed.name.replace(".db.gz", ".json")).read_text())
    (tmp_path / "journal.db").write_bytes(gzip.decompress(packed.read_bytes()))
    journal = SqliteJournal.open(tmp_path)
    assert journal.verify() == facts["rows"]
    rows = journal.since(0, facts["rows"])
    assert rows[-1].hash == facts["last_hash"]
    totals = [row.event.total for row in rows if isinstance(row.event, TransactionCompleted)]
    assert len(totals) == facts["sales"]
    assert sum((money.to_decimal() for money in totals), Decimal(0)) == Decimal(facts["total"])
    assert sorted({row.event.TYPE for row in rows}) == facts["types"]
    sell(journal, 1, first=facts["sales"] + 1)
    assert journal.verify() == journal.last() > facts["rows"]
    journal.close()
