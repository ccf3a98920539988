"""A ZVT card terminal on the wire: TCP and PTY, books on disk, obeys a script and live commands.

    python -m simulators.zvt_terminal --listen 127.0.0.1:20007 --books DIR

reads commands from standard input, one a line: `behave decline 51`, `default ask`, `answer approve`, `sell 1000`,
`close-day`, `unplug`, `plug`, `quit`. The words of a behaviour are those of simulators/zvt/behaviour.py.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import select
import socket
import sys
import threading
import tty
from collections import deque
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from simulators.books import Books
from simulators.zvt.behaviour import behaviour
from simulators.zvt.desk import Desk
from simulators.zvt.frames import TERMINAL_ID
from simulators.zvt.line import LineCut, Log, Peer, PtyPort, SerialPeer, SocketPort, TcpPeer
from simulators.zvt.teller import Pending

NOK: Final = 578


class PowerCut(Exception):  # an event of the simulation, not a fault
    """The terminal lost its power in the middle of a payment."""


def _power_cut() -> None:
    raise PowerCut


class ZvtTerminal:
    """The simulated terminal. Start with `listen_tcp` or `open_pty`, end with `stop`."""

    def __init__(
        self,
        books: Path,
        *,
        terminal: str = TERMINAL_ID,
        currency: int = NOK,
        default: str = "approve",
        opening: bool = True,
        t1: float = 0.2,
        t2: float = 1.0,
        t3: float = 5.0,
        clock: Callable[[], datetime] = datetime.now,
        die: Callable[[], None] = _power_cut,
    ) -> None:
        """`books`: folder. `default`: how it behaves, also when it boots. Times are seconds.

        `opening`: give empty books an older sale, as every installed terminal has one. `die` is what `kill` does: by
        default the session loses power and boots again.
        """
        self.books = Books(books)
        self._desk = Desk(self.books, terminal=terminal, currency=currency, t3=t3, clock=clock)
        self._t1, self._t2 = t1, t2
        self._die = die
        self.log: Log = deque(maxlen=10_000)
        """Control bytes of the last frames: "> 0601" from the till, "< 8000" to it."""
        self._address = ("127.0.0.1", 0)
        self._threads: list[threading.Thread] = []
        self._descriptors: list[int] = []
        self._listener: socket.socket | None = None
        self._desk.default(behaviour(default))
        if opening:
            self._desk.opening()
        self._desk.boot()

    # Persons and tests ----------------------------------------------------------------------------------------------

    def behave(self, how: str) -> None:
        """Behave like this at the next command that moves money (each call is for one more), until the one after."""
        self._desk.behave(behaviour(how))

    def default(self, how: str) -> None:
        """Behave like this from now on."""
        self._desk.default(behaviour(how))

    def pending(self) -> Pending | None:
        """Give the payment that waits for a person, in mode `ask`."""
        return self._desk.pending()

    def answer(self, how: str) -> None:
        """Decide the waiting payment: "approve", "decline 51", "cancel"."""
        self._desk.answer(how)

    def sell(self, amount: int) -> None:
        """Take money by hand, past the till. Minor units."""
        self._desk.sell(amount)

    def close_day(self) -> None:
        """End the day at the terminal itself, as many do every night."""
        self._desk.close_day()

    def synced(self) -> list[str]:
        """Give the receipt numbers that the till has told (1F1F), "" for an empty one."""
        return self._desk.synced()

    # The lines ------------------------------------------------------------------------------------------------------

    def listen_tcp(self, port: int = 0, host: str = "127.0.0.1") -> int:
        """Listen on TCP; give the port, which stays the same over `unplug` and `plug`."""
        self._address = (host, port)
        self._listener = socket.create_server(self._address)
        self._address = self._listener.getsockname()[:2]
        self._start(self._accept, self._listener)
        return self._address[1]

    def open_pty(self) -> str:
        """Open a pseudo-terminal; give the path for the till."""
        master, slave = os.openpty()
        tty.setraw(slave)
        self._descriptors += [master, slave]
        self._start(self._serve_pty, master)
        return os.ttyname(slave)

    def unplug(self) -> None:
        """Pull the plug of the network: connection and port are gone. Whatever runs is cut."""
        self._desk.stopping.set()
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def plug(self) -> None:
        """Put the plug back; the terminal has lost its power meanwhile."""
        if self._listener is None:
            self._desk.stopping.clear()
            self._desk.boot()
            self.listen_tcp(self._address[1], self._address[0])

    def stop(self) -> None:
        """End all threads and close the books."""
        self.unplug()
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors.clear()
        self.books.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self, target: Callable[..., None], argument: object) -> None:
        thread = threading.Thread(target=target, args=(argument,), name=f"zvt {target.__name__}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        poll = select.poll()
        poll.register(listener, select.POLLIN)
        while not self._desk.stopping.is_set():
            if not poll.poll(100):
                continue
            connection, _ = listener.accept()
            with connection:
                self._talk(TcpPeer(SocketPort(connection), self._die, self.log))

    def _serve_pty(self, master: int) -> None:
        while not self._desk.stopping.is_set():
            self._talk(SerialPeer(PtyPort(master), self._die, self.log, t1=self._t1, t2=self._t2))

    def _talk(self, peer: Peer) -> None:
        try:
            self._desk.serve(peer)
        except PowerCut:
            # Before the till can come back, or it would meet a terminal that has not booted.
            self._desk.boot()
        except LineCut:
            return


def _command(terminal: ZvtTerminal, line: str) -> str:
    word, _, rest = line.strip().partition(" ")
    match word:
        case "behave":
            terminal.behave(rest)
        case "default":
            terminal.default(rest)
        case "answer":
            terminal.answer(rest)
        case "sell":
            terminal.sell(int(rest))
        case "close-day":
            terminal.close_day()
        case "unplug":
            terminal.unplug()
        case "plug":
            terminal.plug()
        case _:
            return f"no command {word!r}: behave, default, answer, sell, close-day, unplug, plug, quit"
    return "ok"


def main(arguments: list[str] | None = None) -> int:
    """Run a terminal until standard input ends or says `quit`."""
    parser = argparse.ArgumentParser(prog="python -m simulators.zvt_terminal", description="A simulated ZVT terminal")
    parser.add_argument("--listen", metavar="HOST:PORT", help="TCP, e.g. 127.0.0.1:20007; port 0 takes a free one")
    parser.add_argument("--pty", action="store_true", help="a serial line; prints its path")
    parser.add_argument("--books", type=Path, required=True, metavar="DIR")
    parser.add_argument("--currency", type=int, default=NOK, help="numeric code of ISO 4217 (default: 578, NOK)")
    parser.add_argument("--default", default="approve", metavar="WORDS", help="how it behaves, e.g. 'ask' or 'late 2'")
    parser.add_argument("--t3", type=float, default=5.0, metavar="SECONDS")
    options = parser.parse_args(arguments)
    terminal = ZvtTerminal(
        options.books, currency=options.currency, default=options.default, t3=options.t3, die=lambda: os._exit(137)
    )
    with terminal, contextlib.suppress(KeyboardInterrupt):
        if options.listen:
            host, _, port = options.listen.rpartition(":")
            _say(f"listening {host}:{terminal.listen_tcp(int(port), host)}")
        if options.pty:
            _say(f"pty {terminal.open_pty()}")
        for line in sys.stdin:
            if line.strip() == "quit":
                break
            try:
                _say(_command(terminal, line))
            except ValueError as error:
                _say(str(error))
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
