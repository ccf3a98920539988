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
                sheet.button(
                    action, cell, key=f"tab:{action.name}", shape=Shape.ROW, size=Size.BODY, bold=action.selected
                )
            )
        top += STAFF_TARGET + GAP
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
    return [*sheet.buttons(Rect(bar.x, bar.y, bar.width - width - MARGIN, bar.height)), *list_steps(steps)]


def _landscape(sheet: Sheet, top: float) -> list[Part]:
    floor = sheet.floor
    if _facts_only(sheet):
        room = Rect(MARGIN, top, sheet.left, floor - top)
        side = Rect(sheet.right, top, PRIMARY_WIDTH, floor - top)
        return [*_card(sheet, room), *_sentence(sheet, side), *_actions(sheet, side)]
    narrow = PRIMARY_WIDTH if _detailed(sheet) else 0
    room = Rect(MARGIN, top, sheet.inner - (narrow + MARGIN if narrow else 0), floor - top)
    side = Rect(sheet.right, top, PRIMARY_WIDTH, floor - top)
    if _side_height(sheet, side.width) <= side.height:
        return [*_list(sheet, room), *_facts(sheet, side), *_actions(sheet, side)]
    # A long story beside the list: its actions stand below the list instead.
    across = len(sheet.view.choices)
    high = _action_height(sheet, room.width, across)
    below = Rect(room.x, room.bottom - high, room.width, high)
    room = Rect(room.x, room.y, room.width, room.height - high - GAP)
    return [*_list(sheet, room), *_facts(sheet, side), *_actions(sheet, below, across=across)]


def _portrait(sheet: Sheet, top: float) -> list[Part]:
    floor = sheet.primary_place(low=True).y - MARGIN if sheet.view.primary else sheet.bar.y - MARGIN
    if not _detailed(sheet):
        return _list(sheet, Rect(MARGIN, top, sheet.inner, floor - top))
    if _facts_only(sheet):
        across = _across(sheet)
        down = -(-len(sheet.view.choices) // across)
        below = down * (_action_height(sheet, sheet.inner, across) + GAP)
        words = sheet.block(sheet.view.sentence, Size.BODY, sheet.inner)
        room = Rect(MARGIN, top, sheet.inner, floor - top - below - (words + GAP if words else 0))
        told = _sentence(sheet, Rect(MARGIN, room.bottom + GAP - _PAD, sheet.inner, words))
        return [*_card(sheet, room), *told, *_actions(sheet, Rect(MARGIN, top, sheet.inner, floor - top))]
    high = max(240.0, _side_height(sheet, sheet.inner))
    high = min(high, (floor - top) * 0.55)
    room = Rect(MARGIN, top, sheet.inner, floor - top - high - MARGIN)
    side = Rect(MARGIN, room.bottom + MARGIN, sheet.inner, high)
    return [*_list(sheet, room), *_facts(sheet, side), *_actions(sheet, side)]


def _detailed(sheet: Sheet) -> bool:
    return bool(sheet.view.detail or sheet.view.choices or sheet.view.sentence)


def _facts_only(sheet: Sheet) -> bool:
    """Whether there is nothing to choose from: the facts then have the list's place."""
    return bool(sheet.view.detail) and not sheet.view.rows and not sheet.view.empty


def _card(sheet: Sheet, room: Rect) -> list[Part]:
    card = Panel(key="list:card", at=room, fill=Token.CARD, edge=Token.EDGE, radius=RADIUS_CARD)
    return [card, *_facts(sheet, room.inset(MARGIN))]


def _sentence(sheet: Sheet, room: Rect) -> list[Part]:
    """Give what to do, beside or below the facts."""
    text = sheet.view.sentence
    if not text:
        return []
    at = Rect(room.x, room.y + _PAD, room.width, sheet.block(text, Size.BODY, room.width))
    return [Words(key="list:sentence", at=at, text=text, size=Size.BODY, ink=Token.SOFT)]


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
                size=Size.BODY,
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
                size=Size.BODY,
                ink=Token.SOFT,
                side=Side.CENTRE,
                level=Level.MIDDLE,
                balanced=True,
            )
        )
    return parts


def _side_height(sheet: Sheet, width: float) -> float:
    view = sheet.view
    tall: float = sheet.block(view.sentence, Size.BODY, width) + (16 if view.sentence else 0)
    tall += sum(_pair_height(sheet, label, value, width) for label, value in view.detail)
    return tall + -(-len(view.choices) // _across(sheet)) * (_action_height(sheet, width, _across(sheet)) + GAP)


def _action_height(sheet: Sheet, width: float, across: int) -> int:
    """Give the height of the actions: more than the least where a word needs a second line."""
    room = (width - (across - 1) * GAP) / across - 24 - 40 - 16
    two = any(sheet.setting.width(action.text, Size.BODY) > room for action in sheet.view.choices)
    return 2 * LEADING[Size.BODY] + 16 if two else STAFF_TARGET


def _across(sheet: Sheet) -> int:
    return 2 if sheet.portrait and len(sheet.view.choices) > 1 else 1


def _beside(sheet: Sheet, label: str, value: str, width: float) -> bool:
    """Whether label and value stand in one line."""
    text = sheet.setting.width(value, Size.BODY, bold=True)
    return sheet.setting.width(label, Size.NOTE) + 16 + text <= width


def _pair_height(sheet: Sheet, label: str, value: str, width: float) -> float:
    tall = sheet.block(value, Size.BODY, width, bold=True)
    return tall if _beside(sheet, label, value, width) else LEADING[Size.NOTE] + tall + 8


def _facts(sheet: Sheet, room: Rect) -> list[Part]:
    """Give the detail of the chosen row."""
    view = sheet.view
    parts: list[Part] = []
    top = room.y
    for i, (label, value) in enumerate(view.detail):
        beside = _beside(sheet, label, value, room.width)
        tall = sheet.block(value, Size.BODY, room.width, bold=True)
        high = tall if beside else LEADING[Size.NOTE]
        parts.append(
            Words(
                key=f"detail:{i}:label",
                at=Rect(room.x, top, room.width, high),
                text=label,
                size=Size.NOTE,
                ink=Token.SOFT,
                level=Level.MIDDLE,
                needed=False,
            )
        )
        at = Rect(room.x, top if beside else top + high, room.width, tall)
        side = Side.END if beside else Side.START
        parts.append(Words(key=f"detail:{i}", at=at, text=value, size=Size.BODY, bold=True, side=side))
        top += _pair_height(sheet, label, value, room.width)
    return parts


def _actions(sheet: Sheet, room: Rect, across: int = 0) -> list[Part]:
    """Give what can be done with the chosen row, from the bottom up."""
    actions = sheet.view.choices
    if not actions:
        return []
    across = across or _across(sheet)
    down = -(-len(actions) // across)
    high = _action_height(sheet, room.width, across)
    place = Rect(room.x, room.bottom - down * high - (down - 1) * GAP, room.width, high)
    parts: list[Part] = []
    for i, action in enumerate(actions):
        line = Rect(place.x, place.y + (i // across) * (high + GAP), place.width, high)
        cell = columns(line, across, GAP)[i % across]
        parts.append(sheet.button(action, cell, key=f"choice:{action.name}", shape=Shape.ROW, size=Size.BODY))
    return parts
