"""Codes that cannot be sold: the customer reads what to do, the basket stays as it is, and the sale goes on."""

from collections.abc import Iterator

import pytest

from simulators.goods import Good
from tests.journeys.kiosk import FLOUR, MILK, Kiosk

NOT_OURS = "4006381333931"
"""A valid EAN-13 that the shop does not have."""
WRONG_DIGIT = "9520030000105"
"""The milk's, with 5 in place of its check digit 4."""
TRUNCATED = "95200300001"
"""The milk's, without its last two digits."""

UNKNOWN = ("We don't know this item", "Scan again, find it, or get help.")
UNREADABLE = ("We could not read this code", "Scan again, find it, or get help.")


@pytest.fixture(scope="module")
def buyer(tmp_path_factory: pytest.TempPathFactory, goods: tuple[Good, ...]) -> Iterator[Kiosk]:
    """A customer who tries one strange code after the other, and pays for everything else in the end."""
    with Kiosk(tmp_path_factory.mktemp("buyer"), goods) as kiosk:
        kiosk.boot(expect="attract")
        kiosk.scan(MILK)
        yield kiosk
        pieces = len(kiosk.lines)
        kiosk.pay()
        kiosk.take_receipt()
        assert [sale.total for sale in kiosk.reckon().sales] == [2290 + (pieces - 1) * 2990]


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        pytest.param(NOT_OURS, UNKNOWN, id="unknown"),
        pytest.param(WRONG_DIGIT, UNREADABLE, id="wrong check digit"),
        pytest.param(TRUNCATED, UNREADABLE, id="truncated"),
        pytest.param("]C101095200300001041719", UNREADABLE, id="element string that breaks off"),
        pytest.param("]C101095200300001041725010110A7", ("This item cannot be sold",), id="past its date"),
        pytest.param("https://example.org/campaign", UNREADABLE, id="address of a web page"),
        pytest.param("Å€漢字\x07", UNREADABLE, id="no digits at all"),
        pytest.param("9" * 500, UNREADABLE, id="very long"),
    ],
)
def test_a_code_that_is_not_sold_changes_nothing_and_says_what_to_do(buyer: Kiosk, code: str, texts: tuple[str, ...]):
    basket = buyer.lines
    buyer.scan_code(code)
    buyer.expect("unknown_item", *texts, "Carry on", "Get help")
    assert buyer.lines == basket
    buyer.scan(FLOUR)
    buyer.expect("basket")
    assert len(buyer.lines) == len(basket) + 1


def test_the_same_unknown_code_twice_brings_staff_with_the_code_at_hand(kiosk: Kiosk):
    kiosk.scan_code(NOT_OURS)
    kiosk.expect("unknown_item", *UNKNOWN)
    kiosk.scan_code(NOT_OURS)
    kiosk.expect("help_called", "Help is on the way")
    kiosk.sign_on()
    kiosk.expect("attendant", "A customer needs help", NOT_OURS)
    kiosk.sign_off()
    kiosk.buy(MILK)
    assert [sale.total for sale in kiosk.reckon().sales] == [2290]


def test_half_a_code_is_not_glued_to_the_next_one(kiosk: Kiosk):
    kiosk.scanner.noise(b"\x00\xff1" * 2000)
    kiosk.glass.let_a_moment_pass(0.5)
    kiosk.scanner.scan_part("9520030000104", 7)
    kiosk.glass.let_a_moment_pass(0.5)
    kiosk.buy(FLOUR)
    assert [sale.total for sale in kiosk.reckon().sales] == [2990]


def test_a_scan_during_a_payment_is_told_to_wait_and_takes_nothing(kiosk: Kiosk):
    kiosk.terminal.behave("ask")
    kiosk.scan(MILK)
    kiosk.pay()
    kiosk.expect("card", "Follow the terminal")
    kiosk.scan_code("9520040000101")
    kiosk.expect("card", "Follow the terminal", "Finish or cancel the payment first.")
    kiosk.decide_at_the_terminal("approve")
    kiosk.expect("receipt", "22,90 kr")
    kiosk.take_receipt()
    assert [sale.total for sale in kiosk.reckon().sales] == [2290]


def test_a_scan_at_the_receipt_question_is_the_next_customer(kiosk: Kiosk):
    kiosk.scan(MILK)
    kiosk.pay()
    kiosk.expect("receipt")
    kiosk.scan(FLOUR)
    kiosk.expect("basket", "29,90 kr")
    assert kiosk.printer.wait_for(lambda printer: len(printer.receipts) == 1)
    kiosk.pay()
    kiosk.take_receipt()
    assert [sale.total for sale in kiosk.reckon().sales] == [2290, 2990]
