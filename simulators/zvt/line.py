"""The terminal's end of the line: a TCP connection or a PTY, and everything that can go wrong with it."""

from __future__ import annotations

import os
import select
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from appliance.io.payment.zvt.apdu import FROM_TILL, Apdu, Decoder
from appliance.io.payment.zvt.serial import ACK, NAK, SerialLine
from simulators.zvt.behaviour import Behaviour

READ: Final = 65536
_BLOCK: Final = b"\x10\x02"


Log = deque[str]
"""Control bytes of the last frames: "> 0601" from the till, "< 8000" to it."""


class LineCut(Exception):  # an event of the simulation, not a fault
    """The line is gone: the till closed it, or this terminal was told to cut it."""


class Port(Protocol):
    """Bytes to and from the till."""

    def read(self, timeout: float) -> bytes:
        """Give what came; b"" after `timeout` seconds; LineCut when the till has gone."""
        ...

    def write(self, data: bytes) -> None:
        """Write all of it; LineCut when the till has gone."""
        ...

    def cut(self) -> None:
        """Cut the line."""
        ...


class SocketPort:
    """A TCP connection."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection = connection

    def read(self, timeout: float) -> bytes:
        """Give what came."""
        if not _wait(self._connection.fileno(), select.POLLIN, timeout):
            return b""
        try:
            data = self._connection.recv(READ)
        except OSError as error:
            raise LineCut(str(error)) from error
        if not data:
            raise LineCut("the till closed the connection")
        return data

    def write(self, data: bytes) -> None:
        """Write all of it."""
        try:
            self._connection.settimeout(5.0)
            self._connection.sendall(data)
            self._connection.setblocking(False)
        except OSError as error:
            raise LineCut(str(error)) from error

    def cut(self) -> None:
        """Close the connection."""
        self._connection.close()


class PtyPort:
    """The master of a pseudo-terminal. A cut cable is silence: nothing tells the other side."""

    def __init__(self, master: int) -> None:
        os.set_blocking(master, False)
        self._master = master

    def read(self, timeout: float) -> bytes:
        """Give what came."""
        if not _wait(self._master, select.POLLIN, timeout):
            return b""
        try:
            return os.read(self._master, READ)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise LineCut(str(error)) from error

    def write(self, data: bytes) -> None:
        """Write; what a full buffer does not take is lost, as on a line that nobody reads."""
        try:
            os.write(self._master, data)
        except BlockingIOError:
            return
        except OSError as error:
            raise LineCut(str(error)) from error

    def cut(self) -> None:
        """Forget what is on the line."""
        while self.read(0.0):
            pass


def _wait(descriptor: int, event: int, timeout: float) -> bool:
    if descriptor < 0:
        raise LineCut("the line is cut")
    poll = select.poll()
    poll.register(descriptor, event)
    return bool(poll.poll(max(0.0, timeout) * 1000))


class Peer:
    """APDUs over a port, with faults by order. `boundary` numbers the moments between frames."""

    def __init__(self, port: Port, die: Callable[[], None], log: Log) -> None:
        self.port = port
        self.faults = Behaviour()
        self._die = die
        self._log = log
        self._boundary = 0

    def begin(self, faults: Behaviour) -> None:
        """Begin a payment: count its frame boundaries from here, with these faults."""
        self.faults = faults
        self._boundary = 0

    def end(self) -> None:
        """The payment is over: no more cuts."""
        self.faults = Behaviour(single_bytes=self.faults.single_bytes, glue=self.faults.glue)

    def boundary(self) -> None:
        """Pass a frame boundary."""
        self._boundary += 1
        if self._boundary == self.faults.kill:
            self._die()
        if self._boundary == self.faults.cut:
            self.cut(f"boundary {self._boundary}")

    def cut(self, where: str) -> None:
        """Cut the line, by order."""
        self.port.cut()
        raise LineCut(f"cut by order: {where}")

    def dropped(self, where: str) -> None:
        """Cut the line if the order says so, e.g. "before 040F"."""
        if self.faults.drop and self.faults.drop.upper() == where.upper():
            self.cut(where)

    def send(self, apdu: Apdu) -> None:
        """Send one APDU."""
        self.dropped(f"before {apdu.control:04X}")
        self.boundary()
        self._log.append(f"< {apdu.control:04X}")
        self.transmit(apdu)
        self.dropped(f"after {apdu.control:04X}")
        self.boundary()

    def receive(self, timeout: float) -> Apdu | None:
        """Give the next APDU; None after `timeout` seconds."""
        apdu = self.take(timeout)
        if apdu is not None:
            self._log.append(f"> {apdu.control:04X}")
            self.boundary()
            if self.faults.echo:
                self.transmit(apdu)
        return apdu

    def transmit(self, apdu: Apdu) -> None:
        """Put an APDU on the line."""
        raise NotImplementedError

    def take(self, timeout: float) -> Apdu | None:
        """Take an APDU from the line."""
        raise NotImplementedError

    def raw(self, data: bytes) -> None:
        """Write bytes that are no APDU."""
        self.port.write(data)

    def write(self, data: bytes) -> None:
        """Write bytes, one by one if told so."""
        if not self.faults.single_bytes and not self.faults.slow:
            self.port.write(data)
            return
        for at in range(len(data)):
            self.port.write(data[at : at + 1])
            time.sleep(self.faults.slow or 0.0005)


class TcpPeer(Peer):
    """Bare APDUs."""

    def __init__(self, port: Port, die: Callable[[], None], log: Log) -> None:
        super().__init__(port, die, log)
        self._decoder = Decoder(FROM_TILL)
        self._held = b""

    def transmit(self, apdu: Apdu) -> None:
        """Write, or hold back to be glued to the next."""
        self._held += apdu.encode()
        if not self.faults.glue:
            self._flush()

    def _flush(self) -> None:
        held, self._held = self._held, b""
        if held:
            self.write(held)

    def take(self, timeout: float) -> Apdu | None:
        """Take an APDU from the line."""
        self._flush()
        until = time.monotonic() + timeout
        while True:
            apdu = self._decoder.next()
            if apdu is not None:
                return apdu
            rest = until - time.monotonic()
            if rest < 0:
                return None
            self._decoder.feed(self.port.read(rest))


class SerialPeer(Peer):
    """Blocks with ACK and NAK."""

    def __init__(self, port: Port, die: Callable[[], None], log: Log, *, t1: float, t2: float) -> None:
        super().__init__(port, die, log)
        self._t1, self._t2 = t1, t2
        self._line = SerialLine(t1=t1, t2=t2)
        self._spent = {"nak": 0, "bad_crc": 0, "lost_ack": 0}

    def begin(self, faults: Behaviour) -> None:
        """Begin a payment."""
        super().begin(faults)
        self._spent = dict.fromkeys(self._spent, 0)

    def _due(self, fault: str) -> bool:
        if self._spent[fault] >= getattr(self.faults, fault):
            return False
        self._spent[fault] += 1
        return True

    def transmit(self, apdu: Apdu) -> None:
        """Write a block and wait for its ACK; without one the cable counts as cut."""
        self._line.send(apdu, time.monotonic())
        while self._line.delivering:
            self._turn(time.monotonic() + self._t2)
        if self._line.failed:
            self._line = SerialLine(t1=self._t1, t2=self._t2)
            raise LineCut("no ACK from the till")

    def take(self, timeout: float) -> Apdu | None:
        """Take an APDU from the line."""
        until = time.monotonic() + timeout
        while True:
            apdu = self._line.next()
            if apdu is not None:
                return apdu
            if time.monotonic() >= until:
                return None
            self._turn(until)

    def _turn(self, until: float) -> None:
        self._write_out()
        deadline = self._line.deadline
        now = time.monotonic()
        data = self.port.read((until if deadline is None else min(until, deadline)) - now)
        if data:
            self._line.receive(data, time.monotonic())
        else:
            self._line.elapse(time.monotonic())
        self._write_out()

    def _write_out(self) -> None:
        data = self._line.output()
        if data[:1] == bytes((ACK,)):
            if self._due("lost_ack"):
                data = data[1:]
            elif self._due("nak"):
                data = bytes((NAK,)) + data[1:]
        if _BLOCK in data and self._due("bad_crc"):
            data = data[:-1] + bytes((data[-1] ^ 0xFF,))
        if data:
            self.write(data)
