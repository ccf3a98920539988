"""The mark: the last committed sequence and hash, and the hub's position, in two slots beside the journal.

It is written after a commit has returned and flushed when the till is idle, so a mark above the journal always means
that the journal has lost its tail.
"""

from __future__ import annotations

import os
import struct
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from appliance.store.files import publish

BLOCK: Final = 4096
_SLOTS: Final = (0, 2048)
_FIELDS: Final = struct.Struct(">QQ32sQI")
_SLOT: Final = struct.Struct(">QQ32sQII")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What was known when the mark was written."""

    sequence: int = 0
    hash: str = "0" * 64
    acked: int = 0
    """The hub has everything up to here."""
    proved: int = 0
    """Where the slow round of verification stands, in pages of rows."""
    counter: int = 0


def _pack(mark: Mark) -> bytes:
    fields = _FIELDS.pack(mark.counter, mark.sequence, bytes.fromhex(mark.hash), mark.acked, mark.proved)
    return fields + zlib.crc32(fields).to_bytes(4)


def _unpack(slot: bytes) -> Mark | None:
    if len(slot) < _SLOT.size:
        return None
    counter, sequence, digest, acked, proved, crc = _SLOT.unpack(slot[: _SLOT.size])
    if zlib.crc32(slot[: _FIELDS.size]) != crc:
        return None
    return Mark(sequence=sequence, hash=digest.hex(), acked=acked, proved=proved, counter=counter)


def read_mark(path: Path) -> Mark | None:
    """Give the newer of the two slots that prove themselves; None if there is none: it is built anew."""
    try:
        block = path.read_bytes()
    except FileNotFoundError:
        return None
    slots = (_unpack(block[offset : offset + _SLOT.size]) for offset in _SLOTS)
    return max((mark for mark in slots if mark is not None), key=lambda mark: mark.counter, default=None)


def write_mark(path: Path, mark: Mark) -> None:
    """Make a mark's file that appears whole or not at all."""
    fresh = path.with_name(path.name + ".new")
    block = bytearray(BLOCK)
    slot = _pack(mark)
    at = _SLOTS[mark.counter % 2]
    block[at : at + len(slot)] = slot
    fresh.write_bytes(block)
    publish(fresh, path)


class MarkFile:
    """The mark, open for writing. OSError is the caller's: the card has failed."""

    def __init__(self, path: Path, mark: Mark) -> None:
        self.mark = mark
        if not path.exists() or path.stat().st_size != BLOCK:
            write_mark(path, mark)
        self._descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self._dirty = False

    def write(self, **changed: object) -> None:
        """Put a new mark into the slot that is not the newest; no flush."""
        self.mark = replace(self.mark, counter=self.mark.counter + 1, **changed)  # type: ignore[arg-type]  # by field name
        os.pwrite(self._descriptor, _pack(self.mark), _SLOTS[self.mark.counter % 2])
        self._dirty = True

    def sync(self) -> None:
        """Flush the mark, if it has changed."""
        if self._dirty:
            os.fdatasync(self._descriptor)
            self._dirty = False

    def close(self) -> None:
        """Flush and close."""
        try:
            self.sync()
        finally:
            os.close(self._descriptor)
