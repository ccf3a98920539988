"""Small documents: durable, never the only record, rebuilt when they cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import StoreInUse
from appliance.store.documents import DocumentStore, Fold


def test_a_value_is_kept_under_its_key(tmp_path: Path):
    store = DocumentStore.open(tmp_path)
    store.put("setting", "lane", {"idle_seconds": 60})
    store.put("setting", "lane", {"idle_seconds": 90})
    store.put("staff", "kari", {"pin": "scrypt$..."})
    store.close()
    again = DocumentStore.open(tmp_path)
    assert not again.rebuilt
    assert again.get("setting", "lane") == {"idle_seconds": 90}
    assert again.get("setting", "kari") is None
    assert again.keys("staff") == ["kari"]
    again.remove("staff", "kari")
    assert again.keys("staff") == []
    again.close()


def test_a_fold_names_the_row_it_stands_for(tmp_path: Path):
    store = DocumentStore.open(tmp_path)
    fold = Fold(sequence=812, hash="ab" * 32, value={"total": 1_234_500})
    store.put_fold("grand_totals", fold)
    assert store.fold("grand_totals") == fold
    assert store.fold("other") is None
    store.close()


def test_several_changes_are_one_commit(tmp_path: Path):
    store = DocumentStore.open(tmp_path)

    def half() -> None:
        with store.transaction():
            store.put("kv", "a", 1)
            store.put("kv", "b", 2)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert store.keys("kv") == []
    store.close()


def test_a_second_handle_is_refused(tmp_path: Path):
    store = DocumentStore.open(tmp_path)
    store.put("kv", "a", 1)
    with pytest.raises(StoreInUse):
        DocumentStore.open(tmp_path)
    store.close()


@pytest.mark.parametrize("offset", [0, 60, 4096 + 3, 4096 * 2])
def test_a_damaged_file_goes_to_quarantine_and_is_begun_anew(tmp_path: Path, offset: int):
    store = DocumentStore.open(tmp_path)
    for number in range(200):
        store.put("kv", f"key-{number}", {"value": number})
    store.close()
    path = tmp_path / "documents.db"
    content = bytearray(path.read_bytes())
    content[offset : offset + 40] = b"\xff" * 40
    path.write_bytes(content)
    again = DocumentStore.open(tmp_path)
    assert again.rebuilt
    assert again.keys("kv") == []
    again.put("kv", "a", 1)
    again.close()
    kept = list((tmp_path / "quarantine").glob("*/documents.db"))
    assert [entry.read_bytes() for entry in kept] == [bytes(content)]
