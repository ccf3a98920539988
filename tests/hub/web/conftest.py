"""A shop that is served, and one that a test may change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.web.parts import Shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop with books, for tests that only look."""
    yield from served(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def own_shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop of the test's own."""
    yield from served(tmp_path / "hub")


def served(folder: Path) -> Iterator[Shop]:
    shop = Shop(folder)
    shop.fill()
    shop.start()
    yield shop
    shop.stop()
