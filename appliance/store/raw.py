"""Journal rows out of raw bytes: every page image of the database and its log, read without SQLite.

A table leaf cell is payload length, rowid, payload; what does not fit goes on in a chain of overflow pages (SQLite
file format, sections 1.6 and 2.1). A page stands in the log many times; any image that lets a row prove itself is good.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from appliance.store.connection import PAGE_SIZE
from appliance.store.faults import RowDamaged
from appliance.store.rows import MAXIMUM_BYTES, unseal
from appliance.store.wal import FRAME, FRAME_HEADER, HEADER

Images = Mapping[int, Sequence[bytes]]

_LEAF: Final = 0x0D
_LOCAL: Final = PAGE_SIZE - 35
"""Longest payload that stays on a table leaf page."""
_MINIMUM: Final = (PAGE_SIZE - 12) * 32 // 255 - 23
_CHAIN: Final = PAGE_SIZE - 4
_BEGIN: Final = b'{"at":"'


def raw_rows(database: Path, log: Path) -> Iterator[tuple[int, str]]:
    """Give sequence and text of every row that proves itself; a row may come more than once."""
    images = _images(database, log)
    for number in images:
        for page in images[number]:
            yield from _rows_of(page, images, header=100 if number == 1 else 0)


def _images(database: Path, log: Path) -> dict[int, list[bytes]]:
    images: dict[int, list[bytes]] = {}
    if database.exists():
        content = database.read_bytes()
        for start in range(0, len(content) - PAGE_SIZE + 1, PAGE_SIZE):
            images.setdefault(start // PAGE_SIZE + 1, []).append(content[start : start + PAGE_SIZE])
    if log.exists():
        content = log.read_bytes()
        for start in range(HEADER, len(content) - FRAME + 1, FRAME):
            number = int.from_bytes(content[start : start + 4])
            if number:
                # The newest image first: that is where a chain most likely goes on.
                images.setdefault(number, []).insert(0, content[start + FRAME_HEADER : start + FRAME])
    return images


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
    for image in images.get(number, ()):
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
