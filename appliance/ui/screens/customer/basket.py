"""B: the basket. Rows with the newest lowest, the item scanned last, the total."""

from __future__ import annotations

from appliance.ui.screens.sheet import Sheet
from appliance.ui.theme import MARGIN, RADIUS_CARD, TARGET, Size, Token
from appliance.ui.view import Action, Role, Theme
from appliance.ui.widgets.parts import LEADING, Button, Drawing, Level, Panel, Part, Rect, Rows, Shape, Side, Words

PAGE_UP = "rows:up"
PAGE_DOWN = "rows:down"
"""Local actions: they scroll the list and are posted to nobody."""

_PAD = 8
_SHORT = 300
"""Under this height an empty list has words only."""


def compose(sheet: Sheet) -> list[Part]:
    """Give the parts."""
    parts = sheet.ground()
    if sheet.portrait:
        parts += _portrait(sheet)
    else:
        parts += _landscape(sheet)
    return [*parts, *sheet.buttons(), *sheet.primary(low=_tight(sheet))]


def _tight(sheet: Sheet) -> bool:
    """Whether an upright screen within reach needs the height of the primary action for its list."""
    return sheet.portrait and sheet.view.low_reach


def _landscape(sheet: Sheet) -> list[Part]:
    top = max(sheet.top, sheet.reach + 8)
    floor = sheet.floor
    place = Rect(MARGIN, top, sheet.left, floor - top)
    primary = sheet.primary_place()
    ceiling = primary.y - 16
    if sheet.view.low_reach:
        head = Rect(MARGIN, sheet.top, sheet.left, top - 16 - sheet.top)
        total = Rect(sheet.right, sheet.top, primary.width, head.height)
        steps = Rect(sheet.right, top, primary.width, TARGET)
        return [*_list(sheet, place, steps), *_last(sheet, head), *_total(sheet, total, Level.MIDDLE)]
    tall = LEADING[Size.TOTAL] + LEADING[Size.BODY]
    total = Rect(sheet.right, ceiling - tall, primary.width, tall)
    steps = Rect(sheet.right, total.y - MARGIN - TARGET, primary.width, TARGET)
    below = steps.y if _overflows(sheet, _list_place(sheet, place)) else total.y
    last = Rect(sheet.right, sheet.top, primary.width, below - MARGIN - sheet.top)
    return [*_list(sheet, place, steps), *_last(sheet, last), *_total(sheet, total, Level.BOTTOM)]


def _portrait(sheet: Sheet) -> list[Part]:
    primary = sheet.primary_place(low=_tight(sheet))
    if sheet.view.low_reach:
        return _upright_low(sheet, primary)
    tall = LEADING[Size.BODY] + LEADING[Size.AMOUNT]
    total = Rect(MARGIN, primary.y - 16 - tall, sheet.inner, tall)
    place = Rect(MARGIN, sheet.top, sheet.inner, total.y - 16 - sheet.top)
    steps = Rect(MARGIN, primary.y - MARGIN - TARGET, 2 * TARGET + MARGIN, TARGET)
    return [*_list(sheet, place, steps), *_total(sheet, total, Level.BOTTOM, beside=steps.right + MARGIN)]


def _upright_low(sheet: Sheet, primary: Rect) -> list[Part]:
    """Everything to touch in the lower part; the steps of a long list and Undo share a line."""
    view = sheet.view
    top = sheet.reach + 8
    half = (top - 16 - sheet.top) / 2
    last = Rect(MARGIN, sheet.top, sheet.inner, half)
    total = Rect(MARGIN, sheet.top + half, sheet.inner, half)
    place = Rect(MARGIN, top, sheet.inner, primary.y - MARGIN - top)
    line = Rect(MARGIN, primary.y - MARGIN - TARGET, sheet.inner, TARGET)
    parts = [*_last(sheet, last), *_total(sheet, total, Level.MIDDLE)]
    shorter = Rect(place.x, place.y, place.width, line.y - MARGIN - place.y)
    long = _overflows(sheet, place if view.undo is None else shorter)
    steps = Rect(line.x, line.y, 2 * TARGET + MARGIN, TARGET)
    if view.undo is not None:
        left = steps.right + MARGIN if long else line.x
        parts += _undo(sheet, view.undo, Rect(left, line.y, line.right - left, TARGET))
    if long or view.undo is not None:
        place = shorter
    if long:
        parts += list_steps(steps)
    return [*parts, *_rows(sheet, place)]


def _list_place(sheet: Sheet, place: Rect) -> Rect:
    """Give what "Removed. [Undo]" leaves of the list's place."""
    taken = 0 if sheet.view.undo is None else TARGET + MARGIN
    return Rect(place.x, place.y, place.width, place.height - taken)


def _overflows(sheet: Sheet, place: Rect) -> bool:
    return len(sheet.view.rows) * sheet.row > place.height - 2 * _PAD


def row_height(sheet: Sheet, high: float) -> int:
    """Give the height of a row: a little more than the least, so that whole rows fill the list."""
    return int(high // max(1, high // sheet.row))


def _list(sheet: Sheet, place: Rect, steps: Rect) -> list[Part]:
    view = sheet.view
    parts: list[Part] = []
    if not view.rows and not view.amount and view.undo is None:
        place = Rect(place.x, sheet.top, sheet.inner, place.bottom - sheet.top)
    if view.undo is not None:
        notice = Rect(place.x, place.bottom - TARGET, place.width, TARGET)
        place = _list_place(sheet, place)
        parts += _undo(sheet, view.undo, notice)
    if view.rows and _overflows(sheet, place):
        parts += list_steps(steps)
    return [*parts, *_rows(sheet, place)]


def _rows(sheet: Sheet, place: Rect) -> list[Part]:
    view = sheet.view
    parts: list[Part] = []
    parts.append(Panel(key="basket:card", at=place, fill=Token.CARD, edge=Token.EDGE, radius=RADIUS_CARD))
    if not view.rows:
        return [*parts, *_empty(sheet, place)]
    inside = Rect(place.x + 2, place.y + _PAD, place.width - 4, place.height - 2 * _PAD)
    parts.append(
        Rows(
            key="basket:rows",
            at=inside,
            rows=view.rows,
            row_height=row_height(sheet, inside.height),
            size=sheet.body,
            plain=view.theme is not Theme.NORMAL,
        )
    )
    return parts


def list_steps(place: Rect) -> list[Part]:
    """Give the two buttons that step one page of rows."""
    width = (place.width - MARGIN) / 2
    return [
        Button(
            key=f"step:{name}",
            at=Rect(place.x + i * (width + MARGIN), place.y, width, place.height),
            name=name,
            text="",
            icon=icon,
            icon_size=64,
            shape=Shape.COLUMN,
            spoken=icon,
        )
        for i, (name, icon) in enumerate(((PAGE_UP, "up"), (PAGE_DOWN, "down")))
    ]


def _undo(sheet: Sheet, undo: Action, place: Rect) -> list[Part]:
    size = sheet.body
    if sheet.setting.width(undo.note, size) + max(248, sheet.setting.width(undo.text, size) + 120) > place.width - 48:
        size = Size.BODY
    width = max(200, sheet.setting.width(undo.text, size) + 40 + 16 + 64)
    button = Rect(place.right - width, place.y, width, place.height)
    text = Rect(place.x + MARGIN, place.y, place.width - width - 2 * MARGIN, place.height)
    return [
        Words(key="undo:text", at=text, text=undo.note, size=size, level=Level.MIDDLE),
        Button(
            key="undo",
            at=button,
            name=undo.name,
            text=undo.text,
            icon=undo.icon,
            role=Role.CHOICE,
            shape=Shape.ROW,
            size=size,
            spoken=undo.spoken,
        ),
    ]


def _empty(sheet: Sheet, place: Rect) -> list[Part]:
    text = sheet.view.empty or sheet.view.title
    if place.height < _SHORT:
        words = place.inset(MARGIN, 4)
        return [
            Words(
                key="basket:empty",
                at=words,
                text=text,
                ink=Token.SOFT,
                side=Side.CENTRE,
                level=Level.MIDDLE,
                balanced=True,
            )
        ]
    width = min(place.width - 96, 560)
    tall = 120 + 24 + sheet.block(text, Size.LABEL, width, balanced=True)
    top = place.y + (place.height - tall) / 2
    left = place.x + (place.width - width) / 2
    return [
        Drawing(key="basket:scan", at=Rect(place.x, top, place.width, 120), icon="scan", ink=Token.FORWARD),
        Words(
            key="basket:empty",
            at=Rect(left, top + 144, width, tall - 144),
            text=text,
            size=Size.LABEL,
            ink=Token.SOFT,
            side=Side.CENTRE,
            balanced=True,
        ),
    ]


def _last(sheet: Sheet, place: Rect) -> list[Part]:
    view = sheet.view
    if not view.last_text:
        return []
    place = Rect(place.x, place.y + 12, place.width, place.height - 12)
    two = LEADING[Size.LABEL] + sheet.block(view.last_text, Size.LABEL, place.width, bold=True)
    size = Size.LABEL if two <= place.height else Size.BODY
    fit = int(place.height // LEADING[size])
    amount = bool(view.last_amount) and fit > 1
    tall = min(sheet.block(view.last_text, size, place.width, bold=True), (fit - amount) * LEADING[size])
    name = Words(
        key="basket:last",
        at=Rect(place.x, place.y, place.width, tall),
        text=_clip(sheet, view.last_text, size, place.width, tall),
        size=size,
        bold=True,
    )
    if not amount:
        return [name]
    at = Rect(place.x, place.y + tall, place.width, LEADING[size])
    return [name, Words(key="basket:last:amount", at=at, text=view.last_amount, size=size, ink=Token.SOFT)]


def _clip(sheet: Sheet, text: str, size: Size, width: float, tall: float) -> str:
    """Leave out what a very long name has too much, and show that: the row of the list holds it whole."""
    fit = int(tall // LEADING[size])
    words, kept = text, text
    while words and len(sheet.setting.lines(kept, size, width, bold=True)) > fit:
        words = words.rpartition(" ")[0] if " " in words else words[:-1]
        kept = f"{words.rstrip(' ,')}…"
    return kept


def _total(sheet: Sheet, place: Rect, level: Level, *, beside: float = 0) -> list[Part]:
    """Give "To pay" and the total, as large as its width allows."""
    view = sheet.view
    if not view.amount:
        return []
    width = place.right - beside if beside else place.width
    left = place.right - width
    steps = [
        s
        for s in (Size.TOTAL, Size.AMOUNT, Size.TITLE, Size.LABEL, Size.BODY)
        if LEADING[s] + LEADING[Size.BODY] <= place.height + 8
    ]
    size = sheet.fitting(view.amount, steps, width, bold=True)
    tall = LEADING[Size.BODY] + LEADING[size]
    free = {Level.TOP: 0.0, Level.MIDDLE: 0.5, Level.BOTTOM: 1.0}[level] * (place.height - tall)
    top = place.y + free
    side = Side.END if sheet.portrait and not view.low_reach else Side.START
    return [
        Words(
            key="total:label",
            at=Rect(left, top, width, LEADING[Size.BODY]),
            text=view.amount_label,
            size=Size.BODY,
            ink=Token.SOFT,
            side=side,
        ),
        Words(
            key="total",
            at=Rect(left, top + LEADING[Size.BODY], width, LEADING[size]),
            text=view.amount,
            size=size,
            bold=True,
            side=side,
        ),
    ]
