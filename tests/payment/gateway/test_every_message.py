"""Every topic of the contract is really spoken, and everything that is said keeps its schema."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.core import commands as c
from appliance.core.money import Money
from appliance.core.payment import OutcomeKind, TenderType
from appliance.mqtt.messages.sale import UNDONE
from appliance.mqtt.messages.wire import unpack
from appliance.ports import JournalRow
from appliance.store.rows import seal
from tests.core.till import MILK, NOK
from tests.core.till import Till as PureTill
from tests.mqtt.contract import SCHEMA_OF, Listener, complaint
from tests.mqtt.parts import HubInside, Kiosk, MemoryJournal, make_row, sale, wait_for
from tests.mqtt.test_catalogue import wait_version, write_csv
from tests.payment.gateway.till import Till


def sent_events(listener: Listener) -> list[str]:
    """Give the types of all rows that were sent."""
    batches = [json.loads(unpack(payload, told)) for topic, payload, told in listener.kept() if "/up/journal" in topic]
    return [event["type"] for batch in batches for event in batch["events"]]


def test_each_topic_is_heard_and_every_message_keeps_its_schema(
    hub: HubInside, listener: Listener, make_till: Callable[..., Till], tmp_path: Path
) -> None:
    assert hub.command("catalogue", "import", str(write_csv(tmp_path / "products.csv", 40))) == 0
    till = make_till()
    till.kiosk.key = hub.key
    till.open()
    wait_version(till.kiosk, 1)
    assert hub.command("catalogue", "price", "sku-1=1900") == 0
    wait_version(till.kiosk, 2)
    till.kiosk.sell()
    till.kiosk.wait_acknowledged()
    assert till.pay().kind is OutcomeKind.APPROVED
    wait_for(lambda: set(listener.heard) == set(SCHEMA_OF), "a message on each topic")


def test_a_sale_that_was_undone_as_a_whole_keeps_its_schema_on_the_wire(
    hub: HubInside, listener: Listener, make_kiosk: Callable[..., Kiosk]
) -> None:
    pure = PureTill(tenders=(TenderType.CARD, TenderType.CASH), unattended=False, cash_step=100)
    pure.sign_on()
    pure.scan(MILK)
    pure.do(c.TakeCash(Money(5000, NOK)))
    pure.take_receipt()
    pure.do(c.PostVoid("wrong goods"))
    journal = MemoryJournal()
    for event, at in pure.journal:
        journal.append([event], at=at, clock_synced=True, catalogue="main/1")
    kiosk = make_kiosk(journal=journal).start()
    kiosk.wait_acknowledged()
    assert UNDONE in sent_events(listener)
    assert [booked["total"] for booked in hub.sales()] == [2290, -2290]
    assert not hub.quarantine()


def test_a_type_of_a_later_release_is_kept_and_a_bad_row_is_put_aside_and_shown_and_neither_stops_the_next(
    hub: HubInside, listener: Listener, make_kiosk: Callable[..., Kiosk], capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [make_row(sale(1)[0], None)]
    for change in (
        {"type": "vending.served", "data": {"shelf": 4}},
        {"data": {**rows[0].document["data"], "total": 1}},
        {"data": {**rows[0].document["data"], "transaction": "oslo-01/3/2026-03-14/2"}},
    ):
        rows.append(following(rows[-1], {"type": "transaction.completed", **change}))
    kiosk = make_kiosk(journal=MemoryJournal(rows)).start()
    kiosk.wait_acknowledged()
    assert sent_events(listener)[1] == "vending.served"
    assert [booked["transaction"] for booked in hub.sales()] == ["oslo-01/3/2026-03-14/1", "oslo-01/3/2026-03-14/2"]
    [kept] = hub.quarantine()
    assert kept.seq == 3
    assert hub.command("quarantine", "list") == 0
    assert f"{kiosk.id}/1/3: " in capsys.readouterr().out
    assert hub.command("quarantine", "show", f"{kiosk.id}/1/3") == 0
    assert '"total":1,' in capsys.readouterr().out


def following(before: JournalRow, change: dict[str, Any]) -> JournalRow:
    """Give the next row of a journal: the same content, changed, with a proof of its own."""
    body = {**before.document, "seq": before.sequence + 1, "prev": before.hash, **change}
    del body["hash"]
    document = dict(seal(body))
    return replace(
        before, sequence=document["seq"], hash=document["hash"], previous=document["prev"], document=document
    )


def test_a_message_that_breaks_the_contract_is_found_by_the_listener() -> None:
    """What holds this file up."""
    assert complaint("kvitt/1/k/k7q2mzc4xna/up/pay", b'{"v":1}', {})
    assert complaint("kvitt/1/k/k7q2mzc4xna/up/other", b"{}", {})
