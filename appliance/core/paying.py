"""Decisions about money: when an intent may begin, and what a device's words make of it."""

from __future__ import annotations

from decimal import Decimal

from appliance.core import commands as c
from appliance.core import events as e
from appliance.core.availability import tenders
from appliance.core.checkout import Checkout, Reason, Rejection, Transaction, TransactionState
from appliance.core.effects import CancelAttempt, LookUp
from appliance.core.identifiers import Sku
from appliance.core.moment import Decision, Moment
from appliance.core.payment import IntentKind, Outcome, OutcomeKind, Payment, PaymentState, Sending
from appliance.core.tax import tax_summary


def request(checkout: Checkout, command: c.RequestPayment, moment: Moment) -> Decision | Rejection:
    """Begin an attempt for what is due; never while another one is under way or in doubt."""
    transaction = checkout.transaction
    if transaction is None or transaction.state not in (TransactionState.OPEN, TransactionState.TENDERING):
        running = transaction is not None and transaction.state is TransactionState.IN_DOUBT
        return Rejection(reason=Reason.PAYMENT_RUNNING if running else Reason.NOTHING_TO_PAY)
    if transaction.running is not None:
        return Rejection(reason=Reason.PAYMENT_RUNNING)
    if transaction.waiting_lines:
        return Rejection(reason=Reason.APPROVAL_NEEDED)
    if transaction.due.minor <= 0:
        return Rejection(reason=Reason.NOTHING_TO_PAY)
    if checkout.fault:
        return Rejection(reason=Reason.OUT_OF_SERVICE)
    if command.tender not in tenders(checkout):
        return Rejection(reason=Reason.TENDER_NOT_AVAILABLE)
    device = checkout.policy.tender_devices[command.tender]
    requested = e.PaymentRequested(
        transaction=transaction.id,
        attempt=moment.fresh_id(),
        kind=IntentKind.PAY,
        device=device,
        tender=command.tender,
        amount=transaction.due,
        currency=transaction.currency,
        baseline=moment.baselines.get(device),
    )
    return Decision((requested,))


def cancel(checkout: Checkout) -> Decision | Rejection:
    """Pass the wish to stop on to the device; its answer decides."""
    payment = checkout.transaction.running if checkout.transaction else None
    if payment is None or payment.state is PaymentState.UNKNOWN or not checkout.may_cancel:
        return Rejection(reason=Reason.CANNOT_CANCEL)
    return Decision(effects=(CancelAttempt(payment.intent.attempt),))


def return_to_items(checkout: Checkout) -> Decision | Rejection:
    """Back to the basket; only while nothing is paid or under way."""
    transaction = checkout.transaction
    if transaction is None or transaction.state is not TransactionState.TENDERING:
        return Rejection(reason=Reason.NOT_NOW)
    if transaction.running is not None or transaction.paid:
        return Rejection(reason=Reason.PAYMENT_RUNNING)
    return Decision((e.TenderingEnded(transaction=transaction.id),))


def record(checkout: Checkout, command: c.RecordPayment) -> Decision | Rejection:
    """Make a fact of an adapter durable. A repeated yes of the device is recorded once and answered again."""
    found = _find(checkout, command.attempt)
    if found is None:
        return Rejection(reason=Reason.NOT_NOW)
    transaction, payment = found
    if isinstance(command.fact, Sending):
        if payment.state is not PaymentState.INTENT:
            return Rejection(reason=Reason.NOT_NOW)
        return Decision((e.PaymentSent(transaction=transaction.id, attempt=command.attempt),))
    outcome = command.fact.outcome
    if payment.state is PaymentState.APPROVED:
        same = payment.outcome is not None and payment.outcome.reference == outcome.reference
        return Decision() if same else Rejection(reason=Reason.NOT_NOW)
    if payment.state is not PaymentState.SENT or not _is_ours(payment, outcome):
        return Rejection(reason=Reason.NOT_NOW, detail="the device reports another amount")
    approved = e.PaymentApproved(
        transaction=transaction.id, attempt=command.attempt, outcome=outcome, currency=transaction.currency
    )
    return Decision((approved,))


def _is_ours(payment: Payment, outcome: Outcome) -> bool:
    return outcome.amount is None or outcome.amount == payment.intent.amount


def _find(checkout: Checkout, attempt: object) -> tuple[Transaction, Payment] | None:
    transaction = checkout.transaction
    if transaction is None:
        return None
    payment = next((p for p in transaction.payments if p.intent.attempt == attempt), None)
    return None if payment is None else (transaction, payment)


def report(checkout: Checkout, command: c.ReportOutcome, moment: Moment) -> Decision | Rejection:
    """Take the end of an attempt, live or by look-up. A final state stays final, unless a person decided it wrong."""
    found = _find(checkout, command.attempt)
    if found is None or found[1].state.final:
        return _contradict(checkout, command, found)
    transaction, payment = found
    outcome, attempt = command.outcome, command.attempt
    if payment.state is PaymentState.INTENT:
        # Nothing left for the device, so whatever went wrong, no money moved.
        never = e.PaymentNotCharged(transaction=transaction.id, attempt=attempt, reason=outcome.text)
        return Decision((never,))
    match outcome.kind:
        case OutcomeKind.DECLINED | OutcomeKind.CANCELLED if payment.state is PaymentState.APPROVED:
            return _lost(checkout, transaction, payment, f"the device said yes, then {outcome.kind}: {outcome.text}")
        case OutcomeKind.APPROVED if not _is_ours(payment, outcome):
            return _lost(checkout, transaction, payment, f"the device reports {outcome.amount}")
        case OutcomeKind.APPROVED:
            return Decision(_confirmed(transaction, payment, outcome, moment))
        case OutcomeKind.DECLINED:
            declined = e.PaymentDeclined(
                transaction=transaction.id, attempt=attempt, code=outcome.code, text=outcome.text
            )
            return Decision((declined,))
        case OutcomeKind.CANCELLED:
            cancelled = e.PaymentCancelled(
                transaction=transaction.id, attempt=attempt, code=outcome.code, text=outcome.text
            )
            return Decision((cancelled,))
        case OutcomeKind.REVERSED:
            undone = e.PaymentReversed(transaction=transaction.id, attempt=attempt, reason=outcome.text)
            return Decision((undone,))
        case OutcomeKind.NOT_CHARGED:
            never = e.PaymentNotCharged(transaction=transaction.id, attempt=attempt, reason=outcome.text)
            return Decision((never,))
        case OutcomeKind.UNKNOWN:
            return _lost(checkout, transaction, payment, outcome.text)


def _lost(checkout: Checkout, transaction: Transaction, payment: Payment, reason: str) -> Decision:
    if payment.state is PaymentState.UNKNOWN:
        return Decision()
    lost = e.PaymentOutcomeLost(transaction=transaction.id, attempt=payment.intent.attempt, reason=reason)
    return Decision((lost, *call_staff(checkout)))


def call_staff(checkout: Checkout) -> tuple[e.Event, ...]:
    """Call staff to a payment in doubt, also where they have answered an earlier call: this is another matter."""
    if checkout.help_called and not checkout.help_acknowledged:
        return ()
    return (e.HelpCalled(code="payment"),)


def _contradict(
    checkout: Checkout, command: c.ReportOutcome, found: tuple[Transaction, Payment] | None
) -> Decision | Rejection:
    """Take what a device says after a person has decided.

    A charge that shows up while its goods are unpaid is in doubt again, so that nobody pays them a second time; what
    cannot be put right here is told to staff.
    """
    decided, outcome = checkout.decided.get(command.attempt), command.outcome
    charged = outcome.kind is OutcomeKind.APPROVED
    was_paid = decided is not None and decided.decision is c.PaymentDecision.WAS_PAID
    if decided is None or outcome.kind is OutcomeKind.UNKNOWN or charged is was_paid or _claimed(checkout, command):
        return Rejection(reason=Reason.NOT_NOW)
    number = outcome.reference.receipt_number if outcome.reference else ""
    told = f"{decided.amount} {'charged' if charged else 'not paid'} after all, receipt {number or '-'}"
    if not charged or found is None or found[0].state not in (TransactionState.OPEN, TransactionState.TENDERING):
        return Decision((e.HelpCalled(code=told),))
    transaction, payment = found
    events: list[e.Event] = []
    running = transaction.running
    if running is not None and running.state is PaymentState.INTENT:
        events.append(
            e.PaymentNotCharged(transaction=transaction.id, attempt=running.intent.attempt, reason="paid before")
        )
    elif running is not None:
        return Decision((e.HelpCalled(code=told),))
    reason = f"{told}; {decided.operator} had decided otherwise"
    lost = e.PaymentOutcomeLost(transaction=transaction.id, attempt=payment.intent.attempt, reason=reason)
    return Decision((*events, lost, e.HelpCalled(code="payment")))


def _claimed(checkout: Checkout, command: c.ReportOutcome) -> bool:
    """Whether what the device tells is another attempt's: then it says nothing about this one."""
    sales = (sale for sale in (checkout.transaction, checkout.last_sale) if sale is not None)
    others = (p for sale in sales for p in sale.payments if p.intent.attempt != command.attempt)
    return any(p.outcome is not None and p.outcome.reference == command.outcome.reference is not None for p in others)


def _confirmed(transaction: Transaction, payment: Payment, outcome: Outcome, moment: Moment) -> tuple[e.Event, ...]:
    confirmed = e.PaymentConfirmed(
        transaction=transaction.id,
        attempt=payment.intent.attempt,
        outcome=outcome,
        currency=transaction.currency,
    )
    if transaction.paid + payment.intent.amount < transaction.total:
        return (confirmed,)
    return (confirmed, complete(transaction, payment, outcome, moment))


def resolve(checkout: Checkout, command: c.ResolvePayment, moment: Moment) -> Decision | Rejection:
    """Take a person's decision on a payment in doubt; it is journalled with the name and the reason."""
    if checkout.operator is None:
        return Rejection(reason=Reason.NOT_SIGNED_ON)
    found = _find(checkout, command.attempt)
    if found is None or found[1].state is not PaymentState.UNKNOWN:
        return Rejection(reason=Reason.NOT_NOW)
    transaction, payment = found
    decided = e.PaymentResolved(
        transaction=transaction.id,
        attempt=command.attempt,
        decision=command.decision,
        operator=checkout.operator,
        reason=command.reason,
    )
    if command.decision is c.PaymentDecision.WAS_PAID:
        known = payment.outcome or Outcome(kind=OutcomeKind.APPROVED, text=f"decided by {checkout.operator}")
        return Decision((decided, *_confirmed(transaction, payment, known, moment)))
    never = e.PaymentNotCharged(
        transaction=transaction.id, attempt=command.attempt, reason=f"decided by {checkout.operator}"
    )
    return Decision((decided, never))


def retry_lookup(checkout: Checkout) -> Decision | Rejection:
    """Ask the device again."""
    payment = checkout.transaction.running if checkout.transaction else None
    if payment is None or payment.state is not PaymentState.UNKNOWN:
        return Rejection(reason=Reason.NOT_NOW)
    return Decision(effects=(LookUp(payment.intent),))


def complete(transaction: Transaction, last: Payment, outcome: Outcome, moment: Moment) -> e.TransactionCompleted:
    """Build the event that hands the goods over: everything the receipt and the hub need."""
    paid = [(p, p.outcome) for p in transaction.payments if p.state is PaymentState.CONFIRMED]
    paid.append((last, outcome))
    movements: dict[Sku, Decimal] = {}
    for line in transaction.active:
        movements[line.sku] = movements.get(line.sku, Decimal(0)) - line.quantity
    return e.TransactionCompleted(
        transaction=transaction.id,
        currency=transaction.currency,
        total=transaction.total,
        lines=tuple(
            e.SaleLine(
                line=line.line,
                type="sale" if line.deposit_of is None else "deposit",
                sku=line.sku,
                text=line.text,
                entry=line.entry,
                quantity=line.quantity,
                unit=line.unit,
                price=line.price,
                gross=line.gross,
                vat=line.tax_rate,
                gtin=line.gtin,
            )
            for line in transaction.active
        ),
        taxes=tax_summary([(line.tax_rate, line.gross) for line in transaction.active]),
        tenders=tuple(
            e.SaleTender(
                type=payment.intent.tender,
                amount=payment.intent.amount,
                attempt=payment.intent.attempt,
                masked_pan="" if told is None else told.masked_pan,
                card_name="" if told is None else told.card_name,
                reference=None if told is None else told.reference,
            )
            for payment, told in paid
        ),
        stock=tuple(sorted(movements.items())),
        receipt_token=moment.fresh_id().hex,
        customer_receipts=tuple(told.customer_receipt for _, told in paid if told and told.customer_receipt),
    )
