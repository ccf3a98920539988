"""The end of day of a tender device: its own sums beside those of the journal."""

from __future__ import annotations

from typing import Final

from appliance.core import commands as c
from appliance.core import events as e
from appliance.core.checkout import Checkout, Reason, Rejection, TransactionState
from appliance.core.commands import Health
from appliance.core.effects import CloseDay
from appliance.core.identifiers import Operator
from appliance.core.moment import Decision
from appliance.core.money import Money

LONGEST_RECEIPT: Final = 300
"""Lines of a device's end-of-day receipt that are kept."""


def close_day(checkout: Checkout, command: c.CloseTerminalDay) -> Decision | Rejection:
    """Have a device close its day; not while a customer pays, or while any money is in doubt or due."""
    device = checkout.devices.get(command.device)
    if checkout.operator is None:
        return Rejection(reason=Reason.NOT_SIGNED_ON)
    if device is None or command.device not in checkout.policy.tender_devices.values():
        return Rejection(reason=Reason.NOT_NOW, detail=f"this till has no payment device called {command.device}")
    if checkout.unresolved() or checkout.refunds:
        return Rejection(reason=Reason.UNRESOLVED)
    if checkout.state not in (TransactionState.IDLE, TransactionState.TENDERED):
        return Rejection(reason=Reason.SALE_OPEN)
    # A terminal that takes no payment before its day is closed is offline, and is what this command is for.
    if device.health is Health.OFF:
        return Rejection(reason=Reason.TENDER_NOT_AVAILABLE, detail=device.remedy or device.detail)
    if checkout.closing_day.get(command.device) == "":
        return Rejection(reason=Reason.NOT_NOW)
    return Decision(effects=(CloseDay(command.device),))


def report_totals(checkout: Checkout, command: c.ReportTotals) -> Decision:
    """Take the end of a device's day. What went wrong closes nothing, and can be asked for again."""
    if command.fault:
        return Decision()
    sums = checkout.unsettled.get(command.device)
    currency = sums.currency if sums is not None else checkout.policy.currency
    told = command.totals
    usable = told is not None and told.amount.currency == currency
    closed = e.TerminalDayClosed(
        device=command.device,
        currency=currency,
        journal_amount=sums.amount if sums is not None else Money(0, currency),
        journal_count=sums.count if sums is not None else 0,
        device_amount=told.amount if told is not None and usable else None,
        device_count=told.count if told is not None else 0,
        receipt=told.receipt[:LONGEST_RECEIPT] if told is not None else (),
        operator=checkout.operator or Operator(""),
    )
    differs = closed.device_amount is not None and closed.device_amount != closed.journal_amount
    if differs and sums is not None and sums.complete:
        apart = f"end of day: the terminal has {closed.device_amount}, the journal {closed.journal_amount}"
        return Decision((closed, e.HelpCalled(code=apart)))
    return Decision((closed,))
