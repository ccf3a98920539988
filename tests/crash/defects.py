"""Tills with a defect each, for the checker to find: `python -m tests.crash.defects NAME shop ...`.

A checker that passes one of these is worth nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from appliance import assembly, register
from appliance.core import events as e
from appliance.core.checkout import Checkout
from appliance.core.decision import recover
from appliance.core.moment import Moment
from appliance.core.payment import Evidence, Intent, PaymentFact
from appliance.io.tender_worker import TenderWorker
from appliance.store.journal import SqliteJournal
from simulators import cli


class Unflushed(SqliteJournal):
    """Never waits for the card."""

    def append(self, *words: Any, **more: Any) -> int:
        self._connection.execute("PRAGMA synchronous=OFF")
        return super().append(*words, **more)


class Late(SqliteJournal):
    """Says yes first and commits some appends later."""

    held: list[tuple[Sequence[e.Event], dict[str, Any]]]

    def append(self, events: Sequence[e.Event], **more: Any) -> int:
        self.held = [*getattr(self, "held", ()), (events, more)]
        if len(self.held) >= 9:
            for held, told in self.held:
                super().append(held, **told)
            self.held = []
        return self.last()


def unflushed() -> None:
    """Plant a journal that does not flush."""
    assembly.SqliteJournal = Unflushed  # type: ignore[misc]


def late() -> None:
    """Plant a journal that acknowledges before it commits."""
    assembly.SqliteJournal = Late  # type: ignore[misc]


def doubling() -> None:
    """Plant a recovery that completes the last sale once more."""

    def again(checkout: Checkout, moment: Moment) -> tuple[e.Event, ...]:
        sale = checkout.last_sale
        return (*recover(checkout, moment), *((sale.completed,) if sale and sale.completed else ()))

    register.recover = again


def charging_again() -> None:
    """Plant a terminal thread that begins a payment in doubt anew, and a register that lets it."""
    honest = TenderWorker._record
    begun_anew: set[UUID] = set()

    def record(self: TenderWorker, attempt: UUID, fact: PaymentFact) -> bool:
        return attempt in begun_anew or honest(self, attempt, fact)

    def look_up(self: TenderWorker, intent: Intent, _: Evidence) -> None:
        begun_anew.add(intent.attempt)
        self.give(lambda: self._authorise(intent))

    TenderWorker._record = record  # type: ignore[method-assign]
    TenderWorker.look_up = look_up  # type: ignore[method-assign]


DEFECTS = {plant.__name__: plant for plant in (unflushed, late, doubling, charging_again)}

if __name__ == "__main__":
    DEFECTS[sys.argv[1]]()
    sys.exit(cli.main(sys.argv[2:]))
