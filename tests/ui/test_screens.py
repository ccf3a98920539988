"""Every page in every theme, orientation, language and switch keeps the rules of the design."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.core.identifiers import Language
from appliance.ui.gallery import ORIENTATIONS, Studio, Variant
from appliance.ui.strings import Texts, load
from appliance.ui.view import ICONS, Theme, View

from .samples import LANGUAGES, samples
from .view_samples import VIEWS

LONGEST = LANGUAGES[:1]
"""The language whose words are longest; the others are checked in the usual size, and in the whole gallery."""
SAMPLES = {sample.name: sample for sample in samples()}


@pytest.fixture(scope="module")
def studio(kivy_home: Path, pictures: Path) -> Studio:
    return Studio(kivy_home, pictures)


@pytest.fixture(scope="module")
def texts() -> dict[Language, Texts]:
    return dict(load(LANGUAGES))


def variants() -> Iterator[Variant]:
    for orientation in ORIENTATIONS:
        for language in LANGUAGES:
            yield Variant(language=language, orientation=orientation, own=True)
        for language in LONGEST:
            yield Variant(language=language, orientation=orientation, large=True)
            yield Variant(language=language, orientation=orientation, low_reach=True)
        yield Variant(theme=Theme.HIGH_CONTRAST, orientation=orientation, large=True, low_reach=True)
        yield Variant(theme=Theme.CALM, orientation=orientation)


@pytest.mark.parametrize("variant", list(variants()), ids=str)
def test_every_page_keeps_the_rules(variant: Variant, studio: Studio, texts: dict[Language, Texts]):
    from appliance.ui.selftest import inspect

    found = []
    for sample in SAMPLES.values():
        screen = studio.draw(variant.view(sample, texts), variant.orientation)
        found += [f"{sample.name}: {finding}" for finding in inspect(screen)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_every_slot_of_a_layout_keeps_the_rules(view: View, orientation: str, studio: Studio):
    from appliance.ui.selftest import inspect

    assert not [str(finding) for finding in inspect(studio.draw(view, orientation))]


@pytest.mark.parametrize("icon", ICONS)
def test_every_icon_is_drawn_at_every_size(icon: str, studio: Studio):
    from appliance.ui.widgets.drawing import ICON_SIZES, icon_texture

    for size in ICON_SIZES:
        assert tuple(icon_texture(icon, size).size) == (size, size)


def test_the_drawings_are_those_that_a_view_may_name(studio: Studio):
    from appliance.ui.widgets.drawing import ASSETS

    assert {file.stem for file in (ASSETS / "icons").glob("*.svg")} == set(ICONS)


def test_the_pictures_in_the_repository_are_those_of_the_drawings():
    pytest.importorskip("resvg_py", reason="resvg_py draws the assets; only their author needs it")
    root = Path(__file__).parents[2]
    checked = subprocess.run(
        [sys.executable, str(root / "tools" / "draw_assets.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def spoilt(studio: Studio, view: View) -> str:
    from appliance.ui.selftest import inspect

    return "\n".join(str(finding) for finding in inspect(studio.draw(view, "landscape")))


def test_a_title_that_is_too_long_is_found(studio: Studio):
    assert "title" in spoilt(studio, replace(VIEWS["closed"], title="one two three four five six seven eight"))


def test_a_character_that_no_font_has_is_found(studio: Studio):
    assert "glyph" in spoilt(studio, replace(VIEWS["closed"], sentence="Ring ☎ her"))


def test_a_code_that_a_phone_cannot_read_at_arms_length_is_found(studio: Studio):
    from appliance.ui.selftest import inspect

    screen = studio.draw(VIEWS["receipt_qr"], "landscape")
    piece = screen.board.piece("status:code")
    right = tuple(piece.size)
    try:
        piece.size = (230, 230)
        piece.draw()
        assert "code" in {finding.rule for finding in inspect(screen)}
    finally:
        piece.size = right
        piece.draw()


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("length", [4, 20, 40, 80, 160, 331, 600, 997])
def test_a_code_of_any_length_is_forty_millimetres_wide_with_a_quiet_zone(
    length: int, orientation: str, studio: Studio
):
    from appliance.ui.selftest import inspect

    screen = studio.draw(replace(VIEWS["receipt_qr"], qr="x" * length), orientation)
    assert not [str(finding) for finding in inspect(screen)]
    piece = screen.board.piece("status:code")
    quiet = (min(piece.size) - piece.side) / 2
    assert quiet >= 4 * piece.side / piece.modules - 1


def test_a_button_without_a_spoken_name_is_found(studio: Studio):
    silent = replace(VIEWS["closed"].bar[0], spoken="")
    assert "spoken" in spoilt(studio, replace(VIEWS["closed"], bar=(silent,)))


def test_a_text_that_does_not_fit_is_found(studio: Studio):
    assert "cut" in spoilt(studio, replace(VIEWS["card"], sentence="Sett inn kortet. " * 40))


def test_a_target_that_is_too_small_or_too_near_is_found(studio: Studio):
    from appliance.ui.selftest import inspect
    from appliance.ui.widgets.parts import Rect

    screen = studio.draw(VIEWS["unknown_item"], "landscape")
    piece = screen.board.button("help")
    right = piece.part
    try:
        piece.part = replace(right, at=Rect(10, 700, 100, 90))
        rules = {finding.rule for finding in inspect(screen)}
    finally:
        piece.part = right
    assert {"target", "edge"} <= rules


def test_a_button_above_the_reach_of_a_seated_person_is_found(studio: Studio):
    from appliance.ui.selftest import inspect
    from appliance.ui.widgets.parts import Rect

    screen = studio.draw(replace(VIEWS["unknown_item"], low_reach=True), "landscape")
    piece = screen.board.button("help")
    right = piece.part
    try:
        piece.part = replace(right, at=Rect(24, 100, 248, 120))
        assert "reach" in {finding.rule for finding in inspect(screen)}
    finally:
        piece.part = right
