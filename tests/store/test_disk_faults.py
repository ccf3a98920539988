"""The disk says no: EIO and ENOSPC, injected into call N of each kind, on the log and on the database."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from tests.store.crashing import EXIT_FAULT, SELLER, acknowledged, complaint, needs_strace, restarted, run

pytestmark = needs_strace

CALLS = ("fdatasync", "pwrite64")
ERRORS = ("EIO", "ENOSPC")


def injected(tmp_path: Path, call: str, error: str, file: str, number: int, *, sales: int = 3) -> tuple[int, str]:
    """Sell with one fault on the way; give the exit code and what is wrong afterwards."""
    state, acks = tmp_path / "state", tmp_path / "acks"
    made = run([*SELLER, str(state), str(acks), "--sales", "1", "--close"])
    assert made.returncode == 0, made.stderr
    fault = f"-f -o /dev/null -P {state / file} -e trace={call} -e inject={call}:error={error}:when={number}"
    sold = run(["strace", *fault.split(), *SELLER, str(state), str(acks), "--sales", str(sales), "--idle"], timeout=120)
    kept = acknowledged(acks)
    wrong = complaint(found := restarted(state, sell=True), kept)
    if not wrong and len(found["rows"]) - kept.last > 2:
        wrong = f"{len(found['rows']) - kept.last} rows more than were acknowledged"
    if not wrong and kept.accepted_after_a_fault:
        wrong = "a command was accepted after a fault"
    if not wrong and kept.fault and error == "ENOSPC" and call == "pwrite64" and "Storage full" not in kept.fault:
        wrong = f"staff read {kept.fault!r}"
    if not wrong and kept.fault and error == "EIO" and "Storage fault. Sales up to no." not in kept.fault:
        wrong = f"staff read {kept.fault!r}"
    return sold.returncode, wrong


@pytest.mark.parametrize(
    ("call", "error", "number"),
    [("fdatasync", "EIO", 3), ("fdatasync", "ENOSPC", 5), ("pwrite64", "EIO", 9), ("pwrite64", "ENOSPC", 14)],
)
def test_a_fault_of_the_log_ends_the_store_and_keeps_what_was_acknowledged(
    tmp_path: Path, call: str, error: str, number: int
):
    code, wrong = injected(tmp_path, call, error, "journal.db-wal", number)
    assert wrong == ""
    assert code == EXIT_FAULT


@pytest.mark.parametrize(("call", "error"), list(product(CALLS, ERRORS)))
def test_a_fault_of_the_database_never_loses_what_the_log_holds(tmp_path: Path, call: str, error: str):
    _, wrong = injected(tmp_path, call, error, "journal.db", 1, sales=25)
    assert wrong == ""


@pytest.mark.crash
@pytest.mark.parametrize(("call", "error", "file"), list(product(CALLS, ERRORS, ("journal.db-wal", "journal.db"))))
def test_a_fault_in_any_call_of_a_sale(tmp_path: Path, call: str, error: str, file: str):
    ended = []
    for number in range(1, 60 if call == "pwrite64" else 26):
        folder = tmp_path / str(number)
        folder.mkdir()
        code, wrong = injected(folder, call, error, file, number, sales=1 if file.endswith("wal") else 25)
        assert wrong == "", f"call {number}"
        ended.append(code)
    assert EXIT_FAULT in ended or file == "journal.db"
