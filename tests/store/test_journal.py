"""The sale journal: what it promises, and what it refuses to start with."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from tinydb.table import Document

from appliance.core.events import DayClosed, DayOpened, HelpCalled, LaneOpened
from appliance.core.identifiers import Operator
from appliance.core.money import Money
from appliance.core.product import canonical
from appliance.errors import JournalCorrupt, StoreError, StoreInUse
from appliance.ports import Journal
from appliance.store.journal import SqliteJournal
from appliance.store.mark import Mark, MarkFile, read_mark
from tests.store.sales import AT, CATALOGUE, DAY, NOK, ROWS_OF_A_SALE, keep, open_day, sale, sell

EXTRA = (HelpCalled(code="7"),)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    opened = SqliteJournal.open(tmp_path / "state")
    yield opened
    if opened._connection.fault is None:
        opened.close()


def copy_of(journal: SqliteJournal, name: str) -> Path:
    """Give the folder as a power cut would leave it now."""
    target = journal.state.parent / name
    shutil.copytree(journal.state, target)
    return target


def tampered(state: Path, *statements: str) -> Path:
    """Change a closed journal behind the store's back."""
    connection = sqlite3.connect(state / "journal.db", isolation_level=None)
    connection.execute("DROP TRIGGER no_update")
    connection.execute("DROP TRIGGER no_delete")
    for statement in statements:
        connection.execute(statement)
    connection.close()
    return state


def sold(folder: Path, sales: int = 3) -> Path:
    """Give the folder of a till that was closed in good order."""
    journal = SqliteJournal.open(folder)
    sell(journal, sales)
    journal.close()
    return folder


def test_it_is_the_port(journal: SqliteJournal):
    port: Journal = journal
    assert (port.last(), port.first(), port.acked(), port.epoch()) == (0, 0, 0, 1)


def test_all_events_of_a_command_are_one_transaction_with_consecutive_sequences(journal: SqliteJournal):
    assert keep(journal, open_day()) == 1
    first = next(iter(sale(1)))
    assert len(first) == 2
    assert keep(journal, first) == 3
    assert [row.sequence for row in journal.since(0, 10)] == [1, 2, 3]


def test_a_row_comes_back_as_the_event_it_was(journal: SqliteJournal):
    sent = [event for events in sale(1) for event in events]
    for events in sale(1):
        keep(journal, events)
    rows = journal.since(0, 100)
    assert [row.event for row in rows] == sent
    assert {row.catalogue for row in rows} == {str(CATALOGUE)}
    assert {row.at for row in rows} == {AT}
    assert all(row.id.version == 7 for row in rows)


def test_the_hash_is_sha256_over_the_canonical_row_without_it_and_prev_is_the_hash_before(journal: SqliteJournal):
    sell(journal, 1)
    before = "0" * 64
    for row in journal.since(0, 100):
        body = {key: value for key, value in row.document.items() if key != "hash"}
        assert hashlib.sha256(canonical(body)).hexdigest() == row.hash
        assert row.previous == before
        before = row.hash


def test_a_row_is_stored_as_its_canonical_text_plus_the_hash(tmp_path: Path):
    sold(tmp_path, 1)
    connection = sqlite3.connect(tmp_path / "journal.db")
    text = connection.execute('SELECT doc FROM "t_event" WHERE id = 2').fetchone()[0]
    connection.close()
    row = json.loads(text)
    body = canonical({key: value for key, value in row.items() if key != "hash"}).decode()
    assert text == f'{body[:-1]},"hash":"{row["hash"]}"}}'
    assert set(row) == {"type", "tv", "id", "seq", "at", "clock_synced", "catalogue", "data", "prev", "hash"}


def test_times_are_utc_with_milliseconds_whatever_zone_they_come_in(journal: SqliteJournal):
    oslo = datetime(2026, 3, 14, 10, 26, 53, 589_999, tzinfo=timezone(timedelta(hours=1)))
    journal.append(EXTRA, at=oslo, clock_synced=False, catalogue=None)
    row = journal.since(0, 1)[0]
    assert row.document["at"] == "2026-03-14T09:26:53.589Z"
    assert row.at == datetime(2026, 3, 14, 9, 26, 53, 589_000, tzinfo=UTC)
    assert (row.clock_synced, row.catalogue) == (False, None)
    with pytest.raises(ValueError, match="zone"):
        journal.append(EXTRA, at=datetime(2026, 3, 14), clock_synced=False, catalogue=None)  # noqa: DTZ001 - the mistake


def test_a_refused_command_leaves_no_row_and_no_gap(journal: SqliteJournal):
    keep(journal, EXTRA)
    with pytest.raises(ValueError, match="64 KB"):
        keep(journal, (*EXTRA, HelpCalled(code="x" * 70_000)))
    with pytest.raises(ValueError, match="nothing"):
        keep(journal, ())
    assert keep(journal, EXTRA) == 2
    assert journal.verify() == 2


def test_sequences_go_on_after_a_restart(tmp_path: Path):
    sold(tmp_path, 2)
    journal = SqliteJournal.open(tmp_path)
    assert journal.last() == 1 + 2 * ROWS_OF_A_SALE
    assert keep(journal, EXTRA) == journal.last() == 2 + 2 * ROWS_OF_A_SALE
    assert journal.verify() == journal.last()
    journal.close()


def test_a_second_process_is_told_which_one_runs(journal: SqliteJournal):
    with pytest.raises(StoreInUse, match=r"Kvitt already runs on this till \(process \d+\)\.") as refusal:
        SqliteJournal.open(journal.state)
    assert refusal.value.pid is not None


def test_since_gives_at_most_what_was_asked_for_and_nothing_twice(journal: SqliteJournal):
    sell(journal, 3)
    seen: list[int] = []
    while rows := journal.since(seen[-1] if seen else 0, 7):
        assert len(rows) <= 7
        seen += [row.sequence for row in rows]
    assert seen == list(range(1, journal.last() + 1))
    assert journal.since(journal.last(), 10) == []


def test_nothing_in_the_journal_is_changed_or_deleted_and_no_code_can(journal: SqliteJournal):
    sell(journal, 1)
    events = journal._database.table("event")
    for attempt in (
        lambda: events.update({"type": "x"}, doc_ids=[1]),
        lambda: events.remove(doc_ids=[1]),
        events.truncate,
        lambda: events.insert(Document({"hash": "x"}, 99)),
        lambda: journal._database.drop_table("event"),
        journal._database.drop_tables,
        lambda: journal._connection.execute('DELETE FROM "t_event" WHERE id = 1'),
        lambda: journal._connection.execute("UPDATE \"t_event\" SET doc = ''"),
    ):
        with pytest.raises(StoreError):
            attempt()
    assert journal.verify() == journal.last()


def test_the_journal_is_never_scanned(journal: SqliteJournal):
    keep(journal, EXTRA)
    events = journal._database.table("event")
    for scan in (events.all, lambda: list(events), lambda: events.search(lambda _: True)):
        with pytest.raises(StoreError, match="page at a time"):
            scan()


def test_a_reader_on_another_thread_sees_only_whole_commands(journal: SqliteJournal):
    keep(journal, open_day())
    command = (HelpCalled(code="a"), HelpCalled(code="b"), HelpCalled(code="c"))
    stop, problems = threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            count = len(journal.since(1, 1000))
            if count % 3:
                problems.append(count)

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(60):
        keep(journal, command)
    stop.set()
    reader.join()
    assert not problems


# The open day --------------------------------------------------------------------------------------------------------


def test_the_open_day_is_what_the_register_folds(tmp_path: Path):
    journal = SqliteJournal.open(tmp_path)
    keep(journal, (LaneOpened(operator=Operator("kari")),))
    assert [row.sequence for row in journal.open_day()] == [1]
    sell(journal, 1)
    keep(journal, (DayOpened(business_date=DAY, next_transaction=1),))
    start = journal.last()
    sell(journal, 1, first=2)
    assert [row.sequence for row in journal.open_day()] == list(range(start, journal.last() + 1))
    journal.close()
    again = SqliteJournal.open(tmp_path)
    assert [row.sequence for row in again.open_day()] == list(range(start, again.last() + 1))
    again.close()


def test_a_closed_day_is_given_until_the_next_one_opens(journal: SqliteJournal):
    keep(journal, open_day())
    keep(journal, (DayClosed(business_date=DAY, transactions=0, total=Money(0, NOK), currency=NOK),))
    assert [type(row.event).__name__ for row in journal.open_day()] == ["DayOpened", "DayClosed"]
    keep(journal, (DayOpened(business_date=date(2026, 11, 24), next_transaction=1),))
    assert [row.sequence for row in journal.open_day()] == [3]
    assert journal.verify() == 3


def test_a_clock_that_ran_ahead_does_not_hide_today(journal: SqliteJournal):
    keep(journal, (DayOpened(business_date=date(2031, 1, 1), next_transaction=1),))
    keep(journal, (DayClosed(business_date=date(2031, 1, 1), transactions=0, total=Money(0, NOK), currency=NOK),))
    keep(journal, open_day())
    assert [row.sequence for row in journal.open_day()] == [3]


# The hub's position --------------------------------------------------------------------------------------------------


def test_the_hubs_position_only_rises_but_by_its_own_wish(journal: SqliteJournal):
    sell(journal, 1)
    journal.acknowledge(5)
    journal.acknowledge(3)
    assert journal.acked() == 5
    journal.restart_upload(2)
    assert journal.acked() == 2
    with pytest.raises(ValueError, match="no row"):
        journal.restart_upload(journal.last() + 1)


def test_the_position_survives_a_restart(tmp_path: Path):
    journal = SqliteJournal.open(tmp_path)
    sell(journal, 1)
    journal.acknowledge(9)
    journal.close()
    again = SqliteJournal.open(tmp_path)
    assert again.acked() == 9
    again.close()


def test_a_hub_that_knows_more_than_this_card_is_reported_and_nothing_is_kept(journal: SqliteJournal):
    sell(journal, 1)
    with pytest.raises(StoreError, match=r"This card is older than the hub: no\. 15 to 20 exist only there\."):
        journal.acknowledge(20)
    assert journal.acked() == 0


# Start ---------------------------------------------------------------------------------------------------------------


def refusal_of(state: Path) -> JournalCorrupt:
    """Open a damaged journal and give what staff read; the files must not have changed."""
    before = {path.name: path.read_bytes() for path in state.glob("journal*")}
    with pytest.raises(
        JournalCorrupt, match=r"^Journal damaged.*\. Nothing was changed\. Run: kvitt journal rec"
    ) as no:
        SqliteJournal.open(state)
    after = {path.name: path.read_bytes() for path in state.glob("journal*")}
    assert {name: content for name, content in after.items() if not name.endswith("-wal")} == {
        name: content for name, content in before.items() if not name.endswith("-wal")
    }
    return no.value


def test_a_journal_that_ends_before_the_mark_has_lost_its_tail(tmp_path: Path):
    sold(tmp_path)
    mark = read_mark(tmp_path / "journal.mark")
    assert mark is not None
    last = mark.sequence
    tampered(tmp_path, f'DELETE FROM "t_event" WHERE id = {last}')
    assert refusal_of(tmp_path).sequence == last


def test_a_journal_with_another_row_at_the_mark_is_another_journal(tmp_path: Path):
    sold(tmp_path)
    mark = MarkFile(tmp_path / "journal.mark", read_mark(tmp_path / "journal.mark") or Mark())
    mark.write(hash="ab" * 32)
    mark.close()
    assert "another row" in str(refusal_of(tmp_path))


def test_a_hub_position_above_the_journal_means_loss(tmp_path: Path):
    sold(tmp_path)
    old = read_mark(tmp_path / "journal.mark") or Mark()
    mark = MarkFile(tmp_path / "journal.mark", old)
    mark.write(acked=old.sequence + 4)
    mark.close()
    assert refusal_of(tmp_path).sequence == old.sequence + 1


def test_a_missing_database_is_no_empty_till(tmp_path: Path):
    sold(tmp_path)
    (tmp_path / "journal.db").unlink()
    assert "missing" in str(refusal_of(tmp_path))


def test_an_emptied_database_is_no_empty_till(tmp_path: Path):
    sold(tmp_path)
    (tmp_path / "journal.db").write_bytes(b"")
    assert "empty" in str(refusal_of(tmp_path))


def test_a_lost_mark_is_built_anew(tmp_path: Path):
    sold(tmp_path)
    (tmp_path / "journal.mark").unlink()
    journal = SqliteJournal.open(tmp_path)
    assert journal.acked() == 0
    keep(journal, EXTRA)
    journal.close()
    mark = read_mark(tmp_path / "journal.mark")
    assert mark is not None
    assert mark.sequence == 2 + 3 * ROWS_OF_A_SALE


@pytest.mark.parametrize(
    ("statement", "sequence"),
    [
        ("""UPDATE "t_event" SET doc = replace(doc, '4321', '1234') WHERE id = 14""", 14),
        ('UPDATE "t_event" SET crc = crc + 1 WHERE id = 9', 9),
        ("""UPDATE "t_event" SET doc = CAST(x'7BFFA07D' AS TEXT) WHERE id = 8""", 8),
        ('DELETE FROM "t_event" WHERE id = 6', 6),
        ('UPDATE "t_event" SET id = 500 WHERE id = 6', 500),
    ],
    ids=["edited", "checksum", "no UTF-8", "deleted", "moved"],
)
def test_damage_in_the_open_day_keeps_the_lane_closed_and_is_named(tmp_path: Path, statement: str, sequence: int):
    assert refusal_of(tampered(sold(tmp_path), statement)).sequence == sequence


def test_a_schema_whose_text_is_broken_is_damage(tmp_path: Path):
    sold(tmp_path)
    content = bytearray((tmp_path / "journal.db").read_bytes())
    at = content.index(b"CREATE TABLE")
    content[at + 2 : at + 8] = b"\xff\xa0\xff\xa0\xff\xa0"
    (tmp_path / "journal.db").write_bytes(content)
    assert refusal_of(tmp_path).sequence is None


def test_an_edit_that_mends_the_checksum_but_not_the_hash_is_found(tmp_path: Path):
    sold(tmp_path)
    connection = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    from appliance.store.table import checksum

    connection.create_function("crc", 2, checksum)
    connection.execute("DROP TRIGGER no_update")
    connection.execute("""UPDATE "t_event" SET doc = replace(doc, '4321', '1234') WHERE id = 14""")
    connection.execute('UPDATE "t_event" SET crc = crc(id, doc) WHERE id = 14')
    connection.close()
    assert refusal_of(tmp_path).sequence == 14


def test_damage_in_a_closed_day_does_not_stop_selling_but_is_never_given_out(tmp_path: Path):
    journal = SqliteJournal.open(tmp_path)
    sell(journal, 1)
    keep(journal, (DayClosed(business_date=DAY, transactions=1, total=Money(0, NOK), currency=NOK),))
    keep(journal, (DayOpened(business_date=date(2026, 11, 24), next_transaction=2),))
    journal.close()
    tampered(tmp_path, """UPDATE "t_event" SET doc = replace(doc, '4321', '1234') WHERE id = 14""")
    journal = SqliteJournal.open(tmp_path)
    keep(journal, EXTRA)
    assert len(journal.since(0, 13)) == 13
    for read in (lambda: journal.since(13, 1), lambda: journal.since(0, 100), journal.verify):
        with pytest.raises(JournalCorrupt) as damage:
            read()
        assert damage.value.sequence == 14
    assert [row.sequence for row in journal.since(14, 100)] == [15, 16, 17]
    journal.close()


@pytest.mark.parametrize("statement", ["PRAGMA user_version=7", "PRAGMA application_id=1"])
def test_a_flipped_schema_number_runs_no_migration(tmp_path: Path, statement: str):
    sold(tmp_path)
    tampered(tmp_path, statement)
    with pytest.raises(StoreError, match="do not agree"):
        SqliteJournal.open(tmp_path)


def test_a_day_whose_entry_is_gone_is_damage(tmp_path: Path):
    sold(tmp_path)
    tampered(tmp_path, 'DELETE FROM "t_day"')
    refusal_of(tmp_path)


@pytest.mark.parametrize("table", ["day", "epoch", "meta"])
def test_a_changed_row_beside_the_events_is_damage(tmp_path: Path, table: str):
    sold(tmp_path)
    tampered(tmp_path, f'UPDATE "t_{table}" SET crc = crc + 1')
    with pytest.raises(StoreError):
        SqliteJournal.open(tmp_path)


def test_a_half_made_journal_is_begun_again(tmp_path: Path):
    (tmp_path / "journal.db.new").write_bytes(b"half of a file")
    journal = SqliteJournal.open(tmp_path)
    keep(journal, EXTRA)
    journal.close()


def test_a_state_folder_that_cannot_be_written_is_a_fault_with_a_text_for_staff(tmp_path: Path):
    (tmp_path / "state").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="Storage fault"):
        SqliteJournal.open(tmp_path / "state")


# Upkeep --------------------------------------------------------------------------------------------------------------


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_quiet_till_proves_old_rows_slice_by_slice_and_tells_what_it_found(tmp_path: Path):
    seconds = Seconds()
    journal = SqliteJournal.open(tmp_path)
    sell(journal, 80)
    keep(journal, (DayClosed(business_date=DAY, transactions=80, total=Money(0, NOK), currency=NOK),))
    keep(journal, (DayOpened(business_date=date(2026, 11, 24), next_transaction=81),))
    journal.close()
    tampered(tmp_path, 'UPDATE "t_event" SET crc = crc + 1 WHERE id = 700')
    journal = SqliteJournal.open(tmp_path, seconds=seconds)
    for _ in range(3):
        journal.idle()
    assert journal.damage is None
    seconds.now += 3600
    journal.idle()
    assert journal.damage is None
    seconds.now += 3600
    journal.idle()
    assert journal.damage is not None
    assert journal.damage.sequence == 700
    assert keep(journal, EXTRA)
    journal.close()


def test_the_round_goes_on_where_it_stood_after_a_restart(tmp_path: Path):
    seconds = Seconds()
    journal = SqliteJournal.open(tmp_path, seconds=seconds)
    sell(journal, 80)
    seconds.now += 3600
    journal.idle()
    journal.close()
    assert (read_mark(tmp_path / "journal.mark") or Mark()).proved == 1


def test_idle_carries_the_log_over_after_a_hundred_commits(journal: SqliteJournal):
    sell(journal, 10)
    journal.idle()
    size = (journal.state / "journal.db").stat().st_size
    assert size > 20_000


def test_there_is_room_to_sell_here(journal: SqliteJournal):
    assert journal.has_room()


def test_what_a_power_cut_leaves_at_any_moment_opens_with_every_row_kept(journal: SqliteJournal):
    keep(journal, open_day())
    for index, events in enumerate(sale(1)):
        kept = keep(journal, events)
        cut = SqliteJournal.open(copy_of(journal, f"cut-{index}"))
        assert cut.last() == kept
        assert cut.verify() == kept
        cut.close()


def test_totals_of_the_day_are_those_of_its_rows(journal: SqliteJournal):
    sell(journal, 3)
    totals = [row.event.total for row in journal.open_day() if hasattr(row.event, "tenders")]
    assert len(totals) == 3
    assert sum(money.to_decimal() for money in totals) > Decimal(0)
