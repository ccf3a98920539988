"""Journal rows out of raw bytes: every page image of the database and its log, read without SQLite.

A table leaf cell is payload length, rowid, payload; what does not fit goes on in a chain of overflow pages (SQLite
file format, sections 1.6 and 2.1). A page stands in the log many times; any image that lets a row prove itself is good.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from appliance.store.connection import PAGE_SIZE
from appliance.store.faults import RowDamaged
from appliance.store.rows import MAXIMUM_BYTES, unseal
from appliance.store.wal import FRAME, FRAME_HEADER, HEADER

_LEAF: Final = 0x0D
_LOCAL: Final = PAGE_SIZE - 35
"""Longest payload that stays on a table leaf page."""
_MINIMUM: Final = (PAGE_SIZE - 12) * 32 // 255 - 23
_CHAIN: Final = PAGE_SIZE - 4
_BEGIN: Final = b'{"at":"'


Content = mmap.mmap | bytes


class Images:
    """The images of each page: those in the log, newest first, then the one in the database."""

    def __init__(self, database: Content, log: Content) -> None:
        self._database = database
        self._log = log
        self._frames: dict[int, list[int]] = {}
        for start in range(HEADER, len(log) - FRAME + 1, FRAME):
            number = int.from_bytes(log[start : start + 4])
            if number:
                self._frames.setdefault(number, []).insert(0, start + FRAME_HEADER)

    def numbers(self) -> Iterator[int]:
        """Give the numbers of all pages."""
        pages = len(self._database) // PAGE_SIZE
        yield from range(1, pages + 1)
        yield from (number for number in self._frames if number > pages)

    def of(self, number: int) -> Iterator[bytes]:
        """Give the images of one page."""
        for start in self._frames.get(number, ()):
            yield self._log[start : start + PAGE_SIZE]
        start = (number - 1) * PAGE_SIZE
        if number >= 1 and start + PAGE_SIZE <= len(self._database):
            yield self._database[start : start + PAGE_SIZE]


@contextmanager
def _mapped(path: Path) -> Iterator[Content]:
    """Give the content of a file that may be larger than the memory; b"" for one that is missing or empty."""
    if not path.exists() or not path.stat().st_size:
        yield b""
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        yield content


def raw_rows(database: Path, log: Path) -> Iterator[tuple[int, str]]:
    """Give sequence and text of every row that proves itself; a row may come more than once."""
    with _mapped(database) as pages, _mapped(log) as frames:
        images = Images(pages, frames)
        for number in images.numbers():
            for page in images.of(number):
                yield from _rows_of(page, images, header=100 if number == 1 else 0)


def _rows_of(page: bytes, images: Images, header: int) -> Iterator[tuple[int, str]]:
    if page[header] != _LEAF:
        return
    count = int.from_bytes(page[header + 3 : header + 5])
    for index in range(min(count, (PAGE_SIZE - header - 8) // 2)):
        pointer = header + 8 + 2 * index
        row = _row_at(page, int.from_bytes(page[pointer : pointer + 2]), images)
        if row is not None:
            yield row


def _row_at(page: bytes, start: int, images: Images) -> tuple[int, str] | None:
    try:
        length, start = _varint(page, start)
        sequence, start = _varint(page, start)
    except IndexError:
        return None
    if not 0 < length <= MAXIMUM_BYTES + 100:
        return None
    if length <= _LOCAL:
        return _proved(sequence, page[start : start + length])
    local = _MINIMUM + (length - _MINIMUM) % _CHAIN
    local = local if local <= _LOCAL else _MINIMUM
    following = int.from_bytes(page[start + local : start + local + 4])
    for rest in _chains(following, length - local, images):
        row = _proved(sequence, page[start : start + local] + rest)
        if row is not None:
            return row
    return None


def _chains(number: int, missing: int, images: Images) -> Iterator[bytes]:
    """Give every way in which a chain of overflow pages may go on."""
    for image in images.of(number):
        part = image[4 : 4 + missing]
        if missing <= _CHAIN:
            yield part
            continue
        for rest in _chains(int.from_bytes(image[:4]), missing - _CHAIN, images):
            yield part + rest


def _proved(sequence: int, payload: bytes) -> tuple[int, str] | None:
    """Give the row of a record, if it is one of the journal's. The checksum column behind the text is not needed."""
    begin = payload.find(_BEGIN)
    end = payload.rfind(b'"}')
    if begin < 0 or end < begin:
        return None
    try:
        text = payload[begin : end + 2].decode()
        unseal(sequence, text)
    except (RowDamaged, ValueError):
        return None
    return sequence, text


def _varint(page: bytes, start: int) -> tuple[int, int]:
    value = 0
    for index in range(9):
        byte = page[start + index]
        if index == 8:
            return value << 8 | byte, start + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, start + index + 1
    raise IndexError
