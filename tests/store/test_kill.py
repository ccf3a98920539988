"""kill -9 at any moment: nothing that was acknowledged is lost, and selling goes on. With updates, not only inserts."""

from __future__ import annotations

import random
import signal
import sys
from pathlib import Path

import pytest

from appliance.store.documents import DocumentStore
from tests.store.crashing import SELLER, acknowledged, complaint, restarted, spawn, wait_until

COUNTING = """
import os, sys
from pathlib import Path
from appliance.store.documents import DocumentStore
store = DocumentStore.open(Path(sys.argv[1]))
acks = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
number = store.get("kv", "counter") or 0
while True:
    number += 1
    with store.transaction():
        store.put("kv", "counter", number)
        store.put("kv", f"half-{number % 7}", {"of": number, "filler": "x" * (number % 400)})
    os.write(acks, f"{number} ?\\n".encode())
"""


def killed_after(command: list[str], acks: Path, more: int, pause: float) -> None:
    """Kill a process once it has said `more` more lines, and a moment later."""
    before = acknowledged(acks).last
    process = spawn(command)
    try:
        wait_until(lambda: acknowledged(acks).last >= before + more or process.poll() is not None)
        assert process.poll() is None, process.stderr and process.stderr.read()
        signal.sigtimedwait([], pause)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()


def killed_sales(tmp_path: Path, rounds: int, seed: int) -> None:
    dice = random.Random(seed)
    state, acks = tmp_path / "state", tmp_path / "acks"
    for _ in range(rounds):
        killed_after([*SELLER, str(state), str(acks), "--idle"], acks, dice.randrange(1, 120), dice.random() / 50)
        assert complaint(restarted(state), acknowledged(acks)) == ""


def test_killed_again_and_again_the_journal_keeps_every_acknowledged_row(tmp_path: Path):
    killed_sales(tmp_path, rounds=4, seed=1)


@pytest.mark.crash
def test_killed_a_hundred_times_the_journal_keeps_every_acknowledged_row(tmp_path: Path):
    killed_sales(tmp_path, rounds=100, seed=2)


def killed_updates(tmp_path: Path, rounds: int) -> None:
    dice = random.Random(rounds)
    state, acks = tmp_path / "state", tmp_path / "acks"
    state.mkdir()
    for _ in range(rounds):
        command = [sys.executable, "-c", COUNTING, str(state), str(acks)]
        killed_after(command, acks, dice.randrange(1, 60), dice.random() / 50)
        store = DocumentStore.open(state)
        assert not store.rebuilt
        number = store.get("kv", "counter")
        assert acknowledged(acks).last <= number <= acknowledged(acks).last + 1
        assert store.get("kv", f"half-{number % 7}")["of"] == number
        store.close()


def test_killed_in_the_middle_of_updates_a_document_is_never_half_of_two(tmp_path: Path):
    killed_updates(tmp_path, rounds=4)


@pytest.mark.crash
def test_killed_fifty_times_in_the_middle_of_updates(tmp_path: Path):
    killed_updates(tmp_path, rounds=50)
