"""How often the loop ticks: fast while somebody is here, slowly on a page that waits for the next customer.

Nothing is drawn when nothing changes; only the loop itself costs time (measured: 1.4-1.9 % of a core at 60 ticks a
second, 0.2-0.5 % at 10). What the register has to show waits for no tick: it wakes the loop. A touch is seen at the
next tick, the first one after a quiet spell 100 ms later at worst.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
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
    """Sets the rate. Alone in touching what is Kivy's own in the clock: Config.set does nothing at run time.

    `steady`: at full rate always, and by Kivy's own waiting. `rested` is called whenever it goes quiet.
    """

    def __init__(self, *, steady: bool = False, rested: Callable[[], None] = lambda: None) -> None:
        self._steady = steady
        self._rested = rested
        self._page = ""
        self._woken = Event()
        if not steady:
            Clock.idle = self._wait
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

    def call_soon(self, function: Callable[[float], None]) -> None:
        """Run a function on the main thread, at once; from any thread."""
        Clock.schedule_once(function)
        self._woken.set()

    def stop(self) -> None:
        """Leave the clock at full rate."""
        self._calm_down.cancel()
        if not self._steady:
            del Clock.idle
        Clock._max_fps = FAST  # noqa: SLF001 - the same

    @property
    def rate(self) -> float:
        """Ticks a second now."""
        return float(Clock._max_fps)  # noqa: SLF001 - the same

    def _wait(self) -> float:
        """Wait for the next tick or for `call_soon`, and give the time; in the place of the clock's `idle`."""
        last, rate = Clock._last_tick, Clock._max_fps  # noqa: SLF001 - the same
        if rate:
            self._woken.wait(max(0.0, 1 / rate - (Clock.time() - last)))
        self._woken.clear()
        now = float(Clock.time())
        Clock._dt, Clock._last_tick = now - last, now  # noqa: SLF001 - the same
        return now

    def _quieten(self, _: float) -> None:
        Clock._max_fps = QUIET  # noqa: SLF001 - the same
        self._rested()
