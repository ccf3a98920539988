"""What customers ask for."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.core.commands.words import EntryMethod, ReceiptKind, VoidReason
from appliance.core.identifiers import LineNumber, Operator, Sku
from appliance.core.money import Money
from appliance.core.payment import TenderType


@dataclass(frozen=True, slots=True)
class ScanCode:
    """A code as the scanner gave it, symbology identifier included (ISO/IEC 15424), prefix and suffix removed.

    It may be a customer's purse, so it is never written as it is.
    """

    raw: str
    entry: EntryMethod = EntryMethod.SCANNED

    def __repr__(self) -> str:
        return f"ScanCode({len(self.raw)} characters, {self.entry})"


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
    """Pay the rest of the transaction with a tender, or the part `amount` of it."""

    tender: TenderType
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class CancelPayment:
    """Ask the device to stop; its answer still decides."""


@dataclass(frozen=True, slots=True)
class UndoPayments:
    """Give back what is paid in part, by the tenders that it was paid with."""


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
