"""Making a new version of a zone's catalogue: judged whole, then written whole."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select

from appliance.core.money import Currency
from appliance.core.product import (
    BUCKETS,
    KEYS,
    bucket,
    bucket_digest,
    canonical,
    item_of,
    product_digest,
    product_of,
    root_digest,
)
from appliance.mqtt.messages.catalogue import Delta, Sanity, fewer_products
from appliance.mqtt.messages.wire import Malformed, instant, read_instant
from hub import schema
from hub.catalogue.pages import pack
from hub.catalogue.versions import in_force, newest, products, products_at, stored, take_turns
from hub.prices import Version, record, versions

KEPT_DELTAS: Final = 100

Products = Mapping[str, Mapping[str, Any]]


class HeldBack(Exception):
    """The new catalogue is possible but improbable; a second person may release it."""


class Refused(Exception):
    """The new catalogue cannot be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A version that was published."""

    zone: str
    version: int
    products: int
    changed: int
    deleted: int
    again: tuple[int, ...] = ()
    """Versions that waited for a later time or for their waves, published anew with these changes in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is to be known of a new version beside its products."""

    currency: str
    effective_at: datetime
    forced: bool
    cohort: int
    origin: str
    made_by: str
    released_by: str


def publish(
    connection: Connection,
    zone: str,
    wanted: Iterable[Mapping[str, Any]],
    *,
    currency: str,
    tax_codes: Collection[str],
    whole: bool,
    effective_at: datetime | None = None,
    force: bool = False,
    cohort: int = 100,
    origin: str = "",
    made_by: str = "",
    released_by: str = "",
) -> Publication | None:
    """Make a new version of these products; None if nothing changes.

    `whole`: they are all products, others are deleted. Else a row is a SKU and what changes in it: a key that is
    missing stays as it is, None clears it. They change the version that is in force when they come into force; versions
    that wait for a later time or their waves are published again with the changes in them. Refused or HeldBack say why
    not, and nothing has changed then.
    """
    # Before "now" is read: whoever waited for another's version would else find it still to come.
    take_turns(connection)
    facts = Facts(
        currency=currency,
        effective_at=effective_at or datetime.now(UTC),
        forced=force,
        cohort=cohort,
        origin=origin,
        made_by=made_by,
        released_by=released_by,
    )
    number, waiting = place(connection, zone, facts.effective_at, cohort)
    current = products(connection, zone)
    base = products_at(connection, zone, number) if waiting else current
    target: Products = {row["sku"]: dict(row) for row in wanted} if whole else applied(base, wanted)
    found = judge(base, target, currency=currency, tax_codes=tax_codes)
    if target == base and newest(connection, zone):
        return None
    if found and not force:
        raise HeldBack(found)
    made = _append(connection, zone, current, target, facts)
    before, at_hand, again = base, target, []
    for version in waiting:
        later = products_at(connection, zone, version.version)
        merged = _merged(before, at_hand, later)
        if merged == at_hand:
            before = later
            continue
        try:
            judge(merged, merged, currency=currency, tax_codes=tax_codes)
        except Refused as error:
            raise Refused(f"with version {version.version}, which waits for its time or its waves: {error}") from error
        kept = replace(facts, effective_at=version.effective_at, forced=version.forced, cohort=version.cohort)
        kept = replace(kept, origin=f"version {version.version} again", made_by=version.made_by)
        before, at_hand, previous = later, merged, at_hand
        again.append(_append(connection, zone, previous, merged, kept).version)
    return replace(made, again=tuple(again))


def place(
    connection: Connection, zone: str, effective_at: datetime, cohort: int = 100
) -> tuple[int, Sequence[Version]]:
    """Give the version that a change changes, and those above it that come into force later, or are still in waves.

    A change for all stores changes what all of them may use; a further wave is made on the one that is under way.
    """
    number = in_force(connection, zone, effective_at, everywhere=cohort == 100)
    waiting: list[Version] = []
    if number:
        for version in versions(connection, zone):
            superseded = waiting and (
                waiting[-1].effective_at <= version.effective_at and waiting[-1].cohort >= version.cohort
            )
            if version.version > number and not superseded:
                waiting.append(version)
    return number or newest(connection, zone), waiting[::-1]


def applied(base: Products, wanted: Iterable[Mapping[str, Any]]) -> Products:
    """Give the products after changes: a missing key is unchanged, None clears."""
    target: dict[str, Mapping[str, Any]] = dict(base)
    for row in wanted:
        product = {"gtins": [], "price": None, **target.get(row["sku"], {}), **row}
        target[row["sku"]] = {key: value for key, value in product.items() if value is not None or key not in _CLEARED}
    return target


_CLEARED: Final = frozenset(KEYS) - {"sku", "gtins", "name", "unit", "price", "vat"}


def _merged(before: Products, after: Products, later: Products) -> dict[str, dict[str, Any]]:
    """Do to `later` what was done from `before` to `after`, where `later` does not differ from `before` itself."""
    merged: dict[str, dict[str, Any]] = {}
    for sku in sorted({*after, *later}):
        old, new, own = before.get(sku), after.get(sku), later.get(sku)
        if own == old:
            row = new
        elif new is None or own is None or old is None:
            row = own
        else:
            row = {key: new.get(key) if own.get(key) == old.get(key) else own.get(key) for key in {*own, *new}}
            row = {key: value for key, value in row.items() if value is not None or key not in _CLEARED}
        if row is not None:
            merged[sku] = dict(row)
    return merged


def judge(base: Products, target: Products, *, currency: str, tax_codes: Collection[str]) -> str:
    """Refuse what cannot be; say what is improbable about it, "" if nothing is."""
    sanity = Sanity(tax_codes)
    moves = Sanity(tax_codes)
    money = Currency.parse(currency)
    try:
        for sku, row in target.items():
            sanity.take(row, None)
            before = base.get(sku)
            if before is None or row != before:
                _check_form(sku, row, money)
                moves.take(row, None if before is None else before.get("price"))
    except Malformed as error:
        raise Refused(str(error)) from error
    for sku, row in target.items():
        if row.get("deposit") and row["deposit"] not in target:
            raise Refused(f"{sku}: its deposit {row['deposit']!r} is no product")
    return moves.improbable() or fewer_products(len(base), len(target))


def _check_form(sku: str, row: Mapping[str, Any], currency: Currency) -> None:
    try:
        normalised = product_of(item_of(row, currency))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Malformed(f"{sku}: {error}") from error
    if normalised != row:
        raise Malformed(f"{sku}: {canonical(row).decode()} is written {canonical(normalised).decode()}")


def undo(
    connection: Connection, zone: str, *, tax_codes: Collection[str], to: int = 0, made_by: str = ""
) -> Publication | None:
    """Publish an earlier version again as the newest, at once; None if nothing differs.

    `to` names it; 0 is the one before the newest. A list that waits for its time is taken back with it. LookupError:
    there is no such version. Going back is never held back: what comes was in force, or was judged, before.
    """
    take_turns(connection)
    number = newest(connection, zone)
    back = to or number - 1
    row = stored(connection, zone, back)
    if not 0 < back < number or row is None:
        raise LookupError(f"zone {zone!r} has no version {back} to go back to; its newest is {number}")
    target, current = products_at(connection, zone, back), products(connection, zone)
    if target == current and read_instant(row.effective_at) <= datetime.now(UTC):
        return None
    judge(current, target, currency=row.currency, tax_codes=tax_codes)
    facts = Facts(
        currency=row.currency,
        effective_at=datetime.now(UTC),
        forced=True,
        cohort=100,
        origin=f"undo: version {back} again",
        made_by=made_by,
        released_by="",
    )
    return _append(connection, zone, current, target, facts)


def _append(connection: Connection, zone: str, current: Products, target: Products, facts: Facts) -> Publication:
    """Write a version behind the newest, whose products are `current`."""
    changed = {sku: row for sku, row in target.items() if current.get(sku) != row}
    deleted = sorted(set(current) - set(target))
    number = newest(connection, zone) + 1
    record(connection, zone, number, current, target)
    _store(connection, zone, changed, [*deleted, *(sku for sku in changed if sku in current)])
    touched = {bucket(sku) for sku in (*changed, *deleted)}
    digests = _digests(connection, zone, touched if number > 1 else range(BUCKETS))
    root = root_digest(digests[i] for i in range(BUCKETS))
    manifest, size = pack(connection, zone, number, target, digests)
    if number > 1:
        _keep_delta(connection, _delta(zone, number, root, changed, deleted, current))
    connection.execute(
        insert(schema.catalogue_version).values(
            zone=zone,
            version=number,
            currency=facts.currency,
            products=len(target),
            root=root,
            manifest=manifest,
            manifest_size=size,
            published_at=instant(datetime.now(UTC)),
            effective_at=instant(facts.effective_at),
            forced=facts.forced,
            cohort=facts.cohort,
            origin=facts.origin[:200],
            made_by=facts.made_by[:60],
            released_by=facts.released_by[:60],
        )
    )
    return Publication(zone=zone, version=number, products=len(target), changed=len(changed), deleted=len(deleted))


def _store(connection: Connection, zone: str, changed: Products, old: Collection[str]) -> None:
    """Write changed products in the place of the old ones."""
    table = schema.catalogue_product
    if old:
        connection.execute(
            delete(table).where(
                table.c.zone == zone, table.c.bucket == bindparam("in_bucket"), table.c.sku == bindparam("of_sku")
            ),
            [{"in_bucket": bucket(sku), "of_sku": sku} for sku in old],
        )
    rows = [
        {
            "zone": zone,
            "bucket": bucket(sku),
            "sku": sku,
            "document": canonical(row).decode(),
            "digest": product_digest(row),
        }
        for sku, row in changed.items()
    ]
    if rows:
        connection.execute(insert(table), sorted(rows, key=lambda row: (row["bucket"], row["sku"])))


def _digests(connection: Connection, zone: str, touched: Iterable[int]) -> dict[int, bytes]:
    """Give all bucket digests; those of the touched buckets are made anew, from the digests of their products."""
    members: dict[int, list[tuple[str, bytes]]] = {number: [] for number in touched}
    product = schema.catalogue_product
    query = select(product.c.bucket, product.c.sku, product.c.digest).where(product.c.zone == zone)
    table = schema.catalogue_bucket
    if members:
        for row in connection.execute(query.where(product.c.bucket.in_(members))):
            members[row.bucket].append((row.sku, bytes(row.digest)))
        connection.execute(
            delete(table).where(table.c.zone == zone, table.c.bucket == bindparam("in_bucket")),
            [{"in_bucket": number} for number in members],
        )
        connection.execute(
            insert(table),
            [
                {"zone": zone, "bucket": number, "digest": bucket_digest(digest for _, digest in sorted(group))}
                for number, group in members.items()
            ],
        )
    rows = connection.execute(select(table.c.bucket, table.c.digest).where(table.c.zone == zone))
    return {row.bucket: bytes(row.digest) for row in rows}


def _keep_delta(connection: Connection, delta: Delta) -> None:
    table = schema.catalogue_delta
    connection.execute(
        insert(table).values(zone=delta.zone, base=delta.base, document=canonical(delta.document()).decode())
    )
    connection.execute(delete(table).where(table.c.zone == delta.zone, table.c.base < delta.to - KEPT_DELTAS))


def _delta(zone: str, number: int, root: str, changed: Products, deleted: Collection[str], current: Products) -> Delta:
    return Delta(
        zone=zone,
        base=number - 1,
        to=number,
        root=root,
        changed=tuple(_columns(changed, current)),
        deleted=tuple(deleted),
    )


def _columns(changed: Products, current: Products) -> Iterable[dict[str, Any]]:
    """Give the changed rows with the keys that changed in any of them; every row has them all, as columns need it."""
    keys = {
        key
        for sku, row in changed.items()
        for key in KEYS
        if (row.get(key), key in row) != (current.get(sku, {}).get(key), key in current.get(sku, {}))
    }
    if any(sku not in current for sku in changed):
        keys = set(KEYS)
    return ({"sku": sku, **{key: changed[sku].get(key) for key in KEYS if key in keys}} for sku in sorted(changed))
