"""How large the proof is: small in every run, at the bars of the protocol in a soak."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulators.stage import Stage

Record = Callable[[str, object], None]

SHARE = float(os.environ.get("KVITT_SOAK_SHARE", "1"))
"""A soak of this share of its size, 0 to 1: for trying it out."""


def whole(count: int, least: int = 1) -> int:
    """Give the share of a size of the soak that is to be run."""
    return max(least, round(count * SHARE))


def load() -> str:
    """Say how busy the machine is beside this: figures of a crowded machine are no figures of the product."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path / "stage") as stage:
        yield stage
