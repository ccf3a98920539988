"""A whole till in a process of its own: real register, journal and link; commands go in, pictures come out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from appliance.core import events as e
from appliance.core.checkout import Checkout, Rejection, TransactionState
from appliance.core.commands import Command, Health, RequestPayment, ScanCode
from appliance.core.money import Currency
from appliance.core.payment import Payment, PaymentState, TenderType
from appliance.staff import hash_pin
from simulators.goods import SAMPLE_SHOP, read_goods
from simulators.stall import ZONE, stock
from tests.crash.account import read_journal
from tests.journeys.kiosk import MILK
from tests.journeys.till_process import TillProcess

PIN = "4711"
PATIENCE_S = 40.0
PRICE = 2290
"""Of the milk, minor units."""

THROUGH_HUB = """
[devices.qr]
category = "qr"
driver = "hub"
method = "vipps"
ask_after = 1
[devices.wallet]
category = "wallet"
driver = "hub"
ask_after = 1
[devices.gift_card]
category = "gift_card"
driver = "hub"
ask_after = 1
"""


class Eyes:
    """Sees every picture of the till, and may act at once."""

    def __init__(self) -> None:
        self._turned = threading.Condition()
        self.checkout: Checkout | None = None
        self.refused: list[Rejection] = []
        self.fault = ""

    def show(self, checkout: Checkout) -> None:
        with self._turned:
            self.checkout = checkout
            self._turned.notify_all()

    def refuse(self, rejection: Rejection) -> None:
        with self._turned:
            self.refused.append(rejection)
            self._turned.notify_all()

    def end(self, code: int | None, fault: str) -> None:
        with self._turned:
            self.fault = fault
            self._turned.notify_all()

    def wait(self, condition: Callable[[Checkout], bool], what: str) -> Checkout:
        deadline = time.monotonic() + PATIENCE_S
        with self._turned:
            while self.checkout is None or not condition(self.checkout):
                left = deadline - time.monotonic()
                assert left > 0, f"not in time: {what}; {self.fault} {_where(self.checkout)}"
                self._turned.wait(left)
            return self.checkout


def _where(checkout: Checkout | None) -> str:
    if checkout is None:
        return "the till has shown nothing"
    devices = {name: (device.health.value, device.detail) for name, device in checkout.devices.items()}
    payment = payment_of(checkout)
    return f"{checkout.state}, {payment and payment.state}, {checkout.progress}, {devices}, {checkout.refunds}"


def payment_of(checkout: Checkout) -> Payment | None:
    return checkout.transaction.payment if checkout.transaction else None


class WholeTill:
    """One till and its store; may lose its power and be switched on again."""

    def __init__(self, folder: Path, *, devices: str = THROUGH_HUB, port: int = 0, settings: str = "") -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.state = folder / "state"
        self.eyes = Eyes()
        self._process: TillProcess | None = None
        self._file = folder / "kvitt.toml"
        hub = f'host = "127.0.0.1"\nport = {port}' if port else "enabled = false"
        self._file.write_text(
            f'[till]\nstore = "torget"\nzone = "{ZONE}"\nstate = "{self.state}"\n[hub]\n{hub}\n'
            f'[[staff]]\nname = "Kari"\npin_hash = "{hash_pin(PIN)}"\n{devices}'
        )
        drop_ins = folder / "kvitt.toml.d"
        drop_ins.mkdir()
        (drop_ins / "selling.toml").write_text(
            f'[selling]\ntenders = ["cash", "qr", "wallet", "gift_card"]\n{settings}\n'
        )
        goods = read_goods(SAMPLE_SHOP / "products.csv", Currency.parse("NOK"))
        self._milk = next(str(good.item.gtins[0]) for good in goods if str(good.item.sku) == MILK)
        stock(self.state, goods)

    def boot(self, *online: str) -> WholeTill:
        """Switch on, and wait for devices."""
        self.eyes = Eyes()
        self._process = TillProcess(self._file, self.eyes)

        def there(checkout: Checkout) -> bool:
            states = {name: device.health for name, device in checkout.devices.items()}
            return all(states.get(name) is Health.ONLINE for name in online)

        self.eyes.wait(there, f"{online} on line")
        return self

    def power_cut(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process = None

    def stop(self) -> None:
        assert self._process is not None
        self._process.stop()
        self._process = None

    def send(self, command: Command) -> None:
        assert self._process is not None
        self._process.send(command)

    def scan(self, code: str = "") -> None:
        self.send(ScanCode(code or self._milk))

    def pay(self, tender: TenderType) -> None:
        """Put milk into the basket and begin to pay."""
        self.eyes.wait(lambda checkout: checkout.has_prices, "prices")
        self.scan()
        self.eyes.wait(lambda checkout: checkout.state is TransactionState.OPEN, "the basket")
        self.send(RequestPayment(tender))

    def wait_payment(self, *states: PaymentState) -> Payment:
        def there(checkout: Checkout) -> bool:
            payment = payment_of(checkout)
            return payment is not None and payment.state in states

        found = payment_of(self.eyes.wait(there, f"a payment that is {states}"))
        assert found is not None
        return found

    def wait_state(self, *states: TransactionState) -> Checkout:
        return self.eyes.wait(lambda checkout: checkout.state in states, f"{states}")

    def released(self, *tenders: TenderType) -> int:
        """What the goods that left were paid with these tenders, by the journal; the till must be off."""
        sales = [event for event in read_journal(self.state) if isinstance(event, e.TransactionCompleted)]
        return sum(tender.amount.minor for sale in sales for tender in sale.tenders if tender.type in tenders)
