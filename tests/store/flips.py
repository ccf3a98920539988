"""Flips bits one by one and looks what a restart makes of each: python -m tests.store.flips STATE FILE NUMBER SEED.

Prints how often the damage was found, was harmless, or was neither: rows lost or changed in silence.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from appliance.core.identifiers import Gtin
from appliance.core.money import Currency
from appliance.errors import StoreError
from appliance.store import wal
from appliance.store.catalogue import CatalogueStore
from appliance.store.documents import DocumentStore
from appliance.store.journal import SqliteJournal

NOK = Currency.parse("NOK")

Truth = dict[str, str]


def journal_rows(state: Path) -> Truth:
    journal = SqliteJournal.open(state)
    rows: Truth = {}
    last = 0
    while found := journal.since(last, 500):
        rows |= {str(row.sequence): row.hash for row in found}
        last = found[-1].sequence
    journal.verify()
    journal.close()
    return rows


def catalogue_prices(state: Path) -> Truth:
    """Give every price; a product that is not known any more is left to staff, and is not in it."""
    store = CatalogueStore.open(state, zone="oslo", currency=NOK, room=0)
    book = store.book()
    prices: Truth = {}
    for code in json.loads((state / "gtins.json").read_text()):
        item = book.by_gtin(Gtin(code))
        if item is not None:
            prices[code] = f"{item.sku} {item.price}"
    store.close()
    return prices


def documents(state: Path) -> Truth:
    store = DocumentStore.open(state)
    if store.rebuilt:
        raise StoreError("rebuilt")
    values = {key: json.dumps(store.get("kv", key)) for key in store.keys("kv")}
    store.close()
    return values


def lost_only(truth: Truth, found: Truth) -> bool:
    """Whether nothing that is there is wrong."""
    return all(truth.get(key) == value for key, value in found.items())


READERS: dict[str, Callable[[Path], Truth]] = {
    "journal": journal_rows,
    "catalogue": catalogue_prices,
    "documents": documents,
}


def judge(read: Callable[[Path], Truth], state: Path, truth: Truth, *, tail: int, asks_staff: bool) -> str:
    """Say what came of one flip. `tail` rows at the end may be missing: those of the last commit."""
    try:
        found = read(state)
    except StoreError:
        return "found"
    if found == truth:
        return "harmless"
    if not lost_only(truth, found):
        return "changed in silence"
    if asks_staff:
        return "found"
    return "harmless" if len(truth) - len(found) <= tail else "lost in silence"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("state", type=Path)
    parser.add_argument("file")
    parser.add_argument("number", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("--tail", type=int, default=0)
    parser.add_argument("--used", type=int, default=0, help="flip only within the first so many bytes")
    parser.add_argument("--defect", default="")
    told = parser.parse_args()
    if told.defect == "no-survey":
        surveyed = wal.survey
        wal.survey = lambda path: replace(surveyed(path), damage="")
    # A store that refuses to start keeps its files open until its process ends, and this one sees hundreds.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    dice = random.Random(told.seed)
    kind = told.file.partition(".")[0]
    read = READERS[kind]
    results: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(told.state, Path(folder) / "truth")
        truth = read(Path(folder) / "truth")
        for number in range(told.number):
            copy = Path(folder) / str(number)
            shutil.copytree(told.state, copy)
            content = bytearray((copy / told.file).read_bytes())
            bit = dice.randrange(8 * (told.used or len(content)))
            content[bit // 8] ^= 1 << bit % 8
            (copy / told.file).write_bytes(content)
            verdict = judge(read, copy, truth, tail=told.tail, asks_staff=kind == "catalogue")
            results[verdict] += 1
            shutil.rmtree(copy)
    sys.stdout.write(json.dumps(results))


if __name__ == "__main__":
    main()
