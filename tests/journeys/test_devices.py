"""Devices that are pulled out, run dry or come late: the sale is safe, and everybody reads what to do."""

from collections.abc import Callable

from appliance.core import events as e
from appliance.core.commands import Health, PrintResult
from tests.journeys.kiosk import FLOUR, MILK, Kiosk


def ends_of_receipts(kiosk: Kiosk) -> list[PrintResult]:
    return [event.result for event in kiosk.events() if isinstance(event, e.ReceiptIssued)]


def test_a_printer_unplugged_in_the_middle_of_a_receipt_asks_the_customer_and_then_prints_a_copy(kiosk: Kiosk):
    kiosk.scan(MILK)
    kiosk.pay()
    kiosk.expect("receipt")
    kiosk.printer.die_after(300)
    kiosk.touch("receipt:paper")
    kiosk.expect("receipt", "Did your receipt come out?", "22,90 kr")
    kiosk.expect_device("printer", Health.OFFLINE)
    kiosk.expect("receipt", "The printer cannot print right now.", "No receipt")

    kiosk.printer.start()
    kiosk.expect("receipt", "Did your receipt come out?", "Print")
    kiosk.take_receipt()
    assert "COPY" in kiosk.receipts()[-1]
    assert [sale.total for sale in kiosk.reckon().sales] == [2290]
    assert ends_of_receipts(kiosk) == [PrintResult.UNKNOWN, PrintResult.PRINTED]


def test_without_paper_the_customer_is_told_and_staff_know_it_first(kiosk: Kiosk):
    kiosk.printer.change(paper=False)
    kiosk.expect_device("printer", Health.ONLINE, "paper_out")
    kiosk.scan(MILK)
    kiosk.pay()
    view = kiosk.expect("receipt", "The printer is out of paper.", "No receipt")
    assert "receipt:paper" not in {action.name for action in view.actions()}
    kiosk.sign_on()
    kiosk.expect("attendant", "Change the paper roll.", "Receipt printer", "Out of paper")
    kiosk.printer.change(paper=True)
    kiosk.expect_device("printer", Health.ONLINE)
    kiosk.until(lambda: not kiosk.checkout.devices["printer"].conditions, "the new roll")
    kiosk.sign_off()
    kiosk.expect("receipt", "Would you like a receipt?", "Print")
    kiosk.take_receipt()
    assert "COPY" not in kiosk.receipts()[0]
    assert [sale.total for sale in kiosk.reckon().sales] == [2290]


def test_paper_that_ends_in_the_middle_of_a_receipt_is_never_called_printed(kiosk: Kiosk):
    kiosk.scan(MILK)
    kiosk.pay()
    kiosk.expect("receipt")
    kiosk.printer.run_out_after(4)
    kiosk.touch("receipt:paper")
    kiosk.expect("receipt", "The printer is out of paper.", seconds=30)
    kiosk.printer.change(paper=True)
    kiosk.expect("receipt", "Print")
    kiosk.take_receipt()
    assert [sale.total for sale in kiosk.reckon().sales] == [2290]
    first, last = ends_of_receipts(kiosk)
    assert first in (PrintResult.UNKNOWN, PrintResult.FAILED)
    assert last is PrintResult.PRINTED


def test_a_scanner_unplugged_and_back_goes_on_in_the_same_basket(kiosk: Kiosk):
    kiosk.scan(MILK)
    kiosk.scanner.stop()
    kiosk.expect_device("scanner", Health.OFFLINE)
    kiosk.expect("basket", "22,90 kr")
    kiosk.touch("search")
    kiosk.touch("back")
    kiosk.scanner.start()
    kiosk.expect_device("scanner", Health.ONLINE)
    kiosk.scan(FLOUR)
    kiosk.expect("basket", "52,80 kr")
    kiosk.pay()
    kiosk.take_receipt()
    assert [sale.total for sale in kiosk.reckon().sales] == [5280]


def test_staff_read_which_device_is_missing_and_how_to_mend_it(kiosk: Kiosk):
    kiosk.scanner.stop()
    kiosk.expect_device("scanner", Health.OFFLINE)
    kiosk.sign_on()
    kiosk.expect("attendant", "Scanner", "No contact", "What to do")
    assert kiosk.checkout.devices["scanner"].remedy
    kiosk.scanner.start()
    kiosk.expect_device("scanner", Health.ONLINE)
    kiosk.sign_off()
    kiosk.buy(MILK)
    assert [sale.total for sale in kiosk.reckon().sales] == [2290]


def test_a_till_that_boots_without_any_device_is_whole_once_they_are_there(make_kiosk: Callable[..., Kiosk]):
    kiosk = make_kiosk()
    kiosk.scanner.stop()
    kiosk.printer.stop()
    kiosk.terminal.unplug()
    kiosk.boot(missing=("scanner", "printer", "drawer", "terminal"))
    kiosk.expect("out_of_service", "This till is out of order")
    kiosk.scanner.start()
    kiosk.printer.start()
    kiosk.terminal.plug()
    for device in ("scanner", "printer", "drawer", "terminal"):
        kiosk.expect_device(device, Health.ONLINE)
    kiosk.expect("attract")
    kiosk.buy(MILK)
    assert [sale.total for sale in kiosk.reckon().sales] == [2290]


def test_a_terminal_that_goes_while_items_are_scanned_is_told_when_the_customer_wants_to_pay(kiosk: Kiosk):
    kiosk.scan(MILK)
    kiosk.terminal.unplug()
    kiosk.pay()
    kiosk.expect("declined", "The payment did not go through", "Nothing is charged.")
    kiosk.expect_device("terminal", Health.OFFLINE)
    kiosk.terminal.plug()
    kiosk.expect("declined", "Try again")
    kiosk.touch("again")
    kiosk.expect("receipt")
    kiosk.take_receipt()
    assert [sale.total for sale in kiosk.reckon().sales] == [2290]
