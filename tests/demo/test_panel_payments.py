"""What a person does at the panel of the demo: pay with a phone, and with coins and notes, on a real till."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from simulators.agreement import Takings, compare
from simulators.customers import goods
from simulators.demo import HUB_SETTINGS
from simulators.goods import SAMPLE_SHOP
from simulators.hands import Hands
from simulators.panel.desk import CounterPanel
from simulators.phone import WAITS, Phone
from simulators.stage import Stage, wait_for

MILK = "9520030000104"
PRICE = 2290


@dataclass
class Demo:
    hands: Hands
    desk: CounterPanel
    phone: Phone
    stage: Stage

    def choose(self, tender: str) -> None:
        self.desk.scan(MILK)
        self.hands.page("basket")
        self.hands.tap("pay")
        self.hands.tap(f"tender:{tender}")

    def leave(self) -> None:
        self.hands.tap("receipt:none")
        self.hands.page("attract")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    with (
        Stage(folder / "shop", settings=HUB_SETTINGS) as stage,
        Phone(stage.hub.folder, "phone-1") as phone,
        CounterPanel(folder / "counter", goods(), pictures=SAMPLE_SHOP / "pictures", phone=phone) as desk,
    ):
        stage.hub.ask("gateway", "behave", WAITS)
        config = stage.configuration("kiosk", desk.toml(), screen="sound = false")
        with Hands(config, folder / "kiosk.log") as hands:
            hands.page("attract")
            yield Demo(hands, desk, phone, stage)
        books = {"phone": phone.balance(), "cash machine": desk.cash.books.balance()}
        assert books == {"phone": PRICE, "cash machine": 2300}
        assert compare(stage, Takings(state=folder / "shop" / "kiosk", books=books))


def test_the_customer_pays_with_the_phone_and_no_other_phone_answers_for_it(demo: Demo) -> None:
    demo.choose("qr")
    wait_for(lambda: demo.phone.asked() is not None, "the question on the phone")
    with Phone(demo.stage.hub.folder, "phone-2") as other:
        assert other.asked() is None
        other.answer("pay")
    assert demo.phone.asked() is not None
    demo.desk.act("phone", "pay")
    demo.hands.page("receipt")
    demo.leave()


@pytest.mark.parametrize("word", ["decline", "expire"])
def test_what_the_phone_does_not_pay_is_not_sold(demo: Demo, word: str) -> None:
    demo.choose("qr")
    wait_for(lambda: demo.phone.asked() is not None, "the question on the phone")
    demo.desk.act("phone", word)
    demo.hands.page("declined")
    demo.hands.tap("items")
    demo.hands.page("basket")
    demo.hands.tap("cancel_all")
    demo.hands.wait(lambda view: view["layout"] == "question", "the question whether everything goes")
    demo.hands.tap("cancel_all")
    demo.hands.page("attract")


def test_the_customer_pays_with_a_note_and_takes_the_change(demo: Demo) -> None:
    demo.choose("cash")
    wait_for(lambda: demo.desk.cash.accepting, "the machine to open")
    demo.desk.act("cash", "5000")
    demo.hands.page("receipt")
    demo.leave()
