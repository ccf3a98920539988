"""Proves the hash chain of what tills have sent, a slice at a time, beside the ingest. A break alarms, never blocks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select, update

from appliance.core.product import canonical
from hub import schema
from hub.alarms import raise_alarm

SLICE: Final = 500
FIRST: Final = "0" * 64
"""`prev` of a journal's first row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How far a run is proved now: up to `proved`, or up to the row before `broken`."""

    kiosk: str
    epoch: int
    before: int
    proved: int
    broken: int
    rows: int


def prove_slice(connection: Connection) -> int:
    """Prove up to one slice of every run that is not proved to its end; give the number of rows looked at."""
    found = proofs(connection)
    keep(connection, found)
    return sum(proof.rows for proof in found)


def proofs(connection: Connection) -> list[Proof]:
    """Look at up to one slice of every run that is not proved to its end; nothing is written."""
    mark = schema.kiosk_mark
    behind = connection.execute(
        select(mark).where(mark.c.proved < mark.c.contiguous, mark.c.broken == 0).order_by(mark.c.kiosk, mark.c.epoch)
    ).all()
    return [_proof(connection, row.kiosk, row.epoch, row.proved, row.contiguous) for row in behind]


def keep(connection: Connection, found: Sequence[Proof]) -> None:
    """Write proofs down, and raise the alarm where a chain is broken."""
    mark = schema.kiosk_mark
    for proof in found:
        kept = connection.execute(
            update(mark)
            .where(mark.c.kiosk == proof.kiosk, mark.c.epoch == proof.epoch, mark.c.proved == proof.before)
            .values(proved=proof.proved, broken=proof.broken)
        )
        if proof.broken and kept.rowcount:
            text = (
                f"row {proof.broken} of epoch {proof.epoch} does not follow the one before it: "
                "changed, or not of this till"
            )
            raise_alarm(connection, "chain_broken", proof.kiosk, text)


def _proof(connection: Connection, kiosk: str, epoch: int, proved: int, contiguous: int) -> Proof:
    table = schema.journal_row
    rows = connection.execute(
        select(table.c.seq, table.c.hash, table.c.document)
        .where(table.c.kiosk == kiosk, table.c.epoch == epoch, table.c.seq >= proved, table.c.seq <= contiguous)
        .order_by(table.c.seq)
        .limit(SLICE + 1)
    ).all()
    seq, digest, broken = 0, FIRST, 0
    for row in rows:
        # Behind a row that is kept as bytes, or that is lost for good, a new chain begins.
        bound = row.seq == seq + 1 and digest and row.document
        if bound and not follows(row.document.encode(), row.hash, digest):
            broken = row.seq
            break
        seq, digest = row.seq, row.hash
    reached = proved if broken else seq if len(rows) > SLICE else contiguous
    return Proof(kiosk=kiosk, epoch=epoch, before=proved, proved=reached, broken=broken, rows=len(rows))


def follows(text: bytes, digest: str, previous: str) -> bool:
    """Whether a row as it travels has the hash that it must have behind the row with the hash `previous`.

    It is SHA-256 of the row's canonical form with `prev` and without `hash`. A till sends that form, where only these
    two are to be exchanged; the way over the values is for a row that came in another form, or that is wrong.
    """
    head, _, tail = text.rpartition(b'"hash":"%b",' % digest.encode())
    identity, middle, rest = tail.partition(b'"seq":')
    with_previous = b'%b%b"prev":"%b",%b%b' % (head, identity, previous.encode(), middle, rest)
    return hashlib.sha256(with_previous).hexdigest() == digest or row_hash(json.loads(text), previous) == digest


def row_hash(row: Mapping[str, Any], previous: str) -> str:
    """Give the hash that a row must have: SHA-256 of its canonical form with `prev`, without `hash`."""
    body = {key: value for key, value in row.items() if key != "hash"}
    return hashlib.sha256(canonical({**body, "prev": previous})).hexdigest()
