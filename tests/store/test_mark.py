"""The mark: two slots, of which one always survives."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.store.mark import BLOCK, Mark, MarkFile, read_mark

HASH = "5e" * 32


def test_the_newest_slot_counts(tmp_path: Path):
    path = tmp_path / "journal.mark"
    file = MarkFile(path, Mark())
    for sequence in range(1, 6):
        file.write(sequence=sequence, hash=HASH)
    file.close()
    assert path.stat().st_size == BLOCK
    assert read_mark(path) == Mark(sequence=5, hash=HASH, counter=5)


def test_what_is_not_named_stays(tmp_path: Path):
    file = MarkFile(tmp_path / "m", Mark())
    file.write(sequence=7, hash=HASH)
    file.write(acked=3)
    file.close()
    assert read_mark(tmp_path / "m") == Mark(sequence=7, hash=HASH, acked=3, counter=2)


def test_no_file_is_no_mark(tmp_path: Path):
    assert read_mark(tmp_path / "m") is None


@given(bit=st.integers(0, BLOCK * 8 - 1))
def test_one_flipped_bit_costs_at_most_the_newest_slot(bit: int, tmp_path_factory: pytest.TempPathFactory):
    path = tmp_path_factory.mktemp("mark") / "m"
    file = MarkFile(path, Mark())
    file.write(sequence=1, hash=HASH)
    file.write(sequence=2, hash=HASH)
    file.close()
    block = bytearray(path.read_bytes())
    block[bit // 8] ^= 1 << bit % 8
    path.write_bytes(block)
    mark = read_mark(path)
    assert mark is not None
    assert (mark.sequence, mark.counter) in ((1, 1), (2, 2))


def test_a_torn_block_is_no_mark_and_no_fault(tmp_path: Path):
    path = tmp_path / "m"
    MarkFile(path, Mark(sequence=4, hash=HASH)).close()
    path.write_bytes(path.read_bytes()[:40])
    assert read_mark(path) is None
    MarkFile(path, Mark(sequence=4, hash=HASH)).close()
    assert path.stat().st_size == BLOCK
