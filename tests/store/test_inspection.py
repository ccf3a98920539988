"""What `kvitt journal` prints."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from appliance.errors import JournalCorrupt, StoreError
from appliance.store import inspection
from appliance.store.journal import SqliteJournal
from tests.store.sales import sell


@pytest.fixture
def state(tmp_path: Path) -> Path:
    journal = SqliteJournal.open(tmp_path / "state")
    sell(journal, 3)
    journal.close()
    return tmp_path / "state"


def test_list_gives_a_line_a_row(state: Path):
    lines = list(inspection.listing(state))
    assert len(lines) == 40
    assert lines[0] == "        1  2026-11-23T09:30:00.123Z  day.opened               2026-11-23"
    assert lines[13].split()[0] == "14"
    assert "transaction.completed" in lines[13]
    assert "oslo-01/3/2026-11-23/1" in lines[13]
    assert lines[13].endswith("NOK")


def test_list_gives_only_the_newest(state: Path):
    assert [line.split()[0] for line in inspection.listing(state, newest=2)] == ["39", "40"]


def test_show_gives_one_row_whole(state: Path):
    row = json.loads(inspection.show(state, 14))
    assert row["seq"] == 14
    assert row["data"]["transaction"] == "oslo-01/3/2026-11-23/1"
    assert "Økologisk" in inspection.show(state, 14)


@pytest.mark.parametrize("sequence", [0, -1, 41])
def test_show_of_a_row_that_is_not_there_says_which_is_the_last(state: Path, sequence: int):
    with pytest.raises(StoreError, match="its last one is 40"):
        inspection.show(state, sequence)


def test_export_gives_whole_rows_as_json_lines(state: Path):
    rows = [json.loads(line) for line in inspection.export(state)]
    assert [row["seq"] for row in rows] == list(range(1, 41))
    assert all(after["prev"] == before["hash"] for before, after in pairwise(rows))


def test_receipts_are_those_of_completed_sales(state: Path):
    assert list(inspection.receipts(state)) == [f"oslo-01/3/2026-11-23/{number}" for number in (1, 2, 3)]


def test_receipts_of_a_till_that_was_cut_off_are_those_of_a_restart(tmp_path: Path):
    journal = SqliteJournal.open(tmp_path / "live")
    sell(journal, 2)
    shutil.copytree(tmp_path / "live", tmp_path / "cut")
    journal.close()
    assert len(list(inspection.receipts(tmp_path / "cut"))) == 2


def test_verify_of_a_sound_journal_exits_0(state: Path):
    assert inspection.verify(state) == (0, "40 rows, no. 1 to 40, epoch 1: sound.")


def test_verify_of_a_damaged_journal_exits_1_and_names_the_first_bad_row(state: Path):
    connection = sqlite3.connect(state / "journal.db", isolation_level=None)
    connection.execute("DROP TRIGGER no_update")
    connection.execute('UPDATE "t_event" SET crc = 0 WHERE id IN (17, 30)')
    connection.close()
    shutil.copytree(state, state.with_name("copy"))
    code, text = inspection.verify(state.with_name("copy"))
    assert code == 1
    assert text.startswith("Journal damaged at no. 17. Nothing was changed. Run: kvitt journal recover")
    with pytest.raises(JournalCorrupt):
        list(inspection.receipts(state))


def test_verify_of_a_running_till_exits_2(state: Path):
    journal = SqliteJournal.open(state)
    code, text = inspection.verify(state)
    assert code == 2
    assert text.startswith("Kvitt already runs on this till (process ")
    journal.close()


def test_verify_takes_a_file(state: Path):
    assert inspection.verify(state, file=state / "journal.db")[0] == 0
    (state / "other.db").write_bytes(b"nothing" * 999)
    assert inspection.verify(state, file=state / "other.db")[0] == 1


def test_a_folder_that_is_not_there_is_a_mistake_and_is_not_made(tmp_path: Path):
    with pytest.raises(StoreError, match="There is no store in"):
        list(inspection.listing(tmp_path / "nowhere"))
    assert not (tmp_path / "nowhere").exists()


def test_status_says_how_the_store_stands(state: Path):
    with closing(inspection.opened(state)) as journal:
        lines = list(inspection.standing(journal))
    assert lines[0] == "journal: no. 1 to 40, epoch 1"
    assert lines[1] == "hub: has everything up to no. 0; 40 rows wait"
    assert lines[2].startswith("business day: 2026-11-23; 3 sales, ")
    assert lines[2].endswith(" NOK")
