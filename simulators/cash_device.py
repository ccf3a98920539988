"""A simulated machine for coins and notes: keeps books, obeys, misbehaves, and may be killed at any moment.

Its line is TCP: one JSON object a line, asked by the till and answered by the machine. `CashMachine` is the machine,
`SimulatedAcceptor` the till's side of the line; it implements `appliance.drivers.CashDevice`.

    coin MINOR | note MINOR     put money in; answers "taken" or "returned"
    behave TEXT                 parts: no payout, pay MINOR, forget N, jam, kill POINT
    quit
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import json
import os
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from uuid import UUID

from appliance.core.money import Currency, Money
from appliance.drivers import CashReport
from appliance.errors import DeviceFailure, DeviceOffline, DeviceTimeout
from simulators.books import Books, Entry, EntryKind

ANSWER_S: Final = 5.0
"""Seconds for an answer of the machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CashBehaviour:
    """How the machine fares from now on."""

    no_payout: bool = False
    """Its tubes are empty."""
    pay: int = 0
    """It jams after paying out so much; minor units, 0 = it does not."""
    forget: int = 0
    """It cannot name the value of its newest credits, so many of them."""
    late: int = 0
    """After it was told to take no more, a note of this value is still credited; minor units."""
    jam: bool = False
    """It never comes to rest after it was told to take no more."""
    kill: str = ""
    """Lose power: "credit" (in the books, not told), "payout" (before anything is paid), "paid" (before it is told)."""


def behaviour(text: str) -> CashBehaviour:
    """Read a behaviour: parts separated by commas; ValueError names the part that is none."""
    known = {field.name.replace("_", " "): field for field in fields(CashBehaviour)}
    changes: dict[str, Any] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        word = next((word for word in known if part == word or part.startswith(word + " ")), "")
        if not word:
            near = difflib.get_close_matches(part, known, n=1) or ["no payout"]
            raise ValueError(f"no behaviour {part!r}; did you mean {near[0]!r}?")
        field, value = known[word], part[len(word) :].strip()
        default: object = field.default
        changes[field.name] = True if isinstance(default, bool) else int(value) if isinstance(default, int) else value
    return replace(CashBehaviour(), **changes)


class CashMachine:
    """The machine; use as a context manager. `die` is its loss of power."""

    def __init__(self, books: Path, *, port: int = 0, die: Callable[[], None] = lambda: os._exit(137)) -> None:
        self.books = Books(books)
        self._die = die
        self._lock = threading.RLock()
        self._behaviour = CashBehaviour()
        self._accepting = False
        self._resting = True
        self._line: socket.socket | None = None
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, name="cash machine", daemon=True)

    @property
    def address(self) -> str:
        """What to write into the till's configuration."""
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A listener that is only closed does not wake the thread that waits on it.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.unplug()
        self._thread.join()
        self.books.close()

    @property
    def accepting(self) -> bool:
        """Whether it takes coins and notes now."""
        return self._accepting

    def behave(self, text: str) -> None:
        """Change how the machine fares from now on."""
        with self._lock:
            self._behaviour = behaviour(text)

    def insert(self, minor: int) -> bool:
        """Put a coin or note in; False: it comes back, because the machine takes none now."""
        with self._lock:
            if not self._accepting:
                return False
            self._enter(minor)
            return True

    def unplug(self) -> None:
        """Cut the line, if there is one; the machine takes nothing without it."""
        line = self._line
        if line is not None:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def _enter(self, minor: int) -> None:
        self.books.add(lambda books: Entry(kind=EntryKind.CHARGE, trace=len(books.charges()) + 1, amount=minor))
        self._perhaps_die("credit")

    def _perhaps_die(self, point: str) -> None:
        if self._behaviour.kill == point:
            self._die()

    # The line -------------------------------------------------------------------------------------------------------

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            with line:
                self._line = line
                self._talk(line)
                self._line = None
            with self._lock:
                self._accepting, self._resting = False, True

    def _talk(self, line: socket.socket) -> None:
        with contextlib.suppress(OSError), line.makefile("rw", encoding="utf-8", newline="\n") as talk:
            for asked in talk:
                with self._lock:
                    answer = self._answer(json.loads(asked))
                talk.write(json.dumps(answer) + "\n")
                talk.flush()

    def _answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        match asked["do"]:
            case "accept":
                self._accepting, self._resting = True, False
            case "refuse":
                if self._accepting and self._behaviour.late:
                    self._enter(self._behaviour.late)
                self._accepting = False
                self._resting = not self._behaviour.jam
            case "pay":
                self._pay_out(asked["order"], asked["amount"])
            case "paid":
                paid = [entry.amount for entry in self.books.reversals() if entry.asked == asked["order"]]
                return {"paid": sum(paid)}
            case "poll":
                return self._report()
        return {}

    def _report(self) -> dict[str, Any]:
        taken = self.books.charges()
        named = taken[: len(taken) - self._behaviour.forget] if self._behaviour.forget else taken
        return {
            "counter": len(taken),
            "credits": {str(entry.trace): entry.amount for entry in named[-64:]},
            "accepting": not self._resting,
        }

    def _pay_out(self, order: str, minor: int) -> None:
        self._perhaps_die("payout")
        known = any(entry.asked == order for entry in self.books.reversals())
        if known or self._behaviour.no_payout:
            return
        amount = min(minor, self._behaviour.pay) if self._behaviour.pay else minor
        self.books.append(Entry(kind=EntryKind.REVERSAL, trace=0, amount=amount, asked=order))
        self._perhaps_die("paid")


class SimulatedAcceptor:
    """The till's side; implements `appliance.drivers.CashDevice`. Not for real money."""

    def __init__(self, address: str, currency: Currency) -> None:
        host, _, port = address.rpartition(":")
        self._address = (host, int(port))
        self._currency = currency
        self._lock = threading.Lock()
        self._line: socket.socket | None = None
        self._talk: Any = None

    def open(self) -> None:
        """Connect."""
        self.close()
        try:
            line = socket.create_connection(self._address, timeout=ANSWER_S)
        except OSError as error:
            raise DeviceOffline(f"the cash machine does not answer: {error}", remedy="Switch it on.") from error
        with self._lock:
            self._line, self._talk = line, line.makefile("rw", encoding="utf-8", newline="\n")

    def close(self) -> None:
        """Let go."""
        with self._lock:
            line, self._line = self._line, None
            talk, self._talk = self._talk, None
        for end in (talk, line):
            if end is not None:
                with contextlib.suppress(OSError):
                    end.close()

    def accept(self) -> None:
        """Take coins and notes."""
        self._ask(do="accept")

    def refuse(self) -> None:
        """Take none any more."""
        self._ask(do="refuse")

    def poll(self) -> CashReport:
        """Say what was taken."""
        told = self._ask(do="poll")
        return CashReport(
            counter=told["counter"],
            credits={int(number): Money(minor, self._currency) for number, minor in told["credits"].items()},
            accepting=told["accepting"],
        )

    def acknowledge(self, counter: int) -> None:
        """Say what is on disk."""
        self._ask(do="acknowledge", counter=counter)

    def pay_out(self, order: UUID, amount: Money) -> None:
        """Pay out, once."""
        self._ask(do="pay", order=str(order), amount=amount.minor)

    def paid_out(self, order: UUID) -> Money | None:
        """What was paid out."""
        return Money(self._ask(do="paid", order=str(order))["paid"], self._currency)

    def _ask(self, **asked: object) -> dict[str, Any]:
        talk = self._talk
        if talk is None:
            raise DeviceOffline("the cash machine is not open")
        try:
            talk.write(json.dumps(asked) + "\n")
            talk.flush()
            line = talk.readline()
        except TimeoutError as error:
            raise DeviceTimeout("the cash machine does not answer in time") from error
        except (OSError, ValueError) as error:
            raise DeviceOffline(f"the line to the cash machine is gone: {error}") from error
        if not line:
            raise DeviceOffline("the line to the cash machine is gone", remedy="See that it has power.")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise DeviceFailure(answer["error"])
        return answer


def main(words: list[str] | None = None) -> int:
    """Run a machine until its input ends or says `quit`."""
    parser = argparse.ArgumentParser(prog="kvitt-sim cash", description="A simulated machine for coins and notes.")
    parser.add_argument("--books", type=Path, required=True, metavar="DIR")
    parser.add_argument("--port", type=int, default=0, help="TCP on the loopback address; 0 takes a free one")
    told = parser.parse_args(words)
    with CashMachine(told.books, port=told.port) as machine:
        _say(machine.address)
        for line in sys.stdin:
            word, _, rest = line.strip().partition(" ")
            if word == "quit":
                break
            try:
                _say(_obey(machine, word, rest))
            except ValueError as error:
                _say(str(error))
    return 0


def _obey(machine: CashMachine, word: str, rest: str) -> str:
    match word:
        case "coin" | "note":
            return "taken" if machine.insert(int(rest)) else "returned"
        case "behave":
            machine.behave(rest)
            return "ok"
        case _:
            return f"no command {word!r}: coin, note, behave, quit"


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - what it is asked for


if __name__ == "__main__":
    sys.exit(main())
