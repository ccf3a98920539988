"""What an ESC/POS printer says about itself: the bits of DLE EOT n (Epson ESC/POS Command Reference). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from appliance.core.commands import Condition

PRINTER, OFFLINE, ERROR, PAPER = 1, 2, 3, 4
QUESTIONS: Final = (PRINTER, OFFLINE, ERROR, PAPER)
"""The values of n in DLE EOT n that every model answers."""


def question(n: int) -> bytes:
    """Give DLE EOT n: answered at once, also in the middle of a job and while the printer is offline."""
    return bytes((0x10, 0x04, n))


def paper_mark() -> bytes:
    """Give GS r 1: unlike DLE EOT it waits its turn behind the job, so its answer says that the job is printed."""
    return b"\x1dr\x01"


def process_mark(number: int) -> bytes:
    """Give GS ( H with a number of four digits: answered with that number once all before it is printed."""
    return b"\x1d(H\x06\x00\x30\x30" + b"%04d" % (number % 10_000)


@dataclass(frozen=True, slots=True)
class RealTime:
    """An answer to DLE EOT n."""

    byte: int


@dataclass(frozen=True, slots=True)
class PaperMark:
    """The answer to GS r."""


@dataclass(frozen=True, slots=True)
class ProcessMark:
    """The answer to GS ( H."""

    number: str


Reply = RealTime | PaperMark | ProcessMark


class Replies:
    """Tells the answers of a printer apart; what is none of them, an unasked status (ASB) above all, is skipped."""

    def __init__(self) -> None:
        self._block = bytearray()
        self._skip = 0

    def feed(self, data: bytes) -> list[Reply]:
        """Give the answers that are complete with these bytes."""
        return [reply for byte in data if (reply := self._take(byte)) is not None]

    def _take(self, byte: int) -> Reply | None:
        if self._block:
            return self._continue(byte)
        if self._skip:
            self._skip -= 1
            return None
        if byte == 0x37:
            self._block.append(byte)
        elif byte & 0x93 == 0x12:
            return RealTime(byte)
        elif byte & 0x93 == 0x10 and byte not in (0x11, 0x13):
            # First of the four bytes of an automatic status; the other three would pass for answers to GS r.
            self._skip = 3
        elif byte & 0x90 == 0x00:
            return PaperMark()
        return None

    def _continue(self, byte: int) -> Reply | None:
        """Collect 37 22, four characters, 00."""
        self._block.append(byte)
        if self._block[1] != 0x22:
            self._block.clear()
            return None
        if len(self._block) < 7:
            return None
        number = bytes(self._block[2:6]).decode("ascii", "replace")
        self._block.clear()
        return ProcessMark(number)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterStatus:
    """What the printer said, as a whole."""

    offline: bool = False
    cover_open: bool = False
    feeding: bool = False
    paper_low: bool = False
    paper_out: bool = False
    cutter_error: bool = False
    fatal_error: bool = False
    passing_error: bool = False
    """Too hot, for instance; it mends itself."""
    drawer_signal: bool = False
    """Level of pin 3 of the drawer connector."""

    @classmethod
    def of_answers(cls, answers: dict[int, int]) -> PrinterStatus:
        """Read the answers to DLE EOT n, by n; what was not asked or not answered counts as good."""
        printer, offline, error, paper = (answers.get(n, 0) for n in QUESTIONS)
        return cls(
            offline=bool(printer & 0x08),
            drawer_signal=bool(printer & 0x04),
            cover_open=bool(offline & 0x04),
            feeding=bool(offline & 0x08),
            paper_out=bool(offline & 0x20) or bool(paper & 0x60),
            paper_low=bool(paper & 0x0C),
            cutter_error=bool(error & 0x08),
            fatal_error=bool(error & 0x20),
            passing_error=bool(error & 0x40),
        )

    @property
    def conditions(self) -> frozenset[Condition]:
        """Give what staff should do something about."""
        found = {
            Condition.PAPER_OUT: self.paper_out,
            Condition.PAPER_LOW: self.paper_low and not self.paper_out,
            Condition.COVER_OPEN: self.cover_open,
        }
        return frozenset(condition for condition, holds in found.items() if holds)

    @property
    def obstacle(self) -> tuple[str, str] | None:
        """Give why nothing can be printed, and the remedy; None if the printer is ready."""
        if self.cover_open:
            return "the cover is open", "Close the printer's cover."
        if self.paper_out:
            return "no paper", "Put in a new paper roll and close the cover."
        if self.cutter_error:
            return "the cutter is stuck", "Switch the printer off, take out jammed paper, switch it on."
        if self.fatal_error:
            return "the printer reports a fault", "Switch the printer off and on; call service if it stays."
        if self.passing_error:
            return "the printer is too hot or busy with itself", "Wait a minute."
        if self.feeding:
            return "the feed button is held down", "Let go of the printer's feed button."
        if self.offline:
            return "the printer is offline", "Look at the printer's lamps; switch it off and on."
        return None
