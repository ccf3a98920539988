"""What one look takes in: sizes of modules, and names that say nothing."""

import re

from tests.architecture.source import ROOT, modules

LIMIT = 400
LIMITS = {
    "appliance/register.py": 250,
    "appliance/ports.py": 250,
}
MEANINGLESS = re.compile(r"(^|_)(utils?|helpers?|managers?|misc|common|base)($|_)")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def test_no_module_is_longer_than_one_takes_in() -> None:
    lengths = {module.path: module.text.count("\n") for module in modules()}
    assert {path: length for path, length in lengths.items() if length > LIMITS.get(path, LIMIT)} == {}


def test_an_exemption_is_for_a_module_that_exists() -> None:
    assert [path for path in LIMITS if not (ROOT / path).is_file()] == []


def test_modules_are_nouns_of_the_subject() -> None:
    parts = {part for module in modules() for part in module.path.removesuffix(".py").split("/")}
    assert [part for part in sorted(parts) if MEANINGLESS.search(part)] == []


def test_nothing_is_left_to_do_in_the_code() -> None:
    unfinished = [
        f"{module.path}:{number}"
        for module in modules()
        for number, line in enumerate(module.text.splitlines(), start=1)
        if UNFINISHED.search(line)
    ]
    assert unfinished == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [module.path for module in modules() if not module.text.startswith(('"""', "#!"))]
    assert silent == []
