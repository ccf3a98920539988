"""How long a till waits before it tries the broker again: never in step with the others, never in a storm."""

from __future__ import annotations

from typing import Final

GOOD_S: Final = 60.0
"""A link that lasted this long forgets what was before."""
CAP_S: Final = 45.0
QUICK_RETURNS: Final = 5
"""Links that may be lost soon after they were good before a return takes longer and longer.

Two tills with one identity push each other off; newer brokers say so, mosquitto 2.0 only closes the connection.
"""


class Patience:
    """Counts attempts that failed and links that did not last."""

    def __init__(self) -> None:
        self._attempt = 0
        self._short = 0

    def lost(self, good_for: float | None, *, taken_over: bool) -> None:
        """A connection ended; `good_for` seconds after it had become good, None if it never did."""
        if good_for is None:
            self._attempt += 1
        elif good_for >= GOOD_S:
            self._attempt = self._short = 0
        else:
            self._short += 1
            self._attempt = self._short if taken_over else max(0, self._short - QUICK_RETURNS)

    def delay(self, spread_s: int, chance: float) -> float:
        """Give the seconds to wait; `spread_s` is the hub's wish, `chance` in [0, 1)."""
        if self._attempt == 0:
            return chance * max(1, spread_s)
        return chance * min(max(CAP_S, spread_s), 2.0 ** min(self._attempt, 30))
