"""Sells into a state folder until it is told to stop, or killed: python -m tests.store.seller STATE ACKS [options].

ACKS gets one line a command, "sequence hash", the moment `append` has returned; it lies outside the state folder's
filesystem. A run goes on where the journal ends. `--defect` plants a mistake that a tester must catch.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from appliance.core.events import Event, TransactionCompleted
from appliance.errors import StoreError
from appliance.store import files
from appliance.store.journal import SqliteJournal
from tests.store.sales import AT, CATALOGUE, open_day, sale

Say = Callable[[str], None]

EXIT_FAULT = 74


class TinyJsonJournal:
    """What a journal on TinyDB's own JSON storage would be: a defect."""

    def __init__(self, state: Path) -> None:
        from tinydb import TinyDB

        state.mkdir(exist_ok=True)
        self._database = TinyDB(state / "journal.json")

    def last(self) -> int:
        return len(self._database)

    def idle(self) -> None:
        pass

    def append(self, events: Sequence[Event], **_: Any) -> int:
        self._database.insert_multiple({"type": event.TYPE, "text": repr(event)} for event in events)
        return self.last()


def opened(state: Path, defect: str) -> Any:
    if defect == "json":
        return TinyJsonJournal(state)
    if defect == "no-fsync-before-rename":
        files.sync_file = lambda path: None
    journal = SqliteJournal.open(state)
    if defect in ("NORMAL", "OFF"):
        journal._connection.execute(f"PRAGMA synchronous={defect}")
    return journal


def append(journal: Any, events: Sequence[Event], say: Say, defect: str) -> None:
    if defect == "acknowledged-before-commit":
        say(f"{journal.last() + len(events)} ?")
    if defect == "mark-before-commit":
        journal._mark.write(sequence=journal.last() + len(events), hash="ab" * 32)
        journal._mark.sync()
    last = journal.append(events, at=AT, clock_synced=True, catalogue=str(CATALOGUE))
    if defect != "acknowledged-before-commit":
        say(f"{last} {journal.since(last - 1, 1)[0].hash if isinstance(journal, SqliteJournal) else '?'}")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("state", type=Path)
    parser.add_argument("acks", type=Path)
    parser.add_argument("--sales", type=int, default=0, help="0: until killed")
    parser.add_argument("--defect", default="")
    parser.add_argument("--idle", action="store_true", help="do what an idle till does after each sale")
    parser.add_argument("--close", action="store_true", help="close in good order at the end")
    told = parser.parse_args()
    acks = os.open(told.acks, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def say(line: str) -> None:
        os.write(acks, f"{line}\n".encode())

    try:
        journal = opened(told.state, told.defect)
        if not journal.last():
            append(journal, open_day(), say, told.defect)
        first = journal.last() // 13 + 1
        number = first
        while not told.sales or number < first + told.sales:
            for events in sale(number):
                append(journal, events, say, told.defect)
                if isinstance(events[-1], TransactionCompleted) and told.idle:
                    journal.idle()
            number += 1
    except (StoreError, OSError) as fault:
        say(f"fault {type(fault).__name__} {fault}")
        try:
            append(journal, open_day(), lambda _: None, told.defect)
            say("accepted after a fault")
        except (StoreError, OSError, UnboundLocalError):
            pass
        os._exit(EXIT_FAULT)
    if told.close:
        journal.close()
    os._exit(0)


if __name__ == "__main__":
    main()
