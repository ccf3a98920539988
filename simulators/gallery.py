"""`./kvitt gallery DIR`: a picture of every page in every theme, orientation and language, and an index of them."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from appliance.config import ScreenConfig
from appliance.core.identifiers import Language
from appliance.ui import gallery, launch, strings
from simulators.goods import SAMPLE_SHOP
from tests.ui.samples import samples

LANGUAGES: Final = ("nb", "nn", "en", "zh")


def main() -> int:
    """Draw the pictures and say where they are."""
    parser = argparse.ArgumentParser(prog="kvitt gallery", description="A picture of every page.")
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--page", action="append", default=[], help="only pages whose name begins like this")
    parser.add_argument("--theme", action="append", default=[], help="only this theme: normal, high_contrast, calm")
    parser.add_argument("--orientation", action="append", default=[], help="only landscape or portrait")
    parser.add_argument("--language", action="append", default=[], help="only this language: nb, nn, en, zh")
    told = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kvitt-gallery-") as home:
        launch.prepare(ScreenConfig(fullscreen=False), Path(home), offscreen=True)
        texts = strings.load(tuple(Language(language) for language in LANGUAGES))
        chosen = [
            variant
            for variant in gallery.variants(texts)
            if (not told.theme or variant.theme in told.theme)
            and (not told.orientation or variant.orientation in told.orientation)
            and (not told.language or variant.language in told.language)
        ]
        pages = [sample for sample in samples() if not told.page or sample.name.startswith(tuple(told.page))]
        written = gallery.render(
            pages, texts, told.folder, home=Path(home), pictures=SAMPLE_SHOP / "pictures", chosen=chosen
        )
    print(  # noqa: T201 - the answer
        f"{len(written)} pictures in {time.monotonic() - began:.0f} s: {told.folder / 'index.html'}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
