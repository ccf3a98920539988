"""Versions: seen before they are made, held back, released, taken back, and made in time before one that waits."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from appliance.mqtt.messages.catalogue import Head
from appliance.mqtt.messages.wire import Fields
from hub.catalogue import Publication, Refused, head, in_force, products, products_at, publish, undo
from hub.catalogue.held import Held, drop, listed, release, shown, submit, submit_prices
from hub.catalogue.preview import look, preview
from hub.cli import main
from hub.database import Database
from hub.prices import price_at, versions
from hub.settings import Settings
from tests.hub.test_catalogue import root_of, shop
from tests.mqtt.parts import TAX_CODES

TERMS: dict[str, Any] = {"currency": "NOK", "tax_codes": TAX_CODES}
SOON = timedelta(hours=1)


def put(database: Database, wanted: list[dict[str, Any]], *, whole: bool = True, **terms: Any) -> Any:
    with database.write() as connection:
        return publish(connection, "main", wanted, whole=whole, **TERMS, **terms)


def sent(database: Database, wanted: list[dict[str, Any]], *, made_by: str = "ola", **terms: Any) -> Any:
    with database.write() as connection:
        return submit(connection, "main", wanted, whole=True, made_by=made_by, **TERMS, **terms)


def now(database: Database) -> dict[str, dict[str, Any]]:
    with database.read() as connection:
        return products(connection, "main")


def prices(rows: dict[str, dict[str, Any]], *skus: str) -> list[int | None]:
    return [rows[sku]["price"] for sku in skus]


# Preview -------------------------------------------------------------------------------------------------------------


def test_a_preview_says_what_comes_goes_and_moves_and_changes_nothing(database: Database) -> None:
    first = shop(30)
    put(database, first)
    wanted = [
        {**first[0], "name": {"nb": "Ny"}},
        {**first[1], "price": 2519},
        {**first[2], "price": 1145},
        *first[3:29],
    ]
    wanted.append({**shop(31)[30], "price": None})
    with database.read() as connection:
        seen = preview(connection, "main", wanted, whole=True, **TERMS)
    assert [entry.sku for entry in seen.added] == ["sku-30"]
    assert [entry.sku for entry in seen.removed] == ["sku-29"]
    assert [(entry.sku, entry.keys) for entry in seen.changed] == [("sku-0", ("name",))]
    assert [(move.sku, move.before, move.after, move.per_cent) for move in seen.prices] == [
        ("sku-2", 2290, 1145, -50),
        ("sku-1", 2290, 2519, 10),
    ]
    assert (seen.version, seen.products, seen.held, seen.refused, seen.possible) == (1, 30, "", "", True)
    assert now(database) == {row["sku"]: row for row in first}


def test_a_preview_names_what_would_be_held_back_and_what_cannot_be(database: Database) -> None:
    put(database, shop(100))
    wrong = [{**shop(1)[0], "vat": "24"}]
    with database.read() as connection:
        seen = preview(connection, "main", shop(50), whole=True, **TERMS)
        impossible = preview(connection, "main", wrong, whole=False, **TERMS)
    assert (seen.held, seen.possible) == ("50 products instead of 100", True)
    assert (impossible.refused, impossible.possible) == ("sku-0: unknown VAT '24'", False)


def test_reports_hold_every_fault_and_every_change(database: Database) -> None:
    put(database, shop(30))
    heading, rows = "sku,navn,enhet,pris,mva", [f"sku-{i},Vare {i},ea,22.90,15" for i in range(30)]
    rows[4] = "sku-4,Vare 4,ea,29.90,15"
    content = "\n".join([heading, *rows]).encode()
    bad = content.replace(b"sku-5,Vare 5,ea,22.90,15", b"sku-5,Vare 5,ea,dyrt,24")
    with database.read() as connection:
        good = look(connection, content, Settings(), zone="main").preview
        faulty = look(connection, bad, Settings(), zone="main").preview
    lines = list(csv.DictReader(io.StringIO(good.csv())))
    assert [(row["kind"], row["sku"], row["before"], row["after"]) for row in lines if row["kind"] == "price"] == [
        ("price", "sku-4", "2290", "2990")
    ]
    found = json.loads(faulty.json())
    assert [(entry["line"], entry["column"]) for entry in found["findings"]] == [(7, "price"), (7, "vat")]
    assert found["possible"] is False
    assert [row["column"] for row in csv.DictReader(io.StringIO(faulty.csv())) if row["kind"] == "fault"] == [
        "price",
        "vat",
    ]


def test_a_check_on_the_command_line_prints_what_would_happen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, file, report = str(tmp_path / "hub"), tmp_path / "liste.csv", tmp_path / "rapport.json"
    file.write_text("varenr;navn;enhet;pris;mva\na;Ærfugl;stk;10,00;25\n", encoding="cp1252")
    assert main(["catalogue", "import", str(file), "--check", "--report", str(report), "--data", data]) == 0
    assert "a  Ærfugl" in (told := capsys.readouterr().out)
    assert "only looked; nothing was changed" in told
    assert not (tmp_path / "hub" / "hub.db").exists()
    assert json.loads(report.read_text())["added"] == [{"sku": "a", "name": "Ærfugl", "keys": []}]
    assert main(["catalogue", "import", str(file), "--by", "ola", "--data", data]) == 0
    file.write_text("varenr;pris\na;12,00\n")
    assert main(["catalogue", "import", str(file), "--part", "--check", "--data", data]) == 0
    assert "a  Ærfugl  10.00 NOK -> 12.00 NOK  +20 %" in capsys.readouterr().out
    assert main(["catalogue", "versions", "--data", data]) == 0
    assert "1 products, import of liste.csv, by ola" in capsys.readouterr().out


# Held back -----------------------------------------------------------------------------------------------------------


def test_what_is_held_back_is_released_by_somebody_else_and_both_are_remembered(database: Database) -> None:
    put(database, shop(100))
    held = sent(database, shop(50), origin="import of halv.csv")
    assert isinstance(held, Held)
    assert len(now(database)) == 100
    with database.write() as connection:
        assert [(entry.number, entry.reason) for entry in listed(connection)] == [
            (held.number, "50 products instead of 100")
        ]
        assert len(shown(connection, held.number, tax_codes=TAX_CODES).removed) == 50
        with pytest.raises(Refused, match="a second person has to release it"):
            release(connection, held.number, tax_codes=TAX_CODES, released_by="ola")
        made = release(connection, held.number, tax_codes=TAX_CODES, released_by="kari")
    assert isinstance(made, Publication)
    assert len(now(database)) == 50
    with database.read() as connection:
        assert listed(connection) == ()
        newest = versions(connection, "main")[0]
        pointer = head(connection, "main")
    assert (newest.origin, newest.made_by, newest.released_by) == ("import of halv.csv", "ola", "kari")
    assert pointer is not None
    assert pointer.force


def test_what_was_held_back_before_another_change_is_not_released(database: Database) -> None:
    put(database, shop(100))
    held = sent(database, shop(50))
    put(database, [{"sku": "sku-1", "price": 1990}], whole=False)
    with database.write() as connection:
        with pytest.raises(Refused, match="import the file again"):
            release(connection, held.number, tax_codes=TAX_CODES, released_by="kari")
        drop(connection, held.number)
        with pytest.raises(LookupError):
            drop(connection, held.number)
    assert len(now(database)) == 100


def test_many_prices_at_once_are_held_back_as_a_list_is(database: Database) -> None:
    put(database, shop(100))
    with database.write() as connection:
        many = {f"sku-{i}": 22900 for i in range(50)}
        made = submit_prices(connection, "main", many, made_by="ola", **TERMS)
    assert isinstance(made, Held)
    assert set(prices(now(database), "sku-1", "sku-2")) == {2290}


# Back ----------------------------------------------------------------------------------------------------------------


def test_undo_publishes_the_version_before_as_a_new_one(database: Database) -> None:
    first = shop(100)
    put(database, first)
    held = sent(database, shop(40))
    with database.write() as connection:
        release(connection, held.number, tax_codes=TAX_CODES, released_by="kari")
        made = undo(connection, "main", tax_codes=TAX_CODES, made_by="kari")
    assert isinstance(made, Publication)
    assert (made.version, made.products) == (3, 100)
    assert now(database) == {row["sku"]: row for row in first}
    with database.read() as connection:
        pointer = head(connection, "main")
        assert versions(connection, "main")[0].origin == "undo: version 1 again"
        assert len(products_at(connection, "main", 2)) == 40
    assert pointer is not None
    assert (pointer.root, pointer.force) == (root_of(first), True)


def test_undo_goes_back_to_any_version_and_to_none_that_there_is_not(database: Database) -> None:
    put(database, shop(10))
    for price in (2390, 2490):
        put(database, [{"sku": "sku-1", "price": price}], whole=False)
    with database.write() as connection:
        for to in (-1, 3, 9):
            with pytest.raises(LookupError, match="to go back to"):
                undo(connection, "main", tax_codes=TAX_CODES, to=to)
        undo(connection, "main", tax_codes=TAX_CODES, to=1)
        assert products(connection, "main")["sku-1"]["price"] == 2290
        with pytest.raises(LookupError):
            undo(connection, "empty", tax_codes=TAX_CODES)


def test_undo_of_a_list_that_waits_takes_it_back(database: Database) -> None:
    put(database, shop(10))
    put(database, [{"sku": "sku-1", "price": 1990}], whole=False, effective_at=datetime.now(UTC) + SOON)
    with database.write() as connection:
        undo(connection, "main", tax_codes=TAX_CODES)
    with database.read() as connection:
        for at in (datetime.now(UTC), datetime.now(UTC) + 2 * SOON):
            assert price_at(connection, "main", "sku-1", at) == 2290


# In time -------------------------------------------------------------------------------------------------------------


def test_a_change_now_leaves_the_list_that_waits_where_it_is_and_goes_into_it(database: Database) -> None:
    first = shop(10)
    put(database, first)
    at = datetime.now(UTC) + SOON
    put(database, [{**first[1], "price": 1990}, {**first[2], "price": 1890}, *first[3:], shop(11)[10]], effective_at=at)
    made = put(
        database,
        [
            {"sku": "sku-2", "name": {"nb": "Nytt navn"}},
            {"sku": "sku-3", "price": 2490},
            {"sku": "sku-1", "price": 2190},
        ],
        whole=False,
    )
    assert (made.version, made.again) == (3, (4,))
    with database.read() as connection:
        here, then = products_at(connection, "main", 3), products_at(connection, "main", 4)
        assert in_force(connection, "main", datetime.now(UTC)) == 3
        assert in_force(connection, "main", at) == 4
        assert [version.effective_at > datetime.now(UTC) for version in versions(connection, "main")][:2] == [
            True,
            False,
        ]
    assert prices(here, "sku-0", "sku-1", "sku-2", "sku-3") == [2290, 2190, 2290, 2490]
    assert "sku-10" not in here
    assert prices(then, "sku-1", "sku-2", "sku-3", "sku-10") == [1990, 1890, 2490, 2290]
    assert then["sku-2"]["name"] == here["sku-2"]["name"] == {"nb": "Nytt navn"}
    assert "sku-0" not in then
    assert now(database) == then


def test_a_price_for_all_stores_does_not_bring_them_the_list_of_a_wave(database: Database) -> None:
    put(database, shop(10))
    put(database, [{"sku": "sku-1", "price": 1990}], whole=False, cohort=10)
    made = put(database, [{"sku": "sku-2", "price": 1890}], whole=False)
    assert (made.version, made.again) == (3, (4,))
    with database.read() as connection:
        everywhere, wave = products_at(connection, "main", 3), products_at(connection, "main", 4)
        pointer = head(connection, "main")
        assert [version.cohort for version in versions(connection, "main")] == [10, 100, 10, 100]
    assert prices(everywhere, "sku-1", "sku-2") == [2290, 1890]
    assert prices(wave, "sku-1", "sku-2") == [1990, 1890]
    assert pointer is not None
    assert pointer.in_force is not None
    assert (pointer.version, pointer.cohort, pointer.in_force.version) == (4, 10, 3)


def test_a_change_after_the_list_that_waits_is_made_on_it(database: Database) -> None:
    put(database, shop(10))
    at = datetime.now(UTC) + SOON
    put(database, [{"sku": "sku-1", "price": 1990}], whole=False, effective_at=at)
    made = put(database, [{"sku": "sku-2", "price": 1890}], whole=False, effective_at=at + SOON)
    assert made.again == ()
    assert prices(now(database), "sku-1", "sku-2") == [1990, 1890]


def test_a_change_that_does_not_go_with_the_list_that_waits_is_refused_whole(database: Database) -> None:
    first = shop(10)
    put(database, first)
    put(database, [{"sku": "sku-1", "plu": "4011"}], whole=False, effective_at=datetime.now(UTC) + SOON)
    with pytest.raises(Refused, match=r"with version 2, which waits for its time or its waves.*PLU 4011 stands twice"):
        put(database, [{"sku": "sku-2", "plu": "4011"}], whole=False)
    with database.read() as connection:
        assert [version.version for version in versions(connection, "main")] == [2, 1]


def test_the_head_names_the_version_in_force_while_the_newest_waits_for_its_time_or_its_waves(
    database: Database,
) -> None:
    put(database, shop(10))
    at = datetime.now(UTC) + SOON
    put(database, [{"sku": "sku-1", "price": 1990}], whole=False, effective_at=at)
    with database.read() as connection:
        waiting, due = head(connection, "main"), head(connection, "main", at)
    assert waiting is not None
    assert waiting.in_force is not None
    assert due is not None
    assert (waiting.version, waiting.in_force.version, waiting.in_force.root) == (2, 1, root_of(shop(10)))
    assert due.in_force is None
    put(database, [{"sku": "sku-2", "price": 1990}], whole=False, effective_at=at, cohort=10)
    with database.read() as connection:
        pointer = head(connection, "main", at + SOON)
    assert pointer is not None
    assert pointer.in_force is not None
    assert (pointer.version, pointer.in_force.version, pointer.in_force.cohort) == (3, 2, 100)
    assert Head.parse(Fields(json.loads(json.dumps(pointer.document())), "")) == pointer
