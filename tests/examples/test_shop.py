"""The sample shop: the demo, the tests and the figures stand on this file, so it is held to its own description."""

import csv
import re
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image

from appliance.core.barcode import BarcodeRules, read
from appliance.core.catalogue import ScannedItem, Unit
from appliance.core.identifiers import Gtin, Plu, check_digit
from appliance.core.money import Currency

SHOP = Path(__file__).parents[2] / "examples" / "shop"
COLUMNS = (
    *("sku", "gtins", "name_nb", "name_nn", "name_en", "name_zh", "unit", "price", "vat", "plu", "category"),
    *("picture", "age", "deposit", "limit", "browse"),
)
NOK = Currency.parse("NOK")
RULES = BarcodeRules.of(region="no", rules=())

Row = dict[str, str]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    with (SHOP / "products.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def repeated(values: list[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]


def test_the_shop_has_at_least_three_hundred_products_in_the_described_columns(rows: list[Row]) -> None:
    assert len(rows) >= 300
    assert tuple(rows[0]) == COLUMNS


def test_every_key_and_every_name_belongs_to_one_product(rows: list[Row]) -> None:
    assert repeated([row["sku"] for row in rows]) == []
    assert repeated([gtin for row in rows for gtin in row["gtins"].split()]) == []
    assert repeated([row["plu"] for row in rows if row["plu"]]) == []
    for language in ("nb", "nn", "en", "zh"):
        assert repeated([row[f"name_{language}"] for row in rows]) == []


def test_every_gtin_is_valid_and_cannot_be_that_of_a_real_product(rows: list[Row]) -> None:
    for row in rows:
        for text in row["gtins"].split():
            gtin = Gtin.parse(text)
            assert str(gtin) == text.zfill(14)
            assert text[:3] == "952" or text[:2] in ("20", "23"), text


def test_every_product_can_be_sold_by_a_barcode_a_number_or_along_with_another(rows: list[Row]) -> None:
    deposits = {row["deposit"] for row in rows}
    for row in rows:
        assert row["gtins"] or row["plu"] or row["sku"] in deposits, row["sku"]
        if row["plu"]:
            Plu.parse(row["plu"])


def test_every_product_has_a_name_in_all_four_languages(rows: list[Row]) -> None:
    for row in rows:
        for language in ("nb", "nn", "en", "zh"):
            name = row[f"name_{language}"]
            assert name, row["sku"]
            assert name == " ".join(name.split()), row["sku"]
        assert any("\u4e00" <= character <= "\u9fff" for character in row["name_zh"]), row["sku"]


def test_nynorsk_is_not_bokmaal_copied(rows: list[Row]) -> None:
    """Words that differ between the two, in the form that must not stand in the other."""
    bokmaal_only = re.compile(r"melk|kjøtt|fløte|vann|hvete|poser|ruller|\buten\b|\bhvit|\brød|løk\b|mel\b")
    nynorsk_only = re.compile(r"mjølk|kjøt\b|fløyte|vatn|kveite|posar|rullar|\butan\b|\bkvit|\braud|lauk\b|mjøl\b")
    for row in rows:
        assert not bokmaal_only.search(row["name_nn"].lower()), row["name_nn"]
        assert not nynorsk_only.search(row["name_nb"].lower()), row["name_nb"]
    assert sum(row["name_nn"] != row["name_nb"] for row in rows) > 100


def test_every_price_is_a_positive_amount_with_two_decimals(rows: list[Row]) -> None:
    for row in rows:
        price = Decimal(row["price"])
        assert price > 0, row["sku"]
        assert price.as_tuple().exponent == -2, row["sku"]
        Unit(row["unit"])


def test_every_vat_code_is_a_norwegian_rate_and_each_one_occurs(rows: list[Row]) -> None:
    assert {row["vat"] for row in rows} == {"25", "15", "12", "0"}


def test_alcohol_and_tobacco_are_for_adults_and_never_at_the_rate_of_food(rows: list[Row]) -> None:
    restricted = [row for row in rows if row["category"] in ("Alcohol", "Tobacco") and row["vat"] == "25"]
    assert len(restricted) >= 10
    assert {row["age"] for row in restricted} == {"18"}
    assert {row["age"] for row in rows} == {"", "16", "18"}


def test_every_deposit_names_a_product_of_2_or_3_kroner_without_vat(rows: list[Row]) -> None:
    by_sku = {row["sku"]: row for row in rows}
    linked = [row for row in rows if row["deposit"]]
    assert len(linked) >= 15
    for row in linked:
        deposit = by_sku[row["deposit"]]
        assert deposit["price"] in ("2.00", "3.00")
        assert deposit["vat"] == "0"
        assert deposit["deposit"] == ""


def test_a_bottle_above_half_a_litre_has_the_larger_deposit(rows: list[Row]) -> None:
    by_sku = {row["sku"]: row for row in rows}
    for row in rows:
        if row["deposit"]:
            large = any(size in row["name_en"] for size in ("1.5 l", "0.75 l"))
            assert by_sku[row["deposit"]]["price"] == ("3.00" if large else "2.00"), row["sku"]


def test_every_picture_exists_is_square_and_transparent_and_none_is_left_over(rows: list[Row]) -> None:
    named = {row["picture"] for row in rows if row["picture"]}
    assert named == {file.stem for file in (SHOP / "pictures").iterdir()}
    for name in named:
        with Image.open(SHOP / "pictures" / f"{name}.png") as picture:
            assert picture.size == (256, 256)
            assert picture.convert("RGBA").getpixel((0, 0))[3] == 0


def test_goods_without_a_barcode_stand_in_the_picture_search(rows: list[Row]) -> None:
    browsable = [row for row in rows if row["browse"] == "1"]
    assert len(browsable) >= 40
    assert {row["browse"] for row in rows} == {"", "1"}
    assert len({row["category"] for row in browsable}) >= 5
    for row in rows:
        if row["plu"]:
            assert row["browse"] == "1", row["sku"]


def test_the_label_of_a_weighed_pack_leads_to_its_product(rows: list[Row]) -> None:
    """0.482 kg, or 48.20 kroner, printed into the number of each pack that the shop weighs itself."""
    packs = [gtin for row in rows for gtin in row["gtins"].split() if gtin[0] == "2"]
    assert len(packs) >= 10
    for gtin in packs:
        measure = "0482" if gtin.startswith("23") else "4820"
        payload = gtin[:8] + measure
        item = read(payload + check_digit(payload), RULES, NOK, date(2026, 11, 23))
        assert isinstance(item, ScannedItem)
        assert item.gtin == Gtin.parse(gtin)
        if gtin.startswith("23"):
            assert item.weight == Decimal("0.482")
        else:
            assert item.price is not None
            assert item.price.minor == 4820


def test_the_whole_shop_stays_small() -> None:
    assert sum(file.stat().st_size for file in SHOP.rglob("*") if file.is_file()) < 2_000_000
