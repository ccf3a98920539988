"""Stock: movements, whoever made them, and the levels that are their sum. Quantities are thousandths of the unit.

A till's movements stand under its row of the journal; those that people book here stand under a document, with an empty
kiosk. A level below zero is a fact to report, never a fault.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, insert, select, text, tuple_

from appliance.mqtt.messages.wire import instant
from hub import schema
from hub.bulk import Columns

MOVEMENT: Final = Columns(
    schema.stock_movement, "kiosk", "epoch", "seq", "number", "store", "sku", "quantity", "kind", "business_date"
)
MOST: Final = 10**12
"""Thousandths that one line of a document may name."""

_MOVE: Final = text(
    "INSERT INTO stock_level (store, sku, on_hand) VALUES (:store, :sku, :quantity) "
    "ON CONFLICT (store, sku) DO UPDATE SET on_hand = stock_level.on_hand + excluded.on_hand"
)
_LOW: Final = text(
    "INSERT INTO stock_level (store, sku, on_hand, low) VALUES (:store, :sku, 0, :low) "
    "ON CONFLICT (store, sku) DO UPDATE SET low = excluded.low"
)


class Kind(StrEnum):
    """Why goods moved."""

    SALE = "sale"
    RETURN = "return"
    RECEIVING = "receiving"
    COUNT = "count"
    WASTE = "waste"
    TRANSFER = "transfer"


class Refused(Exception):
    """What was to be booked cannot be; nothing was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What is on hand of a product in a store; `low`: at or below it somebody should order, None = nobody said."""

    store: str
    sku: str
    on_hand: int
    low: int | None

    @property
    def is_low(self) -> bool:
        """Whether it is time to order."""
        return self.low is not None and self.on_hand <= self.low


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One movement. `kiosk` is empty for those of a document, and `seq` is its number then."""

    kiosk: str
    epoch: int
    seq: int
    number: int
    kind: Kind
    store: str
    sku: str
    quantity: int
    business_date: date


def move(connection: Connection, moves: Mapping[tuple[str, str], int]) -> None:
    """Change levels by (store, SKU); in this order always, so that two writers cannot wait for each other."""
    if moves:
        connection.execute(
            _MOVE,
            [{"store": store, "sku": sku, "quantity": quantity} for (store, sku), quantity in sorted(moves.items())],
        )


def book(
    connection: Connection,
    kind: Kind,
    store: str,
    lines: Sequence[tuple[str, int]],
    *,
    at: datetime,
    business_date: date,
    operator: str,
    to_store: str = "",
    note: str = "",
) -> int:
    """Book what people did with goods, SKU by SKU; give the document's number. Refused says why not.

    The quantities: what came in (receiving, return), what was thrown away (waste), what went to `to_store` (transfer),
    or what is there (count). Only a count may be zero.
    """
    _check(kind, store, lines, to_store)
    held = _on_hand(connection, [(store, sku) for sku, _ in lines]) if kind is Kind.COUNT else {}
    moves: list[tuple[str, str, int]] = []
    for sku, quantity in lines:
        match kind:
            case Kind.COUNT:
                moves.append((store, sku, quantity - held[store, sku]))
            case Kind.WASTE:
                moves.append((store, sku, -quantity))
            case Kind.TRANSFER:
                moves += [(store, sku, -quantity), (to_store, sku, quantity)]
            case _:
                moves.append((store, sku, quantity))
    document: int | None = connection.scalar(
        insert(schema.stock_document)
        .values(
            kind=kind.value,
            store=store,
            to_store=to_store,
            business_date=business_date.isoformat(),
            at=instant(at),
            operator=operator,
            note=note,
        )
        .returning(schema.stock_document.c.number)
    )
    assert document is not None
    MOVEMENT.insert(
        connection,
        [
            ("", 0, document, number, where, sku, quantity, kind.value, business_date.isoformat())
            for number, (where, sku, quantity) in enumerate(moves, 1)
        ],
    )
    changes: dict[tuple[str, str], int] = defaultdict(int)
    for where, sku, quantity in moves:
        changes[where, sku] += quantity
    move(connection, changes)
    return document


def _check(kind: Kind, store: str, lines: Sequence[tuple[str, int]], to_store: str) -> None:
    if kind is Kind.SALE:
        raise Refused("sales come from tills")
    if not store or not lines:
        raise Refused("a store and at least one product are wanted")
    if (kind is Kind.TRANSFER) != bool(to_store) or to_store == store:
        raise Refused("a transfer goes to another store, and nothing else does")
    if len({sku for sku, _ in lines}) != len(lines):
        raise Refused("a product stands twice")
    for sku, quantity in lines:
        if not 0 < len(sku) <= 64:
            raise Refused(f"{sku!r} is no SKU: 1 to 64 characters are wanted")
        if not (0 if kind is Kind.COUNT else 1) <= quantity <= MOST:
            raise Refused(f"{sku}: {quantity} thousandths cannot be")


def _on_hand(connection: Connection, places: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Give the levels, and keep others from changing them until the transaction ends."""
    move(connection, dict.fromkeys(places, 0))
    table = schema.stock_level
    rows = connection.execute(
        select(table.c.store, table.c.sku, table.c.on_hand).where(tuple_(table.c.store, table.c.sku).in_(places))
    )
    return {(row.store, row.sku): row.on_hand for row in rows}


def set_low(connection: Connection, store: str, sku: str, low: int | None) -> None:
    """Say from where on the level of a product is low; None = never."""
    connection.execute(_LOW, {"store": store, "sku": sku, "low": low})


def levels(connection: Connection, store: str = "", *, only_low: bool = False) -> tuple[Level, ...]:
    """Give the levels of a store, or of all, by store and SKU."""
    table = schema.stock_level
    query = select(table).order_by(table.c.store, table.c.sku)
    if store:
        query = query.where(table.c.store == store)
    if only_low:
        query = query.where(table.c.on_hand <= table.c.low)
    return tuple(
        Level(store=row.store, sku=row.sku, on_hand=row.on_hand, low=row.low) for row in connection.execute(query)
    )


def movements(connection: Connection, store: str, sku: str, *, first: date, last: date) -> tuple[Movement, ...]:
    """Give the movements of a product in a store between two days, both included."""
    table = schema.stock_movement
    query = (
        select(table)
        .where(
            table.c.business_date.between(first.isoformat(), last.isoformat()),
            table.c.store == store,
            table.c.sku == sku,
        )
        .order_by(table.c.business_date, table.c.kiosk, table.c.epoch, table.c.seq, table.c.number)
    )
    return tuple(
        Movement(
            kiosk=row.kiosk,
            epoch=row.epoch,
            seq=row.seq,
            number=row.number,
            kind=Kind(row.kind),
            store=row.store,
            sku=row.sku,
            quantity=row.quantity,
            business_date=date.fromisoformat(row.business_date),
        )
        for row in connection.execute(query)
    )
