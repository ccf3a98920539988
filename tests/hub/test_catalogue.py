"""A product file is judged whole and published whole."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import zstandard
from sqlalchemy import func, select

from appliance.core.money import Currency
from appliance.core.product import BUCKETS, bucket, bucket_digest, canonical, product_digest, root_digest
from appliance.mqtt.messages.catalogue import PAGE_BYTES, Delta, Manifest, page_products
from appliance.mqtt.messages.wire import Fields
from hub import schema
from hub.catalogue import HeldBack, Refused, head, newest, products, publish
from hub.cli import main
from hub.database import Database
from hub.feeds import COLUMNS, Place, Reading
from hub.feeds import read as read_feed
from hub.files import packed_delta
from tests.mqtt.parts import NOK, TAX_CODES
from tests.mqtt.test_catalogue import HEADING, gtin

FULL = ",".join(COLUMNS)


def read(*rows: str, heading: str = FULL, encoding: str = "utf-8", **place: Any) -> Reading:
    content = "\n".join([heading, *rows]).encode(encoding)
    return read_feed(content, Place(**{"currency": NOK, "tax_codes": TAX_CODES, **place}))


def test_every_column_is_read() -> None:
    reading = read(
        f"pant-2,{gtin(1)},Pant,Pant,Deposit,押金,ea,2.00,0,,Pant,,,,,",
        f"cola,{gtin(2)} {gtin(3)},Cola 0.5 l,,Cola,可乐,ea,29.90,15,,Drikke,cola,,pant-2,10,",
        "banan,,Bananer,Bananar,Bananas,香蕉,kg,24.90,15,4011,Frukt,banana,,,,1",
        f"ol,{gtin(4)},Øl,Øl,Beer,啤酒,ea,,25,,Drikke,,18,pant-2,,",
    )
    assert reading.findings == ()
    by_sku = {product["sku"]: product for product in reading.products}
    assert by_sku["cola"] == {
        "sku": "cola",
        "gtins": [f"0{gtin(2)}", f"0{gtin(3)}"],
        "name": {"nb": "Cola 0.5 l", "en": "Cola", "zh": "可乐"},
        "unit": "ea",
        "price": 2990,
        "vat": "15",
        "category": "Drikke",
        "picture": "cola",
        "deposit": "pant-2",
        "limit": 10,
    }
    assert (by_sku["banan"]["plu"], by_sku["banan"]["browse"]) == ("4011", True)
    assert (by_sku["ol"]["price"], by_sku["ol"]["age"]) == (None, 18)


GOOD = f"a,{gtin(1)},Vare,,,,ea,10.00,25,,,,,,,"


@pytest.mark.parametrize(
    ("row", "finding"),
    [
        (f"b,{gtin(1)},Vare,,,,ea,10.00,25,,,,,,,", "line 3: gtins: GTIN 0" + gtin(1) + " stands already in line 2"),
        ("b,7000000000019,Vare,,,,ea,10.00,25,,,,,,,", "line 3: gtins: wrong check digit"),
        ("b,123,Vare,,,,ea,10.00,25,,,,,,,", "line 3: gtins: a GTIN has"),
        ("b,,Vare,,,,ea,-10.00,25,,,,,,,", "line 3: price: -10.00 cannot be"),
        ("b,,Vare,,,,ea,0,25,,,,,,,", "line 3: price: 0 cannot be"),
        ("b,,Vare,,,,ea,10.005,25,,,,,,,", "line 3: price: '10.005' is no amount in NOK; write it like 22.90 or 22,90"),
        ("b,,Vare,,,,ea,NaN,25,,,,,,,", "line 3: price: 'NaN' is no amount"),
        ("b,,Vare,,,,ea,1E+999,25,,,,,,,", "line 3: price:"),
        ("b,,Vare,,,,ea,10.00,24,,,,,,,", "line 3: vat: '24' is unknown; known: 0, 12, 15, 25"),
        ("b,,Vare,,,,stk/pk,10.00,25,,,,,,,", "line 3: unit: 'stk/pk' is no unit"),
        ("a,,Vare,,,,ea,10.00,25,,,,,,,", "line 3: sku: 'a' stands already in line 2"),
        (",,Vare,,,,ea,10.00,25,,,,,,,", "line 3: sku: 1 to 64 characters"),
        ("b,,,,,,ea,10.00,25,,,,,,,", "line 3: name: b: a name in at least one language"),
        ("b,,Vare,,,,ea,10.00,25,12,,,,,,", "line 3: plu: a PLU has 4 or 5 digits"),
        ("b,,Vare,,,,ea,10.00,25,,,,ung,,,", "line 3: age: 'ung' is no whole number"),
        ("b,,Vare,,,,ea,10.00,25,,,,,flaske,,", "line 3: deposit: b: its deposit 'flaske' is no product"),
        ("b,,Vare,,,,ea,10.00,25,,,,,,,maybe", "line 3: browse: 'maybe' is neither yes nor no"),
        ("b,,Vare,ea,10.00,25", "line 3: has 6 fields, the heading 16"),
    ],
)
def test_a_fault_is_named_with_its_line_and_nothing_is_used(row: str, finding: str) -> None:
    reading = read(GOOD, row)
    assert reading.products == ()
    assert [str(entry)[: len(finding)] for entry in reading.findings] == [finding]


def test_a_byte_order_mark_is_no_fault() -> None:
    assert read(GOOD, encoding="utf-8-sig").findings == ()


@pytest.mark.parametrize(
    ("heading", "finding"),
    [("sku,price,vat", "line 1: column 'unit' is missing"), (FULL + ",colour", "line 1: unknown column 'colour'")],
)
def test_a_wrong_heading_is_named(heading: str, finding: str) -> None:
    assert [str(entry)[: len(finding)] for entry in read(heading=heading).findings] == [finding]


def shop(count: int, *, price: int = 2290) -> list[dict[str, Any]]:
    return [
        {
            "sku": f"sku-{i}",
            "gtins": [f"0{gtin(i)}"],
            "name": {"nb": f"Vare {i}"},
            "unit": "ea",
            "price": price,
            "vat": "15",
        }
        for i in range(count)
    ]


def put(database: Database, wanted: Sequence[dict[str, Any]], *, whole: bool = True, force: bool = False) -> Any:
    with database.write() as connection:
        return publish(connection, "main", wanted, currency="NOK", tax_codes=TAX_CODES, whole=whole, force=force)


def root_of(wanted: Sequence[dict[str, Any]]) -> str:
    members: list[list[dict[str, Any]]] = [[] for _ in range(BUCKETS)]
    for product in sorted(wanted, key=lambda product: product["sku"]):
        members[bucket(product["sku"])].append(product)
    return root_digest(bucket_digest(product_digest(p) for p in group) for group in members)


def snapshot(database: Database) -> list[dict[str, Any]]:
    """Read the newest version as a till does: head, manifest, pages."""
    with database.read() as connection:
        pointer = head(connection, "main")
        assert pointer is not None

        def blob(sha256: str) -> bytes:
            content = connection.scalar(select(schema.blob.c.content).where(schema.blob.c.sha256 == sha256))
            assert content is not None
            return content

        packed = blob(pointer.manifest)
        assert len(packed) == pointer.manifest_size
        manifest = Manifest.parse(Fields(json.loads(zstandard.decompress(packed)), ""))
        result = []
        for sha256, size in manifest.pages:
            page = blob(sha256)
            assert len(page) == size <= PAGE_BYTES
            result += page_products(page)
    return result


@pytest.mark.parametrize("count", [1, 300, 5000])
def test_head_manifest_and_pages_give_the_very_products(database: Database, count: int) -> None:
    wanted = shop(count)
    put(database, wanted)
    found = snapshot(database)
    assert sorted(found, key=lambda p: p["sku"]) == sorted(wanted, key=lambda p: p["sku"])
    with database.read() as connection:
        pointer = head(connection, "main")
    assert pointer is not None
    assert (pointer.version, pointer.products, pointer.root) == (1, count, root_of(wanted))


def test_a_change_makes_a_version_a_delta_and_only_the_pages_that_it_touches(database: Database) -> None:
    wanted = shop(5000)
    put(database, wanted)
    with database.read() as connection:
        before = connection.scalar(select(func.count()).select_from(schema.catalogue_page))
    made = put(database, [{**wanted[7], "price": 1990}], whole=False)
    assert (made.version, made.changed, made.deleted) == (2, 1, 0)
    with database.read() as connection:
        after = connection.scalar(select(func.count()).select_from(schema.catalogue_page))
        content = packed_delta(connection, "main", 1, 2)
        pointer = head(connection, "main")
    assert before is not None
    assert after == before + 1
    assert content is not None
    delta = Delta.parse(Fields(json.loads(zstandard.decompress(content)), ""))
    assert delta.changed == ({"sku": "sku-7", "price": 1990},)
    assert pointer is not None
    assert pointer.root == delta.root == root_of([*wanted[:7], {**wanted[7], "price": 1990}, *wanted[8:]])


def test_nothing_new_makes_no_version(database: Database) -> None:
    put(database, shop(10))
    assert put(database, shop(10)) is None
    with database.read() as connection:
        assert newest(connection, "main") == 1


def apply(rows: dict[str, dict[str, Any]], delta: Delta) -> dict[str, dict[str, Any]]:
    result = {sku: dict(row) for sku, row in rows.items() if sku not in delta.deleted}
    for change in delta.changed:
        row = {**result.get(change["sku"], {}), **change}
        keep = ("sku", "gtins", "name", "unit", "price", "vat")
        result[change["sku"]] = {key: value for key, value in row.items() if value is not None or key in keep}
    return result


def test_several_deltas_in_one_do_what_they_do_one_after_another(database: Database) -> None:
    first = shop(100)
    put(database, first)
    put(database, [{**first[1], "price": 1500}, {**first[2], "plu": "4011"}], whole=False)
    put(database, [*first[:50], *first[51:]])
    put(database, [{**first[50], "category": "Ny"}, {**first[3], "name": {"nb": "Annet"}}], whole=False)
    with database.read() as connection:
        content = packed_delta(connection, "main", 1, 4)
        final = products(connection, "main")
        pointer = head(connection, "main")
    assert content is not None
    delta = Delta.parse(Fields(json.loads(zstandard.decompress(content)), ""))
    assert apply({row["sku"]: row for row in first}, delta) == final
    assert pointer is not None
    assert delta.root == pointer.root


def test_a_delta_from_an_unknown_version_or_to_an_old_one_is_gone(database: Database) -> None:
    put(database, shop(100))
    put(database, [{**shop(1)[0], "price": 1500}], whole=False)
    with database.read() as connection:
        assert packed_delta(connection, "main", 0, 2) is None
        assert packed_delta(connection, "main", 1, 1) is None
        assert packed_delta(connection, "other", 1, 2) is None


def test_half_a_price_list_is_held_back(database: Database) -> None:
    put(database, shop(100))
    with pytest.raises(HeldBack, match="50 products instead of 100"):
        put(database, shop(50))
    with database.read() as connection:
        assert newest(connection, "main") == 1
        assert len(products(connection, "main")) == 100
    assert put(database, shop(50), force=True).deleted == 50


def test_prices_ten_times_too_high_are_held_back(database: Database) -> None:
    put(database, shop(100))
    with pytest.raises(HeldBack, match="100 of 100 prices moved by more than half"):
        put(database, shop(100, price=22900))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"price": -1}, "no price"),
        ({"price": 0}, "no price"),
        ({"vat": "24"}, "unknown VAT"),
        ({"gtins": [f"0{gtin(1)}"]}, "stands twice"),
    ],
)
def test_what_cannot_be_is_refused_also_by_force(database: Database, change: dict[str, Any], why: str) -> None:
    wanted = shop(10)
    wanted[5] = {**wanted[5], **change}
    with pytest.raises(Refused, match=why):
        put(database, wanted, force=True)
    with database.read() as connection:
        assert newest(connection, "main") == 0
        assert products(connection, "main") == {}


def test_20_000_products_take_a_fifth_of_what_100_000_may(database: Database) -> None:
    wanted = shop(20_000)
    for i, product in enumerate(wanted):
        product["name"] = {"nb": f"Vare nummer {i}", "en": f"Item number {i}", "zh": f"商品 {i}"}
        product["price"] = 990 + i % 9000
    put(database, wanted)
    with database.read() as connection:
        size = connection.scalar(select(func.sum(schema.catalogue_page.c.size)))
    assert size is not None
    assert size <= 4_000_000 / 5


def test_the_command_line_names_every_fault_and_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "products.csv"
    file.write_text(f"{HEADING}\na,,Vare,,ea,10,99,,,,,,,\nb,,Vare,,ea,dyr,25,,,,,,,\n")
    data = str(tmp_path / "hub")
    assert main(["catalogue", "import", str(file), "--data", data]) == 1
    output = capsys.readouterr().out
    assert "line 2: vat: '99' is unknown" in output
    assert "line 3: price: 'dyr' is no amount" in output
    assert "2 faults; nothing was changed" in output
    assert not (tmp_path / "hub" / "hub.db").exists()


@pytest.mark.parametrize("change", ["sku-99=100", "sku-1=-5", "sku-1=1.5", "sku-1"])
def test_a_price_that_cannot_be_changes_nothing(
    tmp_path: Path, change: str, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "hub"
    database = Database(data, create=True)
    put(database, shop(5))
    assert main(["catalogue", "price", "sku-0=100", change, "--data", str(data)]) == 1
    assert "nothing was changed" in capsys.readouterr().err
    with database.read() as connection:
        assert newest(connection, "main") == 1
    database.close()


def test_currency_without_decimals() -> None:
    reading = read("a,,Vare,,,,ea,10.50,25,,,,,,,", currency=Currency.parse("ISK"))
    assert "write it like 23" in str(reading.findings[0])


def test_canonical_documents_stay_canonical() -> None:
    assert canonical({"b": 1, "a": [1, "ø"]}) == '{"a":[1,"ø"],"b":1}'.encode()
