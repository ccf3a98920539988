"""A catalogue goes from a CSV file at the hub to the till's shelf, whole or not at all."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from appliance.core.commands import ActivateCatalogue
from appliance.core.identifiers import CatalogueVersion, Gtin, Sku, check_digit
from appliance.core.product import canonical
from appliance.errors import StoreError
from appliance.mqtt.downlink import wave
from appliance.mqtt.messages.catalogue import Delta, Head
from appliance.mqtt.messages.signed import sign
from appliance.mqtt.topics import Kind, topic
from hub.catalogue import head
from hub.keys import signing_key
from hub.kiosks import listed
from hub.schema import kiosk as kiosk_table
from tests.mqtt.contract import Listener
from tests.mqtt.parts import Broker, HubInside, Kiosk, free_port, wait_for

MakeKiosk = Callable[..., Kiosk]
HEADING = "sku,gtins,name_nb,name_en,unit,price,vat,plu,category,picture,age,deposit,limit,browse"


def gtin(number: int) -> str:
    body = f"70{number:010d}"
    return body + check_digit(body)


def write_csv(file: Path, count: int, *, price: str = "22.90") -> Path:
    rows = [f"sku-{i},{gtin(i)},Vare {i},Item {i},ea,{price},15,,,,,,," for i in range(count)]
    file.write_text("\n".join([HEADING, *rows]), encoding="utf-8")
    return file


def activate_as_the_register_does(kiosk: Kiosk) -> None:
    for command in list(kiosk.posted):
        if isinstance(command, ActivateCatalogue):
            kiosk.posted.remove(command)
            if kiosk.catalogue.pending() == command.version:
                with contextlib.suppress(ValueError):  # a newer one took its place this very moment
                    kiosk.catalogue.activate(command.version)


def wait_version(kiosk: Kiosk, number: int, seconds: float = 20.0) -> None:
    def there() -> bool:
        activate_as_the_register_does(kiosk)
        return bool(kiosk.catalogue.book().version == CatalogueVersion("main", number))

    wait_for(there, f"version {number} is in use", seconds)


def price_of(kiosk: Kiosk, sku: str) -> int:
    item = kiosk.catalogue.book().by_sku(Sku(sku))
    assert item is not None
    assert item.price is not None
    return item.price.minor


@pytest.fixture
def shop(hub: HubInside, make_kiosk: MakeKiosk, tmp_path: Path) -> Kiosk:
    """A till with the first version of forty products in use."""
    assert hub.command("catalogue", "import", str(write_csv(tmp_path / "products.csv", 40))) == 0
    kiosk = make_kiosk(key=hub.key).start()
    wait_version(kiosk, 1)
    return kiosk


def test_an_imported_catalogue_reaches_the_till(shop: Kiosk) -> None:
    item = shop.catalogue.book().by_gtin(Gtin.parse(gtin(7)))
    assert item is not None
    assert item.sku == "sku-7"
    assert price_of(shop, "sku-7") == 2290


def test_a_price_change_travels_as_a_small_delta(shop: Kiosk, hub: HubInside, listener: Listener) -> None:
    asked = listener.heard.get(Kind.GET, 0)
    assert hub.command("catalogue", "price", "sku-7=1990", "sku-8=500") == 0
    wait_version(shop, 2)
    assert (price_of(shop, "sku-7"), price_of(shop, "sku-8"), price_of(shop, "sku-9")) == (1990, 500, 2290)
    assert listener.heard[Kind.DELTA] == 1
    assert listener.heard.get(Kind.GET, 0) == asked


def test_a_new_version_is_only_staged_until_the_register_takes_it(shop: Kiosk, hub: HubInside) -> None:
    assert hub.command("catalogue", "price", "sku-7=1990") == 0
    wait_for(lambda: any(isinstance(c, ActivateCatalogue) for c in shop.posted), "the register is told")
    assert price_of(shop, "sku-7") == 2290
    activate_as_the_register_does(shop)
    assert price_of(shop, "sku-7") == 1990


def test_a_till_that_was_away_gets_one_delta_for_all_it_missed(
    shop: Kiosk, hub: HubInside, listener: Listener, tmp_path: Path
) -> None:
    shop.stop()
    assert hub.command("catalogue", "price", "sku-1=1500") == 0
    write_csv(tmp_path / "products.csv", 39)
    assert hub.command("catalogue", "import", str(tmp_path / "products.csv")) == 0
    assert hub.command("catalogue", "price", "sku-2=1600") == 0
    shop.start()
    wait_version(shop, 4)
    assert (price_of(shop, "sku-1"), price_of(shop, "sku-2")) == (2290, 1600)
    assert shop.catalogue.book().by_sku(Sku("sku-39")) is None
    assert listener.heard[Kind.GET] >= 1


def test_the_time_at_which_prices_change_is_honoured(shop: Kiosk, hub: HubInside) -> None:
    at = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0)
    assert hub.command("catalogue", "price", "sku-7=1990", "--effective", at.isoformat()) == 0
    wait_for(lambda: shop.catalogue.pending() == CatalogueVersion("main", 2), "it is staged")
    shop.stop()
    assert not any(isinstance(command, ActivateCatalogue) for command in shop.posted)
    shop.clock.ahead = at - datetime.now(UTC) - timedelta(seconds=1)
    shop.start()
    wait_for(lambda: any(isinstance(c, ActivateCatalogue) for c in shop.posted), "its time has come")
    assert shop.clock.now() >= at


def test_a_till_without_the_hub_s_key_takes_no_catalogue(hub: HubInside, make_kiosk: MakeKiosk, tmp_path: Path) -> None:
    assert hub.command("catalogue", "import", str(write_csv(tmp_path / "products.csv", 5))) == 0
    kiosk = make_kiosk(key="").start()
    link = kiosk.link
    assert link is not None
    wait_for(lambda: link.refused, "the head is refused and counted")
    assert kiosk.catalogue.newest().number == 0


def a_head(version: int, **changes: Any) -> Head:
    now = datetime.now(UTC)
    values: dict[str, Any] = {
        "zone": "main",
        "version": version,
        "products": 40,
        "currency": "NOK",
        "root": "a" * 64,
        "manifest": "b" * 64,
        "manifest_size": 100,
        "oldest_delta": 1,
        "published_at": now,
        "effective_at": now,
    }
    return Head(**{**values, **changes})


def test_a_forged_head_is_refused_and_changes_nothing(shop: Kiosk, listener: Listener) -> None:
    link = shop.link
    assert link is not None
    before = link.refused
    forged = sign(a_head(9).document(), Ed25519PrivateKey.generate())
    listener.send(topic(Kind.HEAD, "main"), canonical(forged))
    wait_for(lambda: link.refused > before, "the forged head is counted")
    assert shop.catalogue.newest().number == 1


def test_a_forged_delta_cannot_keep_an_honest_version_away(shop: Kiosk, hub: HubInside, listener: Listener) -> None:
    link = shop.link
    assert link is not None
    forged = Delta(zone="main", base=1, to=2, root="c" * 64, changed=({"sku": "sku-7", "price": 1},))
    listener.send(topic(Kind.DELTA, "main"), canonical(forged.document()))
    with hub.hub._database.read() as connection:  # type: ignore[union-attr]
        true = head(connection, "main")
    assert true is not None
    later = a_head(2, products=true.products, manifest=true.manifest, manifest_size=true.manifest_size)
    listener.send(topic(Kind.HEAD, "main"), canonical(sign(later.document(), signing_key(hub.folder))))
    wait_for(lambda: link.refused, "the forged delta does not fit the head's root")
    assert price_of(shop, "sku-7") == 2290
    assert hub.command("catalogue", "price", "sku-8=1990") == 0
    assert hub.command("catalogue", "price", "sku-7=1990") == 0
    wait_version(shop, 3)
    assert price_of(shop, "sku-7") == 1990


@pytest.mark.parametrize(
    "payload",
    [
        b"not json",
        b'{"signed":{},"signatures":[]}',
        b'{"v":1,"zone":"main","from":1,"to":2,"root":"x","set":{},"delete":[]}',
        b'{"v":1.5}',
    ],
)
def test_a_malformed_price_message_is_counted_and_changes_nothing(
    shop: Kiosk, listener: Listener, payload: bytes
) -> None:
    link = shop.link
    assert link is not None
    before = link.refused
    for kind in (Kind.HEAD, Kind.DELTA):
        listener.send(topic(kind, "main"), payload)
    wait_for(lambda: link.refused >= before + 2, "both are counted")
    assert link.online
    assert price_of(shop, "sku-7") == 2290


def test_prices_that_move_too_far_are_held_back_at_the_hub(
    shop: Kiosk, hub: HubInside, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = write_csv(tmp_path / "wrong.csv", 40, price="229.00")
    assert hub.command("catalogue", "import", str(wrong), "--by", "root") == 1
    assert "held back: 40 of 40 prices moved by more than half" in capsys.readouterr().err
    assert hub.command("catalogue", "release", "1", "--by", "root") == 1
    assert "a second person has to release it" in capsys.readouterr().err
    assert hub.command("catalogue", "release", "1", "--by", "kari") == 0
    wait_version(shop, 2)
    assert price_of(shop, "sku-7") == 22900


def test_a_version_that_the_till_finds_insane_leaves_the_last_good_one(
    shop: Kiosk, hub: HubInside, listener: Listener
) -> None:
    """The hub's own judgement is passed by: its signing key is used on a head that says too few products."""
    link = shop.link
    assert link is not None
    with hub.hub._database.read() as connection:  # type: ignore[union-attr]
        true = head(connection, "main")
    assert true is not None
    few = a_head(2, products=10, root=true.root, manifest=true.manifest, manifest_size=true.manifest_size)
    listener.send(topic(Kind.HEAD, "main"), canonical(sign(few.document(), signing_key(hub.folder))))
    wait_for(lambda: link.detail, "staff are told")
    assert shop.catalogue.book().version.number == 1
    assert link.online


def test_a_store_only_stages_until_its_wave_comes(shop: Kiosk, hub: HubInside) -> None:
    version = CatalogueVersion("main", 2)
    place = wave("oslo-01", version)
    assert hub.command("catalogue", "price", "sku-7=1990", "--cohort", str(place)) == 0
    wait_for(lambda: shop.catalogue.pending() == version, "it is staged")
    assert not any(isinstance(command, ActivateCatalogue) for command in shop.posted)
    assert hub.command("catalogue", "wave", str(place + 1)) == 0
    wait_version(shop, 2)


def test_waves_divide_the_stores_evenly() -> None:
    places = [wave(f"store-{i}", CatalogueVersion("main", 2)) for i in range(1000)]
    assert 400 < sum(place < 50 for place in places) < 600


def test_an_interrupted_download_goes_on_where_it_stopped(
    hub: HubInside, broker: Broker, make_kiosk: MakeKiosk, tmp_path: Path
) -> None:
    assert hub.command("catalogue", "import", str(write_csv(tmp_path / "products.csv", 6000))) == 0
    kiosk = make_kiosk(key=hub.key).start()
    blobs = kiosk.state / "blobs"
    wait_for(lambda: blobs.exists() and any(len(p.name) == 64 for p in blobs.iterdir()), "the first blob is there")
    broker.kill()
    held = {path.name for path in blobs.iterdir() if len(path.name) == 64}
    kiosk.stop()
    broker.start()
    kiosk.start()
    wait_version(kiosk, 1, 30)
    assert held <= {path.name for path in blobs.iterdir()}
    assert price_of(kiosk, "sku-5999") == 2290


def test_the_link_starts_and_stops_without_a_broker(make_kiosk: MakeKiosk) -> None:
    kiosk = make_kiosk(port=free_port()).start()
    link = kiosk.link
    assert link is not None
    wait_for(lambda: link.detail, "why there is no link")
    began = time.monotonic()
    kiosk.stop()
    assert time.monotonic() - began < 5


def test_the_sample_shop_reaches_a_till(hub: HubInside, make_kiosk: MakeKiosk) -> None:
    file = Path(__file__).parents[2] / "examples" / "shop" / "products.csv"
    if not file.exists():
        pytest.skip("examples/shop/products.csv is not there")
    assert hub.command("catalogue", "import", str(file)) == 0
    kiosk = make_kiosk(key=hub.key).start()
    wait_version(kiosk, 1)
    assert len(kiosk.catalogue.book().shelf().items) > 0


def test_a_catalogue_that_is_found_damaged_is_fetched_again(shop: Kiosk, hub: HubInside) -> None:
    shop.catalogue._note_damage(StoreError("a product row is damaged"))
    assert shop.catalogue.newest().number == 0
    hub.stop()
    hub.start()
    wait_for(lambda: shop.catalogue.newest().number == 1, "the version is there again")
    wait_for(lambda: any(isinstance(c, ActivateCatalogue) for c in shop.posted), "and is to be used")
    activate_as_the_register_does(shop)
    assert price_of(shop, "sku-7") == 2290


def test_the_hub_is_told_which_version_is_in_use(shop: Kiosk, hub: HubInside) -> None:
    def told() -> list[str]:
        return [kiosk["catalogue"] for kiosk in hub._read(listed)]

    wait_for(lambda: told() == ["main/1"], "a new birth after the activation", 10)


def test_health_tells_what_was_refused(shop: Kiosk, hub: HubInside) -> None:
    def told() -> Any:
        with hub.hub._database.read() as connection:  # type: ignore[union-attr]
            return json.loads(connection.scalar(select(kiosk_table.c.health)) or "{}").get("link")

    assert wait_for(told, "the hub has the till's health", 15) == {"refused": 0, "detail": ""}
