"""K with letters instead of digits: those that still lead to an item, nine in a row, or five on an upright screen.

Four rows of them leave no room above, so that what is typed stands in the top strip then.
"""

from __future__ import annotations

from appliance.ui.screens.sheet import Sheet, grid
from appliance.ui.theme import GAP, MARGIN, RADIUS_BUTTON, TARGET, TOP, Size, Token
from appliance.ui.view import Keypad
from appliance.ui.widgets.parts import LEADING, Button, Level, Panel, Part, Rect, Side, Words

_FIELD = 112
_CAPTION = LEADING[Size.TITLE]


def compose(sheet: Sheet, pad: Keypad) -> list[Part]:
    """Give entry, hint and letters; the other ways to type stand after the last letter."""
    across = 5 if sheet.portrait else 9
    extra = sheet.view.choices
    span = 1 if sheet.portrait else 2
    cells = len(pad.letters) + span * len(extra)
    down = -(-cells // across)
    upright = sheet.portrait and sheet.view.primary is not None
    low = (sheet.primary_place(low=True).y if upright else sheet.bar.y) - (GAP + 4)
    tall = down * TARGET + (down - 1) * GAP
    place = Rect(MARGIN, low - tall, sheet.inner, tall)
    parts = _entry(sheet, pad, place.y - MARGIN)
    keys = grid(place, across, down, GAP)
    parts += [_key(letter, cell) for letter, cell in zip(pad.letters, keys, strict=False)]
    for i, action in enumerate(extra):
        first = keys[down * across - span * (len(extra) - i)]
        at = Rect(first.x, first.y, first.width * span + GAP * (span - 1), first.height)
        parts.append(sheet.button(action, at, key=f"choice:{action.name}", size=Size.BODY))
    return parts


def _key(letter: str, cell: Rect) -> Button:
    back = letter == "back"
    return Button(
        key=f"key:{letter}",
        at=cell,
        steady=True,
        name=f"key:{letter}",
        text="" if back else letter.upper(),
        icon="delete_key" if back else "",
        icon_size=64,
        size=Size.LABEL,
        key_pad=True,
        spoken=letter,
    )


def _entry(sheet: Sheet, pad: Keypad, floor: float) -> list[Part]:
    view = sheet.view
    room = floor - sheet.top
    if room < _FIELD:
        return _in_strip(sheet, pad)
    parts: list[Part] = []
    top = sheet.top
    if room >= _FIELD + _CAPTION + 16:
        parts.append(
            Words(
                key="letters:title",
                at=Rect(MARGIN, top, sheet.inner, _CAPTION),
                text=view.title,
                size=Size.TITLE,
                bold=True,
            )
        )
        top += _CAPTION + 16
    field = Rect(MARGIN, top, sheet.inner, _FIELD)
    parts.append(Panel(key="letters:field", at=field, fill=Token.CARD, edge=Token.EDGE, radius=RADIUS_BUTTON))
    inside = field.inset(MARGIN, 2)
    titled = len(parts) > 1
    text = pad.entry or ("" if titled else view.title)
    return [*parts, *_typed(sheet, pad, inside, text, Size.TITLE)]


def _in_strip(sheet: Sheet, pad: Keypad) -> list[Part]:
    field = Rect(0, 0, sheet.width, TOP)
    ground = Panel(key="letters:field", at=field, fill=Token.CARD)
    return [ground, *_typed(sheet, pad, field.inset(MARGIN, 2), pad.entry or sheet.view.title, Size.LABEL)]


def _typed(sheet: Sheet, pad: Keypad, place: Rect, text: str, size: Size) -> list[Part]:
    half = place.width * 0.5
    ink = Token.INK if pad.entry else Token.SOFT
    left = Rect(place.x, place.y, half, place.height)
    right = Rect(place.x + half, place.y, place.width - half, place.height)
    step = sheet.fitting(text, (size, Size.LABEL, Size.BODY), half, bold=True)
    hint = sheet.setting.lines(pad.hint, Size.BODY, right.width)[:1]
    return [
        Words(key="letters:entry", at=left, text=text, size=step, bold=True, ink=ink, level=Level.MIDDLE),
        Words(
            key="letters:hint",
            at=right,
            text=hint[0] if hint else "",
            size=Size.BODY,
            ink=Token.SOFT,
            side=Side.END,
            level=Level.MIDDLE,
        ),
    ]
