"""What the screen's code never does: the rules that keep it calm, quick, readable and translatable."""

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatch

from tests.architecture.source import Module, called, modules

UI = modules("appliance/ui")
SCREENS = "appliance/ui/screens/*"
WIDGETS = "appliance/ui/widgets/*"

CLOCK_PLACES = (
    "appliance/ui/app.py",  # starts the heartbeat of the watchdog, and hands the bridge what crosses to its thread
    "appliance/ui/bridge.py",
    "appliance/ui/gallery.py",  # has no running app: it turns the clock by hand
    "appliance/ui/idle.py",
    "appliance/ui/pace.py",
    WIDGETS,
)
CROSSING = (
    "appliance/ui/app.py",  # other threads wait here for a screenshot
    "appliance/ui/bridge.py",
    "appliance/ui/pace.py",  # the bridge wakes the loop
    "appliance/ui/sounds.py",
    "appliance/ui/speech.py",
)
CLOCK_OWN = ("_max_fps", "_last_tick", "_dt")
BINDING = {"bind", "fbind", "schedule_interval", "schedule_once", "create_trigger"}
READING = {
    "open",
    "read_text",
    "read_bytes",
    "write_text",
    "write_bytes",
    "urlopen",
    "run",
    "Popen",
    "sleep",
    "connect",
}
COLOUR = re.compile(r"#(?:[0-9a-fA-F]{3}){1,2}")


def within(*places: str) -> list[Module]:
    return [module for module in UI if any(fnmatch(module.path, place) for place in places)]


def outside(*places: str) -> list[Module]:
    return [module for module in UI if not any(fnmatch(module.path, place) for place in places)]


def attributes(module: Module, *names: str) -> Iterator[str]:
    for node in module.nodes(ast.Attribute):
        if isinstance(node, ast.Attribute) and node.attr in names:
            yield module.at(node)


def test_the_screens_are_found() -> None:
    assert within(SCREENS)
    assert within(WIDGETS)


def test_nothing_below_the_app_reaches_for_the_running_app() -> None:
    assert [place for module in outside("appliance/ui/app.py") for place in attributes(module, "get_running_app")] == []


def test_a_question_is_a_page_and_never_a_popup() -> None:
    assert [
        f"{module.path}:{found.line}"
        for module in UI
        for found in module.imports()
        if found.name in ("kivy.uix.popup", "kivy.uix.modalview", "kivy.uix.bubble", "kivy.uix.dropdown")
    ] == []


def test_a_screen_draws_with_our_widgets_and_not_with_raw_labels_or_colours() -> None:
    for module in within(SCREENS):
        assert [found.name for found in module.imports() if found.name in ("kivy.uix.label", "kivy.core.text")] == []
        sized = [
            module.at(node)
            for node in module.nodes(ast.keyword)
            if isinstance(node, ast.keyword)
            and node.arg in ("font_size", "font_name", "color")
            and isinstance(node.value, ast.Constant)
        ]
        assert sized == []


def test_colours_are_named_in_the_theme_and_nowhere_else() -> None:
    written = [
        module.at(node)
        for module in outside("appliance/ui/theme.py")
        for node in module.nodes(ast.Constant)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and COLOUR.fullmatch(node.value)
    ]
    assert written == []


def test_no_lambda_is_bound_to_what_lives_longer() -> None:
    bound = [
        module.at(node)
        for module in UI
        for node in module.nodes(ast.Call)
        if isinstance(node, ast.Call)
        and called(node) in BINDING
        and any(isinstance(part, ast.Lambda) for part in (*node.args, *(keyword.value for keyword in node.keywords)))
    ]
    assert bound == []


def test_the_clock_is_used_only_where_time_is_the_subject() -> None:
    assert [
        f"{module.path}:{found.line}"
        for module in outside(*CLOCK_PLACES)
        for found in module.imports()
        if found.name == "kivy.clock"
    ] == []


def test_only_the_bridge_crosses_from_another_thread() -> None:
    assert [
        f"{module.path}:{found.line}"
        for module in outside(*CROSSING)
        for found in module.imports()
        if found.top in ("threading", "queue", "concurrent", "multiprocessing", "asyncio")
    ] == []


def test_the_tick_rate_is_set_in_one_place() -> None:
    private = [place for module in outside("appliance/ui/pace.py") for place in attributes(module, *CLOCK_OWN)]
    assert private == []


def once(module: Module) -> set[int]:
    """Give the nodes of functions that run once per process: what the package brings along is read there."""
    return {
        id(inner)
        for node in module.nodes(ast.FunctionDef)
        if isinstance(node, ast.FunctionDef)
        and any(ast.unparse(mark).endswith("cache") for mark in node.decorator_list)
        for inner in ast.walk(node)
    }


def test_what_draws_reads_no_file_and_waits_for_nothing() -> None:
    assert [
        module.at(node)
        for module in within(SCREENS, WIDGETS, "appliance/ui/bridge.py")
        for node in module.nodes(ast.Call)
        if called(node) in READING and id(node) not in once(module)
    ] == []


def test_no_screen_joins_a_text_from_pieces() -> None:
    """Words come whole from the catalogue of texts: another language has another order."""
    joined = [
        module.at(node)
        for module in within(SCREENS)
        for node in module.nodes(ast.JoinedStr)
        if isinstance(node, ast.JoinedStr)
        and any(
            isinstance(part, ast.Constant) and re.search(r"[A-Za-z]{2,} | [A-Za-z]{2,}", str(part.value))
            for part in node.values
        )
    ]
    assert joined == []


def test_no_act_needs_a_drag_a_long_press_or_a_double_tap() -> None:
    names = ("is_double_tap", "is_triple_tap", "double_tap_time", "multitouch_sim", "DragBehavior")
    assert [place for module in UI for place in attributes(module, *names)] == []
    assert [
        f"{module.path}:{found.line}" for module in UI for found in module.imports() if found.name.endswith(".drag")
    ] == []


def test_nothing_moves_without_end() -> None:
    assert [
        f"{module.path}:{found.line}"
        for module in UI
        for found in module.imports()
        if found.name in ("kivy.animation", "kivy.uix.spinner", "kivy.uix.progressbar")
    ] == []
