"""What devices, the hub and the till itself report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from appliance.core.commands.words import Condition, Health, PrintResult
from appliance.core.identifiers import CatalogueVersion
from appliance.core.payment import Outcome, PaymentFact, Progress, Totals


@dataclass(frozen=True, slots=True)
class RecordPayment:
    """An adapter must have a fact on disk before it goes on: `reply(True)` once committed, else `reply(False)`."""

    attempt: UUID
    fact: PaymentFact
    reply: Callable[[bool], None]


@dataclass(frozen=True, slots=True)
class ReportProgress:
    """The device's step, for the screen only."""

    attempt: UUID
    progress: Progress
    may_cancel: bool = True
    code: str = ""
    """What the screen draws as a QR code."""
    until: datetime | None = None
    """End of the code's life, aware UTC."""


@dataclass(frozen=True, slots=True)
class ReportOutcome:
    """How an attempt ended, live or by look-up."""

    attempt: UUID
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class ReportTotals:
    """How a device's end of day went: its sums, or None and what staff must do."""

    device: str
    totals: Totals | None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class ReportPrint:
    """What became of a receipt."""

    job: str
    result: PrintResult
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ReportDevice:
    """A device came, went, or wants something. `remedy` tells staff how to mend it."""

    device: str
    category: str
    health: Health
    conditions: frozenset[Condition] = frozenset()
    detail: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class ReportDrawer:
    """The drawer was opened or shut, as its sensor says."""

    open: bool


@dataclass(frozen=True, slots=True)
class ReportHub:
    """The link to the hub came or went; `waiting` rows are not acknowledged yet."""

    online: bool
    waiting: int


@dataclass(frozen=True, slots=True)
class ActivateCatalogue:
    """A new catalogue version is complete on disk; taken into use between transactions."""

    version: CatalogueVersion


@dataclass(frozen=True, slots=True)
class ReportSpace:
    """How much space is left for the journal, in megabytes."""

    free_mb: int


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Once a second: lets time-outs, the watchdog and a new business day happen on a quiet till."""


@dataclass(frozen=True, slots=True)
class Stop:
    """End the register after the command at hand."""
