"""No transaction mixes versions of the catalogue, whenever they arrive, come into force, or the till is restarted.

A price is the number of its version times a hundred, and a little: it says which version sold it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from appliance.core import commands as c
from appliance.core import events as e
from appliance.core.checkout import TransactionState
from appliance.core.identifiers import CatalogueVersion
from appliance.core.payment import Outcome, OutcomeKind, Sending, TenderType
from appliance.core.product import BUCKETS, bucket, bucket_digest, product_digest, root_digest
from appliance.ports import CatalogueDelta, JournalRow
from appliance.store.catalogue import CatalogueStore
from tests.core.till import MILK, NOK, SODA
from tests.register.surroundings import World

CODES = (MILK, SODA)


def shop(number: int) -> list[dict[str, Any]]:
    """Give the products of a version."""
    return [
        {
            "sku": f"sku-{i}",
            "gtins": [code.zfill(14)],
            "name": {"nb": code},
            "unit": "ea",
            "price": number * 100 + i,
            "vat": "15",
        }
        | ({"deposit": "pant"} if code == SODA else {})
        for i, code in enumerate(CODES)
    ] + [{"sku": "pant", "gtins": [], "name": {"nb": "Pant"}, "unit": "ea", "price": number * 100 + 7, "vat": "25"}]


def root(products: list[dict[str, Any]]) -> str:
    members: list[list[dict[str, Any]]] = [[] for _ in range(BUCKETS)]
    for product in sorted(products, key=lambda entry: str(entry["sku"])):
        members[bucket(product["sku"])].append(product)
    return root_digest(bucket_digest(product_digest(entry) for entry in group) for group in members)


def mixed(rows: list[JournalRow]) -> list[str]:
    """Name every line that was not sold by its transaction's version."""
    begun: dict[str, CatalogueVersion] = {}
    found = []
    for row in rows:
        event = row.event
        if isinstance(event, e.TransactionStarted):
            begun[str(event.transaction)] = event.catalogue
        if isinstance(event, e.LineAdded):
            version = begun[str(event.transaction)]
            if event.price.minor // 100 != version.number or row.catalogue != str(version):
                found.append(f"{event.transaction} of {version}: a line at {event.price}, row of {row.catalogue}")
        if isinstance(event, e.TransactionCompleted):
            found += [
                f"{event.transaction}: sold at {line.price}"
                for line in event.lines
                if line.price.minor // 100 != begun[str(event.transaction)].number
            ]
    return found


class Versions(RuleBasedStateMachine):
    """A register and its catalogue on disk, under anything that may come."""

    @initialize()
    def begin(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.store = self._open()
        self._number = 0
        self.arrive(whole=True)
        self.world = World()
        self._restart()

    def _open(self) -> CatalogueStore:
        return CatalogueStore.open(Path(self._folder.name), zone="oslo", currency=NOK, room=0)

    def _restart(self) -> None:
        self.world.catalogue = self.store  # type: ignore[assignment]  # the real one in place of the one in memory
        self.world.restart()
        while not self.world.inbox.empty():
            self.world.register.handle(self.world.inbox.get())
        self.world.register.handle(c.ReportDevice("terminal", "CAT", c.Health.ONLINE))
        self.world.register.handle(c.ReportDevice("printer", "POSPrinter", c.Health.ONLINE))

    @rule(whole=st.booleans())
    def arrive(self, whole: bool) -> None:
        """A version is complete on disk."""
        self._number += 1
        base, version = self.store.newest(), CatalogueVersion("oslo", self._number)
        products = shop(self._number)
        if whole or not base.number:
            self.store.stage_snapshot(version, root(products), products)
            return
        changed = [{"sku": product["sku"], "price": product["price"]} for product in products]
        self.store.stage_delta(CatalogueDelta(base=base, version=version, root=root(products), changed=changed))

    @rule(back=st.integers(0, 2))
    def come_into_force(self, back: int) -> None:
        """The time of a version has come: of the newest, or, late, of one before it."""
        self.world.register.handle(c.ActivateCatalogue(CatalogueVersion("oslo", max(1, self._number - back))))

    @rule(code=st.sampled_from(CODES))
    def scan(self, code: str) -> None:
        self.world.register.handle(c.ScanCode(code))

    @rule()
    def give_up(self) -> None:
        self.world.register.handle(c.VoidTransaction(c.VoidReason.CUSTOMER))

    @precondition(lambda self: self.world.register.checkout.state is TransactionState.OPEN)
    @rule()
    def pay(self) -> None:
        handle = self.world.register.handle
        before = len(self.world.peripherals.intents)
        handle(c.RequestPayment(TenderType.CARD))
        for intent in self.world.peripherals.intents[before:]:
            handle(c.RecordPayment(intent.attempt, Sending(), lambda _: None))
            handle(c.ReportOutcome(intent.attempt, Outcome(kind=OutcomeKind.APPROVED, amount=intent.amount)))
            handle(c.ChooseReceipt(c.ReceiptKind.NONE))

    @rule()
    def restart(self) -> None:
        """The power goes, and comes back."""
        self.store.close()
        self.store = self._open()
        self._restart()

    @invariant()
    def no_transaction_mixes_versions(self) -> None:
        assert mixed(self.world.journal.rows) == []

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.store.close()
            self._folder.cleanup()


TestVersions = Versions.TestCase
TestVersions.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def test_this_tester_sells_and_finds_a_book_that_changes_under_an_open_basket() -> None:
    machine = Versions()
    machine.begin()
    machine.scan(MILK)
    machine.scan(SODA)
    machine.pay()
    assert len(machine.world.journal.of(e.TransactionCompleted)) == 1
    machine.arrive(whole=True)
    machine.come_into_force(0)
    machine.scan(SODA)
    machine.no_transaction_mixes_versions()
    assert [event.catalogue.number for event in machine.world.journal.of(e.TransactionStarted)] == [1, 2]
    machine.arrive(whole=False)
    register = machine.world.register
    register._book = machine.store.activate(CatalogueVersion("oslo", 3))
    machine.scan(MILK)
    found = mixed(machine.world.journal.rows)
    machine.teardown()
    assert found
