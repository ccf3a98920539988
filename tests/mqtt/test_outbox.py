"""The ledger equals the journal under any order, loss and repetition of batches and acknowledgements."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.mqtt.messages.journal import Ack, Conflict, batch_packet, wire_row
from appliance.mqtt.outbox import Lineage, Outbox
from hub.database import Database
from hub.ingest import Incoming, Ingest
from hub.marks import Mark
from hub.sales import sales, stock
from tests.mqtt.parts import AT, MemoryJournal, hub_sales, journal_sales, sale

KIOSK = "k7q2mzc4xna"


def journal_of(count: int, first: int = 1) -> MemoryJournal:
    journal = MemoryJournal()
    for number in range(first, first + count):
        journal.append(sale(number), at=AT, clock_synced=True, catalogue="main/1")
    return journal


class Wire:
    """A till and a hub without a network: batches and acknowledgements are carried, lost or repeated by hand."""

    def __init__(self, ingest: Ingest, journal: MemoryJournal, forks: tuple[tuple[int, int], ...] = ()) -> None:
        self.ingest = ingest
        self.journal = journal
        self.now = 0.0
        self.outbox = Outbox(acked=journal.acked(), generation=0, lineage=Lineage(1, forks), hash_at=self._hash_at)
        self.outbox.open(self.now)
        self.up: list[Incoming] = []
        self.down: list[Ack] = []

    def _hash_at(self, seq: int) -> str | None:
        rows = self.journal.since(seq - 1, 1) if seq > 0 else ()
        return rows[0].hash if rows else None

    def send(self) -> None:
        last = self.journal.last()
        while (send := self.outbox.next(now=self.now, last=last, busy=False)) is not None:
            count = min(send.limit, send.last - send.first + 1)
            rows = [wire_row(row.document) for row in self.journal.since(send.first - 1, count)]
            packet, taken = batch_packet(KIOSK, send.epoch, rows)
            self.up.append(Incoming(kiosk=KIOSK, payload=packet.payload, properties=packet.properties))
            self.outbox.sent(send.first, send.first + taken - 1, now=self.now)

    def commit(self, batches: list[Incoming]) -> None:
        self.down += [ack for _, ack in self.ingest.commit(batches)]

    def take(self, ack: Ack) -> None:
        before = self.outbox.position
        self.outbox.acknowledge(ack, now=self.now, last=self.journal.last())
        if self.outbox.position < before:
            self.journal.restart_upload(self.outbox.position)
        self.journal.acknowledge(self.outbox.position)

    def settle(self) -> None:
        """Let everything through until nothing is left to send."""
        for _ in range(500):
            self.now += 61.0
            self.send()
            batches, self.up = self.up, []
            if batches:
                self.commit(batches)
            acks, self.down = self.down, []
            for ack in acks:
                self.take(ack)
            if self.outbox.position == self.journal.last():
                return
        raise AssertionError(f"stuck at {self.outbox.position} of {self.journal.last()}")


@contextmanager
def new_ingest() -> Iterator[Ingest]:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder), create=True)
        yield Ingest(database)
        database.close()


def booked(ingest: Ingest) -> list[tuple[int, str, int]]:
    with ingest._database.read() as connection:
        return hub_sales(sales(connection), KIOSK)


SLOW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SLOW
@given(data=st.data(), count=st.integers(min_value=1, max_value=120))
def test_the_books_equal_the_journal_under_any_order_loss_and_repetition(data: st.DataObject, count: int) -> None:
    journal = journal_of(count)
    with new_ingest() as ingest:
        wire = Wire(ingest, journal)
        chance = random.Random(data.draw(st.integers(0, 2**32)))
        for _ in range(data.draw(st.integers(1, 12))):
            wire.now += chance.choice((0.1, 6.0, 30.0))
            wire.send()
            chance.shuffle(wire.up)
            carried = [batch for batch in wire.up if chance.random() < 0.6] * chance.choice((1, 1, 2))
            wire.up = [batch for batch in wire.up if chance.random() < 0.3]
            if carried:
                wire.commit(carried)
            chance.shuffle(wire.down)
            for ack in [ack for ack in wire.down if chance.random() < 0.5] * chance.choice((1, 2)):
                wire.take(ack)
            wire.down = [ack for ack in wire.down if chance.random() < 0.3]
            if chance.random() < 0.2:
                wire = Wire(ingest, journal)
        wire.settle()
        assert booked(ingest) == journal_sales(journal)
        with ingest._database.read() as connection:
            levels = {level["sku"]: level["on_hand"] for level in stock(connection)}
        assert levels == {"sku-0": -1000 * count, "sku-1": -1000 * count}


@SLOW
@given(
    common=st.integers(0, 30),
    ours=st.integers(1, 40),
    theirs=st.integers(1, 40),
    turns=st.lists(st.booleans(), min_size=1, max_size=6),
)
def test_two_journals_under_one_name_are_both_booked_once(
    common: int, ours: int, theirs: int, turns: list[bool]
) -> None:
    with new_ingest() as ingest:
        original = journal_of(common)
        first = Wire(ingest, original)
        first.settle() if common else None
        copy = original.copy()
        tills = [[original, first, ours, 1000], [copy, Wire(ingest, copy), theirs, 2000]]
        for turn in [*turns, True, False]:
            till = tills[turn]
            journal, wire, left, number = till
            if left:
                part = max(1, left // 2)
                for i in range(part):
                    journal.append(sale(number + i), at=AT, clock_synced=True, catalogue="main/1")
                till[2], till[3] = left - part, number + part
            wire.outbox.open(wire.now)
            wire.settle()
        made = {entry[1:] for journal, *_ in tills for entry in journal_sales(journal)}
        found = [entry[1:] for entry in booked(ingest)]
        assert sorted(found) == sorted(made)


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 12)), max_size=20))
def test_a_mark_is_what_a_set_of_rows_says(batches: list[tuple[int, int]]) -> None:
    mark, held = Mark(), set[int]()
    for first, more in batches:
        seqs = range(first, first + more + 1)
        mark = mark.add(seqs)
        held.update(seqs)
    highest = max(held, default=0)
    missing = {seq for seq in range(1, highest + 1) if seq not in held}
    assert mark.highest == highest
    assert mark.contiguous == (min(missing) - 1 if missing else highest)
    assert {seq for low, high in mark.gaps for seq in range(low, high + 1)} == missing
    assert all(a[1] + 1 < b[0] for a, b in zip(mark.gaps, mark.gaps[1:], strict=False))


@pytest.fixture
def outbox() -> Outbox:
    box = Outbox(acked=10, generation=1, lineage=Lineage(1), hash_at=lambda seq: f"{seq:064x}")
    box.open(0.0)
    return box


def ack(contiguous: int, highest: int | None = None, **more: object) -> Ack:
    values: dict[str, object] = {
        "generation": 1,
        "epoch": 1,
        "contiguous": contiguous,
        "highest": contiguous if highest is None else highest,
        "hash": f"{contiguous:064x}",
        **more,
    }
    return Ack(**values)  # type: ignore[arg-type]


def test_nothing_is_sent_before_the_hub_has_answered_the_birth_or_five_seconds_are_over(outbox: Outbox) -> None:
    assert outbox.next(now=4.9, last=20, busy=False) is None
    send = outbox.next(now=5.0, last=20, busy=False)
    assert send is not None
    assert (send.first, send.last) == (11, 20)


def test_one_batch_is_under_way_until_one_was_acknowledged_then_four(outbox: Outbox) -> None:
    outbox.acknowledge(ack(10), now=0.1, last=2000)
    outbox.sent(11, 60, now=0.1)
    assert outbox.next(now=0.1, last=2000, busy=False) is None
    outbox.acknowledge(ack(60), now=0.2, last=2000)
    for first in (61, 111, 161, 211):
        send = outbox.next(now=1.0, last=2000, busy=False)
        assert send is not None
        assert send.first == first
        outbox.sent(first, first + 49, now=1.0)
    assert outbox.next(now=1.0, last=2000, busy=False) is None


def test_without_progress_the_gaps_go_first_then_what_follows_the_highest(outbox: Outbox) -> None:
    outbox.acknowledge(ack(10), now=0.0, last=100)
    outbox.sent(11, 20, now=0.0)
    outbox.acknowledge(ack(10, 20, gaps=((13, 14),), seen=((20, f"{20:064x}"),)), now=0.5, last=40)
    outbox.sent(21, 30, now=0.6)
    assert outbox.next(now=5.0, last=40, busy=False) is not None
    send = outbox.next(now=30.0, last=40, busy=False)
    assert send is not None
    assert (send.first, send.last) == (13, 14)
    outbox.sent(13, 14, now=30.0)
    outbox.acknowledge(ack(20), now=30.1, last=40)
    send = outbox.next(now=30.2, last=40, busy=False)
    assert send is not None
    assert send.first == 21


def test_a_late_lower_acknowledgement_changes_nothing(outbox: Outbox) -> None:
    outbox.acknowledge(ack(50), now=0.0, last=100)
    outbox.acknowledge(ack(30), now=0.1, last=100)
    assert outbox.position == 50


def test_a_higher_generation_is_obeyed_also_backwards(outbox: Outbox) -> None:
    outbox.acknowledge(ack(50), now=0.0, last=100)
    outbox.acknowledge(ack(20, generation=2), now=0.1, last=100)
    assert outbox.position == 20
    outbox.acknowledge(ack(60, generation=1), now=0.2, last=100)
    assert outbox.position == 20


def test_a_position_with_the_hash_of_another_row_is_not_believed(outbox: Outbox) -> None:
    outbox.acknowledge(ack(50, hash="f" * 64), now=0.0, last=100)
    assert outbox.position == 10
    assert outbox.foreign


def test_a_position_above_the_journal_is_not_believed(outbox: Outbox) -> None:
    outbox.acknowledge(ack(50), now=0.0, last=40)
    assert outbox.position == 10
    assert outbox.foreign


def test_a_conflict_about_another_till_s_row_is_not_ours(outbox: Outbox) -> None:
    outbox.acknowledge(ack(10, conflict=Conflict(seq=12, hash="e" * 64, use_epoch=2)), now=0.0, last=40)
    assert outbox.lineage.forks == ()


def test_a_conflict_about_our_row_gives_it_and_what_follows_an_epoch_of_their_own(outbox: Outbox) -> None:
    changed = outbox.acknowledge(ack(20, conflict=Conflict(seq=12, hash=f"{12:064x}", use_epoch=2)), now=0.0, last=40)
    assert changed
    assert [outbox.lineage.epoch(seq) for seq in (11, 12, 40)] == [1, 2, 2]
    send = outbox.next(now=1.0, last=40, busy=False)
    assert send is not None
    assert (send.first, send.last, send.epoch) == (11, 11, 1)


def test_a_batch_that_could_not_be_read_is_sent_row_by_row(outbox: Outbox) -> None:
    outbox.acknowledge(ack(10), now=0.0, last=40)
    outbox.sent(11, 13, now=0.0)
    outbox.acknowledge(ack(10, split=(11, 13)), now=0.1, last=13)
    for seq in (11, 12, 13):
        send = outbox.next(now=1.0, last=13, busy=False)
        assert send is not None
        assert (send.first, send.limit) == (seq, 1)
        outbox.sent(seq, seq, now=1.0)
        outbox.acknowledge(ack(seq), now=1.1, last=13)
    assert outbox.position == 13


def test_no_credit_is_a_pause_of_five_seconds(outbox: Outbox) -> None:
    outbox.acknowledge(ack(10, credit=0), now=1.0, last=40)
    assert outbox.next(now=5.9, last=40, busy=False) is None
    assert outbox.due(now=5.9, last=40, busy=False) == 6.0
    assert outbox.next(now=6.1, last=40, busy=False) is not None


def test_credit_is_rows_a_second(outbox: Outbox) -> None:
    outbox.acknowledge(ack(10, credit=100), now=1.0, last=10_000)
    sent, now = 0, 1.0
    while now < 11.0:
        send = outbox.next(now=now, last=10_000, busy=False)
        if send is not None:
            outbox.sent(send.first, send.first + 49, now=now)
            sent += 50
            outbox.acknowledge(ack(send.first + 49, credit=100), now=now, last=10_000)
        now += 0.01
    assert 1000 <= sent <= 1200


def test_while_a_basket_is_open_four_batches_a_second_go(outbox: Outbox) -> None:
    outbox.acknowledge(ack(10, credit=5000), now=1.0, last=10_000)
    sent, now = 0, 1.0
    while now < 6.0:
        send = outbox.next(now=now, last=10_000, busy=True)
        if send is not None:
            outbox.sent(send.first, send.first + 49, now=now)
            sent += 1
            outbox.acknowledge(ack(send.first + 49, credit=5000), now=now, last=10_000)
        now += 0.01
    assert 18 <= sent <= 21
