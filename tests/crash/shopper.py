"""A shopper at a whole till, in a process of its own that is killed, and the folder that it comes back to."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from appliance.control import SOCKET
from tests.crash.account import Account, account, faults, read_acks, read_books, read_journal

ROOT: Final = Path(__file__).parents[2]
SHOP: Final = ("simulators.cli",)
PATIENCE_S: Final = 60.0


@dataclass
class Shopper:
    """One till folder and everything that outlives a kill.

    `state` may lie on a card that loses its power; books and acknowledgements never do. `program` is the module that
    is run, and what stands before its words.
    """

    folder: Path
    state: Path
    seed: int = 1
    program: Sequence[str] = SHOP
    settings: Path | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _before: int = 0
    """Receipts given out before it was started last."""

    @property
    def ack(self) -> Path:
        """Receipt numbers that were given out."""
        return self.folder / "ack"

    @property
    def books(self) -> Path:
        """The terminal's books."""
        return self.folder / "terminal"

    @property
    def log(self) -> Path:
        """What the shopper says."""
        return self.folder / "shopper.log"

    def start(self, sales: int = 0, *, under: Sequence[str] = ()) -> None:
        """Sell, in a process group of its own; `under` another program."""
        words = ["--data", self.state, "--sales", sales, "--seed", self.seed, "--ack", self.ack, "--books", self.books]
        if self.settings is not None:
            words += ["--settings", self.settings]
        self._before = self.sold()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*under, sys.executable, "-m", *self.program, "shop", *map(str, words)],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole group; one that has ended already needs none."""
        assert self.process is not None
        if self.process.poll() is None:
            os.killpg(self.process.pid, number)

    def kill(self) -> int:
        """End it as a power cut would; give the exit code."""
        self.signal(signal.SIGKILL)
        assert self.process is not None
        code = self.process.wait()
        self.process = None
        return code

    def sell(self, sales: int) -> None:
        """Sell so much and stop in good order: the till recovers from whatever happened before."""
        self.start(sales)
        assert self.process is not None
        code = self.process.wait(PATIENCE_S + 30)
        self.process = None
        assert code == 0, f"the shopper ended with {code}: {self.log.read_text()[-2000:]}"

    def stop(self) -> None:
        """Let it sell something, end that sale and stop in good order."""
        self.wait_for(lambda: self.sold() > self._before, "a sale")
        self.signal(signal.SIGTERM)
        assert self.process is not None
        code = self.process.wait(PATIENCE_S)
        self.process = None
        assert code == 0, f"the shopper ended with {code}: {self.log.read_text()[-2000:]}"

    def wait_for(
        self, condition: Callable[[], bool], what: str, seconds: float = PATIENCE_S, *, alive: bool = True
    ) -> None:
        """Look every half millisecond; `alive`: the shopper must live until then."""
        deadline = time.monotonic() + seconds
        while not condition():
            gone = alive and (self.process is None or self.process.poll() is not None)
            assert not gone, f"it ended: {self.log.read_text()[-2000:]}"
            assert time.monotonic() < deadline, f"{what} did not come: {self.log.read_text()[-2000:]}"
            time.sleep(0.0005)

    def sold(self) -> int:
        """Give how many receipts were given out."""
        return len(read_acks(self.ack))

    def till_settings(self) -> dict[str, Any]:
        """Give what is put over the till's configuration."""
        return {} if self.settings is None else tomllib.loads(self.settings.read_text(encoding="utf-8"))

    # What is there --------------------------------------------------------------------------------------------------

    def account(self) -> Account:
        """Draw up the account from a copy of the store, so that the next start meets what the kill has left."""
        with tempfile.TemporaryDirectory(prefix="kvitt-copy-") as folder:
            copy = Path(folder) / "state"
            if self.state.exists():
                shutil.copytree(self.state, copy, ignore=shutil.ignore_patterns(SOCKET))
            else:
                copy.mkdir()
            events = read_journal(copy)
        return account(events, acked=read_acks(self.ack), taken=read_books(self.books))

    def wrong(self, *, settled: bool) -> list[str]:
        """Say everything that is wrong now."""
        return list(faults(self.account(), settled=settled))


# Moments ------------------------------------------------------------------------------------------------------------

Moment = Callable[[Shopper, random.Random], None]


def any_time(shopper: Shopper, dice: random.Random) -> None:
    """Wait for any moment from the start of the program on."""
    end = time.monotonic() + dice.uniform(0.2, 2.5)
    while time.monotonic() < end:
        time.sleep(0.001)


def _grown(file: Path) -> Callable[[], bool]:
    before = file.stat().st_size if file.exists() else 0
    return lambda: file.exists() and file.stat().st_size > before


def at_a_receipt(shopper: Shopper, dice: random.Random) -> None:
    """Wait until a receipt is given out, and a bit longer."""
    shopper.wait_for(_grown(shopper.ack), "a sale")
    time.sleep(dice.uniform(0, 0.15))


def at_the_terminal(shopper: Shopper, dice: random.Random) -> None:
    """Wait until the terminal has written something into its books: money moves."""
    shopper.wait_for(_grown(shopper.ack), "a sale")
    for _ in range(dice.randrange(1, 5)):
        shopper.wait_for(_grown(shopper.books / "books.jsonl"), "a payment")


def when_the_charge_stands(shopper: Shopper, dice: random.Random) -> None:
    """Wait for the moment between the terminal's last word on a charge and the journal's."""
    shopper.wait_for(_grown(shopper.ack), "a sale")
    file = shopper.books / "books.jsonl"
    read = file.stat().st_size

    def stands() -> bool:
        with file.open("rb") as books:
            books.seek(read)
            return b'"stored"' in books.read()

    shopper.wait_for(stands, "a payment")


MOMENTS: Final[tuple[Moment, ...]] = (any_time, at_a_receipt, at_the_terminal, when_the_charge_stands)
