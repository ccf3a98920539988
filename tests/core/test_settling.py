"""The end of a terminal's day: when staff may ask for it."""

from __future__ import annotations

import pytest

from appliance.core import commands as c
from appliance.core.checkout import Reason
from appliance.core.effects import CloseDay
from tests.core.test_selling import reason
from tests.core.till import Till


@pytest.mark.parametrize("health", [c.Health.ONLINE, c.Health.OFFLINE])
def test_the_day_of_a_terminal_can_be_closed_also_while_it_takes_no_payment(health: c.Health) -> None:
    till = Till()
    till.device("terminal", "CAT", health)
    till.sign_on()
    till.do(c.CloseTerminalDay("terminal"))
    assert CloseDay("terminal") in till.effects


def test_the_day_of_a_terminal_that_is_switched_off_is_not_closed() -> None:
    till = Till()
    till.device("terminal", "CAT", c.Health.OFF)
    till.sign_on()
    assert reason(till.do(c.CloseTerminalDay("terminal"))) is Reason.TENDER_NOT_AVAILABLE


def test_nobody_closes_a_day_without_having_signed_on() -> None:
    assert reason(Till().do(c.CloseTerminalDay("terminal"))) is Reason.NOT_SIGNED_ON
