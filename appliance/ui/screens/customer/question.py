"""Q: a question. Icon, title, one sentence, perhaps an amount, and the choices as large tiles."""

from __future__ import annotations

from appliance.ui.screens.sheet import Sheet, columns, grid, rows
from appliance.ui.theme import GAP, MARGIN, TARGET, Size, Token
from appliance.ui.view import Action, Role
from appliance.ui.widgets.parts import LEADING, Drawing, Level, Panel, Part, Rect, Shape, Words

_ICON = 120
_TILE_LOW, _TILE_HIGH = 208, 256
_ROW_HIGH = 152


def compose(sheet: Sheet) -> list[Part]:
    """Give the parts."""
    parts = [*sheet.ground(), *sheet.buttons(), *sheet.primary()]
    _, bottom = heading(sheet, Rect(MARGIN, sheet.top, sheet.inner, 0))
    floor = _floor(sheet)
    top = max(bottom + 24, sheet.reach + 8)
    tiles = choices(sheet, Rect(MARGIN, top, sheet.inner, floor - top))
    ceiling = min((tile.at.y for tile in tiles), default=floor)
    # The words stand a little above the middle of what the tiles leave.
    free = max(0.0, ceiling - MARGIN - bottom)
    words, _ = heading(sheet, Rect(MARGIN, sheet.top + min(160 if sheet.portrait else 64, free * 0.4), sheet.inner, 0))
    return [*parts, *words, *tiles]


def _floor(sheet: Sheet) -> float:
    if sheet.view.primary is None:
        return sheet.floor
    return sheet.primary_place().y - MARGIN


def heading(sheet: Sheet, place: Rect) -> tuple[list[Part], float]:
    """Give icon, title, sentence and amount, and where they end."""
    view = sheet.view
    left = place.x
    parts: list[Part] = []
    if view.icon:
        disc = Rect(place.x, place.y, _ICON, _ICON)
        parts.append(Panel(key="question:disc", at=disc, fill=Token.SUNK, radius=_ICON / 2))
        parts.append(Drawing(key="question:icon", at=disc.inset(28), icon=view.icon))
        left += _ICON + 32
    width = place.right - left
    title = sheet.block(view.title, Size.TITLE, width, bold=True)
    sentence = sheet.block(view.sentence, sheet.body, width)
    gap = 8 if sentence else 0
    tall = title + gap + sentence
    top = place.y + max(0.0, (_ICON - tall) / 2 if view.icon else 0)
    parts.append(
        Words(key="question:title", at=Rect(left, top, width, title), text=view.title, size=Size.TITLE, bold=True)
    )
    bottom = top + title
    if sentence:
        at = Rect(left, bottom + gap, width, sentence)
        parts.append(Words(key="question:sentence", at=at, text=view.sentence, size=sheet.body, ink=Token.SOFT))
        bottom = at.bottom
    if view.amount:
        amount, bottom = _amount(sheet, Rect(left, bottom + 8, width, LEADING[Size.AMOUNT]))
        parts += amount
    return parts, max(bottom, place.y + _ICON if view.icon else bottom)


def _amount(sheet: Sheet, at: Rect) -> tuple[list[Part], float]:
    view = sheet.view
    size = sheet.fitting(view.amount, (Size.AMOUNT, Size.TITLE), at.width, bold=True)
    label = sheet.setting.width(view.amount_label, sheet.body) + 24 if view.amount_label else 0
    beside = bool(label) and label + sheet.setting.width(view.amount, size, bold=True) <= at.width
    parts: list[Part] = []
    top = at.y
    if view.amount_label:
        high = at.height if beside else LEADING[sheet.body]
        place = Rect(at.x, top, at.width, high)
        parts.append(
            Words(
                key="question:label",
                at=place,
                text=view.amount_label,
                size=sheet.body,
                ink=Token.SOFT,
                level=Level.MIDDLE,
            )
        )
        top += 0 if beside else high
    shift = label if beside else 0
    place = Rect(at.x + shift, top, at.width - shift, LEADING[size])
    parts.append(Words(key="question:amount", at=place, text=view.amount, size=size, bold=True, level=Level.MIDDLE))
    return parts, place.bottom


def choices(sheet: Sheet, room: Rect) -> list[Part]:
    """Give the choices: tiles side by side, or rows one below the other on an upright screen."""
    actions = sheet.view.choices
    if not actions:
        return []
    count = len(actions)
    if sheet.portrait:
        return _stacked(sheet, room, actions)
    if sheet.view.large and count > 2:
        down = -(-count // 2)
        if room.height < down * TARGET + (down - 1) * GAP:
            down -= 1
        gap = MARGIN if room.height >= down * TARGET + (down - 1) * MARGIN else GAP
        tall = min(room.height, down * _ROW_HIGH + (down - 1) * gap)
        cells = grid(Rect(room.x, room.bottom - tall, room.width, tall), -(-count // down), down, gap)
        return [_wide(sheet, a, cell) for a, cell in zip(actions, cells, strict=False)]
    if sheet.view.primary is not None and (count == 1 or (count == 2 and _stops(actions))):
        place = sheet.primary_place()
        high = count * TARGET + (count - 1) * MARGIN
        cells = rows(Rect(place.x, room.bottom - high, place.width, high), count)
        return [_wide(sheet, a, cell, Shape.ROW) for a, cell in zip(actions, cells, strict=True)]
    down = 1 if count <= 5 else 2
    tall = min(room.height, (_TILE_HIGH if down == 1 else TARGET * 2 + MARGIN))
    if down == 1 and room.height < _TILE_LOW:
        cells = columns(Rect(room.x, room.bottom - tall, room.width, tall), count)
        return [_wide(sheet, a, cell) for a, cell in zip(actions, cells, strict=True)]
    cells = grid(Rect(room.x, room.bottom - tall, room.width, tall), -(-count // down), down)
    return _tiles(sheet, actions, cells)


def _stops(actions: tuple[Action, ...]) -> bool:
    """Whether one of them takes something away: it must not be the largest thing on the page."""
    return any(action.role is Role.STOP for action in actions)


def _stacked(sheet: Sheet, room: Rect, actions: tuple[Action, ...]) -> list[Part]:
    count = len(actions)
    single = count <= 3 or sheet.view.large
    down = count if single else -(-count // 2)
    if single and (room.height - (count - 1) * MARGIN) / count < TARGET:
        single, down = False, -(-count // 2)
    high = _ROW_HIGH if single else _TILE_LOW
    tall = min(room.height, down * high + (down - 1) * MARGIN)
    place = Rect(room.x, room.bottom - tall, room.width, tall)
    if single:
        return [_wide(sheet, a, cell) for a, cell in zip(actions, rows(place, count), strict=True)]
    cells = grid(place, 2, down)
    if count % 2:
        first = Rect(place.x, cells[0].y, place.width, cells[0].height)
        cells = [first, *cells[2:]]
    return _tiles(sheet, actions, cells)


def _tiles(sheet: Sheet, actions: tuple[Action, ...], cells: list[Rect]) -> list[Part]:
    """Give tiles whose icons stand at one height, whatever the length of their words."""
    pairs = list(zip(actions, cells, strict=False))
    width = min(cell.width for _, cell in pairs) - 32
    lines = max(len(sheet.setting.lines(a.text, sheet.body, width)) for a, _ in pairs)
    icon = 64 if min(cell.height for _, cell in pairs) >= 176 else 40
    return [sheet.button(a, cell, key=f"choice:{a.name}", icon_size=icon, reserve=lines) for a, cell in pairs]


def _wide(sheet: Sheet, action: Action, place: Rect, shape: Shape = Shape.LEAD) -> Part:
    icon = 64 if place.height >= TARGET and action.icon else 40
    room = place.width - 2 * MARGIN - icon - 16
    high = LEADING[Size.BODY] if action.note else 0
    lines = int((place.height - 16 - high) // LEADING[Size.LABEL])
    fits = len(sheet.setting.lines(action.text, Size.LABEL, room)) <= lines
    size = Size.LABEL if fits else Size.BODY
    return sheet.button(action, place, key=f"choice:{action.name}", shape=shape, icon_size=icon, size=size)
