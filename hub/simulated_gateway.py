"""A payment gateway that moves no money: for trials and tests. Keeps books, and misbehaves when told.

How it behaves is a text of parts: `approve`, `ask, life 30`, `late, twice`. Written by `kvitt-hub gateway behave`, also
while the hub runs; an order keeps the behaviour under which it came.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, func, insert, select, update

from appliance.core.gateway import GatewayAction, GatewayState, Order, Standing
from appliance.core.money import Currency, Money
from appliance.mqtt.messages.wire import Packet, instant, read_instant
from hub.database import Database, put_setting, setting
from hub.schema import gateway_order

WORDS: Final = {
    "list": None,
    "behave": None,
    "approve": GatewayState.AUTHORISED,
    "decline": GatewayState.FAILED,
    "expire": GatewayState.EXPIRED,
}
"""What a person may say, and what it makes of orders that wait."""
SETTING: Final = "gateway.behaviour"
_BY_CODE: Final = frozenset({"wallet", "gift-card"})
"""Methods where the customer shows a code; with all others the customer reads ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What becomes of an order, and of the messages about orders. Without a word for its end an order is approved."""

    ask: bool = False
    """Wait for a person: `kvitt-hub gateway approve`, `decline`, `expire`."""
    decline: bool = False
    late: bool = False
    """A cancellation comes too late: the customer agrees all the same."""
    stuck: bool = False
    """Nothing happens by itself, not even the end of the order's life."""
    paying: int = 0
    """The customer is busy in his app for so many looks."""
    life: int = 600
    """Seconds until an order expires."""
    holds: int = 0
    """Minor units that a gift card holds; 0 = enough."""
    keep: bool = False
    """Refunds are refused."""
    deaf: int = 0
    """So many messages of tills are lost."""
    lose: int = 0
    """So many answers are lost."""
    twice: bool = False
    """Every answer comes twice."""
    backwards: bool = False
    """Answers change places in pairs."""
    silent: bool = False
    """No answer ever leaves."""


def behaviour(text: str) -> Behaviour:
    """Read a behaviour; ValueError names the part that is none.

    >>> behaviour("ask, life 30").life
    30
    """
    known = {field.name: field for field in fields(Behaviour)}
    changes: dict[str, Any] = {}
    for part in (part.strip() for part in text.split(",")):
        word, _, value = part.partition(" ")
        if word in ("", "approve"):
            continue
        if word not in known:
            near = difflib.get_close_matches(word, known, n=1) or ["approve"]
            raise ValueError(f"no behaviour {word!r}; did you mean {near[0]!r}?")
        changes[word] = int(value or 1) if type(known[word].default) is int else True
    return replace(Behaviour(), **changes)


class SimulatedGateway:
    """Implements `hub.gateway.PaymentGateway`, and `hub.payments.Line`. Its books are on disk before it answers."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._text = ""
        self._lost = {"deaf": 0, "lose": 0}
        self._held: Packet | None = None

    # PaymentGateway -------------------------------------------------------------------------------------------------

    def take(self, order: Order) -> Standing:
        """Enter an order into the books."""
        with self._database.write() as connection:
            row = _row(connection, order.attempt)
            if row is None:
                text = setting(connection, SETTING)
                _enter(connection, order, text)
                if order.action is GatewayAction.REFUND:
                    self._refund(connection, order, behaviour(text))
                elif behaviour(text).decline:
                    _move(connection, order.attempt, GatewayState.FAILED, text="the customer's bank refused")
                elif order.method in _BY_CODE:
                    _advance(connection, order.attempt)
            return _standing(connection, order.attempt)

    def find(self, attempt: UUID) -> Standing | None:
        """Say where an order stands; time goes on with every look."""
        with self._database.write() as connection:
            if _row(connection, attempt) is None:
                return None
            _advance(connection, attempt)
            return _standing(connection, attempt)

    def cancel(self, attempt: UUID) -> Standing:
        """Stop an order, if it has not ended and no customer is quicker."""
        with self._database.write() as connection:
            row = _row(connection, attempt)
            if row is None:
                nothing = Order(
                    attempt=attempt, action=GatewayAction.CREATE, method="", amount=Money(0, Currency.parse("NOK"))
                )
                _enter(connection, nothing, "")
                _move(connection, attempt, GatewayState.CANCELLED, text="cancelled before it came")
            elif row.state == GatewayState.IN_PROGRESS.value:
                late = behaviour(row.behaviour).late
                _move(connection, attempt, GatewayState.AUTHORISED if late else GatewayState.CANCELLED)
            return _standing(connection, attempt)

    def capture(self, attempt: UUID) -> Standing:
        """Take the money, or the part of it that is there."""
        with self._database.write() as connection:
            row = _row(connection, attempt)
            assert row is not None
            if row.state == GatewayState.AUTHORISED.value:
                holds = behaviour(row.behaviour).holds
                moved = min(row.asked, holds) if holds and row.method == "gift-card" else row.asked
                _move(connection, attempt, GatewayState.CAPTURED, moved=moved)
            return _standing(connection, attempt)

    @staticmethod
    def _refund(connection: Connection, order: Order, told: Behaviour) -> None:
        assert order.original is not None
        original = _row(connection, order.original)
        if told.keep or original is None or original.state != GatewayState.CAPTURED.value:
            _move(connection, order.attempt, GatewayState.FAILED, text="the gateway gives nothing back")
            return
        _move(connection, order.original, GatewayState.REFUNDED)
        _move(connection, order.attempt, GatewayState.REFUNDED, moved=original.moved)

    # Line -----------------------------------------------------------------------------------------------------------

    def hears(self) -> bool:
        """Whether a message that came counts."""
        return not self._loses("deaf", self._told().deaf)

    def sent(self, outgoing: Packet) -> Sequence[Packet]:
        """Give what really leaves for a message."""
        told = self._told()
        if told.silent or self._loses("lose", told.lose):
            return ()
        if told.backwards and self._held is None:
            self._held = outgoing
            return ()
        held, self._held = self._held, None
        together = (outgoing,) if held is None else (outgoing, held)
        return together * 2 if told.twice else together

    def _told(self) -> Behaviour:
        with self._database.read() as connection:
            text = setting(connection, SETTING)
        if text != self._text:
            self._text, self._lost = text, {"deaf": 0, "lose": 0}
        return behaviour(text)

    def _loses(self, what: str, so_many: int) -> bool:
        if self._lost[what] >= so_many:
            return False
        self._lost[what] += 1
        return True


# What a person does -------------------------------------------------------------------------------------------------


def obey(connection: Connection, word: str, text: str = "") -> str:
    """Do what a person says, one of `WORDS`, and give the answer; ValueError: it makes no sense."""
    if word == "list":
        lines = [
            f"{entry.reference}  {'refund' if entry.refund else entry.method}  {entry.state}  "
            f"{Money(entry.moved or entry.asked, Currency.parse(entry.currency))}"
            for entry in books(connection)
        ]
        return "\n".join([*lines, f"holds {balance(connection)} minor units"])
    if word == "behave":
        behave(connection, text)
        return text or "approve"
    state = WORDS[word]
    return "" if state is None else f"{decide(connection, state)} orders are {state}"


def behave(connection: Connection, text: str) -> None:
    """Change how orders and messages fare from now on; ValueError names a part that is none."""
    behaviour(text)
    put_setting(connection, SETTING, text)


def decide(connection: Connection, state: GatewayState, *, method: str = "") -> int:
    """Bring every order that waits for its customer, or every one of a method, to a state; give their number."""
    waits = gateway_order.c.state == GatewayState.IN_PROGRESS.value
    if method:
        waits &= gateway_order.c.method == method
    return connection.execute(update(gateway_order).where(waits).values(state=state.value)).rowcount


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the books."""

    reference: str
    method: str
    state: str
    asked: int
    moved: int
    currency: str
    refund: bool


def books(connection: Connection) -> tuple[Entry, ...]:
    """Give all orders, oldest first."""
    rows = connection.execute(select(gateway_order).order_by(gateway_order.c.number))
    return tuple(
        Entry(
            reference=f"SIM{row.number}",
            method=row.method,
            state=row.state,
            asked=row.asked,
            moved=row.moved,
            currency=row.currency,
            refund=bool(row.original),
        )
        for row in rows
    )


def balance(connection: Connection) -> int:
    """Give charges less refunds, minor units of whatever currency they are in."""
    return sum(-entry.moved if entry.refund else entry.moved for entry in books(connection))


# The books ----------------------------------------------------------------------------------------------------------


def _row(connection: Connection, attempt: UUID) -> Row[Any] | None:
    return connection.execute(select(gateway_order).where(gateway_order.c.attempt == str(attempt))).one_or_none()


def _enter(connection: Connection, order: Order, text: str) -> None:
    number = (connection.scalar(select(func.max(gateway_order.c.number))) or 7000) + 1
    end = datetime.now(UTC) + timedelta(seconds=behaviour(text).life)
    connection.execute(
        insert(gateway_order).values(
            attempt=str(order.attempt),
            original=str(order.original or ""),
            method=order.method,
            currency=order.amount.currency.code,
            asked=order.amount.minor,
            moved=0,
            state=GatewayState.IN_PROGRESS.value,
            number=number,
            looks=0,
            behaviour=text,
            expires_at=instant(end),
            text="",
        )
    )


def _move(connection: Connection, attempt: UUID, state: GatewayState, **more: object) -> None:
    values: Mapping[str, object] = {"state": state.value, **more}
    connection.execute(update(gateway_order).where(gateway_order.c.attempt == str(attempt)).values(**values))


def _advance(connection: Connection, attempt: UUID) -> None:
    """Let the customer, or time, do what they do with an order that waits."""
    row = _row(connection, attempt)
    if row is None or row.state != GatewayState.IN_PROGRESS.value:
        return
    told = behaviour(row.behaviour)
    expired = datetime.now(UTC) >= read_instant(row.expires_at)
    if expired and not told.stuck:
        _move(connection, attempt, GatewayState.EXPIRED, text="nobody paid in time")
    elif told.ask or told.late or told.stuck or row.looks < told.paying:
        _move(connection, attempt, GatewayState.IN_PROGRESS, looks=row.looks + 1)
    else:
        _move(connection, attempt, GatewayState.AUTHORISED)


def _standing(connection: Connection, attempt: UUID) -> Standing:
    row = _row(connection, attempt)
    assert row is not None
    state = GatewayState(row.state)
    waits = state is GatewayState.IN_PROGRESS
    moved = state in (GatewayState.CAPTURED, GatewayState.REFUNDED)
    left = read_instant(row.expires_at) - datetime.now(UTC)
    return Standing(
        attempt=attempt,
        state=state,
        amount=Money(row.moved if moved else row.asked, Currency.parse(row.currency)),
        reference=f"SIM{row.number}",
        code=f"https://pay.example.org/q/{row.number}" if waits and row.method not in _BY_CODE else "",
        expires_s=int(left.total_seconds()) if waits else None,
        text=row.text,
    )
