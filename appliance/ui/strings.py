"""The texts of the screen in every language: gettext catalogues with the page as context and English as the key. Pure.

`locale/<language>/LC_MESSAGES/kvitt.po` is what people edit; the `kvitt.mo` beside it is what is read, so that a kiosk
needs no tool. After an edit: `pybabel compile -d appliance/ui/locale -D kvitt`. A test compares the two.
"""

from __future__ import annotations

import gettext
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from appliance.core.identifiers import Language

LOCALE: Final = Path(__file__).with_name("locale")
DOMAIN: Final = "kvitt"

OWN_NAMES: Final[Mapping[str, str]] = {
    "nb": "Norsk",
    "nn": "Nynorsk",
    "en": "English",
    "zh": "中文",
    "ar": "العربية",
}
"""Every language by its own name, as its speakers look for it."""

RIGHT_TO_LEFT: Final = frozenset({"ar"})


class Texts:
    """The texts of one language. A text that is missing is given in English: a till never shows nothing."""

    def __init__(self, language: Language, catalogue: gettext.NullTranslations) -> None:
        self.language = language
        self._catalogue = catalogue

    def say(self, context: str, text: str, **values: str | int) -> str:
        """Give a text of a page, its {names} filled in."""
        said = self._catalogue.pgettext(context, text)
        return said.format(**values) if values else said

    def count(self, context: str, one: str, many: str, number: int, **values: str | int) -> str:
        """Give a text that depends on a number, which it may name as {number}."""
        return self._catalogue.npgettext(context, one, many, number).format(number=number, **values)


def available() -> tuple[Language, ...]:
    """Give the languages that there are texts for."""
    return tuple(Language(path.parent.parent.name) for path in sorted(LOCALE.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")))


def load(languages: Iterable[Language]) -> Mapping[Language, Texts]:
    """Read the texts of languages once, at start; FileNotFoundError names a language that there are none for."""
    texts = {}
    for language in languages:
        with (LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as file:
            texts[language] = Texts(language, gettext.GNUTranslations(file))
    return texts
