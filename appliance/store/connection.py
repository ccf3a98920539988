"""One SQLite file: settings that are read back, one lock, real transactions; its first fault is final."""

from __future__ import annotations

import ctypes
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

from appliance.errors import StoreError
from appliance.store.faults import FINAL, fault_of, primary_code
from appliance.store.files import wal_of

Synchronous = Literal["FULL", "NORMAL", "OFF"]
"""OFF: a file that is being built, without a log; it gets its name only once it is flushed (`files.publish`)."""
Row = tuple[Any, ...]

PAGE_SIZE: Final = 4096
CHECKPOINT_FRAMES: Final = 200
_SYNCHRONOUS: Final = {"OFF": 0, "NORMAL": 1, "FULL": 2}


def _text(content: bytes) -> str:
    return content.decode(errors="replace")


class Connection:
    """The only connection to one SQLite file.

    A read waits for a transaction of another thread, so that nobody sees a row before it is on the card. After the
    first fault of the disk or of the file every call raises that fault again: the kernel may have marked the page
    clean, and SQLite would take the retry as if nothing had been.

    `safe` says what is kept in any case, `damaged` makes the fault of a broken file, `indexed` allows tables with
    expression indexes.
    """

    def __init__(
        self,
        path: Path,
        *,
        synchronous: Synchronous = "FULL",
        safe: Callable[[], str] = lambda: "",
        damaged: Callable[[str], StoreError] | None = None,
        indexed: bool = False,
    ) -> None:
        self.path = path
        self._wal = os.fspath(wal_of(path))
        self._safe = safe
        self._damaged = damaged
        self._lock = threading.RLock()
        self._depth = 0
        self._fault: StoreError | None = None
        self._abandoned = False
        self.undone = 0
        """How many transactions, whole or part, were undone: what was read inside one may be void."""
        try:
            self._sqlite = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0)
        except sqlite3.Error as error:
            raise fault_of(error, path=path, safe=safe(), damaged=damaged) from error
        try:
            # A text that is no UTF-8 any more is told by its checksum, with the row's number.
            self._sqlite.text_factory = _text
            self._configure(synchronous, indexed=indexed)
        except BaseException:
            self.abandon()
            raise

    def _configure(self, synchronous: Synchronous, *, indexed: bool) -> None:
        building = synchronous == "OFF"
        # EXCLUSIVE first: then there is no shared-memory file, and a second process is refused.
        settings: tuple[tuple[str, object, object], ...] = (
            ("locking_mode", "EXCLUSIVE", "exclusive"),
            ("page_size", PAGE_SIZE, PAGE_SIZE),
            ("journal_mode", "OFF", "off") if building else ("journal_mode", "WAL", "wal"),
            ("synchronous", synchronous, _SYNCHRONOUS[synchronous]),
            ("wal_autocheckpoint", CHECKPOINT_FRAMES, CHECKPOINT_FRAMES),
            ("cache_size", -2048, -2048),
            ("mmap_size", 0, 0),
            ("cell_size_check", "ON", 1),
            # SQLite 3.40 counts json_extract() among the functions that only a trusted schema may use in an index.
            ("trusted_schema", "ON", 1) if indexed else ("trusted_schema", "OFF", 0),
            ("temp_store", "FILE", 1) if building else ("temp_store", "MEMORY", 2),
        )
        for name, value, expected in settings:
            self.execute(f"PRAGMA {name}={value}")
            answer = self.execute(f"PRAGMA {name}")
            if answer != [(expected,)] and not (name == "mmap_size" and answer == []):
                raise StoreError(f"{self.path.name}: {name} is {answer}, not {expected}")

    def _check(self) -> None:
        if self._fault is not None:
            raise self._fault.with_traceback(None)

    def _run(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        try:
            return self._sqlite.execute(statement, values).fetchall()
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise self._translate(error) from error

    def _translate(self, error: sqlite3.Error | UnicodeDecodeError) -> StoreError:
        if isinstance(error, UnicodeDecodeError):
            # Python cannot put SQLite's message into words: it quotes a schema that is broken.
            error = sqlite3.DatabaseError("the schema is broken")
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        fault = fault_of(error, path=self.path, safe=self._safe(), damaged=self._damaged)
        if primary_code(error) in FINAL:
            self._fault = fault
        return fault

    def execute(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        """Run one statement and give all its rows."""
        with self._lock:
            self._check()
            return self._run(statement, values)

    def executemany(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Run one statement for many rows, within the transaction at hand."""
        with self._lock:
            self._check()
            try:
                self._sqlite.executemany(statement, rows)
            except (sqlite3.Error, UnicodeDecodeError) as error:
                raise self._translate(error) from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Join everything inside into one commit; an exception undoes all of it. An inner one undoes its own part."""
        with self._lock:
            self._check()
            name = f"part_{self._depth}"
            self._run("BEGIN IMMEDIATE" if not self._depth else f"SAVEPOINT {name}")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                self._undo("ROLLBACK" if not self._depth else f"ROLLBACK TO {name}")
                if self._depth:
                    self._undo(f"RELEASE {name}")
                raise
            self._depth -= 1
            if self._depth:
                self._run(f"RELEASE {name}")
            else:
                self._commit()

    def _commit(self) -> None:
        try:
            self._check()
            self._run("COMMIT")
        except StoreError as fault:
            # A commit that failed for whatever reason leaves it open what the card holds: final.
            self._fault = self._fault or fault
            self._undo("ROLLBACK")
            raise

    def _undo(self, statement: str) -> None:
        # A fault may have ended the transaction already; what counts then is the fault, which stays.
        self.undone += 1
        if self._sqlite.in_transaction:
            try:
                self._run(statement)
            except StoreError as fault:
                self._fault = self._fault or fault

    @property
    def in_transaction(self) -> bool:
        """Whether the calling code stands inside `transaction()`."""
        return bool(self._depth)

    @property
    def fault(self) -> StoreError | None:
        """The fault that ended this connection's use."""
        return self._fault

    def condemn(self, fault: StoreError) -> None:
        """End the use of this connection: its file belongs to a store that has failed."""
        with self._lock:
            self._fault = self._fault or fault

    def wal_bytes(self) -> int:
        """Give the size of the write-ahead log. By name: opening the file here would drop SQLite's locks."""
        try:
            return os.stat(self._wal).st_size  # noqa: PTH116 - once a commit: a Path costs five times as much
        except FileNotFoundError:
            return 0

    def checkpoint(self, mode: Literal["PASSIVE", "RESTART", "TRUNCATE"] = "PASSIVE") -> None:
        """Carry the write-ahead log into the database. Raises, where SQLite's automatic one swallows its errors."""
        self.execute(f"PRAGMA wal_checkpoint({mode})")

    def backup(self, target: Path, *, pages: int = 64, between: Callable[[], None] = lambda: None) -> None:
        """Copy the database while it is used, in steps of some pages; commits between the steps are in the copy.

        SQLite refuses a step while a transaction is open and tries again: only what is committed is copied.
        """
        self._check()
        try:
            copy = sqlite3.connect(target, isolation_level=None)
            try:
                self._sqlite.backup(copy, pages=pages, progress=lambda *_: between(), sleep=0.002)
            finally:
                copy.close()
        except sqlite3.Error as error:
            # The copy may be on another medium: its fault is not ours.
            raise fault_of(error, path=target) from error

    def close(self) -> None:
        """Close; a sound connection carries its log into the database and deletes it, one with a fault leaves both."""
        with self._lock:
            faulty = self._fault is not None
            self._fault = self._fault or StoreError(f"{self.path.name} is closed.")
            if faulty:
                self.abandon()
            else:
                self._sqlite.close()

    def abandon(self) -> None:
        """Leave the files exactly as they are, for the restart or for `kvitt journal recover`.

        SQLite cannot be told here to close without a checkpoint, so the handle, and its lock on the file, live until
        the process ends.
        """
        with self._lock:
            self._fault = self._fault or StoreError(f"{self.path.name} is closed.")
            if not self._abandoned:
                self._abandoned = True
                ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._sqlite))
