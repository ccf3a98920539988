"""When a price list holds: from its time on, at all tills of a store at once; until then the one before it does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance.core.commands import ActivateCatalogue
from appliance.core.identifiers import CatalogueVersion
from appliance.mqtt.downlink import wave
from hub.catalogue import head
from tests.mqtt.parts import HubInside, Kiosk, Till, TillClock, wait_for
from tests.mqtt.test_catalogue import MakeKiosk, activate_as_the_register_does, price_of, wait_version, write_csv


@pytest.fixture
def stocked(hub: HubInside, tmp_path: Path) -> HubInside:
    """A hub with a first list of forty products at 22.90."""
    assert hub.command("catalogue", "import", str(write_csv(tmp_path / "products.csv", 40))) == 0
    return hub


def later(hours: float = 1) -> datetime:
    return (datetime.now(UTC) + timedelta(hours=hours)).replace(microsecond=0)


def wait_pending(kiosk: Kiosk, number: int) -> None:
    def there() -> bool:
        activate_as_the_register_does(kiosk)
        return kiosk.catalogue.pending() == CatalogueVersion("main", number)

    wait_for(there, f"version {number} is staged")


def test_a_new_till_sells_by_the_list_in_force_while_a_later_one_waits(
    stocked: HubInside, make_kiosk: MakeKiosk
) -> None:
    at = later()
    assert stocked.command("catalogue", "price", "sku-7=1990", "--effective", at.isoformat()) == 0
    kiosk = make_kiosk(key=stocked.key).start()
    wait_version(kiosk, 1)
    assert price_of(kiosk, "sku-7") == 2290
    wait_pending(kiosk, 2)
    kiosk.clock.ahead = at - datetime.now(UTC)
    kiosk.stop()
    kiosk.start()
    wait_version(kiosk, 2)
    assert price_of(kiosk, "sku-7") == 1990


def test_a_new_till_outside_the_wave_sells_by_the_list_of_all_stores(stocked: HubInside, make_kiosk: MakeKiosk) -> None:
    place = wave("oslo-01", CatalogueVersion("main", 2))
    assert stocked.command("catalogue", "price", "sku-7=1990", "--cohort", str(place)) == 0
    kiosk = make_kiosk(key=stocked.key).start()
    wait_version(kiosk, 1)
    wait_pending(kiosk, 2)
    assert price_of(kiosk, "sku-7") == 2290


def test_a_price_that_changes_now_does_not_bring_the_list_that_waits_with_it(
    stocked: HubInside, make_kiosk: MakeKiosk
) -> None:
    kiosk = make_kiosk(key=stocked.key).start()
    wait_version(kiosk, 1)
    at = later()
    assert stocked.command("catalogue", "price", "sku-7=1990", "--effective", at.isoformat()) == 0
    wait_pending(kiosk, 2)
    assert stocked.command("catalogue", "price", "sku-8=2490") == 0
    wait_version(kiosk, 3)
    assert (price_of(kiosk, "sku-7"), price_of(kiosk, "sku-8")) == (2290, 2490)
    wait_pending(kiosk, 4)
    kiosk.clock.ahead = at - datetime.now(UTC)
    kiosk.stop()
    kiosk.start()
    wait_version(kiosk, 4)
    assert (price_of(kiosk, "sku-7"), price_of(kiosk, "sku-8")) == (1990, 2490)


class Unset(TillClock):
    """The clock of a machine without a battery, before it has reached a time server."""

    def synchronised(self) -> bool:
        return False


def test_all_tills_of_a_store_flip_at_the_time_also_one_whose_clock_is_not_set(
    stocked: HubInside, make_kiosk: MakeKiosk
) -> None:
    lanes = [
        make_kiosk(key=stocked.key),
        make_kiosk("other", key=stocked.key, till=Till(workstation="4"), clock=Unset()),
    ]
    lanes[1].clock.ahead = timedelta(days=-400)
    for lane in lanes:
        lane.start()
        wait_version(lane, 1)
    at = datetime.now(UTC) + timedelta(seconds=6)
    assert stocked.command("catalogue", "price", "sku-7=1990", "--effective", at.isoformat()) == 0
    for lane in lanes:
        wait_pending(lane, 2)
    assert datetime.now(UTC) < at
    told: dict[int, datetime] = {}

    def both() -> bool:
        for number, lane in enumerate(lanes):
            if any(isinstance(command, ActivateCatalogue) for command in lane.posted):
                told.setdefault(number, datetime.now(UTC))
        return len(told) == 2

    wait_for(both, "both are told to use it")
    # The hub's state says its time to the millisecond; how long it was under way is not known.
    assert min(told.values()) >= at - timedelta(milliseconds=1)


def test_a_list_of_the_same_number_with_other_products_takes_the_place_of_the_old_one(
    stocked: HubInside, make_kiosk: MakeKiosk, tmp_path: Path
) -> None:
    """A hub without yesterday's database counts from one again."""
    kiosk = make_kiosk(key=stocked.key).start()
    wait_version(kiosk, 1)
    stocked.stop()
    for file in stocked.folder.glob("hub.db*"):
        file.unlink()
    stocked.start()
    assert stocked.command("catalogue", "import", str(write_csv(tmp_path / "other.csv", 40, price="19.90"))) == 0

    def taken() -> bool:
        activate_as_the_register_does(kiosk)
        return price_of(kiosk, "sku-7") == 1990

    wait_for(taken, "the other products are in use")
    with stocked.hub._database.read() as connection:  # type: ignore[union-attr]
        pointer = head(connection, "main")
    assert pointer is not None
    assert kiosk.catalogue.root() == pointer.root
