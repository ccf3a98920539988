"""What the state of the till means for the screen: `page(checkout)`, a function and not a state. Pure."""

from __future__ import annotations

from appliance.core.availability import printer_ready, receipts, takes_customers, tenders
from appliance.core.cash import likely, rounding
from appliance.core.catalogue import Shelf
from appliance.core.checkout import Checkout, LaneState, LineItem, Transaction, TransactionState
from appliance.core.commands import Condition, Health, PrintResult, ReceiptKind
from appliance.core.evolution import receipt_settled
from appliance.core.money import Money, total
from appliance.core.payment import EXPIRED, IntentKind, Payment, PaymentState, Progress, TenderType
from appliance.ui.pages import (
    AttendantPage,
    AttractPage,
    BasketPage,
    CardPage,
    CashFacts,
    ChangePage,
    ChoosePaymentPage,
    ClosedPage,
    DeclinedPage,
    Frame,
    HelpState,
    InsertCashPage,
    NoCharge,
    OutcomeUnknownPage,
    OutOfServicePage,
    Page,
    PrintingPage,
    QrPaymentPage,
    ReceiptPage,
    ReceiptQrPage,
    StartingPage,
    Step,
    ThankYouPage,
)
from appliance.ui.staff_facts import found_paid, staff_facts

_PAID = (PaymentState.CONFIRMED, PaymentState.RELEASED)
_BEHIND = (*_PAID, PaymentState.REFUND_DUE)
_NO_CHARGE = {
    PaymentState.DECLINED: NoCharge.DECLINED,
    PaymentState.CANCELLED: NoCharge.CANCELLED,
    PaymentState.NOT_CHARGED: NoCharge.FAILED,
    PaymentState.REVERSED: NoCharge.FAILED,
}


def page(checkout: Checkout) -> Page:
    """Give the page of a state of the till. An operator who signs on at a kiosk comes before the customer."""
    if checkout.operator is not None and checkout.policy.unattended:
        return AttendantPage(frame=_frame(checkout))
    if checkout.lane is LaneState.STARTING:
        return StartingPage(frame=_frame(checkout))
    sale = checkout.transaction
    if sale is None or sale.state in (TransactionState.IDLE, TransactionState.VOIDED):
        return _empty_page(checkout)
    if sale.state is TransactionState.IN_DOUBT:
        return _in_doubt(checkout, sale)
    if checkout.fault or checkout.lane is LaneState.OUT_OF_SERVICE:
        return _broken_off(checkout, sale)
    match sale.state:
        case TransactionState.OPEN:
            return _basket(checkout, sale)
        case TransactionState.TENDERED:
            return _tendered(checkout, sale)
        case TransactionState.POST_VOIDING:
            return _post_voiding(checkout, sale)
        case _:
            return _tendering(checkout, sale)


def _empty_page(checkout: Checkout) -> Page:
    if checkout.lane in (LaneState.CLOSED, LaneState.UPDATING):
        return ClosedPage(frame=_frame(checkout), updating=checkout.lane is LaneState.UPDATING)
    if takes_customers(checkout):
        return AttractPage(frame=_frame(checkout, accepts_scan=True))
    if (
        checkout.lane is LaneState.OPEN
        and not checkout.fault
        and (_tender_awaited(checkout) or not checkout.has_prices)
    ):
        return StartingPage(frame=_frame(checkout))
    return OutOfServicePage(frame=_frame(checkout))


def _tender_awaited(checkout: Checkout) -> bool:
    """Whether no tender works yet only because a device has not reported since the start."""
    if tenders(checkout):
        return False
    known = (checkout.devices.get(device) for device in checkout.policy.tender_devices.values())
    return any(device is None or device.health is Health.UNKNOWN for device in known)


def _broken_off(checkout: Checkout, sale: Transaction) -> Page:
    """Give the page of a sale that the till cannot go on with. Money that may be moving comes first."""
    if checkout.unresolved():
        return _in_doubt(checkout, sale)
    return OutOfServicePage(
        frame=_frame(checkout), open_sale=True, paid=sale.state is TransactionState.TENDERED or bool(sale.paid)
    )


def _basket(checkout: Checkout, sale: Transaction) -> BasketPage:
    lines = _in_order(sale.active)
    removed = next((line for line in sale.lines if line.line == sale.last_voided and line.voided), None)
    return BasketPage(
        frame=_frame(checkout, Step.SCAN, accepts_scan=True, asks_idle=True),
        lines=lines,
        total=sale.total,
        removed=removed,
    )


def _in_order(lines: tuple[LineItem, ...]) -> tuple[LineItem, ...]:
    """Give the lines in the order of scanning, with a deposit directly under its item."""
    return tuple(sorted(lines, key=lambda line: (line.deposit_of or line.line, line.line)))


def _tendering(checkout: Checkout, sale: Transaction) -> Page:
    payment = sale.running or next((p for p in reversed(sale.payments) if p.intent.kind is IntentKind.PAY), None)
    if sale.owed and sale.running is None and not checkout.help_acknowledged:
        owed = total([p.charged for p in sale.owed], sale.owed[0].charged.currency)
        return OutcomeUnknownPage(frame=_frame(checkout, Step.PAY), amount=owed, refund_due=True)
    paid = found_paid(sale)
    if paid is not None:
        return OutcomeUnknownPage(frame=_frame(checkout, Step.PAY), amount=paid)
    if payment is None or payment.state in _BEHIND or _undone(sale, payment):
        return ChoosePaymentPage(
            frame=_frame(checkout, Step.PAY, asks_idle=not sale.parts),
            total=sale.total,
            paid=sale.paid,
            rest=sale.due,
            undo_by_staff=any(not part.intent.device for part in sale.parts),
        )
    if payment.state in _NO_CHARGE:
        expired = payment.outcome is not None and payment.outcome.code == EXPIRED
        return DeclinedPage(
            frame=_frame(checkout, Step.PAY, asks_idle=True),
            tender=payment.intent.tender,
            amount=payment.intent.amount,
            why=NoCharge.EXPIRED if expired else _NO_CHARGE[payment.state],
            part_paid=bool(sale.paid),
        )
    if payment.state is PaymentState.UNKNOWN:
        return _in_doubt(checkout, sale)
    return _running(checkout, sale, payment)


def _post_voiding(checkout: Checkout, sale: Transaction) -> Page:
    payment = sale.running
    if payment is None or payment.state is PaymentState.UNKNOWN:
        return _in_doubt(checkout, sale)
    return _running(checkout, sale, payment)


def _undone(sale: Transaction, payment: Payment) -> bool:
    """Whether a payment was taken back on purpose; one that its device undid by itself came to nothing."""
    undoing = (p for p in sale.payments if p.intent.original_attempt == payment.intent.attempt)
    return payment.state is PaymentState.REVERSED and any(p.state is PaymentState.CONFIRMED for p in undoing)


def _running(checkout: Checkout, sale: Transaction, payment: Payment) -> CardPage | InsertCashPage | QrPaymentPage:
    tender, amount = payment.intent.tender, payment.intent.amount
    approved = payment.state not in (PaymentState.INTENT, PaymentState.SENT)
    undoing = payment.intent.kind is not IntentKind.PAY
    may_cancel = checkout.may_cancel and not approved
    by_code = checkout.progress in (Progress.SCAN_CODE, Progress.SHOW_CODE)
    if not undoing and (tender in (TenderType.QR, TenderType.WALLET) or by_code):
        return QrPaymentPage(
            frame=_frame(checkout, Step.PAY, accepts_scan=checkout.progress is Progress.SHOW_CODE),
            attempt=payment.intent.attempt,
            tender=tender,
            amount=amount,
            progress=checkout.progress,
            payload=checkout.code,
            until=checkout.code_until,
            approved=approved,
            may_cancel=may_cancel,
            staff_check=tender in checkout.policy.unconfirmed,
        )
    frame = _frame(checkout, Step.PAY)
    if tender is TenderType.CASH and not undoing and not approved:
        return InsertCashPage(
            frame=frame,
            amount=amount,
            inserted=total(tuple(payment.credits.values()), amount.currency),
            rounding=sale.rounding,
            may_cancel=may_cancel,
            cancelling=checkout.progress is Progress.CANCELLING,
        )
    return CardPage(
        frame=frame,
        tender=tender,
        amount=amount,
        progress=checkout.progress,
        approved=approved,
        may_cancel=may_cancel,
        undoing=undoing,
    )


def _in_doubt(checkout: Checkout, sale: Transaction) -> OutcomeUnknownPage:
    doubts = [payment for payment in sale.payments if payment.state.unresolved]
    return OutcomeUnknownPage(
        frame=_frame(checkout, Step.PAY),
        amount=total([payment.intent.amount for payment in doubts], sale.currency),
        giving_back=bool(doubts) and all(payment.intent.kind is not IntentKind.PAY for payment in doubts),
    )


def _tendered(checkout: Checkout, sale: Transaction) -> Page:
    frame, receipt = _frame(checkout, Step.RECEIPT, accepts_scan=True), sale.receipt
    tender = next((payment.intent.tender for payment in reversed(sale.payments) if payment.state in _PAID), None)
    change = _change(sale)
    if change is not None and not (receipt.printing and receipt.chosen is ReceiptKind.DIGITAL):
        return _change_page(checkout, sale, frame, change)
    if receipt_settled(sale):
        return ThankYouPage(frame=frame, total=_charged(sale), tender=tender)
    if receipt.printing and receipt.chosen is ReceiptKind.DIGITAL and sale.completed is not None:
        url = f"{checkout.policy.receipt_url.rstrip('/')}/{sale.completed.receipt_token}"
        return ReceiptQrPage(frame=frame, url=url, total=_charged(sale), tender=tender)
    if receipt.printing:
        return PrintingPage(frame=frame)
    paper = ReceiptKind.PAPER in checkout.policy.receipts
    return ReceiptPage(
        frame=frame,
        total=_charged(sale),
        kinds=receipts(checkout),
        paper_missing=paper and not printer_ready(checkout),
        paper_out=paper and any(Condition.PAPER_OUT in device.conditions for device in checkout.devices.values()),
        failed=receipt.result is PrintResult.FAILED,
        unsure=receipt.result is PrintResult.UNKNOWN,
    )


def _charged(sale: Transaction) -> Money:
    """Give what was paid in all, cash rounding included."""
    return sale.total + (sale.rounding or Money(0, sale.currency))


def _change(sale: Transaction) -> Money | None:
    """Give what staff hand back of the cash they took; None where they took none."""
    given = [(p.outcome.given - p.charged) for p in sale.parts if not p.intent.device and p.outcome and p.outcome.given]
    return total(given, sale.currency) if given else None


def _change_page(checkout: Checkout, sale: Transaction, frame: Frame, change: Money) -> ChangePage:
    settled = receipt_settled(sale)
    drawers = [device for device in checkout.devices.values() if device.category == "CashDrawer"]
    return ChangePage(
        frame=frame,
        change=change,
        paid=_charged(sale),
        kinds=() if settled or sale.receipt.printing else receipts(checkout),
        printing=sale.receipt.printing,
        by_key=bool(drawers) and all(device.health is not Health.ONLINE for device in drawers),
        drawer_open=bool(checkout.drawer_open),
    )


def _frame(checkout: Checkout, step: Step = Step.NONE, *, accepts_scan: bool = False, asks_idle: bool = False) -> Frame:
    help_state = HelpState.NONE
    if checkout.help_called:
        help_state = HelpState.COMING if checkout.help_acknowledged else HelpState.CALLED
    works = tenders(checkout)
    return Frame(
        revision=checkout.revision,
        step=step,
        sale=checkout.transaction.id.sequence if checkout.transaction else None,
        help=help_state,
        closing=checkout.lane is LaneState.CLOSED and checkout.transaction is not None,
        asks_idle=asks_idle,
        accepts_scan=accepts_scan,
        tenders=works,
        missing_tenders=tuple(tender for tender in checkout.policy.tenders if tender not in works),
        shelf=checkout.shelf if checkout.policy.search else Shelf(),
        maximum_quantity=checkout.policy.maximum_quantity,
        cash=_cash(checkout),
        staff=staff_facts(checkout),
    )


def _cash(checkout: Checkout) -> CashFacts | None:
    sale = checkout.transaction
    payable = sale is not None and sale.state in (TransactionState.OPEN, TransactionState.TENDERING)
    if sale is None or not payable or not checkout.policy.takes_cash_by_hand or sale.running is not None:
        return None
    exact = sale.rest
    if exact.minor <= 0:
        return None
    change = rounding(sale, checkout.policy.cash_step)
    return CashFacts(due=exact + change, rounding=change, notes=likely(exact + change))
