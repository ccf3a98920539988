"""Which function composes which layout."""

from __future__ import annotations

from collections.abc import Callable

from appliance.ui.screens.customer import attract, basket, grid, keypad, question, status
from appliance.ui.screens.sheet import Sheet
from appliance.ui.screens.staff import list as staff_list
from appliance.ui.view import Layout
from appliance.ui.widgets.parts import Part

COMPOSERS: dict[Layout, Callable[[Sheet], list[Part]]] = {
    Layout.ATTRACT: attract.compose,
    Layout.BASKET: basket.compose,
    Layout.QUESTION: question.compose,
    Layout.GRID: grid.compose,
    Layout.KEYPAD: keypad.compose,
    Layout.STATUS: status.compose,
    Layout.LIST: staff_list.compose,
}
"""The till layout of a staffed stall is not drawn yet: no page asks for it."""


def compose(sheet: Sheet) -> tuple[Part, ...]:
    """Give all parts of a View, from the back to the front."""
    return tuple(COMPOSERS[sheet.view.layout](sheet))
