"""The documents: what they point to exists, what they draw is true, and the list of libraries is whole."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement

from tests.architecture.diagram import PAGE, drawn
from tests.architecture.source import ROOT, modules

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])


@pytest.mark.parametrize("page", [page.relative_to(ROOT).as_posix() for page in PAGES])
def test_every_link_leads_somewhere(page: str) -> None:
    file = ROOT / page
    for target in re.findall(r"\]\(([^)]+)\)", file.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://", "#")):
            assert (file.parent / target.partition("#")[0]).exists(), target


def test_every_document_that_the_code_names_exists() -> None:
    named = {(module.path, name) for module in modules() for name in re.findall(r"docs/[a-z/-]+\.md", module.text)}
    assert {entry for entry in named if not (ROOT / entry[1]).is_file()} == set()


def test_the_state_diagrams_are_those_of_the_tables() -> None:
    """If this fails: python -m tests.architecture.diagram."""
    text = PAGE.read_text(encoding="utf-8")
    assert text.count("stateDiagram-v2") == 2
    assert drawn(text) == text


def test_every_module_and_folder_that_the_architecture_names_exists() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in re.findall(r"`((?:core|io|store|mqtt|ui)/[a-z_/]+|register|hub/[a-z]+)`", text):
        place = ROOT / (name if name.startswith("hub/") else f"appliance/{name}")
        assert place.is_dir() or place.with_suffix(".py").is_file(), name


@pytest.mark.parametrize("project", ["pyproject.toml", "hub/pyproject.toml"])
def test_every_library_has_its_line_in_the_decisions(project: str) -> None:
    decided = (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8").lower()
    table = tomllib.loads((ROOT / project).read_text(encoding="utf-8"))["project"]
    names = {Requirement(entry).name.lower() for entry in table["dependencies"]} - {"kvitt"}
    assert {name for name in names if not re.search(rf"\b{re.escape(name)}\b", decided)} == set()
