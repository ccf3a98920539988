"""The screen's process half: window, main loop, timers, sounds.

Everything here runs on the main thread but `stop`, `tap`, `screenshot`, `headset` and `view`, which any thread may use.
"""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any, Final

from appliance.core.effects import Sound
from appliance.ports import Post
from appliance.ui.bridge import Bridge
from appliance.ui.dialogue import Dialogue
from appliance.ui.entry import Deadline, Refused, Shown
from appliance.ui.keys import CODES, Key, moved
from appliance.ui.pages import Screen as Settings
from appliance.ui.speech import Speech
from appliance.ui.strings import load
from appliance.ui.view import View

HEARTBEAT: Final = 2.0
"""Seconds between two signs of life."""
_LOG = logging.getLogger(__name__)


def _nothing() -> None:
    pass


def _finish(*_: object) -> None:
    from kivy.graphics.opengl import glFinish  # noqa: PLC0415 - Kivy is imported when its environment stands

    glFinish()


class KioskApp:
    """The screen of a till. `launch.prepare` must have run before `run`.

    `home` is the folder given to `launch.prepare`; `pictures` holds the goods' pictures, one PNG file for each
    `Item.picture`. `heartbeat` is called every 2 s as long as the main loop turns, `on_first_rest`
    once, when everything is loaded and nobody is at the till.
    """

    def __init__(
        self,
        settings: Settings,
        bridge: Bridge,
        post: Post,
        *,
        home: Path,
        pictures: Path | None = None,
        sound: bool = True,
        steady_pace: bool = False,
        heartbeat: Callable[[], None] = _nothing,
        on_first_frame: Callable[[], None] = _nothing,
        on_first_rest: Callable[[], None] = _nothing,
    ) -> None:
        self._bridge = bridge
        self._home, self._pictures = home, pictures
        self._heartbeat, self._on_first_frame = heartbeat, on_first_frame
        self._on_first_rest: Callable[[], None] | None = on_first_rest
        self._with_sound, self._steady = sound, steady_pace
        self._speech = Speech()
        self._sounds: Any = None
        self._screen: Any = None
        self._window: Any = None
        self._alive: Any = None
        self._ended = Event()
        self._focus = ""
        self._view: View | None = None
        self._dialogue = Dialogue(settings, load(settings.languages), post, self.play, self)

    # From any thread ------------------------------------------------------------------------------------------------

    @property
    def view(self) -> View | None:
        """The picture on the screen; None before the first one."""
        return self._view

    def stop(self) -> None:
        """End `run`, soon; also one that has not begun yet."""
        self._ended.set()
        try:
            self._bridge.call(self._end)
        except TimeoutError:
            _LOG.debug("the screen is not open; it will not open")

    def tap(self, name: str) -> bool:
        """Touch the button, row, tile or key of an action; False if the picture has none of this name."""
        return self._bridge.call(lambda: self._tap(name))

    def screenshot(self, path: Path) -> None:
        """Write the picture on the screen as PNG, after it has been drawn."""
        self._bridge.call(lambda: self._screenshot(path))

    def headset(self, *, plugged: bool) -> None:
        """Begin or end to read the screen aloud."""
        self._bridge.call(lambda: self._plug(plugged=plugged))

    # The main thread ------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Show the screen until `stop`, or until the window is shut."""
        from kivy.base import runTouchApp  # noqa: PLC0415 - Kivy is imported when its environment stands

        self.open()
        try:
            if not self._ended.is_set():
                runTouchApp()
        finally:
            self.close()

    def open(self) -> None:
        """Make the screen and draw the first picture; `run` does it, or whoever turns the main loop himself."""
        from kivy.clock import Clock  # noqa: PLC0415 - see `run`
        from kivy.core.window import Window  # noqa: PLC0415 - see `run`

        from appliance.ui.idle import Idle  # noqa: PLC0415 - see `run`
        from appliance.ui.pace import Pace  # noqa: PLC0415 - see `run`
        from appliance.ui.pictures import Pictures  # noqa: PLC0415 - see `run`
        from appliance.ui.runs import FontFiles  # noqa: PLC0415 - see `run`
        from appliance.ui.screens.screen import Screen  # noqa: PLC0415 - see `run`

        self._window = Window
        self._pace = Pace(steady=self._steady, rested=self._rest)
        self._idle = Idle(self._dialogue.elapse)
        width, height = Window.size
        fonts = FontFiles(self._home / "fonts")
        self._screen = Screen(width, height, fonts, Pictures(self._pictures), self._touched)
        Window.add_widget(self._screen.board)
        Window.fbind("on_touch_down", self._stir)
        Window.fbind("on_key_down", self._key)
        Window.fbind("on_flip", self._first_frame)
        if os.environ.get("SDL_VIDEODRIVER") == "offscreen":
            # Nothing presents an offscreen window, so nothing frees what its frames were drawn with: 4 MB each.
            Window.fbind("on_flip", _finish)
        self._alive = Clock.schedule_interval(self._beat, HEARTBEAT)
        self._dialogue.begin()
        self._bridge.attach(self, self._pace.call_soon)

    def close(self) -> None:
        """Take the screen off the window and stop its timers."""
        self._bridge.detach()
        self._idle.stop()
        self._pace.stop()
        self._alive.cancel()
        self._speech.stop()
        window = self._window
        window.funbind("on_touch_down", self._stir)
        window.funbind("on_key_down", self._key)
        window.funbind("on_flip", self._first_frame)
        window.funbind("on_flip", _finish)
        window.remove_widget(self._screen.board)

    def take(self, news: tuple[Shown | Refused, ...]) -> None:
        """Take what the register has to say (`bridge.Listener`)."""
        self._dialogue.take(news)

    def play(self, sound: Sound) -> None:
        """Play a sound (`bridge.Listener`)."""
        if self._sounds is not None:
            self._sounds.play(sound)

    def show(self, view: View, deadline: Deadline | None, *, touched: bool) -> None:
        """Draw a View (`dialogue.Stage`)."""
        before, self._view = self._view, view
        if before is None or before.page != view.page:
            self._focus = ""
        if before is None or replace(before, revision=view.revision) != view:
            self._pace.stir()
        self._screen.draw(view, focus=self._focus)
        self._pace.page(view.page)
        self._idle.watch(deadline, touched=touched)
        if before is None or before.spoken != view.spoken:
            self._speech.say(view.spoken, view.language)

    def button(self, name: str) -> Any:
        """Give the widget of an action on the screen; None if there is none."""
        return self._screen.board.button(name)

    def _touched(self, name: str) -> None:
        self._dialogue.touch(name)

    def _tap(self, name: str) -> bool:
        self._pace.stir()
        return bool(self._screen.tap(name))

    def _end(self) -> None:
        from kivy.base import stopTouchApp  # noqa: PLC0415 - see `run`

        stopTouchApp()

    def _screenshot(self, path: Path) -> None:
        self._window.dispatch("on_draw")
        self._screen.board.export_to_png(str(path))

    def _plug(self, *, plugged: bool) -> None:
        if not plugged:
            self._speech.stop()
            return
        self._speech.start()
        if self._view is not None:
            self._speech.say(self._view.spoken, self._view.language)

    def _stir(self, *_: object) -> bool:
        self._pace.stir()
        return False

    def _key(self, _window: object, code: int, *_: object) -> bool:
        key, view = CODES.get(code), self._view
        if key is None or view is None:
            return False
        self._pace.stir()
        match key:
            case Key.NEXT | Key.BACK:
                self._focus, words = moved(view, self._focus, key)
                self._screen.draw(view, focus=self._focus)
                self._speech.say(words, view.language)
            case Key.OK if self._focus:
                self._screen.tap(self._focus)
            case Key.HELP:
                self._screen.tap("help")
            case Key.LOUDER | Key.SOFTER:
                self._speech.louder(1 if key is Key.LOUDER else -1)
            case _:
                pass
        return True

    def _beat(self, _: float) -> None:
        self._heartbeat()

    def _first_frame(self, *_: object) -> None:
        from kivy.clock import Clock  # noqa: PLC0415 - see `run`

        self._window.funbind("on_flip", self._first_frame)
        self._on_first_frame()
        Clock.schedule_once(self._settle_in, 0)

    def _rest(self) -> None:
        if self._on_first_rest is not None:
            self._on_first_rest()
            self._on_first_rest = None

    def _settle_in(self, _: float) -> None:
        """Do what the first picture did not need: sounds, the list, and a heap that the collector leaves alone."""
        if self._with_sound and self._sounds is None:
            from appliance.ui.sounds import Sounds  # noqa: PLC0415 - opens the sound device

            self._sounds = Sounds()
            self._sounds.load()
        from appliance.ui.widgets import rows  # noqa: PLC0415 - the first page has no rows

        _LOG.debug("%s is ready", rows.__name__)
        gc.collect()
        gc.freeze()
