"""The way to the hub survives faults of its own: a sale waits, it is never left behind in silence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from appliance.core.commands import ReportHub
from appliance.ports import JournalRow
from tests.mqtt.parts import Broker, HubInside, Kiosk, MemoryJournal, wait_for


class Stumbling(MemoryJournal):
    """A journal whose rows cannot be read for a while, with a fault that nobody has a name for."""

    faults = 0

    def since(self, sequence: int, limit: int) -> Sequence[JournalRow]:
        if self.faults:
            self.faults -= 1
            raise ValueError("transaction.completed: 'gift' is no TenderType")
        return super().since(sequence, limit)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path / "broker")
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def hub(broker: Broker, tmp_path: Path) -> Iterator[HubInside]:
    hub = HubInside(tmp_path / "hub", broker.port)
    hub.start()
    yield hub
    hub.stop()


def test_an_unforeseen_fault_of_the_upload_delays_a_sale_and_does_not_lose_it(
    broker: Broker, hub: HubInside, tmp_path: Path
) -> None:
    kiosk = Kiosk(state=tmp_path / "till", port=broker.port, journal=Stumbling())
    kiosk.start()
    try:
        kiosk.wait_online()
        kiosk.journal.faults = 1
        kiosk.sell()
        offline = ReportHub(online=False, waiting=2)
        wait_for(lambda: offline in kiosk.posted, "staff see that rows wait")
        kiosk.wait_acknowledged()
    finally:
        kiosk.close()
    assert len(hub.sales()) == 1
