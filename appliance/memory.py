"""The memory of the process, kept small: one arena for all threads, and what only the start needed given back.

A dozen threads that mostly wait would else each keep an arena of their own (measured: 11 MB), and what loading has
freed would stay with the process (8 MB). Other C libraries than glibc have neither function, and need neither.
"""

from __future__ import annotations

import ctypes
import gc
from typing import Final

_ARENA_MAX: Final = -8
"""M_ARENA_MAX of glibc's malloc.h."""


def share_arena() -> None:
    """Let all threads allocate from one arena. To be called before the first thread is started."""
    tune = getattr(ctypes.CDLL(None), "mallopt", None)
    if tune is not None:
        tune(_ARENA_MAX, 1)


def settle() -> None:
    """Collect what loading has left, keep the rest from being looked at again, give free pages back. Takes 0.1 s."""
    gc.collect()
    gc.freeze()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
