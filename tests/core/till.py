"""A till made of nothing but the core: commands in, events and state out. For tests of the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from appliance.core import commands as c
from appliance.core import events as e
from appliance.core.barcode import BarcodeRules
from appliance.core.catalogue import Item, Shelf, Unit
from appliance.core.checkout import Checkout, Policy, Rejection, Transaction
from appliance.core.decision import decide, observe, outstanding, recover, settle
from appliance.core.doubt import running
from appliance.core.effects import Effect, effects_of
from appliance.core.evolution import evolve
from appliance.core.identifiers import CatalogueVersion, Gtin, Language, Operator, Plu, Sku
from appliance.core.moment import Decision, Moment
from appliance.core.money import Currency, Money
from appliance.core.payment import (
    Outcome,
    OutcomeKind,
    Payment,
    PaymentFact,
    Reference,
    Result,
    Sending,
    TenderType,
)
from appliance.core.selling import new_day
from appliance.core.tax import TaxRate, TaxTable

NOK = Currency.parse("NOK")
MILK = "7038010009457"
SODA = "7044610874661"
BEER = "7033330000016"
APPLES_BY_WEIGHT = "2312345004826"
START = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)


def item(sku: str, price: int | None, **more: object) -> Item:
    facts: dict[str, object] = {
        "sku": Sku(sku),
        "names": {Language("nb"): sku, Language("en"): f"{sku} (en)"},
        "unit": Unit.EACH,
        "price": None if price is None else Money(price, NOK),
        "tax_code": "15",
    }
    return Item(**{**facts, **more})  # type: ignore[arg-type]  # a test builder of many optional facts


ITEMS = (
    item("milk", 2290, gtins=(Gtin.parse(MILK),)),
    item("soda", 2990, gtins=(Gtin.parse(SODA),), deposit_sku=Sku("deposit-2")),
    item("deposit-2", 200, tax_code="25"),
    item("beer", 3990, gtins=(Gtin.parse(BEER),), tax_code="25", minimum_age=18),
    item("cheese", 19900, unit=Unit.KILOGRAM, gtins=(Gtin.parse("2012345000001"),)),
    item("apples", 3990, unit=Unit.KILOGRAM, plu=Plu("4015"), gtins=(Gtin.parse("2312345000002"),), browsable=True),
    item("bun", 1500, plu=Plu("4321"), browsable=True),
    item("unpriced", None, plu=Plu("4444")),
    item("recalled", 1000, plu=Plu("4445"), recalled=True),
)


@dataclass(frozen=True)
class Book:
    """A price book in memory."""

    version: CatalogueVersion = field(default_factory=lambda: CatalogueVersion("oslo", 1841))
    items: tuple[Item, ...] = ITEMS

    def by_gtin(self, gtin: Gtin) -> Item | None:
        return next((i for i in self.items if gtin in i.gtins), None)

    def by_plu(self, plu: Plu) -> Item | None:
        return next((i for i in self.items if i.plu == plu), None)

    def by_sku(self, sku: Sku) -> Item | None:
        return next((i for i in self.items if i.sku == sku), None)

    def shelf(self) -> Shelf:
        return Shelf(items=tuple(i for i in self.items if i.browsable), categories=())


def policy(**more: object) -> Policy:
    facts: dict[str, object] = {
        "store": "oslo-01",
        "workstation": "3",
        "currency": NOK,
        "languages": (Language("nb"), Language("en")),
        "tenders": (TenderType.CARD,),
        "receipts": (c.ReceiptKind.PAPER, c.ReceiptKind.DIGITAL, c.ReceiptKind.NONE),
        "receipt_url": "https://kvittering.example",
        "tax": TaxTable(
            {
                "25": (TaxRate(rate=Decimal(25)),),
                "15": (TaxRate(rate=Decimal(15)), TaxRate(rate=Decimal(14), since=date(2027, 1, 1))),
            }
        ),
        "barcodes": BarcodeRules(region="no"),
        "tender_devices": {TenderType.CARD: "terminal"},
    }
    return Policy(**{**facts, **more})  # type: ignore[arg-type]  # a test builder of many optional facts


class Till:
    """Plays commands like the register does, in memory, and keeps every event."""

    def __init__(self, book: Book | None = None, **rules: object) -> None:
        self.book = book or Book()
        self.policy = policy(**rules)
        self.now = START
        self.day: date | None = None
        self.journal: list[tuple[e.Event, datetime]] = []
        self.effects: list[Effect] = []
        self.checkout = Checkout(policy=self.policy)
        self.entropy = 0
        self.commit(new_day(self.checkout, self.moment()))
        self.device("terminal", "CAT")
        self.device("printer", "POSPrinter")
        self.do(c.ReportHub(online=True, waiting=0))

    def moment(self, operator: Operator | None = None) -> Moment:
        self.entropy += 1
        return Moment(
            at=self.now,
            business_date=self.day or self.now.date(),
            entropy=self.entropy,
            operator=operator,
            baselines={"terminal": {"receipt": "0152"}},
        )

    def commit(self, events: Sequence[e.Event]) -> None:
        for event in events:
            self.journal.append((event, self.now))
            self.checkout = evolve(self.checkout, event, self.now)
            self.effects += effects_of(event, self.checkout)

    def do(self, command: c.Command, operator: Operator | None = None) -> tuple[e.Event, ...] | Rejection:
        self.now += timedelta(seconds=1)
        moment = self.moment(operator)
        decision = decide(self.checkout, command, self.book, moment)
        if isinstance(decision, Rejection):
            return decision
        self.commit(decision.events)
        self.effects += decision.effects
        self.checkout = observe(self.checkout, command, moment)
        return decision.events

    def restart(self) -> list[Effect]:
        """Lose everything but the journal, come back, and give the effects that are outstanding."""
        devices, hub = self.checkout.devices, self.checkout.hub_online
        self.checkout = Checkout(policy=self.policy)
        for event, at in self.journal:
            self.checkout = evolve(self.checkout, event, at)
        self.commit(recover(self.checkout, self.moment()))
        self.checkout = settle(self.checkout)
        self.checkout = replace(self.checkout, devices=devices, hub_online=hub)
        return list(outstanding(self.checkout))

    # What people and devices do -------------------------------------------------------------------------------------

    def scan(self, *codes: str) -> None:
        for code in codes:
            result = self.do(c.ScanCode(code))
            assert not isinstance(result, Rejection), result

    def device(self, name: str, category: str, health: c.Health = c.Health.ONLINE, *conditions: c.Condition) -> None:
        self.do(c.ReportDevice(name, category, health, frozenset(conditions)))

    def sign_on(self, name: str = "kari") -> None:
        self.do(c.SignOn("1234"), operator=Operator(name))

    def pay(self) -> None:
        result = self.do(c.RequestPayment(TenderType.CARD))
        assert not isinstance(result, Rejection), result

    def send(self) -> bool:
        return self.record(Sending())

    def record(self, fact: PaymentFact) -> bool:
        """Have a fact recorded; what the device is answered."""
        command = c.RecordPayment(self.attempt, fact, lambda _: None)
        decision = decide(self.checkout, command, self.book, self.moment())
        return not isinstance(self.do(command), Rejection) and isinstance(decision, Decision) and decision.accepted

    @property
    def running(self) -> Payment:
        """The intent that is under way or in doubt; without one, the newest."""
        under_way = running(self.checkout)
        return under_way[0] if under_way else self.sale.payments[-1]

    @property
    def attempt(self) -> UUID:
        return self.running.intent.attempt

    @property
    def sale(self) -> Transaction:
        assert self.checkout.transaction is not None
        return self.checkout.transaction

    def approved(self, minor: int | None = None) -> Outcome:
        amount = self.running.intent.amount if minor is None else Money(minor, NOK)
        return Outcome(
            kind=OutcomeKind.APPROVED,
            amount=amount,
            reference=Reference(terminal_id="29001006", receipt_number="0153", trace_number="000153"),
            masked_pan="************4321",
            card_name="MAESTRO",
        )

    def outcome(self, kind: OutcomeKind, text: str = "") -> tuple[e.Event, ...] | Rejection:
        outcome = self.approved() if kind is OutcomeKind.APPROVED else Outcome(kind=kind, text=text)
        return self.do(c.ReportOutcome(self.attempt, outcome))

    def pay_by_card(self) -> None:
        self.pay()
        assert self.send()
        assert self.record(Result(self.approved()))
        self.outcome(OutcomeKind.APPROVED)

    def take_receipt(self) -> None:
        self.do(c.ChooseReceipt(c.ReceiptKind.PAPER))
        self.do(c.ReportPrint(next(iter(self.checkout.printing)), c.PrintResult.PRINTED))

    def of(self, kind: type[e.Event]) -> list:
        return [event for event, _ in self.journal if isinstance(event, kind)]
