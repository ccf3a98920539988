"""Any mix of customers, staff, devices, lost answers and power cuts: in the end the devices' books are the journal's.

Staff err too: a charge that shows up too late to be put right by the till has been told to them. The devices are honest
but their answers get lost. What they moved is kept beside the till, which never sees it.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from appliance.core import commands as c
from appliance.core import events as e
from appliance.core.checkout import AfterRestart, Rejection, TransactionState
from appliance.core.doubt import running
from appliance.core.effects import Authorise
from appliance.core.money import Money
from appliance.core.payment import (
    Intent,
    IntentKind,
    Outcome,
    OutcomeKind,
    Payment,
    PaymentState,
    Reference,
    Result,
    Sending,
    TenderType,
)
from tests.core.till import MILK, NOK, SODA, Till

TENDERS = {TenderType.CARD: "terminal", TenderType.GIFT_CARD: "gifts"}


@dataclass
class Movement:
    """What a device did for one attempt."""

    intent: Intent
    moved: int
    """Minor units from the customer; negative: to him; 0: nothing."""
    number: str

    @property
    def outcome(self) -> Outcome:
        if not self.moved:
            return Outcome(kind=OutcomeKind.NOT_CHARGED)
        kind = OutcomeKind.REVERSED if self.intent.kind is IntentKind.REVERSE else OutcomeKind.APPROVED
        return Outcome(
            kind=kind,
            amount=Money(abs(self.moved), NOK),
            reference=Reference(terminal_id="29001006", receipt_number=self.number),
        )


@dataclass(frozen=True)
class Work:
    """How a device carries out an intent."""

    charged: str
    """What it moves: all, part, more or nothing."""
    told: str
    """What comes of its answer: yes (it arrives), recorded (only its first half does), no; refuses and asleep: it
    does not begin."""
    cut: bool
    """Whether the till loses power before the answer."""


WORK = st.builds(
    Work,
    st.sampled_from(["all", "all", "all", "part", "more", "nothing"]),
    st.sampled_from(["yes", "yes", "yes", "recorded", "no", "refuses", "asleep"]),
    st.sampled_from([False, False, True]),
)


def moves(intent: Intent, charged: str) -> int:
    """Give what a device moves."""
    asked = intent.amount.minor
    if intent.kind is not IntentKind.PAY:
        return 0 if charged == "nothing" else -asked
    return {"all": asked, "part": max(1, asked // 2), "more": asked + 100, "nothing": 0}[charged]


class Moving(RuleBasedStateMachine):
    """One till with a card terminal and gift cards."""

    @initialize(policy=st.sampled_from(AfterRestart))
    def begin(self, policy: AfterRestart) -> None:
        self.till = Till(
            tenders=(*TENDERS, TenderType.CASH),
            tender_devices=TENDERS,
            unattended=False,
            after_restart=policy,
            cash_step=100,
        )
        self.till.device("gifts", "ElectronicValueRW")
        self.books: dict[UUID, Movement] = {}
        self.denied: set[UUID] = set()
        """Charges that staff took for none, and that have not shown up yet."""
        self.told = 0
        """Minor units of those that have, and were told to staff."""

    @property
    def state(self) -> TransactionState:
        return self.till.checkout.state

    @property
    def has_parts(self) -> bool:
        sale = self.till.checkout.transaction
        return self.state is TransactionState.TENDERING and sale is not None and bool(sale.parts)

    # Customers and staff ---------------------------------------------------------------------------------------------

    @precondition(lambda self: self.state in (TransactionState.IDLE, TransactionState.OPEN, TransactionState.TENDERED))
    @rule(code=st.sampled_from([MILK, SODA]))
    def scan(self, code: str) -> None:
        self.till.do(c.ScanCode(code))

    @precondition(lambda self: self.state in (TransactionState.OPEN, TransactionState.TENDERING))
    @rule(tender=st.sampled_from([*TENDERS]), part=st.sampled_from([None, 500, 500, 1000]), how=WORK)
    def pay(self, tender: TenderType, part: int | None, how: Work) -> None:
        self.till.do(c.RequestPayment(tender, None if part is None else Money(part, NOK)))
        self.work(how)

    @precondition(lambda self: self.state in (TransactionState.OPEN, TransactionState.TENDERING))
    @rule(minor=st.sampled_from([500, 10000]), often=st.sampled_from([True, False, False]))
    def take_cash(self, minor: int, often: bool) -> None:
        if not often:
            return
        self.till.sign_on()
        self.till.do(c.TakeCash(Money(minor, NOK)))

    @precondition(lambda self: self.has_parts)
    @rule(staff=st.booleans(), how=WORK)
    def undo(self, staff: bool, how: Work) -> None:
        if staff:
            self.till.sign_on()
        self.till.do(c.UndoPayments())
        self.work(how)

    @precondition(lambda self: self.has_parts)
    @rule()
    def complete(self) -> None:
        self.till.sign_on()
        self.till.do(c.CompleteSale())

    @precondition(lambda self: self.state is not TransactionState.IDLE)
    @rule()
    def leave(self) -> None:
        self.till.do(c.ReturnToItems())
        self.till.do(c.VoidTransaction(c.VoidReason.CUSTOMER))
        self.till.do(c.FinishSale())

    @precondition(lambda self: self.state in (TransactionState.OPEN, TransactionState.TENDERING))
    @rule(often=st.sampled_from([True, False, False]))
    def take_a_line_out(self, often: bool) -> None:
        if not often or len(self.till.sale.active) < 2:
            return
        self.till.do(c.ReturnToItems())
        for line in self.till.sale.active[:1]:
            self.till.do(c.VoidLine(line.line))

    @precondition(lambda self: self.state is TransactionState.TENDERED)
    @rule()
    def receipt(self) -> None:
        self.till.do(c.ChooseReceipt(c.ReceiptKind.NONE))

    @precondition(lambda self: self.state is TransactionState.TENDERED)
    @rule(how=WORK)
    def post_void(self, how: Work) -> None:
        self.till.do(c.ChooseReceipt(c.ReceiptKind.NONE))
        self.till.sign_on()
        self.till.do(c.PostVoid("wrong goods"))
        self.work(how)

    @precondition(lambda self: bool(self.till.checkout.refunds))
    @rule()
    def begin_refund(self) -> None:
        self.till.sign_on()
        self.till.do(c.RefundPayment(next(iter(self.till.checkout.refunds))))

    @precondition(lambda self: bool(self.till.checkout.refunds))
    @rule(by_device=st.booleans(), how=WORK)
    def refund(self, by_device: bool, how: Work) -> None:
        self.till.sign_on()
        attempt = next(iter(self.till.checkout.refunds))
        if by_device:
            self.till.do(c.RefundPayment(attempt))
            self.work(how)
        else:
            self.hand_over(attempt)

    def hand_over(self, attempt: UUID) -> None:
        given = self.till.do(c.ResolvePayment(attempt, c.PaymentDecision.GIVEN_BACK, "cash"))
        if not isinstance(given, Rejection):
            self.books[attempt].moved = 0

    @rule()
    def power_cut(self) -> None:
        self.till.restart()

    # Devices ---------------------------------------------------------------------------------------------------------

    def waiting(self) -> Payment | None:
        """Give an intent that its device has been given in this life of the process and has not answered."""
        begun = [effect.intent.attempt for effect in self.till.effects if isinstance(effect, Authorise)]
        return next((p for p in running(self.till.checkout) if p.intent.attempt in begun), None)

    @rule(how=WORK)
    def work(self, how: Work) -> None:
        """Let a device carry out an intent that it has been given."""
        payment = self.waiting()
        if payment is None or payment.state is not PaymentState.INTENT or how.told == "asleep":
            return
        intent = payment.intent
        if how.told == "refuses":
            self.till.do(c.ReportOutcome(intent.attempt, Outcome(kind=OutcomeKind.NOT_CHARGED)))
            return
        self.show_up(intent.device)
        if not self.record(intent, Sending()):
            assert self.till.checkout.unresolved(), "only a doubt keeps an intent from being sent"
            return
        assert intent.attempt not in self.books, "sent twice"
        movement = self.books[intent.attempt] = Movement(intent, moves(intent, how.charged), str(len(self.books)))
        if movement.moved and how.told != "no":
            self.record(intent, Result(movement.outcome))
        if how.cut:
            self.till.restart()
        elif how.told == "yes":
            self.till.do(c.ReportOutcome(intent.attempt, movement.outcome))
        else:
            self.till.do(c.ReportOutcome(intent.attempt, Outcome(kind=OutcomeKind.UNKNOWN, text="lost")))

    def record(self, intent: Intent, fact: Sending | Result) -> bool:
        done = self.till.do(c.RecordPayment(intent.attempt, fact, lambda _: None))
        return not isinstance(done, Rejection)

    @precondition(lambda self: bool(self.till.checkout.unresolved()))
    @rule()
    def answer_look_ups(self) -> None:
        for payment in running(self.till.checkout):
            if payment.state is PaymentState.UNKNOWN:
                self.till.do(c.ReportOutcome(payment.intent.attempt, self.books[payment.intent.attempt].outcome))

    @precondition(lambda self: bool(self.till.checkout.unresolved()))
    @rule()
    def decide(self) -> None:
        """Let staff read the device's own journal, and decide what it says."""
        self.till.sign_on()
        for payment in running(self.till.checkout):
            if payment.state is PaymentState.UNKNOWN:
                moved = self.books[payment.intent.attempt].moved
                if abs(moved) not in (0, payment.intent.amount.minor):
                    continue  # the staff page asks whether this amount was paid
                said = c.PaymentDecision.WAS_PAID if moved else c.PaymentDecision.WAS_NOT_PAID
                self.till.do(c.ResolvePayment(payment.intent.attempt, said, "the device's journal"))

    @precondition(lambda self: self.state in (TransactionState.OPEN, TransactionState.TENDERING))
    @rule(tender=st.sampled_from([*TENDERS]), charged=st.sampled_from(["all", "part"]))
    def deny(self, tender: TenderType, charged: str) -> None:
        """Let a device charge and nobody hear of it, and staff take it for no charge."""
        self.pay(tender, None, Work(charged, "no", cut=False))
        self.till.sign_on()
        for payment in running(self.till.checkout):
            if payment.intent.kind is IntentKind.PAY and payment.state is PaymentState.UNKNOWN:
                self.till.do(c.ResolvePayment(payment.intent.attempt, c.PaymentDecision.WAS_NOT_PAID, "not seen"))
                self.denied |= {payment.intent.attempt} if self.books[payment.intent.attempt].moved else set()

    @precondition(lambda self: bool(self.denied))
    @rule()
    def show_up(self, device: str = "") -> None:
        """Let charges show up that staff had denied; a device is asked about them before it moves other money."""
        for movement in [self.books[attempt] for attempt in self.denied]:
            if device in ("", movement.intent.device):
                self.denied.discard(movement.intent.attempt)
                found = self.till.do(c.ReportOutcome(movement.intent.attempt, movement.outcome))
                assert not isinstance(found, Rejection), "a charge that shows up is never passed over"
                if not any(isinstance(event, e.PaymentOutcomeLost) for event in found):
                    assert any(isinstance(event, e.HelpCalled) and "after all" in event.code for event in found)
                    self.told += movement.moved

    # What always holds -----------------------------------------------------------------------------------------------

    @invariant()
    def at_most_one_intent_of_a_transaction_runs(self) -> None:
        sale = self.till.checkout.transaction
        states = [] if sale is None else [p.state for p in sale.payments]
        assert len([s for s in states if s is PaymentState.INTENT or s.unresolved]) <= 1

    @invariant()
    def goods_leave_only_for_what_a_device_holds(self) -> None:
        for sale in self.till.of(e.TransactionCompleted):
            due = sale.total + (sale.rounding or Money(0, NOK))
            assert sum(tender.amount.minor for tender in sale.tenders) == due.minor
            for tender in sale.tenders:
                if tender.attempt in self.books and not self.undone(tender.attempt):
                    assert self.books[tender.attempt].moved == tender.amount.minor

    def undone(self, attempt: UUID) -> bool:
        return any(m.intent.original_attempt == attempt and m.moved for m in self.books.values()) or (
            self.books[attempt].moved == 0
        )

    def teardown(self) -> None:
        """Let everything come to an end: the devices answer, staff give back what is due. Then the books are equal."""
        if not hasattr(self, "till"):
            return
        self.till.restart()
        for _ in range(60):
            self.show_up()
            self.answer_look_ups()
            payment = self.waiting()
            if payment is not None and payment.state is PaymentState.INTENT:
                self.work(Work("all", "yes", cut=False))
                continue
            self.till.sign_on()
            for attempt in list(self.till.checkout.refunds):
                self.hand_over(attempt)
            if not running(self.till.checkout) and not self.till.checkout.refunds:
                break
        assert not running(self.till.checkout)
        assert not self.till.checkout.refunds
        assert sum(movement.moved for movement in self.books.values()) == self.kept() + self.told
        assert self.state not in (TransactionState.IN_DOUBT, TransactionState.POST_VOIDING)

    def kept(self) -> int:
        """Give what the journal says that the devices hold: of sales that stand, and of the open one."""
        gone = {event.transaction for event in self.till.of(e.TransactionPostVoided)}
        sold = sum(
            tender.amount.minor
            for sale in self.till.of(e.TransactionCompleted)
            if sale.transaction not in gone
            for tender in sale.tenders
            if tender.type is not TenderType.CASH
        )
        sale = self.till.checkout.transaction
        if sale is None or sale.completed is not None:
            return sold
        return sold + sum(part.charged.minor for part in sale.parts if part.intent.device)


Moving.TestCase.settings = settings(max_examples=400, stateful_step_count=50, deadline=None)
TestMoney = Moving.TestCase
