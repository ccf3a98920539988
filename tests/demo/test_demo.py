"""The demo itself: it plays, it compares the books, and its exit code would tell if they did not agree."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from simulators import demo


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("demo")
    done = subprocess.run(
        [sys.executable, "-m", "simulators.demo", "--headless", str(folder)],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    return SimpleNamespace(folder=folder, code=done.returncode, said=done.stdout, errors=done.stderr)


def test_four_customers_pay_one_of_them_in_a_power_cut_and_all_books_agree(
    played: SimpleNamespace,
) -> None:
    assert played.code == 0, played.said + played.errors
    assert "till 4 sales" in played.said
    assert "all agree" in played.said


def test_every_receipt_is_shown_as_text_and_kept_as_a_picture(played: SimpleNamespace) -> None:
    assert played.said.count("Salgskvittering") == 4
    for customer in (1, 2, 3, 4):
        assert (played.folder / f"{customer}-receipt.png").stat().st_size > 5_000


def test_the_screens_are_kept_as_pictures(played: SimpleNamespace) -> None:
    names = {path.stem for path in played.folder.glob("*.png")}
    assert {"0-attract", "1-basket", "2-declined", "3-unknown-item", "3-thank-you"} <= names


def test_a_sale_that_is_missing_somewhere_is_not_agreement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"type": "transaction.completed", "data": {"transaction": "torget/1/2026-11-23/1", "total": 2290}}]
    monkeypatch.setattr(demo, "documents", lambda _: iter(rows))
    monkeypatch.setattr(demo, "wait_for", lambda *_: None)

    def stage(*sales: dict[str, object]) -> SimpleNamespace:
        answer = json.dumps({"sales": sales})
        return SimpleNamespace(hub=SimpleNamespace(ask=lambda *_: answer))

    sale = {"transaction": "torget/1/2026-11-23/1", "total": 2290}
    assert demo.compare(stage(sale), tmp_path, 2290)
    assert not demo.compare(stage(), tmp_path, 2290)
    assert not demo.compare(stage({**sale, "total": 2291}), tmp_path, 2290)
    assert not demo.compare(stage(sale), tmp_path, 4580)
    assert not demo.compare(stage(sale, {**sale, "transaction": "x"}), tmp_path, 2290)
