"""What holds for every test: no thread is left behind, and shared data is found in one place."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

_PATIENCE_SECONDS = 5.0


@pytest.fixture(autouse=True)
def no_thread_is_left_behind() -> Iterator[None]:
    """Fail a test whose threads are still there after it; those of fixtures with a longer life are not its own."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + _PATIENCE_SECONDS
    for thread in set(threading.enumerate()) - before:
        thread.join(max(0.0, deadline - time.monotonic()))
    left = sorted(thread.name for thread in set(threading.enumerate()) - before)
    assert left == [], f"threads are left behind: {', '.join(left)}"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Give the folder of data that is shared between projects: $KVITT_SHARED, or ../shared/data beside the checkout."""
    folder = Path(os.environ.get("KVITT_SHARED") or Path(__file__).parents[2] / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"the shared data is not here: {folder} (set KVITT_SHARED)")
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures that tests have recorded as `figures`."""
    told = [
        (report.nodeid.rpartition("::")[2], value)
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
        for name, value in report.user_properties
        if name == "figures"
    ]
    if told:
        terminalreporter.section("figures")
        for test, value in told:
            terminalreporter.write_line(f"{test}: {value}")
