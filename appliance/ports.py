"""Every port of the register, on one page. Implementations live in io, store, mqtt and ui; drivers: drivers.py."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from appliance.core.commands import Command
from appliance.core.events import Event
from appliance.core.payment import Evidence, Intent
from appliance.core.receipt import ReceiptDocument

if TYPE_CHECKING:
    from appliance.core.catalogue import PriceBook
    from appliance.core.checkout import Checkout, Rejection
    from appliance.core.effects import Sound
    from appliance.core.identifiers import CatalogueVersion, Operator

Post = Callable[[Command], None]
"""How everything outside the register speaks to it: puts a command into its inbox, never blocks, from any thread."""


class Clock(Protocol):
    """Time, passed in wherever it is needed."""

    def now(self) -> datetime:
        """Give the time, aware UTC."""
        ...

    def synchronised(self) -> bool:
        """Whether the clock has been set by the network since the machine started."""
        ...

    def business_date(self) -> date:
        """Give the business date of the store's time zone and day boundary."""
        ...


# Store --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRow:
    """One row of the journal, proved by its CRC and hash when it was read."""

    sequence: int
    id: UUID
    at: datetime
    clock_synced: bool
    catalogue: str | None
    """Catalogue version in force, "zone/number"."""
    event: Event
    hash: str
    """Hex SHA-256 of the row without `hash`, as RFC 8785 JSON."""
    previous: str
    document: Mapping[str, object]
    """The row as stored: type, tv, id, seq, at, clock_synced, catalogue, data, prev, hash."""


class Journal(Protocol):
    """The sale journal: append-only, hash-chained, gap-free; also the outbox (docs/architecture.md, "The journal")."""

    def append(self, events: Sequence[Event], *, at: datetime, clock_synced: bool, catalogue: str | None) -> int:
        """Commit all events of one command in one transaction and one fsync; give the last sequence.

        Returns only when the rows are on the card. Any StoreError is final: the lane closes.
        """
        ...

    def since(self, sequence: int, limit: int) -> Sequence[JournalRow]:
        """Give up to `limit` rows after a sequence, each proved; JournalCorrupt if one is not."""
        ...

    def last(self) -> int:
        """Give the last committed sequence; 0 for an empty journal."""
        ...

    def first(self) -> int:
        """Give the first sequence held; 0 for an empty journal."""
        ...

    def acked(self) -> int:
        """Give the sequence up to which the hub has acknowledged."""
        ...

    def acknowledge(self, through: int) -> None:
        """Keep the hub's position; never lowers it but by `restart_upload`."""
        ...

    def restart_upload(self, after: int) -> None:
        """Send again from `after` + 1: the hub was restored and asks for it."""
        ...

    def epoch(self) -> int:
        """Give the number of the unbroken run of sequences that is being written."""
        ...

    def open_day(self) -> Iterator[JournalRow]:
        """Give all rows from the open business day's first to the last."""
        ...

    def idle(self) -> None:
        """Called when nothing is open: sync the mark, checkpoint, verify a slice."""
        ...

    def verify(self) -> int:
        """Prove every row, day, epoch and the mark; give the number of rows; JournalCorrupt names the first bad one."""
        ...

    def close(self) -> None:
        """Close in good order."""
        ...


class Catalogue(Protocol):
    """The products and prices of this kiosk."""

    def book(self) -> PriceBook:
        """Give the active version; an empty book, version zone/0, before the first one has come."""
        ...

    def pending(self) -> CatalogueVersion | None:
        """Give a version that is complete on disk and waits to be activated."""
        ...

    def activate(self, version: CatalogueVersion) -> PriceBook:
        """Take a pending version into use; only between transactions. ValueError: another one has replaced it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueDelta:
    """What changed between two versions. `changed` holds products of SKU and changed keys (None clears)."""

    base: CatalogueVersion
    version: CatalogueVersion
    root: str
    """Hex digest of the whole new version (`core.product.root_digest`)."""
    changed: Sequence[Mapping[str, object]]
    deleted: Sequence[str] = ()


class CatalogueIntake(Protocol):
    """Where the downlink puts a new catalogue version. The active one is never touched; nothing is applied by half."""

    def newest(self) -> CatalogueVersion:
        """Give the newest version that is complete on disk, active or pending; zone/0 if there is none."""
        ...

    def root(self) -> str:
        """Give the hex root of the newest version; "" if there is none."""
        ...

    def stage_delta(self, delta: CatalogueDelta) -> None:
        """Make a new pending version of `delta.base`; ValueError says why it is refused and changes nothing."""
        ...

    def stage_snapshot(self, version: CatalogueVersion, root: str, products: Iterable[Mapping[str, object]]) -> None:
        """Make a new pending version of whole products; ValueError says why it is refused and changes nothing."""
        ...


class StaffRegister(Protocol):
    """Who may sign on."""

    def sign_on(self, pin: str) -> Operator | None:
        """Give the operator of a PIN."""
        ...


# What the register drives -------------------------------------------------------------------------------------------


class Peripherals(Protocol):
    """The devices as the register drives them: every call returns at once; answers come as commands."""

    def print_receipt(self, job: str, document: ReceiptDocument) -> None:
        """Print; answers with ReportPrint."""
        ...

    def open_drawer(self) -> None:
        """Open the cash drawer, if there is one."""
        ...

    def show_lamp(self, lamp: str) -> None:
        """Set the lane light."""
        ...

    def authorise(self, intent: Intent) -> None:
        """Begin an intent of any kind; answers with RecordPayment, ReportProgress and in the end ReportOutcome."""
        ...

    def look_up(self, intent: Intent, evidence: Evidence) -> None:
        """Find out about an intent; answers with ReportOutcome, again after a while if it is still UNKNOWN."""
        ...

    def present(self, attempt: UUID, code: str) -> None:
        """Give a device the customer's code that it waits for; the code is kept nowhere."""
        ...

    def close_day(self, device: str) -> None:
        """Have a tender device close its day; answers with ReportTotals."""
        ...

    def cancel(self, attempt: UUID) -> None:
        """Ask the device of a payment to stop."""
        ...

    def baseline(self, device: str) -> Mapping[str, str] | None:
        """Give what a tender device did last."""
        ...


class Presenter(Protocol):
    """The screen and the loudspeaker, as the register sees them. Called on the register thread; never blocks."""

    def show(self, checkout: Checkout) -> None:
        """Show this state; the newest wins."""
        ...

    def refuse(self, rejection: Rejection) -> None:
        """Tell the person at the till why nothing happened."""
        ...

    def play(self, sound: Sound) -> None:
        """Play a sound."""
        ...


class Uplink(Protocol):
    """The way to the hub."""

    def wake(self) -> None:
        """New rows are in the journal; never blocks."""
        ...


class Watchdog(Protocol):
    """The service manager's watchdog."""

    def feed(self) -> None:
        """The register is alive."""
        ...
