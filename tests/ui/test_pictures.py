"""Pictures of the goods: loaded when drawn, few kept, never a reason to fail."""

from pathlib import Path

import pytest
from PIL import Image


@pytest.fixture
def folder(kivy_home: Path, tmp_path: Path) -> Path:
    for number in range(60):
        Image.new("RGBA", (16, 16), (number, 0, 0, 255)).save(tmp_path / f"p{number}.png")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG nothing")
    return tmp_path


def test_a_picture_is_loaded_once(folder: Path):
    from appliance.ui.pictures import Pictures

    pictures = Pictures(folder)
    assert pictures.texture("p1") is pictures.texture("p1")
    assert tuple(pictures.texture("p1").size) == (16, 16)


@pytest.mark.parametrize("name", ["", "missing", "broken", "../p1"])
def test_a_picture_that_cannot_be_had_is_none(name: str, folder: Path):
    from appliance.ui.pictures import Pictures

    (folder / "inside").mkdir()
    assert Pictures(folder / "inside" if name.startswith("..") else folder).texture(name) is None


def test_without_a_folder_there_are_no_pictures(kivy_home: Path):
    from appliance.ui.pictures import Pictures

    assert Pictures().texture("p1") is None


def test_only_the_last_48_are_kept(folder: Path):
    from appliance.ui.pictures import KEPT, Pictures

    pictures = Pictures(folder)
    for number in range(60):
        pictures.texture(f"p{number}")
    assert len(pictures) == KEPT
