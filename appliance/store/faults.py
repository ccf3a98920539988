"""What staff read when the card fails, and which fault of SQLite or the kernel means what."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final

from appliance.errors import DiskFull, JournalCorrupt, StoreError, StoreInUse

RECOVER: Final = "Nothing was changed. Run: kvitt journal recover"

FINAL: Final = frozenset(
    {
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
    }
)
"""Primary result codes after which a connection must not be trusted again."""


class RowDamaged(StoreError):
    """One row fails its checksum; the rest of the file may be sound."""

    def __init__(self, table: str, doc_id: int) -> None:
        super().__init__(f"Row {doc_id} of table {table} is damaged.")
        self.table = table
        self.doc_id = doc_id


class FileDamaged(StoreError):
    """SQLite says that a file is no database, or a broken one."""


def primary_code(error: sqlite3.Error) -> int:
    """Give SQLite's primary result code of an error; 0 if it has none."""
    code = getattr(error, "sqlite_errorcode", 0)
    return int(code) & 0xFF if code else 0


def kept(last: int) -> str:
    """Say up to which number sales are safe."""
    return f"Sales up to no. {last} are kept. "


def damaged_journal(sequence: int | None, why: str) -> JournalCorrupt:
    """Make the fault of a journal that fails its own proof; nothing on disk was changed."""
    where = "" if sequence is None else f" at no. {sequence}"
    return JournalCorrupt(f"Journal damaged{where}. {RECOVER} ({why})", sequence=sequence)


def in_use(pid: int | None) -> StoreInUse:
    """Make the fault of a second process."""
    who = "" if pid is None else f" (process {pid})"
    return StoreInUse(f"Kvitt already runs on this till{who}.", pid=pid)


def fault_of(
    error: sqlite3.Error | OSError,
    *,
    path: Path,
    safe: str = "",
    damaged: Callable[[str], StoreError] | None = None,
) -> StoreError:
    """Make the fault that staff read of what SQLite or the kernel said. `safe` says what is kept in any case."""
    number = error.errno if isinstance(error, OSError) else None
    code = primary_code(error) if isinstance(error, sqlite3.Error) else 0
    if code == sqlite3.SQLITE_FULL or number in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"Storage full. {safe}Free space, then restart.")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return in_use(None)
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        why = f"{path.name}: {error}"
        return FileDamaged(f"{why}.") if damaged is None else damaged(why)
    if isinstance(error, sqlite3.Error) and code not in FINAL:
        return StoreError(f"{path.name}: {error}.")
    if code == sqlite3.SQLITE_READONLY or number == errno.EROFS or _is_read_only(path):
        return StoreError(f"Storage is read-only. {safe}Replace the card.")
    return StoreError(f"Storage fault. {safe}If this comes back, replace the card.")


def _is_read_only(path: Path) -> bool:
    try:
        return bool(os.statvfs(path.parent).f_flag & os.ST_RDONLY)
    except OSError:
        return False
