"""L: a list of staff pages. Tabs, rows with their state, the detail of the chosen one and what can be done with it."""

from __future__ import annotations

from appliance.ui.screens.customer.basket import list_steps, row_height
from appliance.ui.screens.sheet import PRIMARY_WIDTH, Sheet, columns
from appliance.ui.theme import MARGIN, RADIUS_CARD, STAFF_TARGET, TARGET, Size, Token
from appliance.ui.widgets.parts import LEADING, Level, Panel, Part, Rect, Rows, Shape, Side, Words

GAP = 16
_PAD = 8


def compose(sheet: Sheet) -> list[Part]:
    """Give the parts."""
    view = sheet.view
    parts = sheet.ground()
    top = sheet.top
    if view.tabs:
        place = Rect(MARGIN, top, sheet.inner, STAFF_TARGET)
        for action, cell in zip(view.tabs, columns(place, len(view.tabs), GAP), strict=True):
            parts.append(
                sheet.button(action, cell, key=f"tab:{action.name}", shape=Shape.ROW, bold=action.selected)
            )
        top += STAFF_TARGET + GAP
    elif view.title:
        at = Rect(MARGIN, top - 8, sheet.inner, LEADING[Size.TITLE])
        parts.append(Words(key="list:title", at=at, text=view.title, size=Size.TITLE, bold=True))
        top += LEADING[Size.TITLE] + 8
    if sheet.portrait:
        parts += _portrait(sheet, top)
    else:
        parts += _landscape(sheet, top)
    return [*parts, *_bar(sheet, parts), *sheet.primary(low=True)]


def _bar(sheet: Sheet, parts: list[Part]) -> list[Part]:
    """Give the bar: the steps of a long list stand at its end."""
    rows = next((part for part in parts if isinstance(part, Rows)), None)
    if rows is None or len(rows.rows) * rows.row_height <= rows.at.height:
        return sheet.buttons()
    bar = sheet.bar
    width = 2 * TARGET + GAP
    steps = Rect(bar.right - width, bar.y, width, bar.height)
    return [*sheet.buttons(Rect(bar.x, bar.y, bar.width - width - MARGIN, bar.height)), *list_steps(sheet, steps)]


def _landscape(sheet: Sheet, top: float) -> list[Part]:
    floor = sheet.floor
    narrow = PRIMARY_WIDTH if _detailed(sheet) else 0
    room = Rect(MARGIN, top, sheet.inner - (narrow + MARGIN if narrow else 0), floor - top)
    side = Rect(sheet.right, top, PRIMARY_WIDTH, floor - top)
    return [*_list(sheet, room), *_side(sheet, side)]


def _portrait(sheet: Sheet, top: float) -> list[Part]:
    floor = sheet.primary_place(low=True).y - MARGIN if sheet.view.primary else sheet.bar.y - MARGIN
    if not _detailed(sheet):
        return _list(sheet, Rect(MARGIN, top, sheet.inner, floor - top))
    high = max(240.0, _side_height(sheet, sheet.inner))
    high = min(high, (floor - top) * 0.55)
    room = Rect(MARGIN, top, sheet.inner, floor - top - high - MARGIN)
    return [*_list(sheet, room), *_side(sheet, Rect(MARGIN, room.bottom + MARGIN, sheet.inner, high))]


def _detailed(sheet: Sheet) -> bool:
    return bool(sheet.view.detail or sheet.view.choices or sheet.view.sentence)


def _list(sheet: Sheet, room: Rect) -> list[Part]:
    view = sheet.view
    parts: list[Part] = [
        Panel(key="list:card", at=room, fill=Token.CARD, edge=Token.EDGE, radius=RADIUS_CARD),
    ]
    if view.rows:
        inside = Rect(room.x + 2, room.y + _PAD, room.width - 4, room.height - 2 * _PAD)
        parts.append(
            Rows(
                key="list:rows",
                at=inside,
                rows=view.rows,
                row_height=row_height(sheet, inside.height),
                size=sheet.body,
                plain=True,
                follow=False,
            )
        )
    else:
        parts.append(
            Words(
                key="list:empty",
                at=room.inset(MARGIN),
                text=view.empty,
                size=sheet.body,
                ink=Token.SOFT,
                side=Side.CENTRE,
                level=Level.MIDDLE,
                balanced=True,
            )
        )
    return parts


def _side_height(sheet: Sheet, width: float) -> float:
    view = sheet.view
    tall = sheet.block(view.sentence, sheet.body, width) + (16 if view.sentence else 0)
    tall += sum(_pair_height(sheet, value, width) for _, value in view.detail)
    lines = len(view.choices) if not sheet.portrait else -(-len(view.choices) // 2)
    return tall + lines * (TARGET + GAP)


def _pair_height(sheet: Sheet, value: str, width: float) -> float:
    return LEADING[Size.NOTE] + sheet.block(value, sheet.body, width) + 8


def _side(sheet: Sheet, room: Rect) -> list[Part]:
    """Give the detail of the chosen row from the top, and its actions from the bottom."""
    view = sheet.view
    parts: list[Part] = []
    top = room.y
    for i, (label, value) in enumerate(view.detail):
        high = LEADING[Size.NOTE]
        parts.append(
            Words(
                key=f"detail:{i}:label",
                at=Rect(room.x, top, room.width, high),
                text=label,
                size=Size.NOTE,
                ink=Token.SOFT,
                needed=False,
            )
        )
        tall = sheet.block(value, sheet.body, room.width)
        at = Rect(room.x, top + high, room.width, tall)
        parts.append(Words(key=f"detail:{i}", at=at, text=value, size=sheet.body, bold=True))
        top = at.bottom + 8
    if view.sentence:
        tall = sheet.block(view.sentence, sheet.body, room.width)
        parts.append(
            Words(
                key="list:sentence",
                at=Rect(room.x, top + 8, room.width, tall),
                text=view.sentence,
                size=sheet.body,
                ink=Token.SOFT,
            )
        )
    return [*parts, *_actions(sheet, room)]


def _actions(sheet: Sheet, room: Rect) -> list[Part]:
    actions = sheet.view.choices
    if not actions:
        return []
    across = 2 if sheet.portrait and len(actions) > 1 else 1
    down = -(-len(actions) // across)
    high = STAFF_TARGET if down > 2 else 104
    place = Rect(room.x, room.bottom - down * high - (down - 1) * GAP, room.width, high)
    parts: list[Part] = []
    for i, action in enumerate(actions):
        line = Rect(place.x, place.y + (i // across) * (high + GAP), place.width, high)
        cell = columns(line, across, GAP)[i % across]
        parts.append(sheet.button(action, cell, key=f"choice:{action.name}", shape=Shape.ROW))
    return parts
