"""A shopper: random but reproducible sales through a whole till, also one that was cut off in the middle of a sale.

The same seed and the same receipt number give the same basket, so that a run can be repeated from any point on.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.core.catalogue import Unit
from appliance.core.checkout import Checkout, Reason, ReceiptState, Transaction, TransactionState
from appliance.core.commands import (
    ChangeQuantity,
    ChooseReceipt,
    FinishSale,
    PickItem,
    PrintResult,
    ReceiptKind,
    RequestPayment,
    RestoreLine,
    VoidLine,
)
from appliance.core.evolution import receipt_settled
from appliance.core.identifiers import TransactionId
from appliance.core.payment import TenderType
from simulators.goods import Good
from simulators.stall import Stall

_UNKNOWN_CODES: Final = ("4006381333931", "5901234123457", "96385074")
"""Valid codes of goods that the shop does not have."""
_KEPT_RECEIPTS: Final = 20


class Acks:
    """The receipt numbers of sales that are done, one a line; each is on disk when `add` returns."""

    def __init__(self, file: Path) -> None:
        self._descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        data = file.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            os.ftruncate(self._descriptor, len(whole))
        self._known = set(whole.decode().split())

    def __contains__(self, number: TransactionId) -> bool:
        return str(number) in self._known

    def add(self, number: TransactionId) -> None:
        """Write a receipt number."""
        self._known.add(str(number))
        os.write(self._descriptor, f"{number}\n".encode())
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the customer of one sale is going to do."""

    baskets: tuple[tuple[str, Good, int], ...]
    """How ("scan" or "pick"), what, and how many grams a weighed pack of it has."""
    lost: str
    """A code that the shop does not know; "" = none."""
    more: bool
    """Takes two of the first thing, where that is possible."""
    regret: str
    """Takes the last thing out again: "" no, "void", or "undo" (and back in)."""
    answers: tuple[str, ...]
    """How the terminal behaves at each attempt to pay; the last one is an approval."""
    receipt: ReceiptKind


def plan(goods: Sequence[Good], chance: random.Random) -> Plan:
    """Make up a customer."""
    pick = [good for good in goods if good.item.browsable and good.item.unit is Unit.EACH and _anyone(good)]
    scan = [good for good in goods if good.article and _anyone(good)]
    number = min(1 + int(chance.expovariate(0.35)), 12)
    wanted = [
        ("pick", chance.choice(pick)) if chance.random() < 0.15 else ("scan", chance.choice(scan))
        for _ in range(number)
    ]
    return Plan(
        baskets=tuple((how, good, chance.randint(80, 2400)) for how, good in wanted),
        lost=chance.choice(_UNKNOWN_CODES) if chance.random() < 0.05 else "",
        more=chance.random() < 0.2,
        regret=chance.choices(("", "void", "undo"), (88, 8, 4))[0] if number > 1 else "",
        answers=(*chance.choices((("decline 05",), ("cancel",), ()), (6, 4, 90))[0], "approve"),
        receipt=chance.choices((ReceiptKind.PAPER, ReceiptKind.NONE), (80, 20))[0],
    )


def _anyone(good: Good) -> bool:
    """Whether a customer can take one of it alone."""
    item = good.item
    return item.price is not None and item.minimum_age is None and item.maximum_quantity is None and not item.recalled


class Shopper:
    """Plays one customer after the other at a stall."""

    def __init__(self, stall: Stall, goods: Sequence[Good], acks: Acks, *, seed: int) -> None:
        self._stall = stall
        self._window = stall.window
        self._goods = goods
        self._acks = acks
        self._seed = seed

    def settle_in(self) -> None:
        """Take up the till where it was left: a sale that was done but not written down is written down now."""
        checkout = self._stall.wait_until_ready()
        sale = checkout.last_sale
        if sale is not None and receipt_settled(sale) and sale.id not in self._acks:
            self._acks.add(sale.id)

    def sell(self) -> TransactionId:
        """Play one sale to its end, or the one that was open; give its receipt number once that is written down."""
        checkout = self._stall.wait_until_ready()
        number = checkout.transaction.id.sequence if checkout.transaction else checkout.next_transaction
        customer = plan(self._goods, random.Random(f"{self._seed}/{number}"))  # noqa: S311 # not a secret
        if checkout.state is TransactionState.IDLE:
            self._fill(customer)
        self._pay(customer)
        return self._leave(customer)

    def _fill(self, customer: Plan) -> None:
        for place, (how, good, grams) in enumerate(customer.baskets):
            if place == 1 and customer.lost:
                self._scan_lost(customer.lost)
            before = _taken(self._now())
            if how == "pick":
                self._stall.post(PickItem(good.item.sku))
            else:
                self._stall.counter.scanner.scan(good.code(grams))
            self._take(before + 1, good)
        if customer.more:
            self._take_two()
        if customer.regret:
            self._regret(undo=customer.regret == "undo")

    def _take(self, least: int, good: Good) -> None:
        self._until(lambda now: _taken(now) >= least, f"the line of {good.item.sku}")

    def _scan_lost(self, code: str) -> None:
        seen = self._window.refusals
        self._stall.counter.scanner.scan(code)
        self._until(lambda _: self._window.refusals > seen, "the refusal of an unknown code")
        refused = self._window.refused
        assert refused is not None
        if refused.reason is not Reason.UNKNOWN_ITEM:
            raise AssertionError(f"an unknown code was refused as {refused}")

    def _take_two(self) -> None:
        basket = _basket(self._now())
        line = next((line for line in basket.active if not line.quantity_fixed), None)
        if line is not None:
            self._stall.post(ChangeQuantity(line.line, 2))
            self._until(
                lambda now: any(other.line == line.line and other.quantity == 2 for other in _basket(now).active),
                "two of a line",
            )

    def _regret(self, *, undo: bool) -> None:
        line = next(line for line in reversed(_basket(self._now()).active) if line.deposit_of is None)
        self._stall.post(VoidLine(line.line))
        self._until(lambda now: _basket(now).last_voided == line.line, "the void line")
        if undo or not _basket(self._now()).active:
            self._stall.post(RestoreLine(line.line))
            self._until(lambda now: _basket(now).last_voided is None, "the restored line")

    def _pay(self, customer: Plan) -> None:
        """Pay until the goods are the customer's; a payment in doubt is the till's to find out about."""
        answers = iter(customer.answers)
        while True:
            checkout = self._until(_still, "a quiet moment to pay")
            transaction = _basket(checkout)
            match checkout.state:
                case TransactionState.TENDERED:
                    return
                case TransactionState.OPEN if not transaction.active:
                    self._fill(customer)
                case TransactionState.OPEN | TransactionState.TENDERING:
                    attempts = len(transaction.payments)
                    self._stall.counter.terminal.behave(next(answers, "approve"))
                    self._stall.post(RequestPayment(TenderType.CARD))
                    self._begin(attempts + 1)
                case _:
                    raise AssertionError(f"a till at rest is not {checkout.state}")

    def _begin(self, attempt: int) -> None:
        self._until(lambda now: len(_basket(now).payments) >= attempt, "the payment")

    def _leave(self, customer: Plan) -> TransactionId:
        """Take the receipt, write its number down, and go. A receipt that was cut off is asked for again."""
        kind = customer.receipt
        while not receipt_settled(sale := _basket(self._now())):
            if sale.receipt.result is PrintResult.FAILED:
                kind = ReceiptKind.NONE
            self._stall.post(ChooseReceipt(kind))
            self._printed(sale.receipt)
        if sale.id not in self._acks:
            self._acks.add(sale.id)
        self._stall.post(FinishSale())
        self._until(lambda now: now.state is TransactionState.IDLE, "the end of the sale")
        del self._stall.counter.printer.receipts[:-_KEPT_RECEIPTS]
        return sale.id

    def _printed(self, before: ReceiptState) -> None:
        self._until(lambda now: (receipt := _basket(now).receipt) != before and not receipt.printing, "the receipt")

    def _until(self, condition: Callable[[Checkout], bool], what: str) -> Checkout:
        return self._window.wait(condition, what)

    def _now(self) -> Checkout:
        return self._until(lambda _: True, "the till")


def _basket(checkout: Checkout) -> Transaction:
    if checkout.transaction is None:
        raise AssertionError("the transaction is gone")
    return checkout.transaction


def _taken(checkout: Checkout) -> int:
    """Give how many things were taken, also such as were put back."""
    lines = checkout.transaction.lines if checkout.transaction else ()
    return sum(line.deposit_of is None for line in lines)


def _still(checkout: Checkout) -> bool:
    """Whether nothing is under way at the terminal."""
    return checkout.state is not TransactionState.IN_DOUBT and _basket(checkout).running is None
