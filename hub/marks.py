"""What the hub holds of one run of a kiosk: up to where without a gap, the highest row, and the gaps between."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, select, text, tuple_, update

from hub.schema import kiosk_mark

Run = tuple[str, int]
"""One unbroken run of a kiosk's journal: kiosk and epoch."""

_BEGIN: Final = text(
    "INSERT INTO kiosk_mark (kiosk, epoch, contiguous, highest, gaps, proved, broken)"
    " VALUES (:kiosk, :epoch, 0, 0, '[]', 0, 0) ON CONFLICT (kiosk, epoch) DO NOTHING"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """`contiguous` rows are held; between it and `highest` all but the `gaps`."""

    contiguous: int = 0
    highest: int = 0
    gaps: tuple[tuple[int, int], ...] = ()

    def add(self, seqs: Iterable[int]) -> Mark:
        """Give the mark with these rows held too."""
        mark = self
        for first, last in _runs(sorted(set(seqs))):
            mark = mark.extended(first, last)
        return mark

    def extended(self, first: int, last: int) -> Mark:
        """Give the mark with the rows from `first` to `last` held too."""
        gaps: list[tuple[int, int]] = []
        for low, high in self.gaps:
            if high < first or low > last:
                gaps.append((low, high))
                continue
            if low < first:
                gaps.append((low, first - 1))
            if high > last:
                gaps.append((last + 1, high))
        if first > self.highest + 1:
            gaps.append((self.highest + 1, first - 1))
        highest = max(self.highest, last)
        contiguous = gaps[0][0] - 1 if gaps else highest
        return Mark(contiguous=contiguous, highest=highest, gaps=tuple(gaps))

    def settle(self, through: int) -> Mark:
        """Give the mark that waits for nothing up to `through`: those rows exist nowhere any more."""
        if through <= self.contiguous:
            return self
        return self.extended(self.contiguous + 1, through)


def _runs(seqs: list[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for seq in seqs:
        if runs and seq == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], seq)
        else:
            runs.append((seq, seq))
    return runs


def lock_marks(connection: Connection, runs: Collection[Run]) -> dict[Run, Mark]:
    """Give the marks of these runs, new ones too, and keep other writers from them until the transaction ends.

    All writers lock in the order of kiosk and epoch, so that no two wait for each other.
    """
    table = kiosk_mark
    wanted = sorted(runs)
    query = (
        select(table.c.kiosk, table.c.epoch, table.c.contiguous, table.c.highest, table.c.gaps)
        .where(tuple_(table.c.kiosk, table.c.epoch).in_(wanted))
        .order_by(table.c.kiosk, table.c.epoch)
        .with_for_update()
    )
    found = connection.execute(query).all()
    if len(found) < len(wanted):
        known = {(row.kiosk, row.epoch) for row in found}
        connection.execute(
            _BEGIN, [{"kiosk": kiosk, "epoch": epoch} for kiosk, epoch in wanted if (kiosk, epoch) not in known]
        )
        found = connection.execute(query).all()
    return {
        (row.kiosk, row.epoch): Mark(
            contiguous=row.contiguous,
            highest=row.highest,
            gaps=tuple((low, high) for low, high in json.loads(row.gaps)),
        )
        for row in found
    }


def write_marks(connection: Connection, marks: Mapping[Run, Mark]) -> None:
    """Keep marks that are locked."""
    table = kiosk_mark
    connection.execute(
        update(table)
        .where(table.c.kiosk == bindparam("of_kiosk"), table.c.epoch == bindparam("of_epoch"))
        .values(contiguous=bindparam("to_contiguous"), highest=bindparam("to_highest"), gaps=bindparam("to_gaps")),
        [
            {
                "of_kiosk": kiosk,
                "of_epoch": epoch,
                "to_contiguous": mark.contiguous,
                "to_highest": mark.highest,
                "to_gaps": json.dumps(mark.gaps),
            }
            for (kiosk, epoch), mark in marks.items()
        ],
    )


def epochs(connection: Connection, kiosk: str) -> list[int]:
    """Give the runs of a kiosk, oldest first."""
    table = kiosk_mark
    return list(connection.scalars(select(table.c.epoch).where(table.c.kiosk == kiosk).order_by(table.c.epoch)))
