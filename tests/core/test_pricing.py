"""Pricing: one rounding per line; pieces, weights, labelled prices, deposits, merging."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.catalogue import Item, ScannedItem, Unit
from appliance.core.checkout import LineItem
from appliance.core.commands import EntryMethod
from appliance.core.identifiers import Language, LineNumber, Sku
from appliance.core.money import Currency, Money
from appliance.core.pricing import (
    Priced,
    Unpriced,
    checked_quantity,
    extended_price,
    may_merge,
    price_deposit,
    price_item,
)

NOK = Currency.parse("NOK")


def money(minor: int) -> Money:
    return Money(minor, NOK)


def item(unit: Unit = Unit.EACH, price: int | None = 2490) -> Item:
    return Item(
        sku=Sku("a"),
        names={Language("nb"): "A"},
        unit=unit,
        price=None if price is None else money(price),
        tax_code="15",
    )


CHEESE = item(Unit.KILOGRAM, 19900)


@pytest.mark.parametrize(
    ("price", "quantity", "gross"),
    [
        (2490, "3", 7470),
        (19900, "0.345", 6866),
        (19900, "0.001", 20),
        (1, "0.500", 1),
        (1, "0.499", 0),
        (2490, "1", 2490),
    ],
)
def test_an_extended_price_is_rounded_once_halves_up(price: int | None, quantity: str, gross: int):
    assert extended_price(money(price), Decimal(quantity)) == money(gross)


@given(st.integers(0, 10**7), st.integers(1, 10**5))
def test_the_price_of_a_weight_is_off_by_half_an_oere_at_most(price: int | None, grams: int):
    gross = extended_price(money(price), Decimal(grams).scaleb(-3))
    assert abs(1000 * gross.minor - price * grams) <= 500


@given(st.integers(0, 10**7), st.integers(1, 1000))
def test_pieces_are_never_rounded(price: int | None, pieces: int):
    assert extended_price(money(price), Decimal(pieces)) == money(price) * pieces


@given(st.integers(0, 10**6), st.integers(1, 10**4), st.integers(1, 10**4))
def test_more_of_the_same_never_costs_less(price: int | None, grams: int, more: int):
    low, high = (extended_price(money(price), Decimal(g).scaleb(-3)) for g in (grams, grams + more))
    assert low <= high


@pytest.mark.parametrize(
    ("quantity", "unit"),
    [
        ("0", Unit.EACH),
        ("-1", Unit.EACH),
        ("1.5", Unit.EACH),
        ("0.0005", Unit.KILOGRAM),
        ("1.2345", Unit.KILOGRAM),
        ("0", Unit.KILOGRAM),
        ("NaN", Unit.EACH),
        ("Infinity", Unit.KILOGRAM),
    ],
)
def test_a_quantity_that_cannot_be_sold_is_refused(quantity: str, unit: Unit):
    with pytest.raises(ValueError, match=r"quantity|whole number"):
        checked_quantity(Decimal(quantity), unit)


@pytest.mark.parametrize(
    ("quantity", "unit", "form"),
    [
        ("2.000", Unit.EACH, "2"),
        ("0.5", Unit.KILOGRAM, "0.500"),
        ("1E+1", Unit.EACH, "10"),
        ("3", Unit.KILOGRAM, "3.000"),
    ],
)
def test_a_quantity_has_one_form(quantity: str, unit: Unit, form: str):
    assert str(checked_quantity(Decimal(quantity), unit)) == form


def test_an_item_without_a_price_is_not_for_sale():
    assert price_item(item(price=None), ScannedItem(price=money(100))) is Unpriced.NO_PRICE


def test_an_item_scanned_plainly_is_one_piece_that_may_be_changed():
    priced = price_item(item())
    assert (priced.quantity, priced.gross, priced.fixed) == (Decimal(1), money(2490), False)


def test_pieces_count_where_the_code_carries_no_count():
    assert price_item(item(), pieces=4).gross == money(9960)
    assert price_item(item(), ScannedItem(count=6), pieces=4).quantity == 6


def test_a_pack_counted_or_numbered_by_its_code_keeps_its_quantity():
    assert price_item(item(), ScannedItem(count=6)).fixed
    assert price_item(item(), ScannedItem(serial="X1")).fixed


def test_a_weighed_item_costs_what_it_weighs():
    priced = price_item(CHEESE, ScannedItem(weight=Decimal("0.345")))
    assert (str(priced.quantity), priced.unit, priced.gross, priced.fixed) == (
        "0.345",
        Unit.KILOGRAM,
        money(6866),
        True,
    )


def test_a_weighed_item_without_a_weight_needs_the_scale():
    assert price_item(CHEESE) is Unpriced.NEEDS_SCALE


def test_a_price_on_the_label_is_what_the_customer_pays():
    priced = price_item(CHEESE, ScannedItem(price=money(6865)))
    assert priced.gross == money(6865)
    assert (str(priced.quantity), priced.unit) == ("0.345", Unit.KILOGRAM)
    both = price_item(CHEESE, ScannedItem(price=money(6000), weight=Decimal("0.345")))
    assert (both.gross, str(both.quantity)) == (money(6000), "0.345")
    piece = price_item(item(), ScannedItem(price=money(1990), weight=Decimal("0.2")))
    assert (piece.gross, piece.price, piece.quantity) == (money(1990), money(1990), 1)


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_labelled_pack_always_has_a_quantity_and_its_own_price(unit_price: int, label: int):
    priced = price_item(item(Unit.KILOGRAM, unit_price), ScannedItem(price=money(label)))
    assert priced.gross == money(label)
    assert priced.quantity > 0
    assert priced.quantity == checked_quantity(priced.quantity, priced.unit)


def test_a_labelled_pack_of_goods_that_cost_nothing_per_kilogram_is_one_piece():
    priced = price_item(item(Unit.KILOGRAM, 0), ScannedItem(price=money(500)))
    assert (priced.quantity, priced.unit, priced.gross) == (1, Unit.EACH, money(500))


def test_a_deposit_follows_the_pieces():
    priced = price_deposit(item(price=200), Decimal(6))
    assert (priced.gross, priced.fixed) == (money(1200), True)
    assert price_deposit(item(price=None), Decimal(1)) is Unpriced.NO_PRICE


LINE = LineItem(
    line=LineNumber(1),
    sku=Sku("a"),
    text="A",
    names={},
    entry=EntryMethod.SCANNED,
    quantity=Decimal(1),
    unit=Unit.EACH,
    price=money(2490),
    gross=money(2490),
    tax_code="15",
    tax_rate=Decimal(15),
)


def test_the_same_item_at_the_same_price_may_merge():
    assert may_merge(LINE, Sku("a"), price_item(item()))


@pytest.mark.parametrize(
    ("line", "sku", "priced"),
    [
        (LINE, "b", price_item(item())),
        (LINE, "a", price_item(item(price=2390))),
        (replace(LINE, voided=True), "a", price_item(item())),
        (replace(LINE, quantity_fixed=True), "a", price_item(item())),
        (LINE, "a", price_item(item(), ScannedItem(count=1))),
        (replace(LINE, unit=Unit.KILOGRAM, quantity_fixed=True), "a", price_item(item())),
    ],
)
def test_what_is_not_the_same_offer_never_merges(line: LineItem, sku: str, priced: Priced):
    assert not may_merge(line, Sku(sku), priced)
