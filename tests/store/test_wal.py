"""The survey of the write-ahead log: what a power cut leaves, and what only damage can be."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.core.events import HelpCalled
from appliance.errors import JournalCorrupt
from appliance.store.journal import SqliteJournal
from appliance.store.wal import FRAME, HEADER, PRIMED_BYTES, prime, survey
from tests.store.crashing import commits
from tests.store.sales import keep, open_day, sale, sell


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a folder as a cut leaves it, its log nearly full and the mark not yet on the card."""
    live = tmp_path_factory.mktemp("live")
    journal = SqliteJournal.open(live)
    keep(journal, open_day())
    number = 0
    while True:
        number += 1
        for events in sale(number):
            keep(journal, events)
            if survey(live / "journal.db-wal").frames > 150:
                cut = tmp_path_factory.mktemp("cut") / "state"
                shutil.copytree(live, cut)
                (cut / "journal.mark").unlink()
                journal.close()
                yield cut
                return


def test_the_survey_counts_the_frames_that_sqlite_would_take(state: Path):
    log = state / "journal.db-wal"
    assert survey(log).frames == commits(log.read_bytes())[-1]
    assert survey(log).damage == ""


def test_a_missing_an_empty_and_a_primed_log_are_sound(tmp_path: Path):
    path = tmp_path / "x-wal"
    assert survey(path).damage == ""
    path.write_bytes(b"")
    assert survey(path).damage == ""
    prime(path)
    assert path.stat().st_size == PRIMED_BYTES == 856_992
    assert survey(path).damage == ""
    assert survey(path).frames == 0


def test_priming_keeps_what_stands_in_the_log(state: Path, tmp_path: Path):
    short = tmp_path / "x-wal"
    short.write_bytes((state / "journal.db-wal").read_bytes()[: HEADER + 20 * FRAME])
    before = survey(short)
    prime(short)
    assert survey(short) == before
    assert short.stat().st_size == PRIMED_BYTES


def flipped(state: Path, folder: Path, offset: int) -> Path:
    copy = folder / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(state, copy)
    log = bytearray((copy / "journal.db-wal").read_bytes())
    log[offset] ^= 0x10
    (copy / "journal.db-wal").write_bytes(log)
    return copy


@pytest.mark.parametrize("offset", [0, 5, 9, 17, 21, 25, 31])
def test_a_flipped_bit_in_the_header_is_damage(state: Path, tmp_path: Path, offset: int):
    assert "header" in survey(flipped(state, tmp_path, offset) / "journal.db-wal").damage


@pytest.mark.parametrize("offset", [2, 6, 9, 14, 17, 22, 30, 4000])
def test_a_bad_frame_with_commits_behind_it_is_damage_that_sqlite_would_hide(state: Path, tmp_path: Path, offset: int):
    copy = flipped(state, tmp_path, HEADER + 60 * FRAME + offset)
    assert survey(copy / "journal.db-wal").damage == "frame 61 is bad, and commits stand behind it"
    connection = sqlite3.connect(copy / "journal.db")
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    with pytest.raises(JournalCorrupt, match="frame 61"):
        SqliteJournal.open(flipped(state, tmp_path, HEADER + 60 * FRAME + offset))


def test_a_header_wiped_to_zeros_is_damage(state: Path, tmp_path: Path):
    log = (state / "journal.db-wal").read_bytes()
    path = tmp_path / "x-wal"
    path.write_bytes(bytes(HEADER) + log[HEADER:])
    assert survey(path).damage == "the header is missing"


def test_one_unfinished_commit_is_what_a_power_cut_leaves(state: Path, tmp_path: Path):
    log = (state / "journal.db-wal").read_bytes()
    ends = commits(log)
    index = next(i for i in range(len(ends) - 1, 0, -1) if ends[i] - ends[i - 1] >= 2)
    first, last = ends[index - 1], ends[index]
    path = tmp_path / "x-wal"
    # Only the commit's last frame reached the card: its first ones are still zeros.
    torn = bytearray(log[: HEADER + last * FRAME] + bytes(len(log) - HEADER - last * FRAME))
    torn[HEADER + first * FRAME : HEADER + (last - 1) * FRAME] = bytes((last - 1 - first) * FRAME)
    path.write_bytes(torn)
    assert survey(path).damage == ""
    assert survey(path).frames == first


def opened_after_cut(state: Path, folder: Path, size: int) -> int:
    copy = folder / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(state, copy)
    log = copy / "journal.db-wal"
    log.write_bytes(log.read_bytes()[:size])
    journal = SqliteJournal.open(copy)
    last = journal.last()
    assert journal.verify() == last
    journal.close()
    return last


def test_a_log_cut_at_any_frame_opens_with_a_prefix_of_the_rows(state: Path, tmp_path: Path):
    ends = commits((state / "journal.db-wal").read_bytes())
    seen = [opened_after_cut(state, tmp_path, HEADER + frames * FRAME) for frames in range(1, ends[-1] + 1, 12)]
    assert seen == sorted(seen)


@pytest.mark.crash
def test_a_log_cut_at_every_frame_and_sector_opens_with_a_prefix_of_the_rows(state: Path, tmp_path: Path):
    ends = commits((state / "journal.db-wal").read_bytes())
    sizes = {HEADER + frames * FRAME for frames in range(1, ends[-1] + 1)} | set(range(512, HEADER + 40 * FRAME, 512))
    seen = [opened_after_cut(state, tmp_path, size) for size in sorted(sizes)]
    assert seen == sorted(seen)


def test_a_first_commit_torn_twice_in_a_row_is_no_damage(tmp_path: Path):
    """Only later frames reach the card; SQLite would go on with the salts of a log that has no valid frame."""
    live = SqliteJournal.open(tmp_path / "live")
    sell(live, 1)
    shutil.copytree(live.state, tmp_path / "0")
    live.close()
    # The log of this one is begun anew at its first commit, and not for the first time.
    journal = SqliteJournal.open(tmp_path / "0")
    for number, sizes in enumerate(((40_000,), (9_000,), (3_000, 9_000), (9_000,)), start=1):
        for size in sizes:
            keep(journal, (HelpCalled(code="x" * size),))
        following = tmp_path / str(number)
        shutil.copytree(journal.state, following)
        journal.close()
        log = bytearray((following / "journal.db-wal").read_bytes())
        valid = survey(following / "journal.db-wal").frames
        ends = [0, *commits(bytes(log[: HEADER + valid * FRAME]))]
        first = HEADER + ends[-2] * FRAME
        log[first : first + FRAME] = bytes(FRAME)
        (following / "journal.db-wal").write_bytes(log)
        (following / "journal.mark").unlink()
        journal = SqliteJournal.open(following)
        assert journal.verify() == journal.last() >= 14
    journal.close()


def test_two_torn_cuts_in_a_row_are_no_damage(tmp_path: Path):
    folder = tmp_path / "one"
    journal = SqliteJournal.open(folder)
    sell(journal, 1)
    for number, name in enumerate(("two", "three", "four"), start=2):
        following = tmp_path / name
        shutil.copytree(folder, following)
        journal.close()
        log = bytearray((following / "journal.db-wal").read_bytes())
        end = HEADER + commits(bytes(log))[-1] * FRAME
        log[end - 700 : end] = bytes(700)
        (following / "journal.db-wal").write_bytes(log)
        (following / "journal.mark").unlink()
        folder, journal = following, SqliteJournal.open(following)
        sell(journal, 1, first=number)
        assert journal.verify() == journal.last()
    journal.close()
