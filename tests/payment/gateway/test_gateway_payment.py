"""Payments through the hub's gateway: what the till believes is what the gateway's books say."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from appliance.core.gateway import GatewayAction, GatewayState, Order, Standing
from appliance.core.payment import IntentKind, OutcomeKind, Progress
from appliance.errors import DeviceOffline
from appliance.io.payment.gateway import GiftCardHub, QrHub, WalletHub, outcome_of
from appliance.mqtt.gateway import GatewayLink
from appliance.mqtt.messages.payment import standing_document
from appliance.mqtt.messages.wire import Malformed, packet
from appliance.mqtt.topics import Kind
from hub.settings import SettingsError, read_settings
from tests.mqtt.contract import Listener
from tests.mqtt.parts import Broker, wait_for
from tests.payment.gateway.till import ALIPAY, AMOUNT, GatewayHub, GatewayHubProcess, Till, contents, nok

MakeTill = Callable[..., Till]

WIRES = ["", "twice", "backwards", "twice, backwards", "lose 1", "lose 3"]
"""What happens to the gateway's messages on their way."""


def first_order(listener: Listener) -> bytes:
    """Give the message of the order that was sent first."""

    def heard() -> list[bytes]:
        return [payload for topic, payload, _ in listener.kept() if topic.endswith("/up/pay")]

    wait_for(heard, "an order on the wire")
    return heard()[0]


# A code on our screen -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wire", WIRES)
def test_what_the_customer_approves_is_approved_once_however_messages_travel(
    hub: GatewayHub, make_till: MakeTill, wire: str
) -> None:
    hub.behave(f"ask, {wire}")
    till = make_till().open()
    paying = till.begin().wait_for(Progress.SCAN_CODE)
    step = next(step for step in till.shown if step[0] is Progress.SCAN_CODE)
    assert step[1]
    assert step[2].startswith("https://pay.example.org/q/")
    assert step[3] is not None
    assert 500 < (step[3] - datetime.now(UTC)).total_seconds() <= 600
    assert hub.decide(GatewayState.AUTHORISED) == 1
    outcome = paying.outcome()
    assert (outcome.kind, outcome.amount) == (OutcomeKind.APPROVED, nok(AMOUNT))
    assert outcome.reference is not None
    assert outcome.reference.poi_transaction == hub.books()[0].reference
    assert hub.balance() == AMOUNT
    assert len(hub.books()) == 1


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    ("state", "kind"), [(GatewayState.FAILED, OutcomeKind.DECLINED), (GatewayState.EXPIRED, OutcomeKind.CANCELLED)]
)
def test_what_the_gateway_ends_takes_no_money(
    hub: GatewayHub, make_till: MakeTill, state: GatewayState, kind: OutcomeKind, wire: str
) -> None:
    hub.behave(f"ask, {wire}")
    till = make_till().open()
    paying = till.begin().wait_for(Progress.SCAN_CODE)
    hub.decide(state)
    assert paying.outcome().kind is kind
    assert hub.balance() == 0


def test_a_code_that_nobody_reads_expires(hub: GatewayHub, make_till: MakeTill) -> None:
    hub.behave("ask, life 1")
    assert make_till().open().pay().kind is OutcomeKind.CANCELLED
    assert hub.balance() == 0


@pytest.mark.parametrize("wire", WIRES)
def test_a_payment_that_the_customer_stops_is_cancelled(hub: GatewayHub, make_till: MakeTill, wire: str) -> None:
    hub.behave(f"ask, {wire}")
    till = make_till().open()
    paying = till.begin().wait_for(Progress.SCAN_CODE)
    paying.cancel()
    assert paying.outcome().kind is OutcomeKind.CANCELLED
    assert till.sees(Progress.CANCELLING)
    assert hub.balance() == 0


@pytest.mark.parametrize("wire", WIRES)
def test_a_cancellation_that_comes_too_late_is_a_payment_and_can_be_given_back(
    hub: GatewayHub, make_till: MakeTill, wire: str
) -> None:
    hub.behave(f"late, {wire}")
    till = make_till().open()
    paying = till.begin().wait_for(Progress.SCAN_CODE)
    paying.cancel()
    assert paying.outcome().kind is OutcomeKind.APPROVED
    assert hub.balance() == AMOUNT
    assert till.give_back().kind is OutcomeKind.REVERSED
    assert hub.balance() == 0


def test_a_refund_is_approved_and_a_second_one_is_not(hub: GatewayHub, make_till: MakeTill) -> None:
    till = make_till().open()
    assert till.pay().kind is OutcomeKind.APPROVED
    paid = till.intent
    assert till.give_back(IntentKind.REFUND).kind is OutcomeKind.APPROVED
    till.intent = paid
    assert till.lookup().kind is OutcomeKind.REVERSED
    assert till.give_back().kind is OutcomeKind.DECLINED
    assert hub.balance() == 0


def test_what_the_gateway_does_not_give_back_is_declined(hub: GatewayHub, make_till: MakeTill) -> None:
    hub.behave("keep")
    till = make_till().open()
    assert till.pay().kind is OutcomeKind.APPROVED
    assert till.give_back().kind is OutcomeKind.DECLINED
    assert till.lookup().kind is OutcomeKind.DECLINED
    assert hub.balance() == AMOUNT


def test_an_order_that_was_lost_on_its_way_is_not_charged_even_if_it_comes_late(
    hub: GatewayHub, make_till: MakeTill, listener: Listener
) -> None:
    hub.behave("deaf 1")
    till = make_till().open()
    outcome = till.pay()
    assert outcome.kind is OutcomeKind.CANCELLED
    assert "never got this order" in outcome.text
    listener.send(f"kvitt/1/k/{till.kiosk.id}/up/pay", first_order(listener))
    assert till.lookup().kind is OutcomeKind.CANCELLED
    assert hub.books() == ()


def test_an_order_that_comes_twice_is_carried_out_once(
    hub: GatewayHub, make_till: MakeTill, listener: Listener
) -> None:
    till = make_till().open()
    assert till.pay().kind is OutcomeKind.APPROVED
    listener.send(f"kvitt/1/k/{till.kiosk.id}/up/pay", first_order(listener))
    # The hub takes one message after the other.
    assert till.lookup().kind is OutcomeKind.APPROVED
    assert hub.balance() == AMOUNT
    assert len(hub.books()) == 1


def test_a_till_learns_nothing_of_another_tills_order_and_cannot_end_it(hub: GatewayHub, make_till: MakeTill) -> None:
    hub.behave("ask")
    till, other = make_till().open(), make_till(name="other").open()
    paying = till.begin().wait_for(Progress.SCAN_CODE)
    other.intent = till.intent
    assert other.lookup().kind is OutcomeKind.UNKNOWN
    hub.decide(GatewayState.AUTHORISED)
    assert paying.outcome().kind is OutcomeKind.APPROVED
    assert other.give_back().kind is OutcomeKind.DECLINED
    assert hub.balance() == AMOUNT


def test_a_hub_that_is_silent_leaves_the_payment_unknown_until_it_speaks(hub: GatewayHub, make_till: MakeTill) -> None:
    hub.behave("silent")
    till = make_till(patience=2).open()
    assert till.pay().kind is OutcomeKind.UNKNOWN
    hub.behave("")
    assert till.found().kind is OutcomeKind.APPROVED
    assert hub.balance() == AMOUNT


def test_an_order_that_outlived_its_code_is_stopped_by_a_look_up(hub: GatewayHub, make_till: MakeTill) -> None:
    hub.behave("stuck, life -61")
    till = make_till(patience=1).open()
    till.device.close()
    assert till.pay().kind is OutcomeKind.UNKNOWN
    till.device.open()
    assert till.found().kind is OutcomeKind.CANCELLED


@pytest.mark.parametrize("who", ["the customer", "staff"])
def test_a_wish_to_stop_that_the_hub_did_not_hear_still_stands_when_it_is_asked_again(
    hub: GatewayHub, make_till: MakeTill, who: str
) -> None:
    hub.behave("ask")
    till = make_till(patience=2).open()
    paying = till.begin().wait_for(Progress.SCAN_CODE)
    hub.behave("ask, deaf 1000")
    if who == "the customer":
        paying.cancel()
    assert paying.outcome().kind is OutcomeKind.UNKNOWN
    if who == "staff":
        till.device.cancel(till.attempt)
    hub.behave("ask")
    assert till.found().kind is OutcomeKind.CANCELLED
    assert hub.decide(GatewayState.AUTHORISED) == 0, "nobody can pay this order any more"


def test_a_hub_without_a_gateway_declines(hub: GatewayHub, make_till: MakeTill) -> None:
    hub.stop()
    (hub.folder / "hub.toml").write_text("")
    super(GatewayHub, hub).start()
    outcome = make_till().open().pay()
    assert outcome.kind is OutcomeKind.DECLINED
    assert "no payment gateway" in outcome.text


def test_a_till_that_was_put_out_of_use_takes_no_money(hub: GatewayHub, make_till: MakeTill) -> None:
    till = make_till(patience=1).open()
    hub.block(till.kiosk.id)
    assert till.pay().kind is OutcomeKind.UNKNOWN
    assert hub.books() == ()


def test_a_gateway_that_is_not_known_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "hub.toml").write_text('gateway = "vips"\n')
    with pytest.raises(SettingsError, match="'vips' is not known"):
        read_settings(tmp_path)


# The link -------------------------------------------------------------------------------------------------------------


def test_without_a_link_to_the_hub_the_device_is_offline_and_nothing_is_sent(
    hub: GatewayHub, make_till: MakeTill
) -> None:
    till = make_till().open()
    assert till.device.check().health == "online"
    hub.stop()
    assert till.kiosk.link is not None
    wait_for(lambda: not till.kiosk.link.online, "the hub is gone")  # type: ignore[union-attr]
    assert till.device.check().health == "offline"
    with pytest.raises(DeviceOffline, match="no link to the hub"):
        till.pay()
    assert not till.sent


def test_a_broker_that_loses_everything_costs_time_and_no_money(
    hub: GatewayHub, make_till: MakeTill, broker: Broker
) -> None:
    hub.behave("ask")
    till = make_till(patience=30).open()
    paying = till.begin().wait_for(Progress.SCAN_CODE)
    broker.kill()
    hub.decide(GatewayState.AUTHORISED)
    broker.start()
    assert paying.outcome().kind is OutcomeKind.APPROVED
    assert hub.balance() == AMOUNT


def test_a_hub_that_is_killed_while_the_customer_pays_finds_the_payment_again(
    hub_process: GatewayHubProcess, make_till: MakeTill
) -> None:
    wait_for((hub_process.folder / "hub.db").exists, "the hub's tables")
    till = make_till(patience=60).open()
    hub_process.behave("ask")
    paying = till.begin().wait_for(Progress.SCAN_CODE)
    hub_process.kill()
    assert hub_process.decide(GatewayState.AUTHORISED) == 1
    hub_process.start()
    assert paying.outcome().kind is OutcomeKind.APPROVED
    assert hub_process.balance() == AMOUNT


def test_a_hub_that_is_killed_before_the_gateway_heard_closes_the_order(
    hub_process: GatewayHubProcess, make_till: MakeTill
) -> None:
    wait_for((hub_process.folder / "hub.db").exists, "the hub's tables")
    till = make_till(patience=60).open()
    hub_process.behave("ask")
    paying = till.begin().wait_for(Progress.SCAN_CODE)
    hub_process.kill()
    hub_process.forget_orders()
    hub_process.start()
    assert paying.outcome().kind is OutcomeKind.CANCELLED
    assert hub_process.balance() == 0


# Codes that the customer shows ----------------------------------------------------------------------------------------


def test_a_wallets_code_is_asked_for_before_anything_is_sent(hub: GatewayHub, make_till: MakeTill) -> None:
    till = make_till(WalletHub).open()
    paying = till.begin().wait_for(Progress.SHOW_CODE)
    assert not till.sent
    paying.present("7038010009457")
    paying.wait_for(Progress.TRY_ANOTHER_WAY)
    assert not till.sent
    paying.present(ALIPAY)
    assert paying.outcome().kind is OutcomeKind.APPROVED
    assert hub.balance() == AMOUNT


def test_a_customer_who_shows_no_code_or_goes_away_is_not_charged(hub: GatewayHub, make_till: MakeTill) -> None:
    till = make_till(WalletHub, customer=1).open()
    assert till.pay().kind is OutcomeKind.NOT_CHARGED
    paying = till.begin()
    wait_for(lambda: len(till.shown) == 2, "the code is asked for")
    paying.cancel()
    assert paying.outcome().kind is OutcomeKind.NOT_CHARGED
    assert not till.sent
    assert hub.books() == ()


def test_a_customer_who_is_still_paying_is_waited_for_and_then_stopped(hub: GatewayHub, make_till: MakeTill) -> None:
    hub.behave("paying 3")
    till = make_till(WalletHub).open()
    paying = till.begin().wait_for(Progress.SHOW_CODE)
    paying.present(ALIPAY)
    assert paying.outcome().kind is OutcomeKind.APPROVED
    hub.behave("ask")
    till = make_till(WalletHub, name="other", customer=2).open()
    paying = till.begin().wait_for(Progress.SHOW_CODE)
    paying.present(ALIPAY)
    assert paying.outcome().kind is OutcomeKind.CANCELLED
    assert hub.balance() == AMOUNT


@pytest.mark.parametrize("driver", [WalletHub, GiftCardHub])
@pytest.mark.parametrize("behaviour", ["approve", "decline", "deaf 1", "silent", "twice, backwards, lose 1"])
def test_a_customers_code_is_in_one_message_and_nowhere_else(
    hub: GatewayHub,
    make_till: MakeTill,
    listener: Listener,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    driver: type[WalletHub],
    behaviour: str,
) -> None:
    code = ALIPAY if driver is WalletHub else "GC-7712-4400-9"
    caplog.set_level(logging.DEBUG)
    hub.behave(behaviour)
    till = make_till(driver, patience=2).open()
    paying = till.begin().wait_for(Progress.SHOW_CODE)
    paying.present(code)
    outcome = paying.outcome()
    if outcome.kind is OutcomeKind.UNKNOWN:
        till.restart()
        till.lookup()
    hub.stop()
    first_order(listener)
    carried = [topic for topic, payload, _ in listener.kept() if code.encode() in payload]
    assert carried == [f"kvitt/1/k/{till.kiosk.id}/up/pay"]
    assert [file for file, content in contents(tmp_path).items() if code.encode() in content] == []
    assert code not in caplog.text
    assert code not in f"{till.shown} {till.facts} {outcome} {till.intent}"


def test_a_gift_card_pays_what_it_holds(hub: GatewayHub, make_till: MakeTill) -> None:
    hub.behave("holds 3000")
    till = make_till(GiftCardHub).open()
    paying = till.begin().wait_for(Progress.SHOW_CODE)
    paying.present("GC-7712-4400-9")
    outcome = paying.outcome()
    assert (outcome.kind, outcome.amount) == (OutcomeKind.APPROVED, nok(3000))
    assert hub.balance() == 3000


def test_a_gift_card_that_holds_nothing_has_paid_nothing(make_till: MakeTill) -> None:
    intent = make_till(GiftCardHub).new_intent()
    outcome = outcome_of(intent, Standing(attempt=intent.attempt, state=GatewayState.CAPTURED, amount=nok(0)))
    assert outcome.kind is OutcomeKind.DECLINED


@pytest.mark.parametrize("kind", [IntentKind.REVERSE, IntentKind.REFUND])
def test_money_of_which_only_a_part_went_back_is_not_taken_for_given_back(
    make_till: MakeTill, kind: IntentKind
) -> None:
    intent = make_till().new_intent(kind=kind)
    outcome = outcome_of(intent, Standing(attempt=intent.attempt, state=GatewayState.REFUNDED, amount=nok(AMOUNT - 1)))
    assert outcome.kind is OutcomeKind.UNKNOWN


def test_a_wallets_code_is_no_gift_card(hub: GatewayHub, make_till: MakeTill) -> None:
    till = make_till(GiftCardHub).open()
    paying = till.begin().wait_for(Progress.SHOW_CODE)
    paying.present(ALIPAY)
    paying.wait_for(Progress.TRY_ANOTHER_WAY)
    paying.cancel()
    assert paying.outcome().kind is OutcomeKind.NOT_CHARGED
    assert not till.sent


# Persistence points ---------------------------------------------------------------------------------------------------


def test_what_cannot_be_recorded_is_never_sent(hub: GatewayHub, make_till: MakeTill) -> None:
    till = make_till().open()
    till.durable = False
    assert till.pay().kind is OutcomeKind.NOT_CHARGED
    # The hub takes one message after the other: an order that had left would be known to it.
    assert till.lookup().kind is OutcomeKind.CANCELLED
    assert hub.books() == ()


def test_a_message_that_comes_late_does_not_take_a_payment_back() -> None:
    link = GatewayLink("k7q2mzc4xna", send=lambda _: True, reachable=lambda: True)
    order = Order(attempt=uuid4(), action=GatewayAction.CREATE, method="vipps", amount=nok(AMOUNT))
    link.ask(order)
    states = list(GatewayState)
    for told in (GatewayState.IN_PROGRESS, GatewayState.CAPTURED, *states):
        if told is not GatewayState.REFUNDED:
            standing = Standing(attempt=order.attempt, state=told, amount=nok(AMOUNT))
            link.deliver(packet(Kind.PAYMENT, "k7q2mzc4xna", standing_document(standing)))
    heard = link.hear(order.attempt, 0, 0)
    assert heard.answers == len(states) + 1
    assert heard.standing is not None
    assert heard.standing.state is GatewayState.CAPTURED
    assert link.hear(uuid4(), 0, 0).answers == 0


def test_what_nobody_asked_for_is_not_kept() -> None:
    link = GatewayLink("k7q2mzc4xna", send=lambda _: True, reachable=lambda: True)
    standing = Standing(attempt=uuid4(), state=GatewayState.CAPTURED, amount=nok(AMOUNT))
    link.deliver(packet(Kind.PAYMENT, "k7q2mzc4xna", standing_document(standing)))
    assert link.hear(standing.attempt, 0, 0).standing is None
    with pytest.raises(Malformed):
        link.deliver(replace(packet(Kind.PAYMENT, "k7q2mzc4xna", {}), payload=b"{}"))


@pytest.mark.parametrize("driver", [QrHub, WalletHub, GiftCardHub])
def test_the_drivers_have_their_own_options(driver: type[QrHub]) -> None:
    assert driver.Options(method="x1").method == "x1"


def test_the_simulated_gateway_obeys_a_person(
    hub: GatewayHub, make_till: MakeTill, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hub.command("gateway", "behave", "ask") == 0
    till = make_till().open()
    paying = till.begin().wait_for(Progress.SCAN_CODE)
    assert hub.command("gateway", "approve") == 0
    assert paying.outcome().kind is OutcomeKind.APPROVED
    assert hub.command("gateway", "list") == 0
    assert capsys.readouterr().out.endswith("SIM7001  vipps  CAPTURED  48.80 NOK\nholds 4880 minor units\n")
    assert hub.command("gateway", "behave", "aks") == 1
    assert "did you mean 'ask'?" in capsys.readouterr().err
