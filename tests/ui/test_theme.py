"""Every pair of colours that meets on the screen is far enough apart, by computation."""

import pytest

from appliance.ui.theme import PAIRS, PALETTES, Need, Pair, Token, contrast
from appliance.ui.view import Theme


@pytest.mark.parametrize("pair", PAIRS, ids=lambda p: f"{p.front}-on-{p.ground}")
@pytest.mark.parametrize("theme", Theme)
def test_a_pair_has_the_contrast_it_needs(theme: Theme, pair: Pair):
    palette = PALETTES[theme]
    assert contrast(palette[pair.front], palette[pair.ground]) >= pair.need


def test_no_token_stands_without_a_pair():
    assert {token for pair in PAIRS for token in (pair.front, pair.ground)} == set(Token)


def test_the_ratio_is_that_of_wcag():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(
    ("theme", "text", "edge"), [(Theme.NORMAL, 7.07, 3.21), (Theme.HIGH_CONTRAST, 11.9, 9.9), (Theme.CALM, 7.40, 3.19)]
)
def test_the_lowest_ratios_of_a_theme_are_those_of_its_design(theme: Theme, text: float, edge: float):
    def lowest(need: Need) -> float:
        return min(contrast(PALETTES[theme][p.front], PALETTES[theme][p.ground]) for p in PAIRS if p.need is need)

    assert lowest(Need.TEXT) == pytest.approx(text, abs=0.01)
    assert lowest(Need.EDGE) == pytest.approx(edge, abs=0.01)
