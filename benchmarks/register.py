"""How long a scan takes to be safe: the whole till in one process, the scanner on a PTY, beside a raw SQLite commit."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.core.checkout import Checkout, TransactionState
from appliance.core.commands import ChooseReceipt, FinishSale, ReceiptKind, RequestPayment
from appliance.core.money import Currency
from appliance.core.payment import TenderType
from appliance.core.product import canonical
from appliance.store.journal import SqliteJournal
from benchmarks.big_shop import stock_big
from benchmarks.report import Measurement
from simulators.counter import Counter
from simulators.goods import SAMPLE_SHOP, Good, read_goods
from simulators.stall import Stall

BASKET: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanTimes:
    """Seconds of each scan and of each raw commit, measured in turn."""

    scans: list[float]
    commits: list[float]
    row_bytes: int


class RawCommits:
    """One row a transaction into a plain SQLite file, WAL and fsynced: the floor under every durable scan."""

    def __init__(self, folder: Path, size: int) -> None:
        self._connection = sqlite3.connect(folder / "raw.db", isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("CREATE TABLE event (id INTEGER PRIMARY KEY, document TEXT)")
        self._document = "x" * size

    def commit(self) -> float:
        """Commit a row; give the seconds that took."""
        began = time.perf_counter()
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute("INSERT INTO event (document) VALUES (?)", (self._document,))
        self._connection.execute("COMMIT")
        return time.perf_counter() - began

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def measure_scans(folder: Path, goods: Sequence[Good], *, scans: int = 1000, seed: int = 1) -> ScanTimes:
    """Scan at a till whose store is in `folder`/till: last byte written to the wire until its row is on disk and shown.

    A basket is paid at every hundredth line. Each scan is followed by one raw commit of the same size on the same disk.
    """
    plain = [good for good in goods if good.article and not good.item.minimum_age and not good.item.deposit_sku]
    chance = random.Random(seed)
    state = folder / "till"
    with _stall(folder) as stall:
        for _ in range(20):
            _scan(stall, chance.choice(plain), chance)
        _finish(stall)
    row_bytes = _row_bytes(state)
    times: list[float] = []
    commits: list[float] = []
    with contextlib.closing(RawCommits(folder, row_bytes)) as raw, _stall(folder) as stall:
        for number in range(scans):
            times.append(_scan(stall, chance.choice(plain), chance))
            commits.append(raw.commit())
            if number % BASKET == BASKET - 1:
                _finish(stall)
    return ScanTimes(scans=times, commits=commits, row_bytes=row_bytes)


def percentile(values: Sequence[float], share: int) -> float:
    """Give a percentile, e.g. 99."""
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]


@contextlib.contextmanager
def _stall(folder: Path) -> Iterator[Stall]:
    with Counter(folder / "books") as counter, Stall(folder / "till", counter) as stall:
        stall.wait_until_ready()
        yield stall


def _scan(stall: Stall, good: Good, chance: random.Random) -> float:
    code = good.code(chance.randint(100, 2000))
    before = _lines(stall.window.wait(lambda _: True, "the till"))
    began = time.perf_counter()
    stall.counter.scanner.scan(code)
    stall.window.wait(lambda now: _lines(now) > before, f"the line of {good.item.sku}")
    return time.perf_counter() - began


def _lines(checkout: Checkout) -> int:
    return len(checkout.transaction.lines) if checkout.transaction else 0


def _finish(stall: Stall) -> None:
    stall.post(RequestPayment(TenderType.CARD))
    stall.window.wait(lambda now: now.state is TransactionState.TENDERED, "the sale")
    stall.post(ChooseReceipt(ReceiptKind.NONE))
    stall.post(FinishSale())
    stall.window.wait(lambda now: now.state is TransactionState.IDLE, "the end of the sale")


def _row_bytes(state: Path) -> int:
    """Give the mean size of the rows that scans wrote."""
    journal = SqliteJournal.open(state)
    try:
        rows = [row for row in journal.since(0, 1000) if row.document["type"] == "line.added"]
        return round(statistics.mean(len(canonical(row.document)) for row in rows))
    finally:
        journal.close()


def measure(folder: Path, *, quick: bool) -> Iterator[Measurement]:
    """Scan to journalled, and what of it is the price book."""
    goods = read_goods(SAMPLE_SHOP / "products.csv", Currency.parse("NOK"))
    products = 20_000 if quick else 1_000_000
    stock_big(folder / "till", goods, products)
    times = measure_scans(folder, goods, scans=200 if quick else 1000)
    for share, most in ((50, None), (99, 3.0)):
        yield Measurement(
            name=f"scan to journalled and shown, {products:,} products, p{share}",
            value=percentile(times.scans, share) * 1000,
            unit="ms",
            baseline=percentile(times.commits, share) * 1000,
            baseline_name=f"raw commit of {times.row_bytes} bytes",
            most_ratio=most,
        )
