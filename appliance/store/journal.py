"""The sale journal: append-only, hash-chained, gap-free, one fsync a command; also the outbox to the hub."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from tinydb.table import Document

from appliance.core.events import DayClosed, DayOpened, Event
from appliance.core.identifiers import uuid7
from appliance.errors import JournalCorrupt, StoreError
from appliance.ports import JournalRow
from appliance.store import proof, wal
from appliance.store.codec import encode
from appliance.store.connection import Connection
from appliance.store.faults import RowDamaged, damaged_journal, fault_of, kept
from appliance.store.files import MEGABYTE, StateLock, forget_cached, free_bytes, wal_of
from appliance.store.journal_file import FILE, MARK, POSITION, SCHEMA, JournalDatabase, create
from appliance.store.mark import Mark, MarkFile, read_mark
from appliance.store.migrations import bring_up, inspect
from appliance.store.overlay import PAGE_ROWS
from appliance.store.rows import NO_HASH, EventTable, journal_row, seal, stamp
from appliance.store.table import Table

ROOM_TO_SELL: Final = 64 * MEGABYTE
_LONG_WAL: Final = 2 * MEGABYTE
_IDLE_COMMITS: Final = 100
_ROUND_SECONDS: Final = 7 * 24 * 3600
"""Every row is proved once in this much running time: a till that runs 6 hours a day does it in 28 days."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def event_id(at: datetime) -> UUID:
    """Give a UUID version 7 for an event; a cross-check only, never a key."""
    return uuid7((at - _EPOCH) // timedelta(milliseconds=1), secrets.randbits(74))


class SqliteJournal:
    """The journal of one state folder. `append` is the register's alone; the rest may be called from any thread."""

    @classmethod
    def open(
        cls,
        state: Path,
        *,
        new_id: Callable[[datetime], UUID] = event_id,
        seconds: Callable[[], float] = time.monotonic,
    ) -> SqliteJournal:
        """Open as after a power cut: prove the log, the mark and the open day. StoreError leaves everything as it is.

        `new_id` makes the id of an event at a time; `seconds` is any clock that only goes forward.
        """
        lock = StateLock(state)
        try:
            return cls(state, lock, new_id, seconds)
        except BaseException:
            lock.release()
            raise

    def __init__(
        self, state: Path, lock: StateLock, new_id: Callable[[datetime], UUID], seconds: Callable[[], float]
    ) -> None:
        self.state = state
        self.path = state / FILE
        self._state_lock = lock
        self._new_id = new_id
        self._seconds = seconds
        self._writer = threading.Lock()
        self._marker = threading.Lock()
        self._last, self._hash = 0, NO_HASH
        self._commits = 0
        self.damage: JournalCorrupt | None = None
        """What the slow round of verification has found in a closed day; such a row is never given out."""
        try:
            mark, found = self._prepare()
        except OSError as error:
            raise fault_of(error, path=self.path) from error
        self._connect()
        try:
            self._start(mark or Mark())
            if found.stale:
                self._begin_log_anew()
            # A complete checkpoint: the next commit begins a log with new salts, so that what a cut left behind is
            # never taken for lost commits by the next survey.
            self._connection.checkpoint("RESTART")
            self._mark = MarkFile(state / MARK, mark or Mark(sequence=self._last, hash=self._hash))
        except BaseException as error:
            self._connection.abandon()
            if isinstance(error, OSError):
                raise fault_of(error, path=self.path) from error
            if isinstance(error, RowDamaged):
                raise damaged_journal(None, str(error)) from error
            raise
        self._schedule()

    def _connect(self) -> None:
        self._connection = Connection(self.path, safe=lambda: kept(self._last), damaged=self._corrupt)
        self._database = JournalDatabase(self._connection)
        self._events: EventTable = self._database.table("event")
        self._days: Table = self._database.table("day")
        self._epochs: Table = self._database.table("epoch")

    def _corrupt(self, why: str) -> JournalCorrupt:
        return damaged_journal(None, why)

    # Start -----------------------------------------------------------------------------------------------------------

    def _prepare(self) -> tuple[Mark | None, wal.Survey]:
        log, mark_path = wal_of(self.path), self.state / MARK
        forget_cached(self.path, log, mark_path)
        mark = read_mark(mark_path)
        found = wal.survey(log)
        if found.damage:
            raise damaged_journal(None, f"{log.name}: {found.damage}")
        if not self.path.exists():
            if found.frames or (mark is not None and mark.sequence):
                raise damaged_journal(None, f"{self.path.name} is missing")
            create(self.path)
        elif not found.frames and self.path.stat().st_size == 0:
            raise damaged_journal(None, f"{self.path.name} is empty")
        wal.prime(log)
        return mark, found

    def _start(self, mark: Mark) -> None:
        version = inspect(self._database, SCHEMA)
        if version < SCHEMA.version:
            self._connection.close()
            bring_up(self.path, SCHEMA, self.state / f"journal-schema-{version}.db")
            self._connect()
        self._last = self._events.highest()
        if self._last:
            self._hash = str(self._row(self._last)["hash"])
        if mark.sequence > self._last:
            raise damaged_journal(self._last + 1, f"the mark knows no. {mark.sequence}, the journal ends before it")
        if mark.sequence and self._row(mark.sequence)["hash"] != mark.hash:
            raise damaged_journal(mark.sequence, "the mark knows another row")
        if mark.acked > self._last:
            raise damaged_journal(self._last + 1, f"the hub has acknowledged no. {mark.acked}")
        for _ in self._proved_from(self._day_first(), before=True):
            pass

    def _begin_log_anew(self) -> None:
        """Delete a log without a valid frame, now that nothing has been found missing.

        SQLite would go on with its salts, and what a torn first commit has left behind could later be taken for lost
        commits.
        """
        self._connection.close()
        wal.prime(wal_of(self.path))
        self._connect()

    def _day_first(self) -> int:
        position = self._database.table("meta").get(doc_id=POSITION)
        if position is None:
            return max(1, self._events.lowest())
        day = self._days.get(doc_id=position["day"])
        if day is None:
            raise damaged_journal(None, f"business day {position['day']} has no entry")
        return int(day["first"])

    # Append ----------------------------------------------------------------------------------------------------------

    def append(self, events: Sequence[Event], *, at: datetime, clock_synced: bool, catalogue: str | None) -> int:
        """Commit all events of one command in one transaction and one fsync; give the last sequence."""
        if not events:
            raise ValueError("nothing to append")
        moment = stamp(at)
        with self._writer:
            rows: list[Document] = []
            sequence, previous = self._last, self._hash
            for event in events:
                sequence += 1
                kind, version, data = encode(event)
                row = seal(
                    {
                        "type": kind,
                        "tv": version,
                        "id": str(self._new_id(at)),
                        "seq": sequence,
                        "at": moment,
                        "clock_synced": clock_synced,
                        "catalogue": catalogue,
                        "data": data,
                        "prev": previous,
                    }
                )
                previous = row["hash"]
                rows.append(row)
            self._commit(events, rows)
            self._last, self._hash = sequence, previous
            self._commits += 1
        self._write_mark(sequence=sequence, hash=previous)
        if self._connection.wal_bytes() > _LONG_WAL:
            # The automatic checkpoint swallows its errors; a log that has grown this long means that it fails.
            self._connection.checkpoint()
        return sequence

    def _commit(self, events: Sequence[Event], rows: Sequence[Document]) -> None:
        days = [
            (event, row) for event, row in zip(events, rows, strict=True) if isinstance(event, DayOpened | DayClosed)
        ]
        if not days:
            self._events.append(rows)
            return
        with self._connection.transaction():
            self._events.append(rows)
            for event, row in days:
                self._note_day(event, row)

    def _note_day(self, event: DayOpened | DayClosed, row: Document) -> None:
        number = int(event.business_date.strftime("%Y%m%d"))
        known = self._days.get(doc_id=number) or {"first": row.doc_id}
        last = row.doc_id if isinstance(event, DayClosed) else 0
        self._days.upsert(Document({"first": known["first"], "last": last, "hash": row["hash"]}, number))
        if isinstance(event, DayOpened):
            self._database.table("meta").upsert(Document({"day": number}, POSITION))

    def _write_mark(self, **changed: object) -> None:
        with self._marker:
            try:
                self._mark.write(**changed)
            except OSError as error:
                self._fail(error)

    def _fail(self, error: OSError) -> None:
        fault = fault_of(error, path=self.path, safe=kept(self._last))
        self._connection.condemn(fault)
        raise fault from error

    # Read ------------------------------------------------------------------------------------------------------------

    def last(self) -> int:
        """Give the last committed sequence; 0 for an empty journal."""
        return self._last

    def first(self) -> int:
        """Give the first sequence held; 0 for an empty journal."""
        return self._events.lowest()

    def epoch(self) -> int:
        """Give the number of the unbroken run of sequences that is being written."""
        return self._epochs.highest()

    def _row(self, sequence: int) -> Mapping[str, Any]:
        try:
            row = self._events.fetch(sequence)
        except RowDamaged as damage:
            raise damaged_journal(sequence, "the row fails its checksum") from damage
        if row is None:
            raise damaged_journal(sequence, "the row is missing")
        return row

    def _epoch_firsts(self) -> frozenset[int]:
        return proof.legal_starts(self._epochs)

    def rows(self, after: int, limit: int) -> list[Document]:
        """Give up to `limit` proved rows as stored, after a sequence; JournalCorrupt names the first bad one."""
        last = self._last
        return proof.page(self._events, after, limit, last=last, firsts=self._epoch_firsts())

    def since(self, sequence: int, limit: int) -> Sequence[JournalRow]:
        """Give up to `limit` rows after a sequence, each proved, events decoded."""
        return [journal_row(row) for row in self.rows(sequence, limit)]

    def open_day(self) -> Iterator[JournalRow]:
        """Give all rows from the first one of the newest business day, open or closed, to the last.

        Before the first business day it gives all rows.
        """
        return map(journal_row, self._proved_from(self._day_first(), before=False))

    def _proved_from(self, first: int, *, before: bool) -> Iterator[Document]:
        """Prove rows and their chain from a sequence on; `before`: also the link to the row before it."""
        previous = None
        if before and first > max(1, self._events.lowest()):
            previous = self._row(first - 1)["hash"]
        return proof.chain(self._events, first - 1, previous, last=self._last, firsts=self._epoch_firsts())

    # The hub's position ----------------------------------------------------------------------------------------------

    def acked(self) -> int:
        """Give the sequence up to which the hub has acknowledged."""
        return self._mark.mark.acked

    def acknowledge(self, through: int) -> None:
        """Keep the hub's position; StoreError if the hub has rows that this card has not."""
        if through > self._last:
            raise StoreError(f"This card is older than the hub: no. {self._last + 1} to {through} exist only there.")
        if through > self.acked():
            self._write_mark(acked=through)

    def restart_upload(self, after: int) -> None:
        """Send again from `after` + 1: the hub was restored and asks for it."""
        if not 0 <= after <= self._last:
            raise ValueError(f"no row {after} to go on from")
        self._write_mark(acked=after)

    # Upkeep ----------------------------------------------------------------------------------------------------------

    def has_room(self) -> bool:
        """Whether a new transaction may begin: an open one may finish below this mark."""
        try:
            return free_bytes(self.state) >= ROOM_TO_SELL
        except OSError:
            return False

    def idle(self) -> None:
        """Flush the mark, carry the log over, prove the next slice when it is due; nothing is open."""
        with self._marker:
            try:
                self._mark.sync()
            except OSError as error:
                self._fail(error)
        if self._commits >= _IDLE_COMMITS:
            self._connection.checkpoint()
            self._commits = 0
        if self._seconds() >= self._slice_due and self._last:
            self._prove_slice()
            self._schedule()

    def _schedule(self) -> None:
        pages = self._last // PAGE_ROWS + 1
        self._slice_due = self._seconds() + min(3600.0, _ROUND_SECONDS / pages)

    def _prove_slice(self) -> None:
        page = self._mark.mark.proved
        start = page * PAGE_ROWS
        if start >= self._last:
            page, start = 0, 0
        try:
            self.rows(start, PAGE_ROWS)
        except JournalCorrupt as damage:
            if self._connection.fault is not None:
                raise
            # Of a closed day: the till goes on, the row is refused wherever it is asked for, and staff are told.
            self.damage = damage
        self._write_mark(proved=page + 1)

    def verify(self) -> int:
        """Prove the whole file, every row, day and epoch, and the mark; give the number of rows."""
        problems = self._connection.execute("PRAGMA integrity_check")
        if problems != [("ok",)]:
            raise damaged_journal(None, f"{self.path.name}: {problems[0][0]}")
        first = self.first()
        count = sum(1 for _ in self._proved_from(first, before=False)) if first else 0
        proof.days(self._days, self._row)
        proof.epochs(self._epochs, self._row, last=self._last)
        mark = self._mark.mark
        if mark.sequence and self._row(mark.sequence)["hash"] != mark.hash:
            raise damaged_journal(mark.sequence, "the mark knows another row")
        return count

    def backup(self, target: Path) -> None:
        """Copy the journal to a new file while it is used (see store.backup)."""
        self._connection.backup(target, between=lambda: time.sleep(0.0005))

    def close(self) -> None:
        """Close in good order."""
        with self._writer, self._marker:
            try:
                self._mark.close()
            except OSError as error:
                self._fail(error)
            finally:
                self._connection.close()
                self._state_lock.release()
