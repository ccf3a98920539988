"""From batches to books: decode, insert once, book what is new, acknowledge after the commit."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, overload

from sqlalchemy import Connection, func, insert, select

from appliance.mqtt.messages.journal import MAX_RANGES, Ack, Conflict, JournalBatch, Range, UnfitRow, WireRow
from appliance.mqtt.messages.wire import Malformed, decode
from hub import schema
from hub.alarms import now, raise_alarm
from hub.chain import row_hash
from hub.database import Database, generation
from hub.ledger import Ledger
from hub.marks import Mark, epochs, read_mark, write_mark

CAPACITY: Final = 10_000
"""Rows a second that this hub takes in, shared among the kiosks that are behind."""
UNREADABLE: Final = "unreadable"
"""Type of a row that is kept as bytes."""

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
    rows: list[WireRow | UnfitRow] = field(default_factory=list)
    firsts: set[int] = field(default_factory=set)
    lasts: list[int] = field(default_factory=list)
    split: tuple[int, int] | None = None


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
        runs: dict[tuple[str, int], _Run] = {}
        for packet in incoming:
            self._decode(packet, runs)
        if not runs:
            return []
        with self._database.write() as connection:
            known = set(
                connection.scalars(
                    select(schema.kiosk.c.kiosk).where(
                        schema.kiosk.c.kiosk.in_({kiosk for kiosk, _ in runs}), schema.kiosk.c.active.is_(False)
                    )
                )
            )
            acks = []
            ledger = Ledger()
            for (kiosk, _), run in sorted(runs.items()):
                if kiosk in known:
                    self.counters.dropped += 1
                    continue
                acks.append((kiosk, self._take(connection, run, ledger, len(runs))))
            ledger.write(connection)
        return acks

    def _decode(self, packet: Incoming, runs: dict[tuple[str, int], _Run]) -> None:
        told = Range.of(packet.properties)
        if packet.fault:
            self._unreadable(packet, told, packet.fault, runs)
            return
        try:
            batch = JournalBatch.parse(decode(packet.payload, packet.properties))
        except Malformed as error:
            self._unreadable(packet, told, str(error), runs)
            return
        if batch.kiosk != packet.kiosk or not batch.rows:
            self.counters.dropped += 1
            _log.warning("%s: a batch of %s with %d rows was dropped", packet.kiosk, batch.kiosk, len(batch.rows))
            return
        run = runs.setdefault((batch.kiosk, batch.epoch), _Run(batch.kiosk, batch.epoch))
        run.rows.extend(batch.rows)
        run.firsts.add(min(row.seq for row in batch.rows))
        run.lasts.append(max(row.seq for row in batch.rows))

    def _unreadable(self, packet: Incoming, told: Range | None, reason: str, runs: dict[tuple[str, int], _Run]) -> None:
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

    def _take(self, connection: Connection, run: _Run, ledger: Ledger, behind: int) -> Ack:
        mark = read_mark(connection, run.kiosk, run.epoch) or Mark()
        held = self._held(connection, run, mark)
        fresh, conflict = self._sort(run, held)
        mark = mark.add(fresh)
        self._insert(connection, run, fresh, ledger)
        write_mark(connection, run.kiosk, run.epoch, mark)
        hashes = {**held, **{seq: _hash(row) for seq, row in fresh.items()}}
        return acknowledgement(
            connection,
            run.kiosk,
            run.epoch,
            mark,
            conflict=self._fork(connection, run, conflict) if conflict else None,
            split=run.split,
            credit=max(20, min(5000, CAPACITY // behind)),
            seen=tuple((seq, hashes[seq]) for seq in run.lasts if hashes.get(seq))[-MAX_RANGES:],
        )

    def _held(self, connection: Connection, run: _Run, mark: Mark) -> dict[int, str]:
        """Give the hashes of what is held of these rows, and of the rows before each batch."""
        wanted = {row.seq for row in run.rows} | {seq - 1 for seq in run.firsts}
        known = [seq for seq in wanted if seq <= mark.highest]
        if not known:
            return {}
        table = schema.journal_row
        rows = connection.execute(
            select(table.c.seq, table.c.hash).where(
                table.c.kiosk == run.kiosk, table.c.epoch == run.epoch, table.c.seq.in_(known)
            )
        )
        return {row.seq: row.hash for row in rows}

    def _sort(self, run: _Run, held: Mapping[int, str]) -> tuple[dict[int, WireRow | UnfitRow], WireRow | None]:
        """Give the rows that are new, and the first that is not of the journal that is held under this name.

        Nothing behind such a row is taken: its owner sends it again under an epoch of its own, and only there.
        """
        fresh: dict[int, WireRow | UnfitRow] = {}
        for row in sorted(run.rows, key=lambda row: row.seq):
            before = held.get(row.seq) if row.seq in held else _hash(fresh.get(row.seq))
            if before is None:
                previous = (held.get(row.seq - 1) or _hash(fresh.get(row.seq - 1))) if row.seq in run.firsts else None
                if previous and isinstance(row, WireRow) and row_hash(row.document, previous) != row.hash:
                    return fresh, row
                fresh[row.seq] = row
            elif isinstance(row, WireRow) and before not in ("", row.hash):
                return fresh, row
        return fresh, None

    def _insert(
        self, connection: Connection, run: _Run, fresh: Mapping[int, WireRow | UnfitRow], ledger: Ledger
    ) -> None:
        rows: list[dict[str, Any]] = []
        unfit: list[dict[str, Any]] = []
        for seq, row in fresh.items():
            if isinstance(row, WireRow):
                raw = row.text
                reason = self._book(ledger, run, row)
                values = {"type": row.type, "tv": row.tv, "id": row.id, "at": row.at, "document": raw.decode()}
            else:
                raw = row.document if isinstance(row.document, bytes) else _as_it_came(row.document)
                reason = row.reason
                values = {"type": UNREADABLE, "tv": 0, "id": "", "at": "", "document": ""}
            key = {"kiosk": run.kiosk, "epoch": run.epoch, "seq": seq}
            rows.append({**key, **values, "hash": _hash(row)})
            if reason:
                _log.error("%s/%d/%d is in quarantine: %s", run.kiosk, run.epoch, seq, reason)
                unfit.append({**key, "reason": reason, "raw": raw, "at": now()})
        if rows:
            connection.execute(insert(schema.journal_row), rows)
        if unfit:
            connection.execute(insert(schema.quarantine), unfit)

    def _book(self, ledger: Ledger, run: _Run, row: WireRow) -> str:
        try:
            ledger.book(run.kiosk, run.epoch, row)
        except Malformed as error:
            return str(error)
        return ""

    def _fork(self, connection: Connection, run: _Run, row: WireRow) -> Conflict:
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
            write_mark(connection, run.kiosk, use_epoch, Mark(contiguous=row.seq - 1, highest=row.seq - 1))
            raise_alarm(
                connection,
                "fork",
                run.kiosk,
                f"two journals under this name from row {row.seq} of epoch {run.epoch}: "
                f"an old card or a copy of one; the other one goes on under epoch {use_epoch}",
            )
        return Conflict(seq=row.seq, hash=row.hash, use_epoch=use_epoch)


@overload
def _hash(row: WireRow | UnfitRow) -> str: ...
@overload
def _hash(row: WireRow | UnfitRow | None) -> str | None: ...
def _hash(row: WireRow | UnfitRow | None) -> str | None:
    """Give a row's hash; "" for one that has none, None for no row."""
    if row is None:
        return None
    return row.hash if isinstance(row, WireRow) else ""


def _as_it_came(document: object) -> bytes:
    return repr(document).encode("utf-8", "backslashreplace")


def acknowledgement(
    connection: Connection,
    kiosk: str,
    epoch: int,
    mark: Mark,
    *,
    conflict: Conflict | None = None,
    split: tuple[int, int] | None = None,
    credit: int = 200,
    seen: Iterable[tuple[int, str]] = (),
) -> Ack:
    """Give what a kiosk is told of one of its runs."""
    rows, unfit = schema.journal_row, schema.quarantine
    digest = connection.scalar(
        select(rows.c.hash).where(rows.c.kiosk == kiosk, rows.c.epoch == epoch, rows.c.seq == mark.contiguous)
    )
    quarantined = connection.scalars(
        select(unfit.c.seq)
        .where(unfit.c.kiosk == kiosk, unfit.c.epoch == epoch)
        .order_by(unfit.c.seq.desc())
        .limit(MAX_RANGES)
    )
    return Ack(
        generation=generation(connection),
        epoch=epoch,
        contiguous=mark.contiguous,
        highest=mark.highest,
        gaps=mark.gaps[:MAX_RANGES],
        quarantined=tuple(sorted(quarantined)),
        conflict=conflict,
        split=split,
        credit=credit,
        hash=digest or None,
        seen=tuple(seen),
    )
