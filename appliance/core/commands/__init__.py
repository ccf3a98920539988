"""What is asked of the register: by a customer, by staff, by a device, by the hub. Frozen; posted to the inbox.

A command never says what will happen; `core.checkout.decide` does. Times are aware UTC.
"""

from __future__ import annotations

from typing import Final

from appliance.core.commands.customer import (
    CallHelp,
    CancelHelp,
    CancelPayment,
    ChangeQuantity,
    ChooseReceipt,
    FinishSale,
    KeyPlu,
    PickItem,
    RequestPayment,
    RestoreLine,
    ReturnToItems,
    ScanCode,
    UndoPayments,
    VoidLine,
    VoidTransaction,
)
from appliance.core.commands.devices import (
    ActivateCatalogue,
    Heartbeat,
    RecordPayment,
    ReportDevice,
    ReportDrawer,
    ReportHub,
    ReportOutcome,
    ReportPrint,
    ReportProgress,
    ReportSpace,
    ReportTotals,
    Stop,
)
from appliance.core.commands.staff import (
    AcknowledgeHelp,
    ByStaff,
    CloseLane,
    CloseTerminalDay,
    CompleteSale,
    GrantApproval,
    OpenDrawer,
    OpenLane,
    PostVoid,
    RefundPayment,
    RefuseApproval,
    ReprintReceipt,
    ResolvePayment,
    RetryLookup,
    SignOff,
    SignOn,
    TakeCash,
)
from appliance.core.commands.words import (
    Condition,
    EntryMethod,
    Health,
    PaymentDecision,
    PrintResult,
    ReceiptKind,
    VoidReason,
)

__all__ = [
    "UNASKED",
    "AcknowledgeHelp",
    "ActivateCatalogue",
    "ByStaff",
    "CallHelp",
    "CancelHelp",
    "CancelPayment",
    "ChangeQuantity",
    "ChooseReceipt",
    "CloseLane",
    "CloseTerminalDay",
    "Command",
    "CompleteSale",
    "Condition",
    "EntryMethod",
    "FinishSale",
    "GrantApproval",
    "Health",
    "Heartbeat",
    "KeyPlu",
    "OpenDrawer",
    "OpenLane",
    "PaymentDecision",
    "PickItem",
    "PostVoid",
    "PrintResult",
    "ReceiptKind",
    "RecordPayment",
    "RefundPayment",
    "RefuseApproval",
    "ReportDevice",
    "ReportDrawer",
    "ReportHub",
    "ReportOutcome",
    "ReportPrint",
    "ReportProgress",
    "ReportSpace",
    "ReportTotals",
    "ReprintReceipt",
    "RequestPayment",
    "ResolvePayment",
    "RestoreLine",
    "RetryLookup",
    "ReturnToItems",
    "ScanCode",
    "SignOff",
    "SignOn",
    "Stop",
    "TakeCash",
    "UndoPayments",
    "VoidLine",
    "VoidReason",
    "VoidTransaction",
]

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
    | UndoPayments
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
    | TakeCash
    | CompleteSale
    | RefundPayment
    | PostVoid
    | CloseTerminalDay
    | RetryLookup
    | ReprintReceipt
    | OpenDrawer
    | OpenLane
    | CloseLane
    | ByStaff
    | RecordPayment
    | ReportProgress
    | ReportOutcome
    | ReportTotals
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
    ByStaff,
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
    ReportTotals,
)
"""Commands that nobody at the screen gave: their refusal is no news to a customer."""
