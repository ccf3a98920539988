"""The bench of the test's driver."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory

from tests.contracts.benches import Bench, bench
from tests.io.conftest import no_thread_stays_behind, pins, receipt

__all__ = ["no_thread_stays_behind", "pins", "receipt"]


@pytest.fixture(name="bench")
def bench_fixture(request: pytest.FixtureRequest, tmp_path: Path, pins: MockFactory) -> Iterator[Bench]:
    with bench(request.param, tmp_path, pins) as found:
        yield found
        found.device.close()
