"""Drives the real screen: pages come over the bridge, fingers and keys through the window. One window for all tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from appliance.core.checkout import Checkout
from appliance.core.commands import Command
from appliance.core.effects import Sound
from appliance.ui.app import KioskApp
from appliance.ui.bridge import Bridge
from appliance.ui.pages import Screen as Settings
from appliance.ui.view import View


class Driver:
    """An open screen, what it posted, and what it played."""

    def __init__(self, settings: Settings, home: Path, **options: Any) -> None:
        self.posted: list[Command] = []
        self.beats = 0
        self.first_frames = 0
        self.bridge = Bridge()
        self.app = KioskApp(
            settings,
            self.bridge,
            self.posted.append,
            home=home,
            sound=False,
            heartbeat=self._beat,
            on_first_frame=self._first,
            **options,
        )

    def _beat(self) -> None:
        self.beats += 1

    def _first(self) -> None:
        self.first_frames += 1

    @property
    def view(self) -> View:
        assert self.app.view is not None
        return self.app.view

    def show(self, checkout: Checkout) -> None:
        """Let the register show a state, and wait until it is drawn."""
        before = self.app.view
        self.bridge.show(checkout)
        self.wait(lambda: self.app.view is not before)

    def wait(self, condition: Callable[[], object], seconds: float = 5.0) -> None:
        """Turn the main loop until a condition holds."""
        from kivy.base import EventLoop

        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"not in {seconds} s"
            EventLoop.idle()

    def turn(self, seconds: float) -> None:
        """Turn the main loop for a time."""
        end = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() >= end, seconds + 5)

    def button(self, name: str) -> Any:
        found = self.app._screen.board.button(name)
        assert found is not None, f"{name} is not on {self.view.page}"
        return found

    def press(self, x: float, y: float) -> Finger:
        """Put a finger on the window, device px."""
        return Finger(x, y)

    def tap(self, name: str) -> None:
        """Touch a button with a finger."""
        button = self.button(name)
        self.press(button.center_x, button.center_y).lift()

    def key(self, code: int) -> None:
        """Press a key of the assistive keypad."""
        from kivy.core.window import Window

        Window.dispatch("on_key_down", code, 0, "", [])

    def sounds(self) -> list[Sound]:
        """Record what is played from now on."""
        played: list[Sound] = []
        self.app._sounds = Recorder(played)
        return played


class Recorder:
    """Stands in for the loudspeaker."""

    def __init__(self, played: list[Sound]) -> None:
        self.play = played.append


class Finger:
    """One touch, sent through the window as its input provider does."""

    number = 0

    def __init__(self, x: float, y: float) -> None:
        from kivy.core.window import Window
        from kivy.input.motionevent import MotionEvent

        class Touch(MotionEvent):
            def depack(self, args: tuple[float, float]) -> None:
                self.sx, self.sy = args
                self.profile = ("pos",)
                super().depack(args)

        Finger.number += 1
        self._window = Window
        self._touch = Touch(
            "finger", Finger.number, (x / Window.width, y / Window.height), is_touch=True, type_id="touch"
        )
        self._send("begin")

    def move(self, x: float, y: float) -> None:
        self._touch.move((x / self._window.width, y / self._window.height))
        self._send("update")

    def lift(self) -> None:
        self._send("end")

    def _send(self, kind: str) -> None:
        from kivy.base import EventLoop

        EventLoop.post_dispatch_input(kind, self._touch)


@contextmanager
def opened(settings: Settings, home: Path, **options: Any):
    """Give an open screen, and take it off the window afterwards."""
    driver = Driver(settings, home, **options)
    driver.app.open()
    try:
        yield driver
    finally:
        driver.app.close()
