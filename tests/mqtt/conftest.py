"""A broker, a hub and tills; everything that is sent is held against the JSON Schemas."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.mqtt.contract import Listener
from tests.mqtt.parts import Broker, HubInside, HubProcess, Kiosk


@pytest.fixture(autouse=True)
def no_thread_stays_behind() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = [thread.name for thread in set(threading.enumerate()) - before if thread.is_alive()]
    assert not left, f"threads stay behind: {left}"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path / "broker")
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def listener(broker: Broker) -> Iterator[Listener]:
    listener = Listener(broker.port)
    yield listener
    listener.stop()
    assert not listener.complaints, f"sent against the contract: {listener.complaints[:5]}"


@pytest.fixture
def hub(broker: Broker, listener: Listener, tmp_path: Path) -> Iterator[HubInside]:
    hub = HubInside(tmp_path / "hub", broker.port)
    hub.start()
    yield hub
    hub.stop()


@pytest.fixture
def hub_process(broker: Broker, listener: Listener, tmp_path: Path) -> Iterator[HubProcess]:
    hub = HubProcess(tmp_path / "hub", broker.port)
    hub.start()
    yield hub
    hub.kill()


@pytest.fixture
def make_kiosk(broker: Broker, tmp_path: Path) -> Iterator[Callable[..., Kiosk]]:
    made: list[Kiosk] = []

    def make(name: str = "till", **options: Any) -> Kiosk:
        kiosk = Kiosk(state=tmp_path / name, port=options.pop("port", broker.port), **options)
        made.append(kiosk)
        return kiosk

    yield make
    for kiosk in made:
        kiosk.close()
