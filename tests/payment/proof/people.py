"""Customer and staff of a till that nobody stands at: they look at the state and do what leads on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from appliance.core.checkout import Checkout, Rejection, Transaction, TransactionState
from appliance.core.commands import (
    CancelPayment,
    Command,
    FinishSale,
    Health,
    PaymentDecision,
    PickItem,
    PostVoid,
    RefundPayment,
    RequestPayment,
    ResolvePayment,
    SignOff,
    SignOn,
    Stop,
    UndoPayments,
    VoidReason,
    VoidTransaction,
)
from appliance.core.effects import Sound
from appliance.core.identifiers import Operator, Sku
from appliance.core.money import Money
from appliance.core.payment import IntentKind, Payment, PaymentState, TenderType
from appliance.ports import Post
from tests.core.till import NOK
from tests.payment.proof.compare import taken
from tests.payment.proof.dialogues import PART, Dialogue

AGAIN = 0.05
"""Seconds until a refused wish is tried again."""
WALK, LONG_WALK = 1.5, 6.0
"""Seconds until staff look at the terminal: longer than it takes to undo a sale by itself; and longer than the till
needs to find out whatever it can."""
ITEM = Sku("bun")


class People:
    """Implements `ports.Presenter` and `ports.StaffRegister`. `last`: sequence of the sale after which they go."""

    def __init__(
        self, dialogue: Dialogue, post: Post, books: Path, *, last: int, undo_at_terminal: Callable[[], None]
    ) -> None:
        self._undo_at_terminal = undo_at_terminal
        self._dialogue = dialogue
        self._post = post
        self._books = books
        self._last = last
        self._done: object = None
        self._seen: Checkout | None = None
        self._called: set[UUID] = set()
        self._there = threading.Event()

    def sign_on(self, pin: str) -> Operator | None:
        return Operator("Kari")

    def play(self, sound: Sound) -> None:
        """Nobody listens."""

    def refuse(self, rejection: Rejection) -> None:
        self._done = None
        threading.Timer(AGAIN, self._look_again).start()

    def _look_again(self) -> None:
        if self._seen is not None:
            self.show(self._seen)

    def show(self, checkout: Checkout) -> None:
        self._seen = checkout
        wish = self._staff(checkout) or self._customer(checkout)
        # Each wish once in each situation; the state changes, or a refusal asks again.
        situation = (wish, self._situation(checkout))
        if wish is not None and situation != self._done:
            self._done = situation
            self._post(wish)

    @staticmethod
    def _situation(checkout: Checkout) -> object:
        sale = checkout.transaction
        payments = () if sale is None else tuple((p.intent.attempt, p.state) for p in sale.payments)
        refunds = tuple((at, task.refund and task.refund.state) for at, task in checkout.refunds.items())
        lines = 0 if sale is None else len(sale.lines)
        ready = tuple((name, device.health) for name, device in checkout.devices.items())
        return checkout.state, lines, payments, refunds, ready, checkout.operator, checkout.may_cancel

    # Staff ----------------------------------------------------------------------------------------------------------

    def _staff(self, checkout: Checkout) -> Command | None:
        work = self._decision(checkout) or self._refund(checkout) or self._post_void(checkout)
        if work is None:
            return SignOff() if checkout.operator is not None and not _unknown(checkout) else None
        return work if checkout.operator is not None else SignOn("0000")

    def _decision(self, checkout: Checkout) -> Command | None:
        """Look into the terminal's own list: is the money there that the journal does not count yet?"""
        if not self._dialogue.unable and not self._dialogue.misfit:
            return None
        for payment in _unknown(checkout):
            if payment.intent.attempt not in self._called:
                self._called.add(payment.intent.attempt)
                self._there.clear()
                threading.Timer(WALK if self._dialogue.unable else LONG_WALK, self._arrive).start()
            if not self._there.is_set():
                return None
            counted = checkout.unsettled.get("terminal")
            before = 0 if counted is None else counted.amount.minor
            moved = taken(self._books) - before
            if moved not in (0, payment.intent.amount.minor, -payment.intent.amount.minor):
                self._undo_at_terminal()
                moved = 0
            decision = PaymentDecision.WAS_PAID if moved else PaymentDecision.WAS_NOT_PAID
            return ResolvePayment(payment.intent.attempt, decision, "seen in the terminal's list")
        return None

    def _arrive(self) -> None:
        self._there.set()
        self._look_again()

    @staticmethod
    def _refund(checkout: Checkout) -> Command | None:
        due = [attempt for attempt, task in checkout.refunds.items() if task.running is None]
        return RefundPayment(due[0]) if due and _online(checkout) and not checkout.busy_devices() else None

    def _post_void(self, checkout: Checkout) -> Command | None:
        sale = checkout.last_sale
        wanted = self._dialogue.aim == "void" and sale is not None and sale.id.sequence == self._last
        at_rest = checkout.state in (TransactionState.IDLE, TransactionState.TENDERED)
        return PostVoid("brought back") if wanted and at_rest and _online(checkout) else None

    # The customer ---------------------------------------------------------------------------------------------------

    def _customer(self, checkout: Checkout) -> Command | None:
        sale = checkout.transaction
        if sale is None:
            if checkout.next_transaction > self._last:
                return None if checkout.refunds or checkout.operator else Stop()
            return PickItem(ITEM) if _online(checkout) else None
        match sale.state:
            case TransactionState.TENDERED:
                return FinishSale()
            case TransactionState.OPEN | TransactionState.TENDERING if sale.running is not None:
                wants = self._dialogue.aim == "cancel" and checkout.may_cancel and len(sale.payments) == 1
                return CancelPayment() if wants else None
            case TransactionState.OPEN | TransactionState.TENDERING if _online(checkout):
                return self._pay(sale)
            case _:
                return None

    def _pay(self, sale: Transaction) -> Command:
        if not sale.active:
            return PickItem(ITEM)
        refused = any(p.state in (PaymentState.DECLINED, PaymentState.CANCELLED) for p in sale.payments)
        if refused and self._dialogue.aim in ("leave", "cancel") and not sale.paid:
            return VoidTransaction(VoidReason.CUSTOMER)
        undone = any(p.intent.kind is IntentKind.REVERSE and p.state is PaymentState.CONFIRMED for p in sale.payments)
        if self._dialogue.aim == "part" and not undone:
            return UndoPayments() if sale.parts else RequestPayment(TenderType.CARD, Money(PART, NOK))
        return RequestPayment(TenderType.CARD)


def _unknown(checkout: Checkout) -> list[Payment]:
    payments = checkout.transaction.payments if checkout.transaction else ()
    refunds = [task.refund for task in checkout.refunds.values() if task.refund is not None]
    return [payment for payment in (*payments, *refunds) if payment.state is PaymentState.UNKNOWN]


def _online(checkout: Checkout) -> bool:
    device = checkout.devices.get("terminal")
    return device is not None and device.health is Health.ONLINE
