"""Backup, restore and recovery: no number is used twice, and every row that proves itself is saved."""

from __future__ import annotations

import random
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.core.events import HelpCalled, JournalEpochStarted, JournalRecovered
from appliance.errors import JournalCorrupt, StoreError, StoreInUse
from appliance.store.backup import backup, prove_file, restore
from appliance.store.journal import SqliteJournal
from appliance.store.raw import raw_rows
from appliance.store.recovery import recover
from tests.store.crashing import wait_until
from tests.store.sales import keep, sell

AT = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def yes(_: str) -> bool:
    return True


def no(_: str) -> bool:
    return False


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    opened = SqliteJournal.open(tmp_path / "state")
    sell(opened, 5)
    yield opened
    if opened._connection.fault is None:
        opened.close()


def hashes(state: Path) -> dict[int, str]:
    journal = SqliteJournal.open(state)
    rows = {row.sequence: row.hash for row in journal.since(0, 100_000)}
    journal.close()
    return rows


# Backup --------------------------------------------------------------------------------------------------------------


def test_a_backup_is_a_proved_copy_with_its_last_number_in_its_name(journal: SqliteJournal, tmp_path: Path):
    copy = backup(journal, tmp_path / "medium", AT)
    assert copy.name == f"kvitt-journal-20261123T120000-{journal.last()}.db"
    assert prove_file(copy) == journal.last()


def test_sales_go_on_during_a_backup(journal: SqliteJournal, tmp_path: Path):
    sell(journal, 60, first=6)
    stop = threading.Event()
    sold: list[int] = []

    def shop() -> None:
        number = 100
        while not stop.is_set():
            number += 1
            sold.append(sell(journal, 1, first=number))

    seller = threading.Thread(target=shop)
    seller.start()
    try:
        wait_until(lambda: len(sold) > 0)
        before = journal.last()
        copy = backup(journal, tmp_path / "medium", AT)
        during = journal.last()
    finally:
        stop.set()
        seller.join()
    assert before < during
    assert before <= prove_file(copy) <= during
    assert journal.verify() == journal.last()


def test_older_copies_go_only_after_the_new_one_has_its_name(journal: SqliteJournal, tmp_path: Path):
    folder = tmp_path / "medium"
    for day in range(1, 7):
        backup(journal, folder, datetime(2026, 11, day, tzinfo=UTC), keep=3)
    assert [path.name[:22] for path in sorted(folder.iterdir())] == [f"kvitt-journal-2026110{day}" for day in (4, 5, 6)]


def test_a_copy_with_a_bad_row_does_not_get_a_name(journal: SqliteJournal, tmp_path: Path):
    journal._connection.execute("DROP TRIGGER no_update")
    journal._connection.execute('UPDATE "t_event" SET crc = crc + 1 WHERE id = 9')
    with pytest.raises(JournalCorrupt) as damage:
        backup(journal, tmp_path / "medium", AT)
    assert damage.value.sequence == 9
    assert not list((tmp_path / "medium").glob("kvitt-journal-2*"))


# Restore -------------------------------------------------------------------------------------------------------------


def test_a_restored_till_goes_on_above_every_number_that_was_ever_used(journal: SqliteJournal, tmp_path: Path):
    copy = backup(journal, tmp_path / "medium", AT)
    kept = journal.last()
    sell(journal, 2, first=6)
    used = journal.last()
    before = {row.sequence: row.hash for row in journal.since(0, 10_000)}
    journal.close()
    first = restore(copy, tmp_path / "state", AT, highest=used - 3, operator="kari", confirm=yes)
    assert first == used + 1
    restored = SqliteJournal.open(tmp_path / "state")
    assert restored.epoch() == 2
    assert restored.last() == first
    sell(restored, 1, first=8)
    assert restored.verify() == kept + 1 + 13
    rows = restored.since(0, 10_000)
    epoch = next(row.event for row in rows if row.sequence == first)
    assert epoch == JournalEpochStarted(epoch=2, reason="restored", lost=((kept + 1, used),), operator="kari")
    # The same number never stands for two rows.
    assert all(before.get(row.sequence, row.hash) == row.hash for row in rows)
    restored.close()


def test_a_restore_onto_an_empty_card_takes_the_hubs_word(journal: SqliteJournal, tmp_path: Path):
    copy = backup(journal, tmp_path / "medium", AT)
    kept = journal.last()
    journal.close()
    assert restore(copy, tmp_path / "new", AT, highest=kept + 40, operator="kari", confirm=yes) == kept + 41
    journal = SqliteJournal.open(tmp_path / "new")
    sell(journal, 1, first=50)
    assert journal.verify() == kept + 1 + 13
    journal.close()


def test_a_restore_that_is_not_confirmed_changes_nothing(journal: SqliteJournal, tmp_path: Path):
    copy = backup(journal, tmp_path / "medium", AT)
    sell(journal, 1, first=6)
    journal.close()
    before = hashes(tmp_path / "state")
    with pytest.raises(StoreError, match="Nothing was restored"):
        restore(copy, tmp_path / "state", AT, highest=0, operator="kari", confirm=no)
    assert hashes(tmp_path / "state") == before


def test_a_damaged_backup_is_not_restored(journal: SqliteJournal, tmp_path: Path):
    copy = backup(journal, tmp_path / "medium", AT)
    journal.close()
    before = hashes(tmp_path / "state")
    content = bytearray(copy.read_bytes())
    content[len(content) // 2] ^= 1
    copy.write_bytes(content)
    with pytest.raises(StoreError):
        restore(copy, tmp_path / "state", AT, highest=0, operator="kari", confirm=yes)
    assert hashes(tmp_path / "state") == before


def test_a_running_till_is_not_restored_over(journal: SqliteJournal, tmp_path: Path):
    copy = backup(journal, tmp_path / "medium", AT)
    with pytest.raises(StoreInUse):
        restore(copy, tmp_path / "state", AT, highest=0, operator="kari", confirm=yes)


# Recovery ------------------------------------------------------------------------------------------------------------


def cut_off(journal: SqliteJournal, name: str) -> Path:
    target = journal.state.parent / name
    shutil.copytree(journal.state, target)
    return target


def test_every_row_is_found_in_the_raw_bytes_alone(journal: SqliteJournal):
    state = cut_off(journal, "cut")
    found = dict(raw_rows(state / "journal.db", state / "journal.db-wal"))
    assert sorted(found) == list(range(1, journal.last() + 1))


def test_rows_longer_than_a_page_are_found_too(journal: SqliteJournal):
    for size in (3_900, 4_100, 9_000, 40_000):
        keep(journal, (HelpCalled(code="x" * size),))
    state = cut_off(journal, "cut")
    assert sorted(dict(raw_rows(state / "journal.db", state / "journal.db-wal"))) == list(range(1, journal.last() + 1))


def test_a_damaged_log_loses_no_row(journal: SqliteJournal):
    truth = {row.sequence: row.hash for row in journal.since(0, 10_000)}
    state = cut_off(journal, "cut")
    log = state / "journal.db-wal"
    content = bytearray(log.read_bytes())
    content[32 + 30 * 4120 + 1000] ^= 4
    log.write_bytes(content)
    with pytest.raises(JournalCorrupt, match="frame 31"):
        SqliteJournal.open(state)
    asked: list[str] = []
    result = recover(state, AT, confirm=lambda question: bool(asked.append(question)))
    assert (result.rows, result.lost, asked) == (len(truth), (), [])
    assert (result.quarantine / "journal.db-wal").read_bytes() == bytes(content)
    journal = SqliteJournal.open(state)
    rows = journal.since(0, 10_000)
    assert {row.sequence: row.hash for row in rows[:-1]} == truth
    assert rows[-1].event == JournalRecovered(rows=len(truth), reason="damaged file")
    assert journal.epoch() == 1
    day = next(iter(journal.open_day()))
    assert day.sequence == 1
    sell(journal, 1, first=70)
    assert journal.verify() == journal.last()
    journal.close()


def closed_with_a_bad_row(journal: SqliteJournal, *sequences: int) -> Path:
    state = journal.state
    journal.close()
    connection = sqlite3.connect(state / "journal.db", isolation_level=None)
    connection.execute("DROP TRIGGER no_update")
    for sequence in sequences:
        connection.execute("""UPDATE "t_event" SET doc = replace(doc, '"tv":', '"vt":') WHERE id = ?""", (sequence,))
    connection.execute("VACUUM")
    connection.close()
    return state


def test_rows_that_are_gone_are_named_and_their_numbers_never_used_again(journal: SqliteJournal):
    last = journal.last()
    state = closed_with_a_bad_row(journal, 20, 21, 40)
    questions: list[str] = []

    def ask(question: str) -> bool:
        questions.append(question)
        return True

    result = recover(state, AT, operator="kari", confirm=ask)
    assert questions == [f"{last - 3} rows are saved. No. 20 to 21, 40 to 40 cannot be found on this card."]
    assert result.lost == ((20, 21), (40, 40))
    journal = SqliteJournal.open(state)
    rows = [row for start in (0, 21, 40) for row in journal.since(start, 18)]
    assert {20, 21, 40}.isdisjoint(row.sequence for row in rows)
    newest = journal.since(last, 5)
    assert [row.event for row in newest] == [
        JournalEpochStarted(epoch=2, reason="recovered", lost=((20, 21), (40, 40)), operator="kari")
    ]
    assert (journal.epoch(), journal.last()) == (2, last + 1)
    sell(journal, 1, first=70)
    assert journal.verify() == journal.last() - 3
    journal.close()


def test_a_recovery_that_is_not_confirmed_changes_nothing(journal: SqliteJournal):
    state = closed_with_a_bad_row(journal, 20)
    before = (state / "journal.db").read_bytes()
    with pytest.raises(StoreError, match="Nothing was changed"):
        recover(state, AT, confirm=no)
    assert (state / "journal.db").read_bytes() == before
    with pytest.raises(JournalCorrupt):
        SqliteJournal.open(state)


def test_what_only_the_hub_knows_is_declared_lost_on_this_card(journal: SqliteJournal):
    last = journal.last()
    journal.close()
    state = journal.state
    result = recover(state, AT, highest=last + 12, operator="kari", confirm=yes)
    assert result.lost == ((last + 1, last + 12),)
    journal = SqliteJournal.open(state)
    assert journal.last() == last + 13
    journal.close()


def test_a_recovery_that_is_cut_off_can_be_done_again(journal: SqliteJournal):
    last = journal.last()
    journal.close()
    state = journal.state
    truth = hashes(state)
    recover(state, AT, confirm=yes)
    # As if the power had gone between taking the old file away and giving the new one its name.
    (state / "journal.db").unlink()
    with pytest.raises(JournalCorrupt, match="missing"):
        SqliteJournal.open(state)
    recover(state, AT, confirm=yes)
    rows = hashes(state)
    assert {sequence: rows[sequence] for sequence in range(1, last + 1)} == truth


def test_pages_of_noise_give_no_row_and_no_crash(tmp_path: Path):
    noise = random.Random(4)
    (tmp_path / "journal.db").write_bytes(b"".join(b"\x0d" + noise.randbytes(4095) for _ in range(60)))
    assert list(raw_rows(tmp_path / "journal.db", tmp_path / "journal.db-wal")) == []


@pytest.mark.crash
def test_of_forty_damaged_journals_every_row_comes_back_or_is_declared_lost(journal: SqliteJournal, tmp_path: Path):
    sell(journal, 46, first=6)
    truth = {row.sequence: row.hash for row in journal.since(0, 10_000)}
    state = cut_off(journal, "cut")
    dice = random.Random(11)
    for run in range(40):
        copy = tmp_path / f"damaged-{run}"
        shutil.copytree(state, copy)
        log = bytearray((copy / "journal.db-wal").read_bytes())
        for _ in range(3):
            log[dice.randrange(32, 150 * 4120)] ^= 1 << dice.randrange(8)
        (copy / "journal.db-wal").write_bytes(log)
        result = recover(copy, AT, operator="kari", confirm=yes)
        rows = hashes(copy)
        assert all(rows[sequence] == truth[sequence] for sequence in rows if sequence in truth)
        gone = {number for first, last in result.lost for number in range(first, last + 1)}
        assert {sequence for sequence in rows if sequence in truth} | gone == set(truth)
        # A page that took its last row stands in the log once: one flip there costs that row, and no other.
        assert len(gone) <= 3
