"""What the hub holds of one run of a kiosk: up to where without a gap, the highest row, and the gaps between."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from hub.schema import kiosk_mark


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


def read_mark(connection: Connection, kiosk: str, epoch: int) -> Mark | None:
    """Give a mark; None for a run that the hub has never heard of."""
    table = kiosk_mark
    row = connection.execute(
        select(table.c.contiguous, table.c.highest, table.c.gaps).where(table.c.kiosk == kiosk, table.c.epoch == epoch)
    ).one_or_none()
    if row is None:
        return None
    gaps = tuple((low, high) for low, high in json.loads(row.gaps))
    return Mark(contiguous=row.contiguous, highest=row.highest, gaps=gaps)


def write_mark(connection: Connection, kiosk: str, epoch: int, mark: Mark) -> None:
    """Keep a mark."""
    table = kiosk_mark
    values = {"contiguous": mark.contiguous, "highest": mark.highest, "gaps": json.dumps(mark.gaps)}
    changed = connection.execute(update(table).where(table.c.kiosk == kiosk, table.c.epoch == epoch).values(**values))
    if not changed.rowcount:
        connection.execute(insert(table).values(kiosk=kiosk, epoch=epoch, proved=0, broken=0, **values))


def epochs(connection: Connection, kiosk: str) -> list[int]:
    """Give the runs of a kiosk, oldest first."""
    table = kiosk_mark
    return list(connection.scalars(select(table.c.epoch).where(table.c.kiosk == kiosk).order_by(table.c.epoch)))
