"""What staff find when they sign on: what waits for a person, the money that is in doubt or due, the till. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from appliance.core.availability import MINIMUM_SPACE_MB, printer_ready
from appliance.core.checkout import Checkout, DeviceState, LaneState, LineItem, Transaction, TransactionState
from appliance.core.commands import Condition, Health
from appliance.core.events import TerminalDayClosed
from appliance.core.identifiers import Operator
from appliance.core.money import Money
from appliance.core.payment import (
    IntentKind,
    OutcomeKind,
    Payment,
    PaymentState,
    Reference,
    TenderType,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDoubt:
    """An intent of which nobody knows whether money moved, or of which only staff can see it."""

    attempt: UUID
    kind: IntentKind
    tender: TenderType
    amount: Money
    device: str
    """"" = staff's own hands."""
    requested_at: datetime
    sale: int
    """Number of the transaction."""
    restarted: bool
    """The till was started anew while it was under way."""
    approved: bool
    """The device had said yes before the line was lost."""
    told: str
    """What the device said to the newest look-up."""
    unconfirmed: bool = False
    """No device ever tells whether money has come; nothing is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyDue:
    """Money that a customer gets back."""

    attempt: UUID
    amount: Money
    device: str
    tender: TenderType
    reference: Reference | None
    sale: int
    why: str
    under_way: bool
    """The device gives it back now, or nobody knows whether it did."""
    refused: str
    """What the device said when it did not."""
    by_device: bool
    """Whether the device that took it can be asked now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalDay:
    """A tender device, for its end of day."""

    device: str
    journal: Money | None
    """What the journal knows of since its last end of day; None: nothing has moved."""
    count: int
    complete: bool
    """Whether the journal reaches back to the last end of day."""
    closing: bool
    fault: str
    closed: TerminalDayClosed | None
    """Its last end of day, of this business day."""
    online: bool
    remedy: str
    may_close: bool
    """Nothing keeps it open, and there is something to close."""

    @property
    def done(self) -> bool:
        """Whether it is closed and nothing has moved since."""
        return self.closed is not None and not self.count


@dataclass(frozen=True, slots=True, kw_only=True)
class PartTaken:
    """One part of a sale that is undone, or paid in part."""

    tender: TenderType
    amount: Money
    state: PaymentState


@dataclass(frozen=True, slots=True, kw_only=True)
class LastSale:
    """The newest completed sale: the copy of its receipt, its post-void."""

    number: int
    total: Money
    may_void: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffFacts:
    """What staff find when they sign on."""

    operator: Operator
    state: TransactionState
    lane: LaneState
    business_date: date | None
    waiting: tuple[LineItem, ...]
    """Lines that need an approval."""
    doubts: tuple[PaymentDoubt, ...]
    due: tuple[MoneyDue, ...]
    found_paid: Money | None
    """A restart found the open sale paid, and the policy asks staff."""
    parts: tuple[PartTaken, ...]
    """Of a sale that is paid in part, or that is being undone."""
    days: tuple[TerminalDay, ...]
    devices: tuple[DeviceState, ...]
    """Those that need a hand first."""
    hub_online: bool
    hub_since: datetime | None
    waiting_rows: int
    """Journal rows that the hub has not acknowledged."""
    items: int
    total: Money | None
    """Of the open sale; None without one."""
    may_void: bool
    last_sale: LastSale | None
    may_print: bool
    has_drawer: bool
    drawer_open: bool
    fault: str
    space_low: bool
    """Too little room on the card for another sale."""
    help_code: str

    @property
    def may_undo(self) -> bool:
        """Whether part payments can be given back now."""
        moving = any(part.state not in (PaymentState.CONFIRMED, PaymentState.REVERSED) for part in self.parts)
        return bool(self.parts) and self.state is TransactionState.TENDERING and not moving and self.found_paid is None


def staff_facts(checkout: Checkout) -> StaffFacts | None:
    """Give what staff are shown; None while nobody is signed on."""
    if checkout.operator is None:
        return None
    sale, last, devices = checkout.transaction, checkout.last_sale, checkout.devices.values()
    busy = sale is None or sale.running is not None or bool(sale.paid)
    return StaffFacts(
        operator=checkout.operator,
        state=checkout.state,
        lane=checkout.lane,
        business_date=checkout.business_date,
        waiting=sale.waiting_lines if sale and checkout.state is TransactionState.OPEN else (),
        doubts=tuple(_doubts(checkout)),
        due=tuple(_due(checkout)),
        found_paid=found_paid(sale) if sale else None,
        parts=tuple(_parts(sale)) if sale else (),
        days=tuple(_days(checkout)),
        devices=tuple(sorted(devices, key=lambda device: (not needs_hand(device), device.name))),
        hub_online=checkout.hub_online,
        hub_since=checkout.hub_since,
        waiting_rows=checkout.waiting_rows,
        items=len([line for line in sale.active if line.deposit_of is None]) if sale else 0,
        total=sale.total if sale else None,
        may_void=not busy and checkout.state in (TransactionState.OPEN, TransactionState.TENDERING),
        last_sale=_last_sale(checkout, last) if last else None,
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


def found_paid(sale: Transaction) -> Money | None:
    """Give what is paid of a sale that a restart found paid and that staff decide on."""
    whole = sale.parts and sale.due.minor <= 0 and sale.running is None
    return sale.paid if whole and sale.state is TransactionState.TENDERING else None


def _doubts(checkout: Checkout) -> Iterator[PaymentDoubt]:
    sale = checkout.transaction
    refunds = (task.refund for task in checkout.refunds.values() if task.refund is not None)
    for payment in (*(sale.payments if sale else ()), *refunds):
        by_eye = payment.intent.tender in checkout.policy.unconfirmed and payment.state is PaymentState.SENT
        if payment.state is PaymentState.UNKNOWN or by_eye:
            yield _doubt(checkout, payment, unconfirmed=by_eye)


def _doubt(checkout: Checkout, payment: Payment, *, unconfirmed: bool) -> PaymentDoubt:
    intent = payment.intent
    return PaymentDoubt(
        attempt=intent.attempt,
        kind=intent.kind,
        tender=intent.tender,
        amount=intent.amount,
        device=intent.device,
        requested_at=payment.requested_at,
        sale=intent.transaction.sequence,
        restarted=payment.restarted,
        approved=payment.outcome is not None and payment.outcome.kind is OutcomeKind.APPROVED,
        told=checkout.told.get(intent.attempt, ""),
        unconfirmed=unconfirmed,
    )


def _due(checkout: Checkout) -> Iterator[MoneyDue]:
    for task in checkout.refunds.values():
        due, refund = task.due, task.refund
        device = checkout.devices.get(due.device)
        failed = refund is not None and task.running is None and refund.outcome is not None
        yield MoneyDue(
            attempt=due.attempt,
            amount=due.amount,
            device=due.device,
            tender=due.tender,
            reference=due.reference,
            sale=due.transaction.sequence,
            why=due.reason,
            under_way=task.running is not None,
            refused=refund.outcome.text if failed and refund and refund.outcome else "",
            by_device=device is not None
            and device.health is Health.ONLINE
            and due.device not in checkout.busy_devices(),
        )


def _parts(sale: Transaction) -> Iterator[PartTaken]:
    if sale.state not in (TransactionState.TENDERING, TransactionState.POST_VOIDING, TransactionState.IN_DOUBT):
        return
    kept = (PaymentState.CONFIRMED, PaymentState.RELEASED, PaymentState.REVERSING, PaymentState.REFUND_DUE)
    undone = {p.intent.original_attempt for p in sale.payments if p.state is PaymentState.CONFIRMED}
    for payment in sale.payments:
        intent = payment.intent
        if intent.kind is not IntentKind.PAY:
            continue
        if payment.state in kept or (payment.state is PaymentState.REVERSED and intent.attempt in undone):
            yield PartTaken(tender=intent.tender, amount=payment.charged, state=payment.state)


def _days(checkout: Checkout) -> Iterator[TerminalDay]:
    settled = not checkout.unresolved() and not checkout.refunds
    quiet = settled and checkout.state in (TransactionState.IDLE, TransactionState.TENDERED)
    for name in dict.fromkeys(checkout.policy.tender_devices.values()):
        device = checkout.devices.get(name)
        if device is None:
            continue
        sums, closed = checkout.unsettled.get(name), checkout.days_closed.get(name)
        count = sums.count if sums else 0
        closing, online = checkout.closing_day.get(name) == "", device.health is Health.ONLINE
        yield TerminalDay(
            device=name,
            journal=sums.amount if sums else None,
            count=count,
            complete=sums.complete if sums else True,
            closing=closing,
            fault=checkout.closing_day.get(name, ""),
            closed=closed,
            online=online,
            remedy=device.remedy,
            may_close=quiet and online and not closing and (bool(count) or closed is None),
        )


def _last_sale(checkout: Checkout, last: Transaction) -> LastSale:
    quiet = checkout.state in (TransactionState.IDLE, TransactionState.TENDERED)
    free = not any(part.intent.device in checkout.busy_devices() for part in last.parts)
    whole = last.completed is not None and last.state is TransactionState.TENDERED
    return LastSale(
        number=last.id.sequence,
        total=last.total,
        may_void=quiet and free and whole and not last.receipt.printing,
    )
