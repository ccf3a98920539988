"""Files that appear whole or not at all, the lock of the state folder, and the room that is left."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from pathlib import Path
from typing import Final

from appliance.store.faults import fault_of, in_use

MEGABYTE: Final = 1024 * 1024


def sync_file(path: Path) -> None:
    """Flush a file to the card."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to the card: without it a rename may be lost."""
    sync_file(folder)


def publish(built: Path, name: Path) -> None:
    """Give a finished file its name so that a power cut leaves the old one or the new one, never a part."""
    sync_file(built)
    built.rename(name)
    sync_folder(name.parent)


def forget_cached(*paths: Path) -> None:
    """Drop clean pages from the page cache, so that the next read sees the card and not what memory believes."""
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(descriptor)


def wal_of(database: Path) -> Path:
    """Give the name of a database's write-ahead log."""
    return database.with_name(database.name + "-wal")


def free_bytes(folder: Path) -> int:
    """Give the bytes that an ordinary process may still write in this folder's filesystem."""
    state = os.statvfs(folder)
    return state.f_bavail * state.f_frsize


def quarantine(state: Path, moment: str, *paths: Path, move: bool) -> Path:
    """Keep copies of damaged files in STATE/quarantine/`moment`; `move` takes the originals away.

    The product never empties that folder.
    """
    folder = state / "quarantine" / moment
    number = 1
    while folder.exists():
        number += 1
        folder = state / "quarantine" / f"{moment}-{number}"
    folder.mkdir(parents=True)
    for path in paths:
        if not path.exists():
            continue
        shutil.copy2(path, folder / path.name)
        sync_file(folder / path.name)
    for entry in (folder, folder.parent, state):
        sync_folder(entry)
    if move:
        for path in paths:
            path.unlink(missing_ok=True)
        sync_folder(state)
    return folder


class StateLock:
    """Holds the state folder for one process (flock; gone with the process)."""

    def __init__(self, state: Path) -> None:
        path = state / "lock"
        try:
            state.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise fault_of(error, path=path) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.pread(self._descriptor, 20, 0).strip()
            os.close(self._descriptor)
            raise in_use(int(pid) if pid.isdigit() else None) from None
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            self.release()
            raise fault_of(error, path=path) from error

    def release(self) -> None:
        """Let the next process in."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
