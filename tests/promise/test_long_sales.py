"""However much a customer takes, the sale that is paid in the end must fit into its row of the journal."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.core import commands as c
from appliance.core import events as e
from appliance.core.catalogue import Item
from appliance.core.checkout import Reason, Rejection, TransactionState
from appliance.core.identifiers import Gtin, Language, LineNumber, Sku
from appliance.core.payment import ReceiptCopy, ReceiptText, Result
from appliance.store.journal import SqliteJournal
from tests.core.till import MILK, Book, Till, item

PLAIN = "melk"
LONG = "Økologisk lettmelk fra Røros 1,5 liter kartong"
CHINESE = "有机脱脂牛奶" * 60


def one_good(name: str) -> Book:
    def named(sku: str, **more: object) -> Item:
        return item(sku, 2290, names={Language("nb"): name}, **more)

    return Book(
        items=(
            named("1234567890123", gtins=(Gtin.parse(MILK),), deposit_sku=Sku("deposit-2")),
            named("deposit-2", tax_code="25"),
        )
    )


def full(name: str) -> tuple[Till, Reason]:
    """Give a till at which somebody scans until it takes no more."""
    till = Till(one_good(name))
    for _ in range(1000):
        refused = till.do(c.ScanCode(MILK))
        if isinstance(refused, Rejection):
            return till, refused.reason
    raise AssertionError("the till takes items without end")


LONGEST_RECEIPT = ("═" * 48,) * 1000
"""Of a terminal that prints and prints."""


@pytest.mark.parametrize("name", [PLAIN, LONG, CHINESE], ids=["plain", "long", "chinese"])
def test_a_sale_that_was_charged_fits_into_the_journal(name: str, tmp_path: Path) -> None:
    till, why = full(name)
    assert why is Reason.SALE_FULL
    till.pay()
    assert till.send()
    yes = till.approved()
    assert till.record(Result(yes))
    for copy in ReceiptCopy:
        assert till.record(ReceiptText(copy, LONGEST_RECEIPT))
    till.do(c.ReportOutcome(till.attempt, yes))
    assert till.checkout.state is TransactionState.TENDERED
    journal = SqliteJournal.open(tmp_path / "state")
    try:
        journal.append(
            [event for event, _ in till.journal], at=datetime.now(UTC), clock_synced=True, catalogue="oslo/1841"
        )
    finally:
        journal.close()


def test_a_full_sale_can_be_paid_or_made_smaller_but_a_restored_line_does_not_overfill_it() -> None:
    till, _ = full(LONG)
    lines = len(till.sale.active)
    assert lines > 100, "no real customer gets here"
    till.do(c.VoidLine(LineNumber(1)))
    till.do(c.RestoreLine(LineNumber(1)))
    assert len(till.sale.active) == lines
    assert till.do(c.ScanCode(MILK)) == Rejection(reason=Reason.SALE_FULL, code=MILK)
    till.pay_by_card()
    assert len(till.of(e.TransactionCompleted)[0].lines) == lines
