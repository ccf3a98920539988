"""What a person must know: kept in a table, and in the log."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select

from appliance.mqtt.messages.wire import instant
from hub.schema import alarm

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One alarm. Kinds: cloned_identity, fork, restored, lost_rows, chain_broken."""

    at: str
    kind: str
    kiosk: str
    text: str


def now() -> str:
    """Give the time as the tables keep it."""
    return instant(datetime.now(UTC))


def raise_alarm(connection: Connection, kind: str, kiosk: str, text: str) -> None:
    """Keep an alarm and say it; the newest one of a kind and kiosk is not repeated word for word."""
    newest = connection.scalar(
        select(alarm.c.text)
        .where(alarm.c.kind == kind, alarm.c.kiosk == kiosk)
        .order_by(alarm.c.number.desc())
        .limit(1)
    )
    if newest == text:
        return
    connection.execute(insert(alarm).values(at=now(), kind=kind, kiosk=kiosk, text=text))
    _log.error("ALARM %s %s: %s", kind, kiosk, text)


def alarms(connection: Connection) -> tuple[Alarm, ...]:
    """Give all alarms, oldest first."""
    rows = connection.execute(select(alarm).order_by(alarm.c.number))
    return tuple(Alarm(at=row.at, kind=row.kind, kiosk=row.kiosk, text=row.text) for row in rows)
