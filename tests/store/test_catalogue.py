"""The catalogue: versions come in whole or not at all, and an open basket never notices."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.core.catalogue import Item, PriceBook
from appliance.core.identifiers import CatalogueVersion, Gtin, Language, Plu, Sku
from appliance.core.money import Currency, Money
from appliance.core.product import BUCKETS, bucket, bucket_digest, item_of, product_digest, root_digest
from appliance.ports import Catalogue, CatalogueDelta, CatalogueIntake
from appliance.store.catalogue import CatalogueStore
from tests.store.sales import gtin

NOK = Currency.parse("NOK")
Product = dict[str, Any]
Shop = dict[str, Product]


def version(number: int) -> CatalogueVersion:
    return CatalogueVersion("oslo", number)


def product(number: int, **changes: Any) -> Product:
    made = {
        "sku": f"sku-{number:03d}",
        "gtins": [str(gtin(number))],
        "name": {"nb": f"Vare {number}", "en": f"Item {number}"},
        "unit": "ea",
        "price": 1000 + number,
        "vat": "15",
    }
    return {**made, **changes}


def shop(count: int = 20, **changes: Product) -> Shop:
    return {f"sku-{n:03d}": product(n) for n in range(1, count + 1)} | changes


def root(products: Iterable[Product]) -> str:
    """Give the root as the hub computes it, from the definition."""
    buckets: list[list[tuple[str, bytes]]] = [[] for _ in range(BUCKETS)]
    for entry in products:
        buckets[bucket(entry["sku"])].append((entry["sku"], product_digest(entry)))
    return root_digest(bucket_digest(digest for _, digest in sorted(entries)) for entries in buckets)


def opened(state: Path, **options: Any) -> CatalogueStore:
    return CatalogueStore.open(state, zone="oslo", currency=NOK, tax_codes={"25", "15", "12", "0"}, room=0, **options)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CatalogueStore]:
    made = opened(tmp_path)
    yield made
    made.close()


def snapshot(store: CatalogueStore, number: int, content: Shop) -> PriceBook:
    store.stage_snapshot(version(number), root(content.values()), content.values())
    return store.activate(version(number))


def delta(store: CatalogueStore, before: Shop, after: Shop, number: int) -> CatalogueDelta:
    changed: list[Mapping[str, object]] = []
    for sku, entry in after.items():
        old = before.get(sku, {})
        difference = {key: value for key, value in entry.items() if old.get(key) != value}
        difference |= {key: None for key in old if key not in entry}
        if difference:
            changed.append({"sku": sku, **difference})
    return CatalogueDelta(
        base=store.newest(),
        version=version(number),
        root=root(after.values()),
        changed=changed,
        deleted=[sku for sku in before if sku not in after],
    )


def the_whole(book: PriceBook, content: Shop, gone: Iterable[Product] = ()) -> None:
    """Compare every way to every product with what the hub has published."""
    for entry in content.values():
        expected = item_of(entry, NOK)
        assert book.by_sku(expected.sku) == expected
        for code in expected.gtins:
            assert book.by_gtin(code) == expected
        if expected.plu:
            assert book.by_plu(expected.plu) == expected
    carried = {code for entry in content.values() for code in entry["gtins"]}
    for entry in gone:
        for code in set(entry["gtins"]) - carried:
            assert book.by_gtin(Gtin.parse(code)) is None


def test_it_is_both_ports(store: CatalogueStore):
    for_the_register: Catalogue = store
    for_the_downlink: CatalogueIntake = store
    assert for_the_register.pending() is None
    assert for_the_downlink.newest() == version(0)


def test_before_the_first_version_there_is_an_empty_book(store: CatalogueStore):
    book = store.book()
    assert book.version == version(0)
    assert book.by_gtin(gtin(1)) is None
    assert book.by_sku(Sku("sku-001")) is None
    assert book.by_plu(Plu("4011")) is None
    assert book.shelf().items == ()


def test_a_whole_version_waits_until_it_is_taken_into_use(store: CatalogueStore):
    content = shop()
    store.stage_snapshot(version(7), root(content.values()), content.values())
    assert store.pending() == store.newest() == version(7)
    assert store.book().version == version(0)
    book = store.activate(version(7))
    assert book is store.book()
    assert store.pending() is None
    the_whole(book, content)


def test_a_version_survives_a_restart_waiting_or_in_use(tmp_path: Path):
    content = shop()
    store = opened(tmp_path)
    store.stage_snapshot(version(7), root(content.values()), content.values())
    store.close()
    store = opened(tmp_path)
    assert store.pending() == version(7)
    store.activate(version(7))
    store.close()
    store = opened(tmp_path)
    assert store.book().version == version(7)
    the_whole(store.book(), content)
    store.close()


def test_every_way_to_a_product(store: CatalogueStore):
    content = shop(
        3,
        banana={
            "sku": "banana",
            "gtins": [],
            "name": {"nb": "Banan"},
            "unit": "kg",
            "price": 2990,
            "vat": "15",
            "plu": "4011",
            "browse": True,
            "category": "fruit",
        },
        cola=product(60, sku="cola", gtins=[str(gtin(60)), str(gtin(61)), str(gtin(62))], deposit="pant-2", age=18),
        later=product(70, sku="later", price=None),
    )
    book = snapshot(store, 1, content)
    the_whole(book, content)
    assert book.by_gtin(gtin(62)) == book.by_sku(Sku("cola"))
    assert book.by_plu(Plu("4011")).price == Money(2990, NOK)  # type: ignore[union-attr]
    assert book.by_sku(Sku("later")).price is None  # type: ignore[union-attr]
    shelf = book.shelf()
    assert ([item.sku for item in shelf.items], shelf.categories) == (["banana"], ("fruit",))


def test_the_shelf_is_in_order_of_category_and_read_once(store: CatalogueStore):
    browse = {f"b{n}": product(n, sku=f"b{n}", browse=True, category="ab"[n % 2]) for n in range(1, 6)}
    book = snapshot(store, 1, {**shop(0), **browse})
    assert [item.sku for item in book.shelf().items] == ["b2", "b4", "b1", "b3", "b5"]
    assert book.shelf() is book.shelf()


def test_a_price_change_does_not_reach_a_basket_before_it_is_taken_into_use(store: CatalogueStore):
    before = shop()
    book = snapshot(store, 1, before)
    after = {**before, "sku-003": product(3, price=55)}
    store.stage_delta(delta(store, before, after, 2))
    assert store.pending() == version(2)
    the_whole(book, before)
    the_whole(store.activate(version(2)), after)


def test_a_book_of_a_version_that_is_no_longer_held_knows_nothing(store: CatalogueStore):
    old = snapshot(store, 1, shop())
    snapshot(store, 2, shop(5))
    assert old.by_gtin(gtin(1)) is None
    assert store.newest() == version(2)


def test_several_deltas_may_wait_and_the_newest_is_taken(store: CatalogueStore):
    contents = [shop()]
    snapshot(store, 1, contents[0])
    for number in range(2, 6):
        contents.append({**contents[-1], f"sku-{number:03d}": product(number, price=number)})
        store.stage_delta(delta(store, contents[-2], contents[-1], number))
    the_whole(store.book(), contents[0])
    the_whole(store.activate(version(5)), contents[-1])


def test_codes_may_change_hands_within_one_delta(store: CatalogueStore):
    before = shop(
        6,
        plums=product(50, sku="plums", gtins=[], plu="4440"),
        pears=product(51, sku="pears", gtins=[str(gtin(51)), str(gtin(52))], plu="4409"),
    )
    after = shop(
        6,
        plums=product(50, sku="plums", gtins=[str(gtin(52))], plu="4409"),
        pears=product(51, sku="pears", gtins=[str(gtin(1))], plu="4440"),
        **{"sku-001": product(1, gtins=[str(gtin(51)), str(gtin(99))]), "sku-002": product(2, gtins=[])},
    )
    snapshot(store, 1, before)
    store.stage_delta(delta(store, before, after, 2))
    the_whole(store.activate(version(2)), after, before.values())


def test_what_a_delta_clears_is_gone(store: CatalogueStore):
    before = shop(3, wine=product(9, sku="wine", age=18, limit=6, category="drink"))
    after = shop(3, wine=product(9, sku="wine", price=None))
    snapshot(store, 1, before)
    store.stage_delta(delta(store, before, after, 2))
    the_whole(store.activate(version(2)), after)


# Refusals ------------------------------------------------------------------------------------------------------------


def bad_shops() -> dict[str, tuple[Shop, str]]:
    return {
        "two products with one GTIN": (shop(5, other=product(3, sku="other")), "one GTIN"),
        "a further GTIN of another": (
            shop(5, other=product(9, sku="other", gtins=[str(gtin(9)), str(gtin(2))])),
            "two products",
        ),
        "two further GTINs": (
            shop(
                2,
                a=product(8, sku="a", gtins=[str(gtin(8)), str(gtin(77))]),
                b=product(9, sku="b", gtins=[str(gtin(9)), str(gtin(77))]),
            ),
            "one GTIN",
        ),
        "two products with one PLU": (
            shop(2, a=product(8, sku="a", plu="4011"), b=product(9, sku="b", plu="4011")),
            "one PLU",
        ),
        "a price below zero": (shop(2, a=product(8, sku="a", price=-1)), "is no price"),
        "a price of zero": (shop(2, a=product(8, sku="a", price=0)), "is no price"),
        "a float for a price": (shop(2, a=product(8, sku="a", price=9.5)), "'a'"),
        "an unknown VAT rate": (shop(2, a=product(8, sku="a", vat="33")), "unknown tax code"),
        "an unknown unit": (shop(2, a=product(8, sku="a", unit="mile")), "'a'"),
        "a wrong check digit": (shop(2, a=product(8, sku="a", gtins=["09521234543210"])), "check digit"),
        "no name": (shop(2, a={k: v for k, v in product(8, sku="a").items() if k != "name"}), "name"),
        "a name that is no text": (shop(2, a=product(8, sku="a", name={"nb": 4})), "texts"),
    }


@pytest.mark.parametrize("name", bad_shops())
def test_a_whole_version_with_what_cannot_be_is_refused_and_nothing_changes(store: CatalogueStore, name: str):
    content, why = bad_shops()[name]
    good = shop(10)
    snapshot(store, 1, good)
    try:
        announced = root(content.values())
    except TypeError:
        announced = "00" * 32
    with pytest.raises(ValueError, match=why):
        store.stage_snapshot(version(2), announced, content.values())
    assert store.pending() is None
    assert store.newest() == version(1)
    the_whole(store.book(), good)


def test_a_sku_that_stands_twice_is_refused(store: CatalogueStore):
    twice = [product(1), product(2, sku="sku-001")]
    with pytest.raises(ValueError, match="stands twice"):
        store.stage_snapshot(version(1), root(twice), twice)


def test_a_wrong_root_is_refused(store: CatalogueStore):
    content = shop()
    with pytest.raises(ValueError, match="its root is"):
        store.stage_snapshot(version(1), "00" * 32, content.values())
    snapshot(store, 1, content)
    changed = delta(store, content, {**content, "sku-003": product(3, price=55)}, 2)
    tampered = CatalogueDelta(
        base=changed.base, version=changed.version, root=changed.root, changed=[{"sku": "sku-003", "price": 56}]
    )
    with pytest.raises(ValueError, match="its root is"):
        store.stage_delta(tampered)
    assert store.pending() is None
    store.stage_delta(changed)


@pytest.mark.parametrize(
    ("changed", "deleted", "why"),
    [
        ([{"sku": "sku-001", "gtins": [str(gtin(2))]}], [], "belongs to another"),
        ([{"sku": "new", "name": {"nb": "x"}, "unit": "ea", "vat": "15", "gtins": [str(gtin(3))]}], [], "belongs to"),
        ([{"sku": "sku-001", "plu": "4011"}, {"sku": "sku-002", "plu": "4011"}], [], "PLU 4011"),
        ([{"sku": "sku-001", "price": -5}], [], "is no price"),
        ([{"sku": "sku-001", "vat": "99"}], [], "unknown tax code"),
        ([{"sku": "sku-001", "name": None}], [], "sku-001"),
        ([{"sku": "new", "price": 5}], [], "new"),
        ([{"sku": "sku-001", "price": 5}, {"sku": "sku-001", "price": 6}], [], "twice"),
        ([{"price": 5}], [], "is none"),
        ([], ["unheard-of"], "cannot be deleted"),
        ([{"sku": "sku-001", "price": 5}], ["sku-001"], "cannot be deleted"),
    ],
)
def test_a_delta_with_what_cannot_be_is_refused_and_nothing_changes(
    store: CatalogueStore, changed: list[Mapping[str, object]], deleted: list[str], why: str
):
    content = shop(10)
    snapshot(store, 1, content)
    with pytest.raises(ValueError, match=why):
        store.stage_delta(
            CatalogueDelta(base=version(1), version=version(2), root="00" * 32, changed=changed, deleted=deleted)
        )
    assert store.pending() is None
    the_whole(store.book(), content)


def test_a_delta_must_begin_where_the_kiosk_stands(store: CatalogueStore):
    with pytest.raises(ValueError, match="here is oslo/0"):
        store.stage_delta(CatalogueDelta(base=version(0), version=version(1), root="", changed=[]))
    snapshot(store, 4, shop())
    for base, following in ((3, 5), (4, 4), (4, 3)):
        with pytest.raises(ValueError, match="a change from"):
            store.stage_delta(CatalogueDelta(base=version(base), version=version(following), root="", changed=[]))


def test_another_zone_is_refused_and_a_move_to_it_begins_anew(store: CatalogueStore, tmp_path: Path):
    content = shop()
    snapshot(store, 4, content)
    with pytest.raises(ValueError, match="not of zone oslo"):
        store.stage_snapshot(CatalogueVersion("bergen", 9), root(content.values()), content.values())
    store.close()
    moved = CatalogueStore.open(tmp_path, zone="bergen", currency=NOK, room=0)
    assert moved.newest() == CatalogueVersion("bergen", 0)
    the_whole(moved.book(), content)
    moved.stage_snapshot(CatalogueVersion("bergen", 2), root(content.values()), content.values())
    assert moved.activate(CatalogueVersion("bergen", 2)).version == CatalogueVersion("bergen", 2)
    moved.close()


def test_a_version_that_does_not_wait_cannot_be_taken_into_use(store: CatalogueStore):
    snapshot(store, 1, shop())
    with pytest.raises(ValueError, match="does not wait"):
        store.activate(version(2))


def test_pages_that_break_off_leave_nothing_behind(store: CatalogueStore, tmp_path: Path):
    content = shop()
    snapshot(store, 1, content)

    def broken() -> Iterator[Product]:
        yield from list(content.values())[:10]
        raise ConnectionError("the line is gone")

    with pytest.raises(ConnectionError):
        store.stage_snapshot(version(2), root(content.values()), broken())
    assert store.pending() is None
    assert {path.name for path in tmp_path.glob("catalogue*")} <= {"catalogue.db", "catalogue.db-wal"}


def test_a_card_that_is_nearly_full_takes_no_new_version(tmp_path: Path):
    store = CatalogueStore.open(tmp_path, zone="oslo", currency=NOK, room=1 << 60)
    with pytest.raises(ValueError, match="MB are free"):
        store.stage_snapshot(version(1), "", [])
    store.close()


# Layers --------------------------------------------------------------------------------------------------------------


def test_above_eight_layers_they_are_merged_and_every_answer_stays(store: CatalogueStore, tmp_path: Path):
    content = shop(30, cola=product(60, sku="cola", gtins=[str(gtin(60)), str(gtin(61))], plu="4011"))
    first = content
    snapshot(store, 1, content)
    for number in range(2, 24):
        following = {**content, f"sku-{number:03d}": product(number, price=7 * number, name={"nb": f"Ny {number}"})}
        following[f"new-{number}"] = product(100 + number, sku=f"new-{number}", browse=number % 2 == 0)
        following.pop(f"sku-{number + 3:03d}", None)
        following["cola"] = product(
            60, sku="cola", gtins=[str(gtin(60)), str(gtin(200 + number))], plu=f"40{number:02d}"
        )
        # "browse": False is what nothing looks like: the hub leaves it out.
        following = {sku: {k: v for k, v in entry.items() if v is not False} for sku, entry in following.items()}
        store.stage_delta(delta(store, content, following, number))
        the_whole(store.activate(version(number)), following, first.values())
        content = following
    shelf = store.book().shelf()
    assert {item.sku for item in shelf.items} == {f"new-{number}" for number in range(2, 24, 2)}
    store.close()
    connection = sqlite3.connect(tmp_path / "catalogue.db")
    layers = connection.execute("SELECT count(*) FROM sqlite_schema WHERE name GLOB 't_bucket_*'").fetchone()[0]
    connection.close()
    assert layers <= 8
    again = opened(tmp_path)
    the_whole(again.book(), content)
    again.close()


def test_the_register_does_not_wait_while_a_version_comes_in(store: CatalogueStore):
    before, following = shop(), shop(8)
    after = {**before, "sku-003": product(3, price=55)}
    snapshot(store, 1, before)
    store.stage_delta(delta(store, before, after, 2))
    books: list[PriceBook] = []

    def pages() -> Iterator[Product]:
        entries = list(following.values())
        yield from entries[:4]
        register = threading.Thread(target=lambda: books.append(store.activate(version(2))))
        register.start()
        register.join(timeout=10)
        assert not register.is_alive()
        the_whole(books[0], after)
        yield from entries[4:]

    store.stage_snapshot(version(3), root(following.values()), pages())
    assert store.book().version == version(2)
    the_whole(store.activate(version(3)), following, before.values())


def test_a_merge_that_is_cut_off_changes_no_answer(store: CatalogueStore, tmp_path: Path):
    content = shop()
    snapshot(store, 1, content)
    for number in range(2, 6):
        following = {**content, f"sku-{number:03d}": product(number, price=number)}
        following.pop(f"sku-{number + 5:03d}")
        store.stage_delta(delta(store, content, following, number))
        content = following
        store.activate(version(number))
    file = store._file
    assert file is not None
    file.carry(file.merged()[:3])
    the_whole(store.book(), content, shop().values())
    store.close()
    again = opened(tmp_path)
    the_whole(again.book(), content, shop().values())
    last = {**content, "sku-020": product(20, price=77)}
    again.stage_delta(delta(again, content, last, 6))
    the_whole(again.activate(version(6)), last, shop().values())
    again.close()


def test_an_older_version_is_never_taken_into_use_again(store: CatalogueStore):
    before = shop()
    snapshot(store, 1, before)
    store.stage_delta(delta(store, before, {**before, "sku-003": product(3, price=55)}, 2))
    store.activate(version(2))
    with pytest.raises(ValueError, match="does not wait"):
        store.activate(version(1))


def test_a_delta_may_follow_a_whole_version_that_still_waits(store: CatalogueStore):
    before = shop()
    snapshot(store, 1, shop(3))
    store.stage_snapshot(version(2), root(before.values()), before.values())
    after = {**before, "sku-003": product(3, price=55)}
    store.stage_delta(delta(store, before, after, 3))
    assert store.pending() == version(3)
    the_whole(store.activate(version(3)), after)


def test_a_whole_version_takes_the_place_of_deltas_that_wait(store: CatalogueStore):
    before = shop()
    snapshot(store, 1, before)
    store.stage_delta(delta(store, before, {**before, "sku-003": product(3, price=55)}, 2))
    following = shop(8)
    store.stage_snapshot(version(3), root(following.values()), following.values())
    assert store.pending() == version(3)
    the_whole(store.activate(version(3)), following, before.values())


numbers = st.integers(1, 12)
edits = st.lists(
    st.tuples(numbers, st.sampled_from(["price", "codes", "plu", "remove", "browse"]), st.integers(1, 40)), max_size=6
)


def edited(content: Shop, changes: list[tuple[int, str, int]]) -> Shop:
    result = dict(content)
    for number, what, value in changes:
        sku = f"sku-{number:03d}"
        entry = dict(result.get(sku, product(number)))
        if what == "remove":
            result.pop(sku, None)
            continue
        if what == "price":
            entry["price"] = value * 10
        elif what == "codes":
            entry["gtins"] = [str(gtin(value)), str(gtin(value + 100))][: 1 + value % 2]
        elif what == "plu":
            entry["plu"] = f"4{value:03d}"
        else:
            entry["browse"] = True
        result[sku] = entry
    codes = [code for entry in result.values() for code in (*entry["gtins"], entry.get("plu") or entry["sku"])]
    return result if len(codes) == len(set(codes)) else content


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rounds=st.lists(edits, min_size=1, max_size=12), wait=st.booleans())
def test_any_run_of_changes_ends_with_exactly_what_the_hub_published(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[list[tuple[int, str, int]]], wait: bool
):
    store = opened(tmp_path_factory.mktemp("catalogue"))
    content = shop(12)
    everything = list(content.values())
    snapshot(store, 1, content)
    for number, changes in enumerate(rounds, start=2):
        following = edited(content, changes)
        everything += following.values()
        store.stage_delta(delta(store, content, following, number))
        content = following
        if not wait or number % 3 == 0:
            store.activate(version(number))
            the_whole(store.book(), content, everything)
    if store.pending():
        store.activate(store.newest())
    the_whole(store.book(), content, everything)
    store.close()


# Damage --------------------------------------------------------------------------------------------------------------


def test_a_damaged_row_is_an_unknown_item_and_the_catalogue_is_fetched_again(tmp_path: Path):
    content = shop()
    store = opened(tmp_path)
    snapshot(store, 5, content)
    store.close()
    connection = sqlite3.connect(tmp_path / "catalogue.db", isolation_level=None)
    connection.execute("""UPDATE "t_price" SET doc = '{"minor":1}' WHERE id = ?""", (int(gtin(3)),))
    connection.close()
    store = opened(tmp_path)
    assert store.newest() == version(5)
    assert store.book().by_gtin(gtin(3)) is None
    assert isinstance(store.book().by_gtin(gtin(4)), Item)
    assert store.newest() == version(0)
    the_whole(snapshot(store, 5, content), content)
    assert store.newest() == version(5)
    store.close()


def test_a_price_that_is_gone_is_damage_and_not_an_item_without_a_price(tmp_path: Path):
    store = opened(tmp_path)
    snapshot(store, 5, shop())
    store.close()
    connection = sqlite3.connect(tmp_path / "catalogue.db", isolation_level=None)
    connection.execute('DELETE FROM "t_price" WHERE id = ?', (int(gtin(3)),))
    connection.close()
    store = opened(tmp_path)
    assert store.book().by_gtin(gtin(3)) is None
    assert store.newest() == version(0)
    store.close()


@pytest.mark.parametrize("damage", ["garbage", "schema", "currency", "empty"])
def test_a_file_that_cannot_be_used_is_dropped_and_the_till_starts_without_prices(tmp_path: Path, damage: str):
    store = opened(tmp_path)
    snapshot(store, 5, shop())
    store.close()
    path = tmp_path / "catalogue.db"
    if damage == "garbage":
        path.write_bytes(b"garbage" * 4000)
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "schema":
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA user_version=9")
        connection.close()
    currency = Currency.parse("EUR") if damage == "currency" else NOK
    store = CatalogueStore.open(tmp_path, zone="oslo", currency=currency, room=0)
    assert store.newest() == version(0)
    assert store.book().by_gtin(gtin(1)) is None
    if currency is NOK:
        the_whole(snapshot(store, 6, shop()), shop())
    store.close()


def test_a_file_left_half_built_is_not_taken_for_a_version(tmp_path: Path):
    (tmp_path / "catalogue-complete.db.new").write_bytes(b"half")
    (tmp_path / "catalogue-complete.db").write_bytes(b"whole, but without its name")
    store = opened(tmp_path)
    assert store.pending() is None
    the_whole(snapshot(store, 1, shop()), shop())
    store.close()


def test_names_come_back_in_every_language(store: CatalogueStore):
    book = snapshot(store, 1, shop(1, a=product(9, sku="a", name={"nb": "Smør", "zh": "黄油"})))
    item = book.by_sku(Sku("a"))
    assert item is not None
    assert item.name(Language("zh"), Language("nb")) == "黄油"
