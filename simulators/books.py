"""The books of a simulated tender device: every movement of money, on disk before the device answers.

They are the other half of every payment proof: charges minus reversals must equal what the till released. One JSON line
per entry, fsynced; a line that a power cut left half written is dropped when the books are opened again.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

FILE = "books.jsonl"


class EntryKind(StrEnum):
    """What an entry says."""

    OPENING = "opening"
    """A sale from before these books; it moved money that is not counted here."""
    CHARGE = "charge"
    STORED = "stored"
    """The till knows of the charge of this trace number, so that the device will not undo it by itself."""
    REVERSAL = "reversal"
    """Money back: of the charge that it names, or a refund that names none."""
    REINSTATED = "reinstated"
    """The device undid a reversal or refund, because the till never knew of it."""
    DECLINE = "decline"
    DAY_CLOSED = "day_closed"
    """What stands before it has gone to the acquirer, and cannot be reversed any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the books. Amounts are minor units, the currency is the numeric code of ISO 4217."""

    kind: EntryKind
    trace: int
    receipt: int = 0
    """0: without a receipt number."""
    amount: int = 0
    currency: int = 0
    date: str = ""
    """MMDD of the device's clock."""
    time: str = ""
    """HHMMSS of the device's clock."""
    original: int = 0
    """Trace number of what a reversal or a reinstatement undoes."""
    result: int = 0
    at_terminal: bool = False
    """Keyed in at the device itself, not asked for by the till."""
    by_till: bool = False
    """A reversal or refund that the till asked for, which the device undoes if the till never knows of it."""
    asked: str = ""
    """Name of the message that asked for it, where a device can be asked for its answer again."""
    answer: str = ""
    """That answer."""


class Books:
    """Append-only. Safe for several threads; one process at a time."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / FILE
        self._lock = threading.Lock()
        self._entries = self._read()
        self._file = self._path.open("ab", buffering=0)
        self._sync_folder(folder)

    def _read(self) -> list[Entry]:
        if not self._path.exists():
            return []
        data = self._path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            with self._path.open("r+b") as file:
                file.truncate(len(whole))
                os.fsync(file.fileno())
        return [_entry(json.loads(line)) for line in whole.splitlines()]

    @staticmethod
    def _sync_folder(folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def append(self, entry: Entry) -> Entry:
        """Write an entry; it is on disk when this returns."""
        return self.add(lambda _: entry)

    def add(self, make: Callable[[Books], Entry]) -> Entry:
        """Write the entry that `make` builds of the books, so that no two entries take the same number."""
        with self._lock:
            entry = make(self)
            self._file.write(json.dumps(asdict(entry)).encode() + b"\n")
            os.fsync(self._file.fileno())
            self._entries = [*self._entries, entry]
            return entry

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def entries(self) -> list[Entry]:
        """Give everything, oldest first."""
        return list(self._entries)

    def charges(self) -> list[Entry]:
        """Give every charge, undone ones too."""
        return [entry for entry in self._entries if entry.kind is EntryKind.CHARGE]

    def reversals(self) -> list[Entry]:
        """Give every reversal and refund that stands."""
        undone = {entry.original for entry in self._entries if entry.kind is EntryKind.REINSTATED}
        return [entry for entry in self._entries if entry.kind is EntryKind.REVERSAL and entry.trace not in undone]

    def standing(self) -> list[Entry]:
        """Give the charges that no reversal undoes: the money that customers have really paid."""
        undone = {entry.original for entry in self.reversals()}
        return [entry for entry in self.charges() if entry.trace not in undone]

    def last_movement(self) -> Entry | None:
        """Give the newest charge or reversal."""
        moved = [entry for entry in self._entries if entry.kind in (EntryKind.CHARGE, EntryKind.REVERSAL)]
        return moved[-1] if moved else None

    def balance(self) -> int:
        """Give charges minus reversals, in minor units of whatever currency they are in."""
        return sum(entry.amount for entry in self.charges()) - sum(entry.amount for entry in self.reversals())

    def unanswered(self) -> Entry | None:
        """Give the last movement if the till has never said that it knows of it, and nothing has undone it."""
        moved = [e for e in self._entries if e.kind is EntryKind.CHARGE or e.by_till]
        settled = {e.trace for e in self._entries if e.kind is EntryKind.STORED}
        settled |= {e.original for e in self._entries if e.kind in (EntryKind.REVERSAL, EntryKind.REINSTATED)}
        last = moved[-1] if moved else None
        return None if last is None or last.at_terminal or last.trace in settled else last

    def today(self) -> list[Entry]:
        """Give the entries since the last end of day."""
        closed = [at for at, entry in enumerate(self._entries) if entry.kind is EntryKind.DAY_CLOSED]
        return self._entries[closed[-1] + 1 :] if closed else list(self._entries)

    @property
    def next_trace(self) -> int:
        """Give the next trace number, 1 to 999999 and round again."""
        return max((entry.trace for entry in self._entries[-8:]), default=0) % 999_999 + 1

    @property
    def next_receipt(self) -> int:
        """Give the next receipt number, 1 to 9999 and round again."""
        used = [entry.receipt for entry in self._entries if entry.receipt]
        return used[-1] % 9999 + 1 if used else 1


def _entry(line: dict[str, object]) -> Entry:
    kind = EntryKind(str(line.pop("kind")))
    return Entry(kind=kind, **line)  # type: ignore[arg-type] # the fields of the line that `add` wrote
