"""Tax: the rate of the day, and amounts that always add up."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.money import Currency, Money
from appliance.core.tax import TaxedAmount, TaxRate, TaxTable, tax_summary

NOK = Currency.parse("NOK")
rates = st.sampled_from([Decimal(rate) for rate in ("25", "15", "12", "11.11", "0")])
minors = st.integers(min_value=-(10**10), max_value=10**10)

TABLE = TaxTable(
    {
        "25": (TaxRate(rate=Decimal(25)),),
        "12": (TaxRate(rate=Decimal(12)), TaxRate(rate=Decimal(6), since=date(2020, 4, 1)),
               TaxRate(rate=Decimal(12), since=date(2021, 10, 1))),
        "new": (TaxRate(rate=Decimal(5), since=date(2027, 1, 1)),),
    }
)  # fmt: skip


@given(minors, rates)
def test_net_and_tax_are_always_the_gross(minor: int, rate: Decimal):
    amount = TaxedAmount.of_gross(Money(minor, NOK), rate)
    assert amount.net + amount.tax == amount.gross == Money(minor, NOK)


@given(minors, rates)
def test_the_tax_is_off_by_half_a_minor_unit_at_most(minor: int, rate: Decimal):
    exact = minor * rate / (100 + rate)
    assert abs(TaxedAmount.of_gross(Money(minor, NOK), rate).tax.minor - exact) <= Decimal("0.5")


def test_an_amount_that_does_not_add_up_cannot_exist():
    with pytest.raises(ValueError, match="is not"):
        TaxedAmount(rate=Decimal(25), net=Money(80, NOK), tax=Money(21, NOK), gross=Money(100, NOK))


@given(st.lists(st.tuples(rates, minors), max_size=50))
def test_the_table_of_a_receipt_sums_to_the_receipt_whatever_the_lines(lines: list[tuple[Decimal, int]]):
    amounts = tax_summary([(rate, Money(minor, NOK)) for rate, minor in lines])
    assert sum(amount.gross.minor for amount in amounts) == sum(minor for _, minor in lines)
    assert sum(amount.net.minor + amount.tax.minor for amount in amounts) == sum(minor for _, minor in lines)


@given(st.lists(st.tuples(rates, minors), max_size=30))
def test_each_rate_stands_once_and_the_highest_first(lines: list[tuple[Decimal, int]]):
    found = [amount.rate for amount in tax_summary([(rate, Money(minor, NOK)) for rate, minor in lines])]
    assert found == sorted({rate for rate, _ in lines}, reverse=True)


def test_many_small_lines_gather_no_rounding_error():
    lines = [(Decimal(15), Money(10, NOK))] * 1000
    (amount,) = tax_summary(lines)
    assert amount.tax == Money(1304, NOK)  # 100.00 x 15 / 115 = 13.043; line by line it would be 10.00


def test_a_receipt_with_several_rates_to_the_oere():
    lines = [
        (Decimal(15), Money(2490, NOK)),
        (Decimal(15), Money(3333, NOK)),
        (Decimal(25), Money(300, NOK)),
        (Decimal(0), Money(200, NOK)),
    ]
    assert [(a.net.minor, a.tax.minor, a.gross.minor) for a in tax_summary(lines)] == [
        (240, 60, 300),
        (5063, 760, 5823),
        (200, 0, 200),
    ]


@pytest.mark.parametrize(
    ("day", "rate"),
    [(date(2019, 1, 1), 12), (date(2020, 3, 31), 12), (date(2020, 4, 1), 6), (date(2021, 10, 1), 12)],
)
def test_the_rate_is_that_of_the_business_date(day: date, rate: int):
    assert TABLE.rate("12", day) == rate


@pytest.mark.parametrize(("code", "day"), [("99", date(2026, 1, 1)), ("new", date(2026, 12, 31))])
def test_a_code_without_a_rate_in_force_is_an_error(code: str, day: date):
    with pytest.raises(LookupError, match=code):
        TABLE.rate(code, day)
