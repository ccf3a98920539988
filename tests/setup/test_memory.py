"""What the process does about its memory: nothing that a C library without these functions would mind."""

import ctypes
import gc
from collections.abc import Iterator

import pytest

from appliance import memory


@pytest.fixture
def _thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("_thawed")
def test_what_is_loaded_is_left_alone_by_the_collector():
    memory.settle()
    assert gc.get_freeze_count() > 0


@pytest.mark.usefixtures("_thawed")
def test_a_c_library_without_an_arena_limit_is_no_fault(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    memory.share_arena()
    memory.settle()
