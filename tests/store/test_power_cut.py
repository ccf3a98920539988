"""The power goes at a random moment: nothing that was acknowledged before is lost, and selling goes on."""

from __future__ import annotations

import random
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.store.crashing import SELLER, acknowledged, complaint, restarted, spawn, wait_until
from tests.store.power import Card, card


def cut_while_selling(made: Card, acks: Path, dice: random.Random, defect: str = "") -> str:
    """Sell until the power goes; give what is wrong after it has come back.

    Only what was said before the cut began must survive: a flush that races it may return without having flushed.
    """
    before = acknowledged(acks).last
    options = ["--defect", defect] if defect else []
    process = spawn([*SELLER, str(made.state), str(acks), *options, *(["--idle"] if dice.random() < 0.5 else [])])
    try:
        wanted = before + dice.randrange(5, 90)
        wait_until(lambda: acknowledged(acks).last >= wanted or process.poll() is not None)
        assert process.poll() is None, process.stderr and process.stderr.read()
        signal.sigtimedwait([], dice.random() / 30)
        said = acks.stat().st_size
        made.cut_power()
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    made.unmount()
    made.mount()
    if defect == "json":
        return json_complaint(made.state, acknowledged(acks, said).last)
    return complaint(restarted(made.state, sell=True), acknowledged(acks, said))


def json_complaint(state: Path, last: int) -> str:
    import json

    try:
        rows = json.loads((state / "journal.json").read_text())["_default"]
    except (OSError, ValueError, KeyError) as error:
        return f"cannot be read: {error!r}"
    return "" if len(rows) >= last else f"{last} rows were acknowledged, {len(rows)} are there"


def cycles(tmp_path: Path, number: int, seed: int, defect: str = "") -> Counter[str]:
    """Cut the power again and again, in the same folder; count what went wrong. A defect ends it when it is caught."""
    dice = random.Random(seed)
    results: Counter[str] = Counter()
    with card(tmp_path) as made:
        acks = tmp_path / "acks"
        for _ in range(number):
            wrong = cut_while_selling(made, acks, dice, defect)
            results[wrong and "wrong"] += 1
            if not defect:
                assert wrong == ""
            elif wrong:
                break
            # What the reader sold to see whether it could, and what a defect has lost, begin anew.
            acks.unlink()
            for path in sorted(made.state.iterdir() if made.state.exists() and defect else []):
                path.unlink()
    return results


def test_ten_power_cuts_lose_nothing_and_selling_goes_on(tmp_path: Path):
    assert cycles(tmp_path, 10, seed=1) == {"": 10}


@pytest.mark.crash
def test_a_hundred_power_cuts_lose_nothing_and_selling_goes_on(tmp_path: Path):
    assert cycles(tmp_path, 100, seed=2) == {"": 100}


@pytest.mark.parametrize("defect", ["NORMAL", "json"])
def test_this_tester_catches_a_store_that_does_not_flush(tmp_path: Path, defect: str):
    assert cycles(tmp_path, 25, seed=3, defect=defect)["wrong"] == 1


@pytest.mark.crash
@pytest.mark.parametrize("defect", ["NORMAL", "OFF", "json", "mark-before-commit", "acknowledged-before-commit"])
def test_this_tester_catches_every_planted_defect(tmp_path: Path, defect: str):
    assert cycles(tmp_path, 60, seed=4, defect=defect)["wrong"] == 1
