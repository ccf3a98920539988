"""What the simulated terminal does with a command: registration, payment, look-up, and its books."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from appliance.io.payment.zvt import apdu as wire
from appliance.io.payment.zvt.apdu import ACKNOWLEDGE, Apdu, ProtocolError, negative
from appliance.io.payment.zvt.fields import read_fields
from appliance.io.payment.zvt.tlv import first
from simulators.books import Books, Entry, EntryKind
from simulators.zvt import frames
from simulators.zvt.behaviour import Behaviour, behaviour
from simulators.zvt.line import LineCut, Peer

_SLICE: Final = 0.05
_PRINTS_BY_TILL: Final = 0x80
_MAY_FOLLOW_BUSY: Final = frozenset({wire.REGISTRATION, wire.STATUS_ENQUIRY, wire.ABORT_BY_TILL})


class NoAnswer(Exception):  # an event of the simulation, not a fault
    """The till did not answer within T3."""


class Interrupted(Exception):  # the same
    """The till sent a command where its answer was due."""

    def __init__(self, command: Apdu) -> None:
        super().__init__(str(command))
        self.command = command


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A payment that waits for a person at the simulated terminal. Minor units; numeric currency of ISO 4217."""

    amount: int
    currency: int


class Desk:
    """The terminal behind the line. One session at a time talks to it; persons and tests from other threads."""

    def __init__(self, books: Books, *, terminal: str, currency: int, t3: float, clock: Callable[[], datetime]) -> None:
        self.books = books
        self.stopping = threading.Event()
        self._terminal = terminal
        self._currency = currency
        self._t3 = t3
        self._clock = clock
        self._default = Behaviour()
        self._now = Behaviour()
        self._next: deque[Behaviour] = deque()
        self._busy_until = 0.0
        self._registered = False
        self._till_prints = False
        self._blocks = False
        self._pending: Pending | None = None
        self._decision: Behaviour | None = None

    # Persons and tests ----------------------------------------------------------------------------------------------

    def behave(self, how: Behaviour) -> None:
        """Behave like this in the next payment that has no order yet, and after it."""
        self._next.append(how)

    def default(self, how: Behaviour) -> None:
        """Behave like this from now on."""
        self._default = self._now = how
        if how.busy:
            self._busy_until = time.monotonic() + how.busy

    def pending(self) -> Pending | None:
        """Give the payment that waits for a person."""
        return self._pending

    def answer(self, how: str) -> None:
        """Decide the waiting payment: "approve", "decline 51", "cancel"; nothing happens if none waits."""
        if self._pending is not None:
            self._decision = behaviour(how, replace(self._now, result="approve"))

    def sell(self, amount: int) -> Entry:
        """Take money by hand, as somebody at an unlocked terminal can."""
        return self._book(EntryKind.CHARGE, amount, self._currency, at_terminal=True)

    def opening(self) -> None:
        """Give empty books a history: the sale of the terminal's installation."""
        if not self.books.entries():
            self._book(EntryKind.OPENING, 100, self._currency)

    def boot(self) -> None:
        """Power is on: what the till never acknowledged is undone or kept, as configured."""
        self._registered = False
        entry = self.books.unanswered()
        if entry is not None:
            self._unanswered(entry)

    # Books ----------------------------------------------------------------------------------------------------------

    def _book(self, kind: EntryKind, amount: int, currency: int, **more: int | bool) -> Entry:
        now = self._clock()

        def make(books: Books) -> Entry:
            return Entry(
                kind=kind,
                trace=books.next_trace,
                receipt=0 if kind is EntryKind.DECLINE else books.next_receipt,
                amount=amount,
                currency=currency,
                date=f"{now:%m%d}",
                time=f"{now:%H%M%S}",
                original=int(more.get("original", 0)),
                result=int(more.get("result", 0)),
                at_terminal=bool(more.get("at_terminal", False)),
            )

        return self.books.add(make)

    def _reverse(self, charge: Entry) -> None:
        self._book(EntryKind.REVERSAL, charge.amount, charge.currency, original=charge.trace)

    def _unanswered(self, charge: Entry) -> None:
        if self.books.unanswered() == charge and self._now.missing == "reverse":
            self._reverse(charge)

    def _stored(self, charge: Entry) -> None:
        self.books.append(Entry(kind=EntryKind.STORED, trace=charge.trace))

    def _last(self) -> Entry | None:
        entries = [entry for entry in self.books.entries() if entry.kind is not EntryKind.STORED]
        if self._now.forgets_declines:
            entries = [entry for entry in entries if entry.kind is not EntryKind.DECLINE]
        if entries and entries[-1].kind is EntryKind.REVERSAL and self._now.after_reversal == "previous":
            undone = entries[-1].original
            entries = [entry for entry in entries[:-1] if entry.trace != undone]
        return entries[-1] if entries else None

    # The line -------------------------------------------------------------------------------------------------------

    def serve(self, peer: Peer) -> None:
        """Talk to a till until the line goes (LineCut) or the power (whatever `kill` raises)."""
        command: Apdu | None = None
        while True:
            if command is None:
                command = self._receive(peer, 3600.0)
            try:
                if command is not None and not command.answer:
                    self._handle(peer, command)
                command = None
            except Interrupted as interruption:
                command = interruption.command
            except NoAnswer:
                command = None
            finally:
                peer.end()

    def _receive(self, peer: Peer, timeout: float) -> Apdu | None:
        until = time.monotonic() + timeout
        while True:
            if self.stopping.is_set():
                raise LineCut("switched off")
            rest = until - time.monotonic()
            if rest <= 0:
                return None
            try:
                apdu = peer.receive(min(rest, _SLICE))
            except ProtocolError as error:
                raise LineCut(f"not understood: {error}") from error
            if apdu is not None:
                return apdu

    def _ask(self, peer: Peer, apdu: Apdu) -> Apdu:
        """Send a command to the till and wait for its answer. A wish to stop comes too late now."""
        peer.send(apdu)
        until = time.monotonic() + self._t3
        while True:
            answer = self._receive(peer, until - time.monotonic())
            if answer is None:
                raise NoAnswer(str(apdu))
            if answer.control == wire.ABORT_BY_TILL:
                peer.send(negative(0x83))
            elif answer.answer:
                peer.dropped(f"after answer {apdu.control:04X}")
                return answer
            else:
                raise Interrupted(answer)

    def _silence(self, peer: Peer) -> None:
        """Say nothing more until the till gives up."""
        while True:
            command = self._receive(peer, 3600.0)
            if command is not None and not command.answer and command.control != wire.ABORT_BY_TILL:
                raise Interrupted(command)

    # Commands -------------------------------------------------------------------------------------------------------

    def _handle(self, peer: Peer, command: Apdu) -> None:
        if time.monotonic() < self._busy_until and command.control not in _MAY_FOLLOW_BUSY:
            peer.send(negative(0x9C))
            return
        match command.control:
            case wire.REGISTRATION:
                self._register(peer, command)
            case wire.STATUS_ENQUIRY:
                peer.send(ACKNOWLEDGE)
                busy = time.monotonic() < self._busy_until
                self._ask(peer, frames.state(0x9C if busy else self._now.state))
            case wire.AUTHORISATION if self._registered:
                self._authorise(peer, command)
            case wire.REPEAT_RECEIPT if not self._now.no_repeat:
                self._repeat(peer, command)
            case wire.LOG_OFF:
                self._registered = False
                peer.send(ACKNOWLEDGE)
            case wire.DIAGNOSIS | wire.INITIALISATION:
                peer.send(ACKNOWLEDGE)
                self._ask(peer, Apdu(wire.COMPLETION))
            case _:
                peer.send(negative(0x83))

    def _register(self, peer: Peer, command: Apdu) -> None:
        config, currency = command.data[3], int(command.data[4:6].hex() or self._currency)
        if currency != self._currency:
            peer.send(Apdu(0x841E, b"\x6f"))
            return
        announced = first(read_fields(command.data[6:]).tlv, 0x0A) or b""
        self._till_prints = bool(config & _PRINTS_BY_TILL)
        self._blocks = wire.PRINT_BLOCK.to_bytes(2, "big") in announced
        self._registered = True
        peer.send(ACKNOWLEDGE)
        self._ask(peer, frames.registered(self._terminal, self._currency))

    def _repeat(self, peer: Peer, command: Apdu) -> None:
        service = read_fields(command.data[3:]).values.get(0x03, b"\0")[0]
        peer.send(ACKNOWLEDGE)
        last = self._last()
        if last is None or self._now.nothing_stored:
            self._ask(peer, Apdu(wire.ABORT_BY_TERMINAL, b"\x83"))
            return
        if last.kind is EntryKind.REVERSAL and self._now.after_reversal == "b4":
            self._ask(peer, Apdu(wire.ABORT_BY_TERMINAL, b"\xb4"))
            return
        if service & 0x01:
            self._ask(peer, frames.status(last, terminal=self._terminal, told=self._now))
        if not service & 0x02:
            for frame in frames.receipts(last, terminal=self._terminal, blocks=self._blocks):
                self._ask(peer, frame)
        self._ask(peer, Apdu(wire.COMPLETION))

    def _authorise(self, peer: Peer, command: Apdu) -> None:
        how = self._next.popleft() if self._next else self._default
        self._now = how
        asked = read_fields(command.data)
        amount, currency = int(asked.digits(0x04) or 0), int(asked.digits(0x49) or self._currency)
        peer.begin(how)
        try:
            if how.foreign:
                peer.raw(bytes.fromhex(how.foreign))
            elif how.refuse or currency != self._currency or not amount:
                peer.send(negative(how.refuse or (0x6F if amount else 0x83)))
            elif not how.silent:
                self._pay(peer, how, amount, currency)
        finally:
            if how.busy:
                self._busy_until = time.monotonic() + how.busy

    def _pay(self, peer: Peer, how: Behaviour, amount: int, currency: int) -> None:
        if how.mute:
            charge = self._charge(how, amount, currency)
            self._keep_or_undo(charge, lambda: self._silence(peer))
            return
        if how.stale and (last := self._last()) is not None:
            peer.send(frames.status(last, terminal=self._terminal, told=self._now))
        peer.send(ACKNOWLEDGE)
        self._ask(peer, frames.step(0x0A, how.minutes))
        decided = self._customer(peer, how, Pending(amount=amount, currency=currency))
        if decided.result == "cancel":
            self._refuse(peer, decided, 0x6C, amount, currency)
            return
        self._ask(peer, frames.step(0x04))
        if decided.result == "decline":
            self._refuse(peer, decided, decided.code, amount, currency)
            return
        charge = self._charge(decided, amount, currency)
        self._keep_or_undo(charge, lambda: self._report(peer, decided, charge))

    def _customer(self, peer: Peer, how: Behaviour, pending: Pending) -> Behaviour:
        """Wait for the customer, or for a person who plays him; a wish of the till to stop is still in time."""
        until = time.monotonic() + how.late
        self._decision = None
        self._pending = pending if how.result == "ask" else None
        try:
            while (self._pending is not None and self._decision is None) or time.monotonic() < until:
                command = self._receive(peer, _SLICE)
                if command is not None and command.control == wire.ABORT_BY_TILL:
                    peer.send(ACKNOWLEDGE)
                    return replace(how, result="cancel")
                if command is not None and not command.answer:
                    raise Interrupted(command)
            return self._decision or how
        finally:
            self._pending = None

    def _refuse(self, peer: Peer, how: Behaviour, code: int, amount: int, currency: int) -> None:
        entry = self._book(EntryKind.DECLINE, amount, currency, result=code)
        if not how.early_abort:
            self._ask(peer, frames.status(entry, terminal=self._terminal, told=how))
        end = wire.COMPLETION if how.completion_after_decline else wire.ABORT_BY_TERMINAL
        self._ask(peer, Apdu(end, b"" if how.completion_after_decline else bytes((code,))))

    def _charge(self, how: Behaviour, amount: int, currency: int) -> Entry:
        taken = amount if how.amount is None else how.amount
        return self._book(EntryKind.CHARGE, taken, currency if how.currency is None else how.currency)

    def _keep_or_undo(self, charge: Entry, talk: Callable[[], None]) -> None:
        try:
            talk()
        except (LineCut, NoAnswer, Interrupted):
            self._unanswered(charge)
            raise

    def _report(self, peer: Peer, how: Behaviour, charge: Entry) -> None:
        if how.no_result:
            self._silence(peer)
        if how.pin_retry:
            self._ask(peer, frames.no_result(0x37, terminal=self._terminal))
        told = frames.status(charge, terminal=self._terminal, told=how)
        if how.garbled:
            told = Apdu(told.control, told.data[:2] + b"\x22\xfa\xf8" + told.data[2:])
        answer = self._ask(peer, told)
        for _ in range(how.repeats):
            answer = self._ask(peer, told)
        if answer.negative is None and how.stored_at == "status":
            self._stored(charge)
        prints = frames.receipts(charge, terminal=self._terminal, blocks=self._blocks) if self._till_prints else []
        for frame in prints:
            if answer.negative is None:
                answer = self._ask(peer, frame)
        if answer.negative is not None or how.abort_after_approval:
            self._reverse(charge)
            self._ask(peer, frames.step(0x05))
            self._ask(peer, Apdu(wire.ABORT_BY_TERMINAL, bytes((answer.negative or 0x6C,))))
            return
        if how.stored_at == "prints":
            self._stored(charge)
        if how.no_completion:
            self._silence(peer)
        self._ask(peer, Apdu(wire.COMPLETION))
