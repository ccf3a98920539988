"""What became of a transaction, and of its receipt."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from appliance.core.catalogue import Unit
from appliance.core.commands import EntryMethod, PrintResult, ReceiptKind, VoidReason
from appliance.core.identifiers import Gtin, LineNumber, Operator, Sku, TransactionId
from appliance.core.money import Currency, Money
from appliance.core.payment import Reference, TenderType
from appliance.core.tax import TaxedAmount


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleLine:
    """A line of a completed sale, as the hub counts it."""

    line: LineNumber
    type: str
    """"sale" or "deposit"."""
    sku: Sku
    text: str
    entry: EntryMethod
    quantity: Decimal
    unit: Unit
    price: Money
    gross: Money
    vat: Decimal
    gtin: Gtin | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleTender:
    """What was paid with one tender of a completed sale."""

    type: TenderType
    amount: Money
    attempt: UUID
    masked_pan: str = ""
    card_name: str = ""
    reference: Reference | None = None
    given: Money | None = None
    """Cash: what the customer put down; what is above `amount` was the change."""
    unconfirmed: bool = False
    """No device told that the money has come: a person looked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionCompleted:
    """The goods are the customer's. Complete in itself: the receipt and the hub's books are made of this row.

    The tenders sum to `total` + `rounding`.
    """

    TYPE: ClassVar[str] = "transaction.completed"
    TV: ClassVar[int] = 2
    transaction: TransactionId
    currency: Currency
    total: Money
    lines: tuple[SaleLine, ...]
    taxes: tuple[TaxedAmount, ...]
    tenders: tuple[SaleTender, ...]
    stock: tuple[tuple[Sku, Decimal], ...]
    """Movements, negative for goods sold; in SKU order."""
    receipt_token: str
    """Unguessable name of the digital receipt."""
    customer_receipts: tuple[tuple[str, ...], ...] = ()
    """The terminal's own receipt texts, to be printed along."""
    rounding: Money | None = None
    """Cash rounding; no part of the sale and of its tax."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostVoidBegun:
    """Staff began to undo a completed sale: its tenders are reversed, the newest first."""

    TYPE: ClassVar[str] = "transaction.post_void_begun"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    operator: Operator
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PostVoidEnded:
    """A tender could not be reversed: the sale stands. What went back until then is told to staff."""

    TYPE: ClassVar[str] = "transaction.post_void_ended"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionPostVoided:
    """A completed sale was undone as a whole: its money went back, the goods are the shop's again (ARTS).

    Complete in itself, and of the same form as the sale: the hub's books count it as its negative.
    """

    TYPE: ClassVar[str] = "transaction.post_voided"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    currency: Currency
    total: Money
    """Of the sale; positive, like everything here but `stock`."""
    lines: tuple[SaleLine, ...]
    taxes: tuple[TaxedAmount, ...]
    tenders: tuple[SaleTender, ...]
    stock: tuple[tuple[Sku, Decimal], ...]
    """Movements, positive for goods that came back; in SKU order."""
    operator: Operator
    reason: str
    rounding: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionVoided:
    """The transaction ended without a sale."""

    TYPE: ClassVar[str] = "transaction.voided"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    reason: VoidReason
    total: Money
    currency: Currency
    operator: Operator = Operator("")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptChosen:
    """How the customer takes the receipt; on disk before the printer starts. `copy` counts from 1 for COPY."""

    TYPE: ClassVar[str] = "receipt.chosen"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    kind: ReceiptKind
    copy: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptIssued:
    """What became of the receipt. FAILED leaves the choice open again."""

    TYPE: ClassVar[str] = "receipt.issued"
    TV: ClassVar[int] = 1
    transaction: TransactionId
    kind: ReceiptKind
    result: PrintResult
    copy: int = 0
    detail: str = ""
