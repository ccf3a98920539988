"""The simulated terminal's side of a dialogue: it says something, and waits for the till's answer."""

from __future__ import annotations

import threading
import time
from typing import Final

from appliance.io.payment.zvt import apdu as wire
from appliance.io.payment.zvt.apdu import Apdu, ProtocolError, negative
from simulators.zvt.line import LineCut, Peer

SLICE: Final = 0.05


class NoAnswer(Exception):  # an event of the simulation, not a fault
    """The till did not answer within T3."""


class Interrupted(Exception):  # the same
    """The till sent a command where its answer was due."""

    def __init__(self, command: Apdu) -> None:
        super().__init__(str(command))
        self.command = command


class Talk:
    """One connection of a till."""

    def __init__(self, peer: Peer, *, t3: float, stopping: threading.Event) -> None:
        self.peer = peer
        self._t3 = t3
        self._stopping = stopping

    def receive(self, timeout: float) -> Apdu | None:
        """Give what the till says; None after `timeout` seconds, LineCut when the line goes."""
        until = time.monotonic() + timeout
        while True:
            if self._stopping.is_set():
                raise LineCut("switched off")
            rest = until - time.monotonic()
            if rest <= 0:
                return None
            try:
                apdu = self.peer.receive(min(rest, SLICE))
            except ProtocolError as error:
                raise LineCut(f"not understood: {error}") from error
            if apdu is not None:
                return apdu

    def say(self, apdu: Apdu) -> None:
        """Send something that wants no answer."""
        self.peer.send(apdu)

    def ask(self, apdu: Apdu) -> Apdu:
        """Send a command to the till and wait for its answer. A wish to stop comes too late now."""
        self.peer.send(apdu)
        until = time.monotonic() + self._t3
        while True:
            answer = self.receive(until - time.monotonic())
            if answer is None:
                raise NoAnswer(str(apdu))
            if answer.control == wire.ABORT_BY_TILL:
                self.peer.send(negative(0x83))
            elif answer.answer:
                self.peer.dropped(f"after answer {apdu.control:04X}")
                return answer
            else:
                raise Interrupted(answer)

    def silence(self) -> None:
        """Say nothing more until the till gives up."""
        while True:
            command = self.receive(3600.0)
            if command is not None and not command.answer and command.control != wire.ABORT_BY_TILL:
                raise Interrupted(command)
