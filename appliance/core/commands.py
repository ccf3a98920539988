"""What is asked of the register: by a customer, by staff, by a device, by the hub. Frozen; posted to the inbox.

A command never says what will happen; `core.checkout.decide` does. Times are aware UTC.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from appliance.core.identifiers import CatalogueVersion, LineNumber, Operator, Sku
from appliance.core.payment import Outcome, PaymentFact, Progress, TenderType


class EntryMethod(StrEnum):
    """How an item came into the basket (ARTS POSLog EntryMethod)."""

    SCANNED = "scanned"
    KEYED = "keyed"
    PICKED = "picked"


class VoidReason(StrEnum):
    """Why a transaction ended without a sale."""

    CUSTOMER = "customer"
    WALK_AWAY = "walk_away"
    STAFF = "staff"


class ReceiptKind(StrEnum):
    """How the customer takes the receipt."""

    PAPER = "paper"
    DIGITAL = "digital"
    NONE = "none"


class PrintResult(StrEnum):
    """What became of a print job. UNKNOWN: cut off in the middle; a person must look."""

    PRINTED = "printed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SENT = "sent"
    """The customer took the digital receipt."""
    WAIVED = "waived"
    """The customer wanted none."""


class Health(StrEnum):
    """Of a device, as staff see it."""

    ONLINE = "online"
    OFF = "off"
    OFFLINE = "offline"
    UNKNOWN = "unknown"


class Condition(StrEnum):
    """What a device that works still needs (UnifiedPOS StatusUpdateEvent)."""

    PAPER_LOW = "paper_low"
    PAPER_OUT = "paper_out"
    COVER_OPEN = "cover_open"
    DRAWER_OPEN = "drawer_open"


class PaymentDecision(StrEnum):
    """What a person found out about a payment in doubt."""

    WAS_PAID = "was_paid"
    WAS_NOT_PAID = "was_not_paid"


# Customer -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ScanCode:
    """A code as the scanner gave it, symbology identifier included (ISO/IEC 15424), prefix and suffix removed."""

    raw: str
    entry: EntryMethod = EntryMethod.SCANNED


@dataclass(frozen=True, slots=True)
class PickItem:
    """An item chosen by picture or by number."""

    sku: Sku
    quantity: int = 1
    entry: EntryMethod = EntryMethod.PICKED


@dataclass(frozen=True, slots=True)
class KeyPlu:
    """A price look-up code typed by hand."""

    digits: str


@dataclass(frozen=True, slots=True)
class ChangeQuantity:
    """Set the pieces of a line; 0 is no quantity but a void line."""

    line: LineNumber
    quantity: int


@dataclass(frozen=True, slots=True)
class VoidLine:
    """Take a line out of the basket."""

    line: LineNumber


@dataclass(frozen=True, slots=True)
class RestoreLine:
    """Undo the last void line."""

    line: LineNumber


@dataclass(frozen=True, slots=True)
class VoidTransaction:
    """End the transaction without a sale."""

    reason: VoidReason
    operator: Operator = Operator("")


@dataclass(frozen=True, slots=True)
class RequestPayment:
    """Pay the rest of the transaction with a tender."""

    tender: TenderType


@dataclass(frozen=True, slots=True)
class CancelPayment:
    """Ask the device to stop; its answer still decides."""


@dataclass(frozen=True, slots=True)
class ReturnToItems:
    """Back from paying to scanning; only while nothing is paid or under way."""


@dataclass(frozen=True, slots=True)
class ChooseReceipt:
    """Take the receipt of the completed transaction."""

    kind: ReceiptKind


@dataclass(frozen=True, slots=True)
class FinishSale:
    """Leave the completed sale: the customer is done, or the next one begins."""


@dataclass(frozen=True, slots=True)
class CallHelp:
    """Call staff. `code` tells what could not be sold, if that is why."""

    code: str = ""


@dataclass(frozen=True, slots=True)
class CancelHelp:
    """The customer needs no help any more."""


# Staff --------------------------------------------------------------------------------------------------------------


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


# Devices and the hub ------------------------------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True)
class ReportOutcome:
    """How an attempt ended, live or by look-up."""

    attempt: UUID
    outcome: Outcome


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


Command = (
    ScanCode
    | PickItem
    | KeyPlu
    | ChangeQuantity
    | VoidLine
    | RestoreLine
    | VoidTransaction
    | RequestPayment
    | CancelPayment
    | ReturnToItems
    | ChooseReceipt
    | FinishSale
    | CallHelp
    | CancelHelp
    | SignOn
    | SignOff
    | AcknowledgeHelp
    | GrantApproval
    | RefuseApproval
    | ResolvePayment
    | RetryLookup
    | ReprintReceipt
    | OpenDrawer
    | OpenLane
    | CloseLane
    | RecordPayment
    | ReportProgress
    | ReportOutcome
    | ReportPrint
    | ReportDevice
    | ReportDrawer
    | ReportHub
    | ActivateCatalogue
    | ReportSpace
    | Heartbeat
    | Stop
)

UNASKED: Final = (
    FinishSale,
    Heartbeat,
    RecordPayment,
    ReportDevice,
    ReportDrawer,
    ReportHub,
    ReportOutcome,
    ReportPrint,
    ReportProgress,
    ReportSpace,
)
"""Commands that nobody at the screen gave: their refusal is no news to a customer."""
