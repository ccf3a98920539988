"""What happened to the till itself: its days, its lane, its staff, its journal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from appliance.core.events.payment import RefundDue, Unsettled
from appliance.core.identifiers import CatalogueVersion, Operator
from appliance.core.money import Currency, Money


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemStarted:
    """The register has opened its journal and takes commands."""

    TYPE: ClassVar[str] = "system.started"
    TV: ClassVar[int] = 1
    version: str
    store: str
    workstation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemStopped:
    """The register ended in good order."""

    TYPE: ClassVar[str] = "system.stopped"
    TV: ClassVar[int] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOpened:
    """A business day began. Sequences go on, they never restart. What outlives a day is carried over here."""

    TYPE: ClassVar[str] = "day.opened"
    TV: ClassVar[int] = 2
    business_date: date
    next_transaction: int
    """Sequence of the first transaction of the day."""
    lane_open: bool = True
    refunds_due: tuple[RefundDue, ...] = ()
    unsettled: tuple[Unsettled, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DayClosed:
    """A business day ended, with nothing open, in doubt or unprinted."""

    TYPE: ClassVar[str] = "day.closed"
    TV: ClassVar[int] = 1
    business_date: date
    transactions: int
    total: Money
    currency: Currency


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneOpened:
    """The lane takes customers."""

    TYPE: ClassVar[str] = "lane.opened"
    TV: ClassVar[int] = 1
    operator: Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneClosed:
    """The lane takes no new customers."""

    TYPE: ClassVar[str] = "lane.closed"
    TV: ClassVar[int] = 1
    operator: Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorSignedOn:
    """Staff signed on."""

    TYPE: ClassVar[str] = "operator.signed_on"
    TV: ClassVar[int] = 1
    operator: Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorSignedOff:
    """Staff signed off, or were signed off after a while."""

    TYPE: ClassVar[str] = "operator.signed_off"
    TV: ClassVar[int] = 1
    operator: Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpCalled:
    """A customer, or the till itself, called staff."""

    TYPE: ClassVar[str] = "help.called"
    TV: ClassVar[int] = 1
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpEnded:
    """Staff acknowledged (operator), or the customer needs none any more ("")."""

    TYPE: ClassVar[str] = "help.ended"
    TV: ClassVar[int] = 1
    operator: Operator = Operator("")


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawerOpened:
    """The drawer was told to open, or its sensor saw it open without us (operator "", reason "sensor")."""

    TYPE: ClassVar[str] = "drawer.opened"
    TV: ClassVar[int] = 1
    operator: Operator
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawerClosed:
    """The drawer's sensor saw it shut."""

    TYPE: ClassVar[str] = "drawer.closed"
    TV: ClassVar[int] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueActivated:
    """New baskets use this version from now on."""

    TYPE: ClassVar[str] = "catalogue.activated"
    TV: ClassVar[int] = 1
    version: CatalogueVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRecovered:
    """The journal's file was damaged; every row of it was saved."""

    TYPE: ClassVar[str] = "journal.recovered"
    TV: ClassVar[int] = 1
    rows: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEpochStarted:
    """Sequences jump: what lies between is lost on this card. The only legal jump."""

    TYPE: ClassVar[str] = "journal.epoch_started"
    TV: ClassVar[int] = 1
    epoch: int
    reason: str
    lost: tuple[tuple[int, int], ...]
    """Ranges of sequences, both ends included, that this card does not hold."""
    operator: Operator = Operator("")
    """Who confirmed it, where the hub did not."""
