"""What the simulated terminal does with a command: registration, look-up, and whom it asks about money."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from appliance.io.payment.zvt import apdu as wire
from appliance.io.payment.zvt.apdu import ACKNOWLEDGE, Apdu, negative
from appliance.io.payment.zvt.fields import read_fields
from appliance.io.payment.zvt.message_ids import tag
from appliance.io.payment.zvt.messages import MESSAGE_ID
from appliance.io.payment.zvt.tlv import first
from simulators.books import Books, EntryKind
from simulators.zvt import frames
from simulators.zvt.behaviour import Behaviour
from simulators.zvt.ledger import Ledger
from simulators.zvt.line import Peer
from simulators.zvt.talk import Interrupted, NoAnswer, Talk, with_object
from simulators.zvt.teller import Pending, Teller

_PRINTS_BY_TILL: Final = 0x80
_MAY_FOLLOW_BUSY: Final = frozenset({wire.REGISTRATION, wire.STATUS_ENQUIRY, wire.ABORT_BY_TILL})
_MOVES_MONEY: Final = frozenset({wire.AUTHORISATION, wire.REVERSAL, wire.REFUND, wire.END_OF_DAY})


class Desk:
    """The terminal behind the line. One session at a time talks to it; persons and tests from other threads."""

    def __init__(self, books: Books, *, terminal: str, currency: int, t3: float, clock: Callable[[], datetime]) -> None:
        self.stopping = threading.Event()
        self._ledger = Ledger(books, currency=currency, clock=clock)
        self._teller = Teller(self._ledger, terminal=terminal)
        self._terminal = terminal
        self._currency = currency
        self._t3 = t3
        self._default = Behaviour()
        self._next: deque[Behaviour] = deque()
        self._busy_until = 0.0
        self._registered = False

    # Persons and tests ----------------------------------------------------------------------------------------------

    def behave(self, how: Behaviour) -> None:
        """Behave like this at the next command that moves money and has no order yet, and after it."""
        self._next.append(how)

    def default(self, how: Behaviour) -> None:
        """Behave like this from now on."""
        self._default = self._teller.now = how
        if how.busy:
            self._busy_until = time.monotonic() + how.busy

    def pending(self) -> Pending | None:
        """Give the payment that waits for a person."""
        return self._teller.pending

    def answer(self, how: str) -> None:
        """Decide the waiting payment: "approve", "decline 51", "cancel"; nothing happens if none waits."""
        self._teller.answer(how)

    def synced(self) -> list[str]:
        """Give the receipt numbers that the till has told (1F1F)."""
        return list(self._teller.synced)

    def sell(self, amount: int) -> None:
        """Take money by hand, as somebody at an unlocked terminal can."""
        self._ledger.charge(amount, self._currency, at_terminal=True)

    def close_day(self) -> None:
        """End the day by hand, or by the terminal's own clock."""
        self._ledger.close_day()

    def opening(self) -> None:
        """Give empty books a history: the sale of the terminal's installation."""
        self._ledger.opening()

    def boot(self) -> None:
        """Power is on: what the till never acknowledged is undone or kept, as configured."""
        self._registered = False
        movement = self._ledger.books.unanswered()
        if movement is not None:
            self._teller.unanswered(movement)

    # The line -------------------------------------------------------------------------------------------------------

    def serve(self, peer: Peer) -> None:
        """Talk to a till until the line goes (LineCut) or the power (whatever `kill` raises)."""
        talk = Talk(peer, t3=self._t3, stopping=self.stopping)
        command: Apdu | None = None
        while True:
            if command is None:
                command = talk.receive(3600.0)
            try:
                if command is not None and not command.answer:
                    self._handle(talk, command)
                command = None
            except Interrupted as interruption:
                command = interruption.command
            except NoAnswer:
                command = None
            finally:
                peer.end()

    # Commands -------------------------------------------------------------------------------------------------------

    def _handle(self, talk: Talk, command: Apdu) -> None:
        if time.monotonic() < self._busy_until and command.control not in _MAY_FOLLOW_BUSY:
            talk.say(negative(0x9C))
            return
        match command.control:
            case wire.REGISTRATION:
                self._register(talk, command)
            case wire.STATUS_ENQUIRY:
                talk.say(ACKNOWLEDGE)
                busy = time.monotonic() < self._busy_until
                talk.ask(frames.state(0x9C if busy else self._teller.now.state))
            case control if control in _MOVES_MONEY and self._registered:
                self._move_money(talk, command)
            case wire.REPEAT_RECEIPT if not self._teller.now.no_repeat:
                self._repeat(talk, command)
            case wire.TOTALS if not self._teller.now.no_totals:
                self._teller.totals(talk)
            case wire.LOG_OFF:
                self._registered = False
                talk.say(ACKNOWLEDGE)
            case wire.DIAGNOSIS | wire.INITIALISATION:
                talk.say(ACKNOWLEDGE)
                if not self._teller.now.hopeless:
                    self._default = self._teller.now = replace(self._teller.now, state=0)
                talk.ask(Apdu(wire.COMPLETION))
            case _:
                talk.say(negative(0x83))

    def _register(self, talk: Talk, command: Apdu) -> None:
        config, currency = command.data[3], int(command.data[4:6].hex() or self._currency)
        if currency != self._currency:
            talk.say(Apdu(0x841E, b"\x6f"))
            return
        objects = read_fields(command.data[6:]).tlv
        announced = first(objects, 0x0A) or b""
        self._teller.till_prints = bool(config & _PRINTS_BY_TILL)
        self._teller.blocks = wire.PRINT_BLOCK.to_bytes(2, "big") in announced
        self._registered = True
        talk.say(ACKNOWLEDGE)
        wants = {0x51: 0x01, 0xC2: 0x02}.get(self._teller.now.state, 0)
        numbers = self._teller.now.message_ids and first(objects, MESSAGE_ID) is not None
        completion = frames.registered(self._terminal, self._currency, wants=wants)
        talk.ask(with_object(completion, tag(0)) if numbers else completion)
        if numbers:
            talk.number()

    def _repeat(self, talk: Talk, command: Apdu) -> None:
        told = self._teller.now
        service = read_fields(command.data[3:]).values.get(0x03, b"\0")[0]
        talk.say(ACKNOWLEDGE)
        last = self._ledger.last(told)
        if last is None or told.nothing_stored:
            talk.ask(Apdu(wire.ABORT_BY_TERMINAL, b"\x83"))
            return
        if last.kind is EntryKind.REVERSAL and last.original and told.after_reversal == "b4":
            talk.ask(Apdu(wire.ABORT_BY_TERMINAL, b"\xb4"))
            return
        if service & 0x01:
            talk.ask(frames.status(last, terminal=self._terminal, told=told))
        if not service & 0x02:
            for frame in frames.receipts(last, terminal=self._terminal, blocks=self._teller.blocks):
                talk.ask(frame)
        talk.ask(Apdu(wire.COMPLETION))

    def _move_money(self, talk: Talk, command: Apdu) -> None:
        how = self._teller.now = self._next.popleft() if self._next else self._default
        try:
            match command.control:
                case wire.AUTHORISATION:
                    self._teller.authorise(talk, command)
                case wire.REVERSAL:
                    self._teller.reverse(talk, command)
                case wire.REFUND:
                    self._teller.refund(talk, command)
                case _:
                    self._teller.end_of_day(talk)
        finally:
            if how.busy:
                self._busy_until = time.monotonic() + how.busy
