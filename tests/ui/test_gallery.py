"""Pictures of pages: the comparison notices what an eye would, the gallery is whole, and references still hold."""

from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from appliance.core.identifiers import Language
from appliance.ui.gallery import ORIENTATIONS, Studio, Variant, render
from appliance.ui.strings import Texts, load
from appliance.ui.view import Theme

from .comparing import compare, keep
from .samples import LANGUAGES, samples

REFERENCES = Path(__file__).parent / "references"
SAMPLES = {sample.name: sample for sample in samples()}
NB, EN, ZH = Language("nb"), Language("en"), Language("zh")

CHECKED = [
    *((name, Variant()) for name in (
        "attract", "basket", "basket-many", "basket-removed", "basket-training", "line", "quantity", "unknown_item",
        "search", "item_number", "item_name", "choose_payment", "card-present_card", "declined", "outcome_unknown",
        "receipt", "receipt_qr", "thank_you", "help_called", "still_there", "adjust", "closed", "attendant-busy",
        "choose_payment-part_paid", "card-undoing", "qr_payment", "qr_payment-staff_check", "insert_cash-some",
        "cash-change", "change", "resolve_payment", "resolve_reason", "refund_due", "found_paid", "post_void",
        "close_day-differs",
    ) if name in SAMPLES),
    *((name, Variant(orientation="portrait")) for name in (
        "attract", "basket-many", "search", "receipt", "qr_payment", "cash-change", "resolve_payment",
    )),
    *((name, Variant(theme=Theme.HIGH_CONTRAST, language=EN)) for name in (
        "attract", "basket", "declined", "qr_payment",
    )),
    *((name, Variant(language=ZH, large=True)) for name in ("basket", "adjust", "card-present_card")),
]  # fmt: skip


@pytest.fixture(scope="module")
def studio(kivy_home: Path, pictures: Path) -> Studio:
    return Studio(kivy_home, pictures)


@pytest.fixture(scope="module")
def texts() -> dict[Language, Texts]:
    return dict(load(LANGUAGES))


def picture(studio: Studio, texts: dict[Language, Texts], name: str, variant: Variant) -> Image.Image:
    size, data = studio.pixels(variant.view(SAMPLES[name], texts), variant.orientation)
    return Image.frombytes("RGBA", size, data).convert("RGB")


@pytest.mark.parametrize(("name", "variant"), CHECKED, ids=str)
def test_a_page_looks_as_it_was_accepted(
    name: str,
    variant: Variant,
    studio: Studio,
    texts: dict[Language, Texts],
    request: pytest.FixtureRequest,
    tmp_path: Path,
):
    reference = REFERENCES / f"{name}.{variant}.png"
    actual = picture(studio, texts, name, variant)
    if request.config.getoption("--accept", default=False):
        keep(actual, reference)
    assert reference.exists(), f"{reference.name} was never accepted: run pytest tests/ui --accept and look at it"
    expected = Image.open(reference)
    found = compare(actual, expected)
    if not found.tolerable:
        for kind, image in (("actual", actual), ("expected", expected), ("difference", found.mask)):
            image.save(tmp_path / f"{reference.stem}.{kind}.png")
    assert found.tolerable, (
        f"{found.share:.2%} of the pixels differ, {found.worst_tile:.0%} in one tile; pictures in {tmp_path}. "
        "If it is meant to look like this: pytest tests/ui --accept"
    )


def test_no_reference_is_left_of_a_page_that_is_gone():
    wanted = {f"{name}.{variant}.png" for name, variant in CHECKED}
    assert {path.name for path in REFERENCES.glob("*.png")} == wanted


def test_one_build_draws_the_same_bytes_twice(studio: Studio, texts: dict[Language, Texts]):
    view = Variant().view(SAMPLES["basket"], texts)
    first = studio.pixels(view, "landscape")
    studio.pixels(Variant(language=ZH).view(SAMPLES["search"], texts), "landscape")
    assert studio.pixels(view, "landscape") == first


def test_a_missing_button_is_noticed(studio: Studio, texts: dict[Language, Texts]):
    whole = picture(studio, texts, "basket", Variant())
    without = whole.copy()
    ImageDraw.Draw(without).rectangle((24, 650, 180, 780), fill="#F5F3EE")
    assert not compare(without, whole).tolerable


def test_one_other_word_is_noticed(studio: Studio, texts: dict[Language, Texts]):
    whole = picture(studio, texts, "basket", Variant())
    other = picture(studio, texts, "basket", Variant(language=Language("nn")))
    assert not compare(other, whole).tolerable


def test_a_shade_that_another_driver_rounds_differently_is_tolerated(studio: Studio, texts: dict[Language, Texts]):
    whole = picture(studio, texts, "basket", Variant())
    assert compare(whole.point(lambda value: min(255, value + 5)), whole).tolerable


def test_the_gallery_has_every_picture_and_an_index(
    studio: Studio, texts: dict[Language, Texts], kivy_home: Path, tmp_path: Path
):
    few = [SAMPLES["attract"], SAMPLES["basket"]]
    chosen = [Variant(orientation=orientation) for orientation in ORIENTATIONS]
    files = render(few, texts, tmp_path, home=kivy_home, chosen=chosen)
    assert {file.name for file in files} == {
        f"{name}.normal.{orientation}.nb.png" for name in ("attract", "basket") for orientation in ORIENTATIONS
    }
    index = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert all(file.name in index for file in files)
    with Image.open(files[0]) as landscape:
        assert landscape.size == (1280, 800)
