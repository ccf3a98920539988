"""A sample of every page and of every state that looks different, for the gallery and the tests. Needs no pytest.

Pages are made by `viewmodel.page` from whole states of a till, never by hand; entries by the touches that lead there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from appliance.core.catalogue import Item, Shelf, Unit
from appliance.core.checkout import (
    Checkout,
    DeviceState,
    LaneState,
    LineItem,
    Policy,
    Reason,
    ReceiptState,
    RefundTask,
    Rejection,
    Transaction,
    TransactionState,
)
from appliance.core.commands import Condition, EntryMethod, Health, PrintResult, ReceiptKind
from appliance.core.events import RefundDue, TerminalDayClosed, TransactionCompleted, Unsettled
from appliance.core.identifiers import CatalogueVersion, Gtin, Language, LineNumber, Operator, Plu, Sku, TransactionId
from appliance.core.money import Currency, Money
from appliance.core.payment import (
    EXPIRED,
    Intent,
    IntentKind,
    Outcome,
    OutcomeKind,
    Payment,
    PaymentState,
    Progress,
    Reference,
    TenderType,
    UndoReason,
)
from appliance.ui.entry import Elapsed, Entry, Refused, Shown, Touch, deadline, step
from appliance.ui.entry import Intent as Act
from appliance.ui.pages import Page, Screen
from appliance.ui.view import Pointer
from appliance.ui.viewmodel import page

NOK = Currency.parse("NOK")
NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
NB, NN, EN, ZH = Language("nb"), Language("nn"), Language("en"), Language("zh")
LANGUAGES = (NB, NN, EN, ZH)
SCREEN = Screen(shop="Torget Landhandel", languages=LANGUAGES, terminal=Pointer.RIGHT)
POLICY = Policy(
    store="torget",
    workstation="2",
    currency=NOK,
    languages=LANGUAGES,
    tenders=(TenderType.CARD,),
    receipts=(ReceiptKind.PAPER, ReceiptKind.DIGITAL, ReceiptKind.NONE),
    receipt_url="https://kvittering.example/r",
    tender_devices={
        TenderType.CARD: "terminal",
        TenderType.QR: "wallet",
        TenderType.CASH: "acceptor",
        TenderType.WALLET: "wallet",
        TenderType.GIFT_CARD: "wallet",
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One picture."""

    name: str
    page: Page
    entry: Entry


def kr(ore: int) -> Money:
    """Give an amount in Norwegian minor units."""
    return Money(ore, NOK)


def device(
    name: str, category: str, *conditions: Condition, health: Health = Health.ONLINE, **texts: str
) -> DeviceState:
    """Give a device as the supervisor reports it."""
    return DeviceState(name=name, category=category, health=health, conditions=frozenset(conditions), **texts)


DEVICES = {
    state.name: state
    for state in (
        device("scanner", "Scanner"),
        device("printer", "POSPrinter"),
        device("terminal", "CAT"),
        device("wallet", "CAT"),
        device("drawer", "CashDrawer"),
        device("acceptor", "CashChanger"),
        device("lamp", "Lights"),
    )
}


def item(
    sku: str, names: tuple[str, str, str, str], ore: int, category: str, plu: str, *, weighed: bool = False
) -> Item:
    """Give an item without a barcode."""
    return Item(
        sku=Sku(sku),
        names=dict(zip(LANGUAGES, names, strict=True)),
        unit=Unit.KILOGRAM if weighed else Unit.EACH,
        price=kr(ore),
        tax_code="15",
        plu=Plu(plu),
        category=category,
        picture=sku,
        browsable=True,
    )


SHELF = Shelf(
    items=(
        item("banana", ("Bananer", "Bananar", "Bananas", "香蕉"), 2490, "Fruit", "4011", weighed=True),
        item(
            "apple-red",
            ("Epler, norske", "Eple, norske", "Apples, Norwegian", "挪威苹果"),
            3490,
            "Fruit",
            "4017",
            weighed=True,
        ),
        item("lemon", ("Sitron", "Sitron", "Lemon", "柠檬"), 690, "Fruit", "4053"),
        item("orange", ("Appelsin", "Appelsin", "Orange", "橙子"), 790, "Fruit", "4012"),
        item("pineapple", ("Ananas", "Ananas", "Pineapple", "菠萝"), 3990, "Fruit", "4029"),
        item("kiwi", ("Kiwi", "Kiwi", "Kiwi", "猕猴桃"), 490, "Fruit", "4030"),
        item(
            "tomato-vine",
            ("Tomater i klase", "Tomatar i klase", "Tomatoes on the vine", "串番茄"),
            4990,
            "Vegetables",
            "4664",
            weighed=True,
        ),
        item("cucumber", ("Agurk", "Agurk", "Cucumber", "黄瓜"), 2290, "Vegetables", "4062"),
        item("carrot", ("Gulrot", "Gulrot", "Carrots", "胡萝卜"), 1990, "Vegetables", "4094", weighed=True),
        item("broccoli", ("Brokkoli", "Brokkoli", "Broccoli", "西兰花"), 2490, "Vegetables", "4060"),
        item(
            "roll-dark",
            ("Rundstykke, grovt", "Rundstykke, grovt", "Bread roll, wholegrain", "全麦小面包"),
            890,
            "Bakery",
            "90001",
        ),
        item("bun-custard", ("Skolebolle", "Skulebolle", "Custard bun", "奶黄面包"), 2490, "Bakery", "90002"),
    ),
    categories=("Fruit", "Vegetables", "Bakery"),
)

MANY_CATEGORIES = ("Fruit", "Vegetables", "Bakery", "Flowers", "Herbs", "Nuts", "Sweets", "Bags", "Other")


def line(
    number: int,
    names: tuple[str, str, str, str],
    ore: int,
    quantity: str = "1",
    gtin: str = "",
    **more: Any,
) -> LineItem:
    """Give a line of the basket."""
    amount = Decimal(quantity)
    facts = LineItem(
        line=LineNumber(number),
        sku=Sku(f"sku-{number}"),
        text=names[0],
        names=dict(zip(LANGUAGES, names, strict=True)),
        entry=EntryMethod.SCANNED,
        quantity=amount,
        unit=Unit.EACH,
        price=kr(ore),
        gross=kr(ore).times(amount),
        tax_code="15",
        tax_rate=Decimal(15),
        gtin=Gtin.parse(gtin) if gtin else None,
    )
    return replace(facts, **more)


MILK = line(1, ("Lettmelk 1 l", "Lettmjølk 1 l", "Semi-skimmed milk 1 l", "低脂牛奶 1升"), 2190, "2", "7038010009457")
BREAD = line(
    2, ("Grovbrød, steinovnsbakt", "Grovbrød, steinomnsbakt", "Wholegrain bread, stone-baked", "石炉全麦面包"), 4390
)
BANANAS = line(3, ("Bananer", "Bananar", "Bananas", "香蕉"), 2490, "0.482", unit=Unit.KILOGRAM, quantity_fixed=True)
COLA = line(4, ("Cola 1,5 l", "Cola 1,5 l", "Cola 1.5 l", "可乐 1.5升"), 3290)
PLEDGE = line(5, ("Pant", "Pant", "Deposit", "押金"), 300, deposit_of=LineNumber(4), quantity_fixed=True)
CHEESE = line(
    6,
    (
        "Kraftkar blåmuggost fra Tingvoll, modnet i seks måneder, 150 g",
        "Kraftkar blåmuggost frå Tingvoll, mogna i seks månader, 150 g",
        "Kraftkar blue cheese from Tingvoll, matured for six months, 150 g",
        "廷沃尔 Kraftkar 蓝纹奶酪，熟成六个月，150克",
    ),
    12990,
)
BEER = line(
    7, ("Pils 0,5 l, 4,7 %", "Pils 0,5 l, 4,7 %", "Lager 0.5 l, 4.7 %", "淡啤酒 0.5升"), 3490, "6", approval_age=18
)
CIDER = line(8, ("Eplesider 0,33 l", "Eplesider 0,33 l", "Apple cider 0.33 l", "苹果酒 0.33升"), 4290, approval_age=18)
BASKET = (MILK, BREAD, BANANAS, COLA, PLEDGE)


def sale(*lines: LineItem, state: TransactionState = TransactionState.OPEN, number: int = 1187) -> Transaction:
    """Give the transaction at the till."""
    return Transaction(
        id=TransactionId("torget", "2", date(2026, 11, 23), number),
        state=state,
        catalogue=CatalogueVersion("main", 1841),
        currency=NOK,
        lines=lines,
    )


def attempt(number: int) -> UUID:
    """Give the name of an attempt."""
    return UUID(int=(0x018F0000_0000_7000_8000 << 48) + number)


def payment(state: PaymentState, amount: Money, number: int = 1, **facts: Any) -> Payment:
    """Give an attempt of the sale; what is not said is paid by card."""
    intent: dict[str, Any] = {
        "attempt": attempt(number),
        "transaction": sale().id,
        "kind": IntentKind.PAY,
        "device": "terminal",
        "tender": TenderType.CARD,
        "amount": amount,
    }
    told = {name: facts.pop(name) for name in intent.keys() & facts.keys()}
    more = {"original_attempt": facts.pop("original_attempt", None)}
    return Payment(intent=Intent(**{**intent, **told, **more}), state=state, requested_at=NOON, **facts)


def paying(state: PaymentState, *, amount: Money | None = None, tender: TenderType = TenderType.CARD) -> Transaction:
    """Give a transaction with one attempt."""
    open_sale = sale(*BASKET, state=TransactionState.TENDERING)
    if state is PaymentState.UNKNOWN:
        open_sale = replace(open_sale, state=TransactionState.IN_DOUBT)
    intent = Intent(
        attempt=attempt(1),
        transaction=open_sale.id,
        kind=IntentKind.PAY,
        device=POLICY.tender_devices[tender],
        tender=tender,
        amount=amount or open_sale.total,
    )
    return replace(open_sale, payments=(Payment(intent=intent, state=state, requested_at=NOON),))


def completed(**receipt: Any) -> Transaction:
    """Give a paid transaction with what has become of its receipt."""
    paid = replace(paying(PaymentState.RELEASED), state=TransactionState.TENDERED)
    done = TransactionCompleted(
        transaction=paid.id,
        currency=NOK,
        total=paid.total,
        lines=(),
        taxes=(),
        tenders=(),
        stock=(),
        receipt_token="6f1c0e9a4b7d4c2f9a51d3e8b7f04c11",
    )
    return replace(paid, completed=done, completed_at=NOON, receipt=ReceiptState(**receipt))


def till(**facts: Any) -> Checkout:
    """Give the state of an open till where everything works."""
    usual: dict[str, Any] = {
        "policy": POLICY,
        "business_date": date(2026, 11, 23),
        "lane": LaneState.OPEN,
        "devices": DEVICES,
        "hub_online": True,
        "hub_since": NOON,
        "shelf": SHELF,
        "revision": 42,
    }
    return Checkout(**{**usual, **facts})


def with_device(state: DeviceState) -> dict[str, DeviceState]:
    """Give the devices with one of them in another state."""
    return {**DEVICES, state.name: state}


NO_PAPER = with_device(
    device("printer", "POSPrinter", Condition.PAPER_OUT, detail="Paper end sensor", remedy="Put in a new paper roll.")
)
NO_TERMINAL = with_device(
    device(
        "terminal",
        "CAT",
        health=Health.OFFLINE,
        detail="No answer at 192.168.10.7:20007",
        remedy="Check that the terminal has power and a network cable.",
    )
)
EVERY_TENDER = replace(POLICY, tenders=(TenderType.CARD, TenderType.QR, TenderType.CASH))
ALL_FIVE = replace(POLICY, tenders=tuple(TenderType))
STALL = replace(
    POLICY,
    unattended=False,
    tenders=(TenderType.CARD, TenderType.QR, TenderType.CASH),
    tender_devices={TenderType.CARD: "terminal", TenderType.QR: "wallet"},
    unconfirmed=frozenset({TenderType.QR}),
    cash_step=100,
)


def reached(state: Checkout, *acts: Act, screen: Screen = SCREEN) -> tuple[Page, Entry]:
    """Give page and entry after a new person sees a state and does something; what is told to the register is left."""
    start, end = page(till()), page(state)
    entry = step(Entry.fresh(screen), Shown(end), start).entry
    for act in acts:
        entry = step(entry, act, end).entry
    return end, entry


def waited(state: Checkout, *acts: Act) -> tuple[Page, Entry]:
    """Give the same after the time of the page is over too."""
    end, entry = reached(state, *acts)
    running = deadline(end, entry)
    return end, entry if running is None else step(entry, Elapsed(running.intent.key), end).entry


def refusal(reason: Reason, code: str = "7038010009457", limit: int = 0) -> Refused:
    """Give a refusal of the register."""
    return Refused(Rejection(reason=reason, code=code, limit=limit))


def touches(*names: str) -> tuple[Act, ...]:
    """Give touches in order."""
    return tuple(Touch(name) for name in names)


def many_lines() -> tuple[LineItem, ...]:
    """Give a basket of forty lines."""
    goods = (MILK, BREAD, BANANAS, COLA, CHEESE)
    return tuple(replace(goods[number % 5], line=LineNumber(number + 1)) for number in range(40))


def samples() -> tuple[Sample, ...]:
    """Give every sample; the names are those of the pages, with the state after a hyphen."""
    return tuple(
        Sample(name=name, page=end, entry=entry)
        for table in (
            _nobody(),
            _scanning(),
            _finding(),
            _paying(),
            _receipts(),
            _over(),
            _cash(),
            _staff(),
            _money(),
            _days(),
        )
        for name, (end, entry) in table.items()
    )


Table = dict[str, tuple[Page, Entry]]


def _nobody() -> Table:
    return {
        "starting": reached(till(lane=LaneState.STARTING)),
        "closed": reached(till(lane=LaneState.CLOSED)),
        "closed-updating": reached(till(lane=LaneState.UPDATING)),
        "out_of_service": reached(till(devices=NO_TERMINAL)),
        "out_of_service-open_sale": reached(
            till(transaction=sale(*BASKET), fault="the journal cannot append: disk full")
        ),
        "out_of_service-paid": reached(till(transaction=completed(), fault="the journal cannot append: disk full")),
        "attract": reached(till()),
        "attract-tenders": reached(till(policy=EVERY_TENDER)),
        "attract-help": reached(till(help_called=True)),
    }


def _scanning() -> Table:
    basket = till(transaction=sale(*BASKET))
    removed = sale(MILK, BREAD, replace(CHEESE, voided=True))
    beer = till(transaction=sale(*BASKET, BEER))
    expensive = sale(replace(CHEESE, line=LineNumber(1), quantity=Decimal(99), gross=kr(1_286_010_00)))
    return {
        "basket": reached(basket),
        "basket-started": reached(till(), *touches("start")),
        "basket-one": reached(till(transaction=sale(MILK))),
        "basket-long_name": reached(till(transaction=sale(*BASKET, CHEESE))),
        "basket-many": reached(till(transaction=sale(*many_lines()))),
        "basket-big_total": reached(till(transaction=expensive)),
        "basket-removed": reached(till(transaction=replace(removed, last_voided=LineNumber(6)))),
        "basket-all_removed": reached(
            till(transaction=replace(sale(replace(MILK, voided=True)), last_voided=LineNumber(1)))
        ),
        "basket-waits": reached(beer, *touches("carry_on")),
        "basket-closing": reached(till(transaction=sale(*BASKET), lane=LaneState.CLOSED)),
        "basket-hint": reached(basket, refusal(Reason.NOT_NOW)),
        "line": reached(basket, *touches("line:1")),
        "line-weighed": reached(basket, *touches("line:3")),
        "line-long_name": reached(till(transaction=sale(*BASKET, CHEESE)), *touches("line:6")),
        "quantity": reached(basket, *touches("line:1", "quantity")),
        "quantity-typed": reached(basket, *touches("line:1", "quantity", "key:1", "key:2")),
        "quantity-limit": reached(
            basket,
            *touches("line:1", "quantity", "key:9", "key:9", "ok"),
            refusal(Reason.QUANTITY_LIMIT, limit=20),
        ),
        "quantity-zero": reached(basket, *touches("line:1", "quantity", "key:0")),
        "unknown_item": reached(basket, refusal(Reason.UNKNOWN_ITEM)),
        "unknown_item-unreadable": reached(basket, refusal(Reason.UNREADABLE)),
        "unknown_item-no_price": reached(basket, refusal(Reason.NO_PRICE)),
        "unknown_item-recalled": reached(basket, refusal(Reason.RECALLED)),
        "unknown_item-expired": reached(basket, refusal(Reason.EXPIRED)),
        "unknown_item-weigh": reached(basket, refusal(Reason.NEEDS_SCALE)),
        "unknown_item-first": reached(till(), refusal(Reason.UNKNOWN_ITEM)),
        "approval": reached(beer),
        "approval-two": reached(till(transaction=sale(*BASKET, BEER, CIDER))),
        "turned_down": _turned_down(),
        "still_there": waited(basket),
        "cancel_all": reached(basket, *touches("cancel_all")),
    }


def _turned_down() -> tuple[Page, Entry]:
    before = till(transaction=sale(*BASKET, BEER), operator=Operator("Kari"))
    first, entry = reached(before, *touches("refuse"))
    after = page(till(transaction=sale(*BASKET, replace(BEER, voided=True))))
    return after, step(entry, Shown(after), first).entry


def _finding() -> Table:
    basket = till(transaction=sale(*BASKET))
    return {
        "search": reached(basket, *touches("search")),
        "search-second": reached(basket, *touches("search", "more")),
        "search-category": reached(basket, *touches("search", "category:Bakery")),
        "search-many_categories": reached(
            replace(basket, shelf=replace(SHELF, categories=MANY_CATEGORIES)), *touches("search", "groups")
        ),
        "search-named": reached(basket, *touches("search", "number", "letters", "key:a", "ok")),
        "item_number": reached(basket, *touches("search", "number")),
        "item_number-one": reached(basket, *touches("search", "number", "key:4", "key:0", "key:1", "key:1")),
        "item_number-none": reached(
            basket,
            *touches("search", "number", "key:9", "key:9", "key:9", "key:9"),
            refusal(Reason.UNKNOWN_ITEM, "9999"),
        ),
        "item_name": reached(basket, *touches("search", "number", "letters")),
        "item_name-some": reached(basket, *touches("search", "number", "letters", "key:a")),
    }


def _paying() -> Table:
    every = till(policy=EVERY_TENDER, transaction=sale(*BASKET))
    running = paying(PaymentState.SENT)
    declined = till(transaction=paying(PaymentState.DECLINED))
    part = paying(PaymentState.CONFIRMED, amount=kr(5000))
    steps = {
        f"card-{progress}": reached(
            till(transaction=running, progress=progress, may_cancel=progress is not Progress.CANCELLING)
        )
        for progress in Progress
        if progress not in (Progress.SCAN_CODE, Progress.SHOW_CODE, Progress.INSERT_CASH)
    }
    return {
        "choose_payment": reached(every, *touches("pay")),
        "choose_payment-missing": reached(replace(every, devices=NO_TERMINAL), *touches("pay")),
        "choose_payment-five": reached(till(policy=ALL_FIVE, transaction=sale(*BASKET)), *touches("pay")),
        "choose_payment-none": reached(till(transaction=sale(*BASKET), devices=NO_TERMINAL), *touches("pay")),
        "choose_payment-part_paid": reached(replace(every, transaction=part)),
        "choose_payment-part_cash": reached(till(policy=STALL, transaction=_part_in_cash())),
        "choose_payment-part_missing": reached(replace(every, transaction=part, devices=NO_TERMINAL)),
        "choose_payment-undone": reached(replace(every, transaction=_undone())),
        **steps,
        "card-slow": waited(till(transaction=running, progress=Progress.AUTHORISING)),
        "card-approved": reached(till(transaction=paying(PaymentState.APPROVED))),
        "card-scanned": reached(
            till(transaction=running, progress=Progress.PRESENT_CARD), refusal(Reason.PAYMENT_RUNNING)
        ),
        "card-undoing": reached(till(transaction=_undoing(), progress=Progress.WORKING)),
        "card-undoing_card": reached(till(transaction=_undoing(), progress=Progress.PRESENT_CARD)),
        **_phones(),
        **_machine(),
        "declined": reached(declined),
        "declined-choice": reached(replace(declined, policy=EVERY_TENDER)),
        "declined-cancelled": reached(till(transaction=paying(PaymentState.CANCELLED))),
        "declined-failed": reached(till(transaction=paying(PaymentState.NOT_CHARGED))),
        "declined-expired": reached(till(policy=EVERY_TENDER, transaction=_expired())),
        "choose_payment-declined": reached(replace(declined, policy=EVERY_TENDER), *touches("another")),
        "outcome_unknown": reached(
            till(transaction=paying(PaymentState.UNKNOWN), help_called=True, help_code="payment")
        ),
        "outcome_unknown-refund_due": reached(till(transaction=_owing(), help_called=True, help_code="payment")),
        "outcome_unknown-undoing": reached(till(transaction=_undo_in_doubt(), help_called=True)),
    }


def _phones() -> Table:
    """Give the pages of paying by phone."""
    swish, soon = "C1237856901;135,60;1187;0", datetime(2026, 11, 23, 11, 10, tzinfo=UTC)
    long_code = (
        "00020101021226740014br.gov.bcb.spi2552pix.bcb.gov.br/v2/9d36b84f-c70b-478f-b95c-12729b90ca25"
        "52040000530398654061356.05802BR5914Torget Landhan6007Bergen62070503***63041D3D"
    )
    code = till(
        policy=EVERY_TENDER,
        transaction=paying(PaymentState.SENT, tender=TenderType.QR),
        progress=Progress.SCAN_CODE,
        may_cancel=True,
        code=swish,
        code_until=soon,
    )
    shown = replace(
        code, transaction=paying(PaymentState.SENT, tender=TenderType.WALLET), progress=Progress.SHOW_CODE, code=""
    )
    stall = replace(code, policy=STALL, code_until=None)
    return {
        "qr_payment": reached(code),
        "qr_payment-long": reached(replace(code, code=long_code, code_until=None)),
        "qr_payment-coming": reached(replace(code, code="", progress=Progress.CONNECTING)),
        "qr_payment-on_phone": reached(replace(code, code="", progress=Progress.WORKING)),
        "qr_payment-cancelling": reached(replace(code, progress=Progress.CANCELLING, may_cancel=False)),
        "qr_payment-approved": reached(
            replace(code, transaction=paying(PaymentState.APPROVED, tender=TenderType.QR), may_cancel=False)
        ),
        "qr_payment-staff_check": reached(stall),
        "qr_payment-show_code": reached(shown),
        "qr_payment-show_code-asking": reached(replace(shown, progress=Progress.AUTHORISING)),
        "qr_payment-gift_card": reached(
            replace(shown, transaction=paying(PaymentState.SENT, tender=TenderType.GIFT_CARD))
        ),
    }


def _machine() -> Table:
    """Give the pages of a machine that takes cash."""
    coins = paying(PaymentState.SENT, tender=TenderType.CASH, amount=kr(13600))
    begun = till(
        policy=EVERY_TENDER,
        transaction=replace(coins, rounding=kr(40)),
        progress=Progress.INSERT_CASH,
        may_cancel=True,
    )
    some = replace(coins.payments[0], credits={"1": kr(10000), "2": kr(2000)})
    return {
        "insert_cash": reached(begun),
        "insert_cash-some": reached(replace(begun, transaction=replace(coins, payments=(some,)))),
        "insert_cash-cancelling": reached(replace(begun, progress=Progress.CANCELLING, may_cancel=False)),
    }


def _part_in_cash() -> Transaction:
    part = payment(PaymentState.CONFIRMED, kr(10000), device="", tender=TenderType.CASH)
    return replace(sale(*BASKET, state=TransactionState.TENDERING), payments=(part,))


def _undone() -> Transaction:
    part = payment(PaymentState.REVERSED, kr(5000))
    undo = payment(PaymentState.CONFIRMED, kr(5000), 2, kind=IntentKind.REVERSE, original_attempt=attempt(1))
    return replace(sale(*BASKET, state=TransactionState.TENDERING), payments=(part, undo))


def _undoing(state: PaymentState = PaymentState.SENT) -> Transaction:
    part = payment(PaymentState.REVERSING, kr(5000))
    undo = payment(state, kr(5000), 2, kind=IntentKind.REVERSE, original_attempt=attempt(1), reason=UndoReason.UNDO)
    return replace(sale(*BASKET, state=TransactionState.TENDERING), payments=(part, undo))


def _undo_in_doubt() -> Transaction:
    return replace(_undoing(PaymentState.UNKNOWN), state=TransactionState.IN_DOUBT)


def _expired() -> Transaction:
    lapsed = payment(
        PaymentState.CANCELLED,
        sale(*BASKET).total,
        device="wallet",
        tender=TenderType.QR,
        outcome=Outcome(kind=OutcomeKind.CANCELLED, code=EXPIRED),
    )
    return replace(sale(*BASKET, state=TransactionState.TENDERING), payments=(lapsed,))


def _owing() -> Transaction:
    owed = payment(PaymentState.REFUND_DUE, sale(*BASKET).total)
    return replace(sale(*BASKET, state=TransactionState.TENDERING), payments=(owed,))


def _receipts() -> Table:
    digital = completed(chosen=ReceiptKind.DIGITAL)
    only_paper = replace(POLICY, receipts=(ReceiptKind.PAPER,))
    return {
        "receipt": reached(till(transaction=completed())),
        "receipt-paper_out": reached(till(transaction=completed(), devices=NO_PAPER)),
        "receipt-nothing_works": reached(till(transaction=completed(), devices=NO_PAPER, policy=only_paper)),
        "receipt-failed": reached(till(transaction=completed(chosen=ReceiptKind.PAPER, result=PrintResult.FAILED))),
        "receipt-unsure": reached(till(transaction=completed(chosen=ReceiptKind.PAPER, result=PrintResult.UNKNOWN))),
        "printing": reached(till(transaction=completed(chosen=ReceiptKind.PAPER))),
        "receipt_qr": reached(till(transaction=digital)),
        "thank_you": reached(till(transaction=completed(chosen=ReceiptKind.PAPER, result=PrintResult.PRINTED))),
        "thank_you-digital": reached(till(transaction=digital), *touches("done")),
    }


def _over() -> Table:
    basket = till(transaction=sale(*BASKET))
    return {
        "language": reached(basket, *touches("adjust", "choose_language")),
        "adjust": reached(basket, *touches("adjust")),
        "adjust-on": reached(basket, *touches("adjust", "larger", "contrast", "lower", "calmer")),
        "help_called": reached(basket, *touches("help")),
        "help_called-coming": reached(replace(basket, help_called=True, help_acknowledged=True), *touches("help")),
        "basket-help_coming": reached(replace(basket, help_called=True, help_acknowledged=True)),
        "basket-training": reached(basket, screen=replace(SCREEN, training=True)),
        "attract-adjusted": reached(till(), *touches("adjust", "larger", "lower", "back")),
    }


def _staff() -> Table:
    quiet = till(operator=Operator("Kari"), last_sale=completed())
    busy = till(
        operator=Operator("Kari"),
        transaction=sale(*BASKET, BEER, CIDER),
        devices=NO_PAPER,
        help_called=True,
        help_code="7038010009457",
        hub_online=False,
        waiting_rows=17,
        last_sale=completed(),
    )
    doubt = replace(quiet, transaction=paying(PaymentState.UNKNOWN), help_called=True, help_code="payment")
    stall = replace(quiet, policy=replace(POLICY, unattended=False), transaction=sale(*BASKET))
    return {
        "sign_in": reached(till(), *touches("staff", "key:1", "key:2", "key:3", "key:4")),
        "sign_in-wrong": reached(till(), *touches("staff", "key:1", "ok"), refusal(Reason.WRONG_PIN, "")),
        "attendant": reached(quiet),
        "attendant-busy": reached(busy, *touches("back", "row:help")),
        "attendant-printer": reached(busy, *touches("back", "row:device:printer")),
        "attendant-offline": reached(replace(quiet, hub_online=False, waiting_rows=17), *touches("row:hub")),
        "attendant-doubt": reached(doubt, *touches("back", "row:lane")),
        "attendant-fault": reached(replace(quiet, fault="the journal cannot append: disk full", free_mb=12)),
        "attendant-closed": reached(replace(quiet, lane=LaneState.CLOSED), *touches("row:lane")),
        "attendant-receipt": reached(quiet, *touches("row:receipt")),
        "attendant-drawer": reached(quiet, *touches("row:device:drawer")),
        "attendant-sale": reached(replace(quiet, transaction=sale(*BASKET)), *touches("row:sale")),
        "attendant-stall": reached(stall, *touches("staff")),
        "approve": reached(busy),
        "drawer": reached(quiet, *touches("row:device:drawer", "drawer")),
        "void_sale": reached(replace(quiet, transaction=sale(*BASKET)), *touches("row:sale", "void_sale")),
    }


def paid_in_cash(given: int) -> Transaction:
    """Give a completed sale that staff took cash for."""
    done = completed()
    taken = Outcome(kind=OutcomeKind.APPROVED, amount=kr(13600), given=kr(given))
    part = payment(PaymentState.RELEASED, kr(13600), device="", tender=TenderType.CASH, outcome=taken)
    return replace(done, payments=(part,), rounding=kr(40))


def _cash() -> Table:
    stall = till(policy=STALL, transaction=sale(*BASKET), operator=Operator("Kari"))
    taking = ("pay", "tender:cash")
    paid = replace(stall, transaction=paid_in_cash(20000))
    locked = {**DEVICES, "drawer": device("drawer", "CashDrawer", health=Health.OFFLINE)}
    return {
        "cash": reached(stall, *touches(*taking)),
        "cash-change": reached(stall, *touches(*taking, "key:1", "key:5", "key:0")),
        "cash-too_little": reached(stall, *touches(*taking, "key:1", "key:0", "key:0", "key:,", "key:5")),
        "cash-rest": reached(replace(stall, transaction=_part_in_cash()), *touches("tender:cash")),
        "change": reached(paid),
        "change-drawer_open": reached(replace(paid, drawer_open=True)),
        "change-by_key": reached(replace(paid, devices=locked)),
        "change-exact": reached(replace(paid, transaction=paid_in_cash(13600))),
    }


REFERENCE = Reference(terminal_id="29001006", receipt_number="0153", trace_number="000153")


def due_task(*, refund: Payment | None = None) -> RefundTask:
    """Give money that is due to a customer."""
    amount = sale(*BASKET).total
    owed = RefundDue(
        transaction=sale().id,
        attempt=attempt(1),
        amount=amount,
        currency=NOK,
        device="terminal",
        tender=TenderType.CARD,
        reason="the terminal took another amount and cannot undo it",
        reference=REFERENCE,
    )
    return RefundTask(due=owed, refund=refund)


def _money() -> Table:
    """Give what staff decide about money."""
    quiet = till(operator=Operator("Kari"), last_sale=completed())
    first = attempt(1)
    doubt = replace(
        quiet,
        transaction=paying(PaymentState.UNKNOWN),
        help_called=True,
        help_code="payment",
        told={first: "no answer from the terminal within 180 s"},
    )
    restarted = replace(
        doubt.transaction,
        payments=(payment(PaymentState.UNKNOWN, sale(*BASKET).total, restarted=True),),
    )
    undoing = replace(quiet, transaction=_undo_in_doubt())
    owed = replace(quiet, refunds={first: due_task()})
    refunding = payment(PaymentState.SENT, kr(13560), 2, kind=IntentKind.REFUND, original_attempt=first)
    refused = payment(
        PaymentState.DECLINED,
        kr(13560),
        2,
        kind=IntentKind.REFUND,
        original_attempt=first,
        outcome=Outcome(kind=OutcomeKind.DECLINED, text="refunds are not allowed"),
    )
    static = till(
        policy=STALL,
        operator=Operator("Kari"),
        transaction=paying(PaymentState.SENT, tender=TenderType.QR),
        progress=Progress.SCAN_CODE,
        code="C1237856901;135,60;1187;0",
    )
    found = replace(
        quiet,
        transaction=replace(
            sale(*BASKET, state=TransactionState.TENDERING),
            payments=(payment(PaymentState.CONFIRMED, sale(*BASKET).total, restarted=True),),
        ),
    )
    back = payment(PaymentState.REVERSED, kr(5000), device="wallet", tender=TenderType.GIFT_CARD)
    done = payment(PaymentState.CONFIRMED, kr(5000), 2, kind=IntentKind.REVERSE, original_attempt=attempt(1))
    going = payment(PaymentState.REVERSING, kr(8560), 3)
    under_way = payment(PaymentState.SENT, kr(8560), 4, kind=IntentKind.REVERSE, original_attempt=attempt(3))
    voiding = replace(completed(), state=TransactionState.POST_VOIDING, payments=(back, done, going, under_way))
    part = replace(quiet, transaction=paying(PaymentState.CONFIRMED, amount=kr(5000)))
    return {
        "resolve_payment": reached(doubt),
        "resolve_payment-restarted": reached(replace(doubt, transaction=replace(restarted), told={})),
        "resolve_payment-reversal": reached(undoing),
        "resolve_payment-by_eye": reached(static, *touches("check_payment")),
        "resolve_reason": reached(doubt, *touches("was_paid")),
        "resolve_reason-not_paid": reached(doubt, *touches("was_not_paid")),
        "resolve_reason-reversal": reached(undoing, *touches("was_paid")),
        "resolve_reason-not_back": reached(undoing, *touches("was_not_paid")),
        "resolve_reason-by_eye": reached(static, *touches("check_payment", "was_paid")),
        "attendant-due": reached(owed),
        "attendant-part_paid": reached(part, *touches("row:parts")),
        "attendant-post_void": reached(replace(quiet, transaction=voiding), *touches("row:parts")),
        "refund_due": reached(owed, *touches(f"row:due:{first}")),
        "refund_due-under_way": reached(
            replace(quiet, refunds={first: due_task(refund=refunding)}), *touches(f"row:due:{first}")
        ),
        "refund_due-refused": reached(
            replace(quiet, refunds={first: due_task(refund=refused)}), *touches(f"row:due:{first}")
        ),
        "given_back": reached(owed, *touches(f"row:due:{first}", "given_back")),
        "found_paid": reached(found),
        "post_void": reached(quiet, *touches("row:receipt", "post_void")),
        "post_void-sure": reached(quiet, *touches("row:receipt", "post_void", "reason:goods")),
    }


def _days() -> Table:
    """Give the end of day of a terminal."""
    sums = Unsettled(device="terminal", amount=kr(1_482_350), currency=NOK, count=97, complete=True)
    nothing = replace(sums, amount=kr(0), count=0)
    end = TerminalDayClosed(
        device="terminal",
        currency=NOK,
        journal_amount=kr(1_482_350),
        journal_count=97,
        device_amount=kr(1_482_350),
        device_count=97,
    )
    quiet = till(operator=Operator("Kari"), unsettled={"terminal": sums})
    way = touches("row:device:terminal", "close_day:terminal")
    closed = replace(quiet, unsettled={"terminal": nothing})
    return {
        "attendant-terminal": reached(quiet, *touches("row:device:terminal")),
        "close_day": reached(quiet, *way),
        "close_day-doubt": reached(replace(quiet, transaction=paying(PaymentState.UNKNOWN)), *touches("back"), *way),
        "close_day-due": reached(replace(quiet, refunds={attempt(1): due_task()}), *way),
        "close_day-sale": reached(replace(quiet, transaction=sale(*BASKET)), *way),
        "close_day-offline": reached(replace(quiet, devices=NO_TERMINAL), *way),
        "close_day-closing": reached(replace(quiet, closing_day={"terminal": ""}), *way),
        "close_day-failed": reached(replace(quiet, closing_day={"terminal": "the host did not answer"}), *way),
        "close_day-incomplete": reached(replace(quiet, unsettled={"terminal": replace(sums, complete=False)}), *way),
        "close_day-done": reached(replace(closed, days_closed={"terminal": end}), *way),
        "close_day-differs": reached(
            replace(closed, days_closed={"terminal": replace(end, device_amount=kr(1_469_450))}), *way
        ),
    }
