from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from simulators.zvt_terminal import ZvtTerminal
from tests.payment.till import FAST, Till

SHARED = Path(os.environ.get("KVITT_SHARED") or Path(__file__).resolve().parents[3] / "shared" / "data") / "payments"


def shared(name: str) -> dict[str, Any]:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{path} is not here; set KVITT_SHARED to the folder with the shared data", allow_module_level=True)
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@pytest.fixture
def terminal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ZvtTerminal]:
    """A simulated terminal, not on any line yet."""
    timers = getattr(request, "param", FAST)
    with ZvtTerminal(tmp_path / "books", **{name: float(timers[name]) for name in ("t1", "t2", "t3")}) as device:
        yield device


@pytest.fixture(params=["tcp", "serial"])
def line(request: pytest.FixtureRequest, terminal: ZvtTerminal) -> str:
    """The URL of the simulated terminal, on each kind of line."""
    if request.param == "tcp":
        return f"tcp://127.0.0.1:{terminal.listen_tcp()}"
    return f"serial://{terminal.open_pty()}?baud=115200"


@pytest.fixture
def tcp(terminal: ZvtTerminal) -> str:
    return f"tcp://127.0.0.1:{terminal.listen_tcp()}"


@pytest.fixture
def till(line: str) -> Iterator[Till]:
    """A till that is registered at the simulated terminal."""
    device = Till(line).open()
    yield device
    device.driver.close()


@pytest.fixture
def make_till() -> Iterator[Callable[..., Till]]:
    made: list[Till] = []

    def make(url: str, **options: object) -> Till:
        made.append(Till(url, options))
        return made[-1]

    yield make
    for device in made:
        device.driver.close()
