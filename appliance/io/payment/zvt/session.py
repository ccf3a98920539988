"""A registered connection to one terminal: runs dialogues on a wire, answers what must be answered."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from appliance.core.money import Currency, Money
from appliance.core.payment import Totals
from appliance.errors import DeviceBusy, DeviceError, DeviceFailure, DeviceOffline, DeviceTimeout
from appliance.io.payment.zvt import apdu as wire
from appliance.io.payment.zvt import codes, commands
from appliance.io.payment.zvt.apdu import ACKNOWLEDGE, Apdu, ForeignProtocol, ProtocolError, negative
from appliance.io.payment.zvt.commands import Command
from appliance.io.payment.zvt.dialogue import (
    AbortSent,
    Completed,
    Dialogue,
    Phase,
    Refused,
    Step,
    wants_answer,
)
from appliance.io.payment.zvt.message_ids import MessageIds
from appliance.io.payment.zvt.messages import Abort, ReceiptText, Registration, StatusInformation, TerminalState
from appliance.io.payment.zvt.recovery import Repeated
from appliance.io.payment.zvt.text import CP437
from appliance.io.payment.zvt.totals import DaySums, day_totals
from appliance.io.payment.zvt.verdict import REFUSAL, Reply
from appliance.io.payment.zvt.wire import LINE_REMEDY, Wire, wrong_protocol

log = logging.getLogger(__name__)

SLICE: Final = 0.1
"""Seconds between two looks at a wish to stop."""

SERVICE_REMEDY: Final = "Do at the terminal what its display asks for, or call the acquirer."

Answerer = Callable[[Step], Reply]
End = Completed | Abort | Refused


def acknowledge(_step: Step) -> Reply:
    """Take every step of a command that moves no money."""
    return Reply.ACKNOWLEDGE


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Timers:
    """Seconds."""

    t3: float
    t4: float


class Unanswered(ProtocolError):
    """The till keeps silent on purpose: whatever it said might move money."""


class Session:
    """One connection. After any fault it is of no more use and must be closed."""

    def __init__(self, url: str, wire: Wire, timers: Timers, *, stopped: Callable[[], bool]) -> None:
        """`stopped` is looked at ten times a second; once it is true every dialogue ends with DeviceOffline."""
        self.url = url
        self._wire = wire
        self.timers = timers
        self._stopped = stopped
        self._charset = CP437
        self._ids: MessageIds | None = None
        self.registration = Registration()
        self.foreign_to_command = False
        """Whether the first answer to the last command was certainly of another protocol."""

    @property
    def usable(self) -> bool:
        """Whether the line is open and silent, as it must be before a command."""
        try:
            return self._wire.idle
        except (DeviceError, ProtocolError) as error:
            log.info("the line to the terminal cannot be used any more: %s", error)
            return False

    def close(self) -> None:
        """Close the line."""
        self._wire.close()

    def run(
        self,
        command: Command,
        answer: Answerer = acknowledge,
        *,
        abort_wanted: Callable[[], bool] = _never,
    ) -> End:
        """Run one command to its end.

        DeviceTimeout: T3 or T4 ran out. DeviceOffline: the line went. ProtocolError: the terminal said something that
        cannot be, or `answer` wanted no answer. After each of them the session must be closed.
        """
        self.foreign_to_command = False
        self._wire.send(self._numbered(command))
        dialogue = Dialogue(
            command,
            t3=self.timers.t3,
            t4=self.timers.t4,
            now=time.monotonic(),
            charset=self._charset,
        )
        while True:
            if abort_wanted() and (abort := dialogue.abort()) is not None:
                self._wire.send(self._numbered(abort))
                answer(AbortSent())
            apdu = self._next(dialogue)
            if apdu is None or self._repeated(apdu):
                continue
            step = self._named(dialogue.receive(apdu, time.monotonic()))
            reply = answer(step)
            if wants_answer(step):
                self._answer(step, reply)
            if isinstance(step, Completed | Abort | Refused):
                return step

    def _numbered(self, command: Command) -> Apdu:
        return command.apdu() if self._ids is None else command.apdu(self._ids.begin())

    def _repeated(self, apdu: Apdu) -> bool:
        """Whether the terminal says the same again because it did not hear our answer, which is then repeated."""
        if self._ids is None:
            return False
        answer = self._ids.hear(apdu)
        if answer is not None:
            self._wire.send(answer)
        return answer is not None

    def _named(self, step: Step) -> Step:
        """Give a status the id of this connection's terminal where it names none."""
        if isinstance(step, StatusInformation) and not step.terminal_id:
            return replace(step, terminal_id=self.registration.terminal_id)
        return step

    def _next(self, dialogue: Dialogue) -> Apdu | None:
        now = time.monotonic()
        if now >= dialogue.deadline:
            raise DeviceTimeout(f"{self.url}: no {dialogue.waiting_for}", remedy=LINE_REMEDY)
        if self._stopped():
            raise DeviceOffline(f"{self.url}: the till is closing the terminal")
        try:
            return self._wire.receive(min(dialogue.deadline, now + SLICE))
        except ForeignProtocol as error:
            self.foreign_to_command = error.certain and dialogue.phase is Phase.ANSWER
            raise

    def _answer(self, step: Step, reply: Reply) -> None:
        match reply:
            case Reply.DROP:
                raise Unanswered("the till closed the line without an answer")
            case Reply.REFUSE:
                answer = negative(REFUSAL)
            case Reply.NOT_STORED:
                answer = negative(codes.PRINTER)
            case _:
                answer = ACKNOWLEDGE
        try:
            self._wire.send(answer if self._ids is None else self._ids.answer(answer))
        except (DeviceError, ProtocolError) as error:
            if not isinstance(step, Completed | Abort):
                raise
            # The end has come and counts, whether or not the terminal hears that we know.
            log.warning("the end of the dialogue could not be acknowledged: %s", error)

    # Commands that move no money ------------------------------------------------------------------------------------

    def register(
        self, password: str, config: int, currency: Currency, service: int | None, *, ids: bool = False
    ) -> None:
        """06 00; DeviceError with a remedy if the terminal will not work with this till.

        `ids`: number the messages, if the terminal can (1F73).
        """
        end = self._run_plain(commands.registration(password, config, currency, service, ids=ids))
        match end:
            case Refused() if codes.WRONG_CURRENCY in (end.error, *end.data[:1]):
                # 84 1E xx 6F: the code stands in the data [Z15 2.1].
                raise DeviceFailure(
                    f"{self.url}: the terminal does not work in {currency}",
                    remedy=f"Set the terminal's currency to {currency}, or the option currency to the terminal's.",
                )
            case Refused(error=codes.BUSY):
                raise DeviceBusy(f"{self.url}: the terminal is busy", remedy="Wait until the terminal is idle.")
            case Refused(error=error):
                raise DeviceFailure(
                    f"{self.url}: the terminal refuses the registration: {codes.result_text(error)}",
                    remedy="Check the option password; it is the till password of the terminal.",
                )
            case Abort(result=result):
                raise DeviceFailure(
                    f"{self.url}: the terminal broke off the registration: {codes.result_text(result or 0xFF)}",
                    remedy=LINE_REMEDY,
                )
            case Completed():
                self.registration = self._read_registration(end.data)
                self._charset = self.registration.charset
                self._ids = MessageIds() if ids and self.registration.message_ids else None
        if self.registration.currency not in (None, currency.numeric):
            raise DeviceFailure(
                f"{self.url}: the terminal works in currency {self.registration.currency:03d}, not in {currency}",
                remedy=f"Set the terminal's currency to {currency}, or the option currency to the terminal's.",
            )

    def _read_registration(self, data: bytes) -> Registration:
        try:
            return Registration.read(data)
        except ProtocolError as error:
            raise DeviceOffline(f"{self.url}: the registration cannot be read: {error}") from error

    def state(self, password: str) -> TerminalState | None:
        """05 01: how the terminal is; None if it does not know the question."""
        end = self._run_plain(commands.plain(wire.STATUS_ENQUIRY, password))
        match end:
            case Completed():
                try:
                    return TerminalState.read(end.data)
                except ProtocolError as error:
                    raise DeviceOffline(f"{self.url}: the terminal's state cannot be read: {error}") from error
            case Refused(error=codes.NOT_POSSIBLE):
                return None
            case Refused(error=error):
                return TerminalState(status=error)
            case Abort(result=result):
                return TerminalState(status=0xFF if result in (None, 0) else result)

    def repeat(self, password: str) -> Repeated:
        """06 20 with service byte 03: the terminal's last transaction."""
        last: list[StatusInformation] = []

        def keep(step: Step) -> Reply:
            if isinstance(step, StatusInformation):
                last.append(step)
            return Reply.ACKNOWLEDGE

        end = self._run_plain(commands.repeat_receipt(password), keep)
        return Repeated(
            terminal=self.registration.terminal_id,
            status=last[-1] if last else None,
            abort=end if isinstance(end, Abort) else None,
            refusal=end.error if isinstance(end, Refused) else None,
        )

    def serve(self, control: int, password: str) -> None:
        """06 70 diagnosis or 06 93 initialisation; DeviceError if the terminal is not ready after it."""
        command = commands.diagnosis() if control == wire.DIAGNOSIS else commands.plain(control, password)
        end = self._run_plain(command)
        said = end.error if isinstance(end, Refused) else end.result if isinstance(end, Abort) else codes.OK
        if said != codes.OK:
            raise self._unserved(codes.result_text(said or 0xFF))
        state = self.state(password)
        if state is not None and not state.ready:
            raise self._unserved(codes.state_text(0xFF if state.status is None else state.status))

    def _unserved(self, why: str) -> DeviceFailure:
        return DeviceFailure(f"{self.url}: the terminal is still not ready: {why}", remedy=SERVICE_REMEDY)

    def totals(self, password: str) -> DaySums | None:
        """06 10: the terminal's sums since its last end of day; None if it does not tell them."""
        end, status, _ = self._sums(commands.plain(wire.TOTALS, password))
        if not isinstance(end, Completed) or status is None:
            return None
        try:
            return DaySums.of(status)
        except ProtocolError as error:
            raise DeviceOffline(f"{self.url}: the sums cannot be read: {error}", remedy=LINE_REMEDY) from error

    def end_of_day(self, password: str, currency: Currency) -> Totals | None:
        """06 50: close the terminal's day; its sums, None if it does not tell them. DeviceError: it is not closed."""
        end, status, lines = self._sums(commands.plain(wire.END_OF_DAY, password))
        said = end.error if isinstance(end, Refused) else end.result if isinstance(end, Abort) else 0
        if said == codes.BUSY:
            raise DeviceBusy(f"{self.url}: the terminal is busy", remedy="Wait until the terminal is idle.")
        if said != 0 or (status is not None and not status.approved):
            why = codes.result_text(said or (status.result if status is not None else None) or 0xFF)
            raise DeviceFailure(
                f"{self.url}: the terminal did not close its day: {why}",
                remedy="Try again; if it stays so, call the acquirer.",
            )
        try:
            return day_totals(status, Money(0, currency), tuple(lines))
        except ProtocolError:
            # It is closed all the same.
            log.exception("the sums of an end of day cannot be read")
            return None

    def _sums(self, command: Command) -> tuple[End, StatusInformation | None, list[str]]:
        told: list[StatusInformation] = []
        lines: list[str] = []

        def keep(step: Step) -> Reply:
            if isinstance(step, StatusInformation):
                told.append(step)
            elif isinstance(step, ReceiptText):
                lines.extend(step.lines)
            return Reply.ACKNOWLEDGE

        end = self._run_plain(command, keep)
        best = [status for status in told if status.totals] or told
        return end, best[-1] if best else None, lines

    def _run_plain(self, command: Command, answer: Answerer = acknowledge) -> End:
        """Run a command that moves no money; what goes wrong is a DeviceError."""
        try:
            return self.run(command, answer)
        except ForeignProtocol as error:
            raise wrong_protocol(self.url, str(error)) from error
        except ProtocolError as error:
            raise DeviceOffline(f"{self.url}: not understood: {error}", remedy=LINE_REMEDY) from error
