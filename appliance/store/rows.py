"""The journal's rows: each proves itself by its hash, and the table only grows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, NoReturn
from uuid import UUID

from tinydb.table import Document

from appliance.core.product import canonical
from appliance.errors import StoreError
from appliance.ports import JournalRow
from appliance.store.codec import decode
from appliance.store.faults import RowDamaged
from appliance.store.overlay import Fields
from appliance.store.table import Table

MAXIMUM_BYTES: Final = 64 * 1024
NO_HASH: Final = "0" * 64
_SEAL: Final = ',"hash":"'


def seal(body: Mapping[str, object]) -> Document:
    """Give the row of a body that lacks only its hash; ValueError above 64 KB, TypeError for a float."""
    proof = canonical(body)
    if len(proof) + len(_SEAL) + 66 > MAXIMUM_BYTES:
        raise ValueError(f"a journal row has at most 64 KB; {body['type']} would have {len(proof)} bytes")
    sequence = body["seq"]
    assert isinstance(sequence, int)
    return SealedRow({**body, "hash": hashlib.sha256(proof).hexdigest()}, sequence, proof)


class SealedRow(Document):
    """A row with the very bytes that its hash was made of."""

    def __init__(self, fields: Mapping[str, object], sequence: int, proof: bytes) -> None:
        super().__init__(fields, sequence)
        self.text = f'{proof[:-1].decode()}{_SEAL}{fields["hash"]}"}}'


def unseal(sequence: int, text: str) -> Fields:
    """Give the row of a stored text if it proves itself, else RowDamaged."""
    head, _, tail = text.rpartition(_SEAL)
    proof = f"{head}}}"
    if not tail.endswith('"}') or hashlib.sha256(proof.encode()).hexdigest() != tail[:-2]:
        raise RowDamaged("event", sequence)
    fields = json.loads(proof)
    if not isinstance(fields, dict) or fields.get("seq") != sequence:
        raise RowDamaged("event", sequence)
    return {**fields, "hash": tail[:-2]}


class EventTable(Table):
    """The table `event`: appended to, read by sequence, never changed, and never read as a whole."""

    _sealed: Mapping[int, str] = MappingProxyType({})

    def guard(self) -> None:
        """Let SQLite itself refuse a change, whatever code asks for it."""
        for verb in ("UPDATE", "DELETE"):
            self._run(
                f"CREATE TRIGGER no_{verb.lower()} BEFORE {verb} ON {{t}}"
                " BEGIN SELECT RAISE(ABORT, 'a journal row is never changed and never deleted'); END"
            )

    def append(self, rows: Sequence[Document]) -> None:
        """Store sealed rows, within the transaction at hand."""
        self._sealed = {row.doc_id: row.text for row in rows if isinstance(row, SealedRow)}
        self.insert_multiple(rows)

    def dump(self, doc_id: int, document: Mapping[str, Any]) -> str:
        """Give the text of a row as it was sealed."""
        text = self._sealed.get(doc_id)
        if text is None or not text.endswith(f'{document["hash"]}"}}'):
            raise StoreError("only sealed rows go into the journal")
        return text

    def parse(self, doc_id: int, text: str) -> Fields:
        """Give a row that proves itself."""
        return unseal(doc_id, text)

    def _write(self, cleared: bool, deleted: set[int], rows: list[tuple[int, str]]) -> None:
        if cleared or deleted or any(key <= self.highest() for key, _ in rows[:1]):
            raise StoreError("a journal row is never changed and never deleted")
        super()._write(cleared, deleted, rows)

    def __iter__(self) -> Iterator[Document]:
        self._refuse_scan()

    def search(self, cond: object) -> list[Document]:
        """Refuse: the journal may have millions of rows."""
        del cond
        self._refuse_scan()

    def _refuse_scan(self) -> NoReturn:
        raise StoreError("the journal is read by sequence, a page at a time")


def stamp(at: datetime) -> str:
    """Give RFC 3339 in UTC with milliseconds; ValueError for a time without a zone."""
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def journal_row(document: Mapping[str, Any]) -> JournalRow:
    """Give the row of a proved document, its event decoded."""
    return JournalRow(
        sequence=document["seq"],
        id=UUID(document["id"]),
        at=datetime.fromisoformat(document["at"]),
        clock_synced=document["clock_synced"],
        catalogue=document["catalogue"],
        event=decode(document["type"], document["tv"], document["data"]),
        hash=document["hash"],
        previous=document["prev"],
        document=document,
    )
