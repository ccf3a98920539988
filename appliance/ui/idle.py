"""The one timer of the screen: what happens if nobody does anything."""

from __future__ import annotations

from collections.abc import Callable

from kivy.clock import Clock, ClockEvent

from appliance.ui.entry import Deadline, Elapsed


class Idle:
    """Runs the deadline of the present picture (`entry.deadline`)."""

    def __init__(self, fire: Callable[[Elapsed], None]) -> None:
        self._fire = fire
        self._running: Deadline | None = None
        self._timer: ClockEvent | None = None

    def watch(self, deadline: Deadline | None, *, touched: bool) -> None:
        """Take the deadline of a new picture; an equal one runs on unless a person has done something."""
        if deadline == self._running and not touched:
            return
        self.stop()
        self._running = deadline
        if deadline is not None:
            self._timer = Clock.schedule_once(self._over, deadline.seconds)

    def stop(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self._running = None

    def _over(self, _: float) -> None:
        deadline, self._running, self._timer = self._running, None, None
        if deadline is not None:
            self._fire(deadline.intent)
