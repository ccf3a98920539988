"""A till that does nothing but pay: the driver, and what a register would have on disk."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

from appliance.core.identifiers import TransactionId
from appliance.core.money import Currency, Money
from appliance.core.payment import (
    NO_EVIDENCE,
    Evidence,
    Intent,
    IntentKind,
    Outcome,
    OutcomeKind,
    PaymentFact,
    Progress,
    ReceiptCopy,
    ReceiptText,
    Reference,
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
"""For tests in which a timer runs out."""
PATIENT = {"t1": Decimal(5), "t2": Decimal(10), "t3": Decimal(10), "t4": Decimal(30)}
"""For tests in which none may, however slow the machine is."""


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
    texts_durable: bool = True
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

    def reverse(
        self,
        original: Reference | None,
        minor: int = 1880,
        *,
        money: Money | None = None,
        with_baseline: bool = True,
    ) -> Outcome:
        baseline = self.driver.baseline() if with_baseline else None
        asked = intent(nok(minor) if money is None else money, None if baseline is None else dict(baseline))
        self.intent = replace(asked, kind=IntentKind.REVERSE, original=original)
        return self.driver.reverse(self.intent, self._record, self._notify)

    def refund(self, minor: int = 1880, *, with_baseline: bool = True) -> Outcome:
        baseline = self.driver.baseline() if with_baseline else None
        asked = intent(nok(minor), None if baseline is None else dict(baseline))
        self.intent = replace(asked, kind=IntentKind.REFUND)
        return self.driver.refund(self.intent, self._record, self._notify)

    def try_to_pay(self, minor: int = 1880) -> Outcome:
        """Pay as the device's thread does it: a fault before anything was sent is NOT_CHARGED."""
        try:
            return self.pay(minor)
        except DeviceError as error:
            assert not self.sent
            return Outcome(kind=OutcomeKind.NOT_CHARGED, text=str(error))

    def _record(self, fact: PaymentFact) -> bool:
        self.on_fact(fact)
        match fact:
            case Sending():
                durable = self.sending_durable
            case ReceiptText():
                durable = self.texts_durable
            case _:
                durable = self.durable
        if durable:
            self.facts.append(fact)
        return durable and self._fits(fact)

    def _fits(self, fact: PaymentFact) -> bool:
        """What the register says to a result: another amount than was asked for is kept, and must not stand."""
        told = fact.outcome.amount if isinstance(fact, Result) else None
        return told is None or self.intent is None or told == self.intent.amount

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

    def texts(self, copy: ReceiptCopy) -> list[str]:
        """The lines of a receipt that were made durable."""
        return [
            line for fact in self.facts if isinstance(fact, ReceiptText) and fact.copy is copy for line in fact.lines
        ]

    @property
    def evidence(self) -> Evidence:
        """What the journal knows of the last intent."""
        told = self.results[-1] if self.results else None
        return NO_EVIDENCE if told is None else Evidence(reference=told.reference, charged=told.amount)

    def recover(self, evidence: Evidence = NO_EVIDENCE) -> Outcome:
        """Restart, and ask as often as the device's thread would."""
        assert self.intent is not None
        self.restart()
        for _ in range(5):
            outcome = self.driver.lookup(self.intent, evidence)
            if outcome.kind is not OutcomeKind.UNKNOWN:
                break
        return outcome
