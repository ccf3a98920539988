"""kill -9 of the whole appliance at any moment, restart in the same folder, sell on: nothing lost, nothing doubled."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.crash.account import doubled, lost
from tests.crash.conftest import Record
from tests.crash.shopper import MOMENTS, Moment, Shopper, at_a_receipt, at_the_terminal, when_the_charge_stands


def kill_and_sell_on(
    shopper: Shopper, kills: int, dice: random.Random, moments: tuple[Moment, ...], *, settle_every: int = 0
) -> list[str]:
    """Kill so often, sell one more in good order, and say what is wrong; the first fault ends it.

    `settle_every`: sell in good order after so many kills, too.
    """
    for number in range(1, kills + 1):
        shopper.start()
        moments[number % len(moments)](shopper, dice)
        shopper.kill()
        settled = number == kills or (settle_every and number % settle_every == 0)
        if settled:
            shopper.sell(1)
        if wrong := shopper.wrong(settled=bool(settled)):
            return wrong
    return []


def figures(shopper: Shopper, kills: int) -> str:
    found = shopper.account()
    gone, twice = lost(found, found.acked), doubled(found)
    return (
        f"{kills} kills, {len(found.sales)} sales, {len(found.acked)} receipts given out, {len(gone)} lost, "
        f"{len(twice)} doubled, terminal {found.taken} = journal {sum(amount for _, amount in found.confirmed)}"
    )


def test_kills_at_any_moment_lose_and_double_nothing(make_shopper: Callable[..., Shopper], record_property: Record):
    shopper = make_shopper(seed=21)
    assert (
        kill_and_sell_on(shopper, 4, random.Random(21), (when_the_charge_stands, at_the_terminal, at_a_receipt)) == []
    )
    record_property("figures", figures(shopper, 4))


@pytest.mark.crash
def test_two_hundred_kills_lose_and_double_nothing(make_shopper: Callable[..., Shopper], record_property: Record):
    shopper = make_shopper(seed=22)
    assert kill_and_sell_on(shopper, 200, random.Random(22), MOMENTS, settle_every=20) == []
    record_property("figures", figures(shopper, 200))


@pytest.mark.parametrize(
    ("defect", "moment", "says"),
    [
        pytest.param(
            "late",
            at_a_receipt,
            # Which row a kill meets is chance: a completed sale, or the payment of the next one.
            ("is not in the journal", "the terminal has taken"),
            id="a yes before the commit",
        ),
        pytest.param("doubling", at_a_receipt, ("more than once",), id="a sale completed again"),
        pytest.param(
            "charging_again", when_the_charge_stands, ("the terminal has taken",), id="a charge in place of a look-up"
        ),
    ],
)
def test_this_tester_finds(
    make_shopper: Callable[..., Shopper], record_property: Record, defect: str, moment: Moment, says: tuple[str, ...]
):
    shopper = make_shopper(seed=23, defect=defect)
    wrong = kill_and_sell_on(shopper, 8, random.Random(23), (moment,), settle_every=defect == "charging_again")
    record_property("figures", f"planted: {defect}; found: {wrong[0] if wrong else 'nothing'}")
    assert any(text in fault for text in says for fault in wrong)
