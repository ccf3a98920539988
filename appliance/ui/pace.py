"""How often the loop ticks: fast while somebody is here, slowly on a page that waits for the next customer.

Nothing is drawn when nothing changes; only the loop itself costs time (measured: 1.4-1.9 % of a core at 60 ticks a
second, 0.2-0.5 % at 10). The first touch or scan after a quiet spell waits 100 ms at worst.
"""

from __future__ import annotations

from typing import Final

from kivy.clock import Clock

FAST: Final = 60
QUIET: Final = 10
QUIET_AFTER: Final = 5.0
"""Seconds without input."""
QUIET_PAGES: Final = frozenset({"attract", "closed", "out_of_service"})


def unthrottle() -> None:
    """Tick as fast as the machine can: for pictures and tests that turn the loop themselves."""
    Clock._max_fps = 0  # noqa: SLF001 - Kivy offers no other way at run time; a test guards the name


class Pace:
    """Sets the rate. Alone in touching Kivy's private `Clock._max_fps`: Config.set does nothing at run time."""

    def __init__(self, *, steady: bool = False) -> None:
        self._steady = steady
        self._page = ""
        self._calm_down = Clock.create_trigger(self._quieten, QUIET_AFTER)

    def page(self, name: str) -> None:
        """A page is shown."""
        if name != self._page:
            self._page = name
            self.stir()

    def stir(self) -> None:
        """Something happens: full rate, and quiet again after a while on a page that waits."""
        Clock._max_fps = FAST  # noqa: SLF001 - Kivy offers no other way at run time; a test guards the name
        self._calm_down.cancel()
        if self._page in QUIET_PAGES and not self._steady:
            self._calm_down()

    def stop(self) -> None:
        """Leave the clock at full rate."""
        self._calm_down.cancel()
        Clock._max_fps = FAST  # noqa: SLF001 - the same

    @property
    def rate(self) -> float:
        """Ticks a second now."""
        return float(Clock._max_fps)  # noqa: SLF001 - the same

    def _quieten(self, _: float) -> None:
        Clock._max_fps = QUIET  # noqa: SLF001 - the same
