"""Price lists that are improbable: kept, shown, and released by a second person, or dropped."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import zstandard
from sqlalchemy import Connection, Row, delete, insert, select

from appliance.core.product import canonical
from appliance.mqtt.messages.wire import instant, read_instant
from hub.alarms import now, raise_alarm
from hub.catalogue.preview import Preview, preview
from hub.catalogue.publishing import HeldBack, Publication, Refused, place, publish
from hub.catalogue.versions import newest, products_at, take_turns
from hub.schema import catalogue_held


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A list that is held back."""

    number: int
    zone: str
    base: int
    """The newest version when it was held; it can be released only while that one is still the newest."""
    at: datetime
    origin: str
    made_by: str
    reason: str
    whole: bool
    effective_at: datetime | None
    """None: as soon as it is released."""
    cohort: int


def submit(
    connection: Connection,
    zone: str,
    wanted: Iterable[Mapping[str, Any]],
    *,
    currency: str,
    tax_codes: Collection[str],
    whole: bool,
    effective_at: datetime | None = None,
    cohort: int = 100,
    origin: str = "",
    made_by: str = "",
) -> Publication | Held | None:
    """Publish, or hold back what is improbable; None if nothing changes, Refused if it cannot be."""
    rows = [dict(row) for row in wanted]
    try:
        return publish(
            connection,
            zone,
            rows,
            currency=currency,
            tax_codes=tax_codes,
            whole=whole,
            effective_at=effective_at,
            cohort=cohort,
            origin=origin,
            made_by=made_by,
        )
    except HeldBack as error:
        reason = str(error)
    number = connection.scalar(
        insert(catalogue_held)
        .values(
            zone=zone,
            base=newest(connection, zone),
            at=now(),
            origin=origin[:200],
            made_by=made_by[:60],
            reason=reason,
            currency=currency,
            whole=whole,
            effective_at="" if effective_at is None else instant(effective_at),
            cohort=cohort,
            products=zstandard.ZstdCompressor(level=3).compress(canonical(rows)),
        )
        .returning(catalogue_held.c.number)
    )
    assert number is not None
    raise_alarm(connection, "catalogue_held", "", f"a list for zone {zone} is held back as {number}: {reason}")
    return _held(_row(connection, number))


def submit_prices(
    connection: Connection,
    zone: str,
    prices: Mapping[str, int],
    *,
    currency: str,
    tax_codes: Collection[str],
    effective_at: datetime | None = None,
    cohort: int = 100,
    made_by: str = "",
) -> Publication | Held | None:
    """Publish other prices in minor units by SKU, or hold them back; LookupError names a SKU that there is not."""
    take_turns(connection)
    number, _ = place(connection, zone, effective_at or datetime.now(UTC))
    known = products_at(connection, zone, number)
    for sku in prices:
        if sku not in known:
            raise LookupError(f"{sku!r} is no SKU of zone {zone!r}")
    return submit(
        connection,
        zone,
        [{"sku": sku, "price": price} for sku, price in prices.items()],
        currency=currency,
        tax_codes=tax_codes,
        whole=False,
        effective_at=effective_at,
        cohort=cohort,
        origin=f"{len(prices)} price{'s' if len(prices) > 1 else ''}",
        made_by=made_by,
    )


def listed(connection: Connection) -> tuple[Held, ...]:
    """Give what is held back, oldest first."""
    rows = connection.execute(select(catalogue_held).order_by(catalogue_held.c.number))
    return tuple(_held(row) for row in rows)


def shown(connection: Connection, number: int, *, tax_codes: Collection[str]) -> Preview:
    """Say what a list would do if it were released now; LookupError if there is none of this number."""
    row = _row(connection, number)
    held = _held(row)
    return preview(
        connection,
        held.zone,
        _products(row),
        currency=row.currency,
        tax_codes=tax_codes,
        whole=held.whole,
        effective_at=held.effective_at,
    )


def release(connection: Connection, number: int, *, tax_codes: Collection[str], released_by: str) -> Publication | None:
    """Publish a list although it is improbable.

    Refused: the one who made it cannot release it; the catalogue has changed since; or it cannot be. LookupError: there
    is none of this number.
    """
    take_turns(connection)
    row = _row(connection, number)
    held = _held(row)
    if not released_by or released_by == held.made_by:
        raise Refused(
            f"{number} was made by {held.made_by or 'nobody who is known'}: a second person has to release it"
        )
    if newest(connection, held.zone) != held.base:
        raise Refused(f"zone {held.zone} has changed since {number} was made; drop it and import the file again")
    made = publish(
        connection,
        held.zone,
        _products(row),
        currency=row.currency,
        tax_codes=tax_codes,
        whole=held.whole,
        effective_at=max(held.effective_at, datetime.now(UTC)) if held.effective_at else None,
        force=True,
        cohort=held.cohort,
        origin=held.origin,
        made_by=held.made_by,
        released_by=released_by,
    )
    drop(connection, number)
    return made


def drop(connection: Connection, number: int) -> None:
    """Forget a list; LookupError if there is none of this number."""
    _row(connection, number)
    connection.execute(delete(catalogue_held).where(catalogue_held.c.number == number))


def _row(connection: Connection, number: int) -> Row[Any]:
    row = connection.execute(select(catalogue_held).where(catalogue_held.c.number == number)).one_or_none()
    if row is None:
        raise LookupError(f"nothing is held back as {number}")
    return row


def _products(row: Row[Any]) -> list[dict[str, Any]]:
    return list(json.loads(zstandard.decompress(row.products)))


def _held(row: Row[Any]) -> Held:
    return Held(
        number=row.number,
        zone=row.zone,
        base=row.base,
        at=read_instant(row.at),
        origin=row.origin,
        made_by=row.made_by,
        reason=row.reason,
        whole=row.whole,
        effective_at=read_instant(row.effective_at) if row.effective_at else None,
        cohort=row.cohort,
    )
