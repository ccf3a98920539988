"""The register: journal first, act second; a journal that cannot append closes the lane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Thread

import pytest

from appliance.core import commands as c
from appliance.core import events as e
from appliance.core.checkout import LaneState, Reason, TransactionState
from appliance.core.effects import Sound
from appliance.core.identifiers import CatalogueVersion, LineNumber
from appliance.core.money import Money
from appliance.core.payment import Outcome, OutcomeKind, Sending, TenderType
from appliance.errors import DiskFull, StoreError
from appliance.register import EXIT_STORAGE
from tests.core.till import ITEMS, MILK, NOK, Book
from tests.register.surroundings import World


def ready() -> World:
    world = World()
    world.register.handle(c.ReportDevice("terminal", "CAT", c.Health.ONLINE))
    world.register.handle(c.ReportDevice("printer", "POSPrinter", c.Health.ONLINE))
    return world


def shopping() -> World:
    world = ready()
    world.register.handle(c.ScanCode(MILK))
    return world


def paying() -> World:
    world = shopping()
    world.register.handle(c.RequestPayment(TenderType.CARD))
    return world


def test_a_fresh_till_opens_its_first_day_and_its_lane() -> None:
    world = World()
    assert [row.event.TYPE for row in world.journal.rows] == ["system.started", "day.opened"]
    assert world.register.checkout.lane is LaneState.OPEN
    assert world.peripherals.lamp == "open"


def test_a_scan_is_journalled_in_one_commit_before_it_is_shown() -> None:
    world = ready()
    commits, start = world.journal.commits, len(world.trace)
    world.register.handle(c.ScanCode(MILK))
    assert world.journal.commits == commits + 1
    assert world.trace[start:] == ["transaction.started", "line.added", "show"]
    assert world.presenter.sounds == [Sound.OK]


def test_an_intent_is_journalled_before_the_terminal_hears_of_it() -> None:
    world = paying()
    assert world.trace.index("payment.requested") < world.trace.index("authorise")


def test_a_refusal_is_told_and_changes_nothing() -> None:
    world = ready()
    commits = world.journal.commits
    world.register.handle(c.ScanCode("7038010009450"))
    assert [r.reason for r in world.presenter.refused] == [Reason.UNREADABLE]
    assert world.presenter.sounds == [Sound.REFUSED]
    assert world.journal.commits == commits


@pytest.mark.parametrize("fault", [DiskFull("full"), StoreError("fault")])
def test_what_could_not_be_journalled_is_not_shown_not_done_and_closes_the_lane(fault: StoreError) -> None:
    world = shopping()
    world.journal.fail = fault
    with pytest.raises(StoreError):
        world.register.handle(c.RequestPayment(TenderType.CARD))
    assert "authorise" not in world.trace
    assert world.register.checkout.state is TransactionState.OPEN


def test_an_adapter_hears_that_a_fact_is_not_on_disk() -> None:
    world = paying()
    answers: list[bool] = []
    attempt = world.peripherals.intents[0].attempt
    world.journal.fail = DiskFull("full")
    with pytest.raises(StoreError):
        world.register.handle(c.RecordPayment(attempt, Sending(), answers.append))
    assert answers == [False]


def test_an_adapter_hears_that_a_fact_is_on_disk_once_only() -> None:
    world = paying()
    answers: list[bool] = []
    attempt = world.peripherals.intents[0].attempt
    for _ in range(2):
        world.register.handle(c.RecordPayment(attempt, Sending(), answers.append))
    assert answers == [True, False]
    assert len(world.journal.of(e.PaymentSent)) == 1


def running(world: World, act: Callable[[], None]) -> int:
    codes: list[int] = []
    thread = Thread(target=lambda: codes.append(world.register.run()))
    thread.start()
    act()
    thread.join(timeout=10)
    assert not thread.is_alive()
    return codes[0]


def test_after_a_storage_fault_the_process_ends_so_that_the_card_is_read_anew() -> None:
    world = shopping()
    world.journal.fail = DiskFull("Storage full. Sales up to no. 4 are kept.")

    def act() -> None:
        # The clock ticks a second with every look: the grace passes within these commands.
        for _ in range(40):
            world.inbox.put(c.ScanCode(MILK))

    assert running(world, act) == EXIT_STORAGE
    assert world.register.checkout.lane is LaneState.OUT_OF_SERVICE
    assert world.register.checkout.fault == "Storage full. Sales up to no. 4 are kept."
    assert len(world.journal.of(e.LineAdded)) == 1
    assert world.peripherals.lamp == "attention"


def test_a_stop_in_good_order_is_journalled() -> None:
    world = ready()
    assert running(world, lambda: world.inbox.put(c.Stop())) == 0
    assert world.journal.rows[-1].event == e.SystemStopped()
    assert world.fed == 0


def test_the_watchdog_is_fed_by_work() -> None:
    world = ready()

    def act() -> None:
        world.inbox.put(c.ScanCode(MILK))
        world.inbox.put(c.Stop())

    running(world, act)
    assert world.fed == 1


def test_a_price_list_that_comes_during_a_sale_waits_for_its_end() -> None:
    world = shopping()
    dearer = tuple(replace(i, price=Money(9900, NOK)) if i.sku == "milk" else i for i in ITEMS)
    world.catalogue.waiting = Book(version=CatalogueVersion("oslo", 1842), items=dearer)
    world.register.handle(c.ActivateCatalogue(CatalogueVersion("oslo", 1842)))
    world.register.handle(c.ScanCode(MILK))
    assert [line.price.minor for line in world.register.checkout.transaction.lines] == [2290, 2290]
    assert not world.presenter.refused
    world.register.handle(c.VoidTransaction(c.VoidReason.CUSTOMER))
    assert world.journal.rows[-1].event == e.CatalogueActivated(version=CatalogueVersion("oslo", 1842))
    world.register.handle(c.ScanCode(MILK))
    assert world.register.checkout.transaction.total == Money(9900, NOK)
    assert world.register.checkout.transaction.catalogue == CatalogueVersion("oslo", 1842)


def test_a_price_list_that_waits_is_not_taken_into_use_by_a_restart_before_its_time() -> None:
    world = ready()
    world.catalogue.waiting = Book(version=CatalogueVersion("oslo", 1842))
    world.restart()
    running(world, lambda: world.inbox.put(c.Stop()))
    assert world.catalogue.active.version == CatalogueVersion("oslo", 1841)


def test_the_first_price_list_of_a_till_is_taken_into_use_by_a_restart() -> None:
    world = ready()
    world.catalogue.active = Book(version=CatalogueVersion("oslo", 0), items=())
    world.catalogue.waiting = Book(version=CatalogueVersion("oslo", 1842))
    world.restart()
    running(world, lambda: world.inbox.put(c.Stop()))
    assert world.catalogue.active.version == CatalogueVersion("oslo", 1842)


def test_an_open_basket_is_there_again_after_a_restart() -> None:
    world = shopping()
    world.register.handle(c.ScanCode(MILK))
    world.register.handle(c.VoidLine(LineNumber(1)))
    before = world.register.checkout.transaction
    world.restart()
    assert world.register.checkout.transaction == before


def test_a_payment_cut_off_is_looked_up_after_a_restart_and_never_sent_again() -> None:
    world = paying()
    intent = world.peripherals.intents[0]
    world.register.handle(c.RecordPayment(intent.attempt, Sending(), lambda _: None))
    world.restart()
    assert world.register.checkout.state is TransactionState.IN_DOUBT
    assert world.peripherals.lookups == [intent]
    assert not world.peripherals.intents
    approved = Outcome(kind=OutcomeKind.APPROVED, amount=intent.amount)
    world.register.handle(c.ReportOutcome(intent.attempt, approved))
    assert len(world.journal.of(e.TransactionCompleted)) == 1


def test_a_finished_sale_is_off_the_screen_after_a_restart() -> None:
    world = paying()
    intent = world.peripherals.intents[0]
    world.register.handle(c.RecordPayment(intent.attempt, Sending(), lambda _: None))
    world.register.handle(c.ReportOutcome(intent.attempt, Outcome(kind=OutcomeKind.APPROVED, amount=intent.amount)))
    world.register.handle(c.ChooseReceipt(c.ReceiptKind.PAPER))
    world.register.handle(c.ReportPrint(world.peripherals.jobs[0], c.PrintResult.PRINTED))
    world.restart()
    assert world.register.checkout.transaction is None
    assert world.register.checkout.sales == 1


def test_a_pin_reaches_the_staff_register_and_nothing_else() -> None:
    world = ready()
    world.register.handle(c.SignOn("0000"))
    assert [r.reason for r in world.presenter.refused] == [Reason.WRONG_PIN]
    world.register.handle(c.SignOn("4711"))
    assert world.register.checkout.operator == "kari"
    assert "4711" not in repr(world.journal.rows)
    assert "4711" not in repr(c.SignOn("4711"))


def test_upkeep_of_the_journal_runs_only_when_nothing_is_open() -> None:
    world = shopping()
    world.register.handle(c.Heartbeat())
    assert "idle" not in world.trace
    world.register.handle(c.VoidTransaction(c.VoidReason.CUSTOMER))
    world.register.handle(c.Heartbeat())
    assert world.trace[-1] == "idle"
