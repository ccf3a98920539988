"""A till that does nothing but pay: the driver, and what a register would have on disk."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

from appliance.core.identifiers import TransactionId
from appliance.core.money import Currency, Money
from appliance.core.payment import (
    Intent,
    IntentKind,
    Outcome,
    OutcomeKind,
    PaymentFact,
    Progress,
    Result,
    Sending,
    TenderType,
)
from appliance.errors import DeviceError
from appliance.io.payment.zvt.terminal import ZvtTerminal

NOK = Currency.parse("NOK")
FAST = {
    "t1": Decimal("0.1"),
    "t2": Decimal("0.15"),
    "t3": Decimal("0.4"),
    "t4": Decimal(1),
    "connect": Decimal(2),
    "patience": Decimal(3),
}


def nok(minor: int) -> Money:
    return Money(minor, NOK)


def intent(amount: Money, baseline: dict[str, str] | None, *, device: str = "terminal") -> Intent:
    return Intent(
        attempt=uuid4(),
        transaction=TransactionId(store="store-01", workstation="1", business_date=date(2026, 11, 23), sequence=1),
        kind=IntentKind.PAY,
        device=device,
        tender=TenderType.CARD,
        amount=amount,
        baseline=baseline,
    )


def until(condition: Callable[[], bool], *, seconds: float = 5.0) -> None:
    """Wait for a condition; fail when it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.005)


@dataclass
class Till:
    """One driver, and the facts that it had made durable."""

    url: str
    options: dict[str, object] = field(default_factory=dict)
    durable: bool = True
    """What `record` answers for a result."""
    sending_durable: bool = True
    facts: list[PaymentFact] = field(default_factory=list)
    shown: list[tuple[Progress, bool]] = field(default_factory=list)
    intent: Intent | None = None
    on_fact: Callable[[PaymentFact], None] = lambda _: None
    on_show: Callable[[Progress], None] = lambda _: None

    def __post_init__(self) -> None:
        self.driver = self._new()

    def _new(self) -> ZvtTerminal:
        return ZvtTerminal("terminal", ZvtTerminal.Options(url=self.url, **{**FAST, **self.options}))

    def open(self) -> Till:
        self.driver.open()
        return self

    def restart(self) -> None:
        """Start again with nothing in memory."""
        self.driver.close()
        self.driver = self._new()

    def pay(self, minor: int = 1880, *, money: Money | None = None) -> Outcome:
        baseline = self.driver.baseline()
        self.intent = intent(nok(minor) if money is None else money, None if baseline is None else dict(baseline))
        return self.driver.authorise(self.intent, self._record, self._notify)

    def try_to_pay(self, minor: int = 1880) -> Outcome:
        """Pay as the device's thread does it: a fault before anything was sent is NOT_CHARGED."""
        try:
            return self.pay(minor)
        except DeviceError as error:
            assert not self.sent
            return Outcome(kind=OutcomeKind.NOT_CHARGED, text=str(error))

    def _record(self, fact: PaymentFact) -> bool:
        self.on_fact(fact)
        durable = self.sending_durable if isinstance(fact, Sending) else self.durable
        if durable:
            self.facts.append(fact)
        return durable

    def _notify(self, progress: Progress, may_cancel: bool) -> None:
        self.shown.append((progress, may_cancel))
        self.on_show(progress)

    def cancel(self) -> None:
        assert self.intent is not None
        self.driver.cancel(self.intent.attempt)

    @property
    def attempt(self) -> UUID:
        assert self.intent is not None
        return self.intent.attempt

    @property
    def sent(self) -> bool:
        return any(isinstance(fact, Sending) for fact in self.facts)

    @property
    def results(self) -> list[Outcome]:
        return [fact.outcome for fact in self.facts if isinstance(fact, Result)]

    def recover(self) -> Outcome:
        """Restart, and ask as often as the device's thread would."""
        assert self.intent is not None
        self.restart()
        for _ in range(5):
            outcome = self.driver.lookup(self.intent)
            if outcome.kind is not OutcomeKind.UNKNOWN:
                break
        return outcome
