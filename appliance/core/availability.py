"""What works at this moment: tenders, kinds of receipt, the lane as a whole. Derived, never stored."""

from __future__ import annotations

from typing import Final

from appliance.core.checkout import Checkout, DeviceState, LaneState, TransactionState
from appliance.core.commands import Condition, Health, ReceiptKind
from appliance.core.payment import TenderType

PRINTER: Final = "POSPrinter"
_NO_PAPER: Final = frozenset({Condition.PAPER_OUT, Condition.COVER_OPEN})

MINIMUM_SPACE_MB: Final = 64
"""Below this no new transaction begins; the open one may finish."""


def printer_ready(checkout: Checkout) -> bool:
    """Whether a receipt can be printed now."""
    return any(_works(device) for device in checkout.devices.values() if device.category == PRINTER)


def _works(device: DeviceState) -> bool:
    return device.health is Health.ONLINE and not device.conditions & _NO_PAPER


def tenders(checkout: Checkout) -> tuple[TenderType, ...]:
    """Give the tenders that work now, in the order of the configuration."""
    return tuple(tender for tender in checkout.policy.tenders if _takes(checkout, tender))


def _takes(checkout: Checkout, tender: TenderType) -> bool:
    policy = checkout.policy
    if tender not in policy.tender_devices:
        return tender is TenderType.CASH and policy.takes_cash_by_hand
    if policy.unattended and tender in policy.unconfirmed:
        return False
    device = checkout.devices.get(policy.tender_devices[tender])
    return device is not None and device.health is Health.ONLINE


def receipts(checkout: Checkout) -> tuple[ReceiptKind, ...]:
    """Give the kinds of receipt that the customer may choose now, the default first."""
    possible = {
        ReceiptKind.PAPER: printer_ready(checkout),
        ReceiptKind.DIGITAL: bool(checkout.policy.receipt_url) and checkout.hub_online,
        ReceiptKind.NONE: True,
    }
    return tuple(kind for kind in checkout.policy.receipts if possible[kind])


def takes_customers(checkout: Checkout) -> bool:
    """Whether a new transaction may begin."""
    return (
        checkout.lane is LaneState.OPEN
        and not checkout.fault
        and checkout.has_prices
        and (checkout.free_mb is None or checkout.free_mb >= MINIMUM_SPACE_MB)
        and bool(tenders(checkout))
    )


def lamp(checkout: Checkout) -> str:
    """Give what the lane light shows: "off", "open", "help" (a customer waits) or "attention" (the till waits)."""
    if checkout.help_called and not checkout.help_acknowledged:
        return "help"
    if checkout.lane in (LaneState.CLOSED, LaneState.STARTING, LaneState.UPDATING):
        return "off"
    if checkout.fault or checkout.state is TransactionState.IN_DOUBT or attention(checkout):
        return "attention"
    return "open"


def attention(checkout: Checkout) -> tuple[str, ...]:
    """Give the names of devices that need a person, so that staff come before a customer has to call."""
    return tuple(
        name
        for name, device in sorted(checkout.devices.items())
        if device.health in (Health.OFFLINE, Health.OFF) or device.conditions & _NO_PAPER
    )
