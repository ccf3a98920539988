"""K: digits. What to enter, the entry, a hint; the keys at the right, or below on an upright screen."""

from __future__ import annotations

from appliance.ui.screens.customer import letters
from appliance.ui.screens.sheet import PRIMARY_WIDTH, Sheet, columns, grid, rows
from appliance.ui.theme import GAP, MARGIN, RADIUS_BUTTON, TARGET, Size, Token
from appliance.ui.view import Action, Keypad
from appliance.ui.widgets.parts import LEADING, Button, Level, Panel, Part, Rect, Shape, Words

_FIELD = 112
_ICONS = {"back": "delete_key", "plus": "plus", "minus": "minus", "clear": "cross"}


def compose(sheet: Sheet) -> list[Part]:
    """Give the parts."""
    pad = sheet.view.keypad or Keypad()
    parts = [*sheet.ground(), *sheet.buttons(), *sheet.primary(low=True)]
    if pad.letters:
        return [*parts, *letters.compose(sheet, pad)]
    if sheet.portrait:
        return [*parts, *_upright(sheet, pad)]
    if sheet.view.low_reach:
        return [*parts, *_low(sheet, pad)]
    room = Rect(MARGIN, sheet.top, sheet.left, sheet.floor - sheet.top)
    keys = Rect(sheet.right, sheet.floor - _keys_high(sheet), PRIMARY_WIDTH, _keys_high(sheet))
    actions = sheet.view.choices
    words = room
    if actions:
        bar = Rect(room.x, room.bottom - TARGET, room.width, TARGET)
        parts += _choices(sheet, columns(bar, len(actions)), actions)
        words = Rect(room.x, room.y, room.width, room.height - TARGET - MARGIN)
    return [*parts, *_words(sheet, pad, words), *_keys(pad, grid(keys, 3, 4, GAP))]


def _keys_high(sheet: Sheet) -> float:
    return min(sheet.floor - sheet.top, 4 * TARGET + 3 * GAP + 2)


def _low(sheet: Sheet, pad: Keypad) -> list[Part]:
    """Two rows of six keys within reach, the words above."""
    actions = sheet.view.choices
    tall = 2 * TARGET + MARGIN
    keys = Rect(MARGIN, sheet.floor - tall, sheet.inner if not actions else sheet.inner - 290 - MARGIN, tall)
    words = Rect(MARGIN, sheet.top, sheet.inner, keys.y - MARGIN - sheet.top)
    parts = _words(sheet, pad, words)
    if actions:
        side = Rect(keys.right + MARGIN, keys.y, 290, tall)
        parts += _choices(sheet, rows(side, max(2, len(actions))), actions, Shape.COLUMN)
    return [*parts, *_keys(pad, grid(keys, 6, 2, GAP))]


def _upright(sheet: Sheet, pad: Keypad) -> list[Part]:
    """The keys above the bar; what else can be chosen stands in a fourth column beside them."""
    actions = sheet.view.choices
    floor = (sheet.primary_place(low=True).y if sheet.view.primary else sheet.bar.y) - MARGIN
    across, down = (4, 3) if sheet.view.low_reach else (3, 4)
    tall = down * TARGET + (down - 1) * GAP
    keys = Rect(MARGIN, floor - tall, sheet.inner, tall)
    parts = _words(sheet, pad, Rect(MARGIN, sheet.top, sheet.inner, keys.y - MARGIN - sheet.top))
    if actions:
        width = (keys.width - across * GAP) / (across + 1)
        words = [word for action in actions for word in action.text.split()]
        width = max([width] + [sheet.setting.width(word, Size.BODY) + 28 for word in words])
        width = min(width, keys.width - across * (TARGET + GAP))
        side = Rect(round(keys.right - width), keys.y, round(width), keys.height)
        parts += _choices(sheet, rows(side, max(2, len(actions)), GAP), actions, Shape.COLUMN)
        keys = Rect(keys.x, keys.y, side.x - GAP - keys.x, keys.height)
    return [*parts, *_keys(pad, grid(keys, across, down, GAP))]


def _choices(sheet: Sheet, cells: list[Rect], actions: tuple[Action, ...], shape: Shape = Shape.ROW) -> list[Part]:
    width = min((cell.width for cell in cells), default=0) - 28 - (40 + 16 if shape is Shape.ROW else 0)
    words = [word for action in actions for word in action.text.split(" ")]
    fits = all(sheet.setting.width(word, sheet.body) <= width for word in words)
    size = sheet.body if fits and shape is not Shape.COLUMN else Size.BODY
    return [
        sheet.button(action, cell, key=f"choice:{action.name}", shape=shape, size=size)
        for action, cell in zip(actions, cells, strict=False)
    ]


def _words(sheet: Sheet, pad: Keypad, room: Rect) -> list[Part]:
    """Give title, sentence, entry and hint; where the room is short, the hint takes the sentence's place."""
    view = sheet.view
    width = room.width
    title = sheet.block(view.title, Size.TITLE, width, bold=True)
    size = sheet.body
    sentence = 8 + sheet.block(view.sentence, size, width) if view.sentence else 0
    hint = 16 + sheet.block(pad.hint, size, width) if pad.hint else 0
    amount = LEADING[Size.TITLE] if view.amount else 0
    if pad.hint and title + sentence + 24 + _FIELD + hint + amount > room.height:
        sentence = 0
    if title + sentence + 24 + _FIELD + hint + amount > room.height and size > Size.BODY:
        size = Size.BODY
        sentence = 8 + sheet.block(view.sentence, size, width) if sentence else 0
        hint = 16 + sheet.block(pad.hint, size, width) if pad.hint else 0
    field = max(104, min(_FIELD, room.height - title - sentence - hint - amount - 16))
    gap = min(24, room.height - title - sentence - hint - amount - field)
    parts: list[Part] = [
        Words(key="keypad:title", at=Rect(room.x, room.y, width, title), text=view.title, size=Size.TITLE, bold=True)
    ]
    top = room.y + title
    if sentence:
        at = Rect(room.x, top + 8, width, sentence - 8)
        parts.append(Words(key="keypad:sentence", at=at, text=view.sentence, size=size, ink=Token.SOFT))
        top = at.bottom
    at = Rect(room.x, top + max(8, gap), width, field)
    parts.append(Panel(key="keypad:field", at=at, fill=Token.CARD, edge=Token.EDGE, radius=RADIUS_BUTTON))
    step = sheet.fitting(pad.entry, (Size.AMOUNT, Size.TITLE, Size.LABEL), width - 2 * MARGIN, bold=True)
    entry = at.inset(MARGIN, 2)
    parts.append(Words(key="keypad:entry", at=entry, text=pad.entry, size=step, bold=True, level=Level.MIDDLE))
    top = at.bottom
    if hint:
        place = Rect(room.x, top + 16, width, hint - 16)
        parts.append(Words(key="keypad:hint", at=place, text=pad.hint, size=size))
        top = place.bottom
    if amount:
        place = Rect(room.x, top, width, amount)
        parts.append(Words(key="keypad:amount", at=place, text=view.amount, size=Size.TITLE, bold=True))
    return parts


def _keys(pad: Keypad, cells: list[Rect]) -> list[Part]:
    return [
        Button(
            key=f"key:{key}",
            at=cell,
            steady=True,
            name=f"key:{key}",
            text="" if key in _ICONS else key,
            icon=_ICONS.get(key, ""),
            icon_size=64,
            size=Size.TITLE,
            key_pad=True,
            spoken=key,
        )
        for key, cell in zip(pad.keys, cells, strict=False)
        if key
    ]
