"""The state diagrams of docs/architecture.md, drawn from the tables of the core.

`python -m tests.architecture.diagram` puts them into the file; a test sees that they are true.
"""

from collections.abc import Mapping
from enum import Enum
from pathlib import Path

from appliance.core.events import Event
from appliance.core.lifecycle import LANE, TRANSACTION

PAGE = Path(__file__).parents[2] / "docs" / "architecture.md"
TABLES = {"transaction": TRANSACTION, "lane": LANE}


def diagram(table: Mapping[tuple[Enum, type[Event]], Enum]) -> str:
    """Give a table as a Mermaid state diagram: one arrow for each pair of states, with its events."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for (state, event), after in table.items():
        arrows.setdefault((state.name, after.name), []).append(event.__name__)
    lines = [
        f"    {start} --> {end}: {', '.join(sorted(events))}"
        for (start, end), events in sorted(arrows.items())
        if start != end
    ]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```"])


def drawn(text: str) -> str:
    """Give a page with its diagrams drawn anew."""
    for name, table in TABLES.items():
        before, start, rest = text.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition("\n<!-- end -->")
        text = before + start + diagram(table) + end + after
    return text


if __name__ == "__main__":
    PAGE.write_text(drawn(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
