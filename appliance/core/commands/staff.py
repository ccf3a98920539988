"""What staff ask for; each is refused where nobody is signed on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from appliance.core.commands.words import PaymentDecision
from appliance.core.identifiers import LineNumber
from appliance.core.money import Money


@dataclass(frozen=True, slots=True)
class SignOn:
    """Staff sign on with a PIN. The PIN never leaves this command: no event and no log holds it."""

    pin: str

    def __repr__(self) -> str:
        return "SignOn(pin=***)"


@dataclass(frozen=True, slots=True)
class SignOff:
    """Staff leave the till."""


@dataclass(frozen=True, slots=True)
class AcknowledgeHelp:
    """Staff are there, or on their way."""


@dataclass(frozen=True, slots=True)
class GrantApproval:
    """Staff allow a line (age, quantity)."""

    line: LineNumber


@dataclass(frozen=True, slots=True)
class RefuseApproval:
    """Staff refuse a line; it is voided."""

    line: LineNumber


@dataclass(frozen=True, slots=True)
class ResolvePayment:
    """A named person decides a payment in doubt after looking at the terminal's own log."""

    attempt: UUID
    decision: PaymentDecision
    reason: str


@dataclass(frozen=True, slots=True)
class TakeCash:
    """Staff took cash: `given` is what lies on the counter. Less than what is due is a part payment."""

    given: Money


@dataclass(frozen=True, slots=True)
class CompleteSale:
    """Staff hand over goods that were found paid after a restart."""


@dataclass(frozen=True, slots=True)
class RefundPayment:
    """Give money that is due to a customer back through the device that took it."""

    attempt: UUID
    """Of the payment that is refunded."""


@dataclass(frozen=True, slots=True)
class PostVoid:
    """Undo the last completed sale as a whole: its tenders go back, and the goods too."""

    reason: str


@dataclass(frozen=True, slots=True)
class CloseTerminalDay:
    """Have a tender device close its day: it sends what it holds to the acquirer."""

    device: str


@dataclass(frozen=True, slots=True)
class RetryLookup:
    """Ask the device again about a payment in doubt."""


@dataclass(frozen=True, slots=True)
class ReprintReceipt:
    """Print the last receipt once more, marked COPY."""


@dataclass(frozen=True, slots=True)
class OpenDrawer:
    """Open the cash drawer without a sale; the reason is journalled."""

    reason: str


@dataclass(frozen=True, slots=True)
class OpenLane:
    """Take customers."""


@dataclass(frozen=True, slots=True)
class CloseLane:
    """Take no new customers; an open transaction may finish."""


@dataclass(frozen=True, slots=True)
class ByStaff:
    """A command of somebody who is not at the screen, with his PIN; nobody is signed on by it.

    `reply` gets the refusal, or None once it is done. The PIN never leaves this command.
    """

    pin: str
    command: ResolvePayment | CloseTerminalDay | RetryLookup
    reply: Callable[[str | None], None]

    def __repr__(self) -> str:
        return f"ByStaff({self.command!r})"
