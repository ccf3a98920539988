"""A till that does nothing but pay: a nexo driver, and what a register would have on disk."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from appliance.core.identifiers import uuid7
from appliance.core.money import Money
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
)
from appliance.errors import DeviceError
from appliance.io.payment.nexo.terminal import NexoAdyen, NexoSwedbank
from simulators.nexo_poi import KEY, NexoPoi
from tests.payment.till import intent, nok

SALE = "KIOSK01"
FAST: Mapping[str, Any] = {
    "connect": Decimal(5),
    "answer": Decimal(5),
    "payment": Decimal(8),
    "host_timeout": Decimal("0.2"),
    "not_found_pause": Decimal("0.2"),
    "rest": Decimal(0),
    "patience": Decimal("1.2"),
}


def driver(dialect: str, url: str, poi_id: str, folder: Path, **options: Any) -> NexoSwedbank | NexoAdyen:
    common = {"url": url, "sale_id": SALE, "poi_id": poi_id, **FAST}
    if dialect == "swedbank":
        return NexoSwedbank("terminal", NexoSwedbank.Options(**{**common, "maintenance": "", **options}))
    sealed = {
        "key_identifier": KEY,
        "passphrase_file": folder / "passphrase",
        "ca_file": folder / "terminal.pem",
        "test": True,
    }
    return NexoAdyen("terminal", NexoAdyen.Options(**{**common, **sealed, **options}))


def attempt() -> UUID:
    return uuid7(time.time_ns() // 1_000_000, secrets.randbits(74))


@dataclass
class Till:
    """One driver, and the facts that it had made durable."""

    make: Callable[[], NexoSwedbank | NexoAdyen]
    durable: bool = True
    """What `record` answers for a result."""
    sending_durable: bool = True
    facts: list[PaymentFact] = field(default_factory=list)
    shown: list[tuple[Progress, bool]] = field(default_factory=list)
    intent: Intent | None = None
    evidence: Evidence = NO_EVIDENCE
    on_fact: Callable[[PaymentFact], None] = lambda _: None
    on_show: Callable[[Progress], None] = lambda _: None

    def __post_init__(self) -> None:
        self.driver = self.make()

    @classmethod
    def at(cls, terminal: NexoPoi, dialect: str, **options: Any) -> Till:
        """Give a till for a simulated terminal that listens."""
        folder = terminal.ca_file.parent
        return cls(lambda: driver(dialect, terminal.url, terminal.poi_id, folder, **options))

    def open(self) -> Till:
        self.driver.open()
        return self

    def restart(self) -> None:
        """Start again with nothing in memory, and without having said goodbye."""
        self.driver = self.make()
        self.driver.open()

    def pay(
        self, minor: int = 1880, *, money: Money | None = None, kind: IntentKind = IntentKind.PAY, **more: Any
    ) -> Outcome:
        baseline = self.driver.baseline()
        asked = intent(nok(minor) if money is None else money, None if baseline is None else dict(baseline))
        self.intent = replace(asked, attempt=attempt(), kind=kind, **more)
        verbs = {
            IntentKind.PAY: self.driver.authorise,
            IntentKind.REVERSE: self.driver.reverse,
            IntentKind.REFUND: self.driver.refund,
        }
        return verbs[kind](self.intent, self._record, self._notify)

    def reverse(self, minor: int, original: Reference, **more: Any) -> Outcome:
        return self.pay(minor, kind=IntentKind.REVERSE, original=original, **more)

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
        # As the register does it: another amount is kept, and must not stand.
        return durable and not (isinstance(fact, Result) and self._misfit(fact.outcome))

    def _misfit(self, outcome: Outcome) -> bool:
        return self.intent is not None and outcome.amount not in (None, self.intent.amount)

    def _notify(self, progress: Progress, may_cancel: bool) -> None:
        self.shown.append((progress, may_cancel))
        self.on_show(progress)

    def cancel(self) -> None:
        assert self.intent is not None
        self.driver.cancel(self.intent.attempt)

    @property
    def sent(self) -> bool:
        return any(isinstance(fact, Sending) for fact in self.facts)

    def receipt(self, copy: ReceiptCopy) -> tuple[str, ...]:
        """Give what was recorded of the terminal's receipt."""
        texts = [fact.lines for fact in self.facts if isinstance(fact, ReceiptText) and fact.copy is copy]
        return tuple(line for lines in texts for line in lines)

    @property
    def results(self) -> list[Outcome]:
        return [fact.outcome for fact in self.facts if isinstance(fact, Result)]

    def look_up(self, times: int = 6) -> Outcome:
        """Ask as often as the device's thread would."""
        assert self.intent is not None
        for _ in range(times):
            outcome = self.driver.lookup(self.intent, self.evidence)
            if outcome.kind is not OutcomeKind.UNKNOWN:
                break
        return outcome

    def recover(self) -> Outcome:
        """Start again with nothing in memory, and ask."""
        self.restart()
        return self.look_up()
