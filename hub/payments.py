"""Orders of tills at the payment gateway: taken off the broker, carried out once, and answered as often as asked.

Each order is in the database before the gateway hears of it. After a stop in between the gateway is asked, never told
again: a customer's code is not here any more.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Sequence
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from appliance.core.gateway import GatewayAction, GatewayState, Order, Standing
from appliance.core.money import Currency, Money
from appliance.mqtt.messages.payment import parse_order, standing_document
from appliance.mqtt.messages.wire import Malformed, Packet, decode, packet
from appliance.mqtt.topics import Kind, every, parse
from hub import kiosks
from hub.alarms import now
from hub.broker import Delivery, Session
from hub.database import Database
from hub.gateway import GatewayDown, PaymentGateway
from hub.schema import payment
from hub.worker import machine_name

GLANCE_S: Final = 0.2
"""Seconds between two looks at orders that wait for a customer."""
NO_GATEWAY: Final = "this hub has no payment gateway: name one in hub.toml"
NEVER_CAME: Final = "the hub never got this order, and will not carry it out"

_FINAL: Final = tuple(state.value for state in GatewayState if state.final)
_log = logging.getLogger(__name__)


class Line(Protocol):
    """What happens to messages on their way; for a simulated gateway that shall misbehave."""

    def hears(self) -> bool:
        """Whether a message that came counts."""
        ...

    def sent(self, outgoing: Packet) -> Sequence[Packet]:
        """Give what really leaves for a message."""
        ...


class GoodLine:
    """Every message arrives, once."""

    def hears(self) -> bool:
        """Always."""
        return True

    def sent(self, outgoing: Packet) -> Sequence[Packet]:
        """Give the message itself."""
        return (outgoing,)


class Payments:
    """One thread behind one connection. Without a gateway every order is answered with FAILED."""

    def __init__(
        self, database: Database, host: str, port: int, gateway: PaymentGateway | None, line: Line | None = None
    ) -> None:
        self._database = database
        self._gateway = gateway
        self._line = line or GoodLine()
        self._inbox: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()
        self._waiting: set[UUID] = set()
        self._session = Session(
            host,
            port,
            client_id=f"hub-{machine_name()}-pay",
            subscriptions=(f"$share/pay/{every(Kind.PAYMENT_REQUEST)}",),
            taken=self._inbox.put,
        )
        self._thread = threading.Thread(target=self._run, name="payments", daemon=True)

    def start(self) -> None:
        """Begin, with the orders that were left open."""
        with self._database.read() as connection:
            left = connection.scalars(select(payment.c.attempt).where(payment.c.state.not_in(_FINAL)))
            self._waiting = {UUID(attempt) for attempt in left}
        self._thread.start()
        self._session.start()

    def stop(self) -> None:
        """End; what was not answered is asked again."""
        self._session.stop()
        self._inbox.put(None)
        self._thread.join(10)

    def _run(self) -> None:
        while True:
            try:
                delivery = self._inbox.get(timeout=GLANCE_S if self._waiting else None)
                if delivery is None:
                    return
                if self._line.hears():
                    self._take(delivery.packet)
            except queue.Empty:
                self._glance()
            except SQLAlchemyError as error:
                # Its text may hold what was to be written. Who gets no answer asks again.
                _log.error("orders are not carried out now: %s", type(error).__name__)

    def _take(self, asked: Packet) -> None:
        address = parse(asked.topic)
        if address is None or address.kind is not Kind.PAYMENT_REQUEST:
            return
        try:
            order = parse_order(decode(asked.payload, asked.properties))
        except Malformed as error:
            _log.warning("%s: an order that cannot be read: %s", address.name, error)
            return
        standing = self._answer(address.name, order)
        if standing is not None:
            self._tell(address.name, standing)

    def _tell(self, kiosk: str, standing: Standing) -> None:
        for outgoing in self._line.sent(packet(Kind.PAYMENT, kiosk, standing_document(standing))):
            self._session.publish(outgoing)

    def _answer(self, kiosk: str, order: Order) -> Standing | None:
        with self._database.write() as connection:
            if kiosks.blocked(connection, kiosk):
                return None
            row = _row(connection, order.attempt)
            new = row is None and order.action in (GatewayAction.CREATE, GatewayAction.REFUND)
            if row is None:
                first = _first(connection, kiosk, order, new=new, gateway=self._gateway is not None)
                connection.execute(insert(payment).values(**first))
                row = _row(connection, order.attempt)
        if row is None or row.kiosk != kiosk:
            _log.warning("%s asks for an order of another till", kiosk)
            return None
        standing = _standing(row)
        if standing.state.final or self._gateway is None:
            return standing
        self._waiting.add(order.attempt)
        try:
            if new:
                standing = self._gateway.take(order)
            elif order.action is GatewayAction.CANCEL:
                standing = self._gateway.cancel(order.attempt)
            else:
                standing = self._found(order.attempt)
            return self._keep(self._captured(standing))
        except GatewayDown as error:
            _log.error("the payment gateway: %s", error)
            return standing

    def _found(self, attempt: UUID) -> Standing:
        """Ask the gateway. What it does not know was lost when the hub stopped, and is closed for good."""
        assert self._gateway is not None
        return self._gateway.find(attempt) or self._gateway.cancel(attempt)

    def _captured(self, standing: Standing) -> Standing:
        assert self._gateway is not None
        return self._gateway.capture(standing.attempt) if standing.state is GatewayState.AUTHORISED else standing

    def _keep(self, standing: Standing) -> Standing:
        with self._database.write() as connection:
            connection.execute(
                update(payment).where(payment.c.attempt == str(standing.attempt)).values(**_told(standing))
            )
            before = _row(connection, standing.attempt)
            if before is not None and before.original and standing.state is GatewayState.REFUNDED:
                back = update(payment).where(payment.c.attempt == before.original)
                connection.execute(back.values(state=GatewayState.REFUNDED.value, at=now()))
        if standing.state.final:
            self._waiting.discard(standing.attempt)
        return standing

    def _glance(self) -> None:
        """See what has become of open orders, and tell their tills what is new."""
        for attempt in list(self._waiting):
            with self._database.read() as connection:
                row = _row(connection, attempt)
            if row is None or self._gateway is None:
                self._waiting.discard(attempt)
                continue
            try:
                standing = self._captured(self._found(attempt))
            except GatewayDown as error:
                _log.error("the payment gateway: %s", error)
                return
            if standing.state.value != row.state or standing.code != row.code:
                self._tell(row.kiosk, self._keep(standing))


def _row(connection: Connection, attempt: UUID) -> Row[Any] | None:
    return connection.execute(select(payment).where(payment.c.attempt == str(attempt))).one_or_none()


def _first(connection: Connection, kiosk: str, order: Order, *, new: bool, gateway: bool) -> dict[str, Any]:
    state, text = GatewayState.CREATED, ""
    if not new:
        state, text = GatewayState.CANCELLED, NEVER_CAME
    elif not gateway:
        state, text = GatewayState.FAILED, NO_GATEWAY
    elif order.action is GatewayAction.REFUND:
        text = _no_refund(connection, kiosk, order)
        state = GatewayState.FAILED if text else state
    return {
        "attempt": str(order.attempt),
        "kiosk": kiosk,
        "original": str(order.original or ""),
        "method": order.method,
        "currency": order.amount.currency.code,
        **_told(Standing(attempt=order.attempt, state=state, amount=order.amount, text=text)),
    }


def _no_refund(connection: Connection, kiosk: str, order: Order) -> str:
    """Say why an order cannot be a refund; "" if it can."""
    assert order.original is not None
    original = _row(connection, order.original)
    if original is None or original.kiosk != kiosk or original.original:
        return "this till has no such payment"
    if original.state != GatewayState.CAPTURED.value:
        return f"the payment is {original.state}"
    if (original.amount, original.currency) != (order.amount.minor, order.amount.currency.code):
        return "the payment was of another amount"
    return ""


def _told(standing: Standing) -> dict[str, Any]:
    return {
        "state": standing.state.value,
        "amount": standing.amount.minor,
        "reference": standing.reference,
        "code": standing.code,
        "text": standing.text,
        "at": now(),
    }


def _standing(row: Row[Any]) -> Standing:
    return Standing(
        attempt=UUID(row.attempt),
        state=GatewayState(row.state),
        amount=Money(row.amount, Currency.parse(row.currency)),
        reference=row.reference,
        code=row.code,
        text=row.text,
    )
