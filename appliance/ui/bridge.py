"""The one crossing between the register's thread and the screen's: pages in, commands out.

The register calls `show`, `refuse` and `play` from its own thread and never waits. The screen takes what has come in
one go on the main thread; of pages that came in between only the newest is left. Nothing of Kivy is imported here: the
app lends its `schedule`, the only function of Kivy that any other thread may call.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock
from typing import Protocol, TypeVar

from appliance.core.checkout import Checkout, Rejection
from appliance.core.effects import Sound
from appliance.ui.entry import Refused, Shown
from appliance.ui.viewmodel import page

R = TypeVar("R")

Schedule = Callable[[Callable[[float], None]], object]
"""Runs a function on the main thread at its next turn."""


class Listener(Protocol):
    """Who takes what has come, on the main thread."""

    def take(self, news: tuple[Shown | Refused, ...]) -> None:
        """Take pages and refusals, in the order in which they happened."""
        ...

    def play(self, sound: Sound) -> None:
        """Play a sound."""
        ...


class Bridge:
    """What the register sees of the screen (`ports.Presenter`)."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._news: deque[Shown | Refused] = deque()
        self._sounds: deque[Sound] = deque()
        self._due = False
        self._schedule: Schedule | None = None
        self._listener: Listener | None = None

    # The register's side --------------------------------------------------------------------------------------------

    def show(self, checkout: Checkout) -> None:
        """Show this state; the newest wins."""
        shown = Shown(page(checkout))
        with self._lock:
            if self._news and isinstance(self._news[-1], Shown):
                self._news.pop()
            self._news.append(shown)
            self._ring()

    def refuse(self, rejection: Rejection) -> None:
        """Tell the person at the till why nothing happened."""
        with self._lock:
            self._news.append(Refused(rejection))
            self._ring()

    def play(self, sound: Sound) -> None:
        """Play a sound."""
        with self._lock:
            self._sounds.append(sound)
            self._ring()

    def call(self, function: Callable[[], R], seconds: float = 10.0) -> R:
        """Run a function on the main thread and wait for its answer; TimeoutError if the screen hangs or is shut.

        For what drives the screen from outside: the demo, the self-test, a clean stop. Never for the register.
        """
        answer: Future[R] = Future()

        def run(_: float) -> None:
            try:
                answer.set_result(function())
            except BaseException as error:  # noqa: BLE001 - it is raised where it was asked for
                answer.set_exception(error)

        with self._lock:
            schedule = self._schedule
        if schedule is None:
            raise TimeoutError("the screen is not open")
        schedule(run)
        return answer.result(seconds)

    def _ring(self) -> None:
        if self._schedule is not None and not self._due:
            self._due = True
            self._schedule(self._deliver)

    # The screen's side ----------------------------------------------------------------------------------------------

    def attach(self, listener: Listener, schedule: Schedule) -> None:
        """Begin to deliver; what came before is delivered first."""
        with self._lock:
            self._listener, self._schedule = listener, schedule
            self._due = False
            if self._news or self._sounds:
                self._ring()

    def detach(self) -> None:
        """Stop delivering; pages are kept for the next screen."""
        with self._lock:
            self._listener = self._schedule = None

    def _deliver(self, _: float) -> None:
        with self._lock:
            listener = self._listener
            if listener is None:
                return
            news, sounds = tuple(self._news), tuple(self._sounds)
            self._news.clear()
            self._sounds.clear()
            self._due = False
        for sound in sounds:
            listener.play(sound)
        if news:
            listener.take(news)
