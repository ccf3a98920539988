"""A till that comes back after a week without a network sends it all, and the customer at the scanner sees nothing."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.core.catalogue import Item, Unit
from appliance.core.checkout import Checkout, TransactionState
from appliance.core.money import Currency
from appliance.mqtt.identity import identity
from appliance.store.journal import MARK
from appliance.store.mark import read_mark
from benchmarks.register import _finish
from benchmarks.restart import fill
from simulators.counter import Counter
from simulators.fleet.figures import percentile
from simulators.goods import SAMPLE_SHOP, Good, read_goods
from simulators.stage import Stage, wait_for
from simulators.stall import Stall, stock
from tests.crash.ledger import disagreements, hub_sales, journal_rows
from tests.hub.proof.conftest import Record, load, whole

SCANS = 100


@pytest.mark.parametrize("sales", [200, pytest.param(whole(10_500), marks=pytest.mark.soak)])
def test_a_week_offline_is_sent_within_a_minute_and_scans_are_as_quick_as_ever(
    stage: Stage, tmp_path: Path, sales: int, record_property: Record
):
    goods = read_goods(SAMPLE_SHOP / "products.csv", Currency.parse("NOK"))
    plain = [good for good in goods if good.article and simple(good.item)]
    state = tmp_path / "till"
    stock(state, goods)
    fill(state, sales, open_day_sales=10)
    scans = SCANS if sales > 200 else 10

    def shop(stall: Stall) -> list[float]:
        stall.wait_until_ready()
        times = [scan(stall, good) for good in random.Random(7).sample(plain, scans)]
        _finish(stall)
        return times

    with Counter(tmp_path / "books") as counter, Stall(state, counter) as stall:
        alone = shop(stall)
    key = stage.hub.ask("key").strip()
    hub = {"enabled": True, "host": "127.0.0.1", "port": stage.broker.port, "keys": [key]}
    waiting = backlog(state)
    with Counter(tmp_path / "books") as counter, Stall(state, counter, settings={"hub": hub}) as stall:
        beside = shop(stall)
        left = waiting()
        began = time.monotonic()
        wait_for(lambda: waiting() == 0, "the last acknowledgement", 600)
        took = time.monotonic() - began
    # The stop itself is a row, which may have to wait for the next start.
    last = journal_rows(state)[-1].sequence
    assert set(disagreements(state, stage.hub.folder)) <= {f"row {last} is not at the hub"}
    booked = len(hub_sales(stage.hub.folder, identity(state).kiosk))
    assert booked == sales + 2
    record_property(
        "figures",
        f"{booked} sales, {last} rows; {left} rows left after {scans} scans, sent within {took:.1f} s; a scan takes"
        f" {shown(alone)} alone, {shown(beside)} beside the upload; {load()}",
    )
    if sales > 200:
        assert left > 0, "the upload was over before the customer began"
        assert took < 60
        assert percentile(beside, 0.5) < 2 * percentile(alone, 0.5)


def shown(times: list[float]) -> str:
    """Say how long they are."""
    return f"{1000 * percentile(times, 0.5):.0f} ms (p50), {1000 * percentile(times, 0.95):.0f} ms (p95)"


def scan(stall: Stall, good: Good) -> float:
    """Scan; give the seconds until the line is on the card and shown."""

    def lines(checkout: Checkout) -> int:
        # The last sale is still there until the next one begins.
        is_open = checkout.transaction is not None and checkout.state is TransactionState.OPEN
        return len(checkout.transaction.lines) if is_open else 0

    before = lines(stall.window.wait(lambda _: True, "the till"))
    began = time.monotonic()
    stall.counter.scanner.scan(good.article)
    stall.window.wait(lambda now: lines(now) > before, f"the line of {good.item.sku}")
    return time.monotonic() - began


def simple(item: Item) -> bool:
    """Whether a scan adds one line and asks nothing."""
    return (
        item.price is not None
        and item.unit is Unit.EACH
        and not (item.minimum_age or item.deposit_sku or item.maximum_quantity or item.recalled)
    )


def backlog(state: Path) -> Callable[[], int]:
    """Say how many rows of a till the hub has not acknowledged."""

    def rows() -> int:
        mark = read_mark(state / MARK)
        assert mark is not None
        return mark.sequence - mark.acked

    return rows
