"""Saving a damaged journal: every row that proves itself, from SQLite and from the raw bytes, into a new file.

Rows are kept exactly as they are. What is missing is named in the first row of a new epoch, and its numbers are never
used again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final, Self

from tinydb.table import Document

from appliance.core.events import Event, JournalEpochStarted, JournalRecovered
from appliance.core.identifiers import Operator
from appliance.errors import StoreError
from appliance.store import journal, journal_file
from appliance.store.codec import encode
from appliance.store.faults import RowDamaged, fault_of
from appliance.store.files import StateLock, publish, quarantine, sync_folder, wal_of
from appliance.store.mark import Mark, read_mark, write_mark
from appliance.store.raw import raw_rows
from appliance.store.rows import NO_HASH, SealedRow, seal, stamp, unseal

_MOMENT: Final = "%Y%m%dT%H%M%S"
_FINDS: Final = "journal.finds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What came out of it."""

    rows: int
    lost: tuple[tuple[int, int], ...]
    quarantine: Path


def recover(
    state: Path, at: datetime, *, highest: int = 0, operator: str = "", confirm: Callable[[str], bool]
) -> Recovery:
    """Save what proves itself; `highest` is the highest sequence the hub knows of this till, if it was asked.

    `confirm` asks the administrator before rows are given up; without it nothing is changed but for copies in
    quarantine.
    """
    lock = StateLock(state)
    try:
        kept_in = quarantine(state, f"{at:{_MOMENT}}", *_files(state), move=False)
        sources = [kept_in]
        if not (state / journal_file.FILE).exists():
            # An earlier attempt was cut off between taking the old file away and giving the new one its name.
            sources = sorted(kept_in.parent.iterdir(), reverse=True)
        with Finds(state / _FINDS) as finds:
            for source in sources:
                finds.gather(source)
            known = max(highest, highest_known(kept_in), finds.highest())
            lost = finds.gaps(known)
            listed = ", ".join(f"{first} to {last}" for first, last in lost)
            if lost and not confirm(f"{finds.count()} rows are saved. No. {listed} cannot be found on this card."):
                raise StoreError(f"Nothing was changed. {finds.count()} rows can be saved; {listed} cannot.")
            _rebuild(state, finds, lost, at, known=known, operator=operator)
            return Recovery(rows=finds.count(), lost=lost, quarantine=kept_in)
    except OSError as error:
        raise fault_of(error, path=state / journal_file.FILE) from error
    finally:
        lock.release()


def _files(state: Path) -> tuple[Path, ...]:
    database = state / journal_file.FILE
    return database, wal_of(database), state / journal_file.MARK


def highest_known(state: Path) -> int:
    """Give the highest sequence that the mark of a folder knows."""
    mark = read_mark(state / journal_file.MARK)
    return 0 if mark is None else max(mark.sequence, mark.acked)


class Finds:
    """The rows that have proved themselves, in a scratch file: a journal may be larger than the memory."""

    def __init__(self, scratch: Path) -> None:
        scratch.unlink(missing_ok=True)
        self._scratch = scratch
        self._rows = sqlite3.connect(scratch, isolation_level=None)
        self._rows.execute("PRAGMA journal_mode=OFF")
        self._rows.execute("PRAGMA synchronous=OFF")
        self._rows.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, doc TEXT)")
        self._rows.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._rows.close()
        self._scratch.unlink()

    def gather(self, folder: Path) -> None:
        """Take in the rows of a folder's files; those that are here already stay."""
        database = folder / journal_file.FILE
        statement = "INSERT OR IGNORE INTO row VALUES (?, ?)"
        self._rows.executemany(statement, raw_rows(database, wal_of(database)))
        self._rows.executemany(statement, _through_sqlite(database, self.highest()))

    def items(self) -> Iterator[tuple[int, str]]:
        """Give sequence and text of the rows, in order."""
        return iter(self._rows.execute("SELECT id, doc FROM row ORDER BY id"))

    def days(self) -> Iterator[tuple[int, str]]:
        """Give the rows that open or close a business day, and perhaps others."""
        return iter(self._rows.execute("""SELECT id, doc FROM row WHERE instr(doc, '"type":"day.') ORDER BY id"""))

    def count(self) -> int:
        """Count the rows."""
        return int(self._rows.execute("SELECT count(*) FROM row").fetchone()[0])

    def highest(self) -> int:
        """Give the highest sequence; 0 if there is none."""
        return int(self._rows.execute("SELECT max(id) FROM row").fetchone()[0] or 0)

    def lowest(self) -> int:
        """Give the lowest sequence; 1 if there is none."""
        return int(self._rows.execute("SELECT min(id) FROM row").fetchone()[0] or 1)

    def gaps(self, known: int) -> tuple[tuple[int, int], ...]:
        """Give the ranges that are missing up to the highest sequence known."""
        gaps: list[tuple[int, int]] = []
        before = 0
        for (sequence,) in (*self._rows.execute("SELECT id FROM row ORDER BY id"), (known + 1,)):
            if sequence > before + 1:
                gaps.append((before + 1, sequence - 1))
            before = sequence
        return tuple(gaps)


def _through_sqlite(database: Path, highest: int) -> Iterator[tuple[int, str]]:
    """Give what SQLite still reads, id by id: one bad page does not end the search. The file is not touched."""
    if not database.exists():
        return
    uri = f"{database.absolute().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
        with suppress(sqlite3.Error):
            highest = max(highest, connection.execute('SELECT max(id) FROM "t_event"').fetchone()[0] or 0)
        for sequence in range(1, highest + 1):
            with suppress(sqlite3.Error, RowDamaged):
                for (text,) in connection.execute('SELECT doc FROM "t_event" WHERE id = ?', (sequence,)):
                    unseal(sequence, text)
                    yield sequence, text


def _rebuild(
    state: Path, finds: Finds, lost: tuple[tuple[int, int], ...], at: datetime, *, known: int, operator: str
) -> None:
    path = state / journal_file.FILE
    built = path.with_name(path.name + ".new")
    journal_file.create(built, first=finds.lowest())
    with closing(journal_file.JournalDatabase(built)) as database, database.transaction():
        database.table("event").load(finds.items())
        _note_days(database, finds)
        if lost:
            _write_epoch(database, at, known=known, lost=lost, reason="recovered", operator=operator)
        else:
            _write(database, JournalRecovered(rows=finds.count(), reason="damaged file"), at, known + 1)
    replace_journal(state, built)


def replace_journal(state: Path, built: Path) -> None:
    """Put a new journal in the place of one that quarantine holds.

    A cut on the way leaves a mark without a journal, which no start takes for an empty till, and never a log beside a
    database that it does not belong to.
    """
    with closing(journal_file.JournalDatabase(built)) as database:
        events = database.table("event")
        last = events.highest()
        mark = Mark(sequence=last, hash=events.fetch(last)["hash"], counter=1)
    path = state / journal_file.FILE
    write_mark(state / journal_file.MARK, mark)
    for leaving in (path, wal_of(path)):
        leaving.unlink(missing_ok=True)
        sync_folder(state)
    publish(built, path)


def _note_days(database: journal_file.JournalDatabase, finds: Finds) -> None:
    """Write the entries of the business days anew from the rows that open and close them."""
    days = database.table("day")
    for sequence, text in finds.days():
        row = unseal(sequence, text)
        if row["type"] not in ("day.opened", "day.closed"):
            continue
        number = int(date.fromisoformat(row["data"]["business_date"]).strftime("%Y%m%d"))
        known = days.get(doc_id=number) or {"first": sequence}
        closed = row["type"] == "day.closed"
        days.upsert(Document({"first": known["first"], "last": sequence if closed else 0, "hash": row["hash"]}, number))
        if not closed:
            database.table("meta").upsert(Document({"day": number}, journal_file.POSITION))


def _write_epoch(
    database: journal_file.JournalDatabase,
    at: datetime,
    *,
    known: int,
    lost: tuple[tuple[int, int], ...],
    reason: str,
    operator: str,
) -> int:
    epochs = database.table("epoch")
    number = epochs.highest() + 1
    epochs.insert(Document({"first": known + 1, "lost": [list(gap) for gap in lost]}, number))
    event = JournalEpochStarted(epoch=number, reason=reason, lost=lost, operator=Operator(operator))
    _write(database, event, at, known + 1)
    return known + 1


def _write(database: journal_file.JournalDatabase, event: Event, at: datetime, sequence: int) -> None:
    events = database.table("event")
    last = events.highest()
    kind, version, data = encode(event)
    row = seal(
        {
            "type": kind,
            "tv": version,
            "id": str(journal.event_id(at)),
            "seq": sequence,
            "at": stamp(at),
            "clock_synced": False,
            "catalogue": None,
            "data": data,
            "prev": events.fetch(last)["hash"] if last else NO_HASH,
        }
    )
    assert isinstance(row, SealedRow)
    events.append([row])


def begin_epoch(path: Path, at: datetime, *, known: int, reason: str, operator: str) -> int:
    """Write the first row of a new epoch into a closed journal file; give its sequence."""
    with closing(journal_file.JournalDatabase(path)) as database, database.transaction():
        last = database.table("event").highest()
        lost = ((last + 1, known),) if known > last else ()
        return _write_epoch(database, at, known=known, lost=lost, reason=reason, operator=operator)
