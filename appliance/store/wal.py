"""SQLite's write-ahead log, read before SQLite reads it: is it damaged, or only cut off? And made long enough.

SQLite drops every frame after the first bad one without a word. This survey follows salts and checksums as SQLite does
(SQLite file format, section 4) and says what a power cut cannot have done. Only while no SQLite has the file open.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.store.connection import PAGE_SIZE
from appliance.store.files import sync_folder

HEADER: Final = 32
FRAME_HEADER: Final = 24
FRAME: Final = FRAME_HEADER + PAGE_SIZE
PRIMED_FRAMES: Final = 208
PRIMED_BYTES: Final = HEADER + PRIMED_FRAMES * FRAME
_MAGIC: Final = {0x377F0682: "<", 0x377F0683: ">"}
_VERSION: Final = 3007000
_MASK: Final = 0xFFFFFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What stands in a log: its valid frames, and why it is damaged ("" if it is not)."""

    frames: int = 0
    damage: str = ""
    stale: bool = False
    """It has a header and no valid frame: what stands there was cut off in its first commit."""


def add_checksum(data: bytes, start: tuple[int, int], order: str) -> tuple[int, int]:
    """Carry SQLite's running checksum over some bytes; their number is a multiple of 8."""
    one, two = start
    words = iter(struct.unpack(f"{order}{len(data) // 4}I", data))
    for first, second in zip(words, words, strict=True):
        one = (one + first + two) & _MASK
        two = (two + second + one) & _MASK
    return one, two


def survey(path: Path) -> Survey:
    """Judge a write-ahead log. A missing, empty or zeroed one is sound; so is one unfinished commit at its end."""
    try:
        log = path.read_bytes()
    except FileNotFoundError:
        return Survey()
    header = log[:HEADER]
    if not any(header):
        return _survey_headless(log)
    if len(header) < HEADER:
        return Survey(damage="the header is cut off")
    magic, version, page_size, _, *_ = struct.unpack(">8I", header)
    salts, proof = header[16:24], struct.unpack(">2I", header[24:32])
    order = _MAGIC.get(magic)
    if order is None or version != _VERSION or page_size != PAGE_SIZE:
        return Survey(damage="the header is invalid")
    running = add_checksum(header[:24], (0, 0), order)
    if running != proof:
        return Survey(damage="the header fails its checksum")
    valid, offset = 0, HEADER
    while offset + FRAME <= len(log):
        frame = log[offset : offset + FRAME]
        if frame[8:16] != salts:
            break
        carried = add_checksum(frame[:8] + frame[FRAME_HEADER:], running, order)
        if carried != struct.unpack(">2I", frame[16:24]):
            break
        running, offset, valid = carried, offset + FRAME, valid + 1
    return Survey(frames=valid, damage=_behind(log, offset, salts), stale=not valid)


def _behind(log: bytes, start: int, salts: bytes) -> str:
    """Judge the frames behind the valid end: a power cut leaves at most one commit there, and nothing after it."""
    committed = False
    for offset in range(start, len(log) - FRAME_HEADER + 1, FRAME):
        if log[offset + 8 : offset + 16] != salts:
            continue
        if committed:
            return f"frame {(start - HEADER) // FRAME + 1} is bad, and commits stand behind it"
        committed = any(log[offset + 4 : offset + 8])
    return ""


def _survey_headless(log: bytes) -> Survey:
    """Judge a log without a header: one that was only primed is zeros throughout."""
    for offset in range(HEADER, len(log), FRAME):
        if any(log[offset : offset + FRAME_HEADER]):
            return Survey(damage="the header is missing")
    return Survey()


def prime(path: Path) -> None:
    """Make a database's log long enough that a commit never has to grow it: growing costs a second flush.

    SQLite takes the zeros for "no frames". OSError: the card is full or has failed.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        size = os.fstat(descriptor).st_size
        if size >= PRIMED_BYTES:
            return
        os.lseek(descriptor, size, os.SEEK_SET)
        missing = memoryview(bytes(PRIMED_BYTES - size))
        while missing:
            missing = missing[os.write(descriptor, missing) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    sync_folder(path.parent)
