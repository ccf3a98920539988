"""A till that does nothing but pay through the hub: the driver on a real link, and what a register has on disk."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import delete, update

from appliance.core.gateway import GatewayState
from appliance.core.identifiers import TransactionId
from appliance.core.money import Currency, Money
from appliance.core.payment import (
    Intent,
    IntentKind,
    Outcome,
    OutcomeKind,
    PaymentFact,
    Progress,
    Sending,
    TenderType,
)
from appliance.errors import DeviceError
from appliance.io.payment.gateway import GatewayTender
from hub import schema, simulated_gateway
from hub.database import Database
from hub.simulated_gateway import Entry
from tests.mqtt.parts import HubFolder, HubInside, HubProcess, Kiosk, wait_for

NOK = Currency.parse("NOK")
AMOUNT = 4880
ALIPAY = "280123456789012345"


def nok(minor: int) -> Money:
    return Money(minor, NOK)


class WithGateway(HubFolder):
    """A hub whose simulated gateway obeys."""

    def prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "hub.toml").write_text('gateway = "simulated"\n')

    def behave(self, text: str) -> None:
        with closing(Database(self.folder)) as database, database.write() as connection:
            simulated_gateway.behave(connection, text)

    def decide(self, state: GatewayState) -> int:
        """Decide on everything that waits for its customer; give how many that were."""
        with closing(Database(self.folder)) as database, database.write() as connection:
            return simulated_gateway.decide(connection, state)

    def block(self, kiosk: str) -> None:
        """Put a till out of use."""

        def known() -> int:
            with closing(Database(self.folder)) as database, database.write() as connection:
                change = update(schema.kiosk).where(schema.kiosk.c.kiosk == kiosk).values(active=False)
                return connection.execute(change).rowcount

        wait_for(known, "the hub knows the till")

    def forget_orders(self) -> None:
        """Take the gateway's books back to before it heard of anything."""
        with closing(Database(self.folder)) as database, database.write() as connection:
            connection.execute(delete(schema.gateway_order))

    def balance(self) -> int:
        return self._read(simulated_gateway.balance)

    def books(self) -> tuple[Entry, ...]:
        return self._read(simulated_gateway.books)


class GatewayHub(HubInside, WithGateway):
    """In the test's own process."""

    def start(self) -> None:
        self.prepare()
        super().start()


class GatewayHubProcess(HubProcess, WithGateway):
    """In a process of its own."""

    def start(self) -> None:
        self.prepare()
        super().start()


@dataclass
class Till:
    """One driver, the link behind it, and the facts that it had made durable."""

    kiosk: Kiosk
    driver: type[GatewayTender]
    options: dict[str, object] = field(default_factory=dict)
    durable: bool = True
    facts: list[PaymentFact] = field(default_factory=list)
    shown: list[tuple[Progress, bool, str, datetime | None]] = field(default_factory=list)
    intent: Intent | None = None
    on_show: Callable[[Progress], None] = lambda _: None

    def __post_init__(self) -> None:
        self.device = self._new()

    def _new(self) -> GatewayTender:
        fast = {"ask_after": Decimal("0.4"), "patience": Decimal(8), "customer": Decimal(20)}
        named = {"method": "vipps"} if self.driver.__name__ == "QrHub" else {}
        options = self.driver.Options(**{**fast, **named, **self.options})  # type: ignore[attr-defined]
        return self.driver("device", options)

    def open(self) -> Till:
        """Go on line, and connect the device."""
        if self.kiosk.link is None:
            self.kiosk.start()
        link = self.kiosk.link
        assert link is not None
        wait_for(lambda: link.online, "the link to the hub")
        self.device.connect(link.gateway)
        self.device.open()
        return self

    def restart(self) -> None:
        """Start driver and link again, with nothing in memory."""
        self.device.close()
        if self.kiosk.link is not None:
            self.kiosk.link.stop()
            self.kiosk.link = None
        self.device = self._new()
        self.open()

    def new_intent(self, minor: int = AMOUNT, kind: IntentKind = IntentKind.PAY) -> Intent:
        return Intent(
            attempt=uuid4(),
            transaction=TransactionId(store="oslo-01", workstation="3", business_date=date(2026, 11, 23), sequence=1),
            kind=kind,
            device="device",
            tender=TenderType.QR,
            amount=nok(minor),
        )

    def pay(self, minor: int = AMOUNT) -> Outcome:
        self.intent = self.new_intent(minor)
        return self.device.authorise(self.intent, self._record, self._notify)

    def give_back(self, kind: IntentKind = IntentKind.REVERSE) -> Outcome:
        """Undo the payment that was made last."""
        assert self.intent is not None
        paid = self.intent
        self.intent = replace(self.new_intent(paid.amount.minor, kind), original_attempt=paid.attempt)
        undo = self.device.reverse if kind is IntentKind.REVERSE else self.device.refund
        return undo(self.intent, self._record, self._notify)

    def begin(self, minor: int = AMOUNT) -> Paying:
        """Pay on a thread of its own, as the device's worker does."""
        return Paying(self, minor)

    def lookup(self) -> Outcome:
        assert self.intent is not None
        return self.device.lookup(self.intent)

    def found(self) -> Outcome:
        """Ask until it is known."""
        outcome: Outcome = wait_for(self._known, "the end of the payment", 20)
        return outcome

    def _known(self) -> Outcome | None:
        try:
            outcome = self.lookup()
        except DeviceError:
            return None
        return None if outcome.kind is OutcomeKind.UNKNOWN else outcome

    @property
    def attempt(self) -> UUID:
        assert self.intent is not None
        return self.intent.attempt

    @property
    def sent(self) -> bool:
        return any(isinstance(fact, Sending) for fact in self.facts)

    def sees(self, progress: Progress) -> bool:
        return any(step[0] is progress for step in self.shown)

    def _record(self, fact: PaymentFact) -> bool:
        if self.durable:
            self.facts.append(fact)
        return self.durable

    def _notify(self, progress: Progress, may_cancel: bool, code: str = "", until: datetime | None = None) -> None:
        self.shown.append((progress, may_cancel, code, until))
        self.on_show(progress)


class Paying:
    """A payment that is under way."""

    def __init__(self, till: Till, minor: int) -> None:
        self._till = till
        self._outcome: Outcome | None = None
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(minor,), name="paying")
        self._thread.start()

    def _run(self, minor: int) -> None:
        try:
            self._outcome = self._till.pay(minor)
        except BaseException as fault:  # noqa: BLE001 - raised again by `outcome`
            self._fault = fault

    def wait_for(self, progress: Progress) -> Paying:
        """Wait until the customer sees a step."""
        wait_for(lambda: self._till.sees(progress) or not self._thread.is_alive(), f"the screen shows {progress}")
        assert self._till.sees(progress), (self._outcome, self._fault)
        return self

    def present(self, code: str) -> None:
        self._till.device.present(self._till.attempt, code)

    def cancel(self) -> None:
        self._till.device.cancel(self._till.attempt)

    def outcome(self) -> Outcome:
        self._thread.join(30)
        assert not self._thread.is_alive(), "the payment does not end"
        if self._fault is not None:
            raise self._fault
        assert self._outcome is not None
        return self._outcome


def contents(folder: Path) -> dict[Path, bytes]:
    """Read every file below a folder."""
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
