"""Copies of the journal while sales go on, each proved before it gets its name; and the way back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Final

from appliance.errors import StoreError
from appliance.store import journal, journal_file, proof
from appliance.store.connection import Connection
from appliance.store.faults import damaged_journal, fault_of, kept
from appliance.store.files import StateLock, publish, quarantine
from appliance.store.migrations import inspect
from appliance.store.recovery import begin_epoch, highest_known, replace_journal

PREFIX: Final = "kvitt-journal-"
_FILES: Final = (journal_file.FILE, journal_file.FILE + "-wal", journal_file.MARK)


def prove_file(path: Path) -> int:
    """Prove a closed journal file that is not in use, row by row; give the number of its last row."""
    with closing(Connection(path, damaged=lambda why: damaged_journal(None, why))) as connection:
        database = journal_file.JournalDatabase(connection)
        inspect(database, journal_file.SCHEMA)
        problems = connection.execute("PRAGMA integrity_check")
        if problems != [("ok",)]:
            raise damaged_journal(None, f"{path.name}: {problems[0][0]}")
        events = database.table("event")
        last, first = events.highest(), events.lowest()
        firsts = proof.legal_starts(database.table("epoch"))
        for _ in proof.chain(events, first - 1, None, last=last, firsts=firsts):
            pass
        return int(last)


def backup(source: journal.SqliteJournal, folder: Path, at: datetime, *, keep: int = 3) -> Path:
    """Copy the journal into a folder, prove the copy, give it its name; then older copies above `keep` go.

    Sales go on meanwhile and are in the copy. Keys and secrets are not.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        built = folder / f"{PREFIX}new.db"
        built.unlink(missing_ok=True)
        source.backup(built)
        last = prove_file(built)
        name = folder / f"{PREFIX}{at:%Y%m%dT%H%M%S}-{last}.db"
        publish(built, name)
        for older in sorted(folder.glob(f"{PREFIX}[0-9]*.db"))[:-keep]:
            older.unlink()
    except OSError as error:
        raise fault_of(error, path=folder / PREFIX) from error
    return name


def restore(
    source: Path, state: Path, at: datetime, *, highest: int, operator: str, confirm: Callable[[str], bool]
) -> int:
    """Put a backup in the place of the journal; give its first new sequence.

    `highest` is the highest sequence the hub knows of this till. Numbers that were in use after the backup are never
    used again: the restored journal goes on above all that the hub, the present files and the mark know, in a new
    epoch. `confirm` asks the administrator whether what lies between may be given up on this card.
    """
    last = prove_file(source)
    lock = StateLock(state)
    try:
        known = max(highest, last, highest_known(state))
        if known > last and not confirm(f"No. {last + 1} to {known} will exist only at the hub."):
            raise StoreError("Nothing was restored.")
        present = [state / name for name in _FILES]
        quarantine(state, f"{at:%Y%m%dT%H%M%S}", *present, move=False)
        built = state / f"{journal_file.FILE}.new"
        shutil.copyfile(source, built)
        first = begin_epoch(built, at, known=known, reason="restored", operator=operator)
        replace_journal(state, built)
    except OSError as error:
        raise fault_of(error, path=state / journal_file.FILE, safe=kept(last)) from error
    finally:
        lock.release()
    return first
