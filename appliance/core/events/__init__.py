"""What has happened: the schema of the journal. Past tense, frozen, complete in themselves.

Each class has a `TYPE`, the word in the journal and on the wire, and a schema number `TV`. A field of `Money` is stored
as its minor units; every event with money carries its `currency` once. Stored rows are never rewritten: a changed
meaning is a new `TV` with an upcaster in `store.codec`.
"""

from __future__ import annotations

from appliance.core.events.basket import (
    ApprovalGranted,
    LineAdded,
    LineRestored,
    LineVoided,
    QuantityChanged,
    TransactionStarted,
)
from appliance.core.events.payment import (
    CashCredited,
    PaymentApproved,
    PaymentCancelled,
    PaymentConfirmed,
    PaymentDeclined,
    PaymentNotCharged,
    PaymentOutcomeLost,
    PaymentRequested,
    PaymentResolved,
    PaymentReversed,
    PaymentSent,
    ReceiptTextReceived,
    RefundDue,
    RoundingApplied,
    TenderingEnded,
    TerminalDayClosed,
    Unsettled,
)
from appliance.core.events.sale import (
    PostVoidBegun,
    PostVoidEnded,
    ReceiptChosen,
    ReceiptIssued,
    SaleLine,
    SaleTender,
    TransactionCompleted,
    TransactionPostVoided,
    TransactionVoided,
)
from appliance.core.events.till import (
    CatalogueActivated,
    DayClosed,
    DayOpened,
    DrawerClosed,
    DrawerOpened,
    HelpCalled,
    HelpEnded,
    JournalEpochStarted,
    JournalRecovered,
    LaneClosed,
    LaneOpened,
    OperatorSignedOff,
    OperatorSignedOn,
    SystemStarted,
    SystemStopped,
)

__all__ = [
    "ApprovalGranted",
    "CashCredited",
    "CatalogueActivated",
    "DayClosed",
    "DayOpened",
    "DrawerClosed",
    "DrawerOpened",
    "Event",
    "HelpCalled",
    "HelpEnded",
    "JournalEpochStarted",
    "JournalRecovered",
    "LaneClosed",
    "LaneOpened",
    "LineAdded",
    "LineRestored",
    "LineVoided",
    "OperatorSignedOff",
    "OperatorSignedOn",
    "PaymentApproved",
    "PaymentCancelled",
    "PaymentConfirmed",
    "PaymentDeclined",
    "PaymentNotCharged",
    "PaymentOutcomeLost",
    "PaymentRequested",
    "PaymentResolved",
    "PaymentReversed",
    "PaymentSent",
    "PostVoidBegun",
    "PostVoidEnded",
    "QuantityChanged",
    "ReceiptChosen",
    "ReceiptIssued",
    "ReceiptTextReceived",
    "RefundDue",
    "RoundingApplied",
    "SaleLine",
    "SaleTender",
    "SystemStarted",
    "SystemStopped",
    "TenderingEnded",
    "TerminalDayClosed",
    "TransactionCompleted",
    "TransactionPostVoided",
    "TransactionStarted",
    "TransactionVoided",
    "Unsettled",
]

Event = (
    SystemStarted
    | SystemStopped
    | DayOpened
    | DayClosed
    | LaneOpened
    | LaneClosed
    | OperatorSignedOn
    | OperatorSignedOff
    | HelpCalled
    | HelpEnded
    | TransactionStarted
    | LineAdded
    | QuantityChanged
    | LineVoided
    | LineRestored
    | ApprovalGranted
    | PaymentRequested
    | PaymentSent
    | PaymentApproved
    | PaymentConfirmed
    | PaymentDeclined
    | PaymentCancelled
    | PaymentNotCharged
    | PaymentReversed
    | PaymentOutcomeLost
    | PaymentResolved
    | ReceiptTextReceived
    | CashCredited
    | RefundDue
    | RoundingApplied
    | TerminalDayClosed
    | TenderingEnded
    | TransactionCompleted
    | TransactionVoided
    | PostVoidBegun
    | PostVoidEnded
    | TransactionPostVoided
    | ReceiptChosen
    | ReceiptIssued
    | DrawerOpened
    | DrawerClosed
    | CatalogueActivated
    | JournalRecovered
    | JournalEpochStarted
)
