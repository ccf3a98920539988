"""From batches to books: decode, insert once, book what is new, acknowledge after the commit."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select, tuple_

from appliance.mqtt.messages.journal import MAX_RANGES, Ack, Conflict, Range, UnfitRow
from appliance.mqtt.messages.wire import Malformed
from hub import schema
from hub.alarms import now, raise_alarm
from hub.bulk import Columns
from hub.chain import follows
from hub.database import Database
from hub.ledger import Ledger
from hub.marks import Mark, Run, epochs, lock_marks, write_marks
from hub.reading import Row, read_batch
from hub.standing import Standing

CAPACITY: Final = 10_000
"""Rows a second that this hub takes in, shared among the kiosks that are behind."""
UNREADABLE: Final = "unreadable"
"""Type of a row that is kept as bytes."""

_KEYS: Final = 1000
"""Rows that are looked for at once."""
_ROW: Final = Columns(schema.journal_row, "kiosk", "epoch", "seq", "type", "tv", "id", "at", "hash", "document")
_UNFIT: Final = Columns(schema.quarantine, "kiosk", "epoch", "seq", "reason", "raw", "at")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A packet on `up/journal`, by the kiosk that its topic names."""

    kiosk: str
    payload: bytes
    properties: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""
    """Why its content is not to be read again: the database refused it."""


@dataclass(slots=True)
class _Run:
    """What one commit learns of one kiosk's run."""

    kiosk: str
    epoch: int
    rows: list[Row | UnfitRow] = field(default_factory=list)
    firsts: set[int] = field(default_factory=set)
    lasts: list[int] = field(default_factory=list)
    split: tuple[int, int] | None = None

    @property
    def asked(self) -> set[int]:
        """The numbers of its rows, and of the rows before each batch."""
        return {row.seq for row in self.rows} | {seq - 1 for seq in self.firsts}


@dataclass(slots=True)
class Counters:
    """What has been refused without an answer, since the start."""

    dropped: int = 0
    split: int = 0


class Ingest:
    """The only writer of rows. `commit` is called by one thread at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.counters = Counters()

    def commit(self, incoming: Sequence[Incoming]) -> list[tuple[str, Ack]]:
        """Take in batches in one transaction; give what each kiosk is to be told. Database faults are raised: no ack.

        Nothing that a kiosk sends can raise anything else.
        """
        runs: dict[Run, _Run] = {}
        for packet in incoming:
            self._decode(packet, runs)
        if not runs:
            return []
        with self._database.write() as connection:
            for revoked in self._revoked(connection, runs):
                self.counters.dropped += 1
                del runs[revoked]
            return self._take(connection, runs) if runs else []

    def _revoked(self, connection: Connection, runs: Collection[Run]) -> list[Run]:
        table = schema.kiosk
        revoked = set(
            connection.scalars(
                select(table.c.kiosk).where(table.c.kiosk.in_({kiosk for kiosk, _ in runs}), table.c.active.is_(False))
            )
        )
        return [run for run in runs if run[0] in revoked]

    def _decode(self, packet: Incoming, runs: dict[Run, _Run]) -> None:
        told = Range.of(packet.properties)
        if packet.fault:
            self._unreadable(packet, told, packet.fault, runs)
            return
        try:
            kiosk, epoch, rows = read_batch(packet.payload, packet.properties)
        except Malformed as error:
            self._unreadable(packet, told, str(error), runs)
            return
        if kiosk != packet.kiosk or not rows:
            self.counters.dropped += 1
            _log.warning("%s: a batch of %s with %d rows was dropped", packet.kiosk, kiosk, len(rows))
            return
        run = runs.setdefault((kiosk, epoch), _Run(kiosk, epoch))
        run.rows.extend(rows)
        run.firsts.add(min(row.seq for row in rows))
        run.lasts.append(max(row.seq for row in rows))

    def _unreadable(self, packet: Incoming, told: Range | None, reason: str, runs: dict[Run, _Run]) -> None:
        if told is None:
            self.counters.dropped += 1
            _log.warning("%s: a payload that cannot be read was dropped: %s", packet.kiosk, reason)
            return
        run = runs.setdefault((packet.kiosk, told.epoch), _Run(packet.kiosk, told.epoch))
        if told.first == told.last:
            run.rows.append(UnfitRow(seq=told.first, reason=reason, document=packet.payload))
        else:
            self.counters.split += 1
            run.split = (told.first, told.last)

    def _take(self, connection: Connection, runs: Mapping[Run, _Run]) -> list[tuple[str, Ack]]:
        marks = lock_marks(connection, runs)
        held = self._held(connection, runs, marks)
        writing = _Writing()
        conflicts: dict[Run, Row] = {}
        for key, run in sorted(runs.items()):
            fresh, other = self._sort(run, held[key])
            marks[key] = marks[key].add(fresh)
            for row in fresh.values():
                writing.take(run.kiosk, run.epoch, row)
            held[key].update((seq, _hash(row)) for seq, row in fresh.items())
            if other is not None:
                conflicts[key] = other
        writing.write(connection)
        write_marks(connection, marks)
        forks = {key: self._fork(connection, runs[key], row) for key, row in conflicts.items()}
        standing = Standing.of(connection, runs)
        return [
            (
                run.kiosk,
                standing.acknowledge(
                    connection,
                    key,
                    marks[key],
                    hashes=held[key],
                    conflict=forks.get(key),
                    split=run.split,
                    credit=max(20, min(5000, CAPACITY // len(runs))),
                    seen=tuple((seq, held[key][seq]) for seq in run.lasts if held[key].get(seq))[-MAX_RANGES:],
                ),
            )
            for key, run in sorted(runs.items())
        ]

    def _held(
        self, connection: Connection, runs: Mapping[Run, _Run], marks: Mapping[Run, Mark]
    ) -> dict[Run, dict[int, str]]:
        """Give the hashes of what is held of these rows, of the rows before batches, and of those at the marks."""
        wanted = [
            (*key, seq)
            for key, run in runs.items()
            for seq in run.asked | {marks[key].contiguous}
            if 0 < seq <= marks[key].highest
        ]
        result: dict[Run, dict[int, str]] = {key: {} for key in runs}
        table = schema.journal_row
        for first in range(0, len(wanted), _KEYS):
            rows = connection.execute(
                select(table.c.kiosk, table.c.epoch, table.c.seq, table.c.hash).where(
                    tuple_(table.c.kiosk, table.c.epoch, table.c.seq).in_(wanted[first : first + _KEYS])
                )
            )
            for row in rows:
                result[row.kiosk, row.epoch][row.seq] = row.hash
        return result

    def _sort(self, run: _Run, held: Mapping[int, str]) -> tuple[dict[int, Row | UnfitRow], Row | None]:
        """Give the rows that are new, and the first that is not of the journal that is held under this name.

        Nothing behind such a row is taken: its owner sends it again under an epoch of its own, and only there.
        """
        fresh: dict[int, Row | UnfitRow] = {}
        for row in sorted(run.rows, key=lambda row: row.seq):
            before = held[row.seq] if row.seq in held else _hash_of(fresh, row.seq)
            if before is None:
                previous = (held.get(row.seq - 1) or _hash_of(fresh, row.seq - 1)) if row.seq in run.firsts else None
                if previous and not isinstance(row, UnfitRow) and not follows(row.text, row.hash, previous):
                    return fresh, row
                fresh[row.seq] = row
            elif not isinstance(row, UnfitRow) and before not in ("", row.hash):
                return fresh, row
        return fresh, None

    def _fork(self, connection: Connection, run: _Run, row: Row) -> Conflict:
        """Give the epoch under which the owner of this row goes on; asked again, the same one."""
        table = schema.fork
        use_epoch = connection.scalar(
            select(table.c.use_epoch).where(
                table.c.kiosk == run.kiosk,
                table.c.epoch == run.epoch,
                table.c.seq == row.seq,
                table.c.hash == row.hash,
            )
        )
        if use_epoch is None:
            given = connection.scalar(select(func.max(table.c.use_epoch)).where(table.c.kiosk == run.kiosk)) or 0
            use_epoch = max(given, *epochs(connection, run.kiosk), run.epoch) + 1
            connection.execute(
                insert(table).values(kiosk=run.kiosk, epoch=run.epoch, seq=row.seq, hash=row.hash, use_epoch=use_epoch)
            )
            before = Mark(contiguous=row.seq - 1, highest=row.seq - 1)
            lock_marks(connection, [(run.kiosk, use_epoch)])
            write_marks(connection, {(run.kiosk, use_epoch): before})
            raise_alarm(
                connection,
                "fork",
                run.kiosk,
                f"two journals under this name from row {row.seq} of epoch {run.epoch}: "
                f"an old card or a copy of one; the other one goes on under epoch {use_epoch}",
            )
        return Conflict(seq=row.seq, hash=row.hash, use_epoch=use_epoch)


@dataclass(slots=True)
class _Writing:
    """The new rows of one commit, with their bookings."""

    rows: list[tuple[Any, ...]] = field(default_factory=list)
    unfit: list[tuple[Any, ...]] = field(default_factory=list)
    ledger: Ledger = field(default_factory=Ledger)

    def take(self, kiosk: str, epoch: int, row: Row | UnfitRow) -> None:
        """Take a row; one that cannot be booked goes into quarantine."""
        key = (kiosk, epoch, row.seq)
        reason = ""
        if isinstance(row, UnfitRow):
            raw = row.document if isinstance(row.document, bytes) else _as_it_came(row.document)
            reason = row.reason
            self.rows.append((*key, UNREADABLE, 0, "", "", "", ""))
        else:
            raw = row.text
            self.rows.append((*key, row.type, row.tv, row.id, row.at, row.hash, raw.decode()))
            try:
                self.ledger.book(kiosk, epoch, row)
            except Malformed as error:
                reason = str(error)
        if reason:
            _log.error("%s/%d/%d is in quarantine: %s", *key, reason)
            self.unfit.append((*key, reason, raw, now()))

    def write(self, connection: Connection) -> None:
        """Write it all."""
        _ROW.insert(connection, self.rows)
        if self.unfit:
            _UNFIT.insert(connection, self.unfit)
        self.ledger.write(connection)


def _hash(row: Row | UnfitRow) -> str:
    """Give a row's hash; "" for one that has none."""
    return "" if isinstance(row, UnfitRow) else row.hash


def _hash_of(rows: Mapping[int, Row | UnfitRow], seq: int) -> str | None:
    return _hash(rows[seq]) if seq in rows else None


def _as_it_came(document: object) -> bytes:
    return repr(document).encode("utf-8", "backslashreplace")
