"""What the simulated terminal does with commands that move money: sale, reversal, refund, and the end of its day."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from appliance.io.payment.zvt import apdu as wire
from appliance.io.payment.zvt.apdu import ACKNOWLEDGE, Apdu, negative
from appliance.io.payment.zvt.fields import Fields, read_fields
from appliance.io.payment.zvt.messages import RECEIPT_SYNC
from appliance.io.payment.zvt.tlv import first
from simulators.books import Entry
from simulators.zvt import frames
from simulators.zvt.behaviour import Behaviour, behaviour
from simulators.zvt.ledger import Ledger
from simulators.zvt.line import LineCut
from simulators.zvt.talk import SLICE, Interrupted, NoAnswer, Talk

_PASSWORD: Final = 3
"""Bytes in front of the bitmaps of a reversal, a refund and an end of day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A payment that waits for a person at the simulated terminal. Minor units; numeric currency of ISO 4217."""

    amount: int
    currency: int


class Teller:
    """Moves money, as it is told to behave."""

    def __init__(self, ledger: Ledger, *, terminal: str) -> None:
        self.now = Behaviour()
        """How the terminal behaves since the last command that moved money."""
        self.till_prints = False
        self.blocks = False
        self.pending: Pending | None = None
        self.synced: list[str] = []
        """Receipt numbers that the till has told (1F1F), "" for an empty one."""
        self._ledger = ledger
        self._terminal = terminal
        self._decision: Behaviour | None = None

    def answer(self, how: str) -> None:
        """Decide what waits for a person; nothing happens if nothing waits."""
        if self.pending is not None:
            self._decision = behaviour(how, replace(self.now, result="approve"))

    def unanswered(self, movement: Entry) -> None:
        """The till never said that it knows: undo, or keep, as configured."""
        if self._ledger.books.unanswered() != movement or self.now.missing not in ("reverse", "decline"):
            return
        self._ledger.undo(movement)
        if self.now.missing == "decline":
            self._ledger.decline(movement.amount, movement.currency, 0x05)

    # Commands -------------------------------------------------------------------------------------------------------

    def authorise(self, talk: Talk, command: Apdu) -> None:
        """06 01."""
        asked = read_fields(command.data)
        amount, currency = int(asked.digits(0x04) or 0), int(asked.digits(0x49) or self._ledger.currency)
        self._synchronise(asked)
        refusal = (0x6F if amount else 0x83) if currency != self._ledger.currency or not amount else 0

        def charge(how: Behaviour) -> Entry:
            taken = amount if how.amount is None else how.amount
            return self._ledger.charge(taken, currency if how.currency is None else how.currency)

        self._begin(talk, refusal, lambda: self._with_card(talk, amount, currency, charge))

    def _synchronise(self, asked: Fields) -> None:
        """Take the till's receipt number: equal to ours, it knows of our last sale; one behind, it does not."""
        told = first(asked.tlv, RECEIPT_SYNC)
        if told is None or not self.now.receipt_sync:
            return
        self.synced.append(told.hex())
        movement = self._ledger.books.unanswered()
        if movement is None or not told:
            return
        if int(told.hex()) == movement.receipt:
            self._ledger.stored(movement)
        elif int(told.hex()) == movement.receipt - 1:
            self._ledger.undo(movement)

    def refund(self, talk: Talk, command: Apdu) -> None:
        """06 31."""
        asked = read_fields(command.data[_PASSWORD:])
        amount, currency = int(asked.digits(0x04) or 0), int(asked.digits(0x49) or self._ledger.currency)

        def pay_back(how: Behaviour) -> Entry:
            return self._ledger.give_back(amount if how.amount is None else how.amount, currency)

        self._begin(talk, 0 if amount else 0x83, lambda: self._with_card(talk, amount, currency, pay_back))

    def reverse(self, talk: Talk, command: Apdu) -> None:
        """06 30: only a sale that stands, of this day and of this amount."""
        asked = read_fields(command.data[_PASSWORD:])
        amount, currency = int(asked.digits(0x04) or 0), int(asked.digits(0x49) or self._ledger.currency)
        sale = self._ledger.sale_of(int(asked.digits(0x87) or 0))

        def undo() -> None:
            refusal = self._ledger.refuses_reversal(sale, amount)
            others = [entry for entry in self._ledger.books.standing() if entry != sale]
            undone = others[-1] if self.now.wrong_sale and others else sale
            if self._goes_silent(talk, lambda: None if refusal else self._reversal(undone, currency)):
                return
            talk.say(ACKNOWLEDGE)
            talk.ask(frames.step(0x04))
            if self.now.result == "decline":
                self._refuse(talk, self.now.code, amount, currency)
            elif refusal:
                talk.ask(Apdu(wire.ABORT_BY_TERMINAL, bytes((refusal,))))
            else:
                self._report(talk, self.now, self._reversal(undone, currency))

        self._begin(talk, 0, undo)

    def _reversal(self, sale: Entry | None, currency: int) -> Entry | None:
        if sale is None:
            return None
        amount = sale.amount if self.now.amount is None else self.now.amount
        return self._ledger.give_back(amount, currency, sale.trace)

    def end_of_day(self, talk: Talk) -> None:
        """06 50."""
        self._begin(talk, 0, lambda: self._close_day(talk))

    def _close_day(self, talk: Talk) -> None:
        if self._goes_silent(talk, self._ledger.close_day):
            return
        talk.say(ACKNOWLEDGE)
        talk.ask(frames.step(0x0F, self.now.minutes))
        if self.now.result == "decline":
            talk.ask(Apdu(wire.ABORT_BY_TERMINAL, bytes((self.now.code,))))
            return
        totals = self._ledger.totals()
        self._ledger.close_day()
        if self.now.no_result:
            talk.silence()
        talk.ask(frames.totals(totals, terminal=self._terminal, currency=self._ledger.currency))
        if self.till_prints:
            for frame in frames.day_receipt(totals, terminal=self._terminal, blocks=self.blocks):
                talk.ask(frame)
        if self.now.no_completion:
            talk.silence()
        talk.ask(Apdu(wire.COMPLETION))

    def totals(self, talk: Talk) -> None:
        """06 10."""
        talk.say(ACKNOWLEDGE)
        talk.ask(frames.totals(self._ledger.totals(), terminal=self._terminal, currency=self._ledger.currency))
        talk.ask(Apdu(wire.COMPLETION))

    # Steps ----------------------------------------------------------------------------------------------------------

    def _begin(self, talk: Talk, refusal: int, go_on: Callable[[], None]) -> None:
        how = self.now
        talk.peer.begin(how)
        if how.foreign:
            talk.peer.raw(bytes.fromhex(how.foreign))
        elif how.refuse or refusal:
            talk.say(negative(how.refuse or refusal))
        elif not how.silent:
            go_on()

    def _goes_silent(self, talk: Talk, move: Callable[[], Entry | None]) -> bool:
        """Where it is told to be mute: do it, and never say so."""
        if self.now.mute:
            movement = move()
            if movement is None:
                talk.silence()
            else:
                self._keep_or_undo(movement, talk.silence)
        elif self.now.stale and (last := self._ledger.last(self.now)) is not None:
            talk.say(frames.status(last, terminal=self._terminal, told=self.now))
        return self.now.mute

    def _with_card(self, talk: Talk, amount: int, currency: int, move: Callable[[Behaviour], Entry]) -> None:
        how = self.now
        if self._goes_silent(talk, lambda: move(how)):
            return
        talk.say(ACKNOWLEDGE)
        talk.ask(frames.step(0x0A, how.minutes))
        decided = self._customer(talk, how, Pending(amount=amount, currency=currency))
        if decided.result == "cancel":
            self._refuse(talk, 0x6C, amount, currency)
            return
        talk.ask(frames.step(0x04))
        if decided.result == "decline":
            self._refuse(talk, decided.code, amount, currency)
            return
        self._report(talk, decided, move(decided))

    def _customer(self, talk: Talk, how: Behaviour, pending: Pending) -> Behaviour:
        """Wait for the customer, or for a person who plays him; a wish of the till to stop is still in time."""
        until = time.monotonic() + how.late
        self._decision = None
        self.pending = pending if how.result == "ask" else None
        try:
            while (self.pending is not None and self._decision is None) or time.monotonic() < until:
                command = talk.receive(SLICE)
                if command is not None and command.control == wire.ABORT_BY_TILL:
                    talk.say(ACKNOWLEDGE)
                    return replace(how, result="cancel")
                if command is not None and not command.answer:
                    raise Interrupted(command)
            return self._decision or how
        finally:
            self.pending = None

    def _refuse(self, talk: Talk, code: int, amount: int, currency: int) -> None:
        entry = self._ledger.decline(amount, currency, code)
        if not self.now.early_abort:
            talk.ask(frames.status(entry, terminal=self._terminal, told=self.now))
        if self.now.completion_after_decline:
            talk.ask(Apdu(wire.COMPLETION))
        else:
            talk.ask(Apdu(wire.ABORT_BY_TERMINAL, bytes((code,))))

    def _keep_or_undo(self, movement: Entry, talk: Callable[[], None]) -> None:
        try:
            talk()
        except (LineCut, NoAnswer, Interrupted):
            self.unanswered(movement)
            raise

    def _report(self, talk: Talk, how: Behaviour, movement: Entry | None) -> None:
        if movement is not None:
            self._keep_or_undo(movement, lambda: self._tell(talk, how, movement))

    def _tell(self, talk: Talk, how: Behaviour, movement: Entry) -> None:
        if how.no_result:
            talk.silence()
        if how.pin_retry:
            talk.ask(frames.no_result(0x37, terminal=self._terminal))
        told = frames.status(movement, terminal=self._terminal, told=how)
        if how.garbled:
            told = Apdu(told.control, told.data[:2] + b"\x22\xfa\xf8" + told.data[2:])
        if how.noise:
            talk.peer.raw(bytes.fromhex("00ff55aa"))
        answer = talk.ask(told)
        for _ in range(how.repeats):
            answer = talk.again()
        if how.stubborn and answer.negative is not None:
            answer = ACKNOWLEDGE
        if answer.negative is None and how.stored_at == "status":
            self._ledger.stored(movement)
        prints = frames.receipts(movement, terminal=self._terminal, blocks=self.blocks) if self.till_prints else []
        for frame in prints:
            if answer.negative is None:
                answer = talk.ask(frame)
        if answer.negative is not None or how.abort_after_approval:
            self._ledger.undo(movement)
            talk.ask(frames.step(0x05))
            talk.ask(Apdu(wire.ABORT_BY_TERMINAL, bytes((answer.negative or 0x6C,))))
            return
        if how.stored_at == "prints":
            self._ledger.stored(movement)
        if how.no_completion:
            talk.silence()
        talk.ask(Apdu(wire.COMPLETION))
