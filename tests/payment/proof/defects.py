"""Tills with a defect each, for the proof to find. One that it passes would make it worth nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from appliance import register
from appliance.core import commands as c
from appliance.core import decision, paying
from appliance.core import events as e
from appliance.core.checkout import Checkout, Rejection
from appliance.core.completing import complete
from appliance.core.moment import Decision, Moment
from appliance.core.payment import Intent, Outcome, OutcomeKind, PaymentFact, Result, Sending
from appliance.drivers import Record
from appliance.io.payment.zvt import recovery, terminal
from appliance.io.payment.zvt.baseline import Baseline
from appliance.io.tender_worker import TenderWorker
from tests.payment.proof.faults import FaultyJournal


def sends_early() -> None:
    """Plant a device thread that lets bytes leave, and has PaymentSent written only when the answer is there."""
    honest = TenderWorker._record
    held: dict[UUID, PaymentFact] = {}

    def record(self: TenderWorker, attempt: UUID, fact: PaymentFact) -> bool:
        if isinstance(fact, Sending):
            held[attempt] = fact
            return True
        if attempt in held and not honest(self, attempt, held.pop(attempt)):
            return False
        return honest(self, attempt, fact)

    TenderWorker._record = record  # type: ignore[method-assign]
    FaultyJournal.wire_from = e.PaymentRequested


def sends_again() -> None:
    """Plant a till that sends a command for money again when its answer did not come, whatever the terminal did."""
    honest = TenderWorker._move

    def move(self: TenderWorker, intent: Intent, record: Record) -> Outcome:
        outcome = honest(self, intent, record)
        if outcome.kind is not OutcomeKind.UNKNOWN:
            return outcome
        self.device.close()
        self.device.open()
        return honest(self, intent, lambda fact: isinstance(fact, Sending) or record(fact))

    TenderWorker._move = move  # type: ignore[method-assign]
    Baseline.still = lambda *_: True  # type: ignore[method-assign]


def matches_by_amount() -> None:
    """Plant a look-up that takes the last sale for ours if only its amount is."""
    honest = recovery.judge

    def judge(asked: Any, before: Any, repeated: Any, **more: Any) -> Outcome:
        last = repeated.status
        if last is not None and last.result == 0 and last.amount == asked.minor:
            return Outcome(kind=OutcomeKind.APPROVED, amount=asked)
        return honest(asked, before, repeated, **more)

    terminal.judge = judge


def releases_on_approval() -> None:
    """Plant a register that hands the goods out as soon as the terminal says yes."""
    honest = paying.record
    moment: list[Moment] = []
    decide = decision.decide

    def watched(checkout: Checkout, command: c.Command, book: Any, now: Moment) -> Decision | Rejection:
        moment[:] = [now]
        return decide(checkout, command, book, now)

    def record(checkout: Checkout, command: c.RecordPayment) -> Decision | Rejection:
        led = honest(checkout, command)
        sale = checkout.transaction
        if isinstance(led, Decision) and isinstance(command.fact, Result) and sale is not None and led.accepted:
            payment = sale.payment_of(command.attempt)
            if payment is not None and led.events:
                paid = payment.with_outcome(command.fact.outcome)
                return Decision((*led.events, complete(sale, paid, moment[0], unconfirmed=frozenset())))
        return led

    paying.record = record
    register.decide = watched


def acknowledges_early() -> None:
    """Plant a device thread that says yes to the terminal first, and has its result written afterwards."""
    honest = TenderWorker._record
    held: dict[UUID, PaymentFact] = {}

    def record(self: TenderWorker, attempt: UUID, fact: PaymentFact) -> bool:
        if isinstance(fact, Result):
            held[attempt] = fact
            return True
        if attempt in held:
            honest(self, attempt, held.pop(attempt))
        return honest(self, attempt, fact)

    finish = TenderWorker._finish

    def finishes(self: TenderWorker, attempt: UUID, outcome: Outcome) -> None:
        if attempt in held:
            honest(self, attempt, held.pop(attempt))
        finish(self, attempt, outcome)

    TenderWorker._record = record  # type: ignore[method-assign]
    TenderWorker._finish = finishes  # type: ignore[method-assign]


DEFECTS: Final[dict[str, Callable[[], None]]] = {
    plant.__name__: plant
    for plant in (sends_early, sends_again, matches_by_amount, releases_on_approval, acknowledges_early)
}
