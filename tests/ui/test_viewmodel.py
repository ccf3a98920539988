from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core import commands as c
from appliance.core.catalogue import Shelf
from appliance.core.checkout import Checkout, DeviceState, LaneState, Transaction, TransactionState
from appliance.core.commands import Condition, Health, PrintResult, ReceiptKind
from appliance.core.identifiers import LineNumber, Operator
from appliance.core.payment import EXPIRED, Outcome, OutcomeKind, PaymentState, Progress, TenderType
from appliance.ui import pages as p
from appliance.ui.viewmodel import page
from tests.core.till import BEER, MILK, SODA, Till
from tests.ui.samples import (
    ALL_FIVE,
    BASKET,
    COLA,
    DEVICES,
    EVERY_TENDER,
    NO_PAPER,
    NO_TERMINAL,
    PLEDGE,
    POLICY,
    STALL,
    completed,
    device,
    kr,
    paid_in_cash,
    paying,
    sale,
    till,
    with_device,
)
from tests.ui.samples import (
    BEER as BEER_LINE,
)
from tests.ui.samples import (
    MILK as MILK_LINE,
)


def test_cash_over_the_counter_is_rounded_to_the_coins_there_are_and_offers_likely_notes() -> None:
    cash = page(till(policy=STALL, transaction=sale(*BASKET))).frame.cash
    assert cash is not None
    assert (cash.due, cash.rounding, cash.notes) == (kr(13600), kr(40), (kr(20000), kr(50000), kr(100000)))


def test_a_kiosk_takes_no_cash_over_the_counter() -> None:
    assert page(till(policy=EVERY_TENDER, transaction=sale(*BASKET))).frame.cash is None


def test_nothing_left_to_pay_is_no_cash_to_take() -> None:
    paid = paying(PaymentState.SENT)
    assert page(till(policy=STALL, transaction=paid)).frame.cash is None


def test_a_machine_says_what_is_in_and_what_is_missing() -> None:
    coins = paying(PaymentState.SENT, tender=TenderType.CASH, amount=kr(13600))
    some = replace(coins.payments[0], credits={"1": kr(10000), "2": kr(2000)})
    shown = page(till(policy=EVERY_TENDER, transaction=replace(coins, payments=(some,))))
    assert isinstance(shown, p.InsertCashPage)
    assert (shown.inserted, shown.missing) == (kr(12000), kr(1600))
    too_much = replace(some, credits={"1": kr(20000)})
    shown = page(till(policy=EVERY_TENDER, transaction=replace(coins, payments=(too_much,))))
    assert isinstance(shown, p.InsertCashPage)
    assert shown.missing == kr(0)


def test_what_is_paid_in_cash_is_the_rounded_sum() -> None:
    shown = page(till(policy=STALL, transaction=paid_in_cash(20000)))
    assert isinstance(shown, p.ChangePage)
    assert (shown.change, shown.paid) == (kr(6400), kr(13600))


def test_a_code_that_ran_out_is_told_from_a_payment_that_was_cancelled() -> None:
    codes = {EXPIRED: p.NoCharge.EXPIRED, "CANCELLED": p.NoCharge.CANCELLED}
    for code, why in codes.items():
        ended = paying(PaymentState.CANCELLED, tender=TenderType.QR)
        told = replace(ended.payments[0], outcome=Outcome(kind=OutcomeKind.CANCELLED, code=code))
        shown = page(till(policy=EVERY_TENDER, transaction=replace(ended, payments=(told,))))
        assert isinstance(shown, p.DeclinedPage)
        assert shown.why is why


def test_a_scan_is_taken_while_a_phone_shall_show_its_code_and_at_no_other_time_of_paying() -> None:
    wallet = till(policy=ALL_FIVE, transaction=paying(PaymentState.SENT, tender=TenderType.WALLET))
    assert page(replace(wallet, progress=Progress.SHOW_CODE)).frame.accepts_scan
    assert not page(replace(wallet, progress=Progress.AUTHORISING)).frame.accepts_scan


@pytest.mark.parametrize(
    ("lane", "shown"),
    [
        (LaneState.STARTING, p.StartingPage),
        (LaneState.CLOSED, p.ClosedPage),
        (LaneState.UPDATING, p.ClosedPage),
        (LaneState.OPEN, p.AttractPage),
        (LaneState.OUT_OF_SERVICE, p.OutOfServicePage),
    ],
)
def test_an_empty_till_shows_the_state_of_its_lane(lane: LaneState, shown: type[p.Page]) -> None:
    assert isinstance(page(till(lane=lane)), shown)


def test_an_update_is_told_from_a_closed_till() -> None:
    shown = page(till(lane=LaneState.UPDATING))
    assert isinstance(shown, p.ClosedPage)
    assert shown.updating


def test_an_open_sale_stays_on_the_screen_of_a_closed_lane_and_is_the_last_one() -> None:
    shown = page(till(lane=LaneState.CLOSED, transaction=sale(*BASKET)))
    assert isinstance(shown, p.BasketPage)
    assert shown.frame.closing


def test_a_till_without_a_working_tender_takes_no_first_item() -> None:
    assert isinstance(page(till(devices=NO_TERMINAL)), p.OutOfServicePage)


def test_a_till_that_waits_for_its_terminal_to_report_is_not_out_of_order() -> None:
    assert isinstance(page(till(devices={})), p.StartingPage)
    unknown = with_device(device("terminal", "CAT", health=Health.UNKNOWN))
    assert isinstance(page(till(devices=unknown)), p.StartingPage)


def test_a_fault_is_out_of_order_even_before_the_terminal_reports() -> None:
    assert isinstance(page(till(devices={}, fault="journal")), p.OutOfServicePage)


def test_a_full_card_takes_no_first_item_and_lets_the_open_sale_finish() -> None:
    assert isinstance(page(till(free_mb=1)), p.OutOfServicePage)
    assert isinstance(page(till(free_mb=1, transaction=sale(*BASKET))), p.BasketPage)


def test_a_tender_that_does_not_work_is_named_as_missing() -> None:
    frame = page(till(policy=EVERY_TENDER, devices=NO_TERMINAL)).frame
    assert frame.tenders == (TenderType.QR, TenderType.CASH)
    assert frame.missing_tenders == (TenderType.CARD,)


def test_the_basket_shows_what_is_not_voided_in_order_of_scanning() -> None:
    shown = page(till(transaction=sale(*BASKET, replace(BEER_LINE, voided=True))))
    assert isinstance(shown, p.BasketPage)
    assert [line.line for line in shown.lines] == [1, 2, 3, 4, 5]
    assert shown.total == kr(4380 + 4390 + 1200 + 3290 + 300)


def test_a_deposit_stands_directly_under_its_item() -> None:
    late = replace(PLEDGE, line=LineNumber(9))
    shown = page(till(transaction=sale(COLA, MILK_LINE, late)))
    assert isinstance(shown, p.BasketPage)
    assert [line.line for line in shown.lines] == [1, 4, 9]


def test_the_line_removed_last_can_be_brought_back() -> None:
    voided = replace(MILK_LINE, voided=True)
    shown = page(till(transaction=replace(sale(voided), last_voided=voided.line)))
    assert isinstance(shown, p.BasketPage)
    assert shown.removed == voided


def test_lines_that_wait_for_staff_are_known_to_the_page() -> None:
    shown = page(till(transaction=sale(MILK_LINE, BEER_LINE)))
    assert isinstance(shown, p.BasketPage)
    assert shown.waiting == (BEER_LINE,)


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (PaymentState.INTENT, p.CardPage),
        (PaymentState.SENT, p.CardPage),
        (PaymentState.APPROVED, p.CardPage),
        (PaymentState.CONFIRMED, p.OutcomeUnknownPage),
        (PaymentState.DECLINED, p.DeclinedPage),
        (PaymentState.CANCELLED, p.DeclinedPage),
        (PaymentState.NOT_CHARGED, p.DeclinedPage),
        (PaymentState.REVERSED, p.DeclinedPage),
        (PaymentState.UNKNOWN, p.OutcomeUnknownPage),
    ],
)
def test_every_state_of_a_payment_has_its_page(state: PaymentState, shown: type[p.Page]) -> None:
    assert isinstance(page(till(transaction=paying(state))), shown)


@pytest.mark.parametrize("state", [s for s in PaymentState if s is not PaymentState.DECLINED])
def test_a_payment_is_called_declined_only_if_that_is_proved(state: PaymentState) -> None:
    shown = page(till(transaction=replace(paying(state), state=TransactionState.TENDERING)))
    assert not (isinstance(shown, p.DeclinedPage) and shown.why is p.NoCharge.DECLINED)


def test_cancel_is_offered_only_while_the_terminal_can_stop() -> None:
    running = paying(PaymentState.SENT)
    for may_cancel in (True, False):
        shown = page(till(transaction=running, progress=Progress.PRESENT_CARD, may_cancel=may_cancel))
        assert isinstance(shown, p.CardPage)
        assert shown.may_cancel is may_cancel
    approved = page(till(transaction=paying(PaymentState.APPROVED), may_cancel=True))
    assert isinstance(approved, p.CardPage)
    assert approved.approved
    assert not approved.may_cancel


def test_a_payment_with_the_phone_has_its_own_page() -> None:
    shown = page(till(policy=EVERY_TENDER, transaction=paying(PaymentState.SENT, tender=TenderType.QR)))
    assert isinstance(shown, p.QrPaymentPage)


def test_a_part_paid_sale_asks_for_the_rest() -> None:
    shown = page(till(transaction=paying(PaymentState.CONFIRMED, amount=kr(5000))))
    assert isinstance(shown, p.ChoosePaymentPage)
    assert (shown.paid, shown.rest) == (kr(5000), kr(8560))


def test_money_that_may_be_moving_comes_before_a_fault() -> None:
    doubt = till(transaction=paying(PaymentState.UNKNOWN), fault="journal", lane=LaneState.OUT_OF_SERVICE)
    assert isinstance(page(doubt), p.OutcomeUnknownPage)
    sent = till(transaction=paying(PaymentState.SENT), fault="journal")
    assert isinstance(page(sent), p.OutcomeUnknownPage)


def test_a_customer_who_has_paid_is_told_so_when_the_till_breaks_down() -> None:
    shown = page(till(transaction=completed(), fault="journal"))
    assert isinstance(shown, p.OutOfServicePage)
    assert shown.paid
    unpaid = page(till(transaction=sale(*BASKET), fault="journal"))
    assert isinstance(unpaid, p.OutOfServicePage)
    assert (unpaid.open_sale, unpaid.paid) == (True, False)


@pytest.mark.parametrize(
    ("receipt", "shown"),
    [
        ({}, p.ReceiptPage),
        ({"chosen": ReceiptKind.PAPER}, p.PrintingPage),
        ({"chosen": ReceiptKind.DIGITAL}, p.ReceiptQrPage),
        ({"chosen": ReceiptKind.PAPER, "result": PrintResult.PRINTED}, p.ThankYouPage),
        ({"chosen": ReceiptKind.PAPER, "result": PrintResult.FAILED}, p.ReceiptPage),
        ({"chosen": ReceiptKind.PAPER, "result": PrintResult.UNKNOWN}, p.ReceiptPage),
        ({"chosen": ReceiptKind.DIGITAL, "result": PrintResult.SENT}, p.ThankYouPage),
        ({"chosen": ReceiptKind.NONE, "result": PrintResult.WAIVED}, p.ThankYouPage),
    ],
)
def test_every_state_of_a_receipt_has_its_page(receipt: dict[str, object], shown: type[p.Page]) -> None:
    assert isinstance(page(till(transaction=completed(**receipt))), shown)


@pytest.mark.parametrize(
    "printer",
    [
        device("printer", "POSPrinter", Condition.PAPER_OUT),
        device("printer", "POSPrinter", Condition.COVER_OPEN),
        device("printer", "POSPrinter", health=Health.OFFLINE),
    ],
)
def test_paper_is_no_choice_while_the_printer_cannot_print(printer: DeviceState) -> None:
    shown = page(till(transaction=completed(), devices=with_device(printer)))
    assert isinstance(shown, p.ReceiptPage)
    assert shown.kinds == (ReceiptKind.DIGITAL, ReceiptKind.NONE)
    assert shown.paper_missing
    assert shown.paper_out is (Condition.PAPER_OUT in printer.conditions)


def test_paper_that_the_store_does_not_offer_is_not_missing() -> None:
    only_digital = replace(POLICY, receipts=(ReceiptKind.DIGITAL,))
    shown = page(till(transaction=completed(), devices=NO_PAPER, policy=only_digital))
    assert isinstance(shown, p.ReceiptPage)
    assert not shown.paper_missing


def test_the_digital_receipt_stands_at_the_address_of_the_store() -> None:
    shown = page(till(transaction=completed(chosen=ReceiptKind.DIGITAL)))
    assert isinstance(shown, p.ReceiptQrPage)
    assert shown.url == "https://kvittering.example/r/6f1c0e9a4b7d4c2f9a51d3e8b7f04c11"


def test_an_operator_at_a_kiosk_comes_before_the_customer() -> None:
    for transaction in (None, sale(*BASKET), paying(PaymentState.SENT), completed()):
        assert isinstance(page(till(operator=Operator("Kari"), transaction=transaction)), p.AttendantPage)


def test_at_a_staffed_till_the_sale_stays_in_sight_of_the_operator() -> None:
    shown = page(till(operator=Operator("Kari"), policy=replace(POLICY, unattended=False), transaction=sale(*BASKET)))
    assert isinstance(shown, p.BasketPage)
    assert shown.frame.staff is not None


def test_customers_see_nothing_of_what_staff_see() -> None:
    assert page(till(transaction=sale(*BASKET))).frame.staff is None


def staff(**facts: Any) -> p.StaffFacts:
    found = page(till(operator=Operator("Kari"), **facts)).frame.staff
    assert found is not None
    return found


def test_staff_see_what_needs_a_hand_first() -> None:
    assert staff(devices=NO_PAPER).devices[0].name == "printer"
    assert staff(devices=NO_TERMINAL).devices[0].name == "terminal"


def test_staff_may_void_a_sale_only_while_no_money_moves_or_moved() -> None:
    assert staff(transaction=sale(*BASKET)).may_void
    assert staff(transaction=paying(PaymentState.DECLINED)).may_void
    for state in (PaymentState.INTENT, PaymentState.SENT, PaymentState.APPROVED, PaymentState.CONFIRMED):
        assert not staff(transaction=paying(state)).may_void
    assert not staff(transaction=paying(PaymentState.UNKNOWN)).may_void
    assert not staff(transaction=completed()).may_void
    assert not staff().may_void


def test_staff_see_a_payment_in_doubt_with_amount_and_device() -> None:
    (doubt,) = staff(transaction=paying(PaymentState.UNKNOWN)).doubts
    assert (doubt.amount, doubt.device) == (kr(13560), "terminal")


def test_a_copy_can_be_printed_only_of_a_receipt_that_is_not_printing() -> None:
    assert staff(last_sale=completed(chosen=ReceiptKind.PAPER, result=PrintResult.PRINTED)).may_print
    assert not staff(last_sale=completed(chosen=ReceiptKind.PAPER)).may_print
    assert not staff(last_sale=completed(), devices=NO_PAPER).may_print
    assert not staff().may_print


def test_help_is_none_then_called_then_coming() -> None:
    assert page(till()).frame.help is p.HelpState.NONE
    assert page(till(help_called=True)).frame.help is p.HelpState.CALLED
    assert page(till(help_called=True, help_acknowledged=True)).frame.help is p.HelpState.COMING


def test_goods_without_a_barcode_are_found_only_where_the_store_offers_it() -> None:
    assert page(till()).frame.shelf.items
    assert page(till(policy=replace(POLICY, search=False))).frame.shelf == Shelf()


@pytest.mark.parametrize(
    ("transaction", "asks"),
    [
        (sale(*BASKET), True),
        (paying(PaymentState.DECLINED), True),
        (paying(PaymentState.SENT), False),
        (paying(PaymentState.UNKNOWN), False),
        (completed(), False),
        (None, False),
    ],
)
def test_only_a_customer_who_could_walk_away_is_asked(transaction: Transaction | None, asks: bool) -> None:
    assert page(till(transaction=transaction)).frame.asks_idle is asks


def test_a_real_sale_goes_through_its_pages_in_order() -> None:
    shop = Till()
    seen = [page(shop.checkout)]
    shop.scan(MILK, SODA)
    seen.append(page(shop.checkout))
    shop.pay()
    seen.append(page(shop.checkout))
    shop.send()
    shop.outcome(OutcomeKind.DECLINED, "05")
    seen.append(page(shop.checkout))
    shop.pay_by_card()
    seen.append(page(shop.checkout))
    shop.do(c.ChooseReceipt(ReceiptKind.PAPER))
    seen.append(page(shop.checkout))
    shop.do(c.ReportPrint(next(iter(shop.checkout.printing)), PrintResult.PRINTED))
    seen.append(page(shop.checkout))
    shop.do(c.FinishSale())
    seen.append(page(shop.checkout))
    assert [shown.NAME for shown in seen] == [
        "attract",
        "basket",
        "card",
        "declined",
        "receipt",
        "printing",
        "thank_you",
        "attract",
    ]


def test_a_restart_in_the_middle_of_a_payment_shows_that_it_is_looked_up() -> None:
    shop = Till()
    shop.scan(MILK)
    shop.pay()
    shop.send()
    shop.restart()
    assert isinstance(page(shop.checkout), p.OutcomeUnknownPage)


def test_an_item_with_an_age_limit_waits_for_staff() -> None:
    shop = Till()
    shop.scan(BEER)
    shown = page(shop.checkout)
    assert isinstance(shown, p.BasketPage)
    assert len(shown.waiting) == 1


tills = st.builds(
    till,
    lane=st.sampled_from(LaneState),
    transaction=st.sampled_from(
        [
            None,
            sale(),
            sale(*BASKET),
            sale(*BASKET, BEER_LINE),
            *(paying(state) for state in PaymentState),
            *(paying(state, amount=kr(5000)) for state in PaymentState),
            *(replace(paying(state), state=TransactionState.TENDERING) for state in PaymentState),
            completed(),
            *(completed(chosen=kind, result=result) for kind in ReceiptKind for result in (None, *PrintResult)),
        ]
    ),
    operator=st.sampled_from([None, Operator("Kari")]),
    policy=st.sampled_from([POLICY, EVERY_TENDER, replace(POLICY, unattended=False), replace(POLICY, receipts=())]),
    devices=st.sampled_from([DEVICES, {}, NO_PAPER, NO_TERMINAL]),
    fault=st.sampled_from(["", "journal"]),
    help_called=st.booleans(),
    progress=st.sampled_from(Progress),
    may_cancel=st.booleans(),
    hub_online=st.booleans(),
    last_sale=st.sampled_from([None, completed()]),
    drawer_open=st.sampled_from([None, True, False]),
)


@given(tills)
def test_every_state_of_a_till_has_a_page_of_its_revision(checkout: Checkout) -> None:
    shown = page(checkout)
    assert shown.frame.revision == checkout.revision
    assert page(checkout) == shown


@given(tills)
def test_a_payment_in_doubt_is_never_shown_as_anything_else_to_a_customer(checkout: Checkout) -> None:
    if checkout.state is TransactionState.IN_DOUBT and checkout.lane is not LaneState.STARTING:
        assert isinstance(page(checkout), p.OutcomeUnknownPage | p.AttendantPage)
