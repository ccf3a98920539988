"""TinyDB's API over SQLite rows: what TinyDB leaves open, and the traps it sets."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tinydb import where
from tinydb.table import Document

from appliance.errors import StoreError, StoreInUse
from appliance.store.connection import Connection
from appliance.store.faults import RowDamaged
from appliance.store.storage import SQLiteStorage
from appliance.store.table import Database, Table


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with Database(tmp_path / "test.db") as database:
        yield database


def rows_on_disk(path: Path, table: str) -> list[tuple[int, str]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(f'SELECT id, doc FROM "t_{table}" ORDER BY id').fetchall()
    finally:
        connection.close()


class Indexed(Table):
    fields_indexed = ("sku",)


def test_a_document_is_one_row(db: Database, tmp_path: Path):
    db.table("price").insert(Document({"minor": 2290}, 9521234543213))
    db.close()
    assert rows_on_disk(tmp_path / "test.db", "price") == [(9521234543213, '{"minor":2290}')]


def test_only_changed_rows_are_written(db: Database):
    table = db.table("price")
    table.insert_multiple({"minor": n, "kind": "a"} for n in range(100))
    before = db.connection.execute("SELECT total_changes()")[0][0]
    table.update({"kind": "b"}, where("minor") == 7)
    assert db.connection.execute("SELECT total_changes()")[0][0] - before == 1


def test_persist_empty_makes_a_table_but_never_clears_one(db: Database):
    db.table("kept").insert({"a": 1})
    db._tables.clear()
    assert len(db.table("kept", persist_empty=True)) == 1
    db.table("empty", persist_empty=True)
    assert "empty" in db.tables()


def test_what_a_caller_edits_is_not_what_the_next_one_reads(db: Database):
    table = db.table("price")
    table.insert({"minor": 1})
    table.search(where("minor") == 1)[0]["minor"] = 99
    assert table.search(where("minor") == 1)[0]["minor"] == 1


def test_an_update_that_raises_half_way_changes_nothing(db: Database):
    table = db.table("price")
    table.insert_multiple({"minor": n} for n in range(10))

    def spoil(document: dict[str, int]) -> None:
        if document["minor"] == 5:
            raise ZeroDivisionError
        document["minor"] += 1000

    with pytest.raises(ZeroDivisionError):
        table.update(spoil)
    assert [row["minor"] for row in table] == list(range(10))


def test_a_value_that_json_cannot_hold_loses_nothing(db: Database):
    table = db.table("price")
    table.insert({"minor": 1})
    for value in (object(), {1, 2}, float("nan")):
        with pytest.raises((TypeError, ValueError)):
            table.insert_multiple([{"minor": 2}, {"minor": value}])
    assert table.all() == [{"minor": 1}]


def test_upsert_is_one_transaction(db: Database):
    table = db.table("price")
    table.insert({"sku": "a", "n": 1})
    with pytest.raises(TypeError):
        table.upsert({"sku": "b", "n": object()}, where("sku") == "b")
    assert table.upsert({"sku": "b", "n": 2}, where("sku") == "b") == [2]
    assert table.upsert({"sku": "b", "n": 3}, where("sku") == "b") == [2]


def test_update_multiple_takes_a_generator_for_every_document(db: Database):
    table = db.table("price")
    table.insert_multiple({"n": n} for n in range(3))
    updates = (({"seen": True}, where("n") == n) for n in range(3))
    assert table.update_multiple(updates) == [1, 2, 3]


def test_ids_given_within_one_call_are_never_used_twice(db: Database):
    table = db.table("price")
    ids = table.insert_multiple([{"a": 1}, Document({"a": 2}, 7), {"a": 3}, Document({"a": 4}, 3), {"a": 5}])
    assert len(set(ids)) == 5
    assert sorted(row["a"] for row in table) == [1, 2, 3, 4, 5]


def test_ids_go_on_after_the_highest_when_the_file_is_opened_again(tmp_path: Path):
    with Database(tmp_path / "a.db") as first:
        first.table("x").insert(Document({"a": 1}, 41))
    with Database(tmp_path / "a.db") as again:
        assert again.table("x").insert({"a": 2}) == 42


def test_a_key_that_is_no_integer_is_not_there(db: Database):
    db.table("x").insert({"a": 1})
    rows = db.table("x")._read_table()
    assert list(rows) == ["1"]
    for key in ("one", "01", " 1", "1.0", "-1", ""):
        assert key not in rows
        with pytest.raises(KeyError):
            rows[key]


def test_reading_goes_on_while_the_reader_changes_the_table(db: Database):
    table = db.table("x")
    table.insert_multiple({"n": n} for n in range(1200))
    for row in table:
        table.update({"seen": 1}, doc_ids=[row.doc_id])
    assert all(row["seen"] for row in table)


def test_a_changed_row_is_found_at_every_read(db: Database):
    table = db.table("x")
    table.insert({"n": 1})
    db.connection.execute("""UPDATE "t_x" SET doc = '{"n":2}'""")
    for read in (
        lambda: table.get(doc_id=1),
        table.all,
        lambda: table.search(where("n") == 2),
        lambda: table.update({"n": 3}, doc_ids=[1]),
    ):
        with pytest.raises(RowDamaged):
            read()


def test_a_row_that_stands_at_another_id_is_found(db: Database):
    table = db.table("x")
    table.insert({"n": 1})
    db.connection.execute('UPDATE "t_x" SET id = 2')
    with pytest.raises(RowDamaged):
        table.get(doc_id=2)


def test_an_indexed_field_narrows_the_candidates_and_the_query_still_judges(db: Database):
    db.table_class = Indexed
    storage = db.sqlite
    storage.connection.execute("PRAGMA trusted_schema=ON")
    table = db.table("product")
    table.insert_multiple({"sku": f"sku-{n}", "n": n} for n in range(50))
    plan = storage.connection.execute(
        """EXPLAIN QUERY PLAN SELECT id FROM "t_product" WHERE json_extract(doc, '$.sku') = 'sku-7'"""
    )
    assert "i_product_sku" in plan[0][3]
    found = table.search(where("sku") == "sku-7")
    assert [row["n"] for row in found] == [7]
    assert table.get(where("sku") == "sku-50") is None
    assert table.count((where("sku") == "sku-7") & (where("n") == 8)) == 0
    # Corrupt every other row: a search that scanned would meet one.
    storage.connection.execute('UPDATE "t_product" SET crc = 0 WHERE id <> 8')
    assert table.contains(where("sku") == "sku-7")
    with pytest.raises(RowDamaged):
        table.contains(where("n") == 49)


def test_get_by_several_ids_reads_those_rows_only(db: Database):
    table = db.table("x")
    table.insert_multiple({"n": n} for n in range(10))
    db.connection.execute('UPDATE "t_x" SET crc = 0 WHERE id NOT IN (2, 4)')
    assert [row["n"] for row in table.get(doc_ids=[4, 2, 99])] == [1, 3]


def test_a_table_name_that_could_be_sql_is_refused(db: Database):
    for name in ('x" ; DROP TABLE t_x', "Großes", "a-b", ""):
        with pytest.raises(ValueError, match="table's name"):
            db.table(name)


def test_tinydb_cannot_write_a_whole_database(db: Database):
    db.table("x").insert({"n": 1})
    with pytest.raises(StoreError, match="row by row"):
        db.storage.write({"x": {"1": {"n": 2}}})
    assert db.table("x").all() == [{"n": 1}]


def test_a_transaction_joins_several_calls(db: Database):
    table, other = db.table("x"), db.table("y")

    def half() -> None:
        with db.transaction():
            table.insert({"n": 1})
            other.insert({"n": 1})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert db.tables() == set()
    assert len(table) == 0
    with db.transaction():
        table.insert({"n": 1})
        other.insert({"n": 1})
    assert db.tables() == {"x", "y"}


def test_a_part_that_fails_inside_a_transaction_is_undone_alone(db: Database):
    table = db.table("x")
    with db.transaction():
        table.insert(Document({"n": 1}, 1))
        with pytest.raises(ValueError, match="already exists"):
            table.insert_multiple([{"n": 2}, Document({"n": 3}, 1)])
        table.insert({"n": 4})
    assert [row["n"] for row in table] == [1, 4]


def test_two_threads_lose_no_write(db: Database):
    table = db.table("x")
    table.insert(Document({"n": 0}, 1))

    def count() -> None:
        for _ in range(100):
            table.update(lambda row: row.update(n=row["n"] + 1), doc_ids=[1])

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert table.get(doc_id=1) == {"n": 400}


def test_a_reader_waits_for_the_commit_and_never_sees_what_is_not_on_the_card(db: Database):
    table = db.table("x")
    inside, seen = threading.Event(), []

    def read() -> None:
        inside.wait()
        seen.append(len(table))

    reader = threading.Thread(target=read)
    reader.start()

    def write_and_give_up() -> None:
        with db.transaction():
            table.insert({"n": 1})
            inside.set()
            reader.join(timeout=0.2)
            assert not seen
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_give_up()
    reader.join()
    assert seen == [0]


def test_a_second_handle_is_refused(db: Database, tmp_path: Path):
    db.table("x").insert({"n": 1})
    with pytest.raises(StoreInUse):
        Database(tmp_path / "test.db")


def test_every_setting_is_read_back(db: Database):
    answers = {
        name: db.connection.execute(f"PRAGMA {name}")[0][0]
        for name in ("locking_mode", "page_size", "journal_mode", "synchronous", "wal_autocheckpoint", "cache_size")
    }
    assert answers == {
        "locking_mode": "exclusive",
        "page_size": 4096,
        "journal_mode": "wal",
        "synchronous": 2,
        "wal_autocheckpoint": 200,
        "cache_size": -2048,
    }
    assert db.connection.execute("PRAGMA cell_size_check") == [(1,)]
    assert db.connection.execute("PRAGMA trusted_schema") == [(0,)]


def test_a_file_with_another_page_size_is_refused(tmp_path: Path):
    connection = sqlite3.connect(tmp_path / "odd.db")
    connection.executescript("PRAGMA page_size=1024; CREATE TABLE t_x (id INTEGER PRIMARY KEY);")
    connection.close()
    with pytest.raises(StoreError, match="page_size"):
        Connection(tmp_path / "odd.db")


def test_a_file_that_is_no_database_ends_the_connection_for_good(tmp_path: Path):
    (tmp_path / "bad.db").write_bytes(b"not a database at all" * 500)
    with pytest.raises(StoreError):
        Database(tmp_path / "bad.db")


def test_the_first_fault_of_the_file_is_raised_by_every_later_call(tmp_path: Path):
    with Database(tmp_path / "a.db") as first:
        first.table("x").insert_multiple({"n": n, "filler": "y" * 300} for n in range(400))
    content = bytearray((tmp_path / "a.db").read_bytes())
    content[4096 * 3 : 4096 * 20] = bytes(4096 * 17)
    (tmp_path / "a.db").write_bytes(content)
    database = Database(tmp_path / "a.db")
    with pytest.raises(StoreError) as first_fault:
        database.table("x").all()
    for call in (lambda: database.table("x").get(doc_id=1), lambda: database.table("y").insert({"n": 1})):
        with pytest.raises(StoreError) as later:
            call()
        assert later.value is first_fault.value
    database.close()


def test_the_storage_stands_alone(tmp_path: Path):
    storage = SQLiteStorage(tmp_path / "a.db")
    assert storage.read() is None
    storage.create("x")
    assert storage.read() == {"x": {}}
    storage.write({})
    assert storage.read() is None
    storage.close()
