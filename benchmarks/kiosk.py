"""The kiosk as a process of its own, with screen, register, store and drivers, beside a bare Kivy window."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

import psutil

from appliance.core.money import Currency
from benchmarks.big_shop import stock_big
from benchmarks.register import percentile
from benchmarks.report import Measurement
from simulators.counter import Counter
from simulators.goods import SAMPLE_SHOP, read_goods

BASKET: Final = 100
_PATIENCE_S: Final = 60.0
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
            self._process = subprocess.Popen(self.words, stdout=subprocess.PIPE, stderr=log, text=True)
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

    def wait_for_rows(self, rows: int, seconds: float) -> float | None:
        """Give the moment of the first frame with so many rows; None if it does not come in time."""
        with self._turned:
            if not self._turned.wait_for(lambda: bool(self.flips) and self.flips[-1][1] >= rows, seconds):
                return None
            return next(moment for moment, shown in self.flips if shown >= rows)

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


def measure(folder: Path, *, quick: bool) -> Iterator[Measurement]:
    """Start to first frame, idle CPU, scan to drawn frame and memory with a basket of a hundred lines."""
    goods = read_goods(SAMPLE_SHOP / "products.csv", Currency.parse("NOK"))
    plain = [good for good in goods if good.article and not good.item.minimum_age and not good.item.deposit_sku]
    products = 20_000 if quick else 1_000_000
    stock_big(folder / "till", goods, products)
    idle, scans = (10, 40) if quick else (60, 500)
    # Once to fill the caches of the machine, as "warm" means.
    with Counter(folder / "books") as counter, _kiosk(folder, counter):
        pass
    with _bare(folder) as bare:
        start, idling, memory = bare.first - bare.started, bare.idle_share(idle / 2), bare.resident()
    chance = random.Random(1)
    with Counter(folder / "books") as counter, _kiosk(folder, counter) as kiosk:
        name = "a bare Kivy window"
        yield Measurement(
            name="start to first frame, warm", value=kiosk.first - kiosk.started, unit="s", baseline=start,
            baseline_name=name, most=1.0,
        )  # fmt: skip
        times = []
        rows = 0
        while rows < BASKET + scans:
            if rows == 1:
                time.sleep(1)
            code = chance.choice(plain).code(chance.randint(100, 2000))
            began = time.monotonic()
            counter.scanner.scan(code)
            drawn = kiosk.wait_for_rows(rows + 1, 2.0 if rows == 0 else _PATIENCE_S)
            if drawn is None and rows == 0:
                continue
            if drawn is None:
                raise TimeoutError(f"row {rows + 1} was not drawn; see {folder / 'kiosk.log'}")
            rows += 1
            if rows == BASKET:
                yield Measurement(
                    name=f"memory with {BASKET} lines, {products:,} products", value=kiosk.resident(), unit="MB",
                    baseline=memory, baseline_name=name, most=160.0,
                )  # fmt: skip
            if rows > BASKET:
                times.append(drawn - began)
        for share, most in ((50, None), (95, 50.0), (99, None)):
            yield Measurement(
                name=f"scan to drawn frame, {BASKET} lines and more, {products:,} products, p{share}",
                value=percentile(times, share) * 1000, unit="ms", most=most,
            )  # fmt: skip
    (folder / "idle").mkdir()
    with Counter(folder / "books2") as counter, _kiosk(folder / "idle", counter) as kiosk:
        time.sleep(10)
        yield Measurement(
            name="idle CPU on the first page", value=kiosk.idle_share(idle), unit="%", baseline=idling,
            baseline_name=name, most=0.5,
        )  # fmt: skip
