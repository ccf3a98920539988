"""How a till ends when its card has failed, and what must not end it at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.core import commands as c
from appliance.core import events as e
from appliance.core.identifiers import CatalogueVersion
from appliance.errors import StoreError
from appliance.register import EXIT_STORAGE, Register
from simulators.counter import Counter
from simulators.stall import Stall, TillEnded
from tests.core.till import MILK
from tests.register.surroundings import World


def break_the_mark(state: Path) -> None:
    """Let every write to the mark's open file fail, as on a card that is gone."""
    mark = state / "journal.mark"
    (descriptor,) = [
        int(entry.name) for entry in Path("/proc/self/fd").iterdir() if entry.exists() and entry.readlink() == mark
    ]
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, descriptor)
    os.close(nothing)


def test_a_card_that_fails_at_the_very_end_still_ends_with_the_code_that_starts_the_till_again(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with Counter(tmp_path / "counter") as counter, Stall(state, counter) as stall:
        stall.window.wait(lambda checkout: checkout.business_date is not None, "the start")
        break_the_mark(state)
        stall.post(c.Stop())
        with pytest.raises(TillEnded) as ended:
            stall.window.wait(lambda _: False, "the end")
    assert ended.value.code == EXIT_STORAGE


def test_a_price_list_that_was_replaced_while_it_waited_does_not_end_the_register() -> None:
    world = World()
    world.register.handle(c.ActivateCatalogue(CatalogueVersion("oslo", 1842)))
    assert not world.journal.of(e.CatalogueActivated), "what is not there is not in use"
    world.register.handle(c.ReportDevice("terminal", "CAT", c.Health.ONLINE))
    world.register.handle(c.ScanCode(MILK))
    assert world.journal.of(e.LineAdded)


def test_a_price_list_that_is_replaced_at_the_very_moment_does_not_end_the_register() -> None:
    world = World()

    def replaced(version: CatalogueVersion) -> None:
        raise ValueError(f"catalogue {version} does not wait here")

    world.catalogue.waiting = world.catalogue.active
    version = world.catalogue.active.version
    world.catalogue.activate = replaced  # type: ignore[method-assign,assignment]  # a port that fails as the store does
    world.register.handle(c.ActivateCatalogue(version))
    world.register.handle(c.ReportDevice("terminal", "CAT", c.Health.ONLINE))
    world.register.handle(c.ScanCode(MILK))
    assert world.journal.of(e.LineAdded)


def test_a_till_whose_card_has_failed_refuses_people_and_is_silent_to_itself() -> None:
    world = World()
    world.journal.fail = StoreError("Storage fault.")
    with_fault(world.register, lambda: world.inbox.put(c.SignOn("4711")))
    before = len(world.presenter.refused)
    for command in (c.Heartbeat(), c.ReportHub(online=True, waiting=3), c.ReportSpace(100)):
        world.register.handle(command)
    assert len(world.presenter.refused) == before
    world.register.handle(c.ScanCode(MILK))
    assert len(world.presenter.refused) == before + 1


def with_fault(register: Register, act: Callable[[], None]) -> None:
    """Let the register meet its storage fault on its own loop, and leave it standing."""
    act()
    register._inbox.put(c.Stop())
    assert register.run() == EXIT_STORAGE
