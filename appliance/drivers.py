"""The ports of the device drivers: one Protocol per UnifiedPOS category. Drivers live in io, fakes in simulators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from appliance.core.checkout import DeviceState
from appliance.core.gateway import Order, Standing
from appliance.core.money import Money
from appliance.core.payment import Capabilities, Evidence, Intent, Notify, Outcome, PaymentFact, Totals
from appliance.core.receipt import ReceiptDocument

Record = Callable[[PaymentFact], bool]
"""How an adapter makes a fact durable: True once it is on disk and right, False if it cannot be or must not stand."""


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

    def authorise(self, intent: Intent, record: Record, notify: Notify) -> Outcome:
        """Take the money of an intent. `notify` feeds the screen and never blocks."""
        ...

    def reverse(self, intent: Intent, record: Record, notify: Notify) -> Outcome:
        """Undo `intent.original` wholly: REVERSED; DECLINED if the device cannot, or no longer.

        A reversal or refund needs no baseline: it names what it undoes.
        """
        ...

    def refund(self, intent: Intent, record: Record, notify: Notify) -> Outcome:
        """Pay the amount of an intent back: APPROVED; DECLINED if the device cannot. May need the customer's card."""
        ...

    def lookup(self, intent: Intent, evidence: Evidence) -> Outcome:
        """Find out what became of an intent of any kind; moves no money and may be repeated for ever.

        An answer of another amount than the intent's is APPROVED with that amount: the register has it reversed.
        """
        ...

    def cancel(self, attempt: UUID) -> None:
        """Ask to stop, from another thread; only a request."""
        ...

    def present(self, attempt: UUID, code: str) -> None:
        """Take a scanned code while an intent waits for the customer's, from another thread; never logged or kept.

        Devices that read no codes ignore it.
        """
        ...

    def close_day(self) -> Totals | None:
        """Send what the device holds to the acquirer; its sums, None if it keeps none. DeviceError: it is not done."""
        ...


# What tender devices work through -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Heard:
    """What has been heard of an order so far."""

    answers: int
    """How many answers have come; each question that is heard brings one."""
    standing: Standing | None


class Gateway(Protocol):
    """The way to a payment gateway behind the hub. May be used from any thread."""

    def online(self) -> bool:
        """Whether it can be reached now."""
        ...

    def ask(self, order: Order) -> bool:
        """Send an order; False if there is no link now. True is no receipt: only an answer is."""
        ...

    def hear(self, attempt: UUID, after: int, seconds: float) -> Heard:
        """Wait until more than `after` answers about an order have come, or the time is over; give the newest word."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CashReport:
    """What an acceptor says of itself."""

    counter: int
    """Credits since it was made: it only grows, and survives a power cut. A smaller one than before: another device."""
    credits: Mapping[int, Money]
    """The newest credits that it can still name, by their number (1 is its first)."""
    accepting: bool
    """Whether it takes coins and notes now, or still holds one that it has not decided about."""
    detail: str = ""
    """What staff must do about it; "" = it works."""


class CashDevice(Protocol):
    """UnifiedPOS BillAcceptor, CoinAcceptor and their dispensers: one machine that takes cash, and may pay it out.

    Every call raises DeviceError if the machine does not answer.
    """

    def open(self) -> None:
        """Connect; it takes nothing yet."""
        ...

    def close(self) -> None:
        """Let go; never raises, may be called twice. The machine stops taking cash by itself within a second."""
        ...

    def accept(self) -> None:
        """Take coins and notes from now on."""
        ...

    def refuse(self) -> None:
        """Take none any more. One that is inside already may still be credited: poll until `accepting` is False."""
        ...

    def poll(self) -> CashReport:
        """Say what was taken."""
        ...

    def acknowledge(self, counter: int) -> None:
        """Say that all credits up to this one are on disk: only now may the machine forget them."""
        ...

    def pay_out(self, order: UUID, amount: Money) -> None:
        """Pay an amount out: all of it, or nothing if it can tell beforehand. The same order is carried out once."""
        ...

    def paid_out(self, order: UUID) -> Money | None:
        """What has been paid out under an order, once the machine is done with it; None while it pays."""
        ...
