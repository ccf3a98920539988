"""Asking a terminal: a request out, its answer back, in one of the two dialects."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from appliance.io.payment.nexo import service_id
from appliance.io.payment.nexo.http_link import Exchange, HttpLink
from appliance.io.payment.nexo.messages import (
    Category,
    LoginAnswer,
    Names,
    Request,
    Response,
    StatusAnswer,
    answer_to,
    read_login,
    read_response,
    read_status,
)
from appliance.io.payment.nexo.tree import Node, Tree, Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How messages become bytes."""

    version: str
    encode: Callable[[Tree], bytes]
    decode: Callable[[bytes], Tree]
    """Unreadable: it is no message."""


class Session:
    """One terminal, as it is talked to. Every request has a connection of its own."""

    def __init__(
        self, link: HttpLink, dialect: Dialect, names: Names, *, connect: float, stopped: Callable[[], bool]
    ) -> None:
        """`connect`: seconds that connecting may take."""
        self.names = names
        self._link = link
        self._dialect = dialect
        self._connect = connect
        self._stopped = stopped

    def connect(self) -> Exchange:
        """Connect for one request; DeviceError: nothing was sent."""
        return self._link.connect(self._connect)

    def encode(self, request: Request) -> bytes:
        """Give the bytes of a request."""
        return self._dialect.encode(request.tree(self._dialect.version))

    def answer(
        self, exchange: Exchange, request: Request, timeout: float, stopped: Callable[[], bool] | None = None
    ) -> Node:
        """Wait for the answer to a request that has been sent; DeviceError if it is lost or is none."""
        reply = exchange.receive(timeout, stopped or self._stopped)
        if reply.status != 200:
            raise Unreadable(f"the terminal answered with HTTP status {reply.status}")
        return answer_to(request.header, self._dialect.decode(reply.body))

    def ask(self, request: Request, timeout: float, stopped: Callable[[], bool] | None = None) -> Node:
        """Ask on a new connection; DeviceError if there is no answer. For what moves no money."""
        exchange = self._link.connect(min(self._connect, timeout))
        try:
            exchange.send(self.encode(request))
            return self.answer(exchange, request, timeout, stopped)
        finally:
            exchange.close()

    def status(self, category: Category, asked: str, timeout: float) -> StatusAnswer:
        """Ask what became of a message."""
        return read_status(self.ask(self.names.status(service_id.fresh(), category, asked), timeout))

    def probe(self, timeout: float) -> Response:
        """Ask about a message that never was: any answer shows that the terminal is there and understands us."""
        return self.status(Category.PAYMENT, service_id.fresh(), timeout).response

    def login(self, language: str, timeout: float) -> LoginAnswer:
        """Begin a login session."""
        now = datetime.now(UTC).astimezone()
        version = importlib.metadata.version("kvitt")
        request = self.names.login(service_id.fresh(), now=now, language=language, version=version)
        return read_login(self.ask(request, timeout))

    def logout(self, timeout: float) -> Response:
        """End it; also while the till stops."""
        request = self.names.logout(service_id.fresh())
        return read_response(self.ask(request, timeout, lambda: False), Category.LOGOUT)

    def abort(self, aborted: str, timeout: float) -> bool:
        """Ask to stop a payment; whether the terminal has taken the wish. DeviceError: it cannot be reached."""
        exchange = self._link.connect(min(self._connect, timeout))
        try:
            exchange.send(self.encode(self.names.abort(service_id.fresh(), aborted)))
            return 200 <= exchange.receive(timeout, self._stopped).status < 300
        finally:
            exchange.close()
