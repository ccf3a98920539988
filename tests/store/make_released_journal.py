"""Makes the journal of a release in tests/data/journals: python -m tests.store.make_released_journal 2026.11.0.

Run once, when a release is made, and never again: the file is what that release wrote.
"""

from __future__ import annotations

import gzip
import json
import random
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from appliance.core.commands import PrintResult, ReceiptKind, VoidReason
from appliance.core.events import (
    CatalogueActivated,
    DayClosed,
    DrawerClosed,
    DrawerOpened,
    Event,
    HelpCalled,
    HelpEnded,
    LaneClosed,
    LaneOpened,
    LineRestored,
    LineVoided,
    OperatorSignedOff,
    OperatorSignedOn,
    PaymentDeclined,
    QuantityChanged,
    ReceiptChosen,
    ReceiptIssued,
    SystemStarted,
    SystemStopped,
    TransactionCompleted,
    TransactionVoided,
)
from appliance.core.identifiers import LineNumber, Operator, TransactionId, uuid7
from appliance.core.money import Money, total
from appliance.store.journal import SqliteJournal
from tests.store.sales import CATALOGUE, DAY, NOK, open_day, sale

SALES = 6
START = datetime(2026, 11, 23, 8, 0, 0, tzinfo=UTC)


def commands() -> list[tuple[Event, ...]]:
    """Give a small business day with some of everything."""
    kari = Operator("kari")
    day: list[tuple[Event, ...]] = [
        (SystemStarted(version="2026.11.0", store="oslo-01", workstation="3"),),
        tuple(open_day()),
        (CatalogueActivated(version=CATALOGUE),),
        (OperatorSignedOn(operator=kari),),
        (LaneOpened(operator=kari),),
    ]
    done: list[Money] = []
    for number in range(1, SALES + 1):
        name = TransactionId("oslo-01", "3", DAY, number)
        for events in sale(number, lines=2 + number):
            day.append(tuple(events))
            done += [event.total for event in events if isinstance(event, TransactionCompleted)]
        day.append((ReceiptChosen(transaction=name, kind=ReceiptKind.PAPER),))
        day.append((ReceiptIssued(transaction=name, kind=ReceiptKind.PAPER, result=PrintResult.PRINTED),))
    left = TransactionId("oslo-01", "3", DAY, SALES + 1)
    started, line = next(iter(sale(SALES + 1)))
    day += [
        (started, line),
        (
            QuantityChanged(
                transaction=left, line=LineNumber(1), quantity=Decimal(3), gross=Money(4200, NOK), currency=NOK
            ),
        ),
        (LineVoided(transaction=left, line=LineNumber(1)),),
        (LineRestored(transaction=left, line=LineNumber(1)),),
        (PaymentDeclined(transaction=left, attempt=UUID(int=9), code="05", text="Not honoured"),),
        (HelpCalled(code="09521234543213"),),
        (HelpEnded(operator=kari),),
        (TransactionVoided(transaction=left, reason=VoidReason.WALK_AWAY, total=Money(4200, NOK), currency=NOK),),
        (DrawerOpened(operator=kari, reason="change"), DrawerClosed()),
        (LaneClosed(operator=kari), OperatorSignedOff(operator=kari)),
        (DayClosed(business_date=DAY, transactions=SALES, total=total(done, NOK), currency=NOK),),
        (SystemStopped(),),
    ]
    return day


def main(release: str) -> None:
    """Write the journal, and beside it what a later release must find in it."""
    entropy = random.Random(release)
    folder = Path(__file__).resolve().parents[1] / "data" / "journals"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as state:
        journal = SqliteJournal.open(
            Path(state), new_id=lambda at: uuid7(int(at.timestamp() * 1000), entropy.getrandbits(74))
        )
        at = START
        for events in commands():
            at += timedelta(seconds=11)
            journal.append(events, at=at, clock_synced=True, catalogue=str(CATALOGUE))
        rows = journal.since(0, 10_000)
        journal.close()
        content = (Path(state) / "journal.db").read_bytes()
    sums = [row.event.total.to_decimal() for row in rows if isinstance(row.event, TransactionCompleted)]
    facts = {
        "rows": len(rows),
        "last_hash": rows[-1].hash,
        "sales": len(sums),
        "total": str(sum(sums, Decimal(0))),
        "types": sorted({row.event.TYPE for row in rows}),
    }
    (folder / f"{release}.db.gz").write_bytes(gzip.compress(content, mtime=0))
    (folder / f"{release}.json").write_text(json.dumps(facts, indent=2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
