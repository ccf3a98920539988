"""Ports in memory around a real register: enough to see the order of things, and to make the journal fail."""

from __future__ import annotations

import itertools
import queue
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from appliance.core import events as e
from appliance.core.catalogue import PriceBook
from appliance.core.checkout import Checkout, Rejection
from appliance.core.effects import Sound
from appliance.core.identifiers import CatalogueVersion, Operator
from appliance.core.payment import Evidence, Intent
from appliance.core.receipt import ReceiptDocument
from appliance.errors import StoreError
from appliance.ports import JournalRow
from appliance.register import Register
from appliance.surroundings import Inbox, Surroundings
from tests.core.till import START, Book, policy


class MemoryJournal:
    """Rows in a list; `fail` is raised by the next append."""

    def __init__(self, trace: list[str]) -> None:
        self.rows: list[JournalRow] = []
        self.commits = 0
        self.fail: StoreError | None = None
        self._trace = trace

    def append(self, events: Sequence[e.Event], *, at: datetime, clock_synced: bool, catalogue: str | None) -> int:
        if self.fail is not None:
            raise self.fail
        for event in events:
            sequence = len(self.rows) + 1
            self.rows.append(
                JournalRow(
                    sequence=sequence,
                    id=UUID(int=sequence),
                    at=at,
                    clock_synced=clock_synced,
                    catalogue=catalogue,
                    event=event,
                    hash="",
                    previous="",
                    document={},
                )
            )
            self._trace.append(event.TYPE)
        self.commits += 1
        return len(self.rows)

    def open_day(self) -> Iterator[JournalRow]:
        start = max(
            (i for i, row in enumerate(self.rows) if isinstance(row.event, e.DayOpened)), default=len(self.rows)
        )
        yield from self.rows[start:]

    def of(self, kind: type[e.Event]) -> list:
        return [row.event for row in self.rows if isinstance(row.event, kind)]

    def since(self, sequence: int, limit: int) -> Sequence[JournalRow]:
        return self.rows[sequence : sequence + limit]

    def last(self) -> int:
        return len(self.rows)

    def first(self) -> int:
        return min(1, len(self.rows))

    def acked(self) -> int:
        return 0

    def acknowledge(self, through: int) -> None:
        raise AssertionError("the register does not upload")

    def restart_upload(self, after: int) -> None:
        raise AssertionError("the register does not upload")

    def epoch(self) -> int:
        return 1

    def idle(self) -> None:
        self._trace.append("idle")

    def verify(self) -> int:
        return len(self.rows)

    def close(self) -> None:
        pass


@dataclass
class MemoryCatalogue:
    """Two versions of one book."""

    active: Book = field(default_factory=Book)
    waiting: Book | None = None

    def book(self) -> PriceBook:
        return self.active

    def pending(self) -> CatalogueVersion | None:
        return self.waiting.version if self.waiting else None

    def activate(self, version: CatalogueVersion) -> PriceBook:
        assert self.waiting is not None
        assert self.waiting.version == version
        self.active, self.waiting = self.waiting, None
        return self.active


class TracedPeripherals:
    """Writes down what it is asked."""

    def __init__(self, trace: list[str]) -> None:
        self._trace = trace
        self.intents: list[Intent] = []
        self.lookups: list[Intent] = []
        self.jobs: list[str] = []
        self.lamp = ""

    def print_receipt(self, job: str, document: ReceiptDocument) -> None:
        self._trace.append("print")
        self.jobs.append(job)

    def open_drawer(self) -> None:
        self._trace.append("kick drawer")

    def show_lamp(self, lamp: str) -> None:
        self.lamp = lamp

    def authorise(self, intent: Intent) -> None:
        self._trace.append("authorise")
        self.intents.append(intent)

    def look_up(self, intent: Intent, evidence: Evidence) -> None:
        self._trace.append("look up")
        self.lookups.append(intent)

    def present(self, attempt: UUID, code: str) -> None:
        self._trace.append("present")

    def close_day(self, device: str) -> None:
        self._trace.append("close day")

    def cancel(self, attempt: UUID) -> None:
        self._trace.append("cancel")

    def baseline(self, device: str) -> Mapping[str, str] | None:
        return {"receipt": "0152"}


class TracedPresenter:
    """Keeps what was shown."""

    def __init__(self, trace: list[str]) -> None:
        self._trace = trace
        self.shown: list[Checkout] = []
        self.refused: list[Rejection] = []
        self.sounds: list[Sound] = []

    def show(self, checkout: Checkout) -> None:
        self._trace.append("show")
        self.shown.append(checkout)

    def refuse(self, rejection: Rejection) -> None:
        self.refused.append(rejection)

    def play(self, sound: Sound) -> None:
        self.sounds.append(sound)


@dataclass
class TickingClock:
    """A second passes with every look."""

    at: datetime = START

    def now(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at

    def synchronised(self) -> bool:
        return True

    def business_date(self) -> date:
        return self.at.astimezone(UTC).date()


class World:
    """A register with everything around it; `restart` keeps only the journal and the catalogue."""

    def __init__(self, **rules: object) -> None:
        self.rules = rules
        self.trace: list[str] = []
        self.journal = MemoryJournal(self.trace)
        self.catalogue = MemoryCatalogue()
        self.clock = TickingClock()
        self.fed = 0
        self.woken = 0
        self.restart()

    def restart(self) -> None:
        self.peripherals = TracedPeripherals(self.trace)
        self.presenter = TracedPresenter(self.trace)
        numbers = itertools.count(self.journal.last() * 1000)
        around = Surroundings(
            journal=self.journal,
            catalogue=self.catalogue,
            staff=self,
            peripherals=self.peripherals,
            presenter=self.presenter,
            uplink=self,
            clock=self.clock,
            watchdog=self,
            compose=lambda sale, at, copy: ReceiptDocument(title=str(sale.transaction), lines=()),
            entropy=lambda: next(numbers),
        )
        self.inbox: Inbox = queue.SimpleQueue()
        self.register = Register(policy(**self.rules), around, self.inbox, version="test")
        self.register.start()

    def sign_on(self, pin: str) -> Operator | None:
        return Operator("kari") if pin == "4711" else None

    def wake(self) -> None:
        self.woken += 1

    def feed(self) -> None:
        self.fed += 1
