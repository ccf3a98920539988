"""The demo itself: it plays, it compares the books, and its exit code would tell if they did not agree."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from simulators import agreement, demo
from simulators.agreement import Takings, compare


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory):
    return play(tmp_path_factory.mktemp("demo"))


def play(folder: Path, *words: str) -> SimpleNamespace:
    done = subprocess.run(
        [sys.executable, "-m", "simulators.demo", "--headless", *words, str(folder)],
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
    assert "till: 4 sales" in played.said
    assert "all agree" in played.said


def test_every_receipt_is_shown_as_text_and_kept_as_a_picture(played: SimpleNamespace) -> None:
    assert played.said.count("Salgskvittering") == 4
    for customer in (1, 2, 3, 4):
        assert (played.folder / f"{customer}-receipt.png").stat().st_size > 5_000


def test_the_screens_are_kept_as_pictures(played: SimpleNamespace) -> None:
    names = {path.stem for path in played.folder.glob("*.png")}
    assert {"0-attract", "1-basket", "2-declined", "3-unknown-item", "3-thank-you"} <= names


def test_a_price_that_changes_while_a_basket_is_open_holds_for_every_basket_after_it(tmp_path: Path) -> None:
    played = play(tmp_path, "--kiosks", "2")
    assert played.code == 0, played.said + played.errors
    assert "till 1: 2 sales, 18470 øre; terminal 18470 øre\n" in played.said
    assert "till 2: 1 sales, 6490 øre; terminal 6490 øre\n" in played.said
    assert "hub: 3 sales, 24960 øre: all agree" in played.said
    names = {path.stem for path in tmp_path.glob("*.png")}
    assert {"kiosk-1-1-basket", "kiosk-2-3-basket", "kiosk-1-4-basket", "kiosk-1-5-receipt"} <= names


def test_a_basket_with_a_wrong_price_fails_the_demo_though_all_books_agree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(agreement, "documents", lambda _: iter([SOLD]))
    takings = Takings(state=tmp_path, books={"terminal": 2290})
    assert demo.sold_for((takings,), [[2290]])
    assert not demo.sold_for((takings,), [[2790]])
    assert "WRONG PRICES: sold for [[2290]], wanted [[2790]]" in capsys.readouterr().out


def test_more_kiosks_than_a_screen_holds_are_refused(tmp_path: Path) -> None:
    played = play(tmp_path, "--kiosks", "5")
    assert played.code == 2
    assert "--kiosks" in played.errors


def test_a_sale_that_is_missing_or_doubled_somewhere_is_not_agreement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert agreed(monkeypatch, tmp_path, [SOLD], [SALE], 2290)
    assert not agreed(monkeypatch, tmp_path, [SOLD], [], 2290)
    assert not agreed(monkeypatch, tmp_path, [SOLD], [{**SALE, "total": 2291}], 2290)
    assert not agreed(monkeypatch, tmp_path, [SOLD], [SALE], 4580)
    assert not agreed(monkeypatch, tmp_path, [SOLD], [SALE, {**SALE, "transaction": "x"}], 2290)
    assert not agreed(monkeypatch, tmp_path, [SOLD], [SALE, SALE], 2290)


def test_a_sale_that_was_undone_and_cash_that_was_rounded_are_reckoned_as_customers_paid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounded = {**SOLD, "data": {**SOLD["data"], "rounding": 10}}
    undone = {**rounded, "type": "transaction.post_voided"}
    assert agreed(monkeypatch, tmp_path, [rounded], [SALE], 2300)
    assert not agreed(monkeypatch, tmp_path, [rounded], [SALE], 2290)
    assert agreed(monkeypatch, tmp_path, [rounded, undone], [SALE, {**SALE, "total": -2290}], 0)
    assert not agreed(monkeypatch, tmp_path, [rounded, undone], [SALE], 0)


def test_each_till_must_have_taken_what_it_sold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Money that one till took for the other is found, though the sums agree."""
    rows = {"1": [SOLD], "2": []}
    monkeypatch.setattr(agreement, "documents", lambda state: iter(rows[state.name]))
    monkeypatch.setattr(agreement, "wait_for", lambda *_: None)

    def both(at_first: int, at_second: int) -> bool:
        one = Takings(state=tmp_path / "1", books={"terminal": at_first, "phone": 1000})
        other = Takings(state=tmp_path / "2", books={"terminal": at_second})
        return compare(hub_with([SALE]), one, other)

    assert both(1290, 0)
    assert not both(0, 1290)


SALE = {"transaction": "torget/1/2026-11-23/1", "total": 2290}
SOLD: dict[str, Any] = {"type": "transaction.completed", "data": SALE}


def agreed(
    monkeypatch: pytest.MonkeyPatch, state: Path, rows: list[dict[str, Any]], sales: list[dict[str, Any]], taken: int
) -> bool:
    monkeypatch.setattr(agreement, "documents", lambda _: iter(rows))
    monkeypatch.setattr(agreement, "wait_for", lambda *_: None)
    return compare(hub_with(sales), Takings(state=state, books={"terminal": taken}))


def hub_with(sales: list[dict[str, Any]]) -> Any:
    answer = json.dumps({"sales": sales})
    return SimpleNamespace(hub=SimpleNamespace(ask=lambda *_: answer))
