"""Runs cases: `python -m tests.payment.proof.run` reads them as JSON, one a line, and answers each with a line of JSON.

It has read all modules and has no thread, so that tills and terminals are forked off it in milliseconds; several
workers do one case after the other.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, NoReturn

from tests.payment.proof.compare import mismatches_in
from tests.payment.proof.counter import Line, Shared, be_terminal
from tests.payment.proof.defects import DEFECTS
from tests.payment.proof.dialogues import Case, Cut, Dialogue, dialogue
from tests.payment.proof.till import run

PATIENCE_S: Final = 30.0
MEMORY: Final = Path("/dev/shm")
"""Where there is a file system in memory: a kill -9 loses none of it, and thousands of fsyncs cost nothing."""
_BEFORE: Final = 1
"""Sales before the one that is cut."""


@dataclass
class Verdict:
    """What came of a case."""

    cuts: int = 0
    """How many of its cuts really happened."""
    wrong: list[str] = field(default_factory=list)
    points: int = 0
    """Of the last run of the till."""
    boundaries: int = 0
    """Of the terminal, in one command for money at most."""
    commands: int = 0
    labels: list[str] = field(default_factory=list)


class Child:
    """A forked process, and the socket to it."""

    def __init__(self, be: Callable[[socket.socket], None]) -> None:
        # Each message stays one: two that come at once must not be read as one.
        self.ears, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.pid = os.fork()
        if self.pid == 0:
            self.ears.close()
            _live(be, theirs)
        theirs.close()
        self.end = os.pidfd_open(self.pid)

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Wait for the end; give the exit code, negative for a signal."""
        _, status = os.waitpid(self.pid, 0)
        os.close(self.end)
        self.ears.close()
        return os.waitstatus_to_exitcode(status)


def _live(be: Callable[[socket.socket], None], ears: socket.socket) -> NoReturn:
    code = 1
    try:
        be(ears)
        code = 0
    except BaseException:  # noqa: BLE001 # whatever it is, it is told
        with contextlib.suppress(OSError):
            ears.sendall(b"!" + traceback.format_exc()[-1500:].encode())
    finally:
        os._exit(code)


class Bench:
    """One case in its folder: the terminal, the line, and one run of the till after the other."""

    def __init__(self, case: Case, folder: Path, *, last: int) -> None:
        self.case, self.folder, self.last = case, folder, last
        self.dialogue: Dialogue = dialogue(case.line, case.dialogue)
        self.verdict = Verdict()
        self._shared = Shared()
        self._line = Line(case.line)
        self._cut = Cut()
        self._terminal = self._start_terminal(case.cuts[0] if case.cuts else Cut())
        self._deadline = time.monotonic() + PATIENCE_S

    def _start_terminal(self, cut: Cut) -> Child:
        steps = list(self.dialogue.steps if self.last > _BEFORE else ())
        if cut.by == "terminal" and cut.at:
            steps += ["approve"] * (cut.step + 1 - len(steps))
            steps[cut.step] += f", {'cut' if cut.what == 'line' else 'kill'} {cut.at}"
        always = ", ".join(filter(None, (self.case.policy, self.dialogue.always if self.last > _BEFORE else "")))
        books = self.folder / "books"
        child = Child(lambda ears: be_terminal(self._line, books, always, tuple(steps), cut.what, ears, self._shared))
        said = child.ears.recv(2000)
        if said[:1] == b"!":
            raise RuntimeError(said.decode())
        self._line.address = said.decode()
        return child

    def run(self) -> Verdict:
        """Run tills until one comes to its end; then compare."""
        cuts = list(self.case.cuts)
        for number in range(len(cuts) + 4):
            code = self._one(cuts[number] if number < len(cuts) else Cut())
            if code == 0:
                break
            if code != -signal.SIGKILL:
                self.verdict.wrong.append(f"the till ended with {code}")
                break
        else:
            self.verdict.wrong.append("the till does not come to its end")
        self._rest()
        if not self.verdict.wrong:
            self.verdict.wrong += mismatches_in(self.folder, self.dialogue)
        self.verdict.cuts += self._shared.cuts
        self.verdict.boundaries, self.verdict.commands = self._shared.boundaries, self._shared.commands
        self._shared.close()
        return self.verdict

    def _rest(self) -> None:
        """Let the terminal come to the end of what it does by itself."""
        with contextlib.suppress(OSError):
            self._terminal.ears.sendall(b"Q")
        if not select.select([self._terminal.end], [], [], 5.0)[0]:
            self.verdict.wrong.append("the terminal does not come to rest")
            self._terminal.kill()
        self._terminal.wait()
        self._line.close()

    def _one(self, cut: Cut) -> int:
        self._cut = cut
        happened = self.verdict.cuts
        plant = DEFECTS[self.case.defect] if self.case.defect else bool
        till = Child(
            lambda ears: run(
                self.case, self.dialogue, cut, self.folder, self._line.address, ears, last=self.last, plant=plant
            )
        )
        while True:
            ready = (
                select.select(
                    [till.ears, self._terminal.ears, till.end, self._terminal.end],
                    [],
                    [],
                    self._deadline - time.monotonic(),
                )[0]
                if time.monotonic() < self._deadline
                else []
            )
            if not ready:
                self.verdict.wrong.append("nothing comes to an end any more")
                till.kill()
                till.wait()
                return 1
            if till.ears in ready:
                self._hear(till)
            if self._terminal.end in ready:
                self._terminal.wait()
                self.verdict.cuts += 1
                self._terminal = self._start_terminal(Cut())
            elif self._terminal.ears in ready:
                self._obey(till)
            if till.end in ready:
                with contextlib.suppress(OSError):
                    till.ears.setblocking(False)
                    while self._hear(till):
                        pass
                code = till.wait()
                killed = code == -signal.SIGKILL and self.verdict.cuts == happened
                self.verdict.cuts += killed
                return code

    def _obey(self, till: Child) -> None:
        match self._terminal.ears.recv(1):
            case b"D":
                till.kill()
                self._terminal.ears.sendall(b".")
            case b"U":
                till.ears.sendall(b".")

    def _hear(self, till: Child) -> bool:
        said = till.ears.recv(2000)
        match said[:1]:
            case b"K":
                self._terminal.kill()
                self._terminal.wait()
                self.verdict.cuts += 1
                self._terminal = self._start_terminal(Cut())
                till.ears.sendall(b".")
            case b"U":
                self._terminal.ears.sendall(b"U")
            case b"C":
                self.verdict.cuts += 1
            case b"#":
                self.verdict.points = int.from_bytes(said[1:3], "big")
            case b"!":
                self.verdict.wrong.append(said[1:].decode(errors="replace"))
        return bool(said)


# Workers ------------------------------------------------------------------------------------------------------------


def template(line: str, policy: str, folder: Path) -> Path:
    """Make, once, what a till and a terminal look like that have sold for the same amount before."""
    place = folder / f"{line} {policy}".replace(",", "").replace(" ", "-")
    if not place.exists():
        fresh = Path(tempfile.mkdtemp(dir=folder))
        verdict = Bench(Case(line=line, dialogue="approved", policy=policy), fresh, last=_BEFORE).run()
        if verdict.wrong:
            raise RuntimeError(f"{place}: {verdict.wrong}")
        fresh.rename(place)
    return place


def do(case: Case, templates: Path) -> Verdict:
    """Do one case in a folder of its own."""
    with tempfile.TemporaryDirectory(dir=templates, prefix="case-") as name:
        folder = Path(name) / "shop"
        shutil.copytree(template(case.line, "keep" if case.line.startswith("zvt") else "", templates), folder)
        verdict = Bench(case, folder, last=_BEFORE + 1).run()
        labels = folder / "labels"
        if labels.exists():
            verdict.labels = labels.read_text(encoding="utf-8").splitlines()
        return verdict


def case_of(document: dict[str, Any]) -> Case:
    """Read a case."""
    return Case(**{**document, "cuts": tuple(Cut(**cut) for cut in document["cuts"])})


@contextlib.contextmanager
def place() -> Iterator[Path]:
    """Give a folder for it all, in memory where that is possible."""
    with tempfile.TemporaryDirectory(prefix="kvitt-proof-", dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Path(folder)


def main(workers: int) -> int:
    """Do the cases of standard input."""
    cases = [case_of(json.loads(line)) for line in sys.stdin]
    with place() as folder:
        for line in sorted({case.line for case in cases}):
            template(line, "keep" if line.startswith("zvt") else "", folder)
        todo_read, todo_write = os.pipe()
        pids = []
        for _ in range(min(workers, len(cases))):
            pid = os.fork()
            if pid == 0:
                os.close(todo_write)
                _work(cases, todo_read, folder)
            pids.append(pid)
        os.close(todo_read)
        for number in range(len(cases)):
            os.write(todo_write, number.to_bytes(4, "big"))
        os.close(todo_write)
        return max([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids], default=0)


def _work(cases: list[Case], todo: int, folder: Path) -> NoReturn:
    while number := os.read(todo, 4):
        index = int.from_bytes(number, "big")
        try:
            verdict = do(cases[index], folder)
        except Exception:  # noqa: BLE001 # whatever it is, it is told
            verdict = Verdict(wrong=[traceback.format_exc()[-1500:]])
        document = {"case": index, **asdict(replace(verdict, wrong=[text[:1500] for text in verdict.wrong]))}
        os.write(1, json.dumps(document).encode() + b"\n")
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
