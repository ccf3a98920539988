"""A hub whose database fails: it waits, or puts one row aside; it loses nothing and stops for nobody."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text

from hub.database import Database
from tests.mqtt.parts import HubInside, Kiosk, hub_sales, journal_sales, wait_for

MakeKiosk = Callable[..., Kiosk]


def run(hub: HubInside, statement: str) -> None:
    database = Database(hub.folder)
    with database.write() as connection:
        connection.execute(text(statement))
    database.close()


def test_a_database_that_takes_no_commit_delays_the_acknowledgement_and_loses_nothing(
    hub: HubInside, make_kiosk: MakeKiosk
) -> None:
    kiosk = make_kiosk().start()
    kiosk.sell()
    kiosk.wait_acknowledged()
    run(hub, "ALTER TABLE journal_row RENAME TO away")
    kiosk.sell(3)
    with pytest.raises(AssertionError):
        kiosk.wait_acknowledged(1.5)
    run(hub, "ALTER TABLE away RENAME TO journal_row")
    kiosk.wait_acknowledged()
    assert hub_sales(hub.sales(), kiosk.id) == journal_sales(kiosk.journal)


def test_a_row_that_the_database_refuses_is_put_aside_and_the_others_are_booked(
    hub: HubInside, make_kiosk: MakeKiosk
) -> None:
    run(
        hub,
        "CREATE TRIGGER refuse BEFORE INSERT ON sale WHEN NEW.\"transaction\" LIKE '%/2'"
        " BEGIN SELECT RAISE(ABORT, 'a constraint of this database'); END",
    )
    kiosk = make_kiosk()
    kiosk.sell(4)
    kiosk.start()
    kiosk.wait_acknowledged()
    numbers = [int(sale["transaction"].rpartition("/")[2]) for sale in hub.sales()]
    assert numbers == [1, 3, 4]
    [kept] = hub.quarantine()
    assert "the database refuses it" in kept.reason
    wait_for(lambda: b"transaction.completed" in kept.raw or kept.raw[:4] == b"\x28\xb5\x2f\xfd", "kept as it came")
