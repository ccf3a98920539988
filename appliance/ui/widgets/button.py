"""The one button of all pages: a surface, an icon or a picture, and words. A touch posts once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from kivy.clock import Clock
from kivy.graphics import Color, SmoothRoundedRectangle
from kivy.input.motionevent import MotionEvent

from appliance.ui.pictures import Pictures
from appliance.ui.theme import EDGE, FOCUS_RING, RADIUS_BUTTON, RADIUS_ROW, Size, Token
from appliance.ui.view import Role
from appliance.ui.widgets.drawing import Block, Mark, Surface
from appliance.ui.widgets.parts import LEADING, Button, Level, Rect, Shape, Side
from appliance.ui.widgets.surface import Piece
from appliance.ui.widgets.type import Typesetter

REACH: Final = 9
"""A touch counts this far outside, px: half of the least gap, so that the areas fill the gutters and never meet."""
HOLD_SECONDS: Final = 1.0
"""A touched button takes no second touch until the next revision, or this long."""
PAD: Final = 12
_LEAST_PICTURE: Final = 48
_USUAL_PICTURE: Final = 112
NOTE_GAP: Final = 4
SELECTED_EDGE: Final = 4

_COLOURS: Final = {
    Role.PRIMARY: (Token.FORWARD, Token.FORWARD_DOWN, Token.FORWARD_ON),
    Role.CHOICE: (Token.CHOICE, Token.CHOICE_DOWN, Token.CHOICE_ON),
    Role.STOP: (Token.STOP, Token.STOP_DOWN, Token.STOP_ON),
}


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Where the pieces of a button stand, px inside the button, and its words in lines."""

    icon: Rect | None
    words: Rect
    note: Rect | None
    lines: list[str]
    note_lines: list[str]
    side: Side
    width: float
    """Width that the words were set in."""


class ButtonPiece(Piece[Button]):
    """Something to touch."""

    def __init__(self, typesetter: Typesetter, pictures: Pictures, touched: Callable[[str], None]) -> None:
        super().__init__(typesetter)
        self._pictures = pictures
        self._touched = touched
        self._ring: Surface | None = None
        self._surface: Surface | None = None
        self._mark = Mark()
        self._words = Block()
        self._note = Block()
        self._photo: tuple[Color, SmoothRoundedRectangle] | None = None
        self._release = Clock.create_trigger(self._free, HOLD_SECONDS)
        self.pressed = False
        self.held = False
        self.cut = False
        self.words_width = 0.0
        """Width that the words are set in, px of the stage."""

    # Drawing --------------------------------------------------------------------------------------------------------

    def draw(self) -> None:
        """Draw it."""
        part = self.part
        if self._surface is None:
            self._surface = Surface(shadow=part.role is Role.PRIMARY)
            for group in (self._surface, self._mark, self._words, self._note):
                self.canvas.add(group)
        edge = SELECTED_EDGE if part.selected else EDGE
        self._surface.place(self.box, RADIUS_BUTTON, edge if self._edge else 0, self.look.scale)
        shown = arrange(part, self.typesetter, self._picture_size())
        if shown.icon is not None and part.picture is None:
            self._mark.place(part.icon, self.inside(self._read(shown.icon)), part.icon_size, self.look.scale)
        else:
            self._mark.place("", self.box, 40, self.look.scale)
        self._draw_photo(shown)
        self.words_width = shown.width
        place = self.inside(self._read(shown.words))
        self._write(self._words, shown.lines, place, part.size, shown.side, bold=part.bold)
        note = self.inside(self._read(shown.note)) if shown.note else self.box
        self._write(self._note, shown.note_lines, note, part.note_size, shown.side, bold=part.selected)
        slack = 2 * self.look.scale
        self.cut = self._words.widest > place[2] + slack or self._words.height > place[3] + slack
        if shown.note_lines:
            low = self.inside(Rect(0, 0, self.part.at.width, self.part.at.height - 2))[1]
            self.cut = self.cut or self._note.widest > note[2] + slack or note[1] < low
        self._draw_ring()
        self.paint()

    def _write(
        self,
        block: Block,
        lines: list[str],
        place: tuple[float, float, float, float],
        size: Size,
        side: Side,
        *,
        bold: bool,
    ) -> None:
        rtl = self.look.right_to_left
        block.write(
            self.typesetter, lines, place, size=size, bold=bold, side=side, level=Level.MIDDLE, right_to_left=rtl
        )

    def paint(self) -> None:
        """Bring the colours in line with what is touched."""
        if self._surface is None:
            return
        ground, down, on = _COLOURS[self.part.role]
        pressed = self.pressed or self.held
        self._surface.paint(self.look, down if pressed or self.part.selected else ground, self._edge)
        for group in (self._mark, self._words):
            group.paint(self.look, on)
        self._note.paint(self.look, Token.INK if self.part.role is Role.CHOICE else on)

    @property
    def _edge(self) -> Token | None:
        if self.part.role is Role.CHOICE:
            return Token.FORWARD if self.part.selected else Token.EDGE
        return None

    def _read(self, rect: Rect) -> Rect:
        return rect.mirrored(self.part.at.width) if self.look.right_to_left else rect

    def _picture_size(self) -> bool:
        return bool(self.part.picture) and self._pictures.texture(self.part.picture or "") is not None

    def _draw_photo(self, shown: Arrangement) -> None:
        if self.part.picture is None or shown.icon is None:
            if self._photo is not None:
                self._photo[0].a = 0
            return
        if self._photo is None:
            with self.canvas:
                self._photo = (Color(1, 1, 1, 1), SmoothRoundedRectangle(size=(1, 1)))
        tint, shape = self._photo
        tint.a = 1
        x, y, width, height = self.inside(self._read(shown.icon))
        side = min(width, height)
        x, y, width, height = round(x + (width - side) / 2), round(y + (height - side) / 2), side, side
        shape.texture = self._pictures.texture(self.part.picture)
        shape.pos, shape.size = (x, y), (width, height)
        shape.radius = [(RADIUS_ROW * self.look.scale,) * 2] * 4

    def _draw_ring(self) -> None:
        if not self.part.focused:
            if self._ring is not None:
                self.canvas.before.remove(self._ring)
                self._ring = None
            return
        if self._ring is None:
            self._ring = Surface()
            self.canvas.before.add(self._ring)
        out = round((FOCUS_RING + EDGE) * self.look.scale)
        self._ring.place(
            (-out, -out, self.width + 2 * out, self.height + 2 * out), RADIUS_BUTTON + FOCUS_RING, 0, self.look.scale
        )
        self._ring.paint(self.look, Token.FOCUS, None)

    # Touch ----------------------------------------------------------------------------------------------------------

    def reaches(self, x: float, y: float) -> bool:
        """Whether a touch at this place, device px, is meant for it."""
        reach = REACH * self.look.scale
        return bool(self.x - reach <= x <= self.right + reach and self.y - reach <= y <= self.top + reach)

    def on_touch_down(self, touch: MotionEvent) -> bool:
        """Answer a finger with the pressed look, before anything else."""
        if self.held or not self.reaches(*touch.pos):
            return False
        touch.grab(self)
        self.pressed = True
        self.paint()
        return True

    def on_touch_move(self, touch: MotionEvent) -> bool:
        """Show whether lifting the finger here counts."""
        if touch.grab_current is not self:
            return False
        inside = self.reaches(*touch.pos)
        if inside is not self.pressed:
            self.pressed = inside
            self.paint()
        return True

    def on_touch_up(self, touch: MotionEvent) -> bool:
        """Post the action if the finger is lifted where it came down."""
        if touch.grab_current is not self:
            return False
        touch.ungrab(self)
        self.pressed = False
        if self.reaches(*touch.pos):
            self.press()
        else:
            self.paint()
        return True

    def press(self) -> None:
        """Post the action, once until the next revision or for a second; keys of a keypad each time."""
        if self.held:
            return
        if not self.part.key_pad:
            self.held = True
            self._release()
        self.paint()
        self._touched(self.part.name)

    def settle(self) -> None:
        """A new revision is drawn: take touches again."""
        self._release.cancel()
        self._free()

    def _free(self, *_: object) -> None:
        if self.held:
            self.held = False
            self.paint()


def arrange(part: Button, typesetter: Typesetter, has_picture: bool = False) -> Arrangement:
    """Arrange a button's icon, words and note."""
    place = Rect(0, 0, part.at.width, part.at.height)
    icon = bool(part.icon) if part.picture is None else has_picture
    if part.picture is not None and part.shape is Shape.COLUMN:
        return _tile(part, typesetter, place, has_picture=has_picture)
    side = _icon_side(part, place, typesetter)
    if part.shape is Shape.COLUMN:
        return _column(part, typesetter, place.inset(_column_pad(part, typesetter), 8), side if icon else 0)
    return _row(part, typesetter, place.inset(24 if part.shape is Shape.LEAD else PAD, 8), side if icon else 0)


def _icon_side(part: Button, place: Rect, typesetter: Typesetter) -> float:
    """Give the side of icon or picture; a picture leaves its name one line where there is no room for two, or goes."""
    if part.picture is None:
        return part.icon_size
    side = min(place.height - 2 * PAD, _USUAL_PICTURE)
    left = place.width - 48 - 16 - 2
    words = [typesetter.width(word, part.size, bold=part.bold) for word in part.text.split(" ")]
    while side >= _LEAST_PICTURE:
        lines = typesetter.lines(part.text, part.size, left - side, bold=part.bold)
        notes = typesetter.lines(part.note, part.note_size, left - side) if part.note else []
        tall = LEADING[part.size] * len(lines) + LEADING[part.note_size] * len(notes)
        if tall <= place.height - 16 and max(words) <= left - side:
            return side
        side -= 8
    return 0.0


def _column_pad(part: Button, typesetter: Typesetter) -> float:
    """Give the space beside the words: less where a long word would fall apart."""
    words = [typesetter.width(word, part.size, bold=part.bold) for word in part.text.split(" ")]
    return max(4.0, min(PAD, (part.at.width - max(words, default=0)) / 2))


def _column(part: Button, typesetter: Typesetter, room: Rect, icon: float) -> Arrangement:
    lines = typesetter.lines(part.text, part.size, room.width, bold=part.bold, balanced=True) if part.text else []
    notes = typesetter.lines(part.note, part.note_size, room.width, balanced=True) if part.note else []
    words, note = LEADING[part.size] * len(lines), LEADING[part.note_size] * len(notes)
    gap = 8 if icon >= 64 and lines else 0
    held = max(words, LEADING[part.size] * part.reserve)
    free = max(0.0, room.height - icon - gap - held - (NOTE_GAP + note if notes else 0))
    top = room.y + free / 2
    return Arrangement(
        Rect(room.x, top, room.width, icon) if icon else None,
        Rect(room.x, top + icon + gap, room.width, min(words, room.bottom - top - icon - gap)),
        Rect(room.x, top + icon + gap + words + NOTE_GAP, room.width, note) if notes else None,
        lines,
        notes,
        Side.CENTRE,
        room.width,
    )


def _row(part: Button, typesetter: Typesetter, room: Rect, icon: float) -> Arrangement:
    gap = 16 if icon else 0
    width = room.width - icon - gap
    lines = typesetter.lines(part.text, part.size, width, bold=part.bold, balanced=True) if part.text else []
    notes = typesetter.lines(part.note, part.note_size, width) if part.note else []
    words, note = LEADING[part.size] * len(lines), LEADING[part.note_size] * len(notes)
    widest = max(
        [typesetter.width(line, part.size, bold=part.bold) for line in lines]
        + [typesetter.width(line, part.note_size) for line in notes],
        default=0,
    )
    left, setting = room.x, width
    side = Side.START
    if part.shape is Shape.ROW:
        left += max(0.0, (width - widest) / 2)
        width = min(width, widest + 1)
        side = Side.CENTRE
    tall = words + (note if notes else 0)
    top = room.y + (room.height - min(tall, room.height)) / 2
    return Arrangement(
        Rect(left, room.y, icon, room.height) if icon else None,
        Rect(left + icon + gap, top, width, min(words, room.height)),
        Rect(left + icon + gap, top + words, width, note) if notes else None,
        lines,
        notes,
        side,
        setting,
    )


def _tile(part: Button, typesetter: Typesetter, place: Rect, *, has_picture: bool) -> Arrangement:
    """Arrange a tile of the grid: picture and price above, the name below; without a picture the name is larger."""
    room = place.inset(PAD, 12)
    notes = [part.note] if part.note else []
    note = LEADING[part.note_size] if notes else 0
    lines = typesetter.lines(part.text, part.size, room.width, bold=part.bold, balanced=True)
    words = LEADING[part.size] * len(lines)
    if not has_picture:
        top = room.y + max(0.0, room.height - words - note) / 2
        return Arrangement(
            None,
            Rect(room.x, top, room.width, min(words, room.height)),
            Rect(room.x, top + words, room.width, note) if notes else None,
            lines,
            notes,
            Side.CENTRE,
            room.width,
        )
    side = min(room.height - words - 4, room.width * 0.45)
    width = room.width - side - 12
    notes = typesetter.lines(part.note, part.note_size, width, balanced=True) if part.note else []
    return Arrangement(
        Rect(room.x, room.y, side, side),
        Rect(room.x, room.bottom - words, room.width, words),
        Rect(room.x + side + 12, room.y, width, side) if notes else None,
        lines,
        notes,
        Side.CENTRE,
        room.width,
    )
