"""Hub control: says that the hub is there, keeps the pointers published, answers births, watches the kiosks."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from appliance.core.identifiers import uuid7
from appliance.mqtt.messages.catalogue import PAGE_BYTES, Head
from appliance.mqtt.messages.presence import Birth, Health, HubState, presence
from appliance.mqtt.messages.signed import sign
from appliance.mqtt.messages.wire import Fields, Malformed, Packet, decode, packet, parse_json
from appliance.mqtt.topics import Kind, every, parse
from hub import kiosks, schema
from hub.broker import Delivery, Session
from hub.catalogue import head, zones
from hub.chain import keep, proofs
from hub.database import Database, generation
from hub.worker import machine_name

STATE_S: Final = 60.0
LOOK_AHEAD_S: Final = 3600.0
POLL_S: Final = 0.5
"""Seconds between two looks for a new catalogue version, which another process may have published."""

_log = logging.getLogger(__name__)


class Control:
    """One thread behind one connection. `healthy` says whether an ingest worker can commit now."""

    def __init__(
        self, database: Database, key: Ed25519PrivateKey, host: str, port: int, *, healthy: Callable[[], bool]
    ) -> None:
        self._database = database
        self._key = key
        self._healthy = healthy
        self._run_id = uuid7(time.time_ns() // 1_000_000, uuid4().int >> 54)
        self._inbox: queue.SimpleQueue[Delivery | str] = queue.SimpleQueue()
        self._told: bool | None = None
        self._known: tuple[int, int] | None = None
        """Generation and number of kiosks, as last read."""
        self._told_at = 0.0
        self._polled_at = 0.0
        self._looked_at = -LOOK_AHEAD_S
        self._published: dict[str, Head] = {}
        self.refused = 0
        """Messages that were not what their topic promises."""
        self._session = Session(
            host,
            port,
            client_id=f"hub-{machine_name()}-control",
            subscriptions=(every(Kind.STATE), every(Kind.HEALTH)),
            taken=self._inbox.put,
            ready=lambda: self._inbox.put("ready"),
            will=self._state(online=False),
        )
        self._thread = threading.Thread(target=self._run, name="control", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()
        self._session.start()

    def stop(self) -> None:
        """Say goodbye and end."""
        self._inbox.put("stop")
        self._thread.join(10)
        self._session.publish(self._state(online=False))
        self._session.stop()

    def _state(self, *, online: bool) -> Packet:
        try:
            with self._database.read() as connection:
                self._known = generation(connection), kiosks.count(connection)
        except SQLAlchemyError:
            # That it is not in service can be said without a database, if it was ever there.
            if online or self._known is None:
                raise
        number, fleet = self._known
        state = HubState(
            online=online,
            generation=number,
            run=self._run_id,
            at=datetime.now(UTC),
            spread_s=_spread(fleet),
        )
        return packet(Kind.HUB_STATE, "", state.document())

    def _run(self) -> None:
        while True:
            try:
                item = self._inbox.get(timeout=POLL_S)
            except queue.Empty:
                item = ""
            if item == "stop":
                return
            try:
                if item == "ready":
                    self._published.clear()
                    self._told = None
                elif isinstance(item, Delivery):
                    self._take(item.packet)
                self._tend()
            except SQLAlchemyError as error:
                _log.error("the database does not answer: %s", error)
                if self._told and self._session.connected and not self._healthy():
                    self._tell(online=False)

    def _tend(self) -> None:
        if not self._session.connected:
            return
        now, grown = time.monotonic(), False
        if now - self._polled_at >= POLL_S or not self._published:
            self._polled_at = now
            self._publish_heads()
            self._prove()
            grown = self._spread_changed()
        if now - self._looked_at >= LOOK_AHEAD_S:
            self._looked_at = now
            self._database.look_ahead()
        online = self._healthy()
        if online != self._told or grown or now - self._told_at >= STATE_S:
            self._tell(online=online)

    def _spread_changed(self) -> bool:
        """Whether so many kiosks have come or gone that they have to return over another time than they were told."""
        with self._database.read() as connection:
            fleet = kiosks.count(connection)
        return self._known is not None and _spread(fleet) != _spread(self._known[1])

    def _tell(self, *, online: bool) -> None:
        if self._session.publish(self._state(online=online)):
            if online != self._told:
                _log.info("the hub is %s", "in service" if online else "not in service: no worker can commit")
            self._told, self._told_at = online, time.monotonic()

    def _publish_heads(self) -> None:
        with self._database.read() as connection:
            for zone in zones(connection):
                pointer = head(connection, zone)
                known = self._published.get(zone)
                if pointer is None or pointer == known:
                    continue
                if known is not None:
                    self._publish_deltas(connection, zone, known.version)
                if self._session.publish(packet(Kind.HEAD, zone, sign(pointer.document(), self._key))):
                    self._published[zone] = pointer

    def _publish_deltas(self, connection: Connection, zone: str, base: int) -> None:
        table = schema.catalogue_delta
        query = select(table.c.document).where(table.c.zone == zone, table.c.base >= base).order_by(table.c.base)
        for document in connection.scalars(query):
            if len(document) <= PAGE_BYTES:
                fields = Fields(parse_json(document.encode()), "delta")
                self._session.publish(packet(Kind.DELTA, zone, fields.table))

    def _prove(self) -> None:
        with self._database.read() as connection:
            found = proofs(connection)
        if found:
            with self._database.write() as connection:
                keep(connection, found)

    def _take(self, arrived: Packet) -> None:
        address = parse(arrived.topic)
        if address is None or not arrived.payload:
            return
        try:
            fields = decode(arrived.payload, arrived.properties)
            if address.kind is Kind.STATE:
                self._take_presence(address.name, fields)
            elif address.kind is Kind.HEALTH:
                report = Health.parse(fields)
                with self._database.write() as connection:
                    kiosks.fared(connection, address.name, report)
        except (Malformed, UnicodeEncodeError, TypeError) as error:
            self.refused += 1
            _log.warning("%s refused: %s", arrived.topic, error)

    def _take_presence(self, kiosk: str, fields: Fields) -> None:
        message = presence(fields)
        with self._database.write() as connection:
            if not isinstance(message, Birth):
                kiosks.gone(connection, kiosk, message)
                return
            answer = kiosks.born(connection, kiosk, message)
        if answer.raised:
            self._tell(online=self._healthy())
        for ack in answer.acks:
            self._session.publish(packet(Kind.ACK, kiosk, ack.document()))


def _spread(fleet: int) -> int:
    """Give the seconds over which so many kiosks come back after a loss that all have seen."""
    return max(1, min(600, fleet // 100))
