"""The terminal in a process of its own, and its line: what stands on the counter and has its own power."""

from __future__ import annotations

import logging
import mmap
import os
import pty
import signal
import socket
import threading
import tty
from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import Final

from simulators.books import EntryKind
from simulators.nexo.behaviour import Behaviour as NexoBehaviour
from simulators.nexo.behaviour import behaviour as nexo_behaviour
from simulators.nexo_poi import NexoPoi
from simulators.zvt.behaviour import Behaviour as ZvtBehaviour
from simulators.zvt.behaviour import behaviour as zvt_behaviour
from simulators.zvt.line import Peer
from simulators.zvt_terminal import ZvtTerminal
from tests.payment.proof.dialogues import NEXO_LINES

NEXO_BOUNDARIES: Final = 8

Behaviour = ZvtBehaviour | NexoBehaviour


class Shared:
    """Numbers that outlive the terminal's process: commands for money so far, and the highest boundary."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 3)

    @property
    def commands(self) -> int:
        return self._memory[0]

    @commands.setter
    def commands(self, number: int) -> None:
        self._memory[0] = number

    @property
    def boundaries(self) -> int:
        return self._memory[1]

    @boundaries.setter
    def boundaries(self, number: int) -> None:
        self._memory[1] = max(number, self._memory[1])

    @property
    def cuts(self) -> int:
        """How often the terminal has cut the line."""
        return self._memory[2]

    @cuts.setter
    def cuts(self, number: int) -> None:
        self._memory[2] = number

    def close(self) -> None:
        self._memory.close()


class Script(deque[Behaviour]):
    """How the terminal behaves, command by command; where it stands outlives a loss of power."""

    def __init__(self, steps: list[Behaviour], always: Behaviour, shared: Shared) -> None:
        super().__init__(steps[shared.commands :] or [always])
        self._always = always
        self._shared = shared

    def popleft(self) -> Behaviour:
        self._shared.commands += 1
        how = super().popleft()
        if not self:
            self.append(self._always)
        self._shared.cuts += how.cut > 0
        return how


class Line:
    """Where the till finds the terminal. A serial cable is there also when the terminal is not."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.address = ""
        self.master = self._slave = -1
        if kind == "zvt-serial":
            self.master, self._slave = pty.openpty()
            tty.setraw(self._slave)
            self.address = f"serial://{os.ttyname(self._slave)}?baud=115200"

    @property
    def port(self) -> int:
        """The port that a terminal which starts again takes; 0 = any."""
        return int(self.address.rpartition(":")[2]) if self.address and self.master < 0 else 0

    def close(self) -> None:
        for descriptor in (self.master, self._slave):
            if descriptor >= 0:
                os.close(descriptor)


def be_terminal(
    line: Line, books: Path, always: str, steps: tuple[str, ...], what: str, ears: socket.socket, shared: Shared
) -> None:
    """Be the terminal until told to quit (b"Q"). Answers with its address first.

    `what` dies at a boundary: "terminal" this process, "till" the other one, by the hand of whoever listens.
    """
    if (log := os.environ.get("KVITT_PROOF_LOG")) is None:
        logging.disable(logging.CRITICAL)
    else:
        logging.basicConfig(filename=log, level=logging.DEBUG, format="%(asctime)s terminal %(name)s: %(message)s")

    dead = threading.Event()

    def die() -> None:
        if what == "terminal":
            os.kill(os.getpid(), signal.SIGKILL)
        ears.sendall(b"D")
        dead.wait()

    terminal = _nexo(line, books, always, steps, die, shared) if line.kind in NEXO_LINES else None
    zvt = None if terminal is not None else _zvt(line, books, always, steps, die, shared)
    ears.sendall(line.address.encode())
    while (word := ears.recv(1)) not in (b"Q", b""):
        if word == b"U" and zvt is not None:
            undo_by_hand(zvt)
            ears.sendall(b"U")
        dead.set()
    dead.set()
    for device in (terminal, zvt):
        if device is not None:
            device.stop()


def undo_by_hand(terminal: ZvtTerminal) -> None:
    """Be staff at the terminal: undo its last sale."""
    sale = terminal.books.standing()[-1]
    terminal.books.add(
        lambda books: replace(sale, kind=EntryKind.REVERSAL, trace=books.next_trace, original=sale.trace)
    )


def _zvt(line: Line, books: Path, always: str, steps: tuple[str, ...], die: object, shared: Shared) -> ZvtTerminal:
    at_money: list[bool] = []

    def boundary(peer: Peer) -> None:
        if at_money:
            shared.boundaries = peer._boundary + 1
        passed(peer)

    def begin(peer: Peer, faults: ZvtBehaviour) -> None:
        at_money[:] = [True]
        begun(peer, faults)

    def end(peer: Peer) -> None:
        at_money.clear()
        ended(peer)

    passed, begun, ended = Peer.boundary, Peer.begin, Peer.end
    Peer.boundary, Peer.begin, Peer.end = boundary, begin, end  # type: ignore[method-assign]
    terminal = ZvtTerminal(books, default=always, t1=0.1, t2=0.3, t3=0.4, die=die)  # type: ignore[arg-type]
    script = Script([zvt_behaviour(f"{always}, {step}") for step in steps], zvt_behaviour(always), shared)
    terminal._desk._next = script  # type: ignore[assignment]
    if line.kind == "zvt-tcp":
        line.address = f"tcp://127.0.0.1:{terminal.listen_tcp(line.port)}"
    else:
        terminal._start(terminal._serve_pty, line.master)
    return terminal


def _nexo(line: Line, books: Path, always: str, steps: tuple[str, ...], die: object, shared: Shared) -> NexoPoi:
    shared.boundaries = NEXO_BOUNDARIES
    terminal = NexoPoi(books, dialect=line.kind.removeprefix("nexo-"), default=always, die=die)  # type: ignore[arg-type]
    script = Script([nexo_behaviour(f"{always}, {step}") for step in steps], nexo_behaviour(always), shared)
    terminal._desk._next = script  # type: ignore[assignment]
    terminal.listen(line.port)
    line.address = terminal.url
    return terminal
