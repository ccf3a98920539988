"""Sales are read the quick way, which takes nothing and changes nothing that the other way does not."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.product import canonical
from appliance.mqtt.messages.journal import JournalBatch, UnfitRow, WireRow, batch_packet, wire_row
from appliance.mqtt.messages.sale import Sale
from appliance.mqtt.messages.wire import Fields, Malformed, decode, parse_json
from hub.reading import QuickSale, SaleRow, read_batch
from tests.mqtt.parts import AT, MemoryJournal, sale

KIOSK = "k7q2mzc4xna"


def rows_of(count: int) -> list[dict[str, Any]]:
    journal = MemoryJournal()
    for number in range(1, count + 1):
        journal.append(sale(number, lines=3), at=AT, clock_synced=True, catalogue="main/1")
    return [wire_row(row.document) for row in journal.since(0, 1000)]


def facts(found: Sale | QuickSale) -> dict[str, Any]:
    """Give what the books take of a sale."""
    return {
        "transaction": found.transaction,
        "currency": str(found.currency),
        "total": found.total,
        "lines": [
            {
                **{name: getattr(line, name) for name in ("line", "type", "sku", "gtin", "text", "entry", "unit")},
                "quantity": str(line.quantity),
                "price": line.price,
                "gross": line.gross,
                "vat": str(line.vat),
            }
            for line in found.lines
        ],
        "taxes": [(str(tax.rate), tax.net, tax.tax, tax.gross) for tax in found.taxes],
        "tenders": [(t.type, t.amount, t.attempt, t.masked_pan, t.card_name) for t in found.tenders],
        "stock": list(found.stock),
        "receipt_token": found.receipt_token,
    }


def agree(payload: bytes) -> SaleRow | WireRow | UnfitRow | None:
    """Read one row both ways; give it as the hub reads it, None if neither way can."""
    try:
        [slow] = JournalBatch.parse(decode(payload)).rows
    except Malformed:
        with pytest.raises(Malformed):
            read_batch(payload, {})
        return None
    kiosk, epoch, [row] = read_batch(payload, {})
    assert (kiosk, epoch) == (KIOSK, 1)
    if not isinstance(row, SaleRow):
        assert row == slow
        return row
    assert isinstance(slow, WireRow)
    for name in ("seq", "type", "tv", "id", "at", "hash", "catalogue"):
        assert getattr(row, name) == getattr(slow, name)
    assert canonical(parse_json(row.text)) == slow.text
    assert facts(row.sale) == facts(Sale.parse(slow.data))
    return row


def payload_of(row: object) -> bytes:
    document = {"v": 1, "kiosk": KIOSK, "epoch": 1, "events": [row]}
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def test_a_till_s_sales_are_read_the_quick_way() -> None:
    rows = rows_of(3)
    packet, _ = batch_packet(KIOSK, 1, rows)
    _, _, read = read_batch(packet.payload, packet.properties)
    assert [isinstance(row, SaleRow) for row in read] == [True, False] * 3
    assert [row.text for row in read if not isinstance(row, UnfitRow)] == [canonical(row) for row in rows]


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, entry in entries for place in places(entry, (*path, key)))]


ROW = rows_of(1)[0]
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from((10**13, -(10**13), 10**13 + 1, 2**53, 0, 1, -1, 100_000, 100_001, 1.5, 1.0, 1e3)),
    st.sampled_from(("", "0", "-0", "1.0", "007", "0.0001", "25", "1e3", "١", "NOK", "2026-03-14", "a/b/2026-03-14/1")),
    st.sampled_from(("oslo-01/3/20260314/1", "oslo-01/3/2026-03-14/0", "\ud800", "x\x00y", "x" * 401, "\n", "1\n")),
    st.text(max_size=70),
    st.sampled_from(([], {}, [[]], [{}], [["sku-0", "1"]], {"unknown": 1.5})),
)


@given(st.lists(st.tuples(st.sampled_from(places(ROW)), ODD, st.sampled_from(("put", "add", "drop"))), max_size=3))
def test_both_ways_agree_about_any_sale(changes: list[tuple[tuple[str | int, ...], Any, str]]) -> None:
    row: Any = copy.deepcopy(ROW)
    for path, value, how in changes:
        into = row
        try:
            for key in path[:-1]:
                into = into[key]
            if how == "put" and path:
                into[path[-1]] = value
            elif how == "drop" and path:
                del into[path[-1]]
            elif isinstance(into[path[-1]] if path else into, dict):
                (into[path[-1]] if path else into)["later"] = value
        except (LookupError, TypeError):
            continue
    agree(payload_of(row))


@given(st.lists(st.tuples(st.integers(0, 4000), st.binary(max_size=3), st.integers(0, 3)), max_size=3))
def test_both_ways_agree_about_any_bytes(changes: list[tuple[int, bytes, int]]) -> None:
    payload = payload_of(ROW)
    for at, put, cut in changes:
        payload = payload[: at % len(payload)] + put + payload[at % len(payload) + cut :]
    try:
        fields = decode(payload)
        readable = len(fields.entries("events", limit=50)) == 1 and fields.table.get("kiosk") == KIOSK
        readable = readable and fields.table.get("epoch") == 1
    except Malformed:
        readable = True
    if readable:
        agree(payload)


@pytest.mark.parametrize(
    ("name", "value"), [("currency", "XXX"), ("total", 1), ("receipt_token", "no spaces"), ("lines", [])]
)
def test_what_the_quick_way_refuses_is_told_by_the_other(name: str, value: object) -> None:
    row = agree(payload_of({**ROW, "data": {**ROW["data"], name: value}}))
    assert isinstance(row, WireRow)
    with pytest.raises(Malformed):
        Sale.parse(row.data)


@pytest.mark.parametrize(
    ("part", "change", "quick"),
    [
        ("lines", {"quantity": "2.500"}, True),
        ("lines", {"quantity": "007"}, False),
        ("lines", {"vat": "025"}, False),
        ("lines", {"vat": "25.0"}, True),
        ("lines", {"line": 2}, False),
        ("lines", {"gtin": None}, True),
        ("lines", {"unit": None}, False),
        ("taxes", {"rate": "15"}, False),
        ("taxes", {"rate": "15.00"}, False),
        ("taxes", {"net": 0}, False),
        ("tenders", {"masked_pan": None}, False),
        ("tenders", {"type": "x" * 21}, False),
    ],
)
def test_a_change_of_one_part_is_read_alike_both_ways(part: str, change: dict[str, object], quick: bool) -> None:
    row = copy.deepcopy(ROW)
    row["data"][part][0].update(change)
    assert isinstance(agree(payload_of(row)), SaleRow) == quick


@pytest.mark.parametrize(("quantity", "quick"), [("-0.125", True), ("0.0001", False), ("01", False), ("1e3", False)])
def test_a_movement_is_read_alike_both_ways(quantity: str, quick: bool) -> None:
    row = copy.deepcopy(ROW)
    row["data"]["stock"][0][1] = quantity
    assert isinstance(agree(payload_of(row)), SaleRow) == quick


def test_a_field_of_a_later_release_is_kept_with_its_row() -> None:
    row = agree(payload_of({**ROW, "data": {**ROW["data"], "rounding": -20}}))
    assert isinstance(row, WireRow)
    assert row.data["rounding"] == -20
    assert Fields(parse_json(row.text), "").table["data"]["rounding"] == -20
