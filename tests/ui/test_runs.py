"""Which font draws what, in which order, and where lines end."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.ui.runs import (
    FAMILIES,
    FontFiles,
    Run,
    Script,
    break_lines,
    characters_of,
    extract_face,
    pieces,
    visual_runs,
)


def by_length(text: str) -> float:
    return float(len(text))


def test_a_norwegian_text_is_one_run():
    assert visual_runs("Skann den første varen") == (Run("Skann den første varen", Script.LATIN),)


def test_an_amount_in_a_chinese_sentence_is_drawn_by_roboto():
    assert visual_runs("支付 189,50 kr") == (Run("支付 ", Script.CHINESE), Run("189,50\u00a0kr", Script.LATIN))


def test_a_number_in_an_arabic_sentence_keeps_its_direction():
    runs = visual_runs("ادفع 189,50 الآن", right_to_left=True)
    assert [run.text.strip() for run in runs] == ["الآن", "189,50", "ادفع"]
    assert [run.right_to_left for run in runs] == [True, False, True]


def test_an_arabic_name_in_a_norwegian_sentence_stands_where_it_is_read():
    assert [run.script for run in visual_runs("Velg العربية her")] == [Script.LATIN, Script.ARABIC, Script.LATIN]


def test_an_amount_never_falls_apart_at_its_no_break_space():
    assert break_lines("Betal 189,50\u00a0kr", 10, by_length) == ["Betal", "189,50\u00a0kr"]


def test_a_number_keeps_its_unit():
    assert break_lines("Pils 0,5 l og 10 epler", 9, by_length) == ["Pils", "0,5\u00a0l og", "10 epler"]


def test_a_narrow_no_break_space_is_drawn_as_one_that_the_font_has():
    assert visual_runs("1\u202f189,50") == (Run("1\u00a0189,50", Script.LATIN),)


def test_a_chinese_sentence_breaks_between_characters_but_not_before_a_comma():
    assert break_lines("请扫描第一件，商品", 6, by_length) == ["请扫描第一", "件，商品"]


def test_a_title_is_set_in_lines_of_about_equal_length():
    assert break_lines("Scan your first item", 16, by_length) == ["Scan your first", "item"]
    assert break_lines("Scan your first item", 16, by_length, balanced=True) == ["Scan your", "first item"]


def test_a_word_wider_than_the_line_is_cut_rather_than_lost():
    assert "".join(break_lines("Fiskebolleboks", 5, by_length)) == "Fiskebolleboks"


@given(st.text(alphabet="aå -\u00a0，。件商ب9,", max_size=40), st.integers(min_value=1, max_value=30), st.booleans())
def test_no_character_is_lost_or_doubled_by_line_breaks(text: str, width: int, balanced: bool):
    lines = break_lines(text, width, by_length, balanced=balanced)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(len(line) <= width or len(line) == 1 for line in lines)


@given(st.text(alphabet="aå -\u00a0，。件商بت9,.", max_size=40), st.booleans())
def test_runs_hold_every_character_once(text: str, right_to_left: bool):
    assert sorted("".join(run.text for run in visual_runs(text, right_to_left=right_to_left))) == sorted(text)


@given(st.text(max_size=40))
def test_pieces_join_to_the_text(text: str):
    assert "".join(pieces(text)) == text


@pytest.mark.parametrize("script", [Script.CHINESE, Script.ARABIC])
def test_noto_draws_what_roboto_cannot(script: Script, tmp_path: Path):
    if not Path(FAMILIES[script].regular).exists():
        pytest.skip(f"{FAMILIES[script].package} is not installed")
    path = FontFiles(tmp_path).path(script, bold=False)
    sample = {Script.CHINESE: "扫描商品", Script.ARABIC: "امسح"}[script]
    assert {ord(character) for character in sample} <= characters_of(Path(path))


def test_a_language_without_its_font_names_the_package_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Path, "exists", lambda _self: False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert FontFiles(tmp_path).missing_package("zh") == "fonts-noto-cjk"
    assert FontFiles(tmp_path).missing_package("nb") == ""


def test_a_face_is_taken_out_of_its_collection_only_once(tmp_path: Path):
    collection = Path(FAMILIES[Script.CHINESE].regular)
    if not collection.exists():
        pytest.skip("fonts-noto-cjk is not installed")
    first = extract_face(collection, 2, tmp_path)
    written = first.stat().st_mtime_ns
    assert extract_face(collection, 2, tmp_path).stat().st_mtime_ns == written
    assert ord("直") in characters_of(first)
