"""Proofs over many rows of the journal: no gap, no break in the chain, days and epochs that match."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from tinydb.table import Document

from appliance.store.faults import RowDamaged, damaged_journal
from appliance.store.overlay import PAGE_ROWS
from appliance.store.rows import NO_HASH, EventTable
from appliance.store.table import Table

RowOf = Callable[[int], Mapping[str, Any]]


def legal_starts(table: Table) -> frozenset[int]:
    """Give the sequences at which a gap may end: the first of an epoch, and those behind what it declares lost."""
    return frozenset(
        start for epoch in table for start in (epoch["first"], *(lost[1] + 1 for lost in epoch.get("lost", ())))
    )


def page(events: EventTable, after: int, limit: int, *, last: int, firsts: Collection[int]) -> list[Document]:
    """Give up to `limit` rows after a sequence, each proved by itself, without a gap up to `last`.

    The only legal jumps are those that an epoch declares: `firsts`.
    """
    try:
        found = events.page(after, limit)
    except RowDamaged as damage:
        raise damaged_journal(damage.doc_id, "the row fails its checksum") from damage
    rows = [row for row in found if row.doc_id <= last]
    expected = after + 1
    for row in rows:
        if row.doc_id != expected and row.doc_id not in firsts:
            raise damaged_journal(expected, "the row is missing")
        expected = row.doc_id + 1
    if len(found) < limit and expected <= last:
        raise damaged_journal(expected, "the row is missing")
    return rows


def chain(
    events: EventTable, after: int, previous: str | None, *, last: int, firsts: Collection[int]
) -> Iterator[Document]:
    """Give all rows after a sequence, proved one by one and as a chain that goes on from hash `previous`, if known."""
    while after < last:
        for row in page(events, after, PAGE_ROWS, last=last, firsts=firsts):
            if previous is None and row.doc_id == 1:
                previous = NO_HASH
            if previous is not None and row["prev"] != previous and row.doc_id == after + 1:
                raise damaged_journal(row.doc_id, "the chain is broken")
            previous = str(row["hash"])
            yield row
            after = row.doc_id


def days(table: Table, row_of: RowOf) -> None:
    """Prove that each business day's entry names rows that open and close it."""
    for day in table:
        ends = row_of(day["last"] or day["first"])
        if row_of(day["first"])["type"] != "day.opened" or (day["last"] and ends["type"] != "day.closed"):
            raise damaged_journal(day["first"], "the entry of its business day does not fit")
        if day["last"] and ends["hash"] != day["hash"]:
            raise damaged_journal(day["last"], "the entry of its business day knows another row")


def epochs(table: Table, row_of: RowOf, *, last: int) -> None:
    """Prove that each epoch's first row is there, and that they follow each other."""
    before = 0
    for epoch in table:
        first = int(epoch["first"])
        if first <= before or first > last + 1:
            raise damaged_journal(first, "the epochs do not follow each other")
        if first <= last:
            row_of(first)
        before = first
