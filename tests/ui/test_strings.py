from __future__ import annotations

import ast
import gettext
import io
import re
from functools import cache
from pathlib import Path
from typing import IO, Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from appliance.core.identifiers import Language
from appliance.ui import strings
from appliance.ui.wording.voice import CATEGORIES

LANGUAGES = ("nb", "nn", "en", "zh")
WORDING = Path(strings.__file__).with_name("wording")
FIELD = re.compile(r"\{(\w+)\}")


@cache
def said() -> dict[tuple[str, str], str]:
    """Find every text that the code asks for: (context, text) -> its plural, or nothing."""
    found = dict.fromkeys(CATEGORIES, "")
    for module in sorted(WORDING.glob("*.py")):
        for call in (node for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Call)):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            texts = [value.value if isinstance(value, ast.Constant) else None for value in call.args]
            wanted = {"say": 2, "count": 3}.get(name, 0)
            literal = [text for text in texts[:wanted] if isinstance(text, str)]
            if wanted and len(literal) == wanted:
                found[literal[0], literal[1]] = literal[2] if wanted == 3 else ""
    return found


@cache
def catalogue(language: str) -> Catalog:
    with (strings.LOCALE / language / "LC_MESSAGES" / "kvitt.po").open("rb") as file:
        return read_po(file, locale=language)


@cache
def entries(language: str) -> dict[tuple[str, str], tuple[str, ...]]:
    result = {}
    for message in catalogue(language):
        if message.id:
            singular = message.id if isinstance(message.id, str) else message.id[0]
            told = (message.string,) if isinstance(message.string, str) else tuple(message.string)
            result[message.context, singular] = told
    return result


def test_the_code_asks_for_texts() -> None:
    assert len(said()) > 150


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_has_a_translation_and_none_is_left_over(language: str) -> None:
    assert set(entries(language)) == set(said())


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_is_empty_or_fuzzy(language: str) -> None:
    assert [key for key, told in entries(language).items() if not all(told)] == []
    assert [message.id for message in catalogue(language) if message.fuzzy and message.id] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_fields_of_its_english(language: str) -> None:
    for (context, text), told in entries(language).items():
        plural = said()[context, text]
        allowed = set(FIELD.findall(text)) | set(FIELD.findall(plural))
        for translation in told:
            assert set(FIELD.findall(translation)) <= allowed, (context, text, translation)
            if not plural:
                assert set(FIELD.findall(translation)) == allowed, (context, text, translation)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plural_has_as_many_forms_as_the_language(language: str) -> None:
    forms = catalogue(language).num_plurals
    for key, told in entries(language).items():
        assert len(told) == (forms if said()[key] else 1), key


def read_by_gettext(file: IO[bytes]) -> tuple[dict[Any, str], str]:
    """Give all texts, and the rule of plurals; the rest of the header names the release of the tool that wrote it."""
    translations: Any = gettext.GNUTranslations(file)
    return {key: text for key, text in translations._catalog.items() if key}, translations.info()["plural-forms"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_read_is_what_was_edited(language: str) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(language))
    compiled.seek(0)
    with (strings.LOCALE / language / "LC_MESSAGES" / "kvitt.mo").open("rb") as stored:
        assert read_by_gettext(compiled) == read_by_gettext(stored), (
            "run: pybabel compile -d appliance/ui/locale -D kvitt"
        )


def test_english_says_what_the_code_says() -> None:
    for (context, text), told in entries("en").items():
        assert told == tuple(form for form in (text, said()[context, text]) if form)


@pytest.mark.parametrize("language", ["nb", "nn", "zh"])
def test_a_language_is_not_english_in_disguise(language: str) -> None:
    own_words = {"OK", "Start", "Terminal", "Open", "{kind} ({name})", "{price} per kg"}
    own_words.add("{weight} kg x {price} per kg")
    assert [text for (_, text), told in entries(language).items() if told[0] == text and text not in own_words] == []


def test_bokmaal_and_nynorsk_are_two_languages() -> None:
    bokmaal, nynorsk = entries("nb"), entries("nn")
    assert sum(bokmaal[key] != nynorsk[key] for key in bokmaal) > 100


@pytest.mark.parametrize("word", ["ikke", "jeg", "hva", "hvor", "fra", "noe", "hvordan", "en", "kassen", "være"])
def test_nynorsk_holds_no_word_of_bokmaal(word: str) -> None:
    told = " ".join(" ".join(forms) for forms in entries("nn").values()).lower()
    assert word not in re.findall(r"\w+", told)


@pytest.mark.parametrize("word", ["ikkje", "eg", "kva", "korleis", "frå", "noko", "ein", "ei", "vere"])
def test_bokmaal_holds_no_word_of_nynorsk(word: str) -> None:
    told = " ".join(" ".join(forms) for forms in entries("nb").values()).lower()
    assert word not in re.findall(r"\w+", told)


def test_chinese_uses_the_signs_of_chinese() -> None:
    for (context, text), told in entries("zh").items():
        for translation in told:
            if text not in ("OK", "{kind} ({name})"):
                assert re.search(r"[\u4e00-\u9fff]", translation), (context, text)
            assert not re.search(r"[\u4e00-\u9fff][.,?!;:]", translation), (context, text, translation)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_ends_as_its_english_ends(language: str) -> None:
    ends = {"。": ".", "？": "?", "！": "!"}
    for (_, text), told in entries(language).items():
        for translation in told:
            last = ends.get(translation[-1], translation[-1])
            if text.endswith("."):
                assert last == ".", (text, translation)
            elif not translation.endswith("stk."):
                assert last != ".", (text, translation)


def test_every_language_with_texts_is_available_and_has_a_name_of_its_own() -> None:
    assert set(strings.available()) == set(LANGUAGES)
    assert set(strings.available()) <= set(strings.OWN_NAMES)


def test_a_language_without_texts_is_refused_at_start() -> None:
    with pytest.raises(FileNotFoundError):
        strings.load([Language("tlh")])


def test_numbers_choose_the_form() -> None:
    texts = strings.load([Language("nb"), Language("zh")])
    one, many = "We clear the basket in {number} second.", "We clear the basket in {number} seconds."
    assert texts[Language("nb")].count("still_there", one, many, 1) == "Vi tømmer kurven om 1 sekund."
    assert texts[Language("nb")].count("still_there", one, many, 5) == "Vi tømmer kurven om 5 sekunder."
    assert texts[Language("zh")].count("still_there", one, many, 1) == "1 秒后将清空购物篮。"


def test_a_text_without_a_translation_is_given_in_english() -> None:
    texts = strings.load([Language("nb")])
    assert texts[Language("nb")].say("nowhere", "Never said") == "Never said"
