"""What the till adds to a card payment, and how long a start with a payment in doubt takes.

The whole till in this process; the terminal is a simulated one over TCP that answers at once, so that what is measured
is ours. Beside each figure stands the raw fsynced commit of the same run on the same disk: nothing leaves, and nothing
is shown, before its event is committed.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from appliance.core.checkout import TransactionState
from appliance.core.commands import ChooseReceipt, FinishSale, ReceiptKind, RequestPayment
from appliance.core.money import Currency
from appliance.core.payment import TenderType
from appliance.ui.viewmodel import page
from benchmarks.register import RawCommits, percentile
from benchmarks.report import Measurement
from simulators.counter import Counter
from simulators.goods import SAMPLE_SHOP, Good, read_goods
from simulators.stall import Stall, stock

COMMAND: Final = "> 0601"
RESULT: Final = "< 040F"
ROW_BYTES: Final = 700
"""Of a row of a payment, about."""
WARM_UP: Final = 5
"""Payments that are not counted."""
GOAL_MS: Final = 30.0
GOAL_S: Final = 2.0


class Stamps(deque[str]):
    """The terminal's list of frames that also keeps when each was read or sent (`time.perf_counter`)."""

    def __init__(self) -> None:
        super().__init__(maxlen=10_000)
        self.last: dict[str, float] = {}

    def append(self, frame: str, /) -> None:
        """Take a frame."""
        self.last[frame] = time.perf_counter()
        super().append(frame)


@dataclass(slots=True)
class Times:
    """Seconds, one value a payment."""

    to_wire: list[float] = field(default_factory=list)
    """From the press of pay until the terminal has read the command; its first byte left before that."""
    to_screen: list[float] = field(default_factory=list)
    """From the terminal's result until the next page is there: every answer and commit in between."""
    commits: list[float] = field(default_factory=list)


def measure_payments(folder: Path, good: Good, *, payments: int) -> Times:
    """Sell one thing after the other; each payment is followed by one raw commit."""
    times = Times()
    with (
        _counter(folder) as (counter, stamps),
        contextlib.closing(RawCommits(folder, ROW_BYTES)) as raw,
        Stall(folder / "till", counter) as stall,
    ):
        stall.wait_until_ready()
        for number in range(payments + WARM_UP):
            _scan(stall, good)
            pressed = time.perf_counter()
            stall.post(RequestPayment(TenderType.CARD))
            page(stall.window.wait(lambda now: now.state is TransactionState.TENDERED, "the sale"))
            shown = time.perf_counter()
            _leave(stall)
            commit = raw.commit()
            if number >= WARM_UP:
                times.to_wire.append(stamps.last[COMMAND] - pressed)
                times.to_screen.append(shown - stamps.last[RESULT])
                times.commits.append(commit)
    return times


def measure_recovery(folder: Path, good: Good, *, starts: int) -> tuple[list[float], list[float]]:
    """Give the seconds of starts that find a payment in doubt again, and of starts that find nothing to do."""
    # A till that is stopped amid a payment says so, which is what is wanted here.
    logging.getLogger("appliance.io.worker").setLevel(logging.CRITICAL)
    found: list[float] = []
    plain: list[float] = []
    with _counter(folder) as (counter, _):
        for _ in range(starts):
            with Stall(folder / "till", counter) as stall:
                stall.wait_until_ready()
                _scan(stall, good)
                taken = len(counter.terminal.books.charges())
                counter.terminal.behave("keep, no result")
                stall.post(RequestPayment(TenderType.CARD))
                while len(counter.terminal.books.charges()) == taken:
                    time.sleep(0.001)
            began = time.perf_counter()
            with Stall(folder / "till", counter) as stall:
                stall.window.wait(lambda now: now.state is TransactionState.TENDERED, "the payment in doubt")
                found.append(time.perf_counter() - began)
                stall.wait_until_ready()
                _leave(stall)
            began = time.perf_counter()
            with Stall(folder / "till", counter) as stall:
                stall.wait_until_ready()
                plain.append(time.perf_counter() - began)
    return found, plain


@contextlib.contextmanager
def _counter(folder: Path) -> Iterator[tuple[Counter, Stamps]]:
    counter = Counter(folder / "books")
    stamps = Stamps()
    counter.terminal.log = stamps
    with counter:
        yield counter, stamps


def _scan(stall: Stall, good: Good) -> None:
    stall.counter.scanner.scan(good.code(0))
    stall.window.wait(lambda now: now.transaction is not None and bool(now.transaction.lines), "the line")


def _leave(stall: Stall) -> None:
    stall.post(ChooseReceipt(ReceiptKind.NONE))
    stall.post(FinishSale())
    stall.window.wait(lambda now: now.state is TransactionState.IDLE, "the end of the sale")


def measure(folder: Path, *, quick: bool) -> Iterator[Measurement]:
    """Pay to wire, result to page, and the start with a payment in doubt."""
    goods = read_goods(SAMPLE_SHOP / "products.csv", Currency.parse("NOK"))
    good = next(g for g in goods if g.article and not g.item.minimum_age and not g.item.deposit_sku)
    stock(folder / "till", goods)
    times = measure_payments(folder, good, payments=50 if quick else 400)
    for name, values in (
        ("pay pressed to the first byte on the wire", times.to_wire),
        ("the terminal's result to the new page", times.to_screen),
    ):
        for share in (50, 95):
            yield Measurement(
                name=f"{name}, p{share}",
                value=percentile(values, share) * 1000,
                unit="ms",
                baseline=percentile(times.commits, share) * 1000,
                baseline_name=f"raw commit of {ROW_BYTES} bytes",
                most=GOAL_MS if share == 95 else None,
            )
    found, plain = measure_recovery(folder, good, starts=2 if quick else 6)
    yield Measurement(
        name="start with a payment in doubt until it is found paid, longest",
        value=max(found),
        unit="s",
        baseline=max(plain),
        baseline_name="start with none until all devices are there",
        most=GOAL_S,
    )
