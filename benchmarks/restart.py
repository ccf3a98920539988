"""A true journal of very many sales, written in minutes: what a start and a proof cost a till that has sold for years.

Every row has its real chain, hash and checksum, and `kvitt journal verify` accepts the file. The rows of a sale are
encoded once by the store's own codec, with holes where sales differ; then the holes are filled.
"""

from __future__ import annotations

import hashlib
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Final, TypeVar
from uuid import UUID

from appliance.core.checkout import Checkout, Policy
from appliance.core.commands import ReceiptKind
from appliance.core.events import DayClosed, DayOpened, Event, PaymentSent, TransactionCompleted
from appliance.core.evolution import evolve
from appliance.core.identifiers import Language
from appliance.core.money import Money
from appliance.core.payment import TenderType
from appliance.core.product import canonical
from appliance.store.codec import encode
from appliance.store.files import forget_cached
from appliance.store.journal import SqliteJournal, event_id
from appliance.store.rows import seal, stamp
from benchmarks.report import Measurement
from benchmarks.sales import AT, NOK, VERSION, keep, rss, sale

R = TypeVar("R")

PRICES: Final = 50
"""So many sales differ in their prices; then they come again."""
SALES_OF_A_DAY: Final = 500
OPEN_DAY_SALES: Final = 460
_SEQUENCE: Final = 987_654_321
_PROGRESS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Holed:
    """The text of a row without its hash, with holes for the values of one sale."""

    text: str

    @classmethod
    def cut(cls, event: Event, values: dict[str, str]) -> Holed:
        """Make one from an event that holds these values, each of which must be nowhere else; AssertionError else."""
        kind, version, data = encode(event)
        body = {
            "type": kind,
            "tv": version,
            "id": values["id"],
            "seq": int(values["seq"]),
            "at": stamp(AT),
            "clock_synced": True,
            "catalogue": str(VERSION),
            "data": data,
            "prev": values["prev"],
        }
        text = canonical(body).decode().replace("%", "%%")
        for name, value in values.items():
            text = text.replace(value, f"%({name})s")
        holed = cls(text)
        assert holed.sealed(values)[0] == getattr(seal(body), "text", "")
        return holed

    def sealed(self, values: dict[str, str]) -> tuple[str, str]:
        """Give the whole text of a row, and its hash."""
        proof = self.text % values
        found = hashlib.sha256(proof.encode()).hexdigest()
        return f'{proof[:-1]},"hash":"{found}"}}', found


def _holed_sale(price: int) -> list[Holed]:
    """Give the rows of a sale with the prices of number `price`."""
    number, day = 987_600_000 + price, date(2987, 6, 5)
    events = [event for events in sale(number, day) for event in events]
    sent = next(event for event in events if isinstance(event, PaymentSent))
    done = next(event for event in events if isinstance(event, TransactionCompleted))
    values = {
        "token": done.receipt_token,
        "sale": str(sent.transaction),
        "attempt": str(sent.attempt),
        "id": str(event_id(AT)),
        "seq": str(_SEQUENCE),
        "prev": "f" * 64,
    }
    return [Holed.cut(event, values) for event in events]


def fill(state: Path, sales: int, *, open_day_sales: int = OPEN_DAY_SALES) -> None:
    """Write a journal of so many sales, the last of them on a day that is still open; says how far it is.

    Without flushes, which is what no till does.
    """
    journal = SqliteJournal.open(state)
    journal._connection.execute("PRAGMA synchronous=OFF")  # noqa: SLF001 - the file is thrown away
    holed = [_holed_sale(price) for price in range(PRICES)]
    began, closed = time.monotonic(), max(0, sales - open_day_sales)
    firsts = [*range(1, closed + 1, SALES_OF_A_DAY), closed + 1, sales + 1]
    for index, (first, end) in enumerate(pairwise(firsts)):
        day = date.fromordinal(date(2020, 1, 1).toordinal() + index)
        keep(journal, (DayOpened(business_date=day, next_transaction=first),))
        _write_day(journal, holed, day, first, end)
        if end <= closed + 1 and first <= closed:
            keep(
                journal,
                (DayClosed(business_date=day, transactions=end - first, total=Money(0, NOK), currency=NOK),),
            )
        if (end - 1) // _PROGRESS > (first - 1) // _PROGRESS:
            print(f"  {end - 1:,} sales written, {time.monotonic() - began:.0f} s", flush=True)
    journal.close()


def _write_day(journal: SqliteJournal, holed: list[list[Holed]], day: date, first: int, end: int) -> None:
    sequence, previous = journal._last, journal._hash  # noqa: SLF001 - written past `append`, which takes 20 times as long
    rows: list[tuple[int, str, int]] = []
    for number in range(first, end):
        values = {
            "token": f"{number:032x}",
            "sale": f"oslo-01/3/{day.isoformat()}/{number}",
            "attempt": str(UUID(int=(7 << 76) | (2 << 62) | number)),
        }
        for row in holed[number % PRICES]:
            sequence += 1
            values["seq"], values["prev"] = str(sequence), previous
            values["id"] = f"019aafa0-0000-7000-8000-{sequence:012x}"
            text, previous = row.sealed(values)
            rows.append((sequence, text, zlib.crc32(f"{sequence}:{text}".encode())))
    with journal._connection.transaction():  # noqa: SLF001 - the same
        journal._connection.executemany('INSERT INTO "t_event" (id, doc, crc) VALUES (?, ?, ?)', rows)  # noqa: SLF001 - the same
    journal._last, journal._hash = sequence, previous  # noqa: SLF001 - the same


def _policy() -> Policy:
    return Policy(
        store="oslo-01",
        workstation="3",
        currency=NOK,
        languages=(Language("nb"),),
        tenders=(TenderType.CARD,),
        receipts=(ReceiptKind.PAPER,),
        tender_devices={TenderType.CARD: "terminal"},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Seconds and megabytes of one start."""

    opened: float
    """Until the journal was open, its day proved."""
    folded: float
    """From there until the register had its state."""
    memory: float
    rows: int
    day: int


def start(state: Path) -> Start:
    """Start once as a till does, nothing of the journal in the machine's memory."""
    checkout = Checkout(policy=_policy())
    day = 0
    before = rss()
    forget_cached(state / "journal.db")
    began = time.perf_counter()
    journal = SqliteJournal.open(state)
    opened = time.perf_counter()
    for row in journal.open_day():
        checkout = evolve(checkout, row.event, row.at)
        day += 1
    folded = time.perf_counter()
    grown, rows = rss() - before, journal.last()
    journal.close()
    return Start(opened=opened - began, folded=folded - opened, memory=grown, rows=rows, day=day)


def prove(state: Path) -> float:
    """Give the seconds that the whole journal takes to prove."""
    journal = SqliteJournal.open(state)
    began = time.perf_counter()
    journal.verify()
    took = time.perf_counter() - began
    journal.close()
    return took


def read(state: Path) -> float:
    """Give the seconds that the bytes of the file take to read and to hash."""
    began = time.perf_counter()
    with (state / "journal.db").open("rb") as file:
        hashlib.file_digest(file, "sha256")
    return time.perf_counter() - began


def in_new_process(work: Callable[[Path], R], state: Path) -> R:
    """Do it in a process that remembers nothing of what was done before."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh:
        return fresh.submit(work, state).result()


def measure(folder: Path, *, quick: bool) -> Iterator[Measurement]:
    """Start to ready with a long journal behind, beside one that has the open day only; then prove all of it."""
    sales, rounds = (2_000, 3) if quick else (1_000_000, 7)
    long, short = folder / "long", folder / "short"
    fill(short, OPEN_DAY_SALES)
    fill(long, sales)
    # Turn by turn, so that both meet the same load.
    pairs = [(in_new_process(start, long), in_new_process(start, short)) for _ in range(rounds)]
    longs, shorts = zip(*pairs, strict=True)
    name = "the open day alone"

    def beside(what: str, value: Callable[[Start], float], unit: str, most: float | None = None) -> Measurement:
        return Measurement(
            name=what, value=median(map(value, longs)), unit=unit, baseline=median(map(value, shorts)),
            baseline_name=name, most=most,
        )  # fmt: skip

    rows, day = longs[0].rows, longs[0].day
    behind = f"{sales:,} sales, {rows:,} rows, day of {day:,}"
    yield beside(f"start to ready, {behind}", lambda one: one.opened + one.folded, "s", 0.5)
    yield beside("of it opening and proving the day", lambda one: one.opened, "s")
    yield beside("of it folding the day", lambda one: one.folded, "s")
    yield beside("memory of it", lambda one: one.memory, "MB", 15)
    size = (long / "journal.db").stat().st_size
    yield Measurement(name="file", value=size / sales / 1000, unit="kB a sale")
    yield Measurement(
        name=f"journal verify, {rows:,} rows", value=in_new_process(prove, long), unit="s",
        baseline=in_new_process(read, long), baseline_name="hashing the file",
    )  # fmt: skip
