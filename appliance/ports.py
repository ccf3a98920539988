"""Every port of the register and of the drivers, on one page. Implementations live in io, store, mqtt and ui."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from appliance.core.checkout import DeviceState
from appliance.core.commands import Command
from appliance.core.events import Event
from appliance.core.payment import Capabilities, Intent, Outcome, PaymentFact, Progress
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
        """Take a pending version into use; only between transactions."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueDelta:
    """What changed between two versions. A product of `changed` holds its SKU and the keys that change (None clears)."""

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


# Devices ------------------------------------------------------------------------------------------------------------


class Device(Protocol):
    """What every driver has: a name from the configuration, and a life cycle. Constructing opens nothing."""

    name: str
    category: str

    def open(self) -> None:
        """Open and claim the hardware; DeviceError with a remedy if that fails. May be called again after `close`."""
        ...

    def close(self) -> None:
        """Release the hardware; never raises, may be called twice."""
        ...

    def check(self) -> DeviceState:
        """Ask an open device how it is; for `kvitt check` and the supervisor. Blocks for at most 2 s."""
        ...


class Scanner(Device, Protocol):
    """UnifiedPOS Scanner."""

    def read(self, deliver: Callable[[str], None], stopped: Callable[[], bool]) -> None:
        """Deliver codes until `stopped()`, looked at twice a second; DeviceError when the device goes."""
        ...


class ReceiptPrinter(Device, Protocol):
    """UnifiedPOS POSPrinter."""

    def print(self, document: ReceiptDocument) -> None:
        """Print and cut one document and return once the printer confirmed it.

        DeviceFailure: it refused before anything was printed (no paper, cover open). DeviceOffline, DeviceTimeout:
        the line went in the middle, so that nobody knows how much is on paper.
        """
        ...


class CashDrawer(Device, Protocol):
    """UnifiedPOS CashDrawer."""

    def kick(self) -> None:
        """Open the drawer; DeviceError if the pulse could not be given."""
        ...

    def is_open(self) -> bool | None:
        """Whether the drawer is open; None without a sensor or an answer."""
        ...


class LaneLight(Device, Protocol):
    """UnifiedPOS Lights: the lamp above the lane."""

    def show(self, lamp: str) -> None:
        """Show "open", "help", "attention" or "off"."""
        ...


class HelpButton(Device, Protocol):
    """A push button beside the screen."""

    def watch(self, pressed: Callable[[], None]) -> None:
        """Call `pressed` once per press, from any thread, until the device is closed."""
        ...


class TenderDevice(Device, Protocol):
    """UnifiedPOS CAT and its kin: one interface for card terminal, QR code and cash. One thread calls; calls block.

    A money method raises DeviceError only before `record(Sending())`. After that it never raises: what it cannot
    prove is UNKNOWN. An adapter never guesses and never sends a financial command twice.
    """

    capabilities: Capabilities

    def baseline(self) -> Mapping[str, str] | None:
        """Give what the device did last, to be frozen into the next intent; kept up to date, so no round trip."""
        ...

    def authorise(
        self, intent: Intent, record: Callable[[PaymentFact], bool], notify: Callable[[Progress, bool], None]
    ) -> Outcome:
        """Take the money of an intent. `record` returns True once a fact is on disk, False if it cannot be.

        `notify(progress, may_cancel)` feeds the screen and never blocks.
        """
        ...

    def lookup(self, intent: Intent) -> Outcome:
        """Find out what became of an intent; moves no money and may be repeated for ever."""
        ...

    def cancel(self, attempt: UUID) -> None:
        """Ask to stop, from another thread; only a request."""
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
        """Begin a payment; answers with RecordPayment, ReportProgress and in the end ReportOutcome."""
        ...

    def look_up(self, intent: Intent) -> None:
        """Find out about a payment; answers with ReportOutcome, again after a while if it is still UNKNOWN."""
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
