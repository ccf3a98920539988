"""What benchmarks measure, as a table: each figure with its unit, its bar, and the baseline of the same run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One figure. `baseline` and `ratio` are None where there is nothing to compare with."""

    name: str
    value: float
    unit: str
    baseline: float | None = None
    """The same figure of the simplest thing that could do the job, in the same unit and the same run."""
    baseline_name: str = ""
    bar: float | None = None
    """The figure to reach, in `unit`; or the ratio to reach, if `bar_is_ratio`."""
    bar_is_ratio: bool = False
    at_least: bool = False
    """The bar is a minimum, not a maximum."""

    @property
    def ratio(self) -> float | None:
        """How many times the baseline."""
        return None if not self.baseline else self.value / self.baseline

    @property
    def passed(self) -> bool | None:
        """Whether the bar is reached; None without a bar."""
        figure = self.ratio if self.bar_is_ratio else self.value
        if self.bar is None or figure is None:
            return None
        return figure >= self.bar if self.at_least else figure <= self.bar


_HEAD = ("measured", "value", "unit", "baseline", "ratio", "bar", "")


def _cells(measured: Measurement) -> tuple[str, ...]:
    verdict = {None: "", True: "ok", False: "MISSED"}[measured.passed]
    bar = ""
    if measured.bar is not None:
        sign = ">=" if measured.at_least else "<="
        bar = f"{sign} {number(measured.bar)}{'x' if measured.bar_is_ratio else ''}"
    baseline = ""
    if measured.baseline is not None:
        baseline = f"{number(measured.baseline)} {measured.baseline_name}".strip()
    ratio = "" if measured.ratio is None else f"{measured.ratio:.2f}x"
    return (measured.name, number(measured.value), measured.unit, baseline, ratio, bar, verdict)


def number(value: float) -> str:
    """Give a figure with about three significant digits."""
    if value and abs(value) < 1:
        return f"{value:.3g}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}".rstrip("0").rstrip(".")


def table(measurements: Iterable[Measurement]) -> list[str]:
    """Give the lines of a table."""
    rows: Sequence[tuple[str, ...]] = [_HEAD, *(_cells(measured) for measured in measurements)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    right = {1, 4}
    lines = [
        "  ".join(
            cell.rjust(width) if at in right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return [lines[0], "-" * max(map(len, lines)), *lines[1:]]


def print_table(title: str, measurements: Iterable[Measurement]) -> None:
    """Print a table."""
    print(f"\n{title}")
    for line in table(measurements):
        print(line)


def percentile(values: Sequence[float], share: float) -> float:
    """Give the value below which a share (0 to 1) of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
