"""The store's figures, each beside its baseline in the same run: python -m benchmarks.store [--folder DIR] [...].

`--folder` names where the files go: the figures are those of that filesystem. Flushes and device bytes per commit are
counted by strace (-e pwrite64,fdatasync): bytes that SQLite writes to log and database, and what it flushes. They do
not depend on load, and leave out the filesystem's own metadata.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path

from appliance.core.events import (
    DayOpened,
    LineAdded,
)
from appliance.core.identifiers import CatalogueVersion
from appliance.core.product import BUCKETS, bucket, bucket_digest, product_digest, root_digest
from appliance.ports import CatalogueDelta
from appliance.store.catalogue import CatalogueStore
from appliance.store.codec import encode
from appliance.store.files import forget_cached
from appliance.store.journal import SqliteJournal
from benchmarks.report import Measurement, print_table
from benchmarks.sales import COMMITS_OF_A_SALE, NOK, gtin, keep, percentile, rss, sale

ROOT = Path(__file__).resolve().parents[1]


# Journal -------------------------------------------------------------------------------------------------------------


class RawCommits:
    """The baseline: one row of the same bytes and one fsync a commit, SQLite in WAL mode with synchronous=FULL."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        for statement in (
            "PRAGMA journal_mode=WAL",
            "PRAGMA synchronous=FULL",
            "CREATE TABLE row (id INTEGER PRIMARY KEY, doc TEXT)",
        ):
            self._connection.execute(statement)

    def commit(self, texts: Sequence[str]) -> None:
        """Keep the rows of one command."""
        self._connection.execute("BEGIN IMMEDIATE")
        for text in texts:
            self._connection.execute("INSERT INTO row (doc) VALUES (?)", (text,))
        self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close it."""
        self._connection.close()


def appends(folder: Path, *, sales: int = 150) -> list[Measurement]:
    """Measure `append` beside a raw commit of the same bytes, turn by turn, so that both meet the same load."""
    journal = SqliteJournal.open(folder / "journal")
    raw = RawCommits(folder / "raw.db")
    keep(journal, (DayOpened(business_date=date(2026, 11, 23), next_transaction=1),))
    ours: list[float] = []
    baseline: list[float] = []
    coding: list[float] = []
    for number in range(1, sales + 1):
        for events in sale(number):
            start = time.perf_counter()
            last = keep(journal, events)
            middle = time.perf_counter()
            ours.append(middle - start)
            texts = [row.text for row in _stored(journal, last - len(events), len(events))]
            start = time.perf_counter()
            raw.commit(texts)
            baseline.append(time.perf_counter() - start)
            start = time.perf_counter()
            for event in events:
                encode(event)
            coding.append(time.perf_counter() - start)
        journal.idle()
    journal.close()
    raw.close()
    each = 1000
    return [
        Measurement(
            name=f"append, {label}",
            value=percentile(ours, share) * each,
            unit="ms",
            baseline=percentile(baseline, share) * each,
            baseline_name="raw commit",
            most_ratio=bar,
        )
        for label, share, bar in (("p50", 0.5, 2.0), ("p99", 0.99, 3.0))
    ] + [
        Measurement(name="append, worst", value=max(ours) * each, unit="ms", baseline=max(baseline) * each),
        Measurement(name="of it encoding, p50", value=percentile(coding, 0.5) * each, unit="ms"),
    ]


class _Text:
    def __init__(self, text: str) -> None:
        self.text = text


def _stored(journal: SqliteJournal, after: int, count: int) -> list[_Text]:
    rows = journal._connection.execute(  # noqa: SLF001 - the baseline writes the very bytes
        'SELECT doc FROM "t_event" WHERE id > ? ORDER BY id LIMIT ?', (after, count)
    )
    return [_Text(row[0]) for row in rows]


def throughput(folder: Path, *, seconds: float = 4.0) -> list[Measurement]:
    """Measure durable commits a second, back to back on one thread, ours and raw."""
    journal = SqliteJournal.open(folder / "journal")
    keep(journal, (DayOpened(business_date=date(2026, 11, 23), next_transaction=1),))
    lines = [event for events in sale(1) for event in events if isinstance(event, LineAdded)]
    ours = _per_second(lambda: keep(journal, lines[1:2]), seconds)
    text = _stored(journal, journal.last() - 1, 1)[0].text
    raw = RawCommits(folder / "raw.db")
    baseline = _per_second(lambda: raw.commit([text]), seconds)
    journal.close()
    raw.close()
    return [
        Measurement(
            name="durable commits back to back",
            value=ours,
            unit="1/s",
            baseline=baseline,
            baseline_name="raw",
            least=1500,
        )
    ]


def _per_second(commit: Callable[[], object], seconds: float) -> float:
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        commit()
        count += 1
    return count / (time.perf_counter() - start)


_COUNTED = """
import sys
from pathlib import Path
from appliance.store.journal import SqliteJournal
from benchmarks.sales import keep, sale
journal = SqliteJournal.open(Path(sys.argv[1]))
print("begin", flush=True)
for number in range(int(sys.argv[2])):
    for events in sale(number + 1):
        keep(journal, events)
print("end", flush=True)
"""

_STRACE = ["strace", "-f", "-y", "-e", "trace=pwrite64,fdatasync,fsync,write", "-o"]
_WRITTEN = re.compile(r"pwrite64\(\d+<[^>]*/journal\.(?:db|db-wal|mark)>.* = (\d+)$")
_FLUSHED = re.compile(r"(?:fdatasync|fsync)\(\d+<[^>]*/journal\.(?:db|db-wal|mark)>\)")


_DELAYED = "inject=fdatasync,fsync:delay_exit=8000"
_SLOW = ["strace", "-f", "--seccomp-bpf", "-e", "trace=fdatasync,fsync", "-e", _DELAYED, "-o"]
_TIMED = """
import sys, time
from pathlib import Path
from appliance.store.journal import SqliteJournal
from benchmarks.sales import keep, sale
journal = SqliteJournal.open(Path(sys.argv[1]))
for number in range(int(sys.argv[2])):
    for events in sale(number + 1):
        start = time.perf_counter()
        keep(journal, events)
        print(time.perf_counter() - start)
    journal.idle()
"""


def slow_card(folder: Path, *, sales: int = 40) -> list[Measurement]:
    """Measure `append` on a card that takes 8 ms longer for each flush (strace delays the call)."""
    if shutil.which("strace") is None:
        return []
    found = subprocess.run(
        [*_SLOW, str(folder / "trace"), sys.executable, "-c", _TIMED, str(folder / "journal"), str(sales)],
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    spent = [float(line) * 1000 for line in found.stdout.split()]
    return [
        Measurement(
            name=f"append, 8 ms added to a flush, {label}", value=percentile(spent, share), unit="ms", most=most
        )
        for label, share, most in (("p50", 0.5, 12), ("p99", 0.99, 30), ("worst", 1.0, 60))
    ]


def wear(folder: Path, *, sales: int = 91) -> list[Measurement]:
    """Count flushes and written bytes a commit, by strace, over about 1,000 commits on a primed log."""
    if shutil.which("strace") is None:
        return []
    state, trace = folder / "journal", folder / "trace"
    journal = SqliteJournal.open(state)
    keep(journal, (DayOpened(business_date=date(2026, 11, 23), next_transaction=1),))
    journal.close()
    subprocess.run(
        [*_STRACE, str(trace), sys.executable, "-c", _COUNTED, str(state), str(sales)],
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
    )
    written = flushes = 0
    counting = False
    for line in trace.read_text(errors="replace").splitlines():
        counting = ('"begin' in line) or (counting and '"end' not in line)
        if counting:
            match = _WRITTEN.search(line)
            written += int(match[1]) if match else 0
            flushes += bool(_FLUSHED.search(line))
    commits = sales * COMMITS_OF_A_SALE
    return [
        Measurement(name="flushes a commit (strace)", value=flushes / commits, unit="", most=1.1),
        Measurement(name="bytes written a commit (strace)", value=written / commits / 1000, unit="kB", most=15),
        Measurement(name="bytes written an 8-line card sale", value=written / sales / 1000, unit="kB", most=160),
    ]


# Catalogue -----------------------------------------------------------------------------------------------------------


def product(number: int, price: int | None = None) -> dict[str, object]:
    """Give a product as the hub sends it."""
    return {
        "sku": f"sku-{number:07d}",
        "gtins": [str(gtin(number))],
        "name": {"nb": f"Vare nummer {number}", "en": f"Item number {number}"},
        "unit": "ea",
        "price": price or 1990 + number % 500,
        "vat": "15",
    }


class Published:
    """A catalogue as the hub publishes it: in bucket order, with the root of every version."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._prices: dict[int, int] = {}
        self._buckets: list[list[int]] = [[] for _ in range(BUCKETS)]
        for number in range(count):
            self._buckets[bucket(f"sku-{number:07d}")].append(number)
        self._digests = [self._digest(numbers) for numbers in self._buckets]

    def _digest(self, numbers: list[int]) -> bytes:
        return bucket_digest(product_digest(product(number, self._prices.get(number))) for number in numbers)

    def products(self) -> Iterator[dict[str, object]]:
        """Give all products in the order of the pages."""
        for numbers in self._buckets:
            for number in numbers:
                yield product(number)

    @property
    def root(self) -> str:
        """The root of the newest version."""
        return root_digest(self._digests)

    def change(self, numbers: Sequence[int], price: int) -> None:
        """Publish new prices."""
        self._prices |= dict.fromkeys(numbers, price)
        for index in {bucket(f"sku-{number:07d}") for number in numbers}:
            self._digests[index] = self._digest(self._buckets[index])


def catalogue(folder: Path, *, products: int = 1_000_000, look_ups: int = 20_000) -> list[Measurement]:
    """Measure loading, look-up cold, warm and through layers, deltas, memory."""
    state = folder / "catalogue"
    state.mkdir()
    hub = Published(products)
    store = CatalogueStore.open(state, zone="oslo", currency=NOK, room=0)
    began = time.process_time()
    for _ in hub.products():
        pass
    making = time.process_time() - began
    before, began = rss(), time.perf_counter()
    store.stage_snapshot(CatalogueVersion("oslo", 1), hub.root, hub.products())
    loading, grown = time.perf_counter() - began - making, rss() - before
    store.activate(CatalogueVersion("oslo", 1))
    store.close()
    size = (state / "catalogue.db").stat().st_size / 1e6
    result = [
        Measurement(name=f"load {products:,} products", value=loading, unit="s", most=60),
        Measurement(name="file", value=size, unit="MB", most=250),
        Measurement(name="RSS while loading", value=grown, unit="MB"),
    ]
    forget_cached(state / "catalogue.db")
    before = rss()
    store = CatalogueStore.open(state, zone="oslo", currency=NOK, room=0)
    cold = _look_up(store, hub, 300)
    warm = _look_up(store, hub, look_ups, [n for n, _ in zip(_numbers(products), range(300), strict=False)])
    result += [
        Measurement(name="look-up by GTIN, cold p99", value=percentile(cold, 0.99) * 1000, unit="ms", most=10),
        Measurement(name="look-up by GTIN, warm p50", value=percentile(warm, 0.5) * 1e6, unit="us", most=100),
        Measurement(name="look-up by GTIN, warm p99", value=percentile(warm, 0.99) * 1e6, unit="us", most=1000),
        Measurement(name="RSS serving", value=rss() - before, unit="MB", most=20),
    ]
    for number, (count, bar) in enumerate(((500, 50), (10_000, 300)), start=2):
        spent, memory, activated = _delta(store, hub, number, min(count, products))
        result += [
            Measurement(name=f"delta of {count:,}, staged", value=spent * 1000, unit="ms", most=bar),
            Measurement(name=f"delta of {count:,}, taken into use", value=activated * 1000, unit="ms"),
            Measurement(name=f"delta of {count:,}, RSS", value=memory, unit="MB", most=30),
        ]
    for number in range(4, 10):
        _delta(store, hub, number, min(500, products))
    layered = _look_up(store, hub, look_ups // 4)
    result.append(
        Measurement(name="look-up through 8 layers, p99", value=percentile(layered, 0.99) * 1e6, unit="us", most=1000)
    )
    staged, _, activated = _delta(store, hub, 10, min(500, products))
    result += [
        Measurement(name="ninth delta, staged with the merge", value=staged, unit="s"),
        Measurement(name="ninth delta, taken into use", value=activated * 1000, unit="ms"),
    ]
    store.close()
    return result


def _numbers(products: int) -> Iterator[int]:
    dice = random.Random(7)
    while True:
        yield dice.randrange(products)


def _look_up(store: CatalogueStore, hub: Published, count: int, among: Sequence[int] = ()) -> list[float]:
    dice, spent = random.Random(7), []
    book = store.book()
    for _ in range(count):
        code = gtin(dice.choice(among) if among else dice.randrange(hub.count))
        start = time.perf_counter()
        item = book.by_gtin(code)
        spent.append(time.perf_counter() - start)
        assert item is not None
    return spent


def _delta(store: CatalogueStore, hub: Published, number: int, count: int) -> tuple[float, float, float]:
    chosen = random.Random(number).sample(range(hub.count), count)
    hub.change(chosen, 700 + number)
    change = CatalogueDelta(
        base=store.newest(),
        version=CatalogueVersion("oslo", number),
        root=hub.root,
        changed=[{"sku": f"sku-{n:07d}", "price": 700 + number} for n in chosen],
    )
    before, began = rss(), time.perf_counter()
    store.stage_delta(change)
    staged = time.perf_counter() - began
    memory = rss() - before
    began = time.perf_counter()
    store.activate(CatalogueVersion("oslo", number))
    return staged, memory, time.perf_counter() - began


def measure(folder: Path, *, quick: bool = False, products: int = 0) -> Iterator[Measurement]:
    """Measure everything, each part in a folder of its own."""
    products = products or (20_000 if quick else 1_000_000)
    parts: list[Callable[[Path], list[Measurement]]] = [
        appends,
        throughput,
        slow_card,
        wear,
        lambda where: catalogue(where, products=products),
    ]
    for part in parts:
        with tempfile.TemporaryDirectory(dir=folder) as where:
            yield from part(Path(where))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()), help="where the files go")
    parser.add_argument("--products", type=int, default=1_000_000)
    told = parser.parse_args()
    print_table(list(measure(told.folder, products=told.products)))


if __name__ == "__main__":
    main()
