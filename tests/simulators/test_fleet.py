"""A fleet of simulated kiosks keeps the product's own rules, and its figures are true."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.mqtt.client import Endpoint
from appliance.mqtt.topics import Kind
from simulators.fleet.cli import main
from simulators.fleet.figures import most_in_a_second, percentile
from simulators.fleet.fleet import Fleet, FleetThread
from simulators.fleet.kiosk import Pace
from simulators.rough_wire import Roughness, RoughWire
from simulators.stage import Stage, free_port, wait_for
from tests.crash.ledger import disagreements, hub_sales
from tests.mqtt.contract import Listener

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Stage(tmp_path_factory.mktemp("fleet") / "stage") as stage:
        listener = Listener(stage.broker.port)
        yield stage
        listener.stop()
        assert not listener.complaints, f"sent against the contract: {listener.complaints[:5]}"
        assert {Kind.STATE, Kind.HEALTH, Kind.JOURNAL, Kind.ACK} <= set(listener.heard)


@pytest.fixture
def booked(stage: Stage) -> Callable[[], int]:
    """Say how many sales the hub has got in this test."""
    before = len(hub_sales(stage.hub.folder))
    return lambda: len(hub_sales(stage.hub.folder)) - before


def kvitt_sim_fleet(port: int, *words: object) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "simulators.cli", "fleet", "--broker", f"127.0.0.1:{port}", "--json", *map(str, words)],
        check=False,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
    )
    return done.returncode, json.loads(done.stdout)


def test_a_fleet_sells_and_every_sale_is_acknowledged(stage: Stage, booked: Callable[[], int]):
    code, told = kvitt_sim_fleet(stage.broker.port, "--kiosks", 5, "--rate", 240, "--sales", 3)
    assert code == 0
    assert (told["sales"], told["acknowledged"], told["rows_waiting"]) == (15, 15, 0)
    assert told["connects"] == told["online"] == 5
    assert 0 < told["acknowledged_after_ms"]["p50"] <= told["acknowledged_after_ms"]["p99"]
    assert booked() == 15


def test_kiosks_on_disk_go_on_where_they_stood(stage: Stage, booked: Callable[[], int], tmp_path: Path):
    words = ("--kiosks", 2, "--rate", 600, "--state", tmp_path / "cards")
    assert kvitt_sim_fleet(stage.broker.port, *words, "--sales", 3)[1]["sales"] == 6
    assert kvitt_sim_fleet(stage.broker.port, *words, "--sales", 5)[1]["sales"] == 4
    for number in (1, 2):
        assert list(disagreements(tmp_path / "cards" / f"kiosk-{number}", stage.hub.folder)) == []
    assert booked() == 10


def test_a_fleet_without_a_broker_says_what_waits_and_fails():
    code, told = kvitt_sim_fleet(free_port(), "--kiosks", 2, "--rate", 600, "--seconds", 0.5, "--patience", 0.1)
    assert code == 1
    assert told["online"] == 0
    assert told["rows_waiting"] == 2 * told["sales"] > 0


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--broker", "here", "--kiosks", "1"), "no HOST:PORT"),
        (("--broker", "127.0.0.1:99999", "--kiosks", "1"), "no HOST:PORT"),
        (("--broker", "127.0.0.1:1883", "--kiosks", "0"), "at least 1"),
        (("--broker", "127.0.0.1:1883", "--kiosks", "1", "--rate", "-1"), "0 or more"),
        (("--broker", "127.0.0.1:1883", "--kiosks", "1", "--rate", "nan"), "0 or more"),
    ],
)
def test_a_word_that_makes_no_sense_is_refused_with_what_is_wanted(
    words: tuple[str, ...], complaint: str, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 2
    assert complaint in capsys.readouterr().err


def test_a_fleet_survives_a_rough_wire_that_doubles_reorders_and_cuts(stage: Stage, booked: Callable[[], int]):
    with RoughWire(stage.broker.port, Roughness(doubled=0.4, overtaken=0.4), seed=5) as wire:
        fleet = Fleet(3, endpoint=Endpoint(host="127.0.0.1", port=wire.port), pace=Pace(per_minute=600, sales=30))
        with FleetThread(fleet):
            wait_for(lambda: fleet.figures.sales > 20, "the first sales")
            wire.cut()
            wait_for(lambda: fleet.done, "every acknowledgement", 90)
        assert wire.cuts >= 3
        assert wire.doubled > 5
        assert wire.overtaken > 5
    assert fleet.figures.sales == booked() == 90
    assert len(fleet.figures.connects) >= 6


def test_a_wire_that_is_parted_takes_nobody_until_it_heals(stage: Stage):
    with RoughWire(stage.broker.port, Roughness(), seed=1) as wire:
        wire.part()
        fleet = Fleet(1, endpoint=Endpoint(host="127.0.0.1", port=wire.port), pace=Pace(per_minute=600, sales=1))
        with FleetThread(fleet):
            wait_for(lambda: len(fleet.figures.attempts) > 1, "attempts")
            assert not fleet.figures.connects
            wire.heal()
            wait_for(lambda: fleet.done, "the acknowledgement", 60)


def test_percentiles_are_values_that_were_measured():
    assert percentile([4.0, 1.0, 3.0, 2.0], 0.5) == 2.0
    assert percentile([4.0, 1.0, 3.0, 2.0], 0.99) == 4.0
    assert percentile([], 0.5) == 0.0


def test_the_busiest_second_may_begin_anywhere():
    assert most_in_a_second([0.0, 0.9, 1.0, 1.5, 1.89]) == 4
    assert most_in_a_second([]) == 0
