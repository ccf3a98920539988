"""A kiosk at its counter, with and without a hub."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.core.money import Currency
from simulators.goods import SAMPLE_SHOP, Good, read_goods
from tests.journeys.kiosk import Kiosk


@pytest.fixture(scope="session")
def goods() -> tuple[Good, ...]:
    return read_goods(SAMPLE_SHOP / "products.csv", Currency.parse("NOK"))


@pytest.fixture
def make_kiosk(tmp_path: Path, goods: tuple[Good, ...]) -> Iterator[Callable[..., Kiosk]]:
    """Make kiosks that are off; what is still on at the end loses its power."""
    made: list[Kiosk] = []

    def make(**options: object) -> Kiosk:
        kiosk = Kiosk(tmp_path / f"counter-{len(made)}", goods, **options)  # type: ignore[arg-type]
        made.append(kiosk.__enter__())
        return kiosk

    yield make
    for kiosk in made:
        kiosk.__exit__(None, None, None)


@pytest.fixture
def kiosk(make_kiosk: Callable[..., Kiosk]) -> Kiosk:
    """A kiosk without a hub, switched on and open."""
    kiosk = make_kiosk()
    kiosk.boot(expect="attract")
    return kiosk
