"""The kiosk as a process of its own, with screen, register, store and drivers, beside a bare Kivy window."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

import psutil

from appliance.core.money import Currency
from benchmarks.big_shop import stock_big
from benchmarks.register import percentile
from benchmarks.report import Measurement
from simulators.counter import Counter
from simulators.goods import SAMPLE_SHOP, Good, read_goods
from simulators.stall import stock

BASKET: Final = 100
_TIMED: Final = 50
_PATIENCE_S: Final = 60.0
_OPENING: Final = 10.0
_MEGABYTE: Final = 1024 * 1024


@dataclass
class Drawing:
    """A process that draws and says so; use as a context manager."""

    words: list[str]
    log: Path
    started: float = 0.0
    first: float = 0.0
    flips: list[tuple[float, int]] = field(default_factory=list)
    _turned: threading.Condition = field(default_factory=threading.Condition)

    def __enter__(self) -> Self:
        self.started = time.monotonic()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        self.usage = psutil.Process(self._process.pid)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            word, moment, *rest = line.split()
            with self._turned:
                if word == "first":
                    self.first = float(moment)
                else:
                    self.flips.append((float(moment), int(rest[0])))
                self._turned.notify_all()

    def wait_for_first(self) -> float:
        """Give the seconds from start to first frame."""
        with self._turned:
            if not self._turned.wait_for(lambda: self.first > 0, _PATIENCE_S):
                raise TimeoutError(f"{self.words} drew nothing; see {self.log}")
        return self.first - self.started

    def wait_for_rows(self, condition: Callable[[int], bool], since: float, seconds: float) -> float | None:
        """Give the moment of the first frame since then whose rows are so many; None if it does not come in time."""

        def found() -> float | None:
            return next((moment for moment, rows in self.flips if moment >= since and condition(rows)), None)

        with self._turned:
            self._turned.wait_for(lambda: found() is not None, seconds)
            moment = found()
            self.flips.clear()
            return moment

    def void(self) -> None:
        """Take the basket away."""
        assert self._process.stdin is not None
        began = time.monotonic()
        self._process.stdin.write("void\n")
        self._process.stdin.flush()
        if self.wait_for_rows(lambda rows: rows == 0, began, _PATIENCE_S) is None:
            raise TimeoutError(f"the basket did not go; see {self.log}")

    def idle_share(self, seconds: float) -> float:
        """Give the share of one core that the process takes while nothing happens, in per cent."""
        before, began = sum(self.usage.cpu_times()[:2]), time.monotonic()
        time.sleep(seconds)
        return float(sum(self.usage.cpu_times()[:2]) - before) / (time.monotonic() - began) * 100

    def resident(self) -> float:
        """Give the resident memory in megabytes."""
        return float(self.usage.memory_info().rss) / _MEGABYTE


@contextlib.contextmanager
def _bare(folder: Path) -> Iterator[Drawing]:
    words = [sys.executable, "-m", "benchmarks.bare_kivy", str(folder / "bare")]
    with Drawing(words, folder / "bare.log") as drawing:
        drawing.wait_for_first()
        yield drawing


@contextlib.contextmanager
def _kiosk(folder: Path, counter: Counter) -> Iterator[Drawing]:
    config = folder / "kvitt.toml"
    state = folder / "till"
    config.write_text(
        f'[till]\nstore = "torget"\nstate = "{state}"\n\n[screen]\nfullscreen = false\nsound = false\n\n'
        f"[hub]\nenabled = false\n{counter.toml()}",
        encoding="utf-8",
    )
    words = [sys.executable, "-m", "benchmarks.kiosk_process", str(config)]
    with Drawing(words, folder / "kiosk.log") as drawing:
        drawing.wait_for_first()
        yield drawing


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    """What filling baskets showed: seconds from the last byte of a scan to its frame, megabytes at a full basket."""

    times: list[float]
    memory: float


def fill_baskets(kiosk: Drawing, counter: Counter, goods: Sequence[Good], *, rounds: int) -> Basket:
    """Fill basket after basket to a hundred lines, and time the fifty scans behind those."""
    plain = [good for good in goods if good.article and not good.item.minimum_age and not good.item.deposit_sku]
    chance = random.Random(1)
    times: list[float] = []
    memory = 0.0

    def scan(rows: int, patience: float) -> float | None:
        code = chance.choice(plain).code(chance.randint(100, 2000))
        began = time.monotonic()
        counter.scanner.scan(code)
        drawn = kiosk.wait_for_rows(lambda shown: shown >= rows, began, patience)
        return None if drawn is None else drawn - began

    # A till has stood open before its first customer comes; and before it has opened its devices it hears no scan.
    time.sleep(_OPENING)
    while scan(1, 2.0) is None:
        pass
    for _ in range(rounds):
        kiosk.void()
        for row in range(1, BASKET + _TIMED + 1):
            took = scan(row, _PATIENCE_S)
            if took is None:
                raise TimeoutError(f"row {row} was not drawn; see {kiosk.log}")
            if row == BASKET:
                memory = max(memory, kiosk.resident())
            if row > BASKET:
                times.append(took)
    return Basket(times=times, memory=memory)


def measure(folder: Path, *, quick: bool) -> Iterator[Measurement]:
    """Start to first frame, idle CPU, scan to drawn frame and memory with a basket of a hundred lines."""
    goods = read_goods(SAMPLE_SHOP / "products.csv", Currency.parse("NOK"))
    products = 20_000 if quick else 1_000_000
    stock_big(folder / "till", goods, products)
    idle, rounds = (10, 1) if quick else (60, 10)
    name = "a bare Kivy window"
    # Once to fill the caches of the machine, as "warm" means.
    with Counter(folder / "books") as counter, _kiosk(folder, counter):
        pass
    with _bare(folder) as bare:
        start, idling, memory = bare.first - bare.started, bare.idle_share(idle / 2), bare.resident()
    with Counter(folder / "books") as counter, _kiosk(folder, counter) as kiosk:
        yield Measurement(
            name="start to first frame, warm", value=kiosk.first - kiosk.started, unit="s", baseline=start,
            baseline_name=name, most=1.0,
        )  # fmt: skip
        found = fill_baskets(kiosk, counter, goods, rounds=rounds)
    for share, most in ((50, None), (95, 50.0), (99, None)):
        yield Measurement(
            name=f"scan to drawn frame, line {BASKET + 1} and on, {products:,} products, p{share}",
            value=percentile(found.times, share) * 1000, unit="ms", most=most,
        )  # fmt: skip
    yield Measurement(
        name=f"memory with {BASKET} lines, {products:,} products", value=found.memory, unit="MB",
        baseline=memory, baseline_name=name, most=160.0,
    )  # fmt: skip
    # A till of its own with the sample shop's prices: without any it stays on "One moment" and never rests.
    stock(folder / "idle" / "till", goods)
    with Counter(folder / "books") as counter, _kiosk(folder / "idle", counter) as kiosk:
        time.sleep(10)
        yield Measurement(
            name="idle CPU on the first page", value=kiosk.idle_share(idle), unit="%", baseline=idling,
            baseline_name=name, most=0.5,
        )  # fmt: skip
