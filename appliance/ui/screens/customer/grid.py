"""G: goods by picture, by category, or by the letters of their name."""

from __future__ import annotations

from appliance.ui.screens import bar
from appliance.ui.screens.sheet import Sheet, grid
from appliance.ui.theme import GAP, MARGIN, TARGET, Size, Token
from appliance.ui.view import Action, Tile
from appliance.ui.widgets.parts import Button, Level, Part, Rect, Shape, Side, Words

ACROSS, DOWN = 4, 2
UPRIGHT_ACROSS, UPRIGHT_DOWN = 2, 4


def compose(sheet: Sheet) -> list[Part]:
    """Give the parts."""
    view = sheet.view
    parts = sheet.ground()
    top = max(sheet.top, sheet.reach)
    above = sheet.portrait and view.primary is not None and not _joined(sheet)
    floor = sheet.primary_place(low=True).y - MARGIN if above else sheet.floor
    parts += _title(sheet, top)
    if view.title and not view.tabs and not view.low_reach:
        top += 96
    for line in _lines(sheet):
        parts += _tabs(sheet, line, Rect(MARGIN, top, sheet.inner, TARGET))
        top += TARGET + MARGIN
    room = Rect(MARGIN, top, sheet.inner, floor - top)
    parts += _tiles(sheet, room) if view.tiles else _nothing(sheet, room)
    return [*parts, *_below(sheet)]


def _joined(sheet: Sheet) -> bool:
    """Whether the primary action stands in the bar: an upright screen with many categories needs the room."""
    primary = sheet.view.primary
    if primary is None or not sheet.portrait or not (sheet.view.low_reach or len(_lines(sheet)) > 1):
        return False
    return bar.height(sheet, sheet.inner - _joined_width(sheet, primary) - GAP) <= TARGET


def _joined_width(sheet: Sheet, primary: Action) -> float:
    return max(TARGET, sheet.setting.width(primary.text, Size.BODY, bold=True) + 36)


def _below(sheet: Sheet) -> list[Part]:
    primary = sheet.view.primary
    if primary is None or not _joined(sheet):
        return [*sheet.buttons(), *sheet.primary(low=True)]
    width = _joined_width(sheet, primary)
    left = Rect(MARGIN, sheet.bar.y, sheet.inner - width - GAP, TARGET)
    place = Rect(left.right + GAP, left.y, width, TARGET)
    button = sheet.button(primary, place, key="primary", size=Size.BODY, shape=Shape.COLUMN, bold=True)
    return [*sheet.buttons(left), button]


def _title(sheet: Sheet, top: float) -> list[Part]:
    """Give the title: in the room that low reach leaves above, or where no category takes its place."""
    view = sheet.view
    if not view.title or (view.tabs and not view.low_reach):
        return []
    place = Rect(MARGIN, sheet.top, sheet.inner, 72 if not view.low_reach else top - MARGIN - sheet.top)
    return [Words(key="grid:title", at=place, text=view.title, size=Size.TITLE, bold=True, level=Level.MIDDLE)]


_TAB_PAD = 20


def _tab_width(sheet: Sheet, action: Action, size: Size) -> float:
    return max(TARGET, sheet.setting.width(action.text, size, bold=True) + 2 * _TAB_PAD)


def _tab_size(sheet: Sheet) -> Size:
    """Larger categories only where they still stand in as few lines."""
    plain, large = (_flow(sheet, size) for size in (Size.BODY, sheet.body))
    return sheet.body if len(large) == len(plain) else Size.BODY


def _flow(sheet: Sheet, size: Size) -> list[list[Action]]:
    lines: list[list[Action]] = []
    left = 0.0
    for action in (*sheet.view.tabs, *sheet.view.choices):
        width = _tab_width(sheet, action, size)
        if not lines or width > left:
            lines.append([])
            left = sheet.inner
        lines[-1].append(action)
        left -= width + GAP
    return lines


def _lines(sheet: Sheet) -> list[list[Action]]:
    """Give the categories and the way to type instead, in as many lines as they need."""
    return _flow(sheet, _tab_size(sheet))


def _tabs(sheet: Sheet, actions: list[Action], place: Rect) -> list[Part]:
    size = _tab_size(sheet)
    natural = [_tab_width(sheet, action, size) for action in actions]
    gap = MARGIN if sum(natural) + MARGIN * (len(actions) - 1) <= place.width else GAP
    room = place.width - gap * (len(actions) - 1)
    share = room / len(actions)
    spare = (room - sum(natural)) / len(actions)
    widths = [share] * len(actions) if max(natural) <= share else [width + spare for width in natural]
    parts: list[Part] = []
    x = place.x
    for action, width in zip(actions, widths, strict=True):
        at = Rect(round(x), place.y, round(x + width) - round(x), place.height)
        parts.append(sheet.button(action, at, key=f"tab:{action.name}", size=size, bold=action.selected))
        x += width + gap
    return parts


def _tiles(sheet: Sheet, room: Rect) -> list[Part]:
    view = sheet.view
    across, down = (UPRIGHT_ACROSS, UPRIGHT_DOWN) if sheet.portrait else (ACROSS, DOWN)
    if view.low_reach and not sheet.portrait:
        down = 1
    while down > 1 and (room.height - (down - 1) * MARGIN) / down < TARGET:
        down -= 1
    cells = grid(room, across, down)
    return [_tile(sheet, tile, cell) for tile, cell in zip(view.tiles, cells, strict=False)]


def _tile(sheet: Sheet, tile: Tile, place: Rect) -> Button:
    return Button(
        key=f"tile:{tile.name}",
        at=place,
        name=tile.name,
        text=tile.text,
        picture=tile.picture,
        note=tile.note,
        note_size=Size.NOTE,
        size=Size.BODY if tile.picture else sheet.fitting(tile.text, (Size.LABEL, Size.BODY), place.width - 48),
        shape=Shape.LEAD if sheet.portrait and tile.picture else Shape.COLUMN,
        spoken=tile.spoken,
    )


def _nothing(sheet: Sheet, room: Rect) -> list[Part]:
    view = sheet.view
    text = view.empty or view.sentence
    return [
        Words(
            key="grid:empty",
            at=room,
            text=text,
            size=Size.LABEL,
            ink=Token.SOFT,
            side=Side.CENTRE,
            level=Level.MIDDLE,
            balanced=True,
        )
    ]
