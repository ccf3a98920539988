"""The card says no to the whole appliance: the lane closes, what was given out is there, a sound card sells on."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable

import pytest

from appliance.register import EXIT_STORAGE
from tests.crash.conftest import Record
from tests.crash.shopper import Shopper

pytestmark = pytest.mark.skipif(
    shutil.which("strace") is None, reason="NOT TESTED HERE: faults of the card (needs strace)"
)

CLOSED = "storage fault, the lane is closed"


def sell_on_a_failing_card(shopper: Shopper, call: str, error: str, number: int) -> None:
    """Start a till whose card fails from the Nth call of a kind on."""
    files = [word for name in ("journal.db", "journal.db-wal") for word in ("-P", str(shopper.state / name))]
    fault = ["-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={number}+"]
    shopper.start(under=["strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", *files, *fault])


def closes_and_sells_on(shopper: Shopper, call: str, error: str, number: int) -> None:
    """Let the card fail; the till closes its lane, or does not even open, says why, and gives out nothing more."""
    told = len(shopper.log.read_text()) if shopper.log.exists() else 0
    sell_on_a_failing_card(shopper, call, error, number)
    assert shopper.process is not None
    process = shopper.process
    shopper.wait_for(
        lambda: process.poll() is not None or CLOSED in shopper.log.read_text()[told:], "the fault", alive=False
    )
    sold = shopper.ack.stat().st_size
    shopper.kill()
    said = shopper.log.read_text()[told:]
    assert "Storage f" in said, said
    assert "Traceback" not in said, said
    assert shopper.wrong(settled=False) == []
    assert shopper.ack.stat().st_size == sold, "a receipt was given out after the fault"
    shopper.sell(1)
    assert shopper.wrong(settled=True) == []


@pytest.mark.parametrize(("call", "error", "number"), [("fdatasync", "EIO", 21), ("pwrite64", "ENOSPC", 60)])
def test_a_failing_card_closes_the_lane_and_nothing_is_lost(
    make_shopper: Callable[..., Shopper], record_property: Record, call: str, error: str, number: int
):
    shopper = make_shopper(seed=41)
    shopper.sell(1)
    closes_and_sells_on(shopper, call, error, number)
    found = shopper.account()
    record_property("figures", f"{error} at {call} no. {number}: {len(found.sales)} sales, 0 lost, books {found.taken}")


@pytest.mark.crash
@pytest.mark.parametrize("call", ["fdatasync", "pwrite64"])
@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
def test_a_card_that_fails_at_any_call_loses_nothing(
    make_shopper: Callable[..., Shopper], record_property: Record, call: str, error: str
):
    shopper = make_shopper(seed=42)
    shopper.sell(1)
    dice = random.Random(f"{call} {error}")
    numbers = [dice.randrange(1, 80) for _ in range(15)]
    for number in numbers:
        closes_and_sells_on(shopper, call, error, number)
    found = shopper.account()
    record_property("figures", f"{len(numbers)} x {error} at {call}: {len(found.sales)} sales, 0 lost")


@pytest.mark.crash
def test_a_till_on_a_failing_card_ends_by_itself_with_74(make_shopper: Callable[..., Shopper]):
    shopper = make_shopper(seed=43)
    shopper.sell(1)
    sell_on_a_failing_card(shopper, "fdatasync", "EIO", 12)
    assert shopper.process is not None
    assert shopper.process.wait(90) == EXIT_STORAGE
    assert "Storage fault. Sales up to no." in shopper.log.read_text()
    shopper.process = None
    shopper.sell(1)
    assert shopper.wrong(settled=True) == []
