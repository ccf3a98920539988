"""The audit: who did what, when and from where. Rows are only added, and each proves the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select

from appliance.core.product import canonical
from appliance.mqtt.messages.wire import instant
from hub.database import put_setting
from hub.schema import hub_audit, setting

_HEAD: Final = "audit"
"""The setting that names the newest row: what was cut off at the end is missed too."""
_FIELDS: Final = ("number", "at", "who", "role", "via", "address", "action", "subject", "detail")


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts: `via` is page, api or shell."""

    who: str
    role: str
    via: str
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of the audit."""

    number: int
    at: str
    actor: Actor
    action: str
    subject: str
    detail: Mapping[str, Any]
    """What was, and what is: `before` and `after`, or what belongs to the action."""


def append(connection: Connection, actor: Actor, action: str, subject: str, **detail: Any) -> None:
    """Add a row, in the transaction of the change itself."""
    # Whoever comes second waits here, so that numbers and hashes are one chain.
    held = connection.scalar(select(setting.c.value).where(setting.c.name == _HEAD).with_for_update())
    number, _, before = str(held).partition(" ")
    values = {
        "number": int(number) + 1,
        "at": instant(datetime.now(UTC)),
        "who": actor.who,
        "role": actor.role,
        "via": actor.via,
        "address": actor.address,
        "action": action,
        "subject": subject,
        "detail": canonical(detail).decode(),
    }
    digest = _hash(before, values)
    connection.execute(insert(hub_audit).values(**values, hash=digest))
    put_setting(connection, _HEAD, f"{values['number']} {digest}")


def entries(connection: Connection, *, before: int = 0, limit: int = 50) -> tuple[Entry, ...]:
    """Give rows, newest first; `before` a number, if it is not zero."""
    query = select(hub_audit).order_by(hub_audit.c.number.desc()).limit(limit)
    if before:
        query = query.where(hub_audit.c.number < before)
    return tuple(_entry(row) for row in connection.execute(query))


def damage(connection: Connection) -> str:
    """Say where the chain is broken; "" if it is whole."""
    before, last = "", 0
    for row in _rows(connection):
        if row.number != last + 1:
            return f"row {last + 1} is gone"
        if row.hash != _hash(before, {name: getattr(row, name) for name in _FIELDS}):
            return f"row {row.number} was changed"
        before, last = row.hash, row.number
    held = connection.scalar(select(setting.c.value).where(setting.c.name == _HEAD))
    return "" if held == f"{last} {before}" else f"rows after {last} are gone"


def _rows(connection: Connection) -> Iterator[Row[Any]]:
    yield from connection.execute(select(hub_audit).order_by(hub_audit.c.number)).yield_per(1000)


def _hash(before: str, values: Mapping[str, Any]) -> str:
    return hashlib.sha256(before.encode() + canonical(dict(values))).hexdigest()


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        number=row.number,
        at=row.at,
        actor=Actor(who=row.who, role=row.role, via=row.via, address=row.address),
        action=row.action,
        subject=row.subject,
        detail=json.loads(row.detail),
    )
