"""A till's store with as many products as a chain has: made once, kept in the cache folder, copied for each run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from appliance.core.identifiers import CatalogueVersion, check_digit
from appliance.core.money import Currency
from appliance.core.product import BUCKETS, bucket, bucket_digest, product_digest, product_of, root_digest
from appliance.store.catalogue import FILE, CatalogueStore
from simulators.goods import Good
from simulators.stall import ZONE


def cache() -> Path:
    """Give the folder that outlives a run: $KVITT_BENCH_CACHE, else one in the user's cache."""
    named = os.environ.get("KVITT_BENCH_CACHE")
    return Path(named) if named else Path.home() / ".cache" / "kvitt-bench"


def stock_big(state: Path, goods: Sequence[Good], count: int) -> None:
    """Make an empty store that sells `count` products, the given goods among them."""
    kept = cache() / f"catalogue-{count}"
    if not (kept / FILE).exists():
        _build(kept, goods, count)
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file in kept.glob("catalogue*"):
        shutil.copy2(file, state / file.name)


def _build(folder: Path, goods: Sequence[Good], count: int) -> None:
    building = folder.with_name(folder.name + ".new")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    store = CatalogueStore.open(building, zone=ZONE, currency=Currency.parse("NOK"))
    try:
        buckets: list[list[tuple[str, bytes]]] = [[] for _ in range(BUCKETS)]
        for document in _products(goods, count):
            buckets[bucket(document["sku"])].append((document["sku"], product_digest(document)))
        root = root_digest(bucket_digest(digest for _, digest in sorted(entries)) for entries in buckets)
        version = CatalogueVersion(ZONE, 1)
        store.stage_snapshot(version, root, _products(goods, count))
        store.activate(version)
    finally:
        store.close()
    building.rename(folder)


def _products(goods: Sequence[Good], count: int) -> Iterator[dict[str, Any]]:
    for good in goods:
        yield product_of(good.item)
    for number in range(count - len(goods)):
        payload = f"9529{number:08}"
        yield {
            "sku": f"x{number:07}",
            "gtins": [("0" + payload + check_digit(payload))],
            "name": {"nb": f"Vare {number}", "nn": f"Vare {number}", "en": f"Product {number}", "zh": f"商品 {number}"},
            "unit": "ea",
            "price": 990 + number * 7 % 20_000,
            "vat": ("15", "25")[number % 2],
        }
