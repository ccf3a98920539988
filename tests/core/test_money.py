"""Money: integers of minor units, one rounding, nothing lost when it is split."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.money import Currency, Money, round_half_away, total

NOK = Currency.parse("NOK")
SEK = Currency.parse("SEK")
ISK = Currency.parse("ISK")

minors = st.integers(min_value=-(10**12), max_value=10**12)


@pytest.mark.parametrize("value", [1.0, "1", Decimal(1), True])
def test_money_is_made_of_an_int_and_nothing_else(value: object):
    with pytest.raises(TypeError):
        Money(value, NOK)


def test_two_currencies_never_meet():
    for operation in (
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a < b,
        lambda a, b: a >= b,
    ):
        with pytest.raises(ValueError, match="do not mix"):
            operation(Money(1, NOK), Money(1, SEK))


def test_money_and_a_bare_number_do_not_add():
    with pytest.raises(TypeError):
        Money(1, NOK) + 1


def test_money_is_not_multiplied_by_a_decimal_in_passing():
    with pytest.raises(TypeError, match="times"):
        Money(100, NOK) * Decimal("1.5")


def test_equal_amounts_of_two_currencies_are_not_equal():
    assert Money(0, NOK) != Money(0, SEK)


def test_a_zero_amount_is_false():
    assert not Money(0, NOK)
    assert Money(-1, NOK)


@given(minors, minors)
def test_sums_and_differences_are_exact(a: int, b: int):
    assert Money(a, NOK) + Money(b, NOK) - Money(b, NOK) == Money(a, NOK)
    assert -(Money(a, NOK) - Money(b, NOK)) == Money(b, NOK) - Money(a, NOK)


@given(minors, st.sampled_from([NOK, ISK]))
def test_an_amount_in_major_units_is_an_inverse(minor: int, currency: Currency):
    money = Money(minor, currency)
    assert Money.of_decimal(money.to_decimal(), currency) == money


def test_an_amount_with_more_decimals_than_its_currency_is_refused():
    with pytest.raises(ValueError, match="more decimals"):
        Money.of_decimal(Decimal("1.005"), NOK)
    with pytest.raises(ValueError, match="more decimals"):
        Money.of_decimal(Decimal("1.5"), ISK)


@pytest.mark.parametrize(
    ("value", "rounded"),
    [("0.5", 1), ("1.5", 2), ("2.5", 3), ("-0.5", -1), ("-2.5", -3), ("2.4999", 2), ("-2.4999", -2), ("0", 0)],
)
def test_halves_are_rounded_away_from_zero(value: str, rounded: int):
    assert round_half_away(Decimal(value)) == rounded


@given(minors, st.decimals(min_value=0, max_value=1000, places=3))
def test_a_price_times_a_quantity_is_off_by_half_a_minor_unit_at_most(minor: int, quantity: Decimal):
    exact = minor * quantity
    assert abs(Money(minor, NOK).times(quantity).minor - exact) <= Decimal("0.5")


@given(minors, st.lists(st.integers(min_value=0, max_value=10**6), min_size=1, max_size=30).filter(any))
def test_the_parts_of_an_amount_sum_to_the_whole(minor: int, weights: list[int]):
    parts = Money(minor, NOK).allocate(weights)
    assert total(parts, NOK) == Money(minor, NOK)


@given(minors, st.lists(st.integers(min_value=0, max_value=1000), min_size=1, max_size=30).filter(any))
def test_no_part_is_further_than_one_minor_unit_from_its_share(minor: int, weights: list[int]):
    for part, weight in zip(Money(minor, NOK).allocate(weights), weights, strict=True):
        assert abs(part.minor - Decimal(minor * weight) / sum(weights)) < 1
        assert weight or not part


def test_what_does_not_divide_goes_to_the_largest_remainder_first():
    assert [part.minor for part in Money(100, NOK).allocate([1, 1, 1])] == [34, 33, 33]
    assert [part.minor for part in Money(-100, NOK).allocate([1, 1, 1])] == [-34, -33, -33]
    assert [part.minor for part in Money(10, NOK).allocate([3, 7, 90])] == [0, 1, 9]


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1], [-1]])
def test_weights_that_say_nothing_are_refused(weights: list[int]):
    with pytest.raises(ValueError, match="weights"):
        Money(1, NOK).allocate(weights)


def test_the_sum_of_nothing_is_zero():
    assert total([], NOK) == Money(0, NOK)


def test_an_unknown_currency_names_the_known_ones():
    with pytest.raises(ValueError, match="NOK"):
        Currency.parse("XXX")
    with pytest.raises(ValueError, match="001"):
        Currency.of_numeric(1)


def test_terminals_name_a_currency_by_number():
    assert Currency.of_numeric(578) is NOK
