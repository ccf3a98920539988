"""The whole screen: draws a View, and tells by name what was touched. Knows nothing else of the till."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from appliance.ui.pictures import Pictures
from appliance.ui.runs import FontFiles
from appliance.ui.screens.customer.basket import PAGE_DOWN, PAGE_UP
from appliance.ui.screens.layouts import compose
from appliance.ui.screens.sheet import Sheet
from appliance.ui.view import View
from appliance.ui.widgets.board import Board
from appliance.ui.widgets.parts import Button, Look, Rows, Spot
from appliance.ui.widgets.type import Typesetter

LANDSCAPE = (1280, 800)
PORTRAIT = (800, 1280)


class Screen:
    """A window's content. `width` and `height` are device px; one factor scales everything."""

    def __init__(
        self, width: int, height: int, fonts: FontFiles, pictures: Pictures, touched: Callable[[str], None]
    ) -> None:
        base = LANDSCAPE if width >= height else PORTRAIT
        self.scale = min(width / base[0], height / base[1])
        self.width, self.height = width / self.scale, height / self.scale
        self.typesetter = Typesetter(fonts, self.scale)
        self.board = Board(self.typesetter, pictures, self._touched)
        self.board.size = (width, height)
        self.view: View | None = None
        self._post = touched

    def draw(self, view: View, *, focus: str = "") -> None:
        """Draw a View; widgets whose part is the same are left alone. `focus` names what has the ring."""
        newer = self.view is None or view.revision != self.view.revision or view.page != self.view.page
        self.view = view
        sheet = Sheet(view=view, setting=self.typesetter, width=self.width, height=self.height)
        look = Look(theme=view.theme, scale=self.scale, right_to_left=view.right_to_left)
        parts = compose(sheet)
        if focus:
            parts = tuple(replace(p, focused=True) if isinstance(p, Button) and p.name == focus else p for p in parts)
        self.board.show(parts, look, self.width, self.height)
        if newer:
            self.board.settle()

    def tap(self, name: str) -> bool:
        """Touch the button, row or tile of an action, as a finger would; False if there is none."""
        button = self.board.button(name)
        if button is not None:
            button.press()
            return True
        for piece in self.board.pieces():
            if isinstance(piece.part, Spot) and piece.part.name == name:
                self._touched(name)
                return True
            if isinstance(piece.part, Rows) and any(row.name == name for row in piece.part.rows):
                self._touched(name)
                return True
        return False

    def _touched(self, name: str) -> None:
        if name in (PAGE_UP, PAGE_DOWN):
            self._page(-1 if name == PAGE_UP else 1)
        else:
            self._post(name)

    def _page(self, direction: int) -> None:
        from appliance.ui.widgets.rows import RowsPiece  # noqa: PLC0415 - loaded with the first list

        for piece in self.board.pieces():
            if isinstance(piece, RowsPiece):
                piece.page(direction)
        self.board.settle()
