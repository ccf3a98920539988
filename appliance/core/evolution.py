"""What an event makes of the state: `evolve`. Pure, total: an event that is illegal in a state changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from appliance.core import events as e
from appliance.core import payment_evolution
from appliance.core.checkout import (
    Checkout,
    DecidedPayment,
    LaneState,
    LineItem,
    ReceiptState,
    Transaction,
    TransactionState,
)
from appliance.core.commands import PaymentDecision, PrintResult, ReceiptKind
from appliance.core.identifiers import LineNumber
from appliance.core.lifecycle import next_lane, next_state
from appliance.core.money import Money
from appliance.core.payment import IntentKind, PaymentState, Progress
from appliance.core.payment_evolution import PaymentEvent

_MONEY: Final = PaymentEvent | e.PaymentRequested | e.DayOpened | e.TerminalDayClosed


def evolve(checkout: Checkout, event: e.Event, at: datetime) -> Checkout:
    """Give the state after an event of the journal, written at `at` (aware UTC)."""
    if isinstance(event, _MONEY):
        checkout = replace(
            checkout,
            refunds=payment_evolution.refunds(checkout, event, at),
            unsettled=payment_evolution.unsettled(checkout, event),
            days_closed=payment_evolution.days_closed(checkout, event),
        )
    match event:
        case e.DayOpened():
            lane = LaneState.OPEN if event.lane_open else LaneState.CLOSED
            return replace(
                checkout,
                business_date=event.business_date,
                next_transaction=event.next_transaction,
                lane=lane,
                sales=0,
                takings=Money(0, checkout.policy.currency),
                last_sale=None,
            )
        case e.LaneOpened() | e.LaneClosed():
            return replace(checkout, lane=next_lane(checkout.lane, type(event)) or checkout.lane)
        case e.OperatorSignedOn():
            return replace(checkout, operator=event.operator)
        case e.OperatorSignedOff():
            return replace(checkout, operator=None)
        case e.HelpCalled():
            return replace(checkout, help_called=True, help_code=event.code, help_acknowledged=False)
        case e.HelpEnded(operator=operator) if operator:
            return replace(checkout, help_acknowledged=checkout.help_called)
        case e.HelpEnded():
            return replace(checkout, help_called=False, help_code="", help_acknowledged=False)
        case e.DrawerOpened():
            return replace(checkout, drawer_open=True)
        case e.DrawerClosed():
            return replace(checkout, drawer_open=False)
        case e.ReceiptIssued():
            return _receipt_issued(checkout, event)
        case e.TransactionStarted():
            return _started(checkout, event)
        case e.PaymentResolved():
            return _resolved(checkout, event)
        case e.PostVoidBegun():
            return _post_void_begun(checkout, event)
        case e.PaymentReversed():
            return _reversed(checkout, event, at)
        case e.PaymentRequested(kind=IntentKind.REFUND) | e.TerminalDayClosed():
            return checkout
        case e.SystemStarted() | e.SystemStopped() | e.DayClosed() | e.CatalogueActivated():
            return checkout
        case _:
            return _in_transaction(checkout, event, at)


def _started(checkout: Checkout, event: e.TransactionStarted) -> Checkout:
    if next_state(checkout.state, e.TransactionStarted) is None:
        return checkout
    transaction = Transaction(
        id=event.transaction, state=TransactionState.OPEN, catalogue=event.catalogue, currency=event.currency
    )
    return replace(checkout, transaction=transaction, next_transaction=event.transaction.sequence + 1)


def _post_void_begun(checkout: Checkout, event: e.PostVoidBegun) -> Checkout:
    sale = checkout.last_sale
    if sale is None or sale.id != event.transaction or next_state(checkout.state, e.PostVoidBegun) is None:
        return checkout
    return replace(checkout, transaction=replace(sale, state=TransactionState.POST_VOIDING, post_void=event))


def _reversed(checkout: Checkout, event: e.PaymentReversed, at: datetime) -> Checkout:
    """Money that was owed may go back at any time, whatever the transaction is at by then."""
    sale = checkout.transaction
    owed = sale.payment_of(event.attempt) if sale is not None else None
    if sale is None or owed is None or owed.state is not PaymentState.REFUND_DUE:
        return _in_transaction(checkout, event, at)
    return replace(checkout, transaction=payment_evolution.in_transaction(sale, event))


def _receipt_issued(checkout: Checkout, event: e.ReceiptIssued) -> Checkout:
    printing = {job: sale for job, sale in checkout.printing.items() if job != receipt_job(event)}
    checkout = replace(checkout, printing=printing)

    def settled(sale: Transaction) -> Transaction:
        return replace(sale, receipt=replace(sale.receipt, result=event.result, detail=event.detail))

    if checkout.last_sale is not None and checkout.last_sale.id == event.transaction:
        checkout = replace(checkout, last_sale=settled(checkout.last_sale))
    if checkout.transaction is not None and checkout.transaction.id == event.transaction:
        checkout = replace(checkout, transaction=settled(checkout.transaction))
    return checkout


def receipt_job(event: e.ReceiptChosen | e.ReceiptIssued) -> str:
    """Give the name of a receipt's print job: the transaction and the number of the copy."""
    return f"{event.transaction}#{event.copy}"


def _in_transaction(checkout: Checkout, event: e.Event, at: datetime) -> Checkout:
    if isinstance(event, e.ReceiptChosen):
        return _receipt_chosen(checkout, event)
    transaction = checkout.transaction
    if transaction is None or getattr(event, "transaction", None) != transaction.id:
        return checkout
    state = next_state(transaction.state, type(event))
    if state is None:
        return checkout
    changed = _apply(transaction, event, at)
    if changed.state is not state:
        changed = replace(changed, state=state)
    if isinstance(event, e.TransactionVoided):
        return replace(checkout, transaction=None)
    if isinstance(event, e.TransactionPostVoided):
        takings = (checkout.takings or Money(0, event.currency)) - event.total
        return replace(checkout, transaction=None, last_sale=None, sales=checkout.sales - 1, takings=takings)
    if isinstance(event, e.TransactionCompleted):
        takings = (checkout.takings or Money(0, event.currency)) + event.total
        return replace(checkout, transaction=changed, last_sale=changed, sales=checkout.sales + 1, takings=takings)
    if isinstance(event, e.PaymentRequested):
        checkout = replace(checkout, progress=Progress.CONNECTING, may_cancel=False, code="", code_until=None)
    return replace(checkout, transaction=changed)


def _resolved(checkout: Checkout, event: e.PaymentResolved) -> Checkout:
    payment = checkout.transaction.payment_of(event.attempt) if checkout.transaction else None
    payment = payment or payment_evolution.refund_of(checkout, event.attempt)
    if payment is None or event.decision is PaymentDecision.GIVEN_BACK:
        return checkout
    decided = DecidedPayment(
        kind=payment.intent.kind, amount=payment.intent.amount, decision=event.decision, operator=event.operator
    )
    return replace(checkout, decided={**checkout.decided, event.attempt: decided})


def _receipt_chosen(checkout: Checkout, event: e.ReceiptChosen) -> Checkout:
    chosen = ReceiptState(chosen=event.kind, copies=event.copy)
    if checkout.last_sale is not None and checkout.last_sale.id == event.transaction:
        checkout = replace(checkout, last_sale=replace(checkout.last_sale, receipt=chosen))
    if checkout.transaction is not None and checkout.transaction.id == event.transaction:
        checkout = replace(checkout, transaction=replace(checkout.transaction, receipt=chosen))
    if event.kind is ReceiptKind.PAPER:
        checkout = replace(checkout, printing={**checkout.printing, receipt_job(event): event.transaction})
    return checkout


def _apply(transaction: Transaction, event: e.Event, at: datetime) -> Transaction:
    match event:
        case e.LineAdded():
            return replace(transaction, lines=(*transaction.lines, _line(event)), last_voided=None)
        case e.QuantityChanged():
            changed = _lines(
                transaction, event.line, lambda line: replace(line, quantity=event.quantity, gross=event.gross)
            )
            return replace(changed, last_voided=None)
        case e.LineVoided():
            voided = _lines(transaction, event.line, lambda line: replace(line, voided=True))
            is_deposit = any(line.deposit_of is not None for line in transaction.lines if line.line == event.line)
            return voided if is_deposit else replace(voided, last_voided=event.line)
        case e.LineRestored():
            restored = _lines(transaction, event.line, lambda line: replace(line, voided=False))
            return replace(restored, last_voided=None)
        case e.ApprovalGranted():
            return _lines(transaction, event.line, lambda line: replace(line, approved=True))
        case e.PaymentRequested():
            begun = payment_evolution.requested(event, at)
            return replace(transaction, payments=(*transaction.payments, begun), last_voided=None)
        case e.RoundingApplied():
            return replace(transaction, rounding=event.amount or None)
        case e.TransactionCompleted():
            released = tuple(
                replace(payment, state=PaymentState.RELEASED) if payment in transaction.parts else payment
                for payment in transaction.payments
            )
            return replace(transaction, payments=released, completed=event, completed_at=at)
        case _ if isinstance(event, PaymentEvent):
            return payment_evolution.in_transaction(transaction, event)
        case _:
            return transaction


def _line(event: e.LineAdded) -> LineItem:
    return LineItem(
        line=event.line,
        sku=event.sku,
        text=event.text,
        names=event.names,
        entry=event.entry,
        quantity=event.quantity,
        unit=event.unit,
        price=event.price,
        gross=event.gross,
        tax_code=event.tax_code,
        tax_rate=event.tax_rate,
        gtin=event.gtin,
        deposit_of=event.deposit_of,
        approval_age=event.approval_age,
        quantity_fixed=event.quantity_fixed,
    )


def _lines(transaction: Transaction, number: LineNumber, change: Callable[[LineItem], LineItem]) -> Transaction:
    return replace(
        transaction, lines=tuple(change(line) if line.line == number else line for line in transaction.lines)
    )


def receipt_settled(transaction: Transaction) -> bool:
    """Whether nothing is left to do about the receipt of a completed transaction."""
    return transaction.receipt.result in (PrintResult.PRINTED, PrintResult.SENT, PrintResult.WAIVED)
