"""The words of the pages. English is what the templates say, but for keys that are no sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from hub.web.bokmaal import BOKMAAL
from hub.web.bokmaal_keys import KEYS
from hub.web.english import ENGLISH

NOTICES: Final[Mapping[str, str]] = {
    "price": "The new price is published.",
    "price-later": "The new price is published and waits for its time.",
    "held": "The change is improbable and is held back. Somebody else can release it.",
    "booked": "It is booked.",
    "saved": "It is saved.",
    "released": "The row is booked.",
    "user-added": "The user can sign in.",
    "password": "The password is changed. All other sessions have ended.",
    "change-password": "Choose a password of your own first.",
    "code-on": "From now on a code is wanted at the sign-in.",
    "code-off": "No code is wanted at the sign-in any more.",
    "signed-out": "You are signed out.",
}
"""What a page says after something was done, by its name in the address."""

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {"nb": {**BOKMAAL, **KEYS}, "en": ENGLISH}


def wording(language: str) -> Callable[..., str]:
    """Give the function that says a text in a language; `{name}` in it is filled in."""
    words = _WORDS[language]

    def say(text: str, /, **values: Any) -> str:
        found = words.get(text, text)
        return found.format(**values) if values else found

    return say
