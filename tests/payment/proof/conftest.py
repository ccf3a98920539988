"""The sum of a run of the proof."""

from __future__ import annotations

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how often payments were cut, and how often books and journal then disagreed."""
    sums: dict[str, int] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport) and report.when == "call":
                for name, value in report.user_properties:
                    if name in ("cuts", "mismatches") and isinstance(value, int):
                        sums[name] = sums.get(name, 0) + value
    if sums:
        terminalreporter.section("proof of payments")
        terminalreporter.write_line(f"{sums['cuts']} cuts, {sums['mismatches']} mismatches")
