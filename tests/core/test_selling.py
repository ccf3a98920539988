"""The basket: what may be taken, at what price, and what the customer may change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from appliance.core import commands as c
from appliance.core import events as e
from appliance.core.catalogue import Unit
from appliance.core.checkout import Reason, Rejection, TransactionState
from appliance.core.effects import Play, Sound
from appliance.core.identifiers import CatalogueVersion, Gtin, LineNumber, Sku
from appliance.core.money import Money
from appliance.core.payment import TenderType
from tests.core.till import APPLES_BY_WEIGHT, BEER, ITEMS, MILK, NOK, SODA, Book, Till, item


def reason(result: object) -> Reason:
    assert isinstance(result, Rejection), result
    return result.reason


def test_the_first_item_starts_a_transaction_and_freezes_price_and_tax_in_its_line() -> None:
    till = Till()
    till.scan(MILK)
    started, added = till.journal[-2][0], till.journal[-1][0]
    assert isinstance(started, e.TransactionStarted)
    assert isinstance(added, e.LineAdded)
    assert str(started.transaction) == "oslo-01/3/2026-03-14/1"
    assert started.catalogue == CatalogueVersion("oslo", 1841)
    assert (added.price, added.gross, added.tax_rate) == (Money(2290, NOK), Money(2290, NOK), Decimal(15))
    assert till.effects == [Play(Sound.OK)]


def test_a_price_change_does_not_alter_an_open_transaction() -> None:
    till = Till()
    till.scan(MILK)
    assert reason(till.do(c.ActivateCatalogue(CatalogueVersion("oslo", 1842)))) is Reason.SALE_OPEN
    assert till.sale.total == Money(2290, NOK)


def test_the_same_item_again_is_a_line_of_its_own_unless_the_store_merges() -> None:
    plain, merging = Till(), Till(merge_same_item=True)
    for till in (plain, merging):
        till.scan(MILK, MILK, MILK)
        assert till.sale.total == Money(3 * 2290, NOK)
    assert [line.quantity for line in plain.sale.lines] == [1, 1, 1]
    assert [line.quantity for line in merging.sale.lines] == [3]


def test_weighed_packs_are_never_merged() -> None:
    till = Till(merge_same_item=True)
    till.scan(APPLES_BY_WEIGHT, APPLES_BY_WEIGHT)
    assert [line.quantity for line in till.sale.lines] == [Decimal("0.482")] * 2


def test_a_weighed_item_takes_its_weight_from_the_code() -> None:
    till = Till()
    till.scan(APPLES_BY_WEIGHT)
    (line,) = till.sale.lines
    assert (line.quantity, line.unit, line.gross) == (Decimal("0.482"), Unit.KILOGRAM, Money(1923, NOK))
    assert line.quantity_fixed


def test_a_priced_pack_costs_what_its_label_says() -> None:
    till = Till()
    till.scan("2012345004825")
    (line,) = till.sale.lines
    assert line.gross == Money(482, NOK)
    assert line.quantity == Decimal("0.024")


def test_a_weighed_item_without_a_weight_asks_for_the_scale() -> None:
    assert reason(Till().do(c.PickItem(Sku("apples")))) is Reason.NEEDS_SCALE


def test_a_deposit_is_sold_along_and_follows_its_item() -> None:
    till = Till()
    till.scan(SODA)
    soda, deposit = till.sale.lines
    assert (deposit.sku, deposit.deposit_of, deposit.tax_code) == ("deposit-2", soda.line, "25")
    till.do(c.ChangeQuantity(soda.line, 3))
    assert till.sale.total == Money(3 * (2990 + 200), NOK)
    assert reason(till.do(c.VoidLine(deposit.line))) is Reason.UNKNOWN_LINE
    till.do(c.VoidLine(soda.line))
    assert till.sale.total == Money(0, NOK)
    till.do(c.RestoreLine(soda.line))
    assert till.sale.total == Money(3 * (2990 + 200), NOK)


def test_an_item_whose_deposit_has_no_price_is_not_sold_without_it() -> None:
    till = Till(Book(items=tuple(i for i in ITEMS if i.sku != "deposit-2")))
    refused = till.do(c.ScanCode(SODA))
    assert reason(refused) is Reason.NO_PRICE
    assert till.checkout.transaction is None


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("7038010009450", Reason.UNREADABLE),
        ("70380100", Reason.UNREADABLE),
        ("", Reason.UNREADABLE),
        ("\x00\x07garbage", Reason.UNREADABLE),
        ("9521234543213", Reason.UNKNOWN_ITEM),
        ("]d20107038010009457" + "17260313", Reason.EXPIRED),
    ],
)
def test_a_code_that_cannot_be_sold_is_refused_with_its_reason_and_changes_nothing(code: str, wanted: Reason) -> None:
    till = Till()
    before = till.checkout
    refused = till.do(c.ScanCode(code))
    assert reason(refused) is wanted
    assert isinstance(refused, Rejection)
    assert refused.code == code
    assert till.checkout == before


def test_an_item_may_be_sold_on_the_last_day_of_its_use_by_date() -> None:
    till = Till()
    till.scan("]d20107038010009457" + "17260314")
    assert till.sale.total == Money(2290, NOK)


@pytest.mark.parametrize(
    ("plu", "wanted"), [("4444", Reason.NO_PRICE), ("4445", Reason.RECALLED), ("9999", Reason.UNKNOWN_ITEM)]
)
def test_an_item_without_price_recalled_or_unknown_is_refused(plu: str, wanted: Reason) -> None:
    assert reason(Till().do(c.KeyPlu(plu))) is wanted


def test_quantities_have_a_limit_for_customers_and_none_for_staff() -> None:
    till = Till(maximum_quantity=5)
    till.scan(MILK)
    too_many = till.do(c.ChangeQuantity(LineNumber(1), 6))
    assert isinstance(too_many, Rejection)
    assert (too_many.reason, too_many.limit) == (Reason.QUANTITY_LIMIT, 5)
    till.sign_on()
    till.do(c.ChangeQuantity(LineNumber(1), 6))
    assert till.sale.total == Money(6 * 2290, NOK)


def test_a_weight_cannot_be_changed_by_hand() -> None:
    till = Till()
    till.scan(APPLES_BY_WEIGHT)
    assert reason(till.do(c.ChangeQuantity(LineNumber(1), 2))) is Reason.QUANTITY_FIXED


def test_only_the_last_void_line_can_be_undone_and_only_until_the_next_change() -> None:
    till = Till()
    till.scan(MILK, SODA)
    till.do(c.VoidLine(LineNumber(1)))
    assert till.sale.last_voided == 1
    till.scan(MILK)
    assert reason(till.do(c.RestoreLine(LineNumber(1)))) is Reason.NOT_NOW


def test_an_age_restricted_item_keeps_the_basket_open_and_waits_for_staff_at_payment() -> None:
    till = Till()
    till.scan(BEER, MILK)
    assert reason(till.do(c.RequestPayment(TenderType.CARD))) is Reason.APPROVAL_NEEDED
    assert reason(till.do(c.GrantApproval(LineNumber(1)))) is Reason.NOT_SIGNED_ON
    till.sign_on()
    till.do(c.GrantApproval(LineNumber(1)))
    till.do(c.SignOff())
    till.pay()
    assert till.checkout.state is TransactionState.TENDERING
    assert till.of(e.ApprovalGranted)[0].operator == "kari"


def test_a_refused_approval_voids_the_line() -> None:
    till = Till()
    till.scan(BEER, MILK)
    till.sign_on()
    till.do(c.RefuseApproval(LineNumber(1)))
    assert till.sale.total == Money(2290, NOK)
    till.pay()


def test_a_closed_lane_takes_no_new_customer_but_lets_the_open_one_finish() -> None:
    till = Till()
    till.scan(MILK)
    till.sign_on()
    till.do(c.CloseLane())
    till.scan(MILK)
    till.do(c.SignOff())
    till.pay_by_card()
    till.take_receipt()
    assert reason(till.do(c.ScanCode(MILK))) is Reason.LANE_CLOSED


def test_without_a_working_tender_no_sale_begins() -> None:
    till = Till()
    till.device("terminal", "CAT", c.Health.OFFLINE)
    assert reason(till.do(c.ScanCode(MILK))) is Reason.OUT_OF_SERVICE


def test_without_prices_no_sale_begins() -> None:
    till = Till()
    till.checkout = replace(till.checkout, has_prices=False)
    assert reason(till.do(c.ScanCode(MILK))) is Reason.OUT_OF_SERVICE


def test_without_space_no_sale_begins_but_the_open_one_goes_on() -> None:
    till = Till()
    till.scan(MILK)
    till.do(c.ReportSpace(free_mb=12))
    till.scan(MILK)
    till.pay_by_card()
    till.take_receipt()
    assert reason(till.do(c.ScanCode(MILK))) is Reason.OUT_OF_SERVICE
    till.do(c.ReportSpace(free_mb=900))
    till.scan(MILK)


def test_a_walk_away_voids_without_a_sale() -> None:
    till = Till()
    till.scan(MILK)
    till.do(c.VoidTransaction(c.VoidReason.WALK_AWAY))
    assert till.checkout.transaction is None
    assert till.of(e.TransactionVoided)[0].total == Money(2290, NOK)
    assert not till.of(e.TransactionCompleted)


def test_transaction_numbers_never_restart_and_the_day_changes_only_between_transactions() -> None:
    till = Till()
    till.scan(MILK)
    till.day = date(2026, 3, 15)
    till.scan(MILK)
    assert till.checkout.business_date == date(2026, 3, 14)
    till.pay_by_card()
    till.take_receipt()
    till.scan(MILK)
    closed = till.of(e.DayClosed)[0]
    assert (closed.business_date, closed.transactions, closed.total) == (date(2026, 3, 14), 1, Money(4580, NOK))
    assert str(till.sale.id) == "oslo-01/3/2026-03-15/2"


def test_a_clock_set_back_opens_no_day() -> None:
    till = Till()
    till.day = date(1970, 1, 1)
    till.now = datetime(1970, 1, 1, tzinfo=UTC)
    till.scan(MILK)
    assert till.sale.id.business_date == date(2026, 3, 14)


def test_the_rate_of_the_business_day_holds() -> None:
    till = Till()
    till.day = date(2027, 1, 1)
    till.scan(MILK)
    assert till.sale.lines[0].tax_rate == Decimal(14)


def test_a_name_is_kept_in_every_screen_language() -> None:
    till = Till(Book(items=(item("milk", 100, gtins=(Gtin.parse(MILK),)),)))
    till.scan(MILK)
    assert till.sale.lines[0].names == {"nb": "milk", "en": "milk (en)"}
