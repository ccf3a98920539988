"""The kiosks as the hub knows them: births, wills, health, and what follows from a birth."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, select, update

from appliance.core.product import canonical
from appliance.mqtt.messages.journal import Ack
from appliance.mqtt.messages.presence import Birth, Health, Will
from hub import schema
from hub.alarms import now, raise_alarm
from hub.database import generation, put_setting
from hub.marks import Mark, epochs, lock_marks, write_marks
from hub.standing import Standing

_BOOTS: Final = 8
"""Starts of a kiosk that are remembered, to see one come back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a birth leads to."""

    acks: tuple[Ack, ...]
    raised: bool
    """The generation was raised: the hub state must be told anew."""


def born(connection: Connection, kiosk: str, birth: Birth) -> Answer:
    """Take a birth: who is there, whether he is alone, and where his upload stands."""
    row = _row(connection, kiosk)
    if not row.active:
        return Answer(acks=(), raised=False)
    boots = json.loads(row.boots)
    boot = str(birth.boot)
    if boot != row.boot and boot in boots:
        raise_alarm(
            connection,
            "cloned_identity",
            kiosk,
            "two tills use this identity in turn: one runs from a copy of the other's card",
        )
    if boot in boots:
        boots.remove(boot)
    _change(
        connection,
        kiosk,
        online=True,
        boot=boot,
        conn=birth.conn,
        boots=json.dumps([*boots, boot][-_BOOTS:]),
        store=birth.store,
        workstation=birth.workstation,
        version=birth.version,
        catalogue=birth.catalogue,
        seen_at=now(),
    )
    run = (kiosk, birth.journal.epoch)
    known = epochs(connection, kiosk)
    marks = lock_marks(connection, {run, *((kiosk, epoch) for epoch in known)})
    marks[run], raised = _place(connection, kiosk, birth, marks[run], heard_of=run[1] in known)
    write_marks(connection, {run: marks[run]})
    standing = Standing.of(connection, marks)
    acks = tuple(standing.acknowledge(connection, each, mark) for each, mark in marks.items())
    return Answer(acks=acks, raised=raised)


def _place(connection: Connection, kiosk: str, birth: Birth, mark: Mark, *, heard_of: bool) -> tuple[Mark, bool]:
    """Compare the kiosk's position with the hub's."""
    journal = birth.journal
    current = generation(connection)
    raised = False
    if journal.acked > mark.contiguous and birth.generation >= current:
        raised = True
        put_setting(connection, "generation", str(birth.generation + 1))
        raise_alarm(
            connection,
            "restored",
            kiosk,
            f"this till was told that rows up to {journal.acked} are held; here are {mark.contiguous} of epoch "
            f"{journal.epoch}. The hub runs on an older database; all tills send the rest again",
        )
    if journal.first - 1 > mark.contiguous:
        if heard_of or journal.epoch == 1:
            raise_alarm(
                connection,
                "lost_rows",
                kiosk,
                f"rows {mark.contiguous + 1} to {journal.first - 1} of epoch {journal.epoch} exist neither here nor "
                "at the till",
            )
        mark = mark.settle(journal.first - 1)
    return mark, raised


def gone(connection: Connection, kiosk: str, will: Will) -> None:
    """Take a will; one of an earlier connection counts for nothing."""
    table = schema.kiosk
    connection.execute(
        update(table)
        .where(table.c.kiosk == kiosk, table.c.boot == str(will.boot), table.c.conn == will.conn)
        .values(online=False)
    )


def fared(connection: Connection, kiosk: str, health: Health) -> None:
    """Take a health report."""
    _row(connection, kiosk)
    _change(connection, kiosk, health=canonical(health.document()).decode(), seen_at=now())


def blocked(connection: Connection, kiosk: str) -> bool:
    """Whether this kiosk was put out of use: nothing that it sends counts."""
    table = schema.kiosk
    found = select(table.c.kiosk).where(table.c.kiosk == kiosk, table.c.active.is_(False))
    return connection.scalar(found) is not None


def count(connection: Connection) -> int:
    """Give the number of kiosks that may come."""
    table = schema.kiosk
    return connection.scalar(select(func.count()).select_from(table).where(table.c.active)) or 0


def listed(connection: Connection) -> tuple[dict[str, Any], ...]:
    """Give all kiosks with their marks."""
    table, mark = schema.kiosk, schema.kiosk_mark
    result = []
    for row in connection.execute(select(table).order_by(table.c.kiosk)):
        marks = connection.execute(select(mark).where(mark.c.kiosk == row.kiosk).order_by(mark.c.epoch))
        result.append(
            {
                "kiosk": row.kiosk,
                "store": row.store,
                "workstation": row.workstation,
                "version": row.version,
                "catalogue": row.catalogue,
                "online": row.online,
                "seen_at": row.seen_at,
                "marks": [
                    {"epoch": m.epoch, "contiguous": m.contiguous, "highest": m.highest, "gaps": json.loads(m.gaps)}
                    for m in marks
                ],
            }
        )
    return tuple(result)


def _row(connection: Connection, kiosk: str) -> Row[Any]:
    table = schema.kiosk
    row = connection.execute(select(table).where(table.c.kiosk == kiosk)).one_or_none()
    if row is None:
        connection.execute(insert(table).values(kiosk=kiosk))
        return connection.execute(select(table).where(table.c.kiosk == kiosk)).one()
    return row


def _change(connection: Connection, kiosk: str, **values: Any) -> None:
    connection.execute(update(schema.kiosk).where(schema.kiosk.c.kiosk == kiosk).values(**values))
