"""What `benchmarks.ui` times: the real screen, and a bare label. Imports Kivy, so only after `launch.prepare`."""

from __future__ import annotations

from pathlib import Path

from kivy.base import EventLoop
from kivy.core.window import Window
from kivy.input.motionevent import MotionEvent
from kivy.uix.label import Label

from appliance.core.checkout import Checkout
from appliance.core.identifiers import Language
from appliance.ui.app import KioskApp
from appliance.ui.bridge import Bridge
from appliance.ui.pages import Screen


class BareLabel:
    """A word on the window."""

    def __init__(self) -> None:
        self._label = Label(font_size=40)
        self._count = 0
        Window.add_widget(self._label)

    def change(self) -> None:
        """Write another word."""
        self._count += 1
        self._label.text = f"item {self._count}"

    def close(self) -> None:
        """Take it off the window."""
        Window.remove_widget(self._label)


class Touch(MotionEvent):
    """A finger."""

    def depack(self, args: tuple[float, float]) -> None:
        """Take its place, 0..1 of the window."""
        self.sx, self.sy = args
        self.profile = ("pos",)
        super().depack(args)


class OpenScreen:
    """The screen with its bridge, but no register."""

    def __init__(self, home: Path, pages: list[Checkout]) -> None:
        self._pages = pages
        self._bridge = Bridge()
        settings = Screen(shop="Bench", languages=(Language("nb"),))
        self._app = KioskApp(settings, self._bridge, lambda _: None, home=home, sound=False)
        self._app.open()
        self._finger: Touch | None = None

    def show(self, number: int) -> None:
        """Post a page as the register does."""
        self._bridge.show(self._pages[number])

    def put_finger(self) -> None:
        """Touch "Help" without lifting the finger on it."""
        button = self._app.button("help")
        x, y = button.center
        self._finger = Touch("bench", 1, (x / Window.width, y / Window.height), is_touch=True, type_id="touch")
        EventLoop.post_dispatch_input("begin", self._finger)

    def lift_finger(self) -> None:
        """Slide off the button and lift the finger: nothing is posted."""
        if self._finger is not None:
            self._finger.move((0.5, 0.99))
            EventLoop.post_dispatch_input("update", self._finger)
            EventLoop.post_dispatch_input("end", self._finger)
            self._finger = None

    def close(self) -> None:
        """Take it off the window."""
        self._app.close()
