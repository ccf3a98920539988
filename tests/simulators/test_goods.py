"""The sample shop: every code on a pack leads back to its item, and the catalogue is whole."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.barcode import BarcodeRules, prepare, read
from appliance.core.catalogue import ScannedItem
from appliance.core.identifiers import CatalogueVersion
from appliance.core.money import Currency
from appliance.store.catalogue import CatalogueStore
from simulators.goods import SAMPLE_SHOP, Good, read_goods, snapshot

NOK = Currency.parse("NOK")
RULES = BarcodeRules.of(region="no", rules=())
prepare()


def scanned(code: str) -> ScannedItem:
    item = read(code, RULES, NOK, date(2026, 11, 23))
    assert isinstance(item, ScannedItem), item
    return item


def test_there_are_enough_goods_of_every_kind(goods: tuple[Good, ...]):
    assert len(goods) >= 300
    assert {good.item.tax_code for good in goods} >= {"25", "15", "12", "0"}
    assert any(good.item.minimum_age == 18 for good in goods)
    assert any(good.item.deposit_sku for good in goods)
    assert any(good.item.plu and good.item.browsable for good in goods)
    assert all(set(good.item.names) == {"nb", "nn", "en", "zh"} for good in goods)


def test_the_code_of_every_pack_leads_to_its_item(goods: tuple[Good, ...]):
    for good in goods:
        if good.article:
            assert scanned(good.code(500)).gtin in good.item.gtins, good.item.sku


@given(st.data(), st.integers(80, 5000))
def test_a_labelled_pack_carries_its_weight_or_price(goods: tuple[Good, ...], data: st.DataObject, grams: int):
    good = data.draw(st.sampled_from([good for good in goods if good.labelled]))
    item = scanned(good.code(grams))
    assert item.gtin in good.item.gtins
    if good.article.startswith("23"):
        assert item.weight == Decimal(grams) / 1000
    else:
        assert good.item.price is not None
        assert item.price is not None
        assert item.price.minor == min(good.item.price.times(Decimal(grams) / 1000).minor, 9999)


def test_the_catalogue_of_the_shop_is_taken_by_a_till(goods: tuple[Good, ...], tmp_path: Path):
    root, documents = snapshot(goods)
    store = CatalogueStore.open(tmp_path, zone="main", currency=NOK)
    version = CatalogueVersion("main", 1)
    store.stage_snapshot(version, root, documents)
    book = store.activate(version)
    assert {good.item.sku: book.by_sku(good.item.sku) for good in goods} == {good.item.sku: good.item for good in goods}
    store.close()


@pytest.mark.parametrize(("column", "value"), [("price", "1,50"), ("gtins", "123"), ("unit", "litre"), ("plu", "1")])
def test_a_line_that_cannot_be_used_is_named(tmp_path: Path, column: str, value: str):
    header, first = (SAMPLE_SHOP / "products.csv").read_text(encoding="utf-8").splitlines()[:2]
    cells = dict(zip(header.split(","), first.split(","), strict=True)) | {column: value}
    file = tmp_path / "shop.csv"
    file.write_text(f"{header}\n" + ",".join(f'"{cell}"' for cell in cells.values()) + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 2"):
        read_goods(file, NOK)
