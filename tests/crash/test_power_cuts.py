"""The card loses its power under the whole appliance: what was given out before is there, and selling goes on."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.crash.account import lost, read_acks
from tests.crash.conftest import Record
from tests.crash.shopper import Moment, Shopper, any_time, at_a_receipt, at_the_terminal, when_the_charge_stands
from tests.store.power import Card, card

MOMENTS: tuple[Moment, ...] = (when_the_charge_stands, at_a_receipt, at_the_terminal, any_time)


@pytest.fixture
def power(tmp_path: Path) -> Iterator[Card]:
    """A card of its own for the till's store. Books and receipts given out lie elsewhere."""
    with card(tmp_path, megabytes=400) as made:
        yield made


def cut(shopper: Shopper, made: Card, moment: Moment, dice: random.Random) -> list[str]:
    """Sell, cut the power at a moment, bring it back, and say what is missing of what was given out before."""
    shopper.start()
    moment(shopper, dice)
    # All at once: a flush that is under way may still end well or not, and nobody lives to act on it.
    shopper.signal(signal.SIGSTOP)
    promised = read_acks(shopper.ack)
    made.cut_power()
    shopper.kill()
    made.unmount()
    made.mount()
    missing = [
        f"receipt {number} was given out and is not in the journal" for number in lost(shopper.account(), promised)
    ]
    return missing or shopper.wrong(settled=False)


def cut_and_sell_on(
    shopper: Shopper, made: Card, cuts: int, dice: random.Random, *, settle_every: int = 0
) -> list[str]:
    for number in range(1, cuts + 1):
        if wrong := cut(shopper, made, MOMENTS[(number - 1) % len(MOMENTS)], dice):
            return wrong
        if number == cuts or (settle_every and number % settle_every == 0):
            shopper.sell(1)
            if wrong := shopper.wrong(settled=True):
                return wrong
    return []


def figures(shopper: Shopper, cuts: int) -> str:
    found = shopper.account()
    return (
        f"{cuts} power cuts, {len(found.sales)} sales, {len(found.acked)} receipts given out, "
        f"{len(lost(found, found.acked))} lost, terminal {found.taken} = journal "
        f"{sum(amount for _, amount in found.confirmed)}"
    )


def test_power_cuts_lose_nothing_and_selling_goes_on(
    power: Card, make_shopper: Callable[..., Shopper], record_property: Record
):
    shopper = make_shopper(power.state, seed=31)
    assert cut_and_sell_on(shopper, power, 3, random.Random(31)) == []
    record_property("figures", figures(shopper, 3))


@pytest.mark.crash
def test_a_hundred_power_cuts_lose_nothing_and_selling_goes_on(
    power: Card, make_shopper: Callable[..., Shopper], record_property: Record
):
    shopper = make_shopper(power.state, seed=32)
    assert cut_and_sell_on(shopper, power, 100, random.Random(32), settle_every=10) == []
    record_property("figures", figures(shopper, 100))


def test_this_tester_finds_a_till_that_does_not_flush(
    power: Card, make_shopper: Callable[..., Shopper], record_property: Record
):
    shopper = make_shopper(power.state, seed=33, defect="unflushed")
    shopper.sell(1)
    wrong = cut(shopper, power, at_a_receipt, random.Random(33))
    record_property("figures", f"planted: unflushed; found: {wrong[0] if wrong else 'nothing'}")
    assert any("is not in the journal" in fault for fault in wrong)
