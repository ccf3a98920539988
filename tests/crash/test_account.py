"""The checker itself: a right account has no fault, and any one thing that is wrong with it is found."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from tests.crash.account import Account, Sale, faults


@st.composite
def right_accounts(draw: st.DrawFn) -> Account:
    totals = draw(st.lists(st.integers(1, 10**6), min_size=1, max_size=8))
    sales = tuple(
        Sale(number=f"torget/1/2026-11-23/{number}", total=total, lines=total, tendered=total)
        for number, total in enumerate(totals, start=1)
    )
    return Account(
        sales=sales,
        confirmed=tuple((UUID(int=number), total) for number, total in enumerate(totals)),
        acked=tuple(sale.number for sale in sales),
        taken=sum(totals),
    )


@given(right_accounts())
def test_a_right_account_has_no_fault(found: Account):
    assert list(faults(found)) == []


@given(right_accounts(), st.data())
def test_one_thing_that_is_wrong_is_found(found: Account, data: st.DataObject):
    at = data.draw(st.integers(0, len(found.sales) - 1), label="at")
    off = data.draw(st.integers(1, 10**6), label="off by")
    sale = found.sales[at]
    attempt, amount = found.confirmed[at]
    rest = (*found.sales[:at], *found.sales[at + 1 :])
    wrong = {
        "a sale is lost": replace(found, sales=rest),
        "a sale and its payment are lost": replace(
            found, sales=rest, confirmed=(*found.confirmed[:at], *found.confirmed[at + 1 :])
        ),
        "a sale is doubled": replace(found, sales=(*found.sales, sale)),
        "a receipt is given out twice": replace(found, acked=(*found.acked, sale.number)),
        "a receipt of no sale is given out": replace(found, acked=(*found.acked, "torget/1/2026-11-23/999")),
        "a payment is confirmed twice": replace(found, confirmed=(*found.confirmed, (attempt, amount))),
        "the terminal took money that nobody knows of": replace(found, taken=found.taken + off),
        "the terminal has less": replace(found, taken=found.taken - off),
        "a payment is in doubt": replace(found, doubtful=(attempt,)),
        "the lines give another sum": replace(found, sales=(*rest, replace(sale, lines=sale.lines + off))),
        "less was paid than the total": replace(found, sales=(*rest, replace(sale, tendered=sale.total - off))),
    }
    missed = [what for what, account in wrong.items() if not list(faults(account))]
    assert missed == []


@given(right_accounts())
def test_while_a_sale_is_under_way_only_what_was_promised_counts(found: Account):
    under_way = replace(found, acked=found.acked[:-1], taken=found.taken + 100, doubtful=(UUID(int=99),))
    assert list(faults(under_way, settled=False)) == []
    assert list(faults(under_way)) != []
