"""Many kiosks at one broker and one hub: they come back one after the other, and none waits for long."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from appliance.core.identifiers import check_digit
from appliance.mqtt.client import Endpoint
from hub.broker import Session
from simulators.fleet.figures import most_in_a_second, percentile
from simulators.fleet.fleet import Fleet, FleetThread
from simulators.fleet.kiosk import Pace
from simulators.stage import Broker, Service, Stage, wait_for
from tests.hub.proof.conftest import Record, load, whole
from tests.mqtt.parts import HubFolder

MEGABYTE = 1e6
SMALL = 20
MANY = pytest.param(whole(1000), marks=pytest.mark.soak)
PRODUCTS = 1000
CHANGES = 500


def fleet_at(stage: Stage, kiosks: int, *, per_minute: float = 0.0) -> FleetThread:
    """Give kiosks that sell so much each."""
    endpoint = Endpoint(host="127.0.0.1", port=stage.broker.port)
    return FleetThread(Fleet(kiosks, endpoint=endpoint, pace=Pace(per_minute=per_minute)))


def memory(service: Service) -> float:
    """Give the resident memory of a service and its children in MB."""
    assert service.process is not None
    process = psutil.Process(service.process.pid)
    return sum(each.memory_info().rss for each in (process, *process.children(recursive=True))) / MEGABYTE


@contextmanager
def drop_counter(broker: Broker) -> Iterator[Callable[[], int]]:
    """Give how many messages the broker has thrown away, as it says itself every ten seconds.

    To be entered before there is a fleet: paho waits with select(), which knows no descriptors above 1023.
    """
    told: list[int] = []
    session = Session(
        "127.0.0.1",
        broker.port,
        client_id="reader",
        subscriptions=("$SYS/broker/publish/messages/dropped",),
        taken=lambda delivery: told.append(int(delivery.packet.payload)),
    )

    def count() -> int:
        wait_for(lambda: bool(told), "what the broker says of itself", 30)
        return told[-1]

    session.start()
    try:
        yield count
    finally:
        session.stop()


def all_online(fleet: Fleet, seconds: float) -> None:
    wait_for(lambda: fleet.online == len(fleet.kiosks), f"all of {len(fleet.kiosks)} kiosks are there", seconds)


@pytest.mark.parametrize("kiosks", [SMALL, MANY])
def test_after_a_restart_of_the_broker_all_kiosks_are_back_without_a_second_wave(
    stage: Stage, kiosks: int, record_property: Record
):
    with fleet_at(stage, kiosks) as fleet:
        all_online(fleet, 20 + kiosks / 10)
        # The last of them have to be counted, and all told, before it is known over which time they shall come back.
        spread = max(1, kiosks // 100)
        wait_for(lambda: all(kiosk.spread_s == spread for kiosk in fleet.kiosks), "the spread of so many kiosks", 120)
        before = len(fleet.figures.attempts)
        stage.broker.kill()
        stage.broker.start()
        began = time.monotonic()
        wait_for(lambda: fleet.online < kiosks, "the kiosks see it")
        all_online(fleet, 60)
        took = time.monotonic() - began
        attempts = fleet.figures.attempts[before:]
        in_a_second = most_in_a_second(attempts)
        assert in_a_second <= 300
        again = len(fleet.figures.attempts)
        # A second wave would come within the longest pause of the first attempts; the keepalive falls into it too.
        quiet = time.monotonic() + (1 if kiosks == SMALL else 40)
        wait_for(lambda: time.monotonic() >= quiet or len(fleet.figures.attempts) > again, "calm", 60)
        assert len(fleet.figures.attempts) == again
        assert fleet.online == kiosks
    record_property(
        "figures",
        f"{kiosks} kiosks back after {took:.1f} s, {len(attempts)} attempts, at most {in_a_second} in a second,"
        f" no second wave; {load()}",
    )


@pytest.mark.parametrize(("kiosks", "seconds"), [(SMALL, 2), pytest.param(whole(1000), 120, marks=pytest.mark.soak)])
def test_each_sale_of_many_kiosks_is_acknowledged_within_a_second_in_little_memory(
    stage: Stage, kiosks: int, seconds: int, record_property: Record
):
    rate = 60.0 if kiosks == SMALL else 1.0
    with drop_counter(stage.broker) as dropped, fleet_at(stage, kiosks, per_minute=rate) as fleet:
        all_online(fleet, 20 + kiosks / 10)
        fleet.figures.latencies.clear()
        least = kiosks * rate / 60 * seconds * 0.9
        wait_for(lambda: len(fleet.figures.latencies) >= least, "the sales of that time", seconds * 3 + 30)
        broker, hub = memory(stage.broker), memory(stage.hub)
        fleet.sell_no_more()
        wait_for(lambda: fleet.done, "the last acknowledgement", 60)
        told = fleet.figures.document()
        thrown_away = dropped()
    latencies = told["acknowledged_after_ms"]
    record_property(
        "figures",
        f"{kiosks} kiosks, {told['acknowledged']} sales, acknowledged after {latencies['p50']} ms (p50),"
        f" {latencies['p95']} ms (p95), {latencies['p99']} ms (p99); {told['rows_resent']} rows resent; broker"
        f" {broker:.0f} MB, hub {hub:.0f} MB; {thrown_away} messages dropped; {load()}",
    )
    assert thrown_away == 0
    assert broker + hub < 600
    if kiosks != SMALL:
        assert latencies["p99"] < 1000


def write_products(file: Path) -> Path:
    """Write a price list of a thousand products."""
    rows = ["sku,gtins,name_nb,name_en,unit,price,vat,plu,category,picture,age,deposit,limit,browse"]
    for number in range(PRODUCTS):
        body = f"70{number:010d}"
        rows.append(f"sku-{number},{body + check_digit(body)},Vare {number},Item {number},ea,22.90,15,,,,,,,")
    file.write_text("\n".join(rows), encoding="utf-8")
    return file


@pytest.mark.parametrize("kiosks", [SMALL, MANY])
def test_five_hundred_new_prices_are_small_and_reach_every_kiosk_soon(
    kiosks: int, tmp_path: Path, record_property: Record
):
    with (
        Stage(tmp_path / "shop", products=write_products(tmp_path / "products.csv")) as shop,
        fleet_at(shop, kiosks) as fleet,
    ):
        all_online(fleet, 20 + kiosks / 10)
        hub = HubFolder(shop.hub.folder, shop.broker.port)
        dice = random.Random(5)
        changed = [f"sku-{n}={dice.randint(1500, 3000)}" for n in dice.sample(range(PRODUCTS), CHANGES)]
        began = time.monotonic()
        assert hub.command("catalogue", "price", *changed) == 0
        heard = fleet.figures.deltas.setdefault(2, [])
        wait_for(lambda: len(heard) == kiosks, "the change at every kiosk", 60)
    size = max(size for _, size in heard)
    after = percentile([at - began for at, _ in heard], 0.95)
    record_property(
        "figures",
        f"{CHANGES} prices, {size} bytes to each of {kiosks} kiosks, there after {after:.2f} s (p95); {load()}",
    )
    assert size <= 10_000
    if kiosks != SMALL:
        assert after < 5
