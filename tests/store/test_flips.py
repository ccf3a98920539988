"""One flipped bit, anywhere: it is found, or it does no harm. Never is a row lost or changed in silence."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from appliance.core.identifiers import CatalogueVersion
from appliance.store.catalogue import CatalogueStore
from appliance.store.documents import DocumentStore
from appliance.store.journal import SqliteJournal
from appliance.store.wal import FRAME, HEADER, survey
from tests.store.crashing import run
from tests.store.sales import NOK, gtin, keep, open_day, sale, sell
from tests.store.test_catalogue import product, root

FEW, MANY = 40, 400


def flipped(state: Path, file: str, number: int, *options: str, seed: int = 5) -> dict[str, int]:
    result = run([sys.executable, "-m", "tests.store.flips", str(state), file, str(number), str(seed), *options], 600)
    assert result.returncode == 0, result.stderr
    found: dict[str, int] = json.loads(result.stdout)
    assert sum(found.values()) == number
    return found


def silent(results: dict[str, int]) -> int:
    return results.get("lost in silence", 0) + results.get("changed in silence", 0)


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a till whose power was cut with its log nearly full."""
    live = tmp_path_factory.mktemp("live")
    journal = SqliteJournal.open(live)
    keep(journal, open_day())
    number = 0
    while survey(live / "journal.db-wal").frames < 160:
        number += 1
        for events in sale(number):
            keep(journal, events)
    state = tmp_path_factory.mktemp("cut") / "state"
    shutil.copytree(live, state)
    journal.close()
    return state


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a till that was closed in good order."""
    state = tmp_path_factory.mktemp("closed")
    journal = SqliteJournal.open(state)
    sell(journal, 12)
    journal.close()
    catalogue = CatalogueStore.open(state, zone="oslo", currency=NOK, room=0)
    products = [product(number) for number in range(1, 301)]
    catalogue.stage_snapshot(CatalogueVersion("oslo", 1), root(products), products)
    catalogue.activate(CatalogueVersion("oslo", 1))
    catalogue.close()
    (state / "gtins.json").write_text(json.dumps([str(gtin(number)) for number in range(1, 301)]))
    documents = DocumentStore.open(state)
    with documents.transaction():
        for number in range(200):
            documents.put("kv", f"key-{number}", {"value": number})
    documents.close()
    return state


@pytest.fixture(scope="module")
def without_mark(cut: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the same folder with its mark not yet on the card: the survey stands alone."""
    state = tmp_path_factory.mktemp("unmarked") / "state"
    shutil.copytree(cut, state)
    (state / "journal.mark").unlink()
    return state


def used(state: Path) -> str:
    return str(HEADER + survey(state / "journal.db-wal").frames * FRAME)


COUNTS = [FEW, pytest.param(MANY, marks=pytest.mark.crash)]


@pytest.mark.parametrize("number", COUNTS)
def test_in_the_log(cut: Path, number: int):
    results = flipped(cut, "journal.db-wal", number, "--used", used(cut))
    assert silent(results) == 0
    assert results["found"] > number * 0.8


@pytest.mark.parametrize("number", COUNTS)
def test_in_the_log_while_the_mark_is_not_on_the_card_only_the_very_last_commit_may_go(without_mark: Path, number: int):
    results = flipped(without_mark, "journal.db-wal", number, "--used", used(without_mark), "--tail", "2")
    assert silent(results) == 0


@pytest.mark.parametrize("file", ["journal.db", "journal.mark", "catalogue.db", "documents.db"])
@pytest.mark.parametrize("number", COUNTS)
def test_in_a_file_at_rest(closed: Path, file: str, number: int):
    assert silent(flipped(closed, file, number)) == 0


def test_this_tester_catches_a_start_without_the_survey(without_mark: Path):
    results = flipped(
        without_mark, "journal.db-wal", FEW, "--used", used(without_mark), "--tail", "2", "--defect", "no-survey"
    )
    assert results["lost in silence"] > FEW * 0.7
