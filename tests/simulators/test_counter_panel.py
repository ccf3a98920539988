"""The panel over real simulated devices and a real till: what a person without hardware can do."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.core.checkout import TransactionState
from appliance.core.commands import ChooseReceipt, Condition, FinishSale, Health, ReceiptKind, RequestPayment
from appliance.core.money import Currency, Money
from appliance.core.payment import PaymentState, TenderType
from simulators.goods import SAMPLE_SHOP, Good
from simulators.panel.board import Board
from simulators.panel.desk import CounterPanel
from simulators.panel.server import Panel
from simulators.stall import Stall, stock


@pytest.fixture
def desk(tmp_path: Path, goods: tuple[Good, ...]) -> Iterator[CounterPanel]:
    with CounterPanel(tmp_path / "panel", goods, pictures=SAMPLE_SHOP / "pictures") as desk:
        yield desk


@pytest.fixture
def stall(tmp_path: Path, goods: tuple[Good, ...], desk: CounterPanel) -> Iterator[Stall]:
    stock(tmp_path / "till", goods)
    with Stall(tmp_path / "till", desk.counter) as stall:
        stall.wait_until_ready()
        yield stall


def shown(desk: CounterPanel, condition: Callable[[Board], bool]) -> Board:
    """Wait for a state of the page."""
    seen = -1
    while not condition(board := desk.board()):
        now = desk.changes.wait(seen, 10)
        assert now is not None
        assert now != seen, f"it did not come: {board}"
        seen = now
    return board


def pay(stall: Stall, desk: CounterPanel) -> Board:
    desk.scan("9520060000105")
    stall.window.wait(lambda now: now.transaction is not None and bool(now.transaction.active), "the bag")
    stall.post(RequestPayment(TenderType.CARD))
    return shown(desk, lambda board: bool(board.terminal.amount))


def test_a_person_buys_a_bag_with_nothing_but_a_browser(stall: Stall, desk: CounterPanel):
    def post(path: str, **body: str) -> None:
        request = urllib.request.Request(
            panel.url.rstrip("/") + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 204

    with Panel(desk) as panel:
        post("/api/scan", code="9520060000105")
        stall.window.wait(lambda now: now.transaction is not None and bool(now.transaction.active), "the bag")
        stall.post(RequestPayment(TenderType.CARD))
        board = shown(desk, lambda board: bool(board.terminal.amount))
        assert (board.terminal.amount, board.terminal.text) == ("4,25 NOK", "Present card")
        post("/api/device", device="terminal", action="approve")
        stall.window.wait(lambda now: now.state is TransactionState.TENDERED, "the sale")
        stall.post(ChooseReceipt(ReceiptKind.PAPER))
        board = shown(desk, lambda board: bool(board.papers))
        with urllib.request.urlopen(f"{panel.url}paper/{board.papers[0].id}.png", timeout=10) as answer:
            assert answer.read().startswith(b"\x89PNG")
        assert shown(desk, lambda board: bool(board.terminal.books)).terminal.books == "1 paid, 4,25"
        stall.post(FinishSale())


@pytest.mark.parametrize(("button", "state"), [("decline", PaymentState.DECLINED), ("cancel", PaymentState.CANCELLED)])
def test_a_payment_can_be_declined_or_cancelled_at_the_terminal(
    stall: Stall, desk: CounterPanel, button: str, state: PaymentState
):
    pay(stall, desk)
    desk.act("terminal", button)
    stall.window.wait(
        lambda now: now.transaction is not None and now.transaction.payments[-1].state is state, f"a payment {state}"
    )


def test_pulling_the_plug_in_a_payment_leaves_it_in_doubt_until_the_terminal_is_back(stall: Stall, desk: CounterPanel):
    pay(stall, desk)
    desk.act("terminal", "plug")
    board = shown(desk, lambda board: not board.terminal.plugged)
    assert (board.terminal.text, board.terminal.answers) == ("No power", ())
    stall.window.wait(lambda now: now.state is TransactionState.IN_DOUBT, "doubt")
    desk.act("terminal", "plug")
    stall.window.wait(
        lambda now: now.transaction is not None and now.transaction.payments[-1].state is PaymentState.NOT_CHARGED,
        "the end of the doubt",
    )


def test_the_till_sees_what_the_printer_lacks(stall: Stall, desk: CounterPanel):
    desk.act("printer", "paper")
    assert "no paper" in next(row for row in desk.board().rows if row.device == "printer").text
    stall.window.wait(lambda now: Condition.PAPER_OUT in now.devices["printer"].conditions, "no paper")
    desk.act("printer", "paper")
    stall.window.wait(lambda now: not now.devices["printer"].conditions, "paper again")


def test_a_device_can_be_unplugged_and_plugged_in_again(stall: Stall, desk: CounterPanel):
    desk.act("scanner", "plug")
    stall.window.wait(lambda now: now.devices["scanner"].health is Health.OFFLINE, "the loss of the scanner")
    desk.act("scanner", "plug")
    stall.window.wait(lambda now: now.devices["scanner"].health is Health.ONLINE, "the scanner again")


def test_torn_off_receipts_are_gone_from_the_page(stall: Stall, desk: CounterPanel):
    pay(stall, desk)
    desk.act("terminal", "approve")
    stall.window.wait(lambda now: now.state is TransactionState.TENDERED, "the sale")
    stall.post(ChooseReceipt(ReceiptKind.PAPER))
    shown(desk, lambda board: bool(board.papers))
    desk.act("printer", "tear")
    assert desk.board().papers == ()


def test_every_sample_is_read_as_it_says(goods: tuple[Good, ...], desk: CounterPanel, stall: Stall):
    trouble = {sample.name: sample.code for sample in desk.goods() if sample.trouble}
    for name, reason in (
        ("Not in this shop", "unknown_item"),
        ("Wrong check digit", "unreadable"),
        ("Cut off", "unreadable"),
        ("Past its use-by date", "expired"),
        ("Somebody's QR code", "unreadable"),
        ("Garbage", "unreadable"),
    ):
        before = stall.window.refusals
        desk.scan(trouble[name])
        stall.window.wait(lambda _, before=before: stall.window.refusals > before, f"the refusal of {name}")
        assert stall.window.refused is not None
        assert stall.window.refused.reason == reason, name
    for count, name in enumerate(("GS1 DataMatrix", "GS1-128 with a count", "GS1 Digital Link"), start=1):
        desk.scan(trouble[name])
        stall.window.wait(
            lambda now, count=count: now.transaction is not None and len(now.transaction.active) == count, name
        )


class PaperPhone:
    """A phone that writes down what it was told."""

    method = "phone-1"

    def __init__(self) -> None:
        self.asks: Money | None = None
        self.told: list[str] = []

    def asked(self) -> Money | None:
        return self.asks

    def answer(self, word: str) -> None:
        self.told.append(word)


def test_the_phone_may_answer_only_while_it_is_asked(tmp_path: Path, goods: tuple[Good, ...]):
    phone = PaperPhone()
    with CounterPanel(tmp_path / "panel", goods, pictures=SAMPLE_SHOP / "pictures", phone=phone) as desk:
        row = desk.board().rows[0]
        assert (row.title, row.text) == ("Customer's phone", "asks nothing")
        assert [action.enabled for action in row.actions] == [False, False, False]
        phone.asks = Money(2290, Currency.parse("NOK"))
        row = shown(desk, lambda board: board.rows[0].text != "asks nothing").rows[0]
        assert row.text == "asks: pay 22,90 NOK?"
        assert all(action.enabled for action in row.actions)
        for action in row.actions:
            desk.act("phone", action.name)
    assert phone.told == ["pay", "decline", "expire"]


def test_coins_and_notes_come_back_while_nobody_pays_in_cash(desk: CounterPanel):
    row = next(row for row in desk.board().rows if row.device == "cash")
    assert (row.text, {action.enabled for action in row.actions}) == ("shut", {False})
    desk.act("cash", "1000")
    assert desk.cash.books.balance() == 0


def test_an_unknown_button_is_refused(desk: CounterPanel):
    for device, action in (
        ("terminal", "explode"),
        ("printer", ""),
        ("drawer", "lock"),
        ("toaster", "plug"),
        ("cash", "123"),
        ("phone", "pay"),
    ):
        with pytest.raises(LookupError):
            desk.act(device, action)
    with pytest.raises(LookupError):
        desk.paper(1)
    with pytest.raises(LookupError):
        desk.picture("nothing")
    assert desk.picture("banana").startswith(b"\x89PNG")
