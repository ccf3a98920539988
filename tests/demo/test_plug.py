"""The plug of the kiosk is pulled at any moment of a sale on the real screen; afterwards all books agree."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from simulators.agreement import Takings, compare
from simulators.counter import Counter
from simulators.hands import Hands
from simulators.stage import Stage

MILK = "9520030000104"
PATIENCE_S = 40.0

Moment = Callable[[Hands, Counter], None]


def _after_the_scan(hands: Hands, counter: Counter) -> None:
    counter.scanner.scan(MILK)
    hands.page("basket")


def _pressed_pay(seconds: float) -> Moment:
    def moment(hands: Hands, counter: Counter) -> None:
        counter.terminal.behave("late 0.3")
        _after_the_scan(hands, counter)
        hands.tap("pay")
        time.sleep(seconds)  # which moment of the payment this hits is the point of the test

    return moment


def _paid(hands: Hands, counter: Counter) -> None:
    _after_the_scan(hands, counter)
    hands.tap("pay")
    hands.page("receipt")


def _printing(hands: Hands, counter: Counter) -> None:
    _paid(hands, counter)
    hands.tap("receipt:paper")


def finish(hands: Hands) -> None:
    """Be the patient customer who comes back to the screen: touch whatever leads on, until the till is free."""
    ways = {
        "basket": "pay",
        "basket_empty": "cancel_all",
        "choose_payment": "tender:card",
        "declined": "again",
        "receipt": "receipt:paper",
        "still_there": "carry_on",
    }
    deadline = time.monotonic() + PATIENCE_S
    while True:
        view = hands.view()
        page = view["page"] if view else "starting"
        if page == "attract":
            return
        assert time.monotonic() < deadline, f"the till hangs on {page}"
        if page in ways:
            hands.touch(ways[page])
        time.sleep(0.05)


def agree(stage: Stage, counter: Counter) -> bool:
    books = {"terminal": counter.terminal.books.balance()}
    return compare(stage, Takings(state=stage.folder / "kiosk", books=books))


MOMENTS: dict[str, Moment] = {
    "idle": lambda _hands, _counter: None,
    "scanned": _after_the_scan,
    "pay pressed": _pressed_pay(0.0),
    "at the terminal": _pressed_pay(0.1),
    "about to be approved": _pressed_pay(0.33),
    "just approved": _pressed_pay(0.4),
    "paid": _paid,
    "printing": _printing,
}


BRIEFLY = ("scanned", "about to be approved", "printing")


@pytest.mark.parametrize(
    "moments",
    [
        pytest.param(BRIEFLY, id="briefly"),
        pytest.param(tuple(MOMENTS), id="all", marks=pytest.mark.crash),
    ],
)
def test_after_the_plug_was_pulled_at_any_moment_all_books_agree(tmp_path: Path, moments: tuple[str, ...]) -> None:
    with Stage(tmp_path / "shop") as stage, Counter(tmp_path / "terminal") as counter:
        config = stage.configuration("kiosk", counter.toml(), screen="sound = false")
        hands = Hands(config, tmp_path / "kiosk.log")
        for name in moments:
            hands.start()
            hands.page("attract")
            MOMENTS[name](hands, counter)
            hands.pull_the_plug()
            hands.start()
            hands.wait(lambda view: view["page"] != "starting", "the end of the start")
            finish(hands)
            assert hands.stop() == 0
        assert agree(stage, counter)


def test_broker_and_hub_killed_during_sales_lose_and_double_nothing(tmp_path: Path) -> None:
    with Stage(tmp_path / "shop") as stage, Counter(tmp_path / "terminal") as counter:
        config = stage.configuration("kiosk", counter.toml(), screen="sound = false")
        with Hands(config, tmp_path / "kiosk.log") as hands:
            hands.page("attract")
            for down in (stage.broker, stage.hub):
                down.kill()
                _paid(hands, counter)
                finish(hands)
                down.start()
                _paid(hands, counter)
                finish(hands)
        assert agree(stage, counter)
