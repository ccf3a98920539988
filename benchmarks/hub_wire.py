"""A broker with tills that only send: how long it takes until a reader, or the hub, has everything."""

from __future__ import annotations

import json
import multiprocessing
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Final

import psutil

from appliance.mqtt.messages.wire import Packet
from appliance.mqtt.topics import Kind, every
from hub.broker import Delivery, Session
from simulators.stage import Broker, Hub

_PATIENCE_S: Final = 300.0


def delivered(folder: Path, packets: Sequence[Packet]) -> float:
    """Give the seconds from the first publication until a reader in the hub's place has taken the last."""
    broker = Broker(folder)
    broker.start()
    done = threading.Event()
    left = [len(packets)]

    def taken(delivery: Delivery) -> None:
        delivery.settle()
        left[0] -= 1
        if not left[0]:
            done.set()

    try:
        return _send(broker.port, packets, f"$share/hub/{every(Kind.JOURNAL)}", taken, done)
    finally:
        broker.kill()


def ingested(folder: Path, packets: Sequence[Packet], *options: str) -> tuple[float, float]:
    """Give the seconds from the first publication until the hub has acknowledged every row, and its processor's."""
    broker = Broker(folder / "broker")
    broker.start()
    hub = Hub(folder / "hub", broker)
    hub.words = [*hub.words, *options]
    hub.start()
    done = threading.Event()
    wanted: dict[str, int] = {}
    for packet in packets:
        wanted[packet.topic.split("/")[3]] = int(packet.properties["last"])

    def taken(delivery: Delivery) -> None:
        delivery.settle()
        kiosk = delivery.packet.topic.split("/")[3]
        if json.loads(delivery.packet.payload)["contiguous"] >= wanted.get(kiosk, 0):
            wanted.pop(kiosk, None)
            if not wanted:
                done.set()

    try:
        assert hub.process is not None
        usage = psutil.Process(hub.process.pid)
        before = usage.cpu_times()
        wall = _send(broker.port, packets, every(Kind.ACK), taken, done)
        after = usage.cpu_times()
        return wall, after.user + after.system - before.user - before.system
    finally:
        hub.kill()
        broker.kill()


def _send(
    port: int, packets: Sequence[Packet], subscription: str, taken: Callable[[Delivery], None], done: threading.Event
) -> float:
    reader = Session(
        "127.0.0.1",
        port,
        client_id="bench-reader",
        subscriptions=(subscription,),
        taken=taken,
        acknowledge_by_hand=True,
    )
    reader.start()
    spawn = multiprocessing.get_context("spawn")
    connected, go = spawn.Event(), spawn.Event()
    sender = spawn.Process(target=_publish, args=(port, list(packets), connected, go))
    sender.start()
    try:
        deadline = time.monotonic() + _PATIENCE_S
        while not (reader.connected and connected.wait(0.05)):
            assert time.monotonic() < deadline, "the broker answers"
        start = time.perf_counter()
        go.set()
        assert done.wait(_PATIENCE_S), "everything arrives in time"
        return time.perf_counter() - start
    finally:
        sender.terminate()
        sender.join()
        reader.stop()


def _publish(port: int, packets: list[Packet], connected: Event, go: Event) -> None:
    sender = Session(
        "127.0.0.1", port, client_id="bench-tills", subscriptions=(every(Kind.CONFIG),), taken=lambda _: None
    )
    sender.start()
    while not sender.connected:
        time.sleep(0.01)
    connected.set()
    go.wait()
    for packet in packets:
        while not sender.publish(packet):
            time.sleep(0.001)
    time.sleep(_PATIENCE_S)
