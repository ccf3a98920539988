"""`./kvitt demo`: a whole shop on this machine. With a display a till to play with, without one four customers.

Everything is real but hands, paper and money: mosquitto, the hub, the till with its screen, and simulated devices that
speak the real protocols over TCP and pseudo-terminals. At the end the till's journal, the hub's books and the
terminal's books must agree.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from appliance.core.money import Currency
from appliance.store.inspection import documents
from simulators.counter import Counter
from simulators.goods import SAMPLE_SHOP, read_goods
from simulators.hands import Hands
from simulators.panel.desk import CounterPanel
from simulators.panel.server import Panel
from simulators.stage import PIN, Stage, wait_for

UNKNOWN_CODE: Final = "9529999999993"
"""A valid number of the GS1 demonstration range that no product of the sample shop has."""


def main() -> int:
    """Play the demo; 0 if till, hub and terminal agree."""
    parser = argparse.ArgumentParser(prog="kvitt demo", description="A whole shop on this machine.")
    parser.add_argument("folder", nargs="?", type=Path, help="where pictures go (default: a new temporary folder)")
    parser.add_argument("--headless", action="store_true", help="play four customers off the screen")
    told = parser.parse_args()
    folder: Path = told.folder or Path(tempfile.mkdtemp(prefix="kvitt-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    with_display = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    with tempfile.TemporaryDirectory(prefix="kvitt-") as shop, Stage(Path(shop) / "shop") as stage:
        say(f"broker on port {stage.broker.port}, hub on port {stage.hub.http_port}")
        if with_display and not told.headless:
            return play_with_a_person(stage)
        return play_customers(stage, folder)


def say(text: str) -> None:
    """Tell the person who watches."""
    print(text, flush=True)  # noqa: T201 - the demo talks


def play_with_a_person(stage: Stage) -> int:
    """Open the till's window and the panel of its devices; end when the window is shut."""
    goods = read_goods(SAMPLE_SHOP / "products.csv", Currency.parse("NOK"))
    with (
        CounterPanel(stage.folder / "counter", goods, pictures=SAMPLE_SHOP / "pictures") as desk,
        Panel(desk) as panel,
    ):
        config = stage.configuration("kiosk", desk.counter.toml())
        say(f"scanner, terminal and printer: {panel.url}")
        say(f"staff sign in by touching the shop's name, PIN {PIN}; shut the window to end")
        webbrowser.open(panel.url)
        kiosk = subprocess.Popen(  # noqa: S603  # our own program
            [sys.executable, "-m", "appliance", "run", "--config", str(config)]
        )
        with interrupts_go_to(kiosk):
            code = kiosk.wait()
        balance = desk.counter.terminal.books.balance()
    return code or (0 if compare(stage, stage.folder / "kiosk", balance) else 1)


@contextlib.contextmanager
def interrupts_go_to(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Let Ctrl-C end the till in good order instead of ending the demo around it."""
    before = signal.signal(signal.SIGINT, lambda *_: process.terminate())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class Customers:
    """Four customers, one after the other, on the real screen; the last one has bad luck with the power."""

    def __init__(self, hands: Hands, counter: Counter, folder: Path) -> None:
        self._hands = hands
        self._counter = counter
        self._folder = folder
        self._goods = read_goods(SAMPLE_SHOP / "products.csv", Currency.parse("NOK"))

    def play(self) -> None:
        """Play all four."""
        self._hands.page("attract")
        self._picture("0-attract")
        self._first()
        self._second()
        self._third()
        self._fourth()

    def _first(self) -> None:
        say("\n1. Milk, bread and a bottle with deposit; the card is approved.")
        self._scan(self._any("Dairy"))
        self._scan(self._any("Bakery"))
        self._scan(self._bottle())
        self._picture("1-basket")
        self._hands.tap("pay")
        self._take_receipt("1")

    def _second(self) -> None:
        say("\n2. In English; the card is declined first, then approved.")
        self._hands.tap("language:en")
        self._scan(self._any("Coffee"))
        self._counter.terminal.behave("decline 51")
        self._hands.tap("pay")
        self._hands.page("declined")
        self._picture("2-declined")
        self._hands.tap("again")
        self._take_receipt("2")

    def _third(self) -> None:
        say("\n3. Cheese by weight, and a code that the shop does not know.")
        self._scan(self._by_weight(482))
        self._counter.scanner.scan(UNKNOWN_CODE)
        self._hands.page("unknown_item")
        self._picture("3-unknown-item")
        self._hands.tap("carry_on")
        self._hands.tap("pay")
        self._take_receipt("3")

    def _fourth(self) -> None:
        say("\n4. The card is charged, and in that moment somebody pulls the plug of the till.")
        terminal = self._counter.terminal
        charges = len(terminal.books.charges())
        terminal.behave("keep, no result")
        self._scan(self._any("Dairy"))
        self._hands.tap("pay")
        wait_for(lambda: len(terminal.books.charges()) > charges, "the charge")
        self._hands.pull_the_plug()
        say("   The power is back: the till asks the terminal, finds the payment, and charges nothing again.")
        self._hands.start()
        self._take_receipt("4")

    def _any(self, category: str) -> str:
        return next(
            good.article
            for good in self._goods
            if good.item.category == category and good.article and not good.labelled
        )

    def _bottle(self) -> str:
        return next(good.article for good in self._goods if good.item.deposit_sku and good.item.minimum_age is None)

    def _by_weight(self, grams: int) -> str:
        return next(good.code(grams) for good in self._goods if good.labelled)

    def _scan(self, code: str) -> None:
        """Hold a pack before the scanner and wait until it is on the screen."""
        seen = self._hands.view()
        before = len(seen["rows"]) if seen else 0
        self._counter.scanner.scan(code)
        self._hands.wait(lambda view: len(view["rows"]) > before, f"a line for {code}")

    def _take_receipt(self, name: str) -> None:
        """Print, take the paper, and keep a picture of it."""
        printed = len(self._counter.printer.receipts)
        self._hands.page("receipt")
        self._picture(f"{name}-receipt-choice")
        self._hands.tap("receipt:paper")
        self._hands.page("thank_you")
        self._picture(f"{name}-thank-you")
        wait_for(lambda: len(self._counter.printer.receipts) > printed, "a receipt")
        self._counter.printer.picture().save(self._folder / f"{name}-receipt.png")
        say(self._counter.printer.paper().text())
        self._hands.page("attract")

    def _picture(self, name: str) -> None:
        self._hands.screenshot(self._folder / f"{name}.png")


def play_customers(stage: Stage, folder: Path) -> int:
    """Play four customers off the panel, then compare the books."""
    with Counter(stage.folder / "terminal") as counter:
        config = stage.configuration("kiosk", counter.toml(), screen="sound = false")
        with Hands(config, folder / "kiosk.log") as hands:
            Customers(hands, counter, folder).play()
        balance = counter.terminal.books.balance()
    agree = compare(stage, stage.folder / "kiosk", balance)
    say(f"pictures and the till's log are in {folder}")
    return 0 if agree else 1


def compare(stage: Stage, state: Path, charged: int) -> bool:
    """Say whether the till's journal, the hub's books and the terminal's books tell the same story."""
    at_till = {
        row["data"]["transaction"]: row["data"]["total"]
        for row in documents(state)
        if row["type"] == "transaction.completed"
    }

    def at_hub() -> dict[str, int]:
        sales = json.loads(stage.hub.ask("sales", "--json"))["sales"]
        return {sale["transaction"]: sale["total"] for sale in sales}

    with contextlib.suppress(TimeoutError):
        wait_for(lambda: at_hub() == at_till, "the hub's receipt of all sales")
    booked = at_hub()
    agree = booked == at_till and charged == sum(at_till.values())
    say(
        f"\ntill {len(at_till)} sales, {sum(at_till.values())} øre; hub {len(booked)} sales, "
        f"{sum(booked.values())} øre; terminal {charged} øre: {'all agree' if agree else 'THEY DO NOT AGREE'}"
    )
    return agree


if __name__ == "__main__":
    sys.exit(main())
