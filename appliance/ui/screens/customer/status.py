"""S: what is going on. A large icon, an arrow to the terminal or a code; title, what to do now, an amount."""

from __future__ import annotations

from appliance.ui.screens.sheet import Sheet
from appliance.ui.theme import MARGIN, TARGET, Size, Token
from appliance.ui.view import Action, Pointer
from appliance.ui.widgets.parts import LEADING, Code, Drawing, Panel, Part, Rect, Side, Words

_DISC = 200
_LEAST_DISC = 88
_CODE = 400
"""At least 40 mm of code of any version, its quiet zone around it."""
_ARROWS = {Pointer.LEFT: "arrow_left", Pointer.RIGHT: "arrow_right", Pointer.BELOW: "arrow_down"}


def compose(sheet: Sheet) -> list[Part]:
    """Give the parts."""
    view = sheet.view
    parts = [*sheet.ground(), *sheet.buttons(), *sheet.primary()]
    beside, ceiling = _choices(sheet)
    parts += beside
    narrow = not sheet.portrait and len(view.choices) + (view.primary is not None) > 1
    width = sheet.left if narrow else sheet.inner
    bottom = ceiling if sheet.portrait or view.primary is None or narrow else sheet.primary_place().y
    if narrow or (not sheet.portrait and view.primary is None):
        bottom = sheet.floor
    room = Rect(MARGIN, sheet.top, width, bottom - (0 if narrow else 8) - sheet.top)
    if view.qr and not sheet.portrait:
        return [*parts, *_code_beside(sheet, Rect(MARGIN, sheet.top, sheet.inner, sheet.floor - sheet.top))]
    return [*parts, *_centred(sheet, room)]


def _choices(sheet: Sheet) -> tuple[list[Part], float]:
    """Give the second choices, standing above the primary action, and where the room above them ends."""
    view = sheet.view
    place = sheet.primary_place()
    if view.primary is None:
        floor = sheet.bar.bottom if not sheet.portrait else sheet.bar.y - MARGIN
    else:
        floor = place.y - MARGIN
    parts: list[Part] = []
    for action in reversed(view.choices):
        at = Rect(place.x, floor - TARGET, place.width, TARGET)
        parts.insert(0, _choice(sheet, action, at))
        floor = at.y - MARGIN
    return parts, floor


def _choice(sheet: Sheet, action: Action, at: Rect) -> Part:
    return sheet.main_button(action, at, key=f"choice:{action.name}")


def _centred(sheet: Sheet, room: Rect) -> list[Part]:
    view = sheet.view
    width = min(room.width, 1040)
    left = room.x + (room.width - width) / 2
    picture: float = (_CODE if view.qr else _DISC) if view.qr or view.icon or view.pointer else 0
    title = sheet.block(view.title, Size.TITLE, width, bold=True, balanced=True)
    sentence = sheet.block(view.sentence, sheet.body, width, balanced=True)
    amount = LEADING[_amount_steps(sheet)[0]] if view.amount else 0
    label = LEADING[sheet.body] if view.amount and view.amount_label else 0
    gaps = (32 if picture else 0) + (8 if sentence else 0) + (16 if amount else 0)
    tall = picture + title + sentence + amount + label + gaps
    if tall > room.height and picture and not view.qr:
        picture = max(_LEAST_DISC, picture - (tall - room.height))
        tall = picture + title + sentence + amount + label + gaps
    if tall > room.height:
        tall, label = tall - label, 0
    top = room.y + max(0.0, (room.height - tall) / 2)
    parts = _picture(sheet, Rect(room.x, top, room.width, picture)) if picture else []
    top += picture + (32 if picture else 0)
    at = Rect(left, top, width, title)
    parts.append(_centre("status:title", at, view.title, Size.TITLE, Token.INK, bold=True))
    top = at.bottom
    if sentence:
        at = Rect(left, top + 8, width, sentence)
        parts.append(_centre("status:sentence", at, view.sentence, sheet.body, Token.SOFT))
        top = at.bottom
    if amount:
        top += 16
        if label:
            at = Rect(left, top, width, label)
            parts.append(_centre("status:label", at, view.amount_label, sheet.body, Token.SOFT))
            top = at.bottom
        size = sheet.fitting(view.amount, _amount_steps(sheet), width, bold=True)
        at = Rect(left, top, width, amount)
        parts.append(_centre("status:amount", at, view.amount, size, Token.INK, bold=True))
    return parts


def _amount_steps(sheet: Sheet) -> tuple[Size, ...]:
    steps = (Size.AMOUNT, Size.TITLE)
    return (Size.TOTAL, *steps) if sheet.view.large_amount else steps


def _centre(key: str, at: Rect, text: str, size: Size, ink: Token, *, bold: bool = False) -> Words:
    return Words(key=key, at=at, text=text, size=size, ink=ink, bold=bold, side=Side.CENTRE, balanced=True)


def _picture(sheet: Sheet, room: Rect) -> list[Part]:
    view = sheet.view
    side = room.height
    middle = room.x + room.width / 2
    if view.qr:
        at = Rect(middle - side / 2, room.y, side, side)
        return [*_code(sheet, at)]
    if view.pointer is Pointer.NONE:
        return _disc("status:disc", Rect(middle - side / 2, room.y, side, side), view.icon, now=view.icon == "check")
    gap = 32
    first = Rect(middle - gap / 2 - side, room.y, side, side)
    second = Rect(middle + gap / 2, room.y, side, side)
    icon, arrow = (second, first) if view.pointer is Pointer.LEFT else (first, second)
    return [
        *_disc("status:disc", icon, view.icon or "card", now=False, steady=True),
        *_disc("status:arrow", arrow, _ARROWS[view.pointer], now=True, steady=True),
    ]


def _disc(key: str, at: Rect, icon: str, *, now: bool, steady: bool = False) -> list[Part]:
    """Give an icon on a disc. `steady`: it points to a place in the shop, so it is never mirrored."""
    fill, ink = (Token.FORWARD, Token.FORWARD_ON) if now else (Token.SUNK, Token.INK)
    return [
        Panel(key=key, at=at, fill=fill, radius=at.width / 2, steady=steady),
        Drawing(key=f"{key}:icon", at=at, icon=icon, ink=ink, steady=steady),
    ]


def _code(sheet: Sheet, at: Rect) -> list[Part]:
    return [
        Panel(key="status:code:card", at=at.inset(-2), fill=Token.CARD, edge=Token.EDGE),
        Code(key="status:code", at=at, text=sheet.view.qr),
    ]


def _code_beside(sheet: Sheet, room: Rect) -> list[Part]:
    """Give the code at the reading side and the words beside it: on a wide screen there is no room below."""
    view = sheet.view
    side = min(room.height - 16, 440)
    at = Rect(room.x + 40, room.y + (room.height - side) / 2, side, side)
    left = at.right + 64
    width = room.right - left
    ceiling = _choices(sheet)[1] if view.choices else sheet.primary_place().y - MARGIN
    title = sheet.block(view.title, Size.TITLE, width, bold=True)
    sentence = sheet.block(view.sentence, sheet.body, width)
    amount = LEADING[Size.AMOUNT] if view.amount else 0
    tall = title + 8 + sentence + (8 + amount if amount else 0)
    high = (ceiling if view.primary or view.choices else room.bottom) - room.y
    top = room.y + max(0.0, (high - tall) / 2)
    parts = _code(sheet, at)
    parts.append(
        Words(key="status:title", at=Rect(left, top, width, title), text=view.title, size=Size.TITLE, bold=True)
    )
    place = Rect(left, top + title + 8, width, sentence)
    parts.append(Words(key="status:sentence", at=place, text=view.sentence, size=sheet.body, ink=Token.SOFT))
    if amount:
        size = sheet.fitting(view.amount, (Size.AMOUNT, Size.TITLE), width, bold=True)
        place = Rect(left, place.bottom + 8, width, amount)
        parts.append(Words(key="status:amount", at=place, text=view.amount, size=size, bold=True))
    return parts
