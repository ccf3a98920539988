"""The one door to all decisions: a command and the state in, events or a refusal out. Pure; decides nothing twice."""

from __future__ import annotations

from dataclasses import replace

from appliance.core import attending, cash, doubt, issuing, paying, selling, settling, undoing
from appliance.core import commands as c
from appliance.core import events as e
from appliance.core.catalogue import PriceBook
from appliance.core.checkout import Checkout, DeviceState, Reason, Rejection, Transaction, TransactionState
from appliance.core.commands import PrintResult, ReceiptKind
from appliance.core.effects import CancelAttempt, Effect, look_up
from appliance.core.evolution import receipt_settled
from appliance.core.moment import Decision, Moment
from appliance.core.payment import IntentKind, Payment, PaymentState, Progress, TenderType


def decide(checkout: Checkout, command: c.Command, book: PriceBook, moment: Moment) -> Decision | Rejection:
    """Say what a command leads to in a state. Nothing has happened until the events are in the journal."""
    match command:
        case c.ScanCode():
            return selling.scan(checkout, command, book, moment)
        case c.PickItem():
            return selling.pick(checkout, command, book, moment)
        case c.KeyPlu():
            return selling.key_plu(checkout, command, book, moment)
        case c.ChangeQuantity():
            return selling.change_quantity(checkout, command, book)
        case c.VoidLine():
            return selling.void_line(checkout, command)
        case c.RestoreLine():
            return selling.restore_line(checkout, command)
        case c.VoidTransaction():
            return selling.void_transaction(checkout, command)
        case c.RequestPayment():
            return paying.request(checkout, command, moment)
        case c.CancelPayment():
            return paying.cancel(checkout)
        case c.ReturnToItems():
            return paying.return_to_items(checkout)
        case c.RecordPayment():
            return paying.record(checkout, command)
        case c.ReportOutcome():
            return paying.report(checkout, command, moment)
        case c.ResolvePayment():
            return paying.resolve(checkout, command, moment)
        case c.RetryLookup():
            return doubt.retry_lookup(checkout)
        case c.UndoPayments():
            return undoing.undo(checkout, moment)
        case c.RefundPayment():
            return undoing.refund(checkout, command, moment)
        case c.PostVoid():
            return undoing.begin_post_void(checkout, command, moment)
        case c.TakeCash():
            return cash.take(checkout, command, moment)
        case c.CompleteSale():
            return paying.complete_sale(checkout, moment)
        case c.CloseTerminalDay():
            return settling.close_day(checkout, command)
        case c.ReportTotals():
            return settling.report_totals(checkout, command)
        case c.ChooseReceipt():
            return issuing.choose(checkout, command)
        case c.FinishSale():
            return issuing.finish(checkout)
        case c.ReportPrint():
            return issuing.report_print(checkout, command)
        case c.ReprintReceipt():
            return issuing.reprint(checkout)
        case c.CallHelp():
            return attending.call_help(checkout, command)
        case c.CancelHelp():
            return attending.cancel_help(checkout)
        case c.SignOn():
            return attending.sign_on(checkout, moment)
        case c.SignOff():
            return attending.sign_off(checkout)
        case c.AcknowledgeHelp():
            return attending.acknowledge_help(checkout)
        case c.GrantApproval():
            return attending.grant(checkout, command)
        case c.RefuseApproval():
            return attending.refuse(checkout, command)
        case c.OpenDrawer():
            return attending.open_drawer(checkout, command)
        case c.ReportDrawer():
            return attending.report_drawer(checkout, command)
        case c.OpenLane():
            return attending.open_lane(checkout)
        case c.CloseLane():
            return attending.close_lane(checkout)
        case c.ByStaff():
            if moment.operator is None:
                return Rejection(reason=Reason.WRONG_PIN)
            return decide(replace(checkout, operator=moment.operator), command.command, book, moment)
        case c.ActivateCatalogue():
            return _activate(checkout, command)
        case c.ReportProgress() | c.ReportDevice() | c.ReportHub() | c.ReportSpace() | c.Heartbeat() | c.Stop():
            return Decision()


def _activate(checkout: Checkout, command: c.ActivateCatalogue) -> Decision | Rejection:
    if checkout.state not in (TransactionState.IDLE, TransactionState.TENDERED):
        return Rejection(reason=Reason.SALE_OPEN)
    return Decision((e.CatalogueActivated(version=command.version),))


def observe(checkout: Checkout, command: c.Command, moment: Moment) -> Checkout:
    """Give the state with the passing facts of a command that was not refused: what no journal keeps."""
    match command:
        case c.ReportDevice():
            device = DeviceState(
                name=command.device,
                category=command.category,
                health=command.health,
                conditions=command.conditions,
                detail=command.detail,
                remedy=command.remedy,
            )
            return replace(checkout, devices={**checkout.devices, command.device: device})
        case c.ReportHub():
            since = checkout.hub_since if command.online == checkout.hub_online else moment.at
            return replace(
                checkout, hub_online=command.online, hub_since=since or moment.at, waiting_rows=command.waiting
            )
        case c.ReportSpace():
            return replace(checkout, free_mb=command.free_mb)
        case c.ReportProgress():
            running = checkout.transaction.running if checkout.transaction else None
            if running is None or running.intent.attempt != command.attempt:
                return checkout
            return replace(
                checkout,
                progress=command.progress,
                may_cancel=command.may_cancel,
                code=command.code,
                code_until=command.until,
            )
        case c.ReportOutcome(outcome=outcome):
            told = {**checkout.told, command.attempt: outcome.text}
            open_ones = checkout.unresolved()
            return replace(checkout, told={attempt: text for attempt, text in told.items() if attempt in open_ones})
        case c.CloseTerminalDay():
            return replace(checkout, closing_day={**checkout.closing_day, command.device: ""})
        case c.ReportTotals(fault=fault) if fault:
            return replace(checkout, closing_day={**checkout.closing_day, command.device: fault})
        case c.ReportTotals():
            over = {device: why for device, why in checkout.closing_day.items() if device != command.device}
            return replace(checkout, closing_day=over)
        case c.CancelPayment():
            return replace(checkout, progress=Progress.CANCELLING, may_cancel=False)
        case c.FinishSale():
            return _left(checkout)
        case c.ByStaff():
            return observe(checkout, command.command, moment)
        case _:
            return checkout


def _left(checkout: Checkout) -> Checkout:
    sale = checkout.transaction
    gone = sale is not None and sale.state is TransactionState.TENDERED and receipt_settled(sale)
    return replace(checkout, transaction=None) if gone else checkout


def recover(checkout: Checkout, moment: Moment) -> tuple[e.Event, ...]:
    """Say what a restart makes of what was under way: doubt is written down, nothing is charged or printed again.

    Only what had to be undone at once, and was not begun, is begun anew.
    """
    events: list[e.Event] = []
    for number, payment in enumerate(doubt.running(checkout)):
        events += _interrupted(checkout, payment, moment.later(number))
    if any(isinstance(event, e.PaymentOutcomeLost) for event in events):
        events += doubt.call_staff(checkout)
    events += [_cut_off(job, checkout) for job in checkout.printing]
    if checkout.operator is not None:
        events.append(e.OperatorSignedOff(operator=checkout.operator))
    return tuple(events)


def _interrupted(checkout: Checkout, payment: Payment, moment: Moment) -> tuple[e.Event, ...]:
    intent = payment.intent
    if payment.state is PaymentState.UNKNOWN:
        return ()
    if payment.state is not PaymentState.INTENT:
        lost = e.PaymentOutcomeLost(
            transaction=intent.transaction, attempt=intent.attempt, reason="restarted", restarted=True
        )
        return (lost,)
    never = e.PaymentNotCharged(
        transaction=intent.transaction, attempt=intent.attempt, reason="restarted before sending"
    )
    transaction = checkout.transaction
    if transaction is not None and intent.kind is IntentKind.PAY and intent.tender is TenderType.CASH:
        return (never, *cash.no_rounding(transaction))
    original = transaction.payment_of(intent.original_attempt) if transaction else None
    if transaction is None or original is None or payment.reason is None or intent.kind is not IntentKind.REVERSE:
        return (never,)
    return (never, *undoing.reverse(checkout, transaction, original, payment.reason, moment))


def _cut_off(job: str, checkout: Checkout) -> e.ReceiptIssued:
    return e.ReceiptIssued(
        transaction=checkout.printing[job],
        kind=ReceiptKind.PAPER,
        result=PrintResult.UNKNOWN,
        copy=int(job.rpartition("#")[2]),
        detail="restarted while printing",
    )


def outstanding(checkout: Checkout) -> tuple[Effect, ...]:
    """Give the effects that the state still asks for after a restart."""
    asked = [payment for payment in doubt.running(checkout) if payment.state is PaymentState.UNKNOWN]
    unpaid = _decided_unpaid(checkout)
    unwanted = tuple(CancelAttempt(payment.intent.attempt) for payment in unpaid)
    return (*unwanted, *(look_up(checkout, payment) for payment in (*asked, *unpaid)))


def _decided_unpaid(checkout: Checkout) -> tuple[Payment, ...]:
    """Give the payments of the open transaction that a person decided not to be paid: he may have been wrong."""
    transaction = open_sale(checkout)
    return tuple(
        payment
        for payment in (transaction.payments if transaction is not None else ())
        if payment.state is PaymentState.NOT_CHARGED and payment.intent.attempt in checkout.decided
    )


def settle(checkout: Checkout) -> Checkout:
    """Drop a finished sale from the screen of a till that has just started."""
    return _left(checkout)


def open_sale(checkout: Checkout) -> Transaction | None:
    """Give the transaction that a customer is busy with."""
    transaction = checkout.transaction
    if transaction is None or transaction.state is TransactionState.TENDERED:
        return None
    return transaction
