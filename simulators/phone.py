"""The phone of the customer at one kiosk: it has scanned the kiosk's code, and its app asks whether to pay."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Final, Self

from appliance.core.gateway import GatewayState
from appliance.core.money import Currency, Money
from hub import simulated_gateway
from hub.database import Database

ANSWERS: Final = {
    "pay": GatewayState.AUTHORISED,
    "decline": GatewayState.FAILED,
    "expire": GatewayState.EXPIRED,
}
"""What the customer may do, and what it makes of the order at the simulated gateway."""
WAITS: Final = "ask, life 180"
"""Behaviour of the simulated gateway under which orders wait for such an answer, for as many seconds."""


class Phone:
    """Answers the orders of one method at the simulated gateway of the hub in a folder; use as a context manager."""

    def __init__(self, hub: Path, method: str) -> None:
        self._database = Database(hub)
        self.method = method

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def asked(self) -> Money | None:
        """Give what the app asks the customer to pay; None if it asks nothing."""
        waiting = [entry for entry in self._orders() if entry.state == GatewayState.IN_PROGRESS.value]
        return Money(waiting[-1].asked, Currency.parse(waiting[-1].currency)) if waiting else None

    def answer(self, word: str) -> None:
        """Do one of `ANSWERS`; LookupError if it is none."""
        state = ANSWERS[word]
        with self._database.write() as connection:
            simulated_gateway.decide(connection, state, method=self.method)

    def balance(self) -> int:
        """Give charges less refunds, minor units."""
        return sum(-order.moved if order.refund else order.moved for order in self._orders())

    def _orders(self) -> tuple[simulated_gateway.Entry, ...]:
        with self._database.read() as connection:
            return tuple(entry for entry in simulated_gateway.books(connection) if entry.method == self.method)
