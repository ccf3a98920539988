"""Kivy is set up before it is imported, and never draws into nothing by mistake."""

from pathlib import Path

import pytest

from appliance.errors import ConfigError
from appliance.ui import launch

from .conftest import Panel


@pytest.fixture(autouse=True)
def no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SDL_VIDEODRIVER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


def test_without_a_display_the_till_says_what_to_do_instead_of_drawing_into_memory():
    with pytest.raises(ConfigError, match="cage"):
        launch._driver()


def test_a_named_driver_is_taken(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "kmsdrm")
    assert launch._driver() == "kmsdrm"


def test_a_driver_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "directfb")
    with pytest.raises(ConfigError, match="directfb"):
        launch._driver()


def test_a_desktop_session_is_used(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DISPLAY", ":0")
    assert launch._driver() == "x11"


def test_a_compositor_is_reached_through_x_by_a_kivy_that_knows_no_wayland(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert launch._driver() == ("wayland" if launch._has_wayland() else "x11")


def test_it_is_an_error_to_come_too_late(kivy_home: Path, tmp_path: Path):
    with pytest.raises(RuntimeError, match="before kivy"):
        launch.prepare(Panel(), tmp_path)


def test_kivy_reads_one_pointer_and_ends_on_no_key(kivy_home: Path):
    from kivy.config import Config

    assert dict(Config.items("input")) == {"mouse": "mouse,disable_multitouch"}
    assert Config.getint("kivy", "exit_on_escape") == 0
