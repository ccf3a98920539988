"""The way to the hub's payment gateway: orders go up, and where they stand comes down (`drivers.Gateway`).

Nothing is kept here but the newest word about the orders that somebody waits for. Whether a question was heard shows
by its answer; whoever hears nothing asks again.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final
from uuid import UUID

from appliance.core.gateway import Order, Standing
from appliance.drivers import Heard
from appliance.mqtt.messages.payment import order_document, parse_standing
from appliance.mqtt.messages.wire import Packet, decode, packet
from appliance.mqtt.topics import Kind

ORDERS: Final = 32
"""Orders that are remembered, the newest."""


class GatewayLink:
    """See the module. `send` hands a packet to the link, False if there is none; `reachable`: whether there is one."""

    def __init__(self, kiosk: str, *, send: Callable[[Packet], bool], reachable: Callable[[], bool]) -> None:
        self._kiosk = kiosk
        self._send = send
        self._reachable = reachable
        self._turned = threading.Condition()
        self._orders: OrderedDict[UUID, Heard] = OrderedDict()

    def online(self) -> bool:
        """Whether the hub can be reached."""
        return self._reachable()

    def ask(self, order: Order) -> bool:
        """Send an order; False if there is no link. True is no receipt."""
        with self._turned:
            self._orders[order.attempt] = self._orders.pop(order.attempt, Heard(0, None))
            while len(self._orders) > ORDERS:
                self._orders.popitem(last=False)
        return self._send(packet(Kind.PAYMENT_REQUEST, self._kiosk, order_document(order)))

    def hear(self, attempt: UUID, after: int, seconds: float) -> Heard:
        """Wait until more than `after` answers about an order have come, or the time is over; give the newest word."""
        deadline = time.monotonic() + seconds
        with self._turned:
            while True:
                heard = self._orders.get(attempt, Heard(0, None))
                left = deadline - time.monotonic()
                if heard.answers > after or left <= 0:
                    return heard
                self._turned.wait(left)

    def deliver(self, arrived: Packet) -> None:
        """Take `dn/pay`; Malformed says what is wrong with it. What nobody asked for is dropped."""
        told = parse_standing(decode(arrived.payload, arrived.properties))
        with self._turned:
            known = self._orders.get(told.attempt)
            if known is None:
                return
            self._orders[told.attempt] = Heard(known.answers + 1, _newer(known.standing, told))
            self._turned.notify_all()


def _newer(known: Standing | None, told: Standing) -> Standing:
    """Give the word that counts: messages may come twice and in any order, a state never goes back."""
    if known is None or told.state.rank > known.state.rank:
        return told
    return known if known.state.final or told.state.rank < known.state.rank else told
