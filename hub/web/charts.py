"""Charts as SVG, drawn here: nothing is fetched and nothing runs in the browser. Colours are the style sheet's.

A chart is a picture beside a table that says the same, so that it is hidden from screen readers, and a bar tells its
value to a mouse that rests on it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

WIDTH: Final = 720
HEIGHT: Final = 240
_LEFT: Final = 64
_TOP: Final = 12
_RIGHT: Final = 16
_BOTTOM: Final = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar: what stands under it, how high it is, and what it tells."""

    label: str
    value: int
    text: str


def bars(entries: Sequence[Bar], *, scale: Callable[[int], str]) -> Markup:
    """Draw bars from zero; `scale` writes the values of the lines behind them."""
    step = _step(max((entry.value for entry in entries), default=0))
    lowest = min(0, *(-_steps(-entry.value, step) * step for entry in entries)) if entries else 0
    lines = max(1, _steps(max((entry.value for entry in entries), default=0), step))
    high = lines * step
    width = (WIDTH - _LEFT - _RIGHT) / max(1, len(entries))
    inner = HEIGHT - _TOP - _BOTTOM

    def y(value: int) -> float:
        return _TOP + inner * (high - value) / (high - lowest)

    parts = []
    for value in range(lowest, high + 1, step):
        kind = "axis" if value == 0 else "grid"
        parts.append(
            f'<line class="{kind}" x1="{_LEFT}" x2="{WIDTH}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
            f'<text class="scale" x="{_LEFT - 10}" y="{y(value) + 4:.1f}">{escape(scale(value))}</text>'
        )
    every = 1 + (len(entries) - 1) // 16
    for number, entry in enumerate(entries):
        left = _LEFT + number * width
        top, bottom = sorted((y(entry.value), y(0)))
        parts.append(
            f'<rect class="bar" x="{left + width * 0.14:.1f}" width="{width * 0.72:.1f}" y="{top:.1f}" '
            f'height="{bottom - top:.1f}" rx="2"><title>{escape(entry.label)}: {escape(entry.text)}</title></rect>'
        )
        if number % every == 0:
            parts.append(
                f'<text class="label" x="{left + width / 2:.1f}" y="{HEIGHT - 8}">{escape(entry.label)}</text>'
            )
    drawn = "".join(parts)
    return Markup(  # noqa: S704 - every text in it is escaped
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true" focusable="false">{drawn}</svg>'
    )


def _steps(value: int, step: int) -> int:
    return -(-max(0, value) // step)


def _step(largest: int) -> int:
    """Give a round distance of lines, so that there are three to five of them below the largest value."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if step * factor * 4 >= largest:
                return step * factor
        step *= 10
