"""An inbox that can be waited on, and waiting for a condition."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from appliance.core.commands import Command

C = TypeVar("C")


class Inbox:
    """Collects what is posted."""

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self._news = threading.Condition()

    def post(self, command: Command) -> None:
        with self._news:
            self.commands.append(command)
            self._news.notify_all()

    def of(self, kind: type[C]) -> list[C]:
        with self._news:
            return [command for command in self.commands if isinstance(command, kind)]

    def wait(self, kind: type[C], matches: Callable[[C], bool] = lambda _: True, timeout: float = 10.0) -> C:
        """Give the first command of a kind that matches; fails after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while True:
            for command in self.of(kind):
                if matches(command):
                    return command
            with self._news:
                left = deadline - time.monotonic()
                assert left > 0, f"no such {kind.__name__} within {timeout} s; there were {self.of(kind)}"
                self._news.wait(min(left, 0.1))


def until(condition: Callable[[], bool], timeout: float = 10.0) -> None:
    """Wait for a condition; fails after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.01)
