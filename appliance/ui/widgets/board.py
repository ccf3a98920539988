"""Keeps one widget per part, and touches only those whose part has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kivy.uix.widget import Widget

from appliance.ui.pictures import Pictures
from appliance.ui.view import Role
from appliance.ui.widgets.button import ButtonPiece
from appliance.ui.widgets.drawing import upwards
from appliance.ui.widgets.parts import Button, Code, Drawing, Look, Panel, Part, Rows, Scene, Spot, Words
from appliance.ui.widgets.spot import SpotPiece
from appliance.ui.widgets.surface import CodePiece, DrawingPiece, PanelPiece, Piece, ScenePiece, WordsPiece
from appliance.ui.widgets.type import Typesetter


def _same_kind(one: Part, other: Part) -> bool:
    """Whether one widget can draw both."""
    if isinstance(one, Panel) and isinstance(other, Panel):
        return _make(one) == _make(other)
    if isinstance(one, Button) and isinstance(other, Button):
        return (one.role is Role.PRIMARY) is (other.role is Role.PRIMARY)
    return type(one) is type(other)


def _make(panel: Panel) -> tuple[object, ...]:
    return (panel.radius, panel.edge is None, panel.shadow, panel.whole)


class Board(Widget):
    """The whole surface of the window."""

    def __init__(self, typesetter: Typesetter, pictures: Pictures, touched: Callable[[str], None]) -> None:
        super().__init__(size_hint=(None, None))
        self._typesetter = typesetter
        self._pictures = pictures
        self._touched = touched
        self._pieces: dict[str, Piece[Part]] = {}
        self._look: Look | None = None
        self._height = 0.0

    def show(self, parts: tuple[Part, ...], look: Look, width: float, height: float) -> None:
        """Draw parts on a stage `width` x `height` px of the reference panel, from the back to the front."""
        pieces: dict[str, Piece[Part]] = {}
        restyled = look != self._look or height != self._height
        for part in parts:
            piece = self._pieces.get(part.key)
            if piece is None or not _same_kind(piece.part, part):
                piece = self._new(part)
                self._apply(piece, part, look, width, height)
            elif restyled or piece.part != part:
                self._apply(piece, part, look, width, height)
            pieces[part.key] = piece
        if list(pieces.values()) != list(self._pieces.values()):
            self._reorder(list(pieces.values()))
        self._pieces, self._look, self._height = pieces, look, height

    def _apply(self, piece: Piece[Part], part: Part, look: Look, width: float, height: float) -> None:
        place = part.at.mirrored(width) if look.right_to_left and not part.steady else part.at
        x, y, wide, tall = upwards(place, height, look.scale)
        if tuple(piece.size) != (wide, tall):
            piece.size = (wide, tall)
        if tuple(piece.pos) != (x, y):
            piece.pos = (x, y)
        piece.apply(part, look)

    def _reorder(self, pieces: list[Piece[Part]]) -> None:
        common = 0
        present = list(reversed(self.children))
        while common < min(len(pieces), len(present)) and pieces[common] is present[common]:
            common += 1
        for piece in present[common:]:
            self.remove_widget(piece)
        for piece in pieces[common:]:
            self.add_widget(piece)

    def _new(self, part: Part) -> Piece[Part]:
        match part:
            case Panel():
                return PanelPiece(self._typesetter)
            case Words():
                return WordsPiece(self._typesetter)
            case Drawing():
                return DrawingPiece(self._typesetter)
            case Scene():
                return ScenePiece(self._typesetter)
            case Code():
                return CodePiece(self._typesetter)
            case Button():
                return ButtonPiece(self._typesetter, self._pictures, self._touched)
            case Spot():
                return SpotPiece(self._typesetter, self._touched)
            case Rows():
                from appliance.ui.widgets.rows import RowsPiece  # noqa: PLC0415 - the first page has no rows

                return RowsPiece(self._typesetter, self._touched)
            case _:
                raise TypeError(f"no widget draws a {type(part).__name__}")

    # What tests, speech and the self-test ask -----------------------------------------------------------------------

    def pieces(self) -> Iterator[Piece[Part]]:
        """Give all widgets, from the back to the front."""
        yield from self._pieces.values()

    def piece(self, key: str) -> Piece[Part] | None:
        """Give the widget of a part."""
        return self._pieces.get(key)

    def button(self, name: str) -> ButtonPiece | None:
        """Give the button of an action."""
        found = (p for p in self._pieces.values() if isinstance(p, ButtonPiece) and p.part.name == name)
        return next(found, None)

    def settle(self) -> None:
        """A new revision is drawn: all buttons take touches again."""
        for piece in self._pieces.values():
            if isinstance(piece, ButtonPiece):
                piece.settle()
