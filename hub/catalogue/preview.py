"""What an import would do, before it is done: for the command line, for a page, and as a report for machines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from appliance.core.product import KEYS
from hub.catalogue.publishing import Refused, applied, judge, place
from hub.catalogue.versions import products_at
from hub.feeds import Finding, Place, Reading, is_gs1, read
from hub.prices import Version
from hub.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceMove:
    """A product that will cost something else; minor units, None = not for sale."""

    sku: str
    name: str
    before: int | None
    after: int | None

    @property
    def per_cent(self) -> Decimal | None:
        """How far it moves, rounded to whole per cent; None if it was, or will be, not for sale."""
        if self.before is None or self.after is None:
            return None
        return (Decimal(self.after - self.before) * 100 / self.before).quantize(Decimal(1))

    @property
    def size(self) -> Decimal:
        """How far, for sorting: what was or will be not for sale is the farthest."""
        return Decimal("Infinity") if self.per_cent is None else abs(self.per_cent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A product that comes, goes, or changes in something else than its price."""

    sku: str
    name: str
    keys: tuple[str, ...] = ()
    """What changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would happen. Nothing is changed by it."""

    zone: str
    version: int
    """The version that it would change; 0 = there is none yet."""
    currency: str
    products: int = 0
    """How many there would be."""
    added: tuple[Product, ...] = ()
    removed: tuple[Product, ...] = ()
    changed: tuple[Product, ...] = ()
    prices: tuple[PriceMove, ...] = ()
    """The farthest move first."""
    findings: tuple[Finding, ...] = ()
    """Faults of the file: with any of them nothing can be published."""
    notes: tuple[str, ...] = ()
    refused: str = ""
    """Why the whole cannot be published; "" = it can."""
    held: str = ""
    """Why it would be held back; "" = it would not."""
    waiting: tuple[int, ...] = ()
    """Versions that wait for a later time and would be published again with the changes in them."""

    @property
    def possible(self) -> bool:
        """Whether it can be published, or at least held back."""
        return not self.findings and not self.refused

    def document(self) -> dict[str, Any]:
        """Give the report as JSON values."""
        moves = [
            {**asdict(move), "per_cent": None if move.per_cent is None else int(move.per_cent)} for move in self.prices
        ]
        return {**asdict(self), "prices": moves, "possible": self.possible}

    def json(self) -> str:
        """Give the report as JSON."""
        return json.dumps(self.document(), ensure_ascii=False, indent=1) + "\n"

    def csv(self) -> str:
        """Give the report as CSV, a row for each fault and change."""
        out = io.StringIO()
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(("kind", "line", "column", "sku", "name", "before", "after", "text"))
        rows.writerows(("fault", entry.line, entry.column, "", "", "", "", entry.text) for entry in self.findings)
        rows.writerows((kind, "", "", "", "", "", "", text) for kind, text in self._verdicts())
        for kind, products in (("added", self.added), ("removed", self.removed), ("changed", self.changed)):
            rows.writerows((kind, "", "", row.sku, row.name, "", "", " ".join(row.keys)) for row in products)
        rows.writerows(
            ("price", "", "", move.sku, move.name, move.before, move.after, move.per_cent) for move in self.prices
        )
        return out.getvalue()

    def _verdicts(self) -> Iterable[tuple[str, str]]:
        yield from (("refused", self.refused),) if self.refused else ()
        yield from (("held", self.held),) if self.held else ()
        yield from (("note", note) for note in self.notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """A file that has been read for a zone: what `publish` needs, and what it would do."""

    reading: Reading
    preview: Preview
    whole: bool


def look(
    connection: Connection | None,
    content: bytes,
    settings: Settings,
    *,
    zone: str,
    whole: bool = True,
    effective_at: datetime | None = None,
) -> Import:
    """Read a file and say what it would do; without a connection, to a hub that is new.

    GS1 XML is always a part of the list.
    """
    whole = whole and not is_gs1(content)
    number, base, _ = _before(connection, zone, effective_at)
    target = Place(
        currency=settings.money,
        tax_codes=settings.tax_codes,
        language=settings.language,
        whole=whole,
        known={} if whole else base,
    )
    reading = read(content, target)
    if reading.findings:
        seen = Preview(
            zone=zone, version=number, currency=settings.currency, findings=reading.findings, notes=reading.notes
        )
    else:
        seen = preview(
            connection,
            zone,
            reading.products,
            currency=settings.currency,
            tax_codes=settings.tax_codes,
            whole=whole,
            effective_at=effective_at,
            notes=reading.notes,
        )
    return Import(reading=reading, preview=seen, whole=whole)


def _before(
    connection: Connection | None, zone: str, effective_at: datetime | None
) -> tuple[int, Mapping[str, Mapping[str, Any]], Sequence[Version]]:
    if connection is None:
        return 0, {}, ()
    number, waiting = place(connection, zone, effective_at or datetime.now(UTC))
    return number, products_at(connection, zone, number), waiting


def preview(
    connection: Connection | None,
    zone: str,
    wanted: Iterable[Mapping[str, Any]],
    *,
    currency: str,
    tax_codes: Collection[str],
    whole: bool,
    effective_at: datetime | None = None,
    notes: tuple[str, ...] = (),
) -> Preview:
    """Say what `publish` would do with the same products."""
    number, base, waiting = _before(connection, zone, effective_at)
    target = {row["sku"]: dict(row) for row in wanted} if whole else applied(base, wanted)
    try:
        refused, held = "", judge(base, target, currency=currency, tax_codes=tax_codes)
    except Refused as error:
        refused, held = str(error), ""
    both = [(sku, base[sku], target[sku]) for sku in sorted(base.keys() & target.keys()) if base[sku] != target[sku]]
    moves = [
        PriceMove(sku=sku, name=name(after), before=before["price"], after=after["price"])
        for sku, before, after in both
        if before["price"] != after["price"]
    ]
    others = ((sku, after, _keys(before, after)) for sku, before, after in both)
    return Preview(
        zone=zone,
        version=number,
        currency=currency,
        products=len(target),
        added=tuple(Product(sku=sku, name=name(target[sku])) for sku in sorted(target.keys() - base.keys())),
        removed=tuple(Product(sku=sku, name=name(base[sku])) for sku in sorted(base.keys() - target.keys())),
        changed=tuple(Product(sku=sku, name=name(after), keys=keys) for sku, after, keys in others if keys),
        prices=tuple(sorted(moves, key=lambda move: (-move.size, move.sku))),
        refused=refused,
        held=held,
        notes=notes,
        waiting=tuple(version.version for version in waiting),
    )


def _keys(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(key for key in KEYS if key != "price" and before.get(key) != after.get(key))


def name(product: Mapping[str, Any]) -> str:
    """Give any name of a product."""
    return next(iter(product.get("name", {}).values()), "")
