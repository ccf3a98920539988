"""The way up: keeps the connection, tells the hub who is here, and sends the journal. One thread owns all of it."""

from __future__ import annotations

import logging
import queue
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from appliance.core.commands import ReportHub
from appliance.errors import ConfigError, StoreError
from appliance.mqtt.announcement import Announcer, Station
from appliance.mqtt.client import Arrived, Connection, Endpoint, Lost, Report, Subscribed
from appliance.mqtt.memory import LinkMemory
from appliance.mqtt.messages.journal import MAX_ROWS, Ack, batch_packet, wire_row
from appliance.mqtt.messages.presence import HubState
from appliance.mqtt.messages.wire import Malformed, Packet, age, decode
from appliance.mqtt.outbox import Lineage, Outbox, Send
from appliance.mqtt.patience import Patience
from appliance.mqtt.refusals import Refusals
from appliance.mqtt.topics import Address, Kind, downward, parse, topic
from appliance.ports import Clock, Journal, Post

HEALTH_S: Final = 60.0
IDLE_S: Final = 5.0
REPORT_GAP_S: Final = 1.0
"""The number of waiting rows goes to the screen at most once in this time."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Woken:
    """New rows are in the journal."""


@dataclass(frozen=True, slots=True)
class _Stop:
    """End the thread."""


class Uplink:
    """Implements `ports.Uplink`. `deliver` gets every other packet for this kiosk, on the uplink's thread."""

    _connector: type[Connection] = Connection

    def __init__(
        self,
        *,
        endpoint: Endpoint,
        station: Station,
        journal: Journal,
        memory: LinkMemory,
        clock: Clock,
        post: Post,
        busy: Callable[[], bool],
        health: Callable[[], Mapping[str, Any]],
        deliver: Callable[[Address, Packet], None],
        hub_state: Callable[[HubState, int], None],
        refusals: Refusals,
    ) -> None:
        self._endpoint = endpoint
        self._station = station
        self._journal = journal
        self._memory = memory
        self._post = post
        self._busy = busy
        self._deliver = deliver
        self._hub_state = hub_state
        self._refusals = refusals
        self._inbox: queue.SimpleQueue[tuple[int, Report] | _Woken | _Stop] = queue.SimpleQueue()
        self._woken = threading.Event()
        self._connection: Connection | None = None
        self._patience = Patience()
        self._connections = 0
        self._stopping = False
        self._hub: HubState | None = None
        self._subscribed = False
        self._online = False
        self._online_at: float | None = None
        self._good_since: float | None = None
        self._told = ""
        """The catalogue version of the last birth."""
        self._health_at = 0.0
        self._reported: tuple[bool, int] | None = None
        self._reported_at = 0.0
        self.detail = ""
        """What staff should know about the link; "" = nothing."""
        self._outbox = Outbox(
            acked=journal.acked(),
            generation=memory.value.generation,
            lineage=Lineage(journal.epoch(), memory.value.forks),
            hash_at=self._hash_at,
        )
        self._announcer = Announcer(station=station, journal=journal, outbox=self._outbox, clock=clock, health=health)
        self._thread = threading.Thread(target=self._run, name="uplink", daemon=True)

    # From other threads -----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout: float = 10.0) -> bool:
        """End in good order; False if the thread did not end in time."""
        self._inbox.put(_Stop())
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def wake(self) -> None:
        """New rows are in the journal; never blocks."""
        if not self._woken.is_set():
            self._woken.set()
            self._inbox.put(_Woken())

    def publish(self, outgoing: Packet) -> bool:
        """Send a packet if the hub is there; True is no receipt."""
        connection = self._connection
        return self._online and connection is not None and connection.publish(outgoing)

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    @property
    def online(self) -> bool:
        """Whether the hub can be reached and can commit."""
        return self._online

    # The thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._stopping:
                try:
                    self._connect()
                    while not self._stopping and self._take(self._next(self._timeout())):
                        pass
                except Exception as error:  # noqa: BLE001 - logged in full, and told to staff
                    # Rows wait in the journal; a thread that ended would leave them there, and nobody would be told.
                    _log.exception("the upload failed and begins again")
                    self._lose(f"the upload failed: {error}")
                self._pause()
        finally:
            self._end_session()

    def _connect(self) -> None:
        self._connections += 1
        number = self._connections
        kiosk, zone = self._station.kiosk, self._station.zone
        try:
            self._connection = self._connector(
                self._endpoint,
                client_id=kiosk,
                subscriptions=(
                    downward(kiosk),
                    topic(Kind.HUB_STATE),
                    topic(Kind.HEAD, zone),
                    topic(Kind.DELTA, zone),
                ),
                report=lambda report: self._inbox.put((number, report)),
                will=self._announcer.will(number),
            )
        except ConfigError as error:
            self._inbox.put((number, Lost(str(error))))
        else:
            self._connection.start()

    def _take(self, news: tuple[int, Report] | _Woken | _Stop | None) -> bool:
        """Take what has come, and do what is due; False once the connection is lost."""
        match news:
            case _Stop():
                self._stopping = True
            case _Woken():
                self._woken.clear()
            case (number, Lost(reason, taken_over)) if number == self._connections:
                self._lose(reason, taken_over=taken_over)
                return False
            case (number, Subscribed()) if number == self._connections:
                self._subscribed = True
                self._publish_birth()
            case (number, Arrived(arrived)) if number == self._connections:
                self._arrive(arrived)
        if self._connection is not None and self._connection.stuck():
            _log.error("the connection's thread is stuck; leaving it behind")
            self._lose("the connection's thread is stuck")
            return False
        self._turn()
        return True

    def _next(self, timeout: float) -> tuple[int, Report] | _Woken | _Stop | None:
        try:
            return self._inbox.get(timeout=timeout)
        except queue.Empty:
            return None

    def _timeout(self) -> float:
        now = time.monotonic()
        times = [now + IDLE_S]
        if self._online_at is not None:
            times.append(self._online_at)
        if self._online:
            times.append(self._health_at)
            due = self._outbox.due(now=now, last=self._journal.last(), busy=self._busy())
            if due is not None:
                times.append(due)
        if self._reported is not None and self._reported[1] != self._announcer.waiting():
            times.append(self._reported_at + REPORT_GAP_S)
        return max(0.005, min(times) - now)

    def _turn(self) -> None:
        """Do what is due."""
        now = time.monotonic()
        if self._online_at is not None and now >= self._online_at:
            self._online_at = None
            self._come_online(now)
        if self._online:
            self._pump(now)
            if self._station.catalogue() != self._told:
                self._publish_birth()
            if now >= self._health_at:
                self._health_at = now + HEALTH_S * random.uniform(0.8, 1.2)  # noqa: S311 - jitter is no secret
                self._publish_health()
        self._report(now)

    def _lose(self, reason: str, *, taken_over: bool = False) -> None:
        if reason != self.detail:
            _log.info("link to %s:%d: %s", self._endpoint.host, self._endpoint.port, reason)
        good_for = None if self._good_since is None else time.monotonic() - self._good_since
        self._patience.lost(good_for, taken_over=taken_over)
        self._end_session()
        self.detail = reason
        self._report(time.monotonic())

    def _end_session(self) -> None:
        self._outbox.close()
        self._good_since = None
        self._online = False
        self._online_at = None
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if self._subscribed and self._stopping:
            connection.publish(self._announcer.will(self._connections))
        self._subscribed = False
        if not connection.stop():
            _log.warning("the connection's thread did not end in time")

    def _pause(self) -> None:
        """Wait before the next attempt; every kiosk for another time."""
        if self._stopping:
            return
        delay = self._patience.delay(self._memory.value.spread_s, random.random())  # noqa: S311 - jitter
        end = time.monotonic() + delay
        while not self._stopping and (left := end - time.monotonic()) > 0:
            match self._next(min(left, 1.0)):
                case _Stop():
                    self._stopping = True
                case _Woken():
                    self._woken.clear()
            self._report(time.monotonic())

    # What arrives -----------------------------------------------------------------------------------------------

    def _arrive(self, arrived: Packet) -> None:
        address = parse(arrived.topic)
        if address is None or (address.kind.of_kiosk and address.name != self._station.kiosk):
            self._refusals.note(arrived.topic, "not a topic for this kiosk")
            return
        try:
            match address.kind:
                case Kind.HUB_STATE:
                    self._take_hub_state(arrived)
                case Kind.ACK:
                    self._take_ack(Ack.parse(decode(arrived.payload, arrived.properties)))
                case _:
                    self._deliver(address, arrived)
        except Malformed as error:
            self._refusals.note(arrived.topic, error)

    def _take_hub_state(self, arrived: Packet) -> None:
        state, now = HubState.parse(decode(arrived.payload, arrived.properties)), time.monotonic()
        if not state.online:
            if self._hub is not None and self._hub.run == state.run:
                self._hub = state
                self._go_offline("the hub is not in service")
            return
        known = self._hub
        self._hub = state
        self._memory.keep(spread_s=state.spread_s)
        self._hub_state(state, age(arrived, Kind.HUB_STATE))
        if self._online or self._online_at is not None:
            if known is not None and known.generation != state.generation:
                self._publish_birth()
            return
        returned = known is not None and not known.online and self._good_since is not None
        spread = random.random() * state.spread_s if returned else 0.0  # noqa: S311 - jitter is no secret
        self._online_at = now + spread

    def _go_offline(self, reason: str) -> None:
        self._online = False
        self._online_at = None
        self._outbox.close()
        self.detail = reason

    def _come_online(self, now: float) -> None:
        self._online = True
        self._good_since = now
        self.detail = ""
        self._health_at = now + HEALTH_S * random.random() * 0.1  # noqa: S311 - jitter is no secret
        self._outbox.open(now)
        self._publish_birth()

    def _take_ack(self, ack: Ack) -> None:
        now = time.monotonic()
        before, forks = self._outbox.position, self._outbox.lineage.forks
        try:
            self._outbox.acknowledge(ack, now=now, last=self._journal.last())
            if self._outbox.position < before:
                _log.warning("the hub asks for rows after %d again", self._outbox.position)
                self._journal.restart_upload(self._outbox.position)
            elif self._outbox.position > before:
                self._journal.acknowledge(self._outbox.position)
        except StoreError as error:
            self._fail(error)
            return
        self._memory.keep(generation=self._outbox.generation, forks=self._outbox.lineage.forks)
        if self._outbox.lineage.forks != forks:
            _log.error("rows from %d on travel under epoch %d", *self._outbox.lineage.forks[-1])
            self._publish_birth()
        if self._outbox.foreign:
            self.detail = "The hub holds other sales under this till's name: an old card, or a copy of it."
            _log.error("%s (hub: %d, here: %d)", self.detail, ack.contiguous, self._journal.last())
        elif self._online:
            self.detail = ""

    # What is sent -----------------------------------------------------------------------------------------------

    def _pump(self, now: float) -> None:
        try:
            while (send := self._outbox.next(now=now, last=self._journal.last(), busy=self._busy())) is not None:
                if not self._send(send, now):
                    return
        except StoreError as error:
            self._fail(error)

    def _send(self, send: Send, now: float) -> bool:
        limit = min(send.limit, MAX_ROWS, send.last - send.first + 1)
        rows = [wire_row(row.document) for row in self._journal.since(send.first - 1, limit)]
        connection = self._connection
        if not rows or connection is None:
            return False
        batch, count = batch_packet(self._station.kiosk, send.epoch, rows)
        if not connection.publish(batch):
            return False
        self._outbox.sent(send.first, send.first + count - 1, now=now)
        return True

    def _fail(self, error: StoreError) -> None:
        """The journal gave no row: nothing doubtful is sent, sales go on, staff see why the upload stands."""
        _log.error("the upload stands still: %s", error)
        self._go_offline(f"upload stopped: {error}")

    def _hash_at(self, seq: int) -> str | None:
        rows = self._journal.since(seq - 1, 1) if seq > 0 else ()
        return rows[0].hash if rows and rows[0].sequence == seq else None

    def _publish_birth(self) -> None:
        if self._connection is not None:
            self._told = self._station.catalogue()
            self._connection.publish(self._announcer.birth(self._connections))

    def _publish_health(self) -> None:
        try:
            health = self._announcer.health({"refused": self._refusals.count, "detail": self.detail})
        except StoreError as error:
            self._fail(error)
            return
        except (TypeError, ValueError):
            _log.exception("the health report is no document: integers, texts, lists and objects only")
            return
        if self._connection is not None:
            self._connection.publish(health)

    def _report(self, now: float) -> None:
        state = (self._online, self._announcer.waiting())
        if state == self._reported:
            return
        changed = self._reported is None or self._reported[0] != state[0]
        if changed or now >= self._reported_at + REPORT_GAP_S:
            self._reported, self._reported_at = state, now
            self._post(ReportHub(online=state[0], waiting=state[1]))
