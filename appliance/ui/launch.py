"""Sets Kivy up before anything of it is imported, so that no start script can forget it."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Final, Protocol

from appliance.errors import ConfigError

DRIVERS: Final = ("wayland", "x11", "kmsdrm", "offscreen")


class Panel(Protocol):
    """What the configuration says about the screen (`config.ScreenConfig`)."""

    @property
    def width(self) -> int:
        """Width, px."""
        ...

    @property
    def height(self) -> int:
        """Height, px."""
        ...

    @property
    def fullscreen(self) -> bool:
        """Whether it takes the whole panel."""
        ...

    @property
    def dpi(self) -> int:
        """Real dots per inch."""
        ...

    @property
    def clock(self) -> str:
        """Kivy's clock: "default" or "interrupt"."""
        ...


def prepare(panel: Panel, home: Path, *, offscreen: bool = False) -> str:
    """Set the environment and Kivy's configuration; give the SDL video driver.

    Must run before the first import of kivy; RuntimeError if it is too late. `home` is a folder for Kivy and for font
    faces. Without `offscreen` the driver is $SDL_VIDEODRIVER, else what the session offers; ConfigError if it offers
    none: SDL would then draw into memory in silence, and the panel would stay black.
    """
    if "kivy" in sys.modules:
        raise RuntimeError("launch.prepare must run before kivy is imported")
    driver = "offscreen" if offscreen else _driver()
    home.mkdir(parents=True, exist_ok=True)
    os.environ.update(
        {
            "KIVY_NO_ARGS": "1",
            "KIVY_NO_CONFIG": "1",
            "KIVY_NO_FILELOG": "1",
            "KIVY_LOG_MODE": "PYTHON",
            "KIVY_WINDOW": "sdl2",
            "KIVY_TEXT": "sdl2",
            "KIVY_IMAGE": "sdl2",
            "KIVY_AUDIO": "sdl2",
            "KIVY_HOME": str(home),
            "KIVY_DPI": str(panel.dpi),
            "KIVY_METRICS_DENSITY": "1",
            "SDL_VIDEODRIVER": driver,
        }
    )
    if driver == "wayland":
        # With libdecor SDL_CreateWindow can hang so that only SIGKILL ends it.
        os.environ["SDL_VIDEO_WAYLAND_ALLOW_LIBDECOR"] = "0"
    if driver == "kmsdrm":
        os.environ["KIVY_SDL_GL_ALPHA_SIZE"] = "0"
    _hush()
    _configure(panel, driver)
    return driver


class _Unused(logging.Filter):
    """Drops Kivy's complaints about input devices that we never use: only the window's own mouse event is read."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is worth a line."""
        return "is not supported by your version of linux" not in record.getMessage()


def _hush() -> None:
    log = logging.getLogger("kivy")
    log.setLevel(logging.WARNING)
    if not any(isinstance(known, _Unused) for known in log.filters):
        log.addFilter(_Unused())


def _driver() -> str:
    chosen = os.environ.get("SDL_VIDEODRIVER", "")
    if chosen:
        if chosen not in DRIVERS:
            raise ConfigError(f"SDL_VIDEODRIVER: {chosen!r} is not one of {', '.join(DRIVERS)}")
        return chosen
    if os.environ.get("WAYLAND_DISPLAY"):
        return "wayland" if _has_wayland() else "x11"
    if os.environ.get("DISPLAY"):
        return "x11"
    raise ConfigError(
        "there is no display: start the till inside a session (cage -d -- kvitt run), or set SDL_VIDEODRIVER to "
        "kmsdrm or offscreen"
    )


def _has_wayland() -> bool:
    """Whether this Kivy can draw to a wayland compositor: the Debian package can, the wheel from PyPI cannot."""
    return "dist-packages" in str(_kivy_folder())


def _kivy_folder() -> Path | None:
    from importlib.util import find_spec  # noqa: PLC0415 - only inside a wayland session

    spec = find_spec("kivy")
    return Path(spec.origin) if spec and spec.origin else None


def _configure(panel: Panel, driver: str) -> None:
    from kivy.config import Config  # noqa: PLC0415 - the environment must stand before

    options = {
        "kivy": {"exit_on_escape": "0", "log_level": "warning"},
        "graphics": {
            "multisamples": "0",
            "maxfps": "60",
            "allow_screensaver": "0",
            "show_cursor": "1" if driver == "x11" and not panel.fullscreen else "0",
            "fullscreen": "auto" if panel.fullscreen and driver != "offscreen" else "0",
            "width": str(panel.width),
            "height": str(panel.height),
            "resizable": "0",
        },
    }
    if driver == "kmsdrm":
        options["graphics"]["vsync"] = "1"
    options["kivy"]["kivy_clock"] = panel.clock
    for section, values in options.items():
        for key, value in values.items():
            Config.set(section, key, value)
    for key in list(Config.options("input")):
        Config.remove_option("input", key)
    Config.set("input", "mouse", "mouse,disable_multitouch")
