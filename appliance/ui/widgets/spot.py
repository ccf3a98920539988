"""A place that takes a touch and shows nothing: the shop's name, behind which staff sign in."""

from __future__ import annotations

from collections.abc import Callable

from kivy.input.motionevent import MotionEvent

from appliance.ui.widgets.parts import Spot
from appliance.ui.widgets.surface import Piece
from appliance.ui.widgets.type import Typesetter


class SpotPiece(Piece[Spot]):
    """Posts its action when a finger comes down and is lifted on it."""

    def __init__(self, typesetter: Typesetter, touched: Callable[[str], None]) -> None:
        super().__init__(typesetter)
        self._touched = touched

    def draw(self) -> None:
        """Draw nothing."""

    def on_touch_down(self, touch: MotionEvent) -> bool:
        """Take the finger."""
        if not self.collide_point(*touch.pos):
            return False
        touch.grab(self)
        return True

    def on_touch_up(self, touch: MotionEvent) -> bool:
        """Post the action if the finger is lifted where it came down."""
        if touch.grab_current is not self:
            return False
        touch.ungrab(self)
        if self.collide_point(*touch.pos):
            self._touched(self.part.name)
        return True
