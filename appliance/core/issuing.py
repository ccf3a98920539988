"""Decisions about the receipt of a completed sale: which kind, when it counts as taken, and copies."""

from __future__ import annotations

from appliance.core import commands as c
from appliance.core import events as e
from appliance.core.availability import printer_ready, receipts
from appliance.core.checkout import Checkout, Reason, Rejection, Transaction, TransactionState
from appliance.core.commands import PrintResult, ReceiptKind
from appliance.core.evolution import receipt_settled
from appliance.core.moment import Decision


def choose_receipt(sale: Transaction, kind: ReceiptKind) -> tuple[e.Event, ...]:
    """Give the events of a choice. Paper is issued once the printer has confirmed it, the others at once.

    A second print after one whose end is unknown is a copy: nobody knows whether the first is on paper.
    """
    copy = sale.receipt.copies + 1 if sale.receipt.result is PrintResult.UNKNOWN else sale.receipt.copies
    chosen = e.ReceiptChosen(transaction=sale.id, kind=kind, copy=copy)
    if kind is ReceiptKind.PAPER:
        return (chosen,)
    result = PrintResult.SENT if kind is ReceiptKind.DIGITAL else PrintResult.WAIVED
    return (chosen, e.ReceiptIssued(transaction=sale.id, kind=kind, result=result, copy=copy))


def choose(checkout: Checkout, command: c.ChooseReceipt) -> Decision | Rejection:
    """Take the customer's choice; only kinds that work now."""
    sale = checkout.transaction
    if sale is None or sale.state is not TransactionState.TENDERED or sale.receipt.printing or receipt_settled(sale):
        return Rejection(reason=Reason.NOT_NOW)
    if command.kind not in receipts(checkout):
        return Rejection(reason=Reason.RECEIPT_NOT_AVAILABLE)
    if command.kind is ReceiptKind.DIGITAL:
        # The code is on the screen from now on; it counts when the customer leaves it.
        return Decision((e.ReceiptChosen(transaction=sale.id, kind=command.kind, copy=sale.receipt.copies),))
    return Decision(choose_receipt(sale, command.kind))


def leave(sale: Transaction, possible: tuple[ReceiptKind, ...]) -> tuple[e.Event, ...] | None:
    """Give what must still be decided before a completed sale may give way; None if no receipt can be given now."""
    if receipt_settled(sale):
        return ()
    if sale.receipt.chosen is ReceiptKind.DIGITAL and sale.receipt.result is None:
        return (
            e.ReceiptIssued(
                transaction=sale.id, kind=ReceiptKind.DIGITAL, result=PrintResult.SENT, copy=sale.receipt.copies
            ),
        )
    if sale.receipt.printing:
        return ()
    return choose_receipt(sale, possible[0]) if possible else None


def finish(checkout: Checkout) -> Decision | Rejection:
    """Leave the completed sale; what is still open about its receipt is decided first."""
    sale = checkout.transaction
    if sale is None or sale.state is not TransactionState.TENDERED:
        return Rejection(reason=Reason.NOT_NOW)
    events = leave(sale, receipts(checkout))
    return Rejection(reason=Reason.RECEIPT_NOT_AVAILABLE) if events is None else Decision(events)


def report_print(checkout: Checkout, command: c.ReportPrint) -> Decision | Rejection:
    """Take the printer's word on a receipt; a job that is not waited for changes nothing."""
    identifier = checkout.printing.get(command.job)
    if identifier is None:
        return Rejection(reason=Reason.NOT_NOW)
    issued = e.ReceiptIssued(
        transaction=identifier,
        kind=ReceiptKind.PAPER,
        result=command.result,
        copy=int(command.job.rpartition("#")[2]),
        detail=command.detail,
    )
    return Decision((issued,))


def reprint(checkout: Checkout) -> Decision | Rejection:
    """Print the last receipt once more, marked as a copy; staff only."""
    sale = checkout.last_sale
    if checkout.operator is None:
        return Rejection(reason=Reason.NOT_SIGNED_ON)
    if sale is None or sale.receipt.printing:
        return Rejection(reason=Reason.NOT_NOW)
    if not printer_ready(checkout):
        return Rejection(reason=Reason.RECEIPT_NOT_AVAILABLE)
    return Decision((e.ReceiptChosen(transaction=sale.id, kind=ReceiptKind.PAPER, copy=sale.receipt.copies + 1),))
