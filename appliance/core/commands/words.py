"""The words of commands and events: closed sets, as they stand in the journal."""

from __future__ import annotations

from enum import StrEnum


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
    """What a person found out about a payment in doubt; of a reversal or refund: whether it took place."""

    WAS_PAID = "was_paid"
    WAS_NOT_PAID = "was_not_paid"
    GIVEN_BACK = "given_back"
    """Of money that is due to a customer: he has it."""
