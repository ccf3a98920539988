"""A: the first page. One still picture, what to do, the languages."""

from __future__ import annotations

from appliance.ui.screens.sheet import PRIMARY_HEIGHT, Sheet, columns
from appliance.ui.theme import GAP, MARGIN, TARGET, Size, Token
from appliance.ui.widgets.parts import LEADING, Level, Part, Rect, Scene, Shape, Words

_TEXT_WIDTH = 472
_TEXT_GAP = 32


def compose(sheet: Sheet) -> list[Part]:
    """Give the parts."""
    picture, words, languages = _portrait(sheet) if sheet.portrait else _landscape(sheet)
    parts = sheet.ground()
    if picture.height >= 160:
        parts.append(Scene(key="attract:scene", at=picture, portrait=sheet.portrait))
    parts += _words(sheet, words)
    shape = Shape.COLUMN if sheet.portrait else Shape.ROW
    for action, place in zip(sheet.view.choices, languages, strict=True):
        parts.append(
            sheet.button(action, place, key=f"attract:{action.name}", size=Size.BODY, shape=shape, bold=action.selected)
        )
    return [*parts, *sheet.buttons(), *sheet.primary()]


def _landscape(sheet: Sheet) -> tuple[Rect, Rect, list[Rect]]:
    floor = sheet.primary_place().y - MARGIN
    row = Rect(MARGIN, floor - TARGET, sheet.inner, TARGET)
    ceiling = row.y - MARGIN
    picture = Rect(MARGIN, sheet.top, sheet.inner - _TEXT_WIDTH - _TEXT_GAP, ceiling - sheet.top)
    words = Rect(picture.right + _TEXT_GAP, sheet.top, _TEXT_WIDTH, picture.height)
    count = len(sheet.view.choices)
    return picture, words, columns(row, count) if count else []


def _portrait(sheet: Sheet) -> tuple[Rect, Rect, list[Rect]]:
    count = len(sheet.view.choices)
    floor = sheet.bar.y - MARGIN - PRIMARY_HEIGHT - MARGIN
    across = _across(sheet, count)
    lines = -(-count // across)
    tall = lines * TARGET + max(0, lines - 1) * MARGIN
    languages: list[Rect] = []
    for line in range(lines):
        here = min(across, count - line * across)
        at = Rect(MARGIN, floor - tall + line * (TARGET + MARGIN), sheet.inner, TARGET)
        languages += columns(at, here, GAP if here > 3 else MARGIN)
    text = _height(sheet, sheet.inner)
    words = Rect(MARGIN, floor - tall - 40 - text, sheet.inner, text)
    picture = Rect(MARGIN, sheet.top, sheet.inner, words.y - 32 - sheet.top)
    return picture, words, languages


def _across(sheet: Sheet, count: int) -> int:
    """Give how many languages stand side by side: all of them if every name fits into its button."""
    widest = max((sheet.setting.width(a.text, Size.BODY, bold=True) for a in sheet.view.choices), default=0) + 24
    if count * max(TARGET, widest) + (count - 1) * GAP <= sheet.inner:
        return max(1, count)
    return 2 if count == 4 else 3


def _height(sheet: Sheet, width: float) -> float:
    view = sheet.view
    title = sheet.block(view.title, _size(sheet, width), width, bold=True, balanced=True)
    return title + 16 + sheet.block(view.sentence, sheet.body, width)


def _size(sheet: Sheet, width: float) -> Size:
    """Give the largest size in which no word of the title falls apart and the picture's height is enough."""
    words = sheet.view.title.split()
    sentence = sheet.block(sheet.view.sentence, sheet.body, width)
    room = sheet.height if sheet.portrait else sheet.primary_place().y - 2 * MARGIN - TARGET - sheet.top + 8
    for size in (Size.AMOUNT, Size.TITLE):
        fits = all(sheet.setting.width(word, size, bold=True) <= width for word in words)
        tall = sheet.block(sheet.view.title, size, width, bold=True) + 16 + sentence
        if fits and tall <= room and tall <= 3 * LEADING[Size.AMOUNT] + 16 + sentence:
            return size
    return Size.LABEL


def _words(sheet: Sheet, place: Rect) -> list[Part]:
    view = sheet.view
    size = _size(sheet, place.width)
    title = sheet.block(view.title, size, place.width, bold=True, balanced=True)
    tall = _height(sheet, place.width)
    top = place.y + max(0.0, (place.height - tall) / 2)
    sentence = Rect(place.x, top + title + 16, place.width, tall - title - 16)
    return [
        Words(
            key="attract:title",
            at=Rect(place.x, top, place.width, title),
            text=view.title,
            size=size,
            bold=True,
            balanced=True,
        ),
        Words(
            key="attract:sentence",
            at=sentence if sentence.height else Rect(place.x, top, place.width, LEADING[sheet.body]),
            text=view.sentence,
            size=sheet.body,
            ink=Token.SOFT,
            level=Level.TOP,
        ),
    ]
