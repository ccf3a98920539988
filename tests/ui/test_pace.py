"""What the drawing half never does, and the private name of Kivy that it leans on."""

import ast
from pathlib import Path
from threading import Thread

import pytest

UI = Path(__file__).parents[2] / "appliance" / "ui"
FILES = sorted(path for path in UI.rglob("*.py"))
CLOCK = {"pace.py", "idle.py", "app.py", "gallery.py", "button.py", "rows.py"}
"""bridge.py gets the clock's `schedule_once` lent by app.py."""


def names(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.name for alias in node.names}
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda path: str(path.relative_to(UI)))
def test_no_module_does_what_none_may(file: Path):
    used = names(ast.parse(file.read_text(encoding="utf-8")))
    assert not used & {"get_running_app", "Popup", "ModalView", "Animation", "ScreenManager"}
    if file.name not in CLOCK:
        assert "Clock" not in used
    if file.name != "pace.py":
        assert "_max_fps" not in used


@pytest.mark.parametrize("file", sorted((UI / "screens").rglob("*.py")), ids=lambda path: path.name)
def test_a_layout_has_no_colour_and_no_size_of_its_own(file: Path):
    if file.name == "screen.py":
        return
    tree = ast.parse(file.read_text(encoding="utf-8"))
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    assert not [text for text in texts if text.startswith("#")]
    assert "kivy" not in {
        module.split(".")[0]
        for node in ast.walk(tree)
        for module in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    }


def test_kivy_still_has_the_rate_that_the_pace_sets(kivy_home: Path):
    from kivy.clock import Clock

    assert isinstance(Clock._max_fps, int | float)
    assert isinstance(Clock._last_tick, float)
    assert isinstance(Clock._dt, float)
    assert callable(Clock.idle)


def test_the_pace_sets_the_rate_that_the_clock_keeps(kivy_home: Path):
    from kivy.clock import Clock

    from appliance.ui.pace import FAST, QUIET, Pace, unthrottle

    pace = Pace()
    pace.page("attract")
    assert pace.rate == FAST
    pace._quieten(0)
    assert Clock._max_fps == QUIET
    pace.page("basket")
    assert Clock._max_fps == FAST
    pace.stop()
    unthrottle()
    assert Clock._max_fps == 0


def test_what_the_register_has_to_show_waits_for_no_tick(kivy_home: Path):
    from kivy.clock import Clock

    from appliance.ui.pace import Pace, unthrottle

    came = []
    pace = Pace()
    try:
        Clock.tick()
        Clock._max_fps = 1 / 30
        thread = Thread(target=pace.call_soon, args=(came.append,))
        thread.start()
        Clock.tick()
        thread.join()
        assert len(came) == 1
        assert Clock.frametime < 30
    finally:
        pace.stop()
        unthrottle()


def test_a_till_that_goes_quiet_says_so(kivy_home: Path):
    from appliance.ui.pace import Pace, unthrottle

    rests = []
    pace = Pace(rested=lambda: rests.append(True))
    try:
        pace.page("attract")
        assert rests == []
        pace._quieten(0)
        assert rests == [True]
    finally:
        pace.stop()
        unthrottle()


def test_without_news_the_loop_waits_for_its_tick(kivy_home: Path):
    from kivy.clock import Clock

    from appliance.ui.pace import Pace, unthrottle

    pace = Pace()
    try:
        Clock.tick()
        Clock._max_fps = 20
        Clock.tick()
        assert Clock.frametime >= 1 / 20
    finally:
        pace.stop()
        unthrottle()
