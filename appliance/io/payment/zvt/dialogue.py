"""One command of the till, from its first byte to 06 0F or 06 1E, without I/O [Z15 2, Z16 5.2].

    till      06 01 ------>                                     T3 runs
    terminal          <------ 80 00 (or 84 xx: not started)     T4 runs
    terminal          <------ 04 FF, 04 0F, 06 D1, 06 D3 ...    each answered by the till; 04 FF and 04 0F restart T4
    terminal          <------ 06 0F or 06 1E                    answered; over

From its 80 00 to the end the terminal is master. Only 06 B0 may be sent in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from appliance.io.payment.zvt import apdu as wire
from appliance.io.payment.zvt import commands
from appliance.io.payment.zvt.apdu import Apdu, ProtocolError
from appliance.io.payment.zvt.commands import Command
from appliance.io.payment.zvt.messages import Abort, Interim, ReceiptText, StatusInformation
from appliance.io.payment.zvt.text import CP437

LONGEST_T4_MINUTES: Final = 30
"""A terminal may set T4 up to 99 minutes; nobody waits longer than this at a till."""


class Phase(Enum):
    """Where a dialogue stands."""

    ANSWER = auto()
    """Waiting for 80 00 or 84 xx."""
    RUNNING = auto()
    OVER = auto()


@dataclass(frozen=True, slots=True)
class Accepted:
    """80 00: the terminal does it. Wants no answer."""


@dataclass(frozen=True, slots=True)
class Refused:
    """84 xx: the terminal does not do it; nothing has happened. Wants no answer."""

    error: int
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class AbortAnswered:
    """The answer to 06 B0. `heard`: it was in time, which is no promise that it was enough. Wants no answer."""

    heard: bool


@dataclass(frozen=True, slots=True)
class AbortSent:
    """06 B0 has just left. Wants no answer."""


@dataclass(frozen=True, slots=True)
class Completed:
    """06 0F: the end; for a payment it says nothing about money."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Other:
    """A command that carries nothing for us: 04 01 set clock, and whatever else comes."""

    apdu: Apdu


@dataclass(frozen=True, slots=True)
class Late:
    """What the terminal still says to an older till, before it hears the registration of this one: never answered."""

    apdu: Apdu


Said = Interim | StatusInformation | ReceiptText | Completed | Abort | Other
"""What the terminal says and waits for an answer to."""

Step = Accepted | Refused | AbortSent | AbortAnswered | Late | Said


def wants_answer(step: Step) -> bool:
    """Whether the terminal waits for 80 00 or 84 xx after this step."""
    return not isinstance(step, Accepted | Refused | AbortSent | AbortAnswered | Late)


class Dialogue:
    """The state of one command. Times are seconds of one monotonic clock, passed in."""

    def __init__(self, command: Command, *, t3: float, t4: float, now: float, charset: int = CP437) -> None:
        self.command = command
        self.phase = Phase.ANSWER
        self._t4 = t4
        self._charset = charset
        self._abort_pending = False
        self.deadline = now + t3
        """When the terminal is overdue: T3 before its answer, T4 after it."""

    @property
    def waiting_for(self) -> str:
        """Name the timer that runs, for the log."""
        return "answer (T3)" if self.phase is Phase.ANSWER else "end of the dialogue (T4)"

    def abort(self) -> Command | None:
        """Give 06 B0 if it may be sent now: the terminal is at work, and the last one has been answered."""
        if self.phase is not Phase.RUNNING or self._abort_pending:
            return None
        self._abort_pending = True
        return commands.abort()

    def receive(self, apdu: Apdu, now: float) -> Step:
        """Take what the terminal sent; ProtocolError if it may not come now, or cannot be read.

        Nothing but an answer may come before the answer: a status that does is of an older command, and taking it
        for ours would be a false approval. Before the answer to a registration it is let pass: on a serial line the
        dialogue of a till that lost its power goes on, and a till that closes and registers anew at each of its words
        is behind it for ever.
        """
        if self.phase is Phase.OVER:
            raise ProtocolError(f"{apdu} after the end of the dialogue")
        if apdu.answer:
            return self._answered(apdu, now)
        if self.phase is Phase.ANSWER and self.command.control == wire.REGISTRATION:
            return Late(apdu)
        if self.phase is Phase.ANSWER:
            raise ProtocolError(f"{apdu} in place of an answer")
        return self._ordered(apdu, now)

    def _answered(self, apdu: Apdu, now: float) -> Step:
        refusal = apdu.negative
        if self.phase is Phase.ANSWER:
            if refusal is not None:
                self.phase = Phase.OVER
                return Refused(refusal, apdu.data)
            self.phase = Phase.RUNNING
            self.deadline = now + self._t4
            return Accepted()
        if not self._abort_pending:
            raise ProtocolError(f"{apdu}, which answers nothing")
        self._abort_pending = False
        return AbortAnswered(refusal is None)

    def _ordered(self, apdu: Apdu, now: float) -> Step:
        match apdu.control:
            case wire.INTERMEDIATE_STATUS:
                interim = Interim.read(apdu.data, self._charset)
                if interim.minutes is not None:
                    self._t4 = 60.0 * min(interim.minutes, LONGEST_T4_MINUTES)
                self.deadline = now + self._t4
                return interim
            case wire.STATUS_INFORMATION:
                self.deadline = now + self._t4
                return StatusInformation.read(apdu.data, self._charset)
            case wire.PRINT_LINE | wire.PRINT_BLOCK:
                return self._printed(apdu)
            case wire.COMPLETION:
                self.phase = Phase.OVER
                return Completed(apdu.data)
            case wire.ABORT_BY_TERMINAL:
                self.phase = Phase.OVER
                return Abort.read(apdu.data, self._charset)
            case _:
                return Other(apdu)

    def _printed(self, apdu: Apdu) -> Step:
        """A receipt line that cannot be read is no reason to undo a payment: it is left out."""
        read = ReceiptText.read_line if apdu.control == wire.PRINT_LINE else ReceiptText.read_block
        try:
            return read(apdu.data, self._charset)
        except ProtocolError:
            return Other(apdu)
