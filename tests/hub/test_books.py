"""What is asked of the books: sales of a day, stock, prices, tills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from appliance.mqtt.messages.journal import batch_packet, wire_row
from appliance.mqtt.messages.presence import Birth, Health, presence
from appliance.mqtt.messages.wire import Fields
from hub import kiosks, reports, schema
from hub.catalogue import publish
from hub.database import Database
from hub.ingest import Incoming, Ingest
from hub.prices import history, price_at, versions
from hub.stock import Kind, Refused, book, levels, movements, set_low
from tests.mqtt.parts import MemoryJournal, sale

DAY = date(2026, 3, 14)
OSLO = ZoneInfo("Europe/Oslo")
NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def send(ingest: Ingest, kiosk: str, numbers: Sequence[int], *, store: str = "oslo-01", at: datetime = NOON) -> None:
    journal = MemoryJournal()
    for number in numbers:
        journal.append(sale(number, store=store), at=at, clock_synced=True, catalogue="main/1")
    packet, _ = batch_packet(kiosk, 1, [wire_row(row.document) for row in journal.since(0, 50)])
    ingest.commit([Incoming(kiosk=kiosk, payload=packet.payload, properties=packet.properties)])


@pytest.fixture
def books(ingest: Ingest, database: Database) -> Database:
    """Sale n of these tests is of two lines, 2 n + 210 minor units."""
    send(ingest, "kaaaaaaaaaa", [1, 2])
    send(ingest, "kbbbbbbbbbb", [3], at=NOON + timedelta(minutes=61))
    send(ingest, "kcccccccccc", [4], store="bergen-01", at=datetime(2026, 3, 14, 23, 30, tzinfo=UTC))
    return database


def facts(found: Sequence[reports.Turnover]) -> list[tuple[str, str, int, int]]:
    return [(entry.key, entry.currency, entry.count, entry.total) for entry in found]


def test_a_day_is_told_by_store_kiosk_hour_and_payment(books: Database) -> None:
    with books.read() as connection:
        assert facts(reports.by_store(connection, DAY)) == [
            ("bergen-01", "NOK", 1, 218),
            ("oslo-01", "NOK", 3, 642),
        ]
        assert facts(reports.by_kiosk(connection, DAY, "oslo-01")) == [
            ("kaaaaaaaaaa", "NOK", 2, 426),
            ("kbbbbbbbbbb", "NOK", 1, 216),
        ]
        assert facts(reports.by_hour(connection, DAY, OSLO)) == [
            ("2026-03-14 13", "NOK", 2, 426),
            ("2026-03-14 14", "NOK", 1, 216),
            ("2026-03-15 00", "NOK", 1, 218),
        ]
        assert facts(reports.by_payment(connection, DAY)) == [("card", "NOK", 4, 860)]
        assert reports.by_store(connection, date(2026, 3, 15)) == ()


def test_an_hour_is_the_shop_s_own_where_clocks_differ_by_half_hours(books: Database) -> None:
    with books.read() as connection:
        found = reports.by_hour(connection, DAY, ZoneInfo("Asia/Kolkata"), "oslo-01")
    assert [entry.key for entry in found] == ["2026-03-14 17", "2026-03-14 18"]


def test_a_day_is_told_by_product_and_tax_and_all_ways_agree(books: Database) -> None:
    with books.read() as connection:
        products = reports.by_product(connection, DAY)
        assert [(entry.sku, entry.quantity, entry.total) for entry in products] == [
            ("sku-1", Decimal(4), 450),
            ("sku-0", Decimal(4), 410),
        ]
        taxes = reports.by_tax(connection, DAY)
        assert {tax.rate: tax.gross for tax in taxes} == {"15": 450, "25": 410}
        assert all(tax.net + tax.tax == tax.gross for tax in taxes)
        whole = sum(entry.total for entry in reports.by_store(connection, DAY))
        assert whole == sum(entry.total for entry in products) == sum(tax.gross for tax in taxes)


def documents(database: Database, *entries: tuple[Kind, str, Sequence[tuple[str, int]], str]) -> None:
    with database.write() as connection:
        for kind, store, lines, to_store in entries:
            book(connection, kind, store, lines, at=NOON, business_date=DAY, operator="kari", to_store=to_store)


def on_hand(database: Database) -> dict[tuple[str, str], int]:
    with database.read() as connection:
        return {(level.store, level.sku): level.on_hand for level in levels(connection)}


def test_goods_that_people_move_change_the_level_as_their_kind_says(books: Database) -> None:
    documents(
        books,
        (Kind.RECEIVING, "oslo-01", [("sku-0", 20_000), ("sku-2", 5_000)], ""),
        (Kind.WASTE, "oslo-01", [("sku-0", 2_000)], ""),
        (Kind.TRANSFER, "oslo-01", [("sku-0", 4_000)], "bergen-01"),
        (Kind.COUNT, "oslo-01", [("sku-1", 7_500)], ""),
        (Kind.RETURN, "oslo-01", [("sku-2", 1_000)], ""),
    )
    assert on_hand(books) == {
        ("oslo-01", "sku-0"): -3_000 + 20_000 - 2_000 - 4_000,
        ("oslo-01", "sku-1"): 7_500,
        ("oslo-01", "sku-2"): 6_000,
        ("bergen-01", "sku-0"): -1_000 + 4_000,
        ("bergen-01", "sku-1"): -1_000,
    }
    with books.read() as connection:
        found = movements(connection, "oslo-01", "sku-1", first=DAY, last=DAY)
        assert [(entry.kind, entry.quantity) for entry in found] == [
            (Kind.COUNT, 10_500),
            *[(Kind.SALE, -1_000)] * 3,
        ]
        assert movements(connection, "oslo-01", "sku-1", first=date(2026, 3, 15), last=date(2026, 3, 16)) == ()


def test_a_level_that_is_low_is_listed_until_it_is_not(books: Database) -> None:
    with books.write() as connection:
        set_low(connection, "oslo-01", "sku-0", 1_000)
        set_low(connection, "oslo-01", "sku-9", None)
    documents(books, (Kind.COUNT, "oslo-01", [("sku-0", 1_000)], ""))
    with books.read() as connection:
        [low] = levels(connection, only_low=True)
        assert (low.store, low.sku, low.on_hand, low.low, low.is_low) == ("oslo-01", "sku-0", 1_000, 1_000, True)
    documents(books, (Kind.RECEIVING, "oslo-01", [("sku-0", 1)], ""))
    with books.read() as connection:
        assert levels(connection, only_low=True) == ()
        assert not any(level.is_low for level in levels(connection))


@pytest.mark.parametrize(
    ("kind", "store", "lines", "to_store", "why"),
    [
        (Kind.SALE, "oslo-01", [("a", 1)], "", "sales come from tills"),
        (Kind.WASTE, "", [("a", 1)], "", "a store"),
        (Kind.WASTE, "oslo-01", [], "", "at least one product"),
        (Kind.WASTE, "oslo-01", [("a", 1)], "bergen-01", "a transfer goes to another store"),
        (Kind.TRANSFER, "oslo-01", [("a", 1)], "", "a transfer goes to another store"),
        (Kind.TRANSFER, "oslo-01", [("a", 1)], "oslo-01", "a transfer goes to another store"),
        (Kind.WASTE, "oslo-01", [("a", 1), ("a", 2)], "", "stands twice"),
        (Kind.WASTE, "oslo-01", [("a", 0)], "", "0 thousandths"),
        (Kind.COUNT, "oslo-01", [("a", -1)], "", "-1 thousandths"),
        (Kind.COUNT, "oslo-01", [("", 1)], "", "no SKU"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    database: Database, kind: Kind, store: str, lines: list[tuple[str, int]], to_store: str, why: str
) -> None:
    with pytest.raises(Refused, match=why):
        documents(database, (Kind.COUNT, "oslo-01", [("b", 5)], ""), (kind, store, lines, to_store))
    assert on_hand(database) == {}


STEP = st.tuples(
    st.sampled_from([kind for kind in Kind if kind is not Kind.SALE]),
    st.sampled_from(["oslo-01", "bergen-01"]),
    st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(1, 9_000), min_size=1),
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, max_size=6))
def test_a_level_is_the_sum_of_its_movements(database: Database, steps: list[Any]) -> None:
    other = {"oslo-01": "bergen-01", "bergen-01": "oslo-01"}
    documents(
        database,
        *(
            (kind, store, list(lines.items()), other[store] if kind is Kind.TRANSFER else "")
            for kind, store, lines in steps
        ),
    )
    table = schema.stock_movement
    with database.read() as connection:
        sums = connection.execute(
            select(table.c.store, table.c.sku, func.sum(table.c.quantity)).group_by(table.c.store, table.c.sku)
        )
        wanted = {(row[0], row[1]): int(row[2]) for row in sums}
    assert on_hand(database) == wanted


def product(sku: str, price: int | None) -> dict[str, Any]:
    return {"sku": sku, "gtins": [], "name": {"nb": sku}, "unit": "ea", "price": price, "vat": "25"}


def published(database: Database, *products: Mapping[str, Any], effective_at: datetime) -> None:
    with database.write() as connection:
        publish(
            connection,
            "main",
            products,
            currency="NOK",
            tax_codes=("25",),
            whole=True,
            effective_at=effective_at,
            force=True,
        )


def test_a_price_is_known_at_every_time(database: Database) -> None:
    published(database, product("a", 100), product("b", 50), effective_at=NOON)
    published(database, product("a", 200), product("b", 50), effective_at=NOON + timedelta(days=3))
    published(database, product("a", 200), effective_at=NOON + timedelta(days=1))
    with database.read() as connection:
        assert [(change.version, change.price) for change in history(connection, "main", "a")] == [(2, 200), (1, 100)]
        assert [(change.version, change.price) for change in history(connection, "main", "b")] == [(3, None), (1, 50)]
        for days, a, b in ((-1, None, None), (0, 100, 50), (0.9, 100, 50), (1, 200, None), (4, 200, None)):
            at = NOON + timedelta(days=days)
            assert (price_at(connection, "main", "a", at), price_at(connection, "main", "b", at)) == (a, b)
        assert [version.version for version in versions(connection, "main")] == [3, 2, 1]
        assert versions(connection, "main")[0].effective_at == NOON + timedelta(days=1)
        assert price_at(connection, "main", "c", NOON) is None


def test_tills_are_told_with_state_outbox_devices_and_what_is_missing(books: Database) -> None:
    born = presence(
        Fields(
            {
                "v": 1,
                "online": True,
                "boot": "019cebab-587c-714c-98ea-c43b58be13fe",
                "conn": 1,
                "version": "2026.11.0",
                "store": "oslo-01",
                "workstation": "3",
                "minor": 4,
                "generation": 1,
                "journal": {"epoch": 1, "first": 1, "last": 4, "acked": 0},
                "catalogue": "main/1",
                "caps": ["zstd"],
                "slot": "",
            },
            "",
        )
    )
    assert isinstance(born, Birth)
    health = Health(
        at=NOON,
        outbox_rows=3,
        outbox_oldest_s=7,
        report={"lane": "OPEN", "clock": {"synced": True}, "devices": {"printer": "online"}, "link": None},
    )
    with books.write() as connection:
        kiosks.born(connection, "kaaaaaaaaaa", born)
        kiosks.born(connection, "kdddddddddd", born)
        kiosks.fared(connection, "kaaaaaaaaaa", health)
    now = datetime.now(UTC)
    with books.read() as connection:
        first, second = reports.kiosk_states(connection, now)
        assert (first.kiosk, first.online, first.lane, first.clock_synced) == ("kaaaaaaaaaa", True, "OPEN", True)
        assert (first.outbox_rows, first.outbox_oldest_s, first.devices) == (3, 7, {"printer": "online"})
        assert (first.received, first.missing, first.quarantined, first.catalogue) == (4, 0, 0, "main/1")
        assert (second.lane, second.clock_synced, second.outbox_rows, second.devices) == ("", None, None, {})
        assert not any(state.online for state in reports.kiosk_states(connection, now + timedelta(minutes=4)))
