"""What a fleet's database adds: many writers, months, and an address without a password."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DataError, OperationalError, SQLAlchemyError

from appliance.core.events import TransactionCompleted
from appliance.core.product import canonical
from appliance.mqtt.messages.journal import batch_packet, wire_row
from hub import schema
from hub.catalogue import newest, products, publish
from hub.database import Database
from hub.ingest import Incoming, Ingest
from hub.ledger import Ledger
from hub.postgres import PARTITIONED, PostgresStore
from hub.quarantine import entries
from hub.reading import SaleRow, read_batch
from hub.sales import sales, stock
from hub.stock import move
from hub.worker import Worker
from tests.mqtt.parts import AT, HubFolder, MemoryJournal, sale

KIOSKS = ("kaaaaaaaaaa", "kbbbbbbbbbb", "kcccccccccc")


@pytest.fixture
def database(tmp_path: Path, postgres_url: str) -> Iterator[Database]:
    with closing(Database(tmp_path / "hub", postgres_url)) as database:
        yield database


def batches(kiosk: str, count: int) -> list[Incoming]:
    """Give batches of two sales; the second kiosk names its goods in another order than the others."""
    journal = MemoryJournal()
    for number in range(1, count + 1):
        sold, receipt = sale(number)
        if kiosk == KIOSKS[1]:
            assert isinstance(sold, TransactionCompleted)
            sold = replace(sold, stock=sold.stock[::-1])
        journal.append((sold, receipt), at=AT, clock_synced=True, catalogue="main/1")
    rows = [wire_row(row.document) for row in journal.since(0, 1000)]
    result = []
    for first in range(0, len(rows), 4):
        packet, _ = batch_packet(kiosk, 1, rows[first : first + 4])
        result.append(Incoming(kiosk=kiosk, payload=packet.payload, properties=packet.properties))
    return result


def test_writers_at_once_count_every_row_once(database: Database, tmp_path: Path, postgres_url: str) -> None:
    """Each has its own connections and takes all batches, in an order of its own, two at a time."""
    whole = [batch for kiosk in KIOSKS for batch in batches(kiosk, 20)]
    faults: list[SQLAlchemyError] = []

    def work(seed: int) -> None:
        order = random.Random(seed).sample(whole, len(whole))
        try:
            with closing(Database(tmp_path / "hub", postgres_url)) as mine:
                ingest = Ingest(mine)
                for first in range(0, len(order), 2):
                    ingest.commit(order[first : first + 2])
        except SQLAlchemyError as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert faults == []
    with database.read() as connection:
        found = sales(connection)
        assert sorted((entry["kiosk"], entry["seq"]) for entry in found) == [
            (kiosk, seq) for kiosk in KIOSKS for seq in range(1, 41, 2)
        ]
        assert {level["on_hand"] for level in stock(connection)} == {-60_000}
        marks = connection.execute(select(schema.kiosk_mark.c.contiguous, schema.kiosk_mark.c.gaps)).all()
        assert [tuple(mark) for mark in marks] == [(40, "[]")] * 3


def test_writers_that_move_the_same_goods_do_not_wait_for_each_other_in_a_circle(database: Database) -> None:
    goods = [("oslo-01", f"sku-{number}") for number in range(300)]
    faults: list[SQLAlchemyError] = []

    def work(order: list[tuple[str, str]]) -> None:
        try:
            for _ in range(10):
                with database.write() as connection:
                    move(connection, dict.fromkeys(order, -1))
        except SQLAlchemyError as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=(order,)) for order in (goods, goods[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    with database.read() as connection:
        assert {level["on_hand"] for level in stock(connection)} == {-20}


def test_two_who_publish_at_once_take_turns(database: Database) -> None:
    faults: list[SQLAlchemyError] = []

    def work(sku: str) -> None:
        product = {"sku": sku, "gtins": [], "name": {"nb": sku}, "unit": "ea", "price": 100, "vat": "25"}
        try:
            with database.write() as connection:
                publish(connection, "main", [product], currency="NOK", tax_codes=("25",), whole=False)
        except SQLAlchemyError as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=(sku,)) for sku in "abcdef"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    with database.read() as connection:
        assert newest(connection, "main") == 6
        assert sorted(products(connection, "main")) == list("abcdef")


def held(database: Database, table: str) -> int:
    with database.read() as connection:
        return connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0


def test_a_sale_stands_in_the_partition_of_its_month(database: Database, postgres_url: str) -> None:
    Ingest(database).commit(batches(KIOSKS[0], 2))
    assert [held(database, f"{table}_other") for table in PARTITIONED] == [2, 4, 4, 2, 4]
    with closing(PostgresStore(postgres_url)) as store:
        store.look_ahead(date(2026, 1, 20))
    assert [held(database, f"{table}_other") for table in PARTITIONED] == [0, 0, 0, 0, 0]
    assert [held(database, f"{table}_2026_03") for table in PARTITIONED] == [2, 4, 4, 2, 4]
    Ingest(database).commit(batches(KIOSKS[1], 2))
    assert held(database, "sale_2026_03") == 4
    with database.read() as connection:
        assert len(sales(connection)) == 4


def test_partitions_are_made_once_however_often_and_by_whomever(database: Database, postgres_url: str) -> None:
    faults: list[SQLAlchemyError] = []

    def look() -> None:
        try:
            with closing(PostgresStore(postgres_url)) as store:
                store.look_ahead(date(2031, 11, 30))
        except SQLAlchemyError as error:
            faults.append(error)

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    with database.read() as connection:
        names = connection.scalars(
            text("SELECT relname FROM pg_class WHERE relname LIKE 'sale_203%' AND relkind = 'r'")
        )
        assert sorted(names) == ["sale_2031_10", "sale_2031_11", "sale_2031_12", "sale_2032_01", "sale_2032_02"]


def with_text(kiosk: str, words: str) -> Incoming:
    journal = MemoryJournal()
    journal.append(sale(1), at=AT, clock_synced=True, catalogue="main/1")
    rows = [wire_row(row.document) for row in journal.since(0, 1)]
    data = rows[0]["data"]
    assert isinstance(data, dict)
    lines = [{**line, "text": words} for line in data["lines"]]
    document = {"v": 1, "kiosk": kiosk, "epoch": 1, "events": [{**rows[0], "data": {**data, "lines": lines}}]}
    return Incoming(kiosk=kiosk, payload=canonical(document), properties={"epoch": "1", "first": "1", "last": "1"})


def test_a_text_that_postgresql_cannot_hold_is_put_aside_and_the_others_are_booked(database: Database) -> None:
    odd, even = with_text(KIOSKS[0], "a\0b"), with_text(KIOSKS[1], "ab")
    with pytest.raises(DataError):
        Ingest(database).commit([odd, even])
    worker = Worker(database, "127.0.0.1", 1)
    acks = worker._committed([odd, even])
    assert {kiosk: (ack.contiguous, ack.quarantined) for kiosk, ack in acks or ()} == {
        KIOSKS[0]: (1, (1,)),
        KIOSKS[1]: (1, ()),
    }
    with database.read() as connection:
        [kept] = entries(connection)
        assert kept.raw == odd.payload
        assert [entry["kiosk"] for entry in sales(connection)] == [KIOSKS[1]]


def test_a_server_that_breaks_off_in_a_commit_leaves_nothing_and_is_found_again(database: Database) -> None:
    whole = batches(KIOSKS[0], 2)
    Ingest(database).commit(whole[:1])

    def broken_off() -> None:
        ledger = Ledger()
        [row] = [row for row in read_batch(whole[0].payload, whole[0].properties)[2] if isinstance(row, SaleRow)][:1]
        ledger.book(KIOSKS[1], 1, row)
        with database.write() as mine:
            pid = mine.scalar(text("SELECT pg_backend_pid()"))
            with database.write() as other:
                other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            ledger.write(mine)

    with pytest.raises(OperationalError):
        broken_off()
    assert Ingest(database).commit(whole)[0][1].contiguous == 4
    with database.read() as connection:
        assert [entry["kiosk"] for entry in sales(connection)] == [KIOSKS[0]] * 2


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("postgresql+psycopg://hub:verysecret@db/kvitt", "leave the password out"),
        ("mysql://hub@db/kvitt", "write postgresql+psycopg://"),
        ("db/kvitt", "write postgresql+psycopg://"),
    ],
)
def test_an_address_that_cannot_be_used_says_what_to_write_and_tells_no_password(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], url: str, why: str
) -> None:
    assert HubFolder(tmp_path, 0).command("sales", "--database", url) == 1
    said = capsys.readouterr().err
    assert why in said
    assert "verysecret" not in said


def test_a_server_that_is_not_there_is_said_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"postgresql+psycopg://hub@/kvitt?host={tmp_path}"
    assert HubFolder(tmp_path, 0).command("sales", "--database", url) == 1
    assert "the database does not answer" in capsys.readouterr().err


def test_the_address_may_stand_in_hub_toml(tmp_path: Path, postgres_url: str, database: Database) -> None:
    Ingest(database).commit(batches(KIOSKS[0], 1))
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "hub.toml").write_text(f'database = "{postgres_url}"\n')
    assert HubFolder(folder, 0).command("sales") == 0
    assert not (folder / "hub.db").exists()
