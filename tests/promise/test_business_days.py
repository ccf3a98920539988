"""A new business day comes while something of the old one is still on the screen."""

from __future__ import annotations

from datetime import timedelta

from appliance.core import commands as c
from appliance.core import events as e
from appliance.core.checkout import TransactionState
from appliance.core.payment import Outcome, OutcomeKind, Sending, TenderType
from tests.core.till import MILK
from tests.register.surroundings import World


def devices(world: World) -> None:
    world.register.handle(c.ReportDevice("terminal", "CAT", c.Health.ONLINE))
    world.register.handle(c.ReportDevice("printer", "POSPrinter", c.Health.ONLINE))


def sold() -> World:
    """Give a till with a paid sale whose customer has not chosen a receipt."""
    world = World()
    devices(world)
    world.register.handle(c.ScanCode(MILK))
    world.register.handle(c.RequestPayment(TenderType.CARD))
    intent = world.peripherals.intents[0]
    world.register.handle(c.RecordPayment(intent.attempt, Sending(), lambda _: None))
    world.register.handle(c.ReportOutcome(intent.attempt, Outcome(kind=OutcomeKind.APPROVED, amount=intent.amount)))
    assert world.register.checkout.state is TransactionState.TENDERED
    return world


def next_morning(world: World) -> None:
    world.clock.at += timedelta(days=1)
    world.restart()
    devices(world)


def test_a_receipt_that_was_owed_overnight_is_printed_when_it_is_asked_for() -> None:
    world = sold()
    next_morning(world)
    world.register.handle(c.ChooseReceipt(c.ReceiptKind.PAPER))
    assert len(world.peripherals.jobs) == 1
    world.register.handle(c.ReportPrint(world.peripherals.jobs[0], c.PrintResult.PRINTED))
    world.register.handle(c.FinishSale())
    assert world.register.checkout.transaction is None


def test_a_receipt_that_was_owed_overnight_gives_way_to_the_first_customer_of_the_day() -> None:
    world = sold()
    next_morning(world)
    world.register.handle(c.ScanCode(MILK))
    assert len(world.peripherals.jobs) == 1
    assert world.register.checkout.state is TransactionState.OPEN
    world.register.handle(c.ReportPrint(world.peripherals.jobs[0], c.PrintResult.PRINTED))
    assert not world.register.checkout.printing


def test_the_day_changes_with_the_first_sale_where_it_could_not_change_at_the_start() -> None:
    world = sold()
    next_morning(world)
    world.register.handle(c.ScanCode(MILK))
    dates = [event.business_date for event in world.journal.of(e.DayOpened)]
    assert len(dates) == 2
    assert world.register.checkout.transaction.id.business_date == dates[1]
    assert [event.business_date for event in world.journal.of(e.DayClosed)] == dates[:1]


def test_no_day_is_kept_open_by_a_receipt_that_was_owed() -> None:
    world = sold()
    next_morning(world)
    world.register.handle(c.ScanCode(MILK))
    for job in world.peripherals.jobs:
        world.register.handle(c.ReportPrint(job, c.PrintResult.PRINTED))
    world.register.handle(c.VoidTransaction(c.VoidReason.CUSTOMER))
    world.clock.at += timedelta(days=1)
    world.register.handle(c.ScanCode(MILK))
    assert len(world.journal.of(e.DayOpened)) == 3


def at_the_terminal() -> World:
    world = World()
    devices(world)
    world.register.handle(c.ScanCode(MILK))
    world.register.handle(c.RequestPayment(TenderType.CARD))
    intent = world.peripherals.intents[0]
    world.register.handle(c.RecordPayment(intent.attempt, Sending(), lambda _: None))
    return world


def approve(world: World) -> None:
    payment = world.register.checkout.transaction.payment
    yes = Outcome(kind=OutcomeKind.APPROVED, amount=payment.intent.amount)
    world.register.handle(c.ReportOutcome(payment.intent.attempt, yes))


def test_a_payment_over_midnight_is_a_sale_of_the_day_it_began_on() -> None:
    world = at_the_terminal()
    began = world.register.checkout.business_date
    world.clock.at += timedelta(days=1)
    world.register.handle(c.Heartbeat())
    approve(world)
    (sale,) = world.journal.of(e.TransactionCompleted)
    assert sale.transaction.business_date == began
    world.register.handle(c.ChooseReceipt(c.ReceiptKind.NONE))
    world.register.handle(c.ScanCode(MILK))
    (closed,) = world.journal.of(e.DayClosed)
    assert (closed.business_date, closed.transactions, closed.total) == (began, 1, sale.total)


def test_a_payment_cut_off_before_midnight_is_found_out_after_it() -> None:
    world = at_the_terminal()
    next_morning(world)
    assert world.register.checkout.state is TransactionState.IN_DOUBT
    assert len(world.peripherals.lookups) == 1
    approve(world)
    assert len(world.journal.of(e.TransactionCompleted)) == 1
    world.restart()
    assert world.register.checkout.state is TransactionState.TENDERED


def test_a_clock_that_is_set_back_during_a_payment_changes_nothing() -> None:
    world = at_the_terminal()
    world.clock.at -= timedelta(days=400)
    approve(world)
    world.register.handle(c.ScanCode(MILK))
    identifiers = [event.transaction for event in world.journal.of(e.TransactionStarted)]
    assert [one.sequence for one in identifiers] == [1, 2]
    assert len({one.business_date for one in identifiers}) == 1
