"""Decisions about the basket: which item a code means, whether it may be sold now, and at what price."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from appliance.core import commands as c
from appliance.core import events as e
from appliance.core import purse
from appliance.core.availability import receipts, takes_customers
from appliance.core.barcode import read, read_plu
from appliance.core.catalogue import Item, PriceBook, ScannedItem, Unit, Unreadable
from appliance.core.checkout import (
    Checkout,
    LaneState,
    LineItem,
    Reason,
    Rejection,
    Transaction,
    TransactionState,
)
from appliance.core.effects import PresentCode
from appliance.core.identifiers import Language, LineNumber, Operator, Sku, TransactionId
from appliance.core.issuing import leave
from appliance.core.moment import Decision, Moment
from appliance.core.money import Money
from appliance.core.payment import PaymentState, TenderType
from appliance.core.pricing import Priced, Unpriced, extended_price, may_merge, price_deposit, price_item

ROOM_FOR_LINES: Final = 56 * 1024
"""Bytes that the lines of a sale may have in its journal row, which has 64 KB at most; the rest is for taxes, tenders
and the terminal's receipt. What does not fit is refused at the scan: once the card is charged it is too late."""
LONGEST_TEXT: Final = 400
"""Letters of a line's text: the hub's books take no more."""
_BY_CODE: Final = frozenset({TenderType.WALLET, TenderType.GIFT_CARD})
"""Tenders that begin with a code which the customer shows to the scanner."""
_BYTES_OF_A_LINE: Final = 190
"""Of one line and its stock movement, without SKU and text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taking:
    """One act of taking an item: the state, the prices and the moment it happens in, and how."""

    checkout: Checkout
    book: PriceBook
    moment: Moment
    entry: c.EntryMethod
    raw: str


def scan(checkout: Checkout, command: c.ScanCode, book: PriceBook, moment: Moment) -> Decision | Rejection:
    """Take the item of a scanned code. A customer's purse goes to the device that waits for it, and nowhere else."""
    waiting = checkout.transaction.running if checkout.transaction else None
    if waiting is not None and waiting.intent.tender in _BY_CODE and waiting.state is PaymentState.INTENT:
        return Decision(effects=(PresentCode(waiting.intent.attempt, command.raw),))
    blocked = _blocked(checkout)
    if blocked is not None:
        return blocked
    code = read(command.raw, checkout.policy.barcodes, checkout.policy.currency, moment.business_date)
    item = None if isinstance(code, Unreadable) else _find(code, book)
    if item is None and purse.find(command.raw) is not None:
        return Rejection(reason=Reason.PURSE)
    if isinstance(code, Unreadable):
        return Rejection(reason=Reason.UNREADABLE, code=command.raw, detail=code.reason)
    if item is None:
        return Rejection(reason=Reason.UNKNOWN_ITEM, code=command.raw)
    if code.use_by is not None and code.use_by < moment.business_date:
        return Rejection(reason=Reason.EXPIRED, code=command.raw, detail=f"use by {code.use_by.isoformat()}")
    taking = _Taking(checkout=checkout, book=book, moment=moment, entry=command.entry, raw=command.raw)
    return _take(taking, item, code)


def key_plu(checkout: Checkout, command: c.KeyPlu, book: PriceBook, moment: Moment) -> Decision | Rejection:
    """Take the item of a PLU typed by hand."""
    code = read_plu(command.digits)
    item = None if isinstance(code, Unreadable) else _find(code, book)
    if isinstance(code, Unreadable) or item is None:
        return _blocked(checkout) or Rejection(reason=Reason.UNKNOWN_ITEM, code=command.digits)
    taking = _Taking(checkout=checkout, book=book, moment=moment, entry=c.EntryMethod.KEYED, raw=command.digits)
    return _blocked(checkout) or _take(taking, item, code)


def pick(checkout: Checkout, command: c.PickItem, book: PriceBook, moment: Moment) -> Decision | Rejection:
    """Take an item chosen by picture."""
    item = book.by_sku(command.sku)
    if item is None:
        return _blocked(checkout) or Rejection(reason=Reason.UNKNOWN_ITEM, code=command.sku)
    code = ScannedItem(sku=item.sku, count=command.quantity)
    taking = _Taking(checkout=checkout, book=book, moment=moment, entry=command.entry, raw=command.sku)
    return _blocked(checkout) or _take(taking, item, code)


def change_quantity(checkout: Checkout, command: c.ChangeQuantity, book: PriceBook) -> Decision | Rejection:
    """Set the pieces of a line; its deposit follows."""
    transaction, line = _open_line(checkout, command.line)
    if transaction is None or line is None:
        return Rejection(reason=Reason.UNKNOWN_LINE if transaction else Reason.NOT_NOW)
    if line.quantity_fixed:
        return Rejection(reason=Reason.QUANTITY_FIXED)
    if command.quantity < 1:
        return void_line(checkout, c.VoidLine(command.line))
    limit = _limit(checkout, book.by_sku(line.sku))
    if command.quantity > limit and checkout.operator is None:
        return Rejection(reason=Reason.QUANTITY_LIMIT, limit=limit)
    if command.quantity == line.quantity:
        return Decision()
    return Decision(tuple(_quantity(transaction, line, Decimal(command.quantity))))


def void_line(checkout: Checkout, command: c.VoidLine) -> Decision | Rejection:
    """Take a line out, its deposit with it. A deposit goes only with its item."""
    transaction, line = _open_line(checkout, command.line)
    if transaction is None or line is None or line.deposit_of is not None:
        return Rejection(reason=Reason.UNKNOWN_LINE if transaction else Reason.NOT_NOW)
    by = checkout.operator or ""
    numbers = [line.line, *(d.line for d in transaction.active if d.deposit_of == line.line)]
    return Decision(
        tuple(e.LineVoided(transaction=transaction.id, line=number, operator=Operator(by)) for number in numbers)
    )


def restore_line(checkout: Checkout, command: c.RestoreLine) -> Decision | Rejection:
    """Undo the last void line."""
    transaction = checkout.transaction
    if transaction is None or transaction.state is not TransactionState.OPEN or transaction.last_voided != command.line:
        return Rejection(reason=Reason.NOT_NOW)
    numbers = [command.line, *(line.line for line in transaction.lines if line.deposit_of == command.line)]
    return Decision(tuple(e.LineRestored(transaction=transaction.id, line=number) for number in numbers))


def void_transaction(checkout: Checkout, command: c.VoidTransaction) -> Decision | Rejection:
    """End without a sale; never while money may be moving or something is paid."""
    transaction = checkout.transaction
    if transaction is None or transaction.state not in (TransactionState.OPEN, TransactionState.TENDERING):
        return Rejection(reason=Reason.NOT_NOW)
    if transaction.running is not None or transaction.paid:
        return Rejection(reason=Reason.PAYMENT_RUNNING)
    voided = e.TransactionVoided(
        transaction=transaction.id,
        reason=command.reason,
        total=transaction.total,
        currency=transaction.currency,
        operator=checkout.operator or command.operator,
    )
    return Decision((voided,))


def _blocked(checkout: Checkout) -> Rejection | None:
    """Say why no item can be taken at all."""
    match checkout.state:
        case TransactionState.TENDERING | TransactionState.IN_DOUBT | TransactionState.POST_VOIDING:
            return Rejection(reason=Reason.PAYMENT_RUNNING)
        case TransactionState.TENDERED if (
            checkout.transaction and leave(checkout.transaction, receipts(checkout)) is None
        ):
            return Rejection(reason=Reason.RECEIPT_NOT_AVAILABLE)
        case TransactionState.OPEN:
            return Rejection(reason=Reason.OUT_OF_SERVICE) if checkout.fault else None
        case _:
            pass
    if checkout.lane is not LaneState.OPEN:
        return Rejection(reason=Reason.LANE_CLOSED)
    return None if takes_customers(checkout) else Rejection(reason=Reason.OUT_OF_SERVICE)


def _find(code: ScannedItem, book: PriceBook) -> Item | None:
    if code.sku is not None:
        return book.by_sku(code.sku)
    if code.plu is not None:
        return book.by_plu(code.plu)
    return None if code.gtin is None else book.by_gtin(code.gtin)


def _limit(checkout: Checkout, item: Item | None) -> int:
    if item is not None and item.maximum_quantity is not None:
        return item.maximum_quantity
    return checkout.policy.maximum_quantity


def _take(taking: _Taking, item: Item, code: ScannedItem) -> Decision | Rejection:
    checkout, raw = taking.checkout, taking.raw
    if item.recalled:
        return Rejection(reason=Reason.RECALLED, code=raw)
    priced = price_item(item, code)
    if isinstance(priced, Unpriced):
        return Rejection(reason=Reason(priced), code=raw)
    transaction = checkout.transaction if checkout.state is TransactionState.OPEN else None
    same = _same_line(checkout, transaction, item.sku, priced)
    pieces = priced.quantity + (same.quantity if same else 0)
    limit = _limit(checkout, item)
    if priced.unit is Unit.EACH and not priced.fixed and pieces > limit and checkout.operator is None:
        return Rejection(reason=Reason.QUANTITY_LIMIT, code=raw, limit=limit)
    if transaction is not None and same is not None:
        return Decision(tuple(_quantity(transaction, same, pieces)))
    before, identifier, number = _begin(checkout, transaction, taking.book, taking.moment)
    try:
        lines = _line_events(taking, identifier, LineNumber(number), item, priced, code)
    except LookupError as error:
        return Rejection(reason=Reason.NO_PRICE, code=raw, detail=str(error))
    if transaction is not None and _bytes_of((*transaction.lines, *lines)) > ROOM_FOR_LINES:
        return Rejection(reason=Reason.SALE_FULL, code=raw)
    return Decision((*before, *lines))


def _bytes_of(lines: Iterable[LineItem | e.LineAdded]) -> int:
    """Give what lines may take in the row of a completed sale. Voided ones count: they can be restored."""
    return sum(_BYTES_OF_A_LINE + 2 * len(line.sku.encode()) + len(line.text.encode()) for line in lines)


def _same_line(checkout: Checkout, transaction: Transaction | None, sku: Sku, priced: Priced) -> LineItem | None:
    if transaction is None or not checkout.policy.merge_same_item:
        return None
    return next((line for line in transaction.active if line.deposit_of is None and may_merge(line, sku, priced)), None)


def _begin(
    checkout: Checkout, transaction: Transaction | None, book: PriceBook, moment: Moment
) -> tuple[tuple[e.Event, ...], TransactionId, int]:
    """Give what comes before the line: the receipt of the sale before, a new business day, a new transaction."""
    if transaction is not None:
        return (), transaction.id, len(transaction.lines) + 1
    before: list[e.Event] = []
    sale = checkout.transaction
    if sale is not None:
        before += leave(sale, receipts(checkout)) or ()
    before += new_day(checkout, moment)
    day = moment.business_date if before and isinstance(before[-1], e.DayOpened) else checkout.business_date
    identifier = TransactionId(
        checkout.policy.store,
        checkout.policy.workstation,
        day or moment.business_date,
        checkout.next_transaction,
    )
    started = e.TransactionStarted(transaction=identifier, catalogue=book.version, currency=checkout.policy.currency)
    return (*before, started), identifier, 1


def new_day(checkout: Checkout, moment: Moment) -> tuple[e.Event, ...]:
    """Close the business day and open the next, if a later one has come. A clock set back changes no day."""
    old = checkout.business_date
    if old is not None and (moment.business_date <= old or checkout.printing or checkout.busy_devices()):
        return ()
    opened = e.DayOpened(
        business_date=moment.business_date,
        next_transaction=checkout.next_transaction,
        lane_open=old is None or checkout.lane is LaneState.OPEN,
        refunds_due=tuple(task.due for task in checkout.refunds.values()),
        unsettled=tuple(checkout.unsettled.values()),
    )
    if old is None:
        return (opened,)
    closed = e.DayClosed(
        business_date=old,
        transactions=checkout.sales,
        total=checkout.takings or Money(0, checkout.policy.currency),
        currency=checkout.policy.currency,
    )
    return (closed, opened)


def _line_events(
    taking: _Taking, transaction: TransactionId, number: LineNumber, item: Item, priced: Priced, code: ScannedItem
) -> list[e.LineAdded]:
    added = _line(taking, transaction, number, item, priced, code)
    if not item.deposit_sku:
        return [added]
    deposit = taking.book.by_sku(item.deposit_sku)
    pledged = Unpriced.NO_PRICE if deposit is None else price_deposit(deposit, priced.quantity)
    if deposit is None or isinstance(pledged, Unpriced):
        raise LookupError(f"the deposit item {item.deposit_sku} has no price in the catalogue")
    second = _line(taking, transaction, LineNumber(number + 1), deposit, pledged, ScannedItem(sku=deposit.sku))
    return [added, replace(second, deposit_of=number)]


def _line(
    taking: _Taking, transaction: TransactionId, number: LineNumber, item: Item, priced: Priced, code: ScannedItem
) -> e.LineAdded:
    policy = taking.checkout.policy
    names: Mapping[Language, str] = {
        language: item.names[language] for language in policy.languages if language in item.names
    }
    return e.LineAdded(
        transaction=transaction,
        line=number,
        sku=item.sku,
        text=item.name(policy.languages[0], policy.languages[0])[:LONGEST_TEXT],
        names=names,
        entry=taking.entry,
        quantity=priced.quantity,
        unit=priced.unit,
        price=priced.price,
        gross=priced.gross,
        tax_code=item.tax_code,
        tax_rate=policy.tax.rate(item.tax_code, taking.moment.business_date),
        currency=policy.currency,
        gtin=code.gtin or (item.gtins[0] if item.gtins else None),
        approval_age=item.minimum_age,
        quantity_fixed=priced.fixed,
        batch=code.batch,
        serial=code.serial,
    )


def _open_line(checkout: Checkout, number: LineNumber) -> tuple[Transaction | None, LineItem | None]:
    transaction = checkout.transaction
    if transaction is None or transaction.state is not TransactionState.OPEN:
        return None, None
    return transaction, next((line for line in transaction.active if line.line == number), None)


def _quantity(transaction: Transaction, line: LineItem, quantity: Decimal) -> list[e.Event]:
    lines = [line, *(d for d in transaction.active if d.deposit_of == line.line)]
    return [
        e.QuantityChanged(
            transaction=transaction.id,
            line=changed.line,
            quantity=quantity,
            gross=extended_price(changed.price, quantity),
            currency=transaction.currency,
        )
        for changed in lines
    ]
