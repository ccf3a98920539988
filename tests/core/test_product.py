"""The product document: one byte form, one digest, and back to the same item."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.catalogue import Item, Unit
from appliance.core.identifiers import Gtin, Language, Plu, Sku, check_digit
from appliance.core.money import Currency, Money
from appliance.core.product import (
    BUCKETS,
    bucket,
    bucket_digest,
    canonical,
    item_of,
    product_digest,
    product_of,
    root_digest,
)

NOK = Currency.parse("NOK")
gtins = st.text("0123456789", min_size=13, max_size=13).map(lambda payload: Gtin(payload + check_digit(payload)))
items = st.builds(
    Item,
    sku=st.text("abcdef0123456789-", min_size=1, max_size=12).map(Sku),
    names=st.dictionaries(st.sampled_from(["nb", "nn", "en", "zh"]).map(Language), st.text(min_size=1, max_size=20)),
    unit=st.sampled_from(Unit),
    price=st.none() | st.integers(0, 10**8).map(lambda minor: Money(minor, NOK)),
    tax_code=st.sampled_from(["25", "15", "0"]),
    gtins=st.lists(gtins, max_size=3, unique=True).map(tuple),
    plu=st.none() | st.from_regex(r"[0-9]{4,5}", fullmatch=True).map(Plu),
    category=st.sampled_from(["", "fruit"]),
    picture=st.sampled_from(["", "apple"]),
    minimum_age=st.none() | st.just(18),
    deposit_sku=st.none() | st.just(Sku("pant-2")),
    maximum_quantity=st.none() | st.integers(1, 9),
    recalled=st.booleans(),
    browsable=st.booleans(),
)


@given(items)
def test_an_item_comes_back_from_its_document_also_through_json(item: Item):
    assert item_of(product_of(item), NOK) == item
    assert item_of(json.loads(canonical(product_of(item))), NOK) == item


@given(items)
def test_a_document_names_only_what_differs_from_nothing(item: Item):
    optional = {"plu", "category", "picture", "age", "deposit", "limit", "recalled", "browse"}
    assert all(value for key, value in product_of(item).items() if key in optional)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), st.integers() | st.text() | st.none()))
def test_the_byte_form_does_not_depend_on_the_order_of_keys(document: dict[str, object]):
    turned = dict(reversed(document.items()))
    assert canonical(document) == canonical(turned)
    assert product_digest(document) == product_digest(turned)


def test_the_byte_form_has_no_spaces_and_no_escapes():
    assert (
        canonical({"name": "Brød", "age": 18, "a": [1, None, True]})
        == '{"a":[1,null,true],"age":18,"name":"Brød"}'.encode()
    )


@pytest.mark.parametrize("document", [1.5, {"price": 1.0}, [{"a": [0.1]}], {1: "a"}, {"æ": 1}])
def test_a_float_or_an_odd_key_has_no_byte_form(document: dict[str, object]):
    with pytest.raises(TypeError):
        canonical(document)


def test_a_decimal_has_no_byte_form():
    with pytest.raises(TypeError):
        canonical(Decimal(1))


@pytest.mark.parametrize(
    "broken",
    [
        {"gtins": ["7038010009458"]},
        {"unit": "litre"},
        {"price": 1.5},
        {"plu": "1"},
    ],
)
def test_a_document_with_a_wrong_value_makes_no_item(broken: dict[str, object]):
    good = {"sku": "a", "gtins": [], "name": {"nb": "A"}, "unit": "ea", "price": 100, "vat": "15"}
    item_of(good, NOK)
    with pytest.raises((ValueError, TypeError)):
        item_of({**good, **broken}, NOK)


@pytest.mark.parametrize("missing", ["sku", "gtins", "name", "unit", "price", "vat"])
def test_a_document_without_a_needed_key_makes_no_item(missing: str):
    good = {"sku": "a", "gtins": [], "name": {"nb": "A"}, "unit": "ea", "price": 100, "vat": "15"}
    with pytest.raises(KeyError):
        item_of({key: value for key, value in good.items() if key != missing}, NOK)


@given(st.text(max_size=20))
def test_every_sku_has_a_bucket(sku: str):
    assert 0 <= bucket(sku) < BUCKETS


def test_the_root_changes_with_any_product():
    def root(price: int) -> str:
        buckets: list[list[bytes]] = [[] for _ in range(BUCKETS)]
        for sku in ("a", "b", "c"):
            document = {"sku": sku, "price": price if sku == "b" else 100}
            buckets[bucket(sku)].append(product_digest(document))
        return root_digest(bucket_digest(digests) for digests in buckets)

    assert root(100) == root(100)
    assert root(100) != root(101)
