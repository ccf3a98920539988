"""What staff read when the card fails."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

import pytest

from appliance.errors import DiskFull, JournalCorrupt, StoreError, StoreInUse
from appliance.store.faults import damaged_journal, fault_of, kept
from tests.store.crashing import EXIT_FAULT, SELLER, acknowledged, complaint, restarted, run
from tests.store.power import card


def sqlite_error(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("as SQLite says it")
    error.sqlite_errorcode = code
    return error


def os_error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (
            sqlite_error(sqlite3.SQLITE_IOERR | (4 << 8)),
            StoreError,
            "Storage fault. Sales up to no. 812 are kept. If this comes back, replace the card.",
        ),
        (
            os_error(errno.EIO),
            StoreError,
            "Storage fault. Sales up to no. 812 are kept. If this comes back, replace the card.",
        ),
        (
            sqlite_error(sqlite3.SQLITE_FULL),
            DiskFull,
            "Storage full. Sales up to no. 812 are kept. Free space, then restart.",
        ),
        (os_error(errno.ENOSPC), DiskFull, "Storage full. Sales up to no. 812 are kept. Free space, then restart."),
        (
            os_error(errno.EROFS),
            StoreError,
            "Storage is read-only. Sales up to no. 812 are kept. Replace the card.",
        ),
        (
            sqlite_error(sqlite3.SQLITE_READONLY),
            StoreError,
            "Storage is read-only. Sales up to no. 812 are kept. Replace the card.",
        ),
        (sqlite_error(sqlite3.SQLITE_BUSY), StoreInUse, "Kvitt already runs on this till."),
    ],
)
def test_each_fault_has_its_text(tmp_path: Path, error: sqlite3.Error | OSError, kind: type[StoreError], text: str):
    fault = fault_of(error, path=tmp_path / "journal.db", safe=kept(812))
    assert type(fault) is kind
    assert str(fault) == text


@pytest.mark.parametrize("code", [sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT | (1 << 8)])
def test_a_broken_journal_says_what_to_run(tmp_path: Path, code: int):
    fault = fault_of(sqlite_error(code), path=tmp_path / "journal.db", damaged=lambda why: damaged_journal(None, why))
    assert isinstance(fault, JournalCorrupt)
    assert str(fault).startswith("Journal damaged. Nothing was changed. Run: kvitt journal recover (journal.db: ")


def test_damage_names_the_first_bad_row():
    fault = damaged_journal(17, "the row is missing")
    assert fault.sequence == 17
    assert str(fault).startswith("Journal damaged at no. 17. Nothing was changed. Run: kvitt journal recover")


def test_a_full_card_ends_selling_loses_nothing_and_is_well_again_when_there_is_room(tmp_path: Path):
    with card(tmp_path, megabytes=24) as made:
        acks, filler = tmp_path / "acks", made.mounted / "filler"
        sold = run([*SELLER, str(made.state), str(acks), "--sales", "2", "--close"])
        assert sold.returncode == 0, sold.stderr
        free = os.statvfs(made.mounted)
        with filler.open("wb") as file:
            file.write(bytes(free.f_bavail * free.f_frsize - 1_500_000))
        sold = run([*SELLER, str(made.state), str(acks)])
        kept_rows = acknowledged(acks)
        assert sold.returncode == EXIT_FAULT, sold.stderr
        assert kept_rows.fault.startswith(f"fault DiskFull Storage full. Sales up to no. {kept_rows.last} are kept.")
        assert not kept_rows.accepted_after_a_fault
        filler.unlink()
        assert complaint(restarted(made.state, sell=True), kept_rows) == ""
