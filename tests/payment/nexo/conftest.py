from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from simulators.nexo_poi import NexoPoi
from tests.payment.nexo.till import Till


@pytest.fixture(params=["swedbank", "adyen"])
def dialect(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def terminal(tmp_path: Path, dialect: str) -> Iterator[NexoPoi]:
    """A simulated terminal that listens."""
    with NexoPoi(tmp_path / "books", dialect=dialect) as device:
        device.listen()
        yield device


@pytest.fixture
def make_till(terminal: NexoPoi, dialect: str) -> Iterator[Callable[..., Till]]:
    made: list[Till] = []

    def make(**options: Any) -> Till:
        made.append(Till.at(terminal, dialect, **options))
        return made[-1]

    yield make
    for device in made:
        device.driver.close()


@pytest.fixture
def till(make_till: Callable[..., Till]) -> Till:
    """A till whose terminal is open."""
    return make_till().open()
