"""What a benchmark found: a value beside the baseline of the same run and the goal, as a table and as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One figure. `value` and `baseline` have the same `unit`."""

    name: str
    value: float
    unit: str
    baseline: float | None = None
    """What the same run gives without the thing that is measured."""
    baseline_name: str = ""
    most: float | None = None
    """The value must not be above this."""
    most_ratio: float | None = None
    """The value must not be more than so many times the baseline."""
    least: float | None = None
    """The value must not be below this."""

    @property
    def ratio(self) -> float | None:
        """Value by baseline."""
        return self.value / self.baseline if self.baseline else None

    @property
    def goal(self) -> str:
        """The goal in words; "" without one."""
        goals = []
        if self.most is not None:
            goals.append(f"<= {_number(self.most)} {self.unit}")
        if self.least is not None:
            goals.append(f">= {_number(self.least)} {self.unit}")
        if self.most_ratio is not None:
            goals.append(f"<= {_number(self.most_ratio)} x")
        return ", ".join(goals)

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None without one."""
        if not self.goal:
            return None
        return (
            (self.most is None or self.value <= self.most)
            and (self.least is None or self.value >= self.least)
            and (self.most_ratio is None or (self.ratio is not None and self.ratio <= self.most_ratio))
        )


def print_table(measurements: Sequence[Measurement]) -> None:
    """Print a table: name, value, baseline, ratio, goal, verdict."""
    rows = [("", "value", "baseline", "ratio", "goal", "")]
    for found in measurements:
        baseline = "" if found.baseline is None else f"{_number(found.baseline)} {found.unit} {found.baseline_name}"
        ratio = "" if found.ratio is None else f"{found.ratio:.2f} x"
        verdict = {None: "", True: "reached", False: "MISSED"}[found.reached]
        rows.append((found.name, f"{_number(found.value)} {found.unit}", baseline.strip(), ratio, found.goal, verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (
            cell.rjust(width) if column in (1, 3) else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join(cells).rstrip(), flush=True)


def write_json(file: Path, measurements: Sequence[Measurement]) -> None:
    """Write the measurements and what they were made on."""
    document = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "system": platform.platform(),
            "processor": platform.machine(),
            "cores": os.cpu_count(),
            "load": os.getloadavg()[0],
            "python": platform.python_version(),
        },
        "measurements": [
            {**asdict(found), "ratio": found.ratio, "goal": found.goal, "reached": found.reached}
            for found in measurements
        ],
    }
    file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _number(value: float) -> str:
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 10 else f"{value:.1f}"
