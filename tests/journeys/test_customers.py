"""Customers and staff for whom the till does what it is there for."""

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
