"""The bottom bar: Help first, Adjust last, each with icon and word."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from appliance.ui.theme import GAP, MARGIN, TARGET, Size
from appliance.ui.view import Action
from appliance.ui.widgets.parts import Part, Rect, Shape

if TYPE_CHECKING:
    from appliance.ui.screens.sheet import Sheet

_USUAL: Final = 248
_ICON: Final = 40 + 16


@dataclass(frozen=True, slots=True)
class Slot:
    """A button of the bar: how wide it has to be, and in which shape."""

    action: Action
    width: float
    shape: Shape


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the bar."""

    slots: tuple[Slot, ...]
    size: Size
    gap: float


def height(sheet: Sheet, width: float) -> float:
    """Give the height of the bar: two lines where one is too narrow, as on an upright screen."""
    lines = max(1, len(_lines(sheet, width)))
    return lines * TARGET + (lines - 1) * MARGIN


def compose(sheet: Sheet, place: Rect) -> list[Part]:
    """Give the buttons."""
    parts: list[Part] = []
    lines = _lines(sheet, place.width)
    for i, line in enumerate(lines):
        at = Rect(place.x, place.y + i * (TARGET + MARGIN), place.width, TARGET)
        parts += _row(sheet, line, at, full=len(lines) > 1)
    return parts


def _lines(sheet: Sheet, width: float) -> list[Line]:
    actions = sheet.view.bar
    if not actions:
        return []
    one = _fitting(sheet, actions, width)
    if one is not None:
        return [one]
    middle = -(-len(actions) // 2)
    halves = [_fitting(sheet, half, width) for half in (actions[:middle], actions[middle:]) if half]
    return [half for half in halves if half is not None]


def _fitting(sheet: Sheet, actions: tuple[Action, ...], width: float) -> Line | None:
    """Set one line: in the size asked for, else in the usual one, else with the longest words in two lines."""
    for size in dict.fromkeys((sheet.body, Size.BODY)):
        # Two lines beside an icon fit into the bar in the usual size only.
        for folded in range(len(actions) + 1 if size is Size.BODY else 1):
            slots = _slots(sheet, actions, size, folded)
            for gap in (MARGIN, GAP):
                if sum(slot.width for slot in slots) + gap * (len(slots) - 1) <= width:
                    return Line(slots, size, gap)
    return None


def _slots(sheet: Sheet, actions: tuple[Action, ...], size: Size, folded: int) -> tuple[Slot, ...]:
    """Give the slots, the `folded` longest words of two parts beside their icon in two lines."""
    plain = [max(TARGET, sheet.setting.width(action.text, size) + 28) for action in actions]
    longest = sorted((i for i, a in enumerate(actions) if " " in a.text), key=lambda i: -plain[i])[:folded]
    slots = []
    for i, action in enumerate(actions):
        beside = _folded_width(sheet, action, size) if i in longest else plain[i]
        if i in longest and beside < plain[i]:
            slots.append(Slot(action, beside, Shape.ROW))
        else:
            slots.append(Slot(action, plain[i], Shape.COLUMN))
    return tuple(slots)


def _folded_width(sheet: Sheet, action: Action, size: Size) -> float:
    """Give the width that a text needs in two lines, its icon before it."""
    words = action.text.split(" ")
    ends = range(1, len(words))
    halves = [(" ".join(words[:end]), " ".join(words[end:])) for end in ends]
    widest = min(max(sheet.setting.width(line, size) for line in pair) for pair in halves)
    return max(TARGET, widest + _ICON + 28)


def _row(sheet: Sheet, line: Line, place: Rect, *, full: bool) -> list[Part]:
    count = len(line.slots)
    natural = [slot.width for slot in line.slots]
    share = (place.width - line.gap * (count - 1)) / count
    if max(natural) <= share:
        widths = [share if full else min(share, max(_USUAL, *natural, 0))] * count
    else:
        spare = (place.width - line.gap * (count - 1) - sum(natural)) / count
        widths = [width + spare for width in natural]
    edges = [place.x]
    for width in widths:
        edges.append(edges[-1] + width + line.gap)
    return [
        sheet.button(
            slot.action,
            Rect(round(left), place.y, round(right - line.gap) - round(left), place.height),
            key=f"bar:{slot.action.name}",
            size=line.size,
            shape=slot.shape,
        )
        for slot, (left, right) in zip(line.slots, pairwise(edges), strict=True)
    ]
