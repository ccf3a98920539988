"""Batches of 8-line sales as tills send them, with their real chain of hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Final

from appliance.core.events import TransactionCompleted
from appliance.core.identifiers import uuid7
from appliance.core.product import canonical
from appliance.mqtt.messages.journal import batch_packet
from appliance.mqtt.messages.wire import Packet, instant
from appliance.store.codec import encode
from benchmarks.sales import AT, VERSION, sale

ROWS_OF_A_BATCH: Final = 25
_FIRST: Final = "0" * 64


def batches(kiosk: str, count: int) -> Iterator[Packet]:
    """Give so many batches of `transaction.completed` of one till."""
    rows = _rows(count * ROWS_OF_A_BATCH)
    for _ in range(count):
        packet, taken = batch_packet(kiosk, 1, [next(rows) for _ in range(ROWS_OF_A_BATCH)])
        assert taken == ROWS_OF_A_BATCH, "25 rows of a sale are one batch"
        yield packet


def kiosks(count: int) -> list[str]:
    """Give so many ids of tills."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    return [f"k{letters[number // 26 % 26]}{letters[number % 26]}aaaaaaaa" for number in range(count)]


def _rows(count: int) -> Iterator[dict[str, Any]]:
    before = _FIRST
    for number in range(1, count + 1):
        [completed] = [event for events in sale(number) for event in events if isinstance(event, TransactionCompleted)]
        kind, version, data = encode(completed)
        row = {
            "type": kind,
            "tv": version,
            "id": str(uuid7(int(AT.timestamp() * 1000), number)),
            "seq": number,
            "at": instant(AT),
            "clock_synced": True,
            "catalogue": str(VERSION),
            "data": data,
        }
        before = hashlib.sha256(canonical({**row, "prev": before})).hexdigest()
        yield {**row, "hash": before}
