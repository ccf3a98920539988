"""The promise, on a whole till: what gateway or machine hold is what the till released, wherever it is killed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.core.availability import tenders
from appliance.core.checkout import TransactionState
from appliance.core.commands import CancelPayment, PaymentDecision, RequestPayment, ResolvePayment, SignOn
from appliance.core.events import TransactionCompleted
from appliance.core.gateway import GatewayState
from appliance.core.payment import PaymentState, Progress, TenderType
from appliance.io.payment.qr.emvco import DataObject, MerchantCode
from simulators.cash_device import CashMachine
from tests.crash.account import read_journal
from tests.mqtt.contract import Listener
from tests.mqtt.parts import Broker, wait_for
from tests.payment.gateway.till import ALIPAY, GatewayHub, contents
from tests.payment.gateway.whole_till import PIN, PRICE, WholeTill, payment_of

ENDS = (
    PaymentState.RELEASED,
    PaymentState.CANCELLED,
    PaymentState.DECLINED,
    PaymentState.NOT_CHARGED,
    PaymentState.REVERSED,
)
BY_HUB = (TenderType.QR, TenderType.WALLET, TenderType.GIFT_CARD)


@pytest.fixture
def make_whole(broker: Broker, tmp_path: Path) -> Iterator[Callable[..., WholeTill]]:
    made: list[WholeTill] = []

    def make(**options: object) -> WholeTill:
        till = WholeTill(tmp_path / f"whole-{len(made)}", port=broker.port, **options)  # type: ignore[arg-type]
        made.append(till)
        return till

    yield make
    for till in made:
        till.power_cut()


def test_a_code_that_the_customer_reads_pays_for_a_sale(hub: GatewayHub, make_whole: Callable[..., WholeTill]) -> None:
    hub.behave("ask")
    till = make_whole().boot("qr")
    till.pay(TenderType.QR)
    shown = till.eyes.wait(lambda checkout: bool(checkout.code), "the code")
    assert (shown.progress, shown.may_cancel) == (Progress.SCAN_CODE, True)
    assert shown.code_until is not None
    hub.decide(GatewayState.AUTHORISED)
    till.wait_state(TransactionState.TENDERED)
    till.stop()
    assert till.released(TenderType.QR) == hub.balance() == PRICE


POINTS = [PaymentState.INTENT, PaymentState.SENT, "code", "decided"]
CUSTOMERS = ["approves meanwhile", "approves after", "goes away"]


def kill_and_compare(hub: GatewayHub, till: WholeTill, point: PaymentState | str, customer: str) -> None:
    """Kill a till in the middle of a payment, let the customer do something, and compare afterwards."""
    hub.behave("ask" if customer != "goes away" else "ask, life 3")
    till.boot("qr")
    till.pay(TenderType.QR)
    if isinstance(point, PaymentState):
        till.wait_payment(point, PaymentState.SENT)
    else:
        till.eyes.wait(lambda checkout: bool(checkout.code), "the code")
    if point == "decided" and customer != "goes away":
        hub.decide(GatewayState.AUTHORISED)
    till.power_cut()
    if customer == "approves meanwhile":
        hub.decide(GatewayState.AUTHORISED)
    till.boot("qr")
    if customer == "approves after":
        till.eyes.wait(lambda checkout: checkout.hub_online, "the hub")
        hub.decide(GatewayState.AUTHORISED)
    end = till.wait_payment(*ENDS)
    till.stop()
    assert till.released(*BY_HUB) == hub.balance()
    if point in ("code", "decided") and customer != "goes away":
        assert end.state is PaymentState.RELEASED
    if customer == "goes away":
        assert hub.balance() == 0


@pytest.mark.parametrize(
    ("point", "customer"),
    [
        (PaymentState.INTENT, "goes away"),
        (PaymentState.SENT, "approves after"),
        ("code", "approves meanwhile"),
        ("decided", "approves after"),
    ],
)
def test_a_till_that_is_killed_in_a_code_payment_agrees_with_the_gateway(
    hub: GatewayHub, make_whole: Callable[..., WholeTill], point: PaymentState | str, customer: str
) -> None:
    kill_and_compare(hub, make_whole(), point, customer)


@pytest.mark.crash
@pytest.mark.parametrize("customer", CUSTOMERS)
@pytest.mark.parametrize("point", POINTS)
def test_a_till_that_is_killed_at_any_point_of_a_code_payment_agrees_with_the_gateway(
    hub: GatewayHub, make_whole: Callable[..., WholeTill], point: PaymentState | str, customer: str
) -> None:
    kill_and_compare(hub, make_whole(), point, customer)


def test_a_machine_that_hands_goods_out_gives_money_back_that_a_restart_finds(
    hub: GatewayHub, make_whole: Callable[..., WholeTill]
) -> None:
    hub.behave("ask")
    till = make_whole(settings='after_restart = "reverse"').boot("qr")
    till.pay(TenderType.QR)
    till.eyes.wait(lambda checkout: bool(checkout.code), "the code")
    till.power_cut()
    hub.decide(GatewayState.AUTHORISED)
    till.boot("qr")
    till.eyes.wait(
        lambda checkout: (
            any(p.state is PaymentState.REVERSED for p in checkout.transaction.payments)
            if checkout.transaction
            else False
        ),
        "the money back",
    )
    till.stop()
    assert till.released(*BY_HUB) == hub.balance() == 0
    assert len(hub.books()) == 2


def test_a_customer_who_cancels_too_late_has_paid(hub: GatewayHub, make_whole: Callable[..., WholeTill]) -> None:
    hub.behave("late")
    till = make_whole().boot("qr")
    till.pay(TenderType.QR)
    till.eyes.wait(lambda checkout: bool(checkout.code), "the code")
    till.send(CancelPayment())
    till.wait_state(TransactionState.TENDERED)
    till.stop()
    assert till.released(*BY_HUB) == hub.balance() == PRICE


def test_without_a_hub_its_tenders_are_not_offered(hub: GatewayHub, make_whole: Callable[..., WholeTill]) -> None:
    till = make_whole().boot("qr", "wallet", "gift_card")
    assert till.eyes.checkout is not None
    assert tenders(till.eyes.checkout) == BY_HUB
    hub.stop()
    till.eyes.wait(lambda checkout: not checkout.hub_online, "the hub is gone")
    till.power_cut()
    till.boot()
    offline = till.eyes.wait(lambda checkout: len(checkout.devices) == 3, "the devices")
    assert tenders(offline) == ()


def test_a_gift_card_pays_what_it_holds_and_a_code_the_rest(
    hub: GatewayHub, make_whole: Callable[..., WholeTill]
) -> None:
    hub.behave("holds 1000")
    till = make_whole().boot("gift_card", "qr")
    till.pay(TenderType.GIFT_CARD)
    till.eyes.wait(lambda checkout: checkout.progress is Progress.SHOW_CODE, "the card is asked for")
    till.scan("GC-7712-4400-9")
    till.wait_payment(PaymentState.CONFIRMED)
    hub.behave("approve")
    till.send(RequestPayment(TenderType.QR))
    till.wait_state(TransactionState.TENDERED)
    till.stop()
    assert till.released(TenderType.GIFT_CARD) == 1000
    assert till.released(*BY_HUB) == hub.balance() == PRICE


@pytest.mark.parametrize("cut", [False, True])
def test_a_wallets_code_is_on_no_disk_and_in_no_log_of_a_whole_till(
    hub: GatewayHub, make_whole: Callable[..., WholeTill], listener: Listener, tmp_path: Path, cut: bool
) -> None:
    if cut:
        hub.behave("ask")
    till = make_whole().boot("wallet")
    till.scan(ALIPAY)
    wait_for(lambda: till.eyes.refused, "the refusal")
    till.pay(TenderType.WALLET)
    till.eyes.wait(lambda checkout: checkout.progress is Progress.SHOW_CODE, "the code is asked for")
    till.scan(ALIPAY)
    if cut:
        till.wait_payment(PaymentState.SENT)
        wait_for(hub.books, "the order at the gateway")
        till.power_cut()
        hub.behave("")
        hub.decide(GatewayState.AUTHORISED)
        till.boot("wallet")
    till.wait_state(TransactionState.TENDERED)
    assert ALIPAY not in repr((till.eyes.checkout, till.eyes.refused))
    till.stop()
    hub.stop()
    wait_for(lambda: [topic for topic, payload, _ in listener.kept() if ALIPAY.encode() in payload], "the one message")
    carried = [topic for topic, payload, _ in listener.kept() if ALIPAY.encode() in payload]
    assert [topic.rpartition("/")[2] for topic in carried] == ["pay"]
    files = contents(tmp_path)
    assert any(file.suffix == ".log" for file in files)
    assert [file for file, content in files.items() if ALIPAY.encode() in content] == []
    assert till.released(*BY_HUB) == hub.balance() == PRICE


# Codes that nothing confirms ------------------------------------------------------------------------------------------

COUNTER_CODE = MerchantCode(
    (
        DataObject("00", "01"),
        DataObject("02", "4000123456789012"),
        DataObject("52", "5411"),
        DataObject("53", "578"),
        DataObject("58", "NO"),
        DataObject("59", "TORGBUA"),
        DataObject("60", "OSLO"),
    )
).text()
STATIC = f"""
[devices.qr]
category = "qr"
driver = "static"
standard = "emv"
currency = "NOK"
code = "{COUNTER_CODE}"
"""


@pytest.mark.parametrize("paid", [True, False])
@pytest.mark.parametrize("cut", [False, True])
def test_a_code_that_nothing_confirms_waits_for_a_persons_decision(tmp_path: Path, paid: bool, cut: bool) -> None:
    till = WholeTill(tmp_path / "till", devices=STATIC)
    (till.folder / "kvitt.toml.d" / "attended.toml").write_text("[till]\nunattended = false\n")
    try:
        till.boot("qr")
        till.pay(TenderType.QR)
        shown = till.eyes.wait(lambda checkout: bool(checkout.code), "the code")
        assert "540522.90" in shown.code
        assert till.wait_payment(PaymentState.SENT).state is PaymentState.SENT
        if cut:
            till.power_cut()
            till.boot("qr")
            till.wait_payment(PaymentState.UNKNOWN)
        till.send(SignOn(PIN))
        till.eyes.wait(lambda checkout: checkout.operator is not None, "staff")
        payment = till.wait_payment(PaymentState.SENT, PaymentState.UNKNOWN)
        decision = PaymentDecision.WAS_PAID if paid else PaymentDecision.WAS_NOT_PAID
        till.send(ResolvePayment(payment.intent.attempt, decision, "seen in the app"))
        till.wait_payment(PaymentState.RELEASED if paid else PaymentState.NOT_CHARGED)
        till.stop()
        sales = [event for event in read_journal(till.state) if isinstance(event, TransactionCompleted)]
        assert [tender.unconfirmed for sale in sales for tender in sale.tenders] == ([True] if paid else [])
    finally:
        till.power_cut()


def test_a_code_that_nothing_confirms_is_not_offered_where_no_staff_are(tmp_path: Path) -> None:
    till = WholeTill(tmp_path / "till", devices=STATIC)
    try:
        till.boot("qr")
        assert till.eyes.checkout is not None
        assert tenders(till.eyes.checkout) == ()
    finally:
        till.power_cut()


# Cash -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("point", ["INTENT", "SENT", "credit", "enough", "done"])
def test_a_till_that_is_killed_at_any_point_of_a_cash_payment_agrees_with_the_machine(
    tmp_path: Path, point: str
) -> None:
    with CashMachine(tmp_path / "books") as machine:
        devices = '[devices.cash]\ncategory = "cash"\ndriver = "acceptor"\ndevice = "simulated"\n'
        devices += f'address = "{machine.address}"\ncurrency = "NOK"\n'
        till = WholeTill(tmp_path / "till", devices=devices)
        try:
            till.boot("cash")
            till.pay(TenderType.CASH)
            if point == "INTENT":
                till.wait_payment(PaymentState.INTENT, PaymentState.SENT)
            else:
                till.eyes.wait(lambda checkout: checkout.progress is Progress.INSERT_CASH, "cash is asked for")
            if point in ("credit", "enough", "done"):
                assert machine.insert(2000)
                till.eyes.wait(lambda checkout: bool((found := payment_of(checkout)) and found.credits), "the credit")
            if point in ("enough", "done"):
                assert machine.insert(1000)
            if point == "done":
                till.wait_state(TransactionState.TENDERED)
            till.power_cut()
            till.boot("cash")
            end = till.wait_payment(*ENDS, PaymentState.CONFIRMED)
            change = 0
            if till.eyes.checkout is not None and "change" in till.eyes.checkout.help_code:
                change = 700
            till.stop()
            part = end.charged.minor if end.state is PaymentState.CONFIRMED else 0
            assert till.released(TenderType.CASH) + part + change == machine.books.balance()
            assert part == (2000 if point == "credit" else 0)
        finally:
            till.power_cut()
