"""What happened to the basket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from appliance.core.catalogue import Unit
from appliance.core.commands import EntryMethod
from appliance.core.identifiers import CatalogueVersion, Gtin, Language, LineNumber, Operator, Sku, TransactionId
from appliance.core.money import Currency, Money


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionStarted:
    """The first item of a new basket was taken; prices are those of `catalogue` to its end."""

    TYPE: ClassVar[str] = "transaction.started"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    catalogue: CatalogueVersion
    currency: Currency


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAdded:
    """An item was taken into the basket; its price and tax rate are frozen here."""

    TYPE: ClassVar[str] = "line.added"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    line: LineNumber
    sku: Sku
    text: str
    names: Mapping[Language, str]
    entry: EntryMethod
    quantity: Decimal
    """Pieces, or kilograms with at most three decimals."""
    unit: Unit
    price: Money
    """Unit price including tax."""
    gross: Money
    """Extended price of the line."""
    tax_code: str
    tax_rate: Decimal
    currency: Currency
    gtin: Gtin | None = None
    deposit_of: LineNumber | None = None
    """The line that this deposit belongs to; it follows that line's quantity."""
    approval_age: int | None = None
    """Staff must approve the customer's age, in years."""
    quantity_fixed: bool = False
    """Weighed or priced by its own code: the quantity cannot be changed."""
    batch: str = ""
    serial: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantityChanged:
    """The pieces of a line were set."""

    TYPE: ClassVar[str] = "line.quantity_changed"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    line: LineNumber
    quantity: Decimal
    gross: Money
    currency: Currency


@dataclass(frozen=True, slots=True, kw_only=True)
class LineVoided:
    """A line was taken out of the basket."""

    TYPE: ClassVar[str] = "line.voided"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    line: LineNumber
    operator: Operator = Operator("")


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRestored:
    """A void line was undone."""

    TYPE: ClassVar[str] = "line.restored"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    line: LineNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalGranted:
    """Staff allowed a line."""

    TYPE: ClassVar[str] = "approval.granted"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    line: LineNumber
    operator: Operator
