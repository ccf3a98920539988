"""The upload as a state machine without I/O: what may be sent when, and what an acknowledgement means.

The journal is the outbox; here is only the position up to which the hub has acknowledged, and what is under way.
A row is DURABLE in the journal, SENT while a flight holds it, ACKED at or below `position`. Times are monotonic
seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from appliance.mqtt.messages.journal import MAX_ROWS, Ack, Conflict

FIRST_ANSWER_S: Final = 5.0
"""Wait this long for the answer to a birth; then the kiosk's own mark is the beginning."""
WINDOW: Final = 4
RESEND_S: Final = 5.0
RESEND_GROWTH: Final = 1.5
RESEND_CAP_S: Final = 60.0
PAUSE_S: Final = 5.0
BUSY_GAP_S: Final = 0.25
"""While a basket is open: four batches a second."""


class Lineage:
    """Under which epoch each row travels. A fork gives the rows from a sequence on a number of their own."""

    def __init__(self, epoch: int, forks: Iterable[tuple[int, int]] = ()) -> None:
        self._base = epoch
        self.forks: tuple[tuple[int, int], ...] = tuple(sorted(forks))

    def epoch(self, seq: int) -> int:
        """Give the epoch of a row."""
        return next((epoch for first, epoch in reversed(self.forks) if first <= seq), self._base)

    def segments(self, last: int) -> list[tuple[int, int, int]]:
        """Give (first, last, epoch) of each run, the newest one up to `last` or empty."""
        starts = [(1, self._base), *self.forks]
        ends = [first - 1 for first, _ in self.forks] + [last]
        return [(first, end, epoch) for (first, epoch), end in zip(starts, ends, strict=True)]

    def fork(self, seq: int, epoch: int) -> None:
        """From `seq` on rows travel under `epoch`; later forks are void."""
        kept = [(first, number) for first, number in self.forks if first < seq]
        self.forks = (*kept, (seq, epoch))


@dataclass(frozen=True, slots=True)
class Send:
    """Rows that may go now: from `first`, at most up to `last`, at most `limit` of them, all of one epoch."""

    first: int
    last: int
    limit: int
    epoch: int


class Outbox:
    """See the module. `hash_at` gives the hash of a row that the journal holds."""

    def __init__(self, *, acked: int, generation: int, lineage: Lineage, hash_at: Callable[[int], str | None]) -> None:
        self.position = acked
        self.generation = generation
        self.lineage = lineage
        self.foreign = False
        """The hub's rows under our epoch are not ours: a lost tail, an old image, or a cloned card."""
        self._hash_at = hash_at
        self._marks: dict[int, int] = {}
        """Epoch -> row up to which the hub holds ours, in this generation."""
        self._risen = False
        """The hub's generation has grown since the start: its word may take the position back."""
        self._flights: list[tuple[int, int]] = []
        self._missing: list[tuple[int, int]] = []
        self._single: tuple[int, int] = (0, 0)
        self._sent = acked
        self._highest = acked
        self._gaps: tuple[tuple[int, int], ...] = ()
        self._window = 1
        self._attempts = 0
        self._open = False
        self._not_before = 0.0
        self._resend_at = 0.0
        self._last_batch = 0.0
        self._credit = 200.0
        self._allowance = 200.0
        self._counted_at = 0.0

    # The link ---------------------------------------------------------------------------------------------------

    def open(self, now: float) -> None:
        """The link is good and the birth is out: rows may go once the hub has answered, or after a while."""
        self._open = True
        self._not_before = now + FIRST_ANSWER_S
        self._counted_at = now
        self._allowance = self._credit
        self._window = 1
        self._attempts = 0
        self._begin_again()

    def close(self) -> None:
        """The link or the hub is gone: everything under way counts as not sent."""
        self._open = False
        self._flights.clear()

    def _begin_again(self) -> None:
        self._flights.clear()
        self._missing.clear()
        self._gaps = ()
        self._highest = self.position
        self._sent = self.position

    # Acknowledgements -------------------------------------------------------------------------------------------

    def acknowledge(self, ack: Ack, *, now: float, last: int) -> bool:
        """Take an acknowledgement; `last` is the journal's last sequence. True if rows travel under a new epoch now.

        `position` may go back afterwards: the hub was restored from a backup and asks again.
        """
        if ack.generation < self.generation:
            return False
        if ack.generation > self.generation:
            self.generation = ack.generation
            self._marks.clear()
            self._risen = True
        self._not_before = min(self._not_before, now)
        self._credit = float(ack.credit)
        if ack.credit == 0:
            self._not_before = now + PAUSE_S
        if ack.conflict is not None and self._ours(ack.conflict):
            self._take_fork(ack.conflict)
            return True
        segments = self.lineage.segments(last)
        segment = next((entry for entry in segments if entry[2] == ack.epoch), None)
        if segment is None:
            return False
        newest = segment is segments[-1]
        held = self._proved(ack, segment[1])
        foreign = held < min(ack.contiguous, segment[1] + newest)
        known = self._marks.get(ack.epoch, 0 if self._risen else min(self.position, segment[1]))
        self._marks[ack.epoch] = max(known, held)
        before = self.position
        self.position = self._place(last)
        if self.position < before:
            self._begin_again()
        if newest:
            self._stand(ack, foreign=foreign)
        self._land(moved=self.position > before, now=now)
        return False

    def _ours(self, conflict: Conflict) -> bool:
        return self.lineage.epoch(conflict.seq) != conflict.use_epoch and self._hash_at(conflict.seq) == conflict.hash

    def _take_fork(self, conflict: Conflict) -> None:
        self.lineage.fork(conflict.seq, conflict.use_epoch)
        self.foreign = False
        self.position = min(self.position, conflict.seq - 1)
        self._attempts = 0
        self._begin_again()

    def _proved(self, ack: Ack, end: int) -> int:
        """Give the highest row that the hub holds and that is ours: a row's hash covers every row before it."""
        if ack.contiguous <= min(self.position, end) and not self.foreign:
            return ack.contiguous
        if ack.contiguous <= end and (ack.hash is None or self._hash_at(ack.contiguous) == ack.hash):
            return ack.contiguous
        limit = min(ack.contiguous, end)
        return max((seq for seq, digest in ack.seen if seq <= limit and self._hash_at(seq) == digest), default=0)

    def _stand(self, ack: Ack, *, foreign: bool) -> None:
        if foreign:
            if not self.foreign:
                self._begin_again()
            self.foreign = True
            return
        self.foreign = False
        self._highest = max(ack.highest, self.position)
        self._gaps = ack.gaps
        self._sent = max(self._sent, self.position)
        if ack.split is not None:
            self._take_apart(ack.split)

    def _land(self, *, moved: bool, now: float) -> None:
        under_way = len(self._flights)
        self._flights = [flight for flight in self._flights if not self._held(flight)]
        self._missing = [entry for entry in self._missing if entry[1] > self.position]
        self._sent = max(self._sent, self.position)
        if len(self._flights) < under_way:
            self._window = WINDOW
        if self.foreign:
            self._window = 1
        if moved or len(self._flights) < under_way:
            self._attempts = 0
            self._resend_at = now + RESEND_S

    def _place(self, last: int) -> int:
        place = 0
        for first, end, epoch in self.lineage.segments(last):
            known = self._marks.get(epoch, self.position)
            if known < end:
                return max(place, known, first - 1)
            place = end
        return place

    def _held(self, flight: tuple[int, int]) -> bool:
        first, last = flight
        if last <= self.position:
            return True
        return last <= self._highest and not any(low <= last and first <= high for low, high in self._gaps)

    def _take_apart(self, split: tuple[int, int]) -> None:
        first, last = max(split[0], self.position + 1), min(split[1], self._sent)
        if first > last:
            return
        self._single = (first, last)
        self._missing.insert(0, (first, last))
        self._flights = [flight for flight in self._flights if flight[1] < first or flight[0] > last]

    # Sending ----------------------------------------------------------------------------------------------------

    def next(self, *, now: float, last: int, busy: bool) -> Send | None:
        """Say what may be sent now; None if nothing. Call `sent` with what was."""
        self._tick(now)
        if not self._open or now < self._not_before or len(self._flights) >= self._window:
            return None
        if self._allowance <= 0 or (busy and now < self._last_batch + BUSY_GAP_S):
            return None
        first, through = self._missing[0] if self._missing else (self._sent + 1, last)
        first, through = max(first, self.position + 1), min(through, last)
        if first > through:
            return None
        end = next(end for start, end, _ in self.lineage.segments(last) if start <= first <= end)
        limit = 1 if self._single[0] <= first <= self._single[1] else MAX_ROWS
        return Send(first=first, last=min(through, end), limit=limit, epoch=self.lineage.epoch(first))

    def sent(self, first: int, last: int, *, now: float) -> None:
        """Rows `first` to `last` are on their way."""
        if not self._flights:
            self._resend_at = now + self._patience()
        self._flights.append((first, last))
        self._last_batch = now
        self._allowance -= last - first + 1
        if self._missing:
            low, high = self._missing.pop(0)
            if last < high:
                self._missing.insert(0, (max(low, last + 1), high))
        self._sent = max(self._sent, last)

    def _patience(self) -> float:
        return min(RESEND_CAP_S, RESEND_S * RESEND_GROWTH**self._attempts)

    def _tick(self, now: float) -> None:
        self._allowance = min(max(self._credit, 1.0), self._allowance + (now - self._counted_at) * self._credit)
        self._counted_at = now
        if self._flights and now >= self._resend_at:
            self._attempts += 1
            self._flights.clear()
            self._window = 1
            self._missing = [(low, high) for low, high in self._gaps if high > self.position]
            self._sent = self.position if self.foreign else max(self._highest, self.position)

    def due(self, *, now: float, last: int, busy: bool) -> float | None:
        """Say when to look again though nothing has happened; None if only news can change anything."""
        if not self._open:
            return None
        times = [self._resend_at] if self._flights else []
        if self._sent < last or self._missing:
            if now < self._not_before:
                times.append(self._not_before)
            elif len(self._flights) < self._window:
                if self._allowance <= 0:
                    times.append(now + (1 - self._allowance) / max(self._credit, 1.0))
                if busy:
                    times.append(self._last_batch + BUSY_GAP_S)
        return min(times, default=None)
