"""The sample shop, for everything that sells."""

import pytest

from appliance.core.money import Currency
from simulators.goods import SAMPLE_SHOP, Good, read_goods


@pytest.fixture(scope="session")
def goods() -> tuple[Good, ...]:
    return read_goods(SAMPLE_SHOP / "products.csv", Currency.parse("NOK"))
