"""The list of the basket and of staff pages: a RecycleView whose rows draw themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from kivy.clock import Clock
from kivy.effects.scroll import ScrollEffect
from kivy.graphics import Color, PopMatrix, PushMatrix, Rectangle, Translate
from kivy.input.motionevent import MotionEvent
from kivy.uix.recycleboxlayout import RecycleBoxLayout
from kivy.uix.recycleview import RecycleView
from kivy.uix.recycleview.views import RecycleDataViewBehavior
from kivy.uix.widget import Widget

from appliance.ui.theme import FLASH_SECONDS, GRID, RADIUS_ROW, Size, Token
from appliance.ui.view import Row
from appliance.ui.widgets.drawing import Block, Surface, colour, upwards
from appliance.ui.widgets.parts import LEADING, Level, Look, Rect, Rows, Side
from appliance.ui.widgets.surface import Piece
from appliance.ui.widgets.type import Typesetter

INSET: Final = 24
COLUMN_GAP: Final = 16
LINE: Final = 2


class SteadyScroll:
    """Cures two habits of Kivy 2.3.1: every scroll step leaves one observer of `bar_color` behind, and fades the bar.

    The fade redraws the whole screen for half a second, also of a bar without width. Mixed in before ScrollView or
    RecycleView.
    """

    def update_from_scroll(self, *arguments: Any) -> None:
        """Forget the observer of the last step before the next one is made."""
        self.funbind("bar_color", self._change_bar_color)  # type: ignore[attr-defined]
        super().update_from_scroll(*arguments)  # type: ignore[misc]

    def _bind_inactive_bar_color(self, *_: Any) -> None:
        """Fade nothing."""


class RowPiece(RecycleDataViewBehavior, Widget):
    """One row: name and note, quantity, amount."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        with self.canvas.before:
            PushMatrix()
            self._origin = Translate(0, 0)
        with self.canvas.after:
            PopMatrix()
        self._ground = Surface()
        self._words = {name: Block() for name in ("text", "note", "quantity", "amount")}
        self._line_colour = Color(0, 0, 0, 0)
        self._line = Rectangle()
        self.canvas.add(self._line_colour)
        self.canvas.add(self._line)
        self.canvas.add(self._ground)
        for block in self._words.values():
            self.canvas.add(block)
        self._shown: tuple[object, ...] | None = None
        self.fbind("pos", self._move)
        self.row = Row(key="", text="")
        self.cut = False

    def _move(self, *_: object) -> None:
        self._origin.xy = self.pos

    def refresh_view_attrs(self, view: RowList, index: int, data: dict[str, Any]) -> None:
        """Take the row at an index."""
        self.index = index
        self.list = view
        self.row = data["row"]
        self.draw()

    def refresh_view_layout(self, *arguments: Any) -> None:
        """Take the place that the layout gives, and draw only if it has another size."""
        before = tuple(self.size)
        super().refresh_view_layout(*arguments)
        if tuple(self.size) != before:
            self.draw()

    def draw(self) -> None:
        """Bring the canvas in line with the row."""
        owner = self.list.owner
        part, look, typesetter = owner.part, owner.look, owner.typesetter
        fresh = self.row.key == owner.flashing
        shown = (self.row, look, part.size, fresh, tuple(self.size), self.index == 0)
        if shown == self._shown:
            return
        self._shown = shown
        self._draw_ground(look, fresh=fresh)
        place = Rect(0, 0, self.width / look.scale, self.height / look.scale)
        self._write(place, part, look, typesetter)

    def _draw_ground(self, look: Look, *, fresh: bool) -> None:
        scale = look.scale
        tint = Token.FLASH if fresh else Token.CHOICE_DOWN
        lit = fresh or self.row.selected
        box = (round(8 * scale), round(4 * scale), self.width - round(16 * scale), self.height - round(8 * scale))
        edge = Token.FORWARD if self.row.selected else None
        if lit:
            self._ground.place(box, RADIUS_ROW, 4 if self.row.selected else 0, scale)
            self._ground.paint(look, tint, edge)
        else:
            self._ground.hide()
        self._line_colour.rgba = (*colour(look, Token.SUNK), 0 if self.index == 0 else 1)
        self._line.pos = (round(INSET * scale), self.height - round(LINE * scale / 2))
        self._line.size = (self.width - round(2 * INSET * scale), round(LINE * scale))

    def _write(self, place: Rect, part: Rows, look: Look, typesetter: Typesetter) -> None:
        row, size = self.row, part.size
        room = place.inset(INSET, 0)
        amount, quantity, width = columns(row, size, room.width, typesetter)
        right, text_right = room.right - amount, room.x + width
        lines = typesetter.lines(row.text, size, width)
        note = typesetter.lines(row.note, Size.NOTE, width) if row.note else []
        leading, small = LEADING[size], LEADING[Size.NOTE]
        tall = leading * len(lines) + small * len(note)
        top = max(0.0, (place.height - tall) / 2)
        base = Rect(room.x, top, width, leading * len(lines))
        first = Rect(0, top, 0, leading)
        places = {
            "text": (lines, base, size, False, Side.START),
            "note": (note, Rect(room.x, base.bottom, width, small), Size.NOTE, False, Side.START),
            "quantity": (
                [row.quantity] if row.quantity else [],
                Rect(text_right + COLUMN_GAP, first.y, quantity, leading),
                size,
                False,
                Side.END,
            ),
            "amount": ([row.amount] if row.amount else [], Rect(right, first.y, amount, leading), size, True, Side.END),
        }
        self.cut = tall > place.height + 2
        for name, (texts, rect, step, bold, side) in places.items():
            block = self._words[name]
            seen = rect.mirrored(place.width) if look.right_to_left else rect
            block.write(
                typesetter,
                texts,
                upwards(seen, place.height, look.scale),
                size=step,
                bold=bold,
                side=side,
                level=Level.TOP,
                right_to_left=look.right_to_left,
            )
            block.paint(look, Token.SOFT if name in ("note", "quantity") else Token.INK)

    def on_touch_up(self, touch: MotionEvent) -> bool:
        """Choose the row."""
        if self.row.name and self.collide_point(*touch.pos) and not touch.ud.get("dragged"):
            self.list.owner.touched(self.row.name)
            return True
        return False


def columns(row: Row, size: Size, width: float, typesetter: Typesetter) -> tuple[float, float, float]:
    """Share the width of a row: amount, quantity, and what is left for its name, px."""
    amount = typesetter.width(row.amount, size, bold=True) if row.amount else 0.0
    quantity = typesetter.width(row.quantity, size) if row.quantity else 0.0
    left = width - (amount + COLUMN_GAP * 1.5 if amount else 0) - (quantity + COLUMN_GAP if quantity else 0)
    return amount, quantity, left


def height_of(row: Row, part: Rows, typesetter: Typesetter) -> int:
    """Give the height that a row needs, px: more than the usual one for a long name."""
    width = columns(row, part.size, part.at.width - 2 * INSET, typesetter)[2]
    tall = LEADING[part.size] * len(typesetter.lines(row.text, part.size, width))
    if row.note:
        tall += LEADING[Size.NOTE] * len(typesetter.lines(row.note, Size.NOTE, width))
    return max(part.row_height, -(-(tall + 12) // GRID) * GRID)


class RowList(SteadyScroll, RecycleView):
    """The scrolling view. It never animates: no overscroll, no bar that fades."""

    def __init__(self, owner: RowsPiece) -> None:
        super().__init__(
            size_hint=(None, None),
            effect_cls=ScrollEffect,
            bar_width=0,
            scroll_type=["content"],
            do_scroll_x=False,
            scroll_timeout=150,
            scroll_distance=24,
        )
        self.owner = owner
        self.column = RecycleBoxLayout(
            orientation="vertical",
            size_hint=(1, None),
            default_size_hint=(1, None),
            default_size=(None, 1),
            key_size="box",
        )
        self.column.fbind("minimum_height", self._grow)
        self.add_widget(self.column)
        self.viewclass = RowPiece

    def _grow(self, _: object, height: float) -> None:
        self.column.height = height

    def on_scroll_move(self, touch: MotionEvent) -> bool:
        """Mark a finger that scrolls: lifting it chooses nothing."""
        answer = bool(super().on_scroll_move(touch))
        if abs(touch.oy - touch.y) > self.scroll_distance:
            touch.ud["dragged"] = True
        return answer


class RowsPiece(Piece[Rows]):
    """The list as a part."""

    def __init__(self, typesetter: Typesetter, touched: Callable[[str], None]) -> None:
        super().__init__(typesetter)
        self.touched = touched
        self.flashing = ""
        self._unflash = Clock.create_trigger(self._flash_ends, FLASH_SECONDS)
        self.view = RowList(self)
        self.add_widget(self.view)
        self._drawn: tuple[object, ...] = ()
        self._look: Look | None = None
        self._keys: Sequence[str] = ()
        self._whole = 0.0
        self._heights: dict[Row, int] = {}
        self._kind: tuple[object, ...] = ()

    def _move(self, *_: object) -> None:
        self.view.pos = (self.x, self.top - self.view.height)

    def draw(self) -> None:
        """Draw it."""
        part = self.part
        if (part.rows, self.look, tuple(self.size)) == self._drawn:
            return
        self._drawn = (part.rows, self.look, tuple(self.size))
        keys = [row.key for row in part.rows]
        grown = self._keys != keys
        self._flash(part)
        self._keys, self._look = keys, self.look
        heights = self._measure(part)
        self._whole = sum(heights) * self.look.scale
        self.view.size = (self.width, self._room(heights))
        self._move()
        self.view.data = [
            {"row": row, "box": (0, round(height * self.look.scale))}
            for row, height in zip(part.rows, heights, strict=True)
        ]
        if grown:
            self._show_newest() if part.follow else self._show_chosen()

    def _measure(self, part: Rows) -> list[int]:
        """Give the height of every row; those of the last picture are remembered."""
        known, kind = self._heights, (part.size, part.row_height, part.at.width)
        if kind != self._kind:
            known, self._kind = {}, kind
        self._heights = {row: known.get(row) or height_of(row, part, self.typesetter) for row in part.rows}
        return [self._heights[row] for row in part.rows]

    def _room(self, heights: list[int]) -> float:
        """Give the height of the window on the rows, device px: with the newest in sight the first one is whole too."""
        if self._whole <= self.height:
            return float(self.height)
        room = 0.0
        for height in reversed(heights):
            if room + height * self.look.scale > self.height:
                break
            room += height * self.look.scale
        return room or float(self.height)

    def _flash(self, part: Rows) -> None:
        fresh = [row.key for row in part.rows if row.fresh and row.key not in self._keys]
        self.flashing = fresh[-1] if fresh and not part.plain and self._look is not None else ""
        if self.flashing:
            self._unflash.cancel()
            self._unflash()

    def _flash_ends(self, *_: object) -> None:
        self.flashing = ""
        for row in self.view.column.children:
            row.draw()

    # Scrolling ------------------------------------------------------------------------------------------------------

    @property
    def _spare(self) -> float:
        return max(0.0, float(self._whole - self.view.height))

    def _show_newest(self) -> None:
        self.view.scroll_y = 0 if self._spare else 1

    def _show_chosen(self) -> None:
        if not any(row.selected for row in self.part.rows):
            self.view.scroll_y = 1

    def page(self, direction: int) -> None:
        """Step one page up (-1) or down (1)."""
        spare = self._spare
        if spare:
            row = self.part.row_height * self.look.scale
            step = max(row, (self.view.height // row) * row)
            self.view.scroll_y = min(1.0, max(0.0, self.view.scroll_y - direction * step / spare))

    def shown(self) -> list[RowPiece]:
        """Give the row widgets in sight."""
        return [row for row in self.view.column.children if isinstance(row, RowPiece)]
