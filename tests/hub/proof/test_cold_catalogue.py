"""A kiosk that has no catalogue gets the whole one over a thin wire."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.core.commands import ActivateCatalogue
from appliance.core.identifiers import check_digit
from appliance.mqtt.topics import Kind
from tests.hub.proof.conftest import Record, load, whole
from tests.mqtt.contract import Listener
from tests.mqtt.parts import Broker, HubInside, Kiosk, wait_for

HEADING = "sku,gtins,name_nb,name_en,unit,price,vat,plu,category,picture,age,deposit,limit,browse"
BLOBS = Kind.BLOB.value.rpartition("}")[2]


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
    assert not listener.complaints


@pytest.fixture
def hub(broker: Broker, listener: Listener, tmp_path: Path) -> Iterator[HubInside]:
    hub = HubInside(tmp_path / "hub", broker.port)
    hub.start()
    yield hub
    hub.stop()


@pytest.fixture
def make_kiosk(broker: Broker, tmp_path: Path) -> Iterator[Callable[..., Kiosk]]:
    made: list[Kiosk] = []

    def make(key: str) -> Kiosk:
        made.append(Kiosk(state=tmp_path / "till", port=broker.port, key=key))
        return made[-1]

    yield make
    for kiosk in made:
        kiosk.close()


def write_products(file: Path, count: int) -> Path:
    """Write a price list with names and prices that differ as those of a shop do."""
    dice = random.Random(17)
    words = ["".join(dice.choices("abdefghijklmnoprstuvyøæå", k=dice.randint(3, 9))) for _ in range(3000)]
    rows = [HEADING]
    for number, code in enumerate(dice.sample(range(10**10), count)):
        body = f"70{code:010d}"
        name, english = (" ".join(dice.choices(words, k=3)).capitalize() for _ in range(2))
        price = f"{dice.randint(5, 999)}.{dice.randint(0, 9)}0"
        rows.append(f"{100_000 + number},{body + check_digit(body)},{name},{english},ea,{price},15,,,,,,,")
    file.write_text("\n".join(rows), encoding="utf-8")
    return file


@pytest.mark.parametrize("products", [2_000, pytest.param(whole(100_000), marks=pytest.mark.soak)])
def test_a_kiosk_without_a_catalogue_gets_all_of_it_in_few_bytes(
    hub: HubInside,
    listener: Listener,
    make_kiosk: Callable[..., Kiosk],
    tmp_path: Path,
    products: int,
    record_property: Record,
):
    assert hub.command("catalogue", "import", str(write_products(tmp_path / "products.csv", products))) == 0
    began = time.monotonic()
    kiosk = make_kiosk(hub.key).start()

    def staged() -> bool:
        return any(isinstance(command, ActivateCatalogue) for command in kiosk.posted)

    wait_for(staged, "the whole catalogue is on the card", 120)
    took = time.monotonic() - began
    received = sum(len(payload) for topic, payload, _ in listener.kept() if topic.endswith(BLOBS))
    record_property(
        "figures", f"{products} products: {received / 1e6:.2f} MB on the wire, on the card after {took:.1f} s; {load()}"
    )
    assert received > 10 * products
    assert received <= 40 * products + 40_000
