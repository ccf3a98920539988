"""Customers who play by themselves, on the real screens of the demo's kiosks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from appliance.core.money import Currency
from simulators.counter import Counter
from simulators.goods import SAMPLE_SHOP, Good, read_goods
from simulators.hands import Hands
from simulators.stage import Stage, wait_for

UNKNOWN_CODE: Final = "9529999999993"
"""A valid number of the GS1 demonstration range that no product of the sample shop has."""
RISE: Final = 500
"""What the hub puts on a price while customers shop; øre."""


def say(text: str) -> None:
    """Tell the person who watches."""
    print(text, flush=True)  # noqa: T201 - the demo talks


class Customer:
    """Somebody at a kiosk. Pictures go into `folder`, under names that begin with `prefix`."""

    def __init__(self, hands: Hands, counter: Counter, folder: Path, *, prefix: str = "") -> None:
        self._hands = hands
        self._counter = counter
        self._folder = folder
        self._prefix = prefix

    def scan(self, code: str) -> None:
        """Hold a pack before the scanner and wait until it is on the screen."""
        seen = self._hands.view()
        before = len(seen["rows"]) if seen else 0
        self._counter.scanner.scan(code)
        self._hands.wait(lambda view: len(view["rows"]) > before, f"a line for {code}")

    def take_receipt(self, name: str) -> None:
        """Print, take the paper, and keep a picture of it."""
        printed = len(self._counter.printer.receipts)
        self._hands.page("receipt")
        self.picture(f"{name}-receipt-choice")
        self._hands.tap("receipt:paper")
        self._hands.page("thank_you")
        self.picture(f"{name}-thank-you")
        wait_for(lambda: len(self._counter.printer.receipts) > printed, "a receipt")
        self._counter.printer.picture().save(self._folder / f"{self._prefix}{name}-receipt.png")
        say(self._counter.printer.paper().text())
        self._hands.page("attract")

    def pay(self, name: str) -> None:
        """Pay by card and take the receipt."""
        self._hands.tap("pay")
        self.take_receipt(name)

    def wait(self) -> None:
        """Wait until the kiosk is free."""
        self._hands.page("attract")

    def wait_for_prices(self, version: str) -> None:
        """Wait until new baskets at this kiosk have the prices of a version, e.g. "main/2"."""
        wait_for(lambda: f"{version} is in force" in self._hands.log(), f"the arrival of the prices {version}")

    def picture(self, name: str) -> None:
        """Keep a picture of the screen."""
        self._hands.screenshot(self._folder / f"{self._prefix}{name}.png")


class FourCustomers(Customer):
    """Four customers, one after the other; the last one has bad luck with the power."""

    def __init__(self, hands: Hands, counter: Counter, folder: Path) -> None:
        super().__init__(hands, counter, folder)
        self._goods = goods()

    def play(self) -> None:
        """Play all four."""
        self.wait()
        self.picture("0-attract")
        self._first()
        self._second()
        self._third()
        self._fourth()

    def _first(self) -> None:
        say("\n1. Milk, bread and a bottle with deposit; the card is approved.")
        self.scan(self._any("Dairy"))
        self.scan(self._any("Bakery"))
        self.scan(self._bottle())
        self.picture("1-basket")
        self.pay("1")

    def _second(self) -> None:
        say("\n2. In English; the card is declined first, then approved.")
        self._hands.tap("language:en")
        self.scan(self._any("Coffee"))
        self._counter.terminal.behave("decline 51")
        self._hands.tap("pay")
        self._hands.page("declined")
        self.picture("2-declined")
        self._hands.tap("again")
        self.take_receipt("2")

    def _third(self) -> None:
        say("\n3. Cheese by weight, and a code that the shop does not know.")
        self.scan(self._by_weight(482))
        self._counter.scanner.scan(UNKNOWN_CODE)
        self._hands.page("unknown_item")
        self.picture("3-unknown-item")
        self._hands.tap("carry_on")
        self.pay("3")

    def _fourth(self) -> None:
        say("\n4. The card is charged, and in that moment somebody pulls the plug of the till.")
        terminal = self._counter.terminal
        charges = len(terminal.books.charges())
        terminal.behave("keep, no result")
        self.scan(self._any("Dairy"))
        self._hands.tap("pay")
        wait_for(lambda: len(terminal.books.charges()) > charges, "the charge")
        self._hands.pull_the_plug()
        say("   The power is back: the till asks the terminal, finds the payment, and charges nothing again.")
        self._hands.start()
        self.take_receipt("4")

    def _any(self, category: str) -> str:
        return a_good_of(self._goods, category).article

    def _bottle(self) -> str:
        return next(good.article for good in self._goods if good.item.deposit_sku and good.item.minimum_age is None)

    def _by_weight(self, grams: int) -> str:
        return next(good.code(grams) for good in self._goods if good.labelled)


def shop_while_a_price_changes(stage: Stage, customers: Sequence[Customer]) -> list[list[int]]:
    """Let the hub raise a price while the first of several kiosks has a basket open.

    Give what each kiosk must have sold for, sale by sale; minor units.
    """
    good = a_good_of(goods(), "Coffee")
    assert good.item.price is not None
    old, name = good.item.price.minor, next(iter(good.item.names.values()))
    first, *others = customers
    for customer in customers:
        customer.wait()
    say(f"\n1. At kiosk 1 somebody has scanned {name} for {old} øre. The basket is open.")
    first.scan(good.article)
    first.picture("1-basket")
    said = stage.hub.ask("catalogue", "price", f"{good.item.sku}={old + RISE}")
    say(f"\n2. At the hub the price becomes {old + RISE} øre: {said.strip()}")
    for customer in customers:
        customer.wait_for_prices(said.partition(":")[0])
    say("\n3. New baskets at the other kiosks have the new price.")
    for other in others:
        other.scan(good.article)
        other.picture("3-basket")
        other.pay("3")
    say("\n4. The open basket at kiosk 1 keeps its prices, for a second pack too.")
    first.scan(good.article)
    first.picture("4-basket")
    first.pay("4")
    say("\n5. The next basket at kiosk 1 has the new price.")
    first.scan(good.article)
    first.picture("5-basket")
    first.pay("5")
    return [[2 * old, old + RISE], *([old + RISE] for _ in others)]


def goods() -> tuple[Good, ...]:
    """Give the goods of the sample shop."""
    return read_goods(SAMPLE_SHOP / "products.csv", Currency.parse("NOK"))


def a_good_of(known: Sequence[Good], category: str) -> Good:
    """Give something of a category that has a barcode and one price."""
    return next(good for good in known if good.item.category == category and good.article and not good.labelled)
