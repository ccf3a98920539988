"""A real broker, a hub with the simulated gateway, and the link of a till."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.io.payment.gateway import GatewayTender, QrHub
from tests.mqtt.conftest import broker, listener, make_kiosk, no_thread_stays_behind
from tests.mqtt.contract import Listener
from tests.mqtt.parts import Broker, Kiosk
from tests.payment.gateway.till import GatewayHub, GatewayHubProcess, Till

__all__ = ["broker", "listener", "make_kiosk", "no_thread_stays_behind"]


@pytest.fixture
def hub(broker: Broker, listener: Listener, tmp_path: Path) -> Iterator[GatewayHub]:
    hub = GatewayHub(tmp_path / "hub", broker.port)
    hub.start()
    yield hub
    hub.stop()


@pytest.fixture
def hub_process(broker: Broker, listener: Listener, tmp_path: Path) -> Iterator[GatewayHubProcess]:
    hub = GatewayHubProcess(tmp_path / "hub", broker.port)
    hub.start()
    yield hub
    hub.kill()


@pytest.fixture
def make_till(make_kiosk: Callable[..., Kiosk]) -> Iterator[Callable[..., Till]]:
    made: list[Till] = []

    def make(driver: type[GatewayTender] = QrHub, name: str = "till", **options: object) -> Till:
        till = Till(make_kiosk(name), driver, options)
        made.append(till)
        return till

    yield make
    for till in made:
        till.device.close()
