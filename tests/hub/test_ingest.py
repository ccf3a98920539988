"""What tills send is booked once, or kept and shown; nothing that arrives can stop the hub."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text, update

from appliance.core import commands as c
from appliance.core.money import Money
from appliance.core.payment import TenderType
from appliance.core.product import canonical
from appliance.mqtt.messages.journal import Ack, batch_packet, wire_row
from hub import schema
from hub.alarms import alarms
from hub.chain import prove_slice
from hub.database import Database
from hub.ingest import Incoming, Ingest
from hub.quarantine import entries, release
from hub.reports import by_payment
from hub.sales import sales, stock, totals
from tests.core.till import MILK, NOK, Till
from tests.mqtt.parts import AT, MemoryJournal, sale

KIOSK = "k7q2mzc4xna"
OTHER = "k7q2mzc4xnb"


def journal_of(count: int) -> MemoryJournal:
    journal = MemoryJournal()
    for number in range(1, count + 1):
        journal.append(sale(number), at=AT, clock_synced=True, catalogue="main/1")
    return journal


def batch(rows: Sequence[Mapping[str, object]], *, kiosk: str = KIOSK, epoch: int = 1) -> Incoming:
    packet, taken = batch_packet(kiosk, epoch, rows)
    assert taken == len(rows)
    return Incoming(kiosk=kiosk, payload=packet.payload, properties=packet.properties)


def rows_of(journal: MemoryJournal) -> list[dict[str, Any]]:
    return [wire_row(row.document) for row in journal.since(0, 1000)]


def raw(payload: bytes, **properties: str) -> Incoming:
    return Incoming(kiosk=KIOSK, payload=payload, properties=properties)


def only_ack(acks: list[tuple[str, Ack]]) -> Ack:
    [(kiosk, ack)] = acks
    assert kiosk == KIOSK
    return ack


def booked(database: Database) -> list[dict[str, Any]]:
    with database.read() as connection:
        return sales(connection)


def test_a_sale_is_booked_with_lines_taxes_tenders_and_stock(ingest: Ingest, database: Database) -> None:
    ack = only_ack(ingest.commit([batch(rows_of(journal_of(1)))]))
    assert (ack.contiguous, ack.highest, ack.gaps) == (2, 2, ())
    [found] = booked(database)
    assert found["transaction"] == "oslo-01/3/2026-03-14/1"
    assert [line["gross"] for line in found["lines"]] == [101, 111]
    assert found["total"] == 212
    assert {tax["rate"]: (tax["net"], tax["tax"]) for tax in found["taxes"]} == {"25": (81, 20), "15": (97, 14)}
    assert found["tenders"][0]["masked_pan"] == "************4321"
    with database.read() as connection:
        assert stock(connection) == [
            {"store": "oslo-01", "sku": "sku-0", "on_hand": -1000},
            {"store": "oslo-01", "sku": "sku-1", "on_hand": -1000},
        ]


def test_the_same_batch_again_changes_nothing_and_is_acknowledged_again(ingest: Ingest, database: Database) -> None:
    rows = rows_of(journal_of(3))
    first = only_ack(ingest.commit([batch(rows)]))
    again = only_ack(ingest.commit([batch(rows), batch(rows[2:])]))
    assert (again.contiguous, again.hash) == (first.contiguous, first.hash)
    assert len(booked(database)) == 3


def test_rows_of_two_tills_do_not_meet(ingest: Ingest, database: Database) -> None:
    rows = rows_of(journal_of(2))
    acks = ingest.commit([batch(rows), batch(rows, kiosk=OTHER)])
    assert {kiosk: ack.contiguous for kiosk, ack in acks} == {KIOSK: 4, OTHER: 4}
    assert len(booked(database)) == 4


def test_a_missing_batch_is_a_gap_until_it_comes(ingest: Ingest, database: Database) -> None:
    rows = rows_of(journal_of(5))
    ack = only_ack(ingest.commit([batch(rows[:2]), batch(rows[6:])]))
    assert (ack.contiguous, ack.highest, ack.gaps) == (2, 10, ((3, 6),))
    ack = only_ack(ingest.commit([batch(rows[2:6])]))
    assert (ack.contiguous, ack.gaps) == (10, ())
    assert len(booked(database)) == 5


def changed(row: Mapping[str, Any], **data: Any) -> dict[str, Any]:
    return {**row, "data": {**row["data"], **data}}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"total": 1}, "sum to 212, the total is 1"),
        ({"currency": "XXX"}, "unknown currency"),
        ({"transaction": "no id"}, "not a transaction id"),
        ({"lines": "none"}, "a list is wanted"),
        ({"taxes": [{"rate": "25", "net": 1, "tax": 1, "gross": 212}]}, "1 + 1 is not 212"),
        ({"stock": [["sku-0", "0.0001"]]}, "more than three decimals"),
        ({"total": 10**15}, "is not between"),
    ],
)
def test_a_sale_that_cannot_be_booked_is_kept_and_counts_as_received(
    ingest: Ingest, database: Database, change: dict[str, Any], reason: str
) -> None:
    rows = rows_of(journal_of(2))
    rows[0] = changed(rows[0], **change)
    ack = only_ack(ingest.commit([batch(rows)]))
    assert ack.contiguous == 4
    assert ack.quarantined == (1,)
    assert [entry["seq"] for entry in booked(database)] == [3]
    with database.read() as connection:
        [kept] = entries(connection)
    assert reason in kept.reason
    assert json.loads(kept.raw) == rows[0]


def test_an_event_type_of_a_later_release_is_stored_and_is_no_fault(ingest: Ingest, database: Database) -> None:
    rows = rows_of(journal_of(1))
    rows[1] = {**rows[1], "type": "loyalty.points_earned", "data": {"points": 12}, "later": [1, 2]}
    ack = only_ack(ingest.commit([batch(rows)]))
    assert (ack.contiguous, ack.quarantined) == (2, ())
    with database.read() as connection:
        table = schema.journal_row
        document = connection.scalar(select(table.c.document).where(table.c.seq == 2))
    assert json.loads(document or "") == rows[1]


@pytest.mark.parametrize(
    "change",
    [{"hash": "short"}, {"id": 7}, {"at": "yesterday"}, {"type": "Bad Type"}, {"data": None}, {"tv": 1.0}],
)
def test_a_row_that_is_no_event_but_has_a_number_is_kept(
    ingest: Ingest, database: Database, change: dict[str, Any]
) -> None:
    rows = rows_of(journal_of(1))
    document = {"v": 1, "kiosk": KIOSK, "epoch": 1, "events": [rows[0], {**rows[1], **change}]}
    if "tv" in change:
        document["events"][1]["tv"] = 0
    ack = only_ack(ingest.commit([raw(canonical(document), epoch="1", first="1", last="2")]))
    assert (ack.contiguous, ack.quarantined) == (2, (2,))
    assert len(booked(database)) == 1


def test_a_payload_that_cannot_be_read_is_asked_for_row_by_row(ingest: Ingest, database: Database) -> None:
    ack = only_ack(ingest.commit([raw(b"\xff garbage", epoch="1", first="1", last="3")]))
    assert ack.split == (1, 3)
    assert ack.contiguous == 0
    ack = only_ack(ingest.commit([raw(b"\xff garbage", epoch="1", first="1", last="1")]))
    assert (ack.contiguous, ack.split, ack.quarantined) == (1, None, (1,))
    with database.read() as connection:
        [kept] = entries(connection)
    assert kept.raw == b"\xff garbage"


@pytest.mark.parametrize(
    "incoming",
    [
        raw(b""),
        raw(b"{}", epoch="x", first="1", last="1"),
        raw(b"{}", epoch="1", first="1", last="9999"),
        raw(b"\x28\xb5\x2f\xfd broken", enc="zstd"),
        raw(canonical({"v": 1, "kiosk": OTHER, "epoch": 1, "events": []})),
        raw(canonical({"v": 1, "kiosk": KIOSK, "epoch": 1, "events": []})),
    ],
)
def test_what_nobody_can_place_is_dropped_and_counted(ingest: Ingest, database: Database, incoming: Incoming) -> None:
    assert ingest.commit([incoming]) == []
    assert ingest.counters.dropped == 1
    assert booked(database) == []


def test_a_batch_in_another_till_s_name_is_dropped(ingest: Ingest, database: Database) -> None:
    stolen = batch(rows_of(journal_of(1)), kiosk=OTHER)
    assert ingest.commit([Incoming(kiosk=KIOSK, payload=stolen.payload, properties=stolen.properties)]) == []
    assert booked(database) == []


def test_a_revoked_till_is_not_answered(ingest: Ingest, database: Database) -> None:
    with database.write() as connection:
        connection.execute(schema.kiosk.insert().values(kiosk=KIOSK, active=False))
    assert ingest.commit([batch(rows_of(journal_of(1)))]) == []
    assert booked(database) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    payload=st.one_of(
        st.binary(max_size=300),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=8),
            lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
            max_leaves=12,
        ).map(lambda value: json.dumps({"v": 1, "kiosk": KIOSK, "epoch": 1, "events": [value]}).encode()),
    ),
    first=st.integers(1, 1000),
)
def test_nothing_that_arrives_can_stop_the_ingest(database: Database, payload: bytes, first: int) -> None:
    ingest = Ingest(database)
    ingest.commit([raw(payload, epoch="1", first=str(first), last=str(first))])
    rows = rows_of(journal_of(1))
    [(_, ack)] = ingest.commit([batch(rows, kiosk="kaaaaaaaaaa")])
    assert ack.contiguous == 2


def test_a_row_released_from_quarantine_is_booked_once(ingest: Ingest, database: Database) -> None:
    rows = rows_of(journal_of(1))
    ingest.commit([batch([changed(rows[0], currency="XXX")])])
    with database.write() as connection:
        assert "unknown currency" in release(connection, KIOSK, 1, 1)
        connection.execute(update(schema.journal_row).values(document=canonical(rows[0]).decode()))
        assert release(connection, KIOSK, 1, 1) == ""
        assert release(connection, KIOSK, 1, 1) == "it is not there"
    assert len(booked(database)) == 1


def test_a_fork_gets_one_epoch_however_often_it_is_asked(ingest: Ingest, database: Database) -> None:
    ours, theirs = rows_of(journal_of(2)), rows_of(journal_of(2))
    ingest.commit([batch(ours)])
    first = only_ack(ingest.commit([batch(theirs)]))
    again = only_ack(ingest.commit([batch(theirs)]))
    assert first.conflict == again.conflict
    assert first.conflict is not None
    assert (first.conflict.seq, first.conflict.use_epoch) == (1, 2)
    assert len(booked(database)) == 2
    ack = only_ack(ingest.commit([batch(theirs, epoch=2)]))
    assert ack.contiguous == 4
    assert len(booked(database)) == 4
    with database.read() as connection:
        assert [alarm.kind for alarm in alarms(connection)] == ["fork"]


def test_rows_that_do_not_follow_what_is_held_are_not_mixed_with_it(ingest: Ingest, database: Database) -> None:
    ingest.commit([batch(rows_of(journal_of(1)))])
    stranger = rows_of(journal_of(2))[2:]
    ack = only_ack(ingest.commit([batch(stranger)]))
    assert ack.conflict is not None
    assert ack.conflict.seq == 3
    assert ack.highest == 2


def test_the_chain_of_an_honest_till_is_proved(ingest: Ingest, database: Database) -> None:
    for number in range(0, 700, 50):
        ingest.commit([batch(rows_of(journal_of_length(700))[number : number + 50])])
    with database.write() as connection:
        assert prove_slice(connection) == 501
        assert prove_slice(connection) == 200
        assert prove_slice(connection) == 0
        assert alarms(connection) == ()


_LONG: list[MemoryJournal] = []


def journal_of_length(rows: int) -> MemoryJournal:
    if not _LONG:
        _LONG.append(journal_of(rows // 2))
    return _LONG[0]


def test_a_row_that_came_in_another_form_is_proved_too(ingest: Ingest, database: Database) -> None:
    rows = rows_of(journal_of(2))
    payload = json.dumps({"v": 1, "kiosk": KIOSK, "epoch": 1, "events": rows}, indent=1).encode()
    ingest.commit([raw(payload)])
    ingest.commit([raw(json.dumps({"v": 1, "kiosk": KIOSK, "epoch": 1, "events": rows[3:]}).encode())])
    with database.write() as connection:
        assert prove_slice(connection) == 4
        assert alarms(connection) == ()
        assert prove_slice(connection) == 0


def test_a_row_changed_in_the_database_breaks_the_chain_and_raises_the_alarm(
    ingest: Ingest, database: Database
) -> None:
    rows = rows_of(journal_of(3))
    ingest.commit([batch(rows)])
    with database.write() as connection:
        table = schema.journal_row
        forged = changed(rows[2], total=1)
        connection.execute(update(table).where(table.c.seq == 3).values(document=canonical(forged).decode()))
        prove_slice(connection)
        [alarm] = alarms(connection)
        assert alarm.kind == "chain_broken"
        assert "row 3 of epoch 1" in alarm.text
        assert prove_slice(connection) == 0


def test_a_commit_that_fails_leaves_nothing_behind(ingest: Ingest, database: Database) -> None:
    rows = rows_of(journal_of(2))
    with database.write() as connection:
        connection.execute(text("ALTER TABLE stock_level RENAME TO away"))
    with pytest.raises(Exception, match="stock_level"):
        ingest.commit([batch(rows)])
    with database.write() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO stock_level"))
        for table in (schema.journal_row, schema.sale, schema.sale_line, schema.kiosk_mark):
            assert connection.scalar(select(func.count()).select_from(table)) == 0
    assert only_ack(ingest.commit([batch(rows)])).contiguous == 4
    assert totals(booked(database))["count"] == 2


def staffed_till() -> Till:
    till = Till(tenders=(TenderType.CARD, TenderType.CASH), unattended=False, cash_step=100)
    till.sign_on()
    till.scan(MILK)
    till.do(c.TakeCash(Money(5000, NOK)))
    return till


def taken_in(ingest: Ingest, till: Till) -> None:
    journal = MemoryJournal()
    for event, at in till.journal:
        journal.append([event], at=at, clock_synced=True, catalogue="main/1")
    ingest.commit([batch(rows_of(journal))])


def test_cash_is_booked_with_its_rounding_and_what_was_given(ingest: Ingest, database: Database) -> None:
    taken_in(ingest, staffed_till())
    [sale] = booked(database)
    [tender] = sale["tenders"]
    assert (sale["total"], sale["rounding"], tender["type"]) == (2290, 10, "cash")
    assert (tender["amount"], tender["given"]) == (2300, 5000)


def test_a_sale_that_is_undone_as_a_whole_leaves_nothing_in_the_books_but_that_it_was(
    ingest: Ingest, database: Database
) -> None:
    till = staffed_till()
    till.take_receipt()
    till.do(c.PostVoid("wrong goods"))
    taken_in(ingest, till)
    with database.read() as connection:
        told = totals(sales(connection))
        levels = stock(connection)
        day = by_payment(connection, till.now.date())
    assert (told["count"], told["sum"]) == (0, {"NOK": 0})
    assert all(amount == 0 for rates in told["taxes"].values() for rate in rates.values() for amount in rate.values())
    assert {entry["on_hand"] for entry in levels} == {0}
    assert [(entry.key, entry.count, entry.total) for entry in day] == [("cash", 0, 0)]
    assert [sale["total"] for sale in booked(database)] == [2290, -2290]
