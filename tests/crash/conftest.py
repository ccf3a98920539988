"""Shoppers that are cleaned up, and the figures of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.crash.shopper import SHOP, Shopper

Record = Callable[[str, object], None]


@pytest.fixture
def make_shopper(tmp_path: Path) -> Iterator[Callable[..., Shopper]]:
    made: list[Shopper] = []

    def make(state: Path | None = None, *, seed: int = 1, defect: str = "", settings: Path | None = None) -> Shopper:
        program = ("tests.crash.defects", defect) if defect else SHOP
        folder = tmp_path / f"shopper-{len(made)}"
        folder.mkdir()
        shopper = Shopper(folder=folder, state=state or folder / "till", seed=seed, program=program, settings=settings)
        made.append(shopper)
        return shopper

    yield make
    for shopper in made:
        if shopper.process is not None:
            shopper.kill()
