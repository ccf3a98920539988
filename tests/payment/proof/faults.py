"""Counted points in a till, and what happens at one of them: hooks at the wire and at the journal."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from appliance.core import events as e
from appliance.errors import DeviceOffline
from appliance.io.link import Link, open_link
from appliance.io.payment.nexo import http_link
from appliance.io.payment.zvt import access
from appliance.io.payment.zvt import apdu as wire
from appliance.io.payment.zvt.apdu import Apdu
from appliance.io.payment.zvt.wire import SerialWire, TcpWire
from appliance.store.journal import SqliteJournal
from tests.payment.proof.dialogues import Cut

DISORDER = 3
"""Exit code of a till that answered before it wrote, or sent before."""
_MONEY = (wire.AUTHORISATION, wire.REVERSAL, wire.REFUND)
_ENDS = (
    e.PaymentConfirmed,
    e.PaymentDeclined,
    e.PaymentCancelled,
    e.PaymentNotCharged,
    e.PaymentReversed,
    e.PaymentOutcomeLost,
)


class Points:
    """Counts; at the point of the cut it kills this process, has the terminal killed, or cuts the line."""

    def __init__(self, cut: Cut, ears: socket.socket) -> None:
        self._cut = cut
        self._ears = ears
        self._lock = threading.Lock()
        self.armed = self.wire = cut.from_start
        """Whether points count, and those at the wire: from the first command for money on, or from the start."""
        self.labels: list[str] = []
        self.sent = False
        """PaymentSent is on disk, and the attempt has not ended."""
        self.approved = False
        """PaymentApproved is on disk for the attempt that is sent."""

    def pass_(self, label: str) -> bool:
        """Pass a point; whether the line is to be cut here."""
        with self._lock:
            if not self.armed:
                return False
            self.labels.append(label)
            if self._cut.by != "till" or len(self.labels) != self._cut.at:
                return False
            match self._cut.what:
                case "till":
                    os.kill(os.getpid(), signal.SIGKILL)
                case "terminal":
                    self._ears.sendall(b"K")
                    self._ears.recv(1)
                case "line":
                    self._ears.sendall(b"C")
                    return True
        return False

    def at_wire(self, label: str) -> bool:
        """Pass a point at the wire; what a check of the idle terminal says is no part of a payment."""
        return self.wire and self.pass_(label)

    def disorder(self, what: str) -> NoReturn:
        """End: a rule of order is broken, which no comparison of books need show."""
        self._ears.sendall(b"!" + what.encode())
        os._exit(DISORDER)


class FaultyJournal(SqliteJournal):
    """The journal of the till, with a point before and behind each commit."""

    points: Points
    wire_from: type[e.Event] = e.PaymentSent
    """The event from which on points at the wire count."""

    def append(self, events: Sequence[e.Event], **more: Any) -> int:
        names = "+".join(type(event).__name__ for event in events)
        if any(isinstance(event, e.PaymentRequested) for event in events):
            self.points.armed = True
        if any(isinstance(event, self.wire_from) for event in events):
            self.points.wire = True
        self.points.pass_(f"before {names}")
        last = super().append(events, **more)
        for event in events:
            if isinstance(event, e.PaymentSent):
                self.points.sent, self.points.approved = True, False
            elif isinstance(event, e.PaymentApproved):
                self.points.approved = True
            elif isinstance(event, _ENDS):
                self.points.sent = False
        self.points.pass_(f"after {names}")
        return last


class FaultyLink:
    """A link of the ZVT driver."""

    def __init__(self, link: Link, points: Points, *, serial: bool) -> None:
        self._link = link
        self._points = points
        self._serial = serial
        self._silent = False
        self.url = link.url

    def _cut(self) -> None:
        if self._serial:
            self._silent = True
        else:
            self._link.close()

    def read(self, limit: int, timeout: float) -> bytes:
        if self._silent:
            time.sleep(timeout)
            return b""
        data = self._link.read(limit, timeout)
        if data and self._points.at_wire("an ACK read" if len(data) == 1 else "read"):
            self._cut()
        return data

    def write(self, data: bytes) -> None:
        if self._silent:
            return
        what = "an ACK" if len(data) == 1 else "a write"
        if self._points.at_wire(f"before {what}"):
            self._cut()
        self._put(data[: len(data) // 2])
        if len(data) > 1 and self._points.at_wire(f"amid {what}"):
            self._cut()
        self._put(data[len(data) // 2 :])
        if self._points.at_wire(f"after {what}"):
            self._cut()

    def _put(self, data: bytes) -> None:
        if data and not self._silent:
            self._link.write(data)

    def alive(self) -> bool:
        return self._silent or self._link.alive()

    def close(self) -> None:
        self._link.close()


class Order:
    """Watches the APDUs of one connection: nothing may leave before what must be on disk."""

    def __init__(self, points: Points) -> None:
        self._points = points
        self._money = False
        self._yes = False

    def sends(self, apdu: Apdu) -> None:
        if apdu.control in _MONEY:
            self._money, self._yes = True, False
            if not self._points.sent:
                self._points.disorder("a command for money left before PaymentSent was written")
        elif not apdu.answer and apdu.control != wire.ABORT_BY_TILL:
            self._money = False
        if self._yes and apdu.positive and not self._points.approved:
            self._points.disorder("80 00 00 left before PaymentApproved was written")

    def takes(self, apdu: Apdu) -> None:
        if self._money and apdu.control == wire.STATUS_INFORMATION and b"\x27\x00" in apdu.data:
            self._yes = True


def hook_zvt(points: Points) -> None:
    """Let the ZVT driver of this process work over faulty links, and watch the order."""

    class OrderedTcp(TcpWire):
        def __init__(self, link: Link) -> None:
            super().__init__(link)
            self._order = Order(points)

        def send(self, apdu: Apdu) -> None:
            self._order.sends(apdu)
            super().send(apdu)

        def receive(self, until: float) -> Apdu | None:
            if (apdu := super().receive(until)) is not None:
                self._order.takes(apdu)
            return apdu

    class OrderedSerial(SerialWire):
        def __init__(self, link: Link, *, t1: float, t2: float) -> None:
            super().__init__(link, t1=t1, t2=t2)
            self._order = Order(points)

        def send(self, apdu: Apdu) -> None:
            self._order.sends(apdu)
            super().send(apdu)

        def receive(self, until: float) -> Apdu | None:
            if (apdu := super().receive(until)) is not None:
                self._order.takes(apdu)
            return apdu

    def open_faulty(url: str, *, timeout: float) -> Link:
        if points.at_wire("connect"):
            raise DeviceOffline(f"{url}: cut")
        return FaultyLink(open_link(url, timeout=timeout), points, serial=url.startswith("serial"))

    access.open_link = open_faulty
    access.TcpWire = OrderedTcp  # type: ignore[misc]
    access.SerialWire = OrderedSerial  # type: ignore[misc]


def hook_nexo(points: Points) -> None:
    """Let the nexo drivers of this process work over faulty lines."""
    connect: Callable[..., http_link.Exchange] = http_link.HttpLink.connect

    class FaultyLine(http_link._Line):
        def sendall(self, data: bytes) -> None:
            if points.at_wire("before a write"):
                self._socket.close()
            super().sendall(data[: len(data) // 2])
            if points.at_wire("amid a write"):
                self._socket.close()
            super().sendall(data[len(data) // 2 :])
            if points.at_wire("after a write"):
                self._socket.close()

        def receive(self, into: Any) -> int:
            count = super().receive(into)
            if count and points.at_wire("read"):
                self._socket.close()
            return count

    def connect_faulty(self: http_link.HttpLink, timeout: float) -> http_link.Exchange:
        if points.at_wire("connect"):
            raise DeviceOffline(f"{self.address}: cut")
        return connect(self, timeout)

    http_link._Line = FaultyLine  # type: ignore[misc]
    http_link.HttpLink.connect = connect_faulty  # type: ignore[method-assign]
