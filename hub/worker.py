"""An ingest worker: takes batches off the broker, commits them together, acknowledges after the commit."""

from __future__ import annotations

import gc
import logging
import queue
import socket
import threading
import time
from dataclasses import replace
from typing import Final

from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from appliance.mqtt.messages.journal import Ack
from appliance.mqtt.messages.wire import packet
from appliance.mqtt.topics import Kind, every, parse
from hub.broker import Delivery, Session
from hub.database import Database, put_setting
from hub.ingest import Incoming, Ingest

MAX_BATCHES: Final = 200
GATHER_S: Final = 0.02
BEAT_S: Final = 4.0
HEALTHY_S: Final = 10.0
HEARTBEAT: Final = "heartbeat"
"""The setting in which workers that have a broker and a database say so."""
_RETRY_S: Final = 1.0

_log = logging.getLogger(__name__)


class Worker:
    """One writer thread behind one connection."""

    def __init__(self, database: Database, host: str, port: int, *, number: int = 1) -> None:
        self._database = database
        self.ingest = Ingest(database)
        self._inbox: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()
        self._beat_at = self._told_at = 0.0
        self._stopping = threading.Event()
        self._session = Session(
            host,
            port,
            client_id=f"hub-{machine_name()}-{number}",
            subscriptions=(f"$share/hub/{every(Kind.JOURNAL)}",),
            taken=self._inbox.put,
            receive_maximum=MAX_BATCHES,
            acknowledge_by_hand=True,
        )
        self._thread = threading.Thread(target=self._run, name=f"ingest-{number}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()
        self._session.start()

    def stop(self) -> None:
        """End after the commit at hand; what is not committed is sent again by its till."""
        self._session.stop()
        self._stopping.set()
        self._inbox.put(None)
        self._thread.join(10)

    def healthy(self) -> bool:
        """Whether a batch that came now would be committed: the database answered lately, the broker is there."""
        return self._session.connected and time.monotonic() - self._beat_at < HEALTHY_S

    def _run(self) -> None:
        self._beat()
        while not self._stopping.is_set():
            batches = self._gather()
            if batches:
                self._commit(batches)
            if time.monotonic() - self._told_at >= BEAT_S:
                self._beat()

    def _gather(self) -> list[Delivery]:
        batches: list[Delivery] = []
        end = time.monotonic() + BEAT_S
        while len(batches) < MAX_BATCHES:
            try:
                delivery = self._inbox.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                break
            if delivery is None:
                break
            if not batches:
                end = time.monotonic() + GATHER_S
            batches.append(delivery)
            if self._inbox.empty():
                break
        return batches

    def _commit(self, batches: list[Delivery]) -> None:
        incoming = []
        for delivery in batches:
            address = parse(delivery.packet.topic)
            if address is not None and address.kind is Kind.JOURNAL:
                incoming.append(
                    Incoming(kiosk=address.name, payload=delivery.packet.payload, properties=delivery.packet.properties)
                )
        acks = self._committed(incoming)
        if acks is None:
            return
        self._beat_at = time.monotonic()
        for delivery in batches:
            delivery.settle()
        for kiosk, ack in acks:
            self._session.publish(packet(Kind.ACK, kiosk, ack.document()))

    def _committed(self, incoming: list[Incoming]) -> list[tuple[str, Ack]] | None:
        """Commit, however long the database takes to come back; None if the worker ends before."""
        while True:
            try:
                return self.ingest.commit(incoming)
            except (IntegrityError, DataError, OverflowError) as error:
                if len(incoming) > 1:
                    answers = [self._committed([one]) for one in incoming]
                    return None if None in answers else [ack for acks in answers for ack in acks or ()]
                _log.error("a batch that the database cannot take: %s", error)
                if incoming[0].fault:
                    return []
                incoming = [replace(incoming[0], fault=f"the database refuses it: {type(error).__name__}")]
            except SQLAlchemyError as error:
                # A passing fault (no space, locked): neither PUBACK nor ack; the broker holds further batches back.
                _log.error("nothing was committed, trying again: %s", error)
                if self._stopping.wait(_RETRY_S):
                    return None

    def _beat(self) -> None:
        try:
            with self._database.write() as connection:
                name = HEARTBEAT if self._session.connected else "standby"
                put_setting(connection, name, f"{time.time_ns()} {machine_name()}")
        except SQLAlchemyError as error:
            _log.error("the database takes no commit: %s", error)
            self._stopping.wait(_RETRY_S)
        else:
            self._beat_at = self._told_at = time.monotonic()


def rest_collector() -> None:
    """Let Python's collector of circles look seldom: a commit makes 100,000 values, and none is in a circle."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


def machine_name() -> str:
    """Give this machine's name as it may stand in a client id."""
    return "".join(c for c in socket.gethostname().lower() if c.isalnum() or c == "-")[:32] or "hub"
