"""Hands and eyes for a till in a process of its own (simulators/driven.py): touch, look, pull the plug."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

PATIENCE_S: Final = 30.0

View = Mapping[str, Any]


class Hands:
    """One till process; use as a context manager. `log` gets what it writes."""

    def __init__(self, config: Path, log: Path) -> None:
        self._config = config
        self._log = log
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self.stop() if error is None else self.pull_the_plug()

    def start(self) -> None:
        """Switch the till on."""
        with self._log.open("a", encoding="utf-8") as log:
            self._process = subprocess.Popen(  # noqa: S603  # our own program
                [sys.executable, "-m", "simulators.driven", "--config", str(self._config)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def pull_the_plug(self) -> None:
        """End the till as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._release()

    def stop(self) -> int:
        """End the till in good order; give its exit code."""
        assert self._process is not None
        self._ask("stop")
        return self._release()

    def _release(self) -> int:
        assert self._process is not None
        process, self._process = self._process, None
        for end in (process.stdin, process.stdout):
            if end is not None:
                end.close()
        return process.wait(timeout=PATIENCE_S)

    def _ask(self, line: str) -> Any:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(line + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise ConnectionError(f"the till has ended (exit code {process.wait()}); see {self._log}")
        return json.loads(answer)

    def view(self) -> View | None:
        """Give the picture on the screen in words; None before the first one."""
        seen: View | None = self._ask("view")
        return seen

    def log(self) -> str:
        """Give what the till has written."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def screenshot(self, path: Path) -> None:
        """Take the picture on the screen."""
        self._ask(f"screenshot {path}")

    def wait(self, condition: Callable[[View], bool], what: str, seconds: float = PATIENCE_S) -> View:
        """Wait for a picture; TimeoutError says what did not come and what was there instead."""
        deadline = time.monotonic() + seconds
        while True:
            seen = self.view()
            if seen is not None and condition(seen):
                return seen
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} did not come; the screen shows {seen and seen['page']}; see {self._log}")
            time.sleep(0.02)

    def page(self, name: str) -> View:
        """Wait for a page."""
        return self.wait(lambda view: view["page"] == name, f"the page {name}")

    def touch(self, name: str) -> bool:
        """Touch a button now; False if the picture has none of this name."""
        return bool(self._ask(f"tap {name}"))

    def tap(self, name: str) -> None:
        """Touch a button as soon as it is there."""
        deadline = time.monotonic() + PATIENCE_S
        while not self.touch(name):
            if time.monotonic() > deadline:
                seen = self.view()
                raise TimeoutError(f"no button {name}; the screen shows {seen and seen['page']}; see {self._log}")
            time.sleep(0.02)
