"""Sales reach the hub exactly once, whatever happens on the way."""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Callable, Sequence

import pytest

from appliance.errors import JournalCorrupt
from appliance.mqtt.topics import Kind
from appliance.ports import JournalRow
from tests.mqtt.contract import Listener
from tests.mqtt.parts import (
    Broker,
    HubFolder,
    HubInside,
    HubProcess,
    Kiosk,
    MemoryJournal,
    hub_sales,
    journal_sales,
    wait_for,
)

MakeKiosk = Callable[..., Kiosk]


def same(hub: HubFolder, kiosk: Kiosk) -> None:
    assert hub_sales(hub.sales(), kiosk.id) == journal_sales(kiosk.journal)


def test_a_sale_is_at_the_hub_once_and_acknowledged(hub: HubInside, make_kiosk: MakeKiosk) -> None:
    kiosk = make_kiosk().start()
    kiosk.sell(3)
    kiosk.wait_acknowledged()
    same(hub, kiosk)
    assert len(hub.sales()) == 3
    assert kiosk.reports()[-1].online


def test_a_sale_made_while_the_link_is_good_is_acknowledged_quickly(hub: HubInside, make_kiosk: MakeKiosk) -> None:
    kiosk = make_kiosk().start()
    kiosk.wait_online()
    kiosk.sell()
    kiosk.wait_acknowledged()
    times = []
    for _ in range(10):
        began = time.monotonic()
        kiosk.sell()
        while not kiosk.acknowledged():
            assert time.monotonic() - began < 5
            time.sleep(0.001)
        times.append(time.monotonic() - began)
    assert sorted(times)[5] < 0.5


def test_a_week_without_a_network_drains_quickly_and_in_order(
    hub: HubInside, listener: Listener, make_kiosk: MakeKiosk
) -> None:
    listener.every = 20
    kiosk = make_kiosk(journal=MemoryJournal())
    kiosk.sell(2500)
    kiosk.start()
    kiosk.wait_online()
    kiosk.wait_acknowledged(30)
    same(hub, kiosk)


def test_without_a_broker_nothing_is_lost_and_the_till_says_what_waits(broker: Broker, make_kiosk: MakeKiosk) -> None:
    broker.kill()
    kiosk = make_kiosk().start()
    kiosk.sell(2)
    report = wait_for(lambda: [r for r in kiosk.reports() if r.waiting == 4], "the waiting rows are shown")[0]
    assert not report.online
    assert kiosk.link is not None
    wait_for(lambda: kiosk.link is not None and "refused" in kiosk.link.detail.lower(), "why there is no link")


def test_without_a_hub_no_row_is_sent(listener: Listener, make_kiosk: MakeKiosk) -> None:
    kiosk = make_kiosk().start()
    kiosk.sell(2)
    wait_for(lambda: listener.heard.get(Kind.STATE), "the birth")
    with pytest.raises(AssertionError):
        wait_for(lambda: listener.heard.get(Kind.JOURNAL), "a batch", 1.5)
    assert not kiosk.reports()[-1].online


def test_sales_made_while_the_hub_is_down_arrive_when_it_is_back(
    hub_process: HubProcess, make_kiosk: MakeKiosk
) -> None:
    hub = hub_process
    kiosk = make_kiosk().start()
    kiosk.sell(2)
    kiosk.wait_acknowledged()
    hub.kill()
    wait_for(lambda: not kiosk.reports()[-1].online, "the till sees that the hub is gone")
    kiosk.sell(5)
    hub.start()
    kiosk.wait_acknowledged()
    same(hub, kiosk)


def test_broker_and_hub_killed_at_random_moments_lose_and_double_nothing(
    broker: Broker, hub_process: HubProcess, make_kiosk: MakeKiosk
) -> None:
    hub = hub_process
    chance = random.Random(20260314)
    kiosks = [make_kiosk(f"till-{i}").start() for i in range(2)]
    for _ in range(8):
        for kiosk in kiosks:
            kiosk.sell(chance.randint(5, 25))
        time.sleep(chance.uniform(0, 0.5))
        victim: Broker | HubProcess = chance.choice((broker, hub))
        victim.kill()
        for kiosk in kiosks:
            kiosk.sell(chance.randint(1, 5))
        time.sleep(chance.uniform(0, 0.2))
        victim.start()
    for kiosk in kiosks:
        kiosk.wait_acknowledged(60)
        same(hub, kiosk)
    assert not hub.alarms()


def test_a_till_that_is_killed_and_started_again_goes_on_where_the_hub_stands(
    hub: HubInside, make_kiosk: MakeKiosk
) -> None:
    first = make_kiosk()
    first.start()
    first.sell(10)
    first.wait_acknowledged()
    first.close()
    again = make_kiosk()
    again.sold = 10
    again.sell(5)
    again.start()
    again.wait_acknowledged()
    same(hub, again)
    assert len(hub.sales()) == 15


def test_a_hub_restored_from_yesterdays_copy_gets_everything_again(
    hub: HubInside, make_kiosk: MakeKiosk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    kiosk = make_kiosk().start()
    kiosk.sell(10)
    kiosk.wait_acknowledged()
    hub.stop()
    copy = tmp_path_factory.mktemp("yesterday") / "hub"
    shutil.copytree(hub.folder, copy)
    hub.start()
    kiosk.sell(30)
    kiosk.wait_acknowledged()
    hub.stop()
    shutil.rmtree(hub.folder)
    shutil.copytree(copy, hub.folder)
    hub.start()
    wait_for(lambda: len(hub.sales()) == 40, "the hub has asked for what it lost", 30)
    kiosk.wait_acknowledged()
    same(hub, kiosk)
    assert [alarm.kind for alarm in hub.alarms()] == ["restored"]


def test_two_tills_with_one_identity_lose_no_sale_and_raise_the_alarm(
    hub: HubInside, make_kiosk: MakeKiosk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    original = make_kiosk("original").start()
    original.sell(5)
    original.wait_acknowledged()
    original.stop()
    card = original.state.parent / "copy"
    shutil.copytree(original.state / "identity", card / "identity")
    copy = make_kiosk("copy", journal=_memory_copy(original))
    copy.sold = 100
    copy.sell(7)
    original.sell(3)
    original.start()
    original.wait_acknowledged()
    copy.start()
    assert copy.id == original.id
    copy.wait_acknowledged(60)
    original.sell(2)
    original.wait_acknowledged(60)
    copy.sell(1)
    copy.wait_acknowledged(60)
    booked = [(sale["transaction"], sale["total"]) for sale in hub.sales()]
    made = {(transaction, total) for _, transaction, total in journal_sales(original.journal)}
    made |= {(transaction, total) for _, transaction, total in journal_sales(copy.journal)}
    assert sorted(booked) == sorted(made)
    kinds = {alarm.kind for alarm in hub.alarms()}
    assert "fork" in kinds
    wait_for(lambda: "cloned_identity" in {alarm.kind for alarm in hub.alarms()}, "the clone is seen", 60)


def _memory_copy(kiosk: Kiosk) -> MemoryJournal:
    copy = MemoryJournal(kiosk.journal.since(0, 1000))
    copy.acknowledge(kiosk.journal.acked())
    return copy


def test_a_card_from_an_old_backup_loses_no_new_sale(hub: HubInside, make_kiosk: MakeKiosk) -> None:
    kiosk = make_kiosk(journal=MemoryJournal()).start()
    kiosk.sell(10)
    kiosk.wait_acknowledged()
    old = kiosk.journal.copy(12)
    kiosk.stop()
    restored = make_kiosk(journal=old)
    restored.sold = 200
    restored.start()
    restored.wait_online()
    restored.sell(4)
    restored.wait_acknowledged(60)
    numbers = sorted(int(sale["transaction"].rpartition("/")[2]) for sale in hub.sales())
    assert numbers == [*range(1, 11), *range(201, 205)]
    assert "fork" in {alarm.kind for alarm in hub.alarms()}


def test_an_open_basket_slows_the_upload_but_does_not_stop_it(hub: HubInside, make_kiosk: MakeKiosk) -> None:
    kiosk = make_kiosk(journal=MemoryJournal())
    kiosk.basket_open = True
    kiosk.sell(100)
    kiosk.start()
    kiosk.wait_online()
    began = time.monotonic()
    kiosk.wait_acknowledged()
    assert time.monotonic() - began >= 0.5


def test_a_journal_that_fails_its_proof_is_never_uploaded_wrong(hub: HubInside, make_kiosk: MakeKiosk) -> None:
    class Damaged(MemoryJournal):
        def since(self, sequence: int, limit: int) -> Sequence[JournalRow]:
            if sequence + limit >= 5:
                raise JournalCorrupt("row 5 is damaged", sequence=5)
            return super().since(sequence, limit)

    kiosk = make_kiosk(journal=Damaged())
    kiosk.sell(5)
    kiosk.start()
    wait_for(lambda: kiosk.link is not None and "row 5" in kiosk.link.detail, "staff see why")
    assert hub_sales(hub.sales(), kiosk.id) == []


def test_the_hub_lists_what_it_has_booked(
    hub: HubInside, make_kiosk: MakeKiosk, capsys: pytest.CaptureFixture[str]
) -> None:
    kiosk = make_kiosk().start()
    kiosk.sell(3)
    kiosk.wait_acknowledged()
    assert hub.command("sales", "--json") == 0
    listing = json.loads(capsys.readouterr().out)
    assert listing["totals"]["count"] == 3
    total = sum(amount for _, _, amount in journal_sales(kiosk.journal))
    assert listing["totals"]["sum"] == {"NOK": total}
    assert listing["sales"][0]["tenders"][0]["masked_pan"] == "************4321"
