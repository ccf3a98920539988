"""Pictures of every page: page.theme.orientation.language.png, and an index to look at them.

`launch.prepare` must have run (offscreen). The samples come from the caller: pages are data, so that nothing here
imports a test.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol

from appliance.core.identifiers import Language
from appliance.ui.entry import Entry
from appliance.ui.pages import Page
from appliance.ui.strings import Texts
from appliance.ui.view import Theme, View
from appliance.ui.wording import view

ORIENTATIONS: Final = {"landscape": (1280, 800), "portrait": (800, 1280)}


class Sample(Protocol):
    """A page, and what a person is in the middle of."""

    @property
    def name(self) -> str:
        """Name of the picture."""
        ...

    @property
    def page(self) -> Page:
        """What the register shows."""
        ...

    @property
    def entry(self) -> Entry:
        """What the person has chosen and typed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way to see a page."""

    theme: Theme = Theme.NORMAL
    orientation: str = "landscape"
    language: Language = Language("nb")
    large: bool = False
    low_reach: bool = False
    own: bool = False
    """The language is the shop's own: staff read it too."""

    def __str__(self) -> str:
        switches = [name for name, on in (("large", self.large), ("low", self.low_reach), ("own", self.own)) if on]
        return ".".join([self.theme, self.orientation, self.language, *switches])

    def view(self, sample: Sample, texts: Mapping[Language, Texts]) -> View:
        """Put a sample into words this way."""
        screen = sample.entry.screen
        if self.own:
            others = tuple(language for language in screen.languages if language != self.language)
            screen = replace(screen, languages=(self.language, *others))
        entry = replace(
            sample.entry,
            screen=screen,
            language=self.language,
            large=self.large or sample.entry.large,
            low_reach=self.low_reach or sample.entry.low_reach,
            contrast=sample.entry.contrast or self.theme is Theme.HIGH_CONTRAST,
            calm=sample.entry.calm or self.theme is Theme.CALM,
        )
        return view(sample.page, entry, texts)


def variants(languages: Iterable[Language]) -> Iterator[Variant]:
    """Give every theme, orientation and language."""
    for language in languages:
        for theme in Theme:
            for orientation in ORIENTATIONS:
                yield Variant(theme=theme, orientation=orientation, language=language)


class Studio:
    """Draws pictures in memory, one screen for each orientation."""

    def __init__(self, home: Path, pictures: Path | None = None) -> None:
        from kivy.clock import Clock  # noqa: PLC0415 - Kivy is imported when its environment stands
        from kivy.core.window import Window  # noqa: PLC0415 - the graphics context
        from kivy.lang import Builder  # noqa: PLC0415 - see above

        from appliance.ui.pace import unthrottle  # noqa: PLC0415 - see above
        from appliance.ui.pictures import Pictures  # noqa: PLC0415 - see above
        from appliance.ui.runs import FontFiles  # noqa: PLC0415 - see above
        from appliance.ui.screens.screen import Screen  # noqa: PLC0415 - see above

        unthrottle()
        self._clock, self._window, self._builder = Clock, Window, Builder
        fonts, cache = FontFiles(home / "fonts"), Pictures(pictures)
        self._screens = {
            name: Screen(width, height, fonts, cache, _ignored) for name, (width, height) in ORIENTATIONS.items()
        }

    def screen(self, orientation: str) -> Any:
        """Give the screen of an orientation."""
        return self._screens[orientation]

    def draw(self, view: View, orientation: str) -> Any:
        """Draw a View and give the screen, laid out; without the flash of a new row, which depends on the time."""
        screen = self._screens[orientation]
        screen.draw(replace(view, rows=tuple(replace(row, fresh=False) for row in view.rows)))
        for _ in range(2):
            self._turn()
        return screen

    def _turn(self) -> None:
        """One turn of the main loop: a list lays itself out before the frame, and its frame follows it in `sync`."""
        self._clock.tick()
        self._builder.sync()
        self._clock.tick_draw()
        self._builder.sync()

    def pixels(self, view: View, orientation: str) -> tuple[tuple[int, int], bytes]:
        """Draw a View; give size and RGBA rows from the top, taken when two frames are equal."""
        screen = self.draw(view, orientation)
        before = b""
        for _ in range(20):
            image = screen.board.export_as_image()
            data = bytes(image.texture.pixels)
            if data == before:
                return tuple(image.texture.size), data
            before = data
            self._turn()
        raise TimeoutError(f"{view.page} does not come to rest")

    def save(self, view: View, orientation: str, path: Path) -> None:
        """Draw a View into a PNG file."""
        from PIL import Image  # noqa: PLC0415 - pictures only

        size, data = self.pixels(view, orientation)
        Image.frombytes("RGBA", size, data).convert("RGB").save(path, optimize=True)


def _ignored(_name: str) -> None:
    pass


def render(
    samples: Iterable[Sample],
    texts: Mapping[Language, Texts],
    folder: Path,
    *,
    home: Path,
    pictures: Path | None = None,
    chosen: Iterable[Variant] | None = None,
) -> list[Path]:
    """Draw every sample in every variant into a folder, with an index.html; give the files."""
    studio = Studio(home, pictures)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = list(chosen if chosen is not None else variants(texts))
    samples = tuple(samples)
    written = []
    for variant in wanted:
        for sample in samples:
            path = folder / f"{sample.name}.{variant}.png"
            studio.save(variant.view(sample, texts), variant.orientation, path)
            written.append(path)
    (folder / "index.html").write_text(index([s.name for s in samples], wanted), encoding="utf-8")
    return written


def index(names: Iterable[str], wanted: Iterable[Variant]) -> str:
    """Give a page that shows every picture, one variant at a time."""
    names, wanted = list(names), list(wanted)
    links = " ".join(f'<a href="#{variant}">{variant}</a>' for variant in wanted)
    style = (
        "body{font:16px sans-serif;margin:24px;background:#ddd}nav a{margin-right:12px}img{width:400px}"
        "figure{display:inline-block;margin:0 16px 16px 0;vertical-align:top}figcaption{margin-top:4px}"
    )
    head = f"<!doctype html><meta charset=utf-8><title>Kvitt: every page</title><style>{style}</style>"
    parts = [head, f"<nav>{links}</nav>"]
    for variant in wanted:
        parts.append(f'<h2 id="{variant}">{variant}</h2>')
        for name in names:
            file = html.escape(f"{name}.{variant}.png")
            parts.append(
                f'<figure><a href="{file}"><img loading=lazy src="{file}" alt="{html.escape(name)}"></a>'
                f"<figcaption>{html.escape(name)}</figcaption></figure>"
            )
    return "\n".join(parts)
