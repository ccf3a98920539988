"""One kiosk of a fleet: the product's uplink and connection without their threads, turned by whoever drives it."""

from __future__ import annotations

import queue
import random
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from appliance.clock import SystemClock
from appliance.core.identifiers import uuid7
from appliance.mqtt.announcement import Station
from appliance.mqtt.client import Connection, Endpoint, Subscribed
from appliance.mqtt.identity import identity, kiosk_id
from appliance.mqtt.memory import LinkMemory
from appliance.mqtt.messages.wire import Packet, decode
from appliance.mqtt.outbox import Send
from appliance.mqtt.refusals import Refusals
from appliance.mqtt.topics import Address, Kind
from appliance.mqtt.uplink import Uplink
from appliance.ports import Journal
from appliance.store.journal import SqliteJournal
from simulators.fleet.figures import Figures
from simulators.fleet.ledger import ROWS_OF_A_SALE, MemoryJournal, ShortMemory, sale

MISC_S: Final = 5.0
"""Seconds between two looks whether a ping is due."""


class DrivenConnection(Connection):
    """A connection whose socket is read and written when its driver says so."""

    def start(self) -> None:
        """Connect; what goes wrong is reported as it always is."""
        self._misc_at = time.monotonic() + MISC_S
        try:
            self._connect()
        except (OSError, ValueError) as error:
            self._finish(str(error))

    def fileno(self) -> int:
        """Give the socket's descriptor; -1 if there is none."""
        socket = self._client.socket()
        return -1 if socket is None else int(socket.fileno())

    def read(self) -> None:
        """Take in what has arrived."""
        self._check(self._client.loop_read())

    def write(self) -> bool:
        """Send what waits; False if the socket takes no more now."""
        if self._client.want_write():
            self._check(self._client.loop_write())
        return not self._client.want_write()

    def tend(self, now: float) -> None:
        """Send a ping when it is due."""
        if now >= self._misc_at:
            self._misc_at = now + MISC_S
            self._check(self._client.loop_misc())

    def stop(self, timeout: float = 0.0) -> bool:
        """Say goodbye and close."""
        del timeout
        self._good.clear()
        self._stopping.set()
        if self.fileno() >= 0:
            self._client.disconnect()
            self._client.loop_write()
        self._finish("stopped")
        return True

    def _check(self, code: int) -> None:
        if code:
            self._finish(self._why or f"lost: {code}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a kiosk sells: `per_minute` sales, none above `sales` in all (None: without end)."""

    per_minute: float
    sales: int | None = None


class FleetKiosk(Uplink):
    """A kiosk that sells at its pace and sends what it sold. `begin`: when it connects first."""

    _connector = DrivenConnection

    def __init__(
        self, *, number: int, endpoint: Endpoint, pace: Pace, figures: Figures, begin: float, state: Path | None = None
    ) -> None:
        self.journal: Journal = MemoryJournal()
        memory: Any = ShortMemory()
        if state is not None:
            state.mkdir(parents=True, exist_ok=True)
            self.journal, memory = SqliteJournal.open(state), LinkMemory(state)
        self.kiosk = identity(state).kiosk if state is not None else kiosk_id(f"{uuid4()}".encode())
        self.figures = figures
        self.selling = True
        self.pace = pace
        self.due = begin
        self._workstation = str(number)
        self._unheard: deque[tuple[int, float]] = deque()
        self._most_sent = 0
        self._connect_at = begin
        gap = 60.0 / pace.per_minute if pace.per_minute else 0.0
        self._gap = gap
        self._sell_at = begin + random.uniform(0, gap)  # noqa: S311 - no secret
        clock = SystemClock("UTC", 0)
        super().__init__(
            endpoint=endpoint,
            station=Station(
                kiosk=self.kiosk,
                store="fleet",
                workstation=self._workstation,
                zone="main",
                version="2026.11.0",
                boot=uuid7(time.time_ns() // 1_000_000, uuid4().int >> 54),
                catalogue=lambda: "main/0",
            ),
            journal=self.journal,
            memory=memory,
            clock=clock,
            post=lambda _: None,
            busy=lambda: False,
            health=lambda: {"uptime_s": 1, "lane": "OPEN", "clock": {"synced": True}},
            deliver=self._hear,
            hub_state=lambda *_: None,
            refusals=Refusals(),
        )

    @property
    def sold(self) -> int:
        """Sales in the journal."""
        return self.journal.last() // ROWS_OF_A_SALE

    @property
    def spread_s(self) -> int:
        """Seconds over which the hub wants its kiosks to come back."""
        return self._memory.value.spread_s

    @property
    def done(self) -> bool:
        """Whether everything is sold, and acknowledged."""
        return not (self.selling and self._may_sell()) and self.journal.acked() == self.journal.last()

    @property
    def connection(self) -> DrivenConnection | None:
        """The connection, while there is one."""
        return self._connection if isinstance(self._connection, DrivenConnection) else None

    def turn(self, now: float) -> None:
        """Do what is due, and say in `due` when to come again."""
        if self._connection is None and now >= self._connect_at:
            self.figures.attempts.append(now)
            self._connect()
        if self.selling and now >= self._sell_at and self._may_sell():
            self._sell(now)
        self._work(now)
        self.due = self._connect_at if self._connection is None else now + self._timeout()
        if self.selling and self._may_sell():
            self.due = min(self.due, self._sell_at)

    def end(self) -> None:
        """Stop in good order."""
        self._stopping = True
        self._end_session()
        self.journal.close()

    def _work(self, now: float) -> None:
        connection = self.connection
        if connection is not None:
            connection.tend(now)
        while True:
            try:
                news = self._inbox.get_nowait()
            except queue.Empty:
                break
            if isinstance(news, tuple) and news[0] == self._connections and isinstance(news[1], Subscribed):
                self.figures.connects.append(now)
            if self._connection is not None and not self._take(news):
                delay = self._patience.delay(self._memory.value.spread_s, random.random())  # noqa: S311
                self._connect_at = time.monotonic() + delay
        if self._connection is not None:
            self._turn()
            self._count(now)

    def _may_sell(self) -> bool:
        return self._gap > 0 and (self.pace.sales is None or self.sold < self.pace.sales)

    def _sell(self, now: float) -> None:
        at = datetime.now(UTC)
        events = sale(self.sold + 1, at, store="fleet", workstation=self._workstation)
        last = self.journal.append(events, at=at, clock_synced=True, catalogue=None)
        self._unheard.append((last, now))
        self.figures.sales += 1
        self._sell_at = max(self._sell_at + self._gap, now)

    def _count(self, now: float) -> None:
        while self._unheard and self._unheard[0][0] <= self._outbox.position:
            self.figures.latencies.append(now - self._unheard.popleft()[1])

    def _send(self, send: Send, now: float) -> bool:
        sent = super()._send(send, now)
        if sent:
            through = min(send.last, send.first + send.limit - 1)
            self.figures.resent += max(0, min(through, self._most_sent) - send.first + 1)
            self._most_sent = max(self._most_sent, through)
        return sent

    def _hear(self, address: Address, arrived: Packet) -> None:
        if address.kind is Kind.HEAD:
            version = decode(arrived.payload, arrived.properties).fields("signed").integer("version")
            self.figures.pointers.setdefault(version, []).append(time.monotonic())
        elif address.kind is Kind.DELTA:
            version = decode(arrived.payload, arrived.properties).integer("to")
            self.figures.deltas.setdefault(version, []).append((time.monotonic(), len(arrived.payload)))
