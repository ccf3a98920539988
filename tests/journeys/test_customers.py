"""Customers and staff for whom the till does what it is there for."""

from appliance.core import events as e
from appliance.core.commands import PrintResult
from tests.journeys.kiosk import BEER, CHEESE, COLA, FLOUR, MILK, Kiosk


def test_scan_scan_pay_power_cut_boot_and_the_sale_is_there(kiosk: Kiosk):
    kiosk.scan(MILK, MILK)
    kiosk.expect("basket", "45,80 kr")
    kiosk.pay()
    kiosk.expect("receipt", "Your payment is approved.")
    kiosk.power_cut()

    kiosk.boot(expect="receipt")
    kiosk.take_receipt()
    assert len(kiosk.receipts()) == 1
    assert [sale.total for sale in kiosk.reckon().sales] == [4580]


def test_a_declined_card_costs_nothing_and_the_next_one_pays(kiosk: Kiosk):
    kiosk.terminal.behave("decline 51")
    kiosk.scan(MILK, FLOUR)
    kiosk.pay()
    kiosk.expect("declined", "The card was declined", "Nothing is charged.", "Try again")
    assert kiosk.terminal.books.balance() == 0

    kiosk.touch("again")
    kiosk.expect("receipt", "52,80 kr")
    kiosk.take_receipt()
    assert kiosk.terminal.books.balance() == 5280
    assert [sale.total for sale in kiosk.reckon().sales] == [5280]


def test_a_customer_who_cancels_at_the_terminal_is_back_at_the_basket(kiosk: Kiosk):
    kiosk.terminal.behave("cancel")
    kiosk.scan(MILK)
    kiosk.pay()
    kiosk.expect("declined", "Payment cancelled", "Nothing is charged.")
    kiosk.touch("items")
    kiosk.expect("basket", "22,90 kr")
    kiosk.buy(FLOUR)
    assert [sale.total for sale in kiosk.reckon().sales] == [5280]


def test_a_customer_who_cancels_on_the_screen_is_not_charged(kiosk: Kiosk):
    kiosk.terminal.behave("ask")
    kiosk.scan(MILK)
    kiosk.pay()
    kiosk.expect("card", "Follow the terminal", "Cancel payment")
    kiosk.touch("cancel_payment")
    kiosk.expect("declined", "Payment cancelled", "Nothing is charged.")
    kiosk.touch("items", "cancel_all", "cancel_all")
    kiosk.expect("attract")
    assert kiosk.reckon().sales == ()


def test_a_weighed_piece_costs_what_it_weighs(kiosk: Kiosk):
    kiosk.scan(CHEESE, grams=482)
    kiosk.expect("basket", "62,18 kr", "0,482 kg x 129,00 kr per kg")
    kiosk.pay()
    kiosk.take_receipt()
    assert "62,18" in kiosk.receipts()[0]
    assert [sale.total for sale in kiosk.reckon().sales] == [6218]


def test_a_deposit_comes_and_goes_with_its_bottle(kiosk: Kiosk):
    kiosk.scan(COLA, MILK)
    kiosk.expect("basket", "51,80 kr", "Deposit, up to 0.5 l")
    kiosk.touch("line:1", "remove")
    kiosk.expect("basket", "22,90 kr", "Undo")
    kiosk.touch("undo")
    kiosk.expect("basket", "51,80 kr")
    kiosk.touch("line:1", "quantity", "key:3", "ok")
    kiosk.expect("basket", "109,60 kr")
    kiosk.pay()
    kiosk.take_receipt()
    assert [sale.total for sale in kiosk.reckon().sales] == [3 * 2890 + 2290]


def test_an_item_for_grown_ups_waits_for_staff(kiosk: Kiosk):
    kiosk.scan(BEER)
    kiosk.expect(
        "approval", "Show ID to staff", "Staff are called about Lager, 4.7 %, 0.5 l can. You can keep scanning."
    )
    kiosk.touch("carry_on")
    kiosk.scan(MILK)
    kiosk.pay()
    kiosk.expect("approval")
    assert kiosk.terminal.books.balance() == 0

    kiosk.sign_on()
    kiosk.expect("approve", "Approve?", "36,90 kr")
    kiosk.touch("approve")
    kiosk.sign_off()
    kiosk.expect("basket", "61,80 kr")
    kiosk.pay()
    kiosk.take_receipt()
    assert [sale.total for sale in kiosk.reckon().sales] == [6180]
    granted = [event for event in kiosk.events() if isinstance(event, e.ApprovalGranted)]
    assert [event.operator for event in granted] == ["Kari"]


def test_an_item_that_staff_refuse_is_not_sold(kiosk: Kiosk):
    kiosk.scan(MILK, BEER)
    kiosk.sign_on()
    kiosk.expect("approve")
    kiosk.touch("refuse")
    kiosk.sign_off()
    kiosk.expect("turned_down", "We cannot sell you this item", "Lager, 4.7 %, 0.5 l can is removed.")
    kiosk.touch("carry_on")
    kiosk.expect("basket", "22,90 kr")
    kiosk.pay()
    kiosk.take_receipt()
    assert "Lager" not in kiosk.receipts()[0]
    assert [sale.total for sale in kiosk.reckon().sales] == [2290]


def test_a_receipt_can_be_had_again_and_says_that_it_is_a_copy(kiosk: Kiosk):
    kiosk.buy(MILK, COLA)
    kiosk.sign_on()
    kiosk.touch("row:receipt", "reprint")
    assert kiosk.printer.wait_for(lambda printer: len(printer.receipts) == 2)
    kiosk.glass.wait(lambda: not kiosk.checkout.printing, "the end of printing")
    kiosk.sign_off()
    first, copy = kiosk.receipts()
    assert "COPY" not in first
    assert "COPY" in copy
    assert [sale.total for sale in kiosk.reckon().sales] == [5180]


def test_a_receipt_that_a_power_cut_took_the_end_of_is_asked_about_and_printed_as_a_copy(kiosk: Kiosk):
    kiosk.printer.change(offline=True)
    kiosk.scan(MILK)
    kiosk.pay()
    kiosk.printer.change(offline=False)
    kiosk.expect("receipt", "Print")
    kiosk.printer.change(deaf=True)
    kiosk.touch("receipt:paper")
    kiosk.expect("printing", "Printing your receipt")
    kiosk.power_cut()

    kiosk.printer.change(deaf=False)
    kiosk.boot(expect="receipt")
    kiosk.expect("receipt", "Did your receipt come out?", "If not, print it again or get help.")
    kiosk.take_receipt()
    assert "COPY" in kiosk.receipts()[-1]
    assert [sale.total for sale in kiosk.reckon().sales] == [2290]
    ends = [event.result for event in kiosk.events() if isinstance(event, e.ReceiptIssued)]
    assert ends == [PrintResult.UNKNOWN, PrintResult.PRINTED]


def test_an_open_basket_survives_a_power_cut_line_by_line(kiosk: Kiosk):
    kiosk.scan(MILK, COLA, FLOUR)
    kiosk.touch("line:1", "remove")
    kiosk.expect("basket", "58,80 kr")
    kiosk.power_cut()

    kiosk.boot(expect="basket")
    kiosk.expect("basket", "58,80 kr")
    kiosk.scan(MILK)
    kiosk.pay()
    kiosk.take_receipt()
    assert [sale.total for sale in kiosk.reckon().sales] == [2890 + 2990 + 2290]


def test_a_till_that_is_told_to_stop_ends_in_good_order(kiosk: Kiosk):
    kiosk.buy(MILK)
    assert kiosk.shut_down() == 0
    assert isinstance(kiosk.events()[-1], e.SystemStopped)
    kiosk.boot(expect="attract")
    kiosk.buy(FLOUR)
    assert [sale.total for sale in kiosk.reckon().sales] == [2290, 2990]
