"""The simulated terminal's side of a dialogue: it says something, and waits for the till's answer."""

from __future__ import annotations

import threading
import time
from typing import Final

from appliance.io.payment.zvt import apdu as wire
from appliance.io.payment.zvt.apdu import Apdu, ProtocolError, negative
from appliance.io.payment.zvt.fields import TLV, write_fields
from appliance.io.payment.zvt.message_ids import LARGEST, number_of, tag
from appliance.io.payment.zvt.tlv import Tlv, read_length, read_tlv
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
        self._numbers = False
        self._number = 0
        self._said = Apdu(wire.COMPLETION)
        self._t3 = t3
        self._stopping = stopping

    def receive(self, timeout: float) -> Apdu | None:
        """Give what the till says; None after `timeout` seconds, LineCut when the line goes or a number is wrong."""
        apdu = self._receive(timeout)
        if apdu is not None and self._numbers:
            self._check(apdu)
        return apdu

    def _receive(self, timeout: float) -> Apdu | None:
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

    def number(self) -> None:
        """Number messages from now on."""
        self._numbers, self._number = True, 0

    def _check(self, apdu: Apdu) -> None:
        told = number_of(apdu)
        wanted = self._number if apdu.answer else self._number % LARGEST + 1
        if told != wanted:
            raise LineCut(f"{apdu} has the number {told} in place of {wanted}")
        self._number = wanted

    def say(self, apdu: Apdu) -> None:
        """Send something that wants no answer."""
        self.peer.send(with_object(apdu, tag(self._number)) if self._numbers else apdu)

    def ask(self, apdu: Apdu) -> Apdu:
        """Send a command to the till and wait for its answer. A wish to stop comes too late now."""
        if self._numbers:
            self._number = self._number % LARGEST + 1
            apdu = with_object(apdu, tag(self._number))
        self._said = apdu
        return self.again()

    def again(self) -> Apdu:
        """Repeat the last command, as a terminal does that did not hear the answer."""
        apdu = self._said
        self.peer.send(apdu)
        until = time.monotonic() + self._t3
        while True:
            answer = self.receive(until - time.monotonic())
            if answer is None:
                raise NoAnswer(str(apdu))
            if answer.control == wire.ABORT_BY_TILL:
                self.say(negative(0x83))
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


def with_object(apdu: Apdu, item: Tlv) -> Apdu:
    """Put one object more into the BMP 06 at the end of a message, or add one."""
    for at, byte in enumerate(apdu.data):
        if byte != TLV:
            continue
        try:
            length, start = read_length(apdu.data, at + 1)
            if start + length == len(apdu.data):
                objects = (*read_tlv(apdu.data[start:]), item)
                return Apdu(apdu.control, apdu.data[:at] + write_fields({}, objects))
        except ProtocolError:
            continue
    return Apdu(apdu.control, apdu.data + write_fields({}, (item,)))
