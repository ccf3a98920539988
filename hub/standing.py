"""What kiosks are told of where their uploads stand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from appliance.mqtt.messages.journal import MAX_RANGES, Ack, Conflict
from hub import schema
from hub.database import generation
from hub.marks import Mark, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What acknowledgements of one transaction have in common."""

    generation: int
    quarantined: Mapping[Run, tuple[int, ...]]
    """The newest rows in quarantine, of runs that have any."""

    @classmethod
    def of(cls, connection: Connection, runs: Collection[Run]) -> Standing:
        """Read it for these runs."""
        table = schema.quarantine
        touched = connection.execute(
            select(table.c.kiosk, table.c.epoch).where(table.c.kiosk.in_({kiosk for kiosk, _ in runs})).distinct()
        )
        return cls(
            generation=generation(connection),
            quarantined={(row.kiosk, row.epoch): _newest(connection, row.kiosk, row.epoch) for row in touched.all()},
        )

    def acknowledge(
        self,
        connection: Connection,
        run: Run,
        mark: Mark,
        *,
        hashes: Mapping[int, str] | None = None,
        conflict: Conflict | None = None,
        split: tuple[int, int] | None = None,
        credit: int = 200,
        seen: Iterable[tuple[int, str]] = (),
    ) -> Ack:
        """Give what a kiosk is told of one of its runs. `hashes` of rows that are at hand save a look for one."""
        known = (hashes or {}).get(mark.contiguous)
        digest = _hash_at(connection, run, mark.contiguous) if known is None else known
        return Ack(
            generation=self.generation,
            epoch=run[1],
            contiguous=mark.contiguous,
            highest=mark.highest,
            gaps=mark.gaps[:MAX_RANGES],
            quarantined=self.quarantined.get(run, ()),
            conflict=conflict,
            split=split,
            credit=credit,
            hash=digest or None,
            seen=tuple(seen),
        )


def _hash_at(connection: Connection, run: Run, seq: int) -> str | None:
    table = schema.journal_row
    return connection.scalar(
        select(table.c.hash).where(table.c.kiosk == run[0], table.c.epoch == run[1], table.c.seq == seq)
    )


def _newest(connection: Connection, kiosk: str, epoch: int) -> tuple[int, ...]:
    table = schema.quarantine
    found = connection.scalars(
        select(table.c.seq)
        .where(table.c.kiosk == kiosk, table.c.epoch == epoch)
        .order_by(table.c.seq.desc())
        .limit(MAX_RANGES)
    )
    return tuple(sorted(found))
