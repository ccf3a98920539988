"""What a kiosk of a fleet keeps: a journal in memory with real rows and hashes, and the sales that go into it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from appliance.core.catalogue import Unit
from appliance.core.commands import EntryMethod, PrintResult, ReceiptKind
from appliance.core.events import Event, ReceiptIssued, SaleLine, SaleTender, TransactionCompleted
from appliance.core.identifiers import LineNumber, Sku, TransactionId
from appliance.core.money import Currency, Money
from appliance.core.payment import TenderType
from appliance.core.tax import tax_summary
from appliance.mqtt.memory import Remembered
from appliance.ports import JournalRow
from appliance.store.codec import encode
from appliance.store.journal import event_id
from appliance.store.rows import NO_HASH, seal, stamp

NOK = Currency.parse("NOK")
ROWS_OF_A_SALE = 2


class MemoryJournal:
    """Implements `ports.Journal`; it is gone with the process."""

    def __init__(self) -> None:
        self._rows: list[JournalRow] = []
        self._acked = 0

    def append(self, events: Sequence[Event], *, at: datetime, clock_synced: bool, catalogue: str | None) -> int:
        """Append rows; give the last sequence."""
        for event in events:
            kind, version, data = encode(event)
            identity, previous = event_id(at), self._rows[-1].hash if self._rows else NO_HASH
            document = seal(
                {
                    "type": kind,
                    "tv": version,
                    "id": str(identity),
                    "seq": len(self._rows) + 1,
                    "at": stamp(at),
                    "clock_synced": clock_synced,
                    "catalogue": catalogue,
                    "data": data,
                    "prev": previous,
                }
            )
            self._rows.append(
                JournalRow(
                    sequence=len(self._rows) + 1,
                    id=identity,
                    at=at,
                    clock_synced=clock_synced,
                    catalogue=catalogue,
                    event=event,
                    hash=document["hash"],
                    previous=previous,
                    document=document,
                )
            )
        return len(self._rows)

    def since(self, sequence: int, limit: int) -> Sequence[JournalRow]:
        """Give rows after a sequence."""
        return self._rows[sequence : sequence + limit]

    def last(self) -> int:
        """Give the last sequence."""
        return len(self._rows)

    def first(self) -> int:
        """Give the first sequence; 0 for an empty journal."""
        return min(1, len(self._rows))

    def acked(self) -> int:
        """Give the hub's position."""
        return self._acked

    def acknowledge(self, through: int) -> None:
        """Keep the hub's position."""
        self._acked = max(self._acked, through)

    def restart_upload(self, after: int) -> None:
        """Send again from `after` + 1."""
        self._acked = after

    def epoch(self) -> int:
        """Give the first epoch."""
        return 1

    def open_day(self) -> Iterator[JournalRow]:
        """Give all rows."""
        return iter(self._rows)

    def idle(self) -> None:
        """Do nothing."""

    def verify(self) -> int:
        """Give the number of rows."""
        return len(self._rows)

    def close(self) -> None:
        """Forget everything."""
        self._rows.clear()


class ShortMemory:
    """What `mqtt.memory.LinkMemory` is on a card, for kiosks without one."""

    def __init__(self) -> None:
        self.value = Remembered()

    def keep(self, **changes: Any) -> None:
        """Change values."""
        self.value = replace(self.value, **changes)


def sale(number: int, at: datetime, *, store: str, workstation: str) -> tuple[Event, ...]:
    """Give the events of the sale with this number: three things of two VAT rates, paid by card. No two are equal."""
    transaction = TransactionId(store, workstation, at.date(), number)
    prices = [(1290 + number % 977, Decimal(15)), (4900, Decimal(25)), (300, Decimal(25))]
    lines = tuple(
        SaleLine(
            line=LineNumber(i + 1),
            type="sale",
            sku=Sku(f"item-{i + number % 40}"),
            text=f"Økologisk vare nr. {i}",
            entry=EntryMethod.SCANNED,
            quantity=Decimal(1),
            unit=Unit.EACH,
            price=Money(price, NOK),
            gross=Money(price, NOK),
            vat=rate,
        )
        for i, (price, rate) in enumerate(prices)
    )
    whole = Money(sum(price for price, _ in prices), NOK)
    card = SaleTender(
        type=TenderType.CARD, amount=whole, attempt=UUID(int=number), masked_pan="************4321", card_name="Visa"
    )
    completed = TransactionCompleted(
        transaction=transaction,
        currency=NOK,
        total=whole,
        lines=lines,
        taxes=tax_summary([(rate, Money(price, NOK)) for price, rate in prices]),
        tenders=(card,),
        stock=tuple((line.sku, Decimal(-1)) for line in lines),
        receipt_token=f"{store}-{workstation}-{number:08d}",
    )
    return completed, ReceiptIssued(transaction=transaction, kind=ReceiptKind.NONE, result=PrintResult.PRINTED)
