"""Decisions about staff and the lane: help, sign-on, approvals, drawer, opening and closing."""

from __future__ import annotations

from appliance.core import commands as c
from appliance.core import events as e
from appliance.core.checkout import Checkout, LaneState, LineItem, Reason, Rejection, TransactionState
from appliance.core.identifiers import LineNumber, Operator
from appliance.core.moment import Decision, Moment
from appliance.core.selling import void_line


def call_help(checkout: Checkout, command: c.CallHelp) -> Decision:
    """Call staff; calling again wakes them again."""
    if checkout.help_called and not checkout.help_acknowledged and command.code in ("", checkout.help_code):
        return Decision()
    return Decision((e.HelpCalled(code=command.code),))


def cancel_help(checkout: Checkout) -> Decision:
    """The customer needs none any more. While a payment is in doubt staff come all the same."""
    if not checkout.help_called or checkout.state is TransactionState.IN_DOUBT:
        return Decision()
    return Decision((e.HelpEnded(),))


def sign_on(checkout: Checkout, moment: Moment) -> Decision | Rejection:
    """Sign on whoever the PIN belongs to; their being there ends a call for help."""
    if moment.operator is None:
        return Rejection(reason=Reason.WRONG_PIN)
    events: tuple[e.Event, ...] = (e.OperatorSignedOn(operator=moment.operator),)
    if checkout.help_called and not checkout.help_acknowledged:
        events = (*events, e.HelpEnded(operator=moment.operator))
    return Decision(events)


def sign_off(checkout: Checkout) -> Decision:
    """Sign off; a call that was acknowledged is over then."""
    if checkout.operator is None:
        return Decision()
    events: tuple[e.Event, ...] = (e.OperatorSignedOff(operator=checkout.operator),)
    if checkout.help_called and checkout.state is not TransactionState.IN_DOUBT:
        events = (*events, e.HelpEnded())
    return Decision(events)


def acknowledge_help(checkout: Checkout) -> Decision | Rejection:
    """Staff are on their way."""
    if checkout.operator is None:
        return Rejection(reason=Reason.NOT_SIGNED_ON)
    if not checkout.help_called or checkout.help_acknowledged:
        return Decision()
    return Decision((e.HelpEnded(operator=checkout.operator),))


def grant(checkout: Checkout, command: c.GrantApproval) -> Decision | Rejection:
    """Allow a line."""
    line = _waiting(checkout, command.line)
    if checkout.operator is None:
        return Rejection(reason=Reason.NOT_SIGNED_ON)
    if line is None or checkout.transaction is None:
        return Rejection(reason=Reason.UNKNOWN_LINE)
    granted = e.ApprovalGranted(transaction=checkout.transaction.id, line=line.line, operator=checkout.operator)
    return Decision((granted,))


def refuse(checkout: Checkout, command: c.RefuseApproval) -> Decision | Rejection:
    """Refuse a line: it is voided."""
    if checkout.operator is None:
        return Rejection(reason=Reason.NOT_SIGNED_ON)
    if _waiting(checkout, command.line) is None:
        return Rejection(reason=Reason.UNKNOWN_LINE)
    return void_line(checkout, c.VoidLine(command.line))


def _waiting(checkout: Checkout, number: LineNumber) -> LineItem | None:
    transaction = checkout.transaction
    if transaction is None or transaction.state is not TransactionState.OPEN:
        return None
    return next((line for line in transaction.waiting_lines if line.line == number), None)


def open_drawer(checkout: Checkout, command: c.OpenDrawer) -> Decision | Rejection:
    """Open the drawer without a sale."""
    if checkout.operator is None:
        return Rejection(reason=Reason.NOT_SIGNED_ON)
    return Decision((e.DrawerOpened(operator=checkout.operator, reason=command.reason),))


def report_drawer(checkout: Checkout, command: c.ReportDrawer) -> Decision:
    """Take the sensor's word; an opening that nobody asked for is journalled too."""
    if command.open == bool(checkout.drawer_open):
        return Decision()
    if command.open:
        return Decision((e.DrawerOpened(operator=Operator(""), reason="sensor"),))
    return Decision((e.DrawerClosed(),))


def open_lane(checkout: Checkout) -> Decision | Rejection:
    """Take customers again."""
    if checkout.operator is None:
        return Rejection(reason=Reason.NOT_SIGNED_ON)
    return Decision() if checkout.lane is LaneState.OPEN else Decision((e.LaneOpened(operator=checkout.operator),))


def close_lane(checkout: Checkout) -> Decision | Rejection:
    """Take no new customers; the open transaction may finish."""
    if checkout.operator is None:
        return Rejection(reason=Reason.NOT_SIGNED_ON)
    return Decision() if checkout.lane is LaneState.CLOSED else Decision((e.LaneClosed(operator=checkout.operator),))
