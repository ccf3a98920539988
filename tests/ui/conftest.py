"""One Kivy, one window, no display: all tests of the screen share them."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="renew the reference pictures of the screen")


class Panel:
    width, height, fullscreen, dpi, clock = 1280, 800, False, 149, "default"


@pytest.fixture(scope="session")
def kivy_home() -> Iterator[Path]:
    """Kivy with an offscreen window; the folder that it and the font faces live in."""
    from appliance.ui import launch

    os.environ["SDL_AUDIODRIVER"] = "dummy"
    with tempfile.TemporaryDirectory(prefix="kvitt-ui-") as folder:
        home = Path(folder)
        launch.prepare(Panel(), home, offscreen=True)
        from kivy.base import EventLoop
        from kivy.core.window import Window

        EventLoop.window = Window
        Window.fbind("on_close", lambda *_: None)
        yield home


@pytest.fixture(scope="session")
def pictures() -> Path:
    return Path(__file__).parents[2] / "examples" / "shop" / "pictures"
