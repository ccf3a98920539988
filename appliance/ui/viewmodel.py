"""What the state of the till means for the screen: `page(checkout)`, a function and not a state. Pure."""

from __future__ import annotations

from appliance.core.availability import MINIMUM_SPACE_MB, printer_ready, receipts, takes_customers, tenders
from appliance.core.catalogue import Shelf
from appliance.core.checkout import Checkout, DeviceState, LaneState, LineItem, Transaction, TransactionState
from appliance.core.commands import Condition, Health, PrintResult, ReceiptKind
from appliance.core.evolution import receipt_settled
from appliance.core.money import total
from appliance.core.payment import IntentKind, Payment, PaymentState, TenderType
from appliance.ui.pages import (
    AttendantPage,
    AttractPage,
    BasketPage,
    CardPage,
    ChoosePaymentPage,
    ClosedPage,
    DeclinedPage,
    Frame,
    HelpState,
    LastSale,
    NoCharge,
    OutcomeUnknownPage,
    OutOfServicePage,
    Page,
    PaymentDoubt,
    PrintingPage,
    QrPaymentPage,
    ReceiptPage,
    ReceiptQrPage,
    StaffFacts,
    StartingPage,
    Step,
    ThankYouPage,
)

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
    if sale.parts and sale.due.minor <= 0 and sale.running is None:
        # Found paid after a restart, where staff decide.
        return OutcomeUnknownPage(frame=_frame(checkout, Step.PAY), amount=sale.paid)
    if payment is None or payment.state in _BEHIND or _undone(sale, payment):
        frame = _frame(checkout, Step.PAY, asks_idle=not sale.parts)
        return ChoosePaymentPage(frame=frame, total=sale.total, paid=sale.paid, rest=sale.due)
    tender, amount = payment.intent.tender, payment.intent.amount
    if payment.state in _NO_CHARGE:
        return DeclinedPage(
            frame=_frame(checkout, Step.PAY, asks_idle=True),
            tender=tender,
            amount=amount,
            why=_NO_CHARGE[payment.state],
            part_paid=bool(sale.paid),
        )
    if payment.state is PaymentState.UNKNOWN:
        return _in_doubt(checkout, sale)
    return _running(checkout, payment)


def _post_voiding(checkout: Checkout, sale: Transaction) -> Page:
    payment = sale.running
    if payment is None or payment.state is PaymentState.UNKNOWN:
        return _in_doubt(checkout, sale)
    return _running(checkout, payment)


def _undone(sale: Transaction, payment: Payment) -> bool:
    """Whether a payment was taken back on purpose; one that its device undid by itself came to nothing."""
    undoing = (p for p in sale.payments if p.intent.original_attempt == payment.intent.attempt)
    return payment.state is PaymentState.REVERSED and any(p.state is PaymentState.CONFIRMED for p in undoing)


def _running(checkout: Checkout, payment: Payment) -> CardPage | QrPaymentPage:
    frame, amount = _frame(checkout, Step.PAY), payment.intent.amount
    approved = payment.state not in (PaymentState.INTENT, PaymentState.SENT)
    undoing = payment.intent.kind is not IntentKind.PAY
    if payment.intent.tender in (TenderType.QR, TenderType.WALLET) and not undoing:
        return QrPaymentPage(
            frame=frame,
            amount=amount,
            payload=checkout.code,
            until=checkout.code_until,
            may_cancel=checkout.may_cancel and not approved,
            staff_check=payment.intent.tender in checkout.policy.unconfirmed,
        )
    return CardPage(
        frame=frame,
        tender=payment.intent.tender,
        amount=amount,
        progress=checkout.progress,
        approved=approved,
        may_cancel=checkout.may_cancel and not approved,
        undoing=undoing,
    )


def _in_doubt(checkout: Checkout, sale: Transaction) -> OutcomeUnknownPage:
    doubts = [payment.intent.amount for payment in sale.payments if payment.state.unresolved]
    return OutcomeUnknownPage(frame=_frame(checkout, Step.PAY), amount=total(doubts, sale.currency))


def _tendered(checkout: Checkout, sale: Transaction) -> Page:
    frame, receipt = _frame(checkout, Step.RECEIPT, accepts_scan=True), sale.receipt
    tender = next((payment.intent.tender for payment in reversed(sale.payments) if payment.state in _PAID), None)
    if receipt_settled(sale):
        return ThankYouPage(frame=frame, total=sale.total, tender=tender)
    if receipt.printing and receipt.chosen is ReceiptKind.DIGITAL and sale.completed is not None:
        url = f"{checkout.policy.receipt_url.rstrip('/')}/{sale.completed.receipt_token}"
        return ReceiptQrPage(frame=frame, url=url, total=sale.total, tender=tender)
    if receipt.printing:
        return PrintingPage(frame=frame)
    paper = ReceiptKind.PAPER in checkout.policy.receipts
    return ReceiptPage(
        frame=frame,
        total=sale.total,
        kinds=receipts(checkout),
        paper_missing=paper and not printer_ready(checkout),
        paper_out=paper and any(Condition.PAPER_OUT in device.conditions for device in checkout.devices.values()),
        failed=receipt.result is PrintResult.FAILED,
        unsure=receipt.result is PrintResult.UNKNOWN,
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
        staff=_staff(checkout),
    )


def _staff(checkout: Checkout) -> StaffFacts | None:
    if checkout.operator is None:
        return None
    sale, last, devices = checkout.transaction, checkout.last_sale, checkout.devices.values()
    idle = sale is None or sale.running is not None or bool(sale.paid)
    return StaffFacts(
        operator=checkout.operator,
        state=checkout.state,
        lane=checkout.lane,
        business_date=checkout.business_date,
        waiting=sale.waiting_lines if sale and checkout.state is TransactionState.OPEN else (),
        doubts=tuple(_doubt(p) for p in sale.payments if p.state is PaymentState.UNKNOWN) if sale else (),
        devices=tuple(sorted(devices, key=lambda device: (not needs_hand(device), device.name))),
        hub_online=checkout.hub_online,
        hub_since=checkout.hub_since,
        waiting_rows=checkout.waiting_rows,
        items=len([line for line in sale.active if line.deposit_of is None]) if sale else 0,
        total=sale.total if sale else None,
        may_void=not idle and checkout.state in (TransactionState.OPEN, TransactionState.TENDERING),
        last_sale=LastSale(number=last.id.sequence, total=last.total) if last else None,
        may_print=printer_ready(checkout) and last is not None and not last.receipt.printing,
        has_drawer=any(device.category == "CashDrawer" for device in devices),
        drawer_open=bool(checkout.drawer_open),
        fault=checkout.fault,
        space_low=checkout.free_mb is not None and checkout.free_mb < MINIMUM_SPACE_MB,
        help_code=checkout.help_code,
    )


def needs_hand(device: DeviceState) -> bool:
    """Whether a person must do something about a device; low paper is told, not urgent."""
    return device.health in (Health.OFF, Health.OFFLINE) or bool(device.conditions - {Condition.DRAWER_OPEN})


def _doubt(payment: Payment) -> PaymentDoubt:
    intent = payment.intent
    return PaymentDoubt(
        attempt=intent.attempt, amount=intent.amount, device=intent.device, requested_at=payment.requested_at
    )
