"""APDUs over a link: bare over TCP, in acknowledged blocks over a serial line. The only place that waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Protocol

from appliance.errors import DeviceFailure, DeviceOffline, DeviceTimeout
from appliance.io.link import Link
from appliance.io.payment.zvt.apdu import FROM_TERMINAL, Apdu, Decoder, ForeignProtocol
from appliance.io.payment.zvt.serial import SerialLine

READ: Final = 4096

LINE_REMEDY: Final = "Check the terminal's power and cable, and switch the terminal off and on."
PROTOCOL_REMEDY: Final = (
    "Set the terminal's till interface to ZVT (PA00P015), with this port or speed; the acquirer can do it remotely."
)


class Wire(Protocol):
    """The way of an APDU to the other end and back."""

    def send(self, apdu: Apdu) -> None:
        """Send one APDU; DeviceError if the line does not take it."""
        ...

    def receive(self, until: float) -> Apdu | None:
        """Give the next APDU; None when the monotonic clock reaches `until`. DeviceOffline: the line is gone.

        ProtocolError: what came is no APDU.
        """
        ...

    @property
    def idle(self) -> bool:
        """Whether nothing has come that was not taken, and the other end still holds the line."""
        ...

    def close(self) -> None:
        """Close the line."""
        ...


class TcpWire:
    """Bare APDUs, cut and glued as the network likes [Z16 2.2]."""

    def __init__(self, link: Link, classes: frozenset[int] = FROM_TERMINAL) -> None:
        self._link = link
        self._decoder = Decoder(classes)

    def send(self, apdu: Apdu) -> None:
        """Send one APDU."""
        self._link.write(apdu.encode())

    def receive(self, until: float) -> Apdu | None:
        """Give the next APDU, or None at `until`."""
        while True:
            apdu = self._decoder.next()
            if apdu is not None:
                return apdu
            rest = until - time.monotonic()
            if rest <= 0:
                return None
            self._decoder.feed(self._link.read(READ, rest))

    @property
    def idle(self) -> bool:
        """Whether the line is open and silent."""
        return self._link.alive() and not self._decoder.pending and not self._waiting()

    def _waiting(self) -> bool:
        self._decoder.feed(self._link.read(READ, 0))
        return self._decoder.pending > 0

    def close(self) -> None:
        """Close the line."""
        self._link.close()


class SerialWire:
    """Blocks with ACK and NAK. A block that is not acknowledged in three sends fails the line."""

    def __init__(self, link: Link, *, t1: float, t2: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._link = link
        self._line = SerialLine(t1=t1, t2=t2)
        self._clock = clock

    def send(self, apdu: Apdu) -> None:
        """Send one APDU and wait for its ACK, which may be the next block."""
        self._line.send(apdu, self._clock())
        while self._line.delivering:
            self._step(self._clock() + 1.0)
        if self._line.failed:
            reason, self._line.failed = self._line.failed, ""
            if self._line.heard_noise:
                raise ForeignProtocol(f"{reason}; what comes are no ZVT blocks", certain=False)
            raise DeviceTimeout(f"{self._link.url}: {reason}", remedy=LINE_REMEDY)

    def receive(self, until: float) -> Apdu | None:
        """Give the next APDU, or None at `until`."""
        while True:
            apdu = self._line.next()
            if apdu is not None:
                return apdu
            if self._clock() >= until:
                return None
            self._step(until)

    def _step(self, until: float) -> None:
        output = self._line.output()
        if output:
            self._link.write(output)
        deadline = self._line.deadline
        wait = (until if deadline is None else min(until, deadline)) - self._clock()
        data = self._link.read(READ, max(0.0, wait))
        if data:
            self._line.receive(data, self._clock())
        else:
            self._line.elapse(self._clock())
        output = self._line.output()
        if output:
            self._link.write(output)

    @property
    def idle(self) -> bool:
        """Whether the line is open. A late block of an older dialogue is acknowledged and left behind."""
        if not self._link.alive():
            return False
        while True:
            data = self._link.read(READ, 0)
            if not data:
                break
            self._line.receive(data, self._clock())
            output = self._line.output()
            if output:
                self._link.write(output)
        return self._line.next() is None

    def close(self) -> None:
        """Close the line."""
        self._link.close()


def offline(url: str, what: str) -> DeviceOffline:
    """Give the fault of a terminal that does not answer."""
    return DeviceOffline(f"{url}: {what}", remedy=LINE_REMEDY)


def wrong_protocol(url: str, what: str) -> DeviceFailure:
    """Give the fault of a terminal that speaks something else."""
    return DeviceFailure(f"{url}: the terminal is set to another protocol ({what})", remedy=PROTOCOL_REMEDY)
