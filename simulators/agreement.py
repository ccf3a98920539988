"""Whether everybody tells the same story: the journals of tills, the hub's books, and the books of what took money."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from appliance.store.inspection import documents
from simulators.stage import Stage, wait_for

_SIGNS: Final = {"transaction.completed": 1, "transaction.post_voided": -1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Takings:
    """What came in at one till, by its own journal and by the books of the devices that took it."""

    state: Path
    """The till's folder."""
    books: Mapping[str, int]
    """Charges less refunds of each device; minor units."""
    till: str = "till"

    def sales(self) -> list[tuple[str, int]]:
        """Give number and total of each sale of the journal; an undone one counts once more, as its negative."""
        return [(data["transaction"], sign * data["total"]) for sign, data in self._counted()]

    def due(self) -> int:
        """Give what customers had to pay in all, minor units: cash is rounded."""
        return sum(sign * (data["total"] + (data.get("rounding") or 0)) for sign, data in self._counted())

    def _counted(self) -> list[tuple[int, dict[str, Any]]]:
        return [(_SIGNS[row["type"]], row["data"]) for row in documents(self.state) if row["type"] in _SIGNS]


def compare(stage: Stage, *takings: Takings) -> bool:
    """Say whether journals, hub and devices agree on every sale and on all money."""
    at_tills = sorted(sale for each in takings for sale in each.sales())

    def at_hub() -> list[tuple[str, int]]:
        sales = json.loads(stage.hub.ask("sales", "--json"))["sales"]
        return sorted((sale["transaction"], sale["total"]) for sale in sales)

    with contextlib.suppress(TimeoutError):
        wait_for(lambda: at_hub() == at_tills, "the hub's receipt of all sales")
    booked = at_hub()
    agree = booked == at_tills and all(sum(each.books.values()) == each.due() for each in takings)
    lines = [
        f"{each.till}: {_told(each.sales())}; " + ", ".join(f"{name} {minor} øre" for name, minor in each.books.items())
        for each in takings
    ]
    verdict = "all agree" if agree else "THEY DO NOT AGREE"
    print("", *lines, f"hub: {_told(booked)}: {verdict}", sep="\n", flush=True)  # noqa: T201 - the verdict of the demo
    return agree


def _told(sales: list[tuple[str, int]]) -> str:
    return f"{len(sales)} sales, {sum(total for _, total in sales)} øre"
