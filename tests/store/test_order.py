"""The order of writes and flushes, as the kernel saw them. No root, no chance, no waiting."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.store.crashing import SELLER, Call, needs_strace, traced

pytestmark = needs_strace


def calls_of(tmp_path: Path, defect: str = "") -> list[Call]:
    options = ["--sales", "2", "--idle", "--close"] + (["--defect", defect] if defect else [])
    return traced([*SELLER, str(tmp_path / "state"), str(tmp_path / "acks"), *options], tmp_path / "trace")


def commits_before_their_flush(calls: list[Call]) -> list[str]:
    """Give every acknowledgement that was said before as many commits were on the card, or with bytes not flushed."""
    wrong = []
    written = flushed = False
    on_the_card = said = 0
    for call in calls:
        if call.path.endswith("journal.db-wal"):
            if call.name == "pwrite64":
                written, flushed = True, False
            elif call.name in ("fdatasync", "fsync"):
                flushed = True
        elif call.path.endswith("acks") and call.name == "write":
            said += 1
            on_the_card += written and flushed
            if on_the_card < said:
                wrong.append(call.rest)
            written = flushed = False
    return wrong


def renames_without_their_flushes(calls: list[Call]) -> list[str]:
    """Give every file that got its name before its bytes, or whose name was not flushed with its folder."""
    wrong = []
    renames = [index for index, call in enumerate(calls) if call.name.startswith("rename")]
    for index in renames:
        old, new = re.findall(r'"([^"]+)"', calls[index].rest)[:2]
        writes = [at for at in range(index) if calls[at].path == old and "write" in calls[at].name]
        flushes = [at for at in range(index) if calls[at].path == old and "sync" in calls[at].name]
        if not flushes or (writes and flushes[-1] < writes[-1]):
            wrong.append(f"{new}: not flushed before it was renamed")
        folder = str(Path(new).parent)
        following = next((at for at in range(index, len(calls)) if calls[at].path == folder), None)
        acks = next((at for at in range(index, len(calls)) if calls[at].path.endswith("acks")), len(calls))
        if following is None or following > acks or "sync" not in calls[following].name:
            wrong.append(f"{new}: its folder was not flushed")
    assert renames, "nothing was renamed"
    return wrong


def test_every_append_returns_only_after_its_bytes_are_on_the_card(tmp_path: Path):
    calls = calls_of(tmp_path)
    assert sum(call.path.endswith("acks") for call in calls) == 1 + 2 * 11
    assert commits_before_their_flush(calls) == []


def test_the_mark_is_never_flushed_within_a_commit(tmp_path: Path):
    calls = calls_of(tmp_path)
    acks = [at for at, call in enumerate(calls) if call.path.endswith("acks")]
    synced = [at for at, call in enumerate(calls) if call.path.endswith("journal.mark") and "sync" in call.name]
    # Once for each sale, when the till is idle, and at the end: never between the first byte and the answer.
    assert len([at for at in synced if acks[0] < at < acks[-1]]) == 1


def test_every_file_that_appears_by_rename_is_flushed_before_and_its_folder_after(tmp_path: Path):
    assert renames_without_their_flushes(calls_of(tmp_path)) == []


@pytest.mark.parametrize("defect", ["NORMAL", "OFF", "acknowledged-before-commit"])
def test_this_tester_catches_a_commit_that_is_acknowledged_too_early(tmp_path: Path, defect: str):
    assert len(commits_before_their_flush(calls_of(tmp_path, defect))) > 15


def test_this_tester_catches_a_mark_that_is_written_before_the_commit(tmp_path: Path):
    calls = calls_of(tmp_path, "mark-before-commit")
    acks = [at for at, call in enumerate(calls) if call.path.endswith("acks")]
    synced = [at for at, call in enumerate(calls) if call.path.endswith("journal.mark") and "sync" in call.name]
    assert len([at for at in synced if acks[0] < at < acks[-1]]) > 15


def test_this_tester_catches_a_rename_without_a_flush(tmp_path: Path):
    assert renames_without_their_flushes(calls_of(tmp_path, "no-fsync-before-rename"))
