"""What a fleet has measured. Times are monotonic seconds."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


def percentile(values: Sequence[float], share: float) -> float:
    """Give the smallest value that is not below `share` (0 to 1) of all; 0 for none."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)] if values else 0.0


def most_in_a_second(moments: Sequence[float]) -> int:
    """Give the largest number of moments in any second, wherever it begins."""
    most, window = 0, deque[float]()
    for moment in sorted(moments):
        window.append(moment)
        while window[0] <= moment - 1.0:
            window.popleft()
        most = max(most, len(window))
    return most


@dataclass(slots=True)
class Figures:
    """Of one run, over all kiosks."""

    latencies: list[float] = field(default_factory=list)
    """Of each sale: seconds from its commit in the journal to the hub's acknowledgement."""
    attempts: list[float] = field(default_factory=list)
    """When a kiosk tried to connect."""
    connects: list[float] = field(default_factory=list)
    """When a kiosk had its subscriptions granted."""
    sales: int = 0
    resent: int = 0
    """Rows sent again."""
    pointers: dict[int, list[float]] = field(default_factory=dict)
    """Catalogue version -> when a kiosk heard of it."""
    deltas: dict[int, list[tuple[float, int]]] = field(default_factory=dict)
    """Catalogue version -> when a kiosk got the change that leads to it, and its bytes on the wire."""

    def document(self) -> dict[str, Any]:
        """Give them as they are printed; latencies in milliseconds."""
        shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
        return {
            "sales": self.sales,
            "acknowledged": len(self.latencies),
            "acknowledged_after_ms": {
                name: round(1000 * percentile(self.latencies, share), 1) for name, share in shares.items()
            },
            "connects": len(self.connects),
            "attempts_in_a_second": most_in_a_second(self.attempts),
            "rows_resent": self.resent,
        }
