"""The sale upload: batches of journal rows, and the acknowledgement that is the only receipt."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from appliance.core.product import canonical
from appliance.mqtt.messages.wire import MAX_EVENT, Fields, Malformed, Packet, text_packet
from appliance.mqtt.topics import KIOSK_ID, Kind

MAX_ROWS: Final = 50
"""Rows of one batch."""
MAX_BATCH: Final = 64 << 10
"""Bytes of rows in one batch, before compression; a single larger row travels alone."""
MAX_RANGES: Final = 16
MAX_EPOCH: Final = (1 << 31) - 1

_TYPE: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class WireRow:
    """A journal row on the wire: the row as stored, without `prev`."""

    seq: int
    type: str
    tv: int
    id: str
    at: str
    hash: str
    catalogue: str | None
    data: Mapping[str, Any]
    document: Mapping[str, Any]
    """The whole row as it came, fields that this program does not know included."""
    text: bytes
    """Its canonical form."""

    @classmethod
    def parse(cls, value: object) -> WireRow:
        """Read a row; Malformed says what is wrong. An unknown type is no fault."""
        row = Fields(value, "event")
        text = canonical(row.table)
        if len(text) > MAX_EVENT:
            raise Malformed(f"event: {len(text)} bytes are more than {MAX_EVENT}")
        row.flag("clock_synced")
        return cls(
            seq=row.integer("seq", low=1),
            type=row.text("type", limit=64, pattern=_TYPE),
            tv=row.integer("tv", low=1, high=1000),
            id=str(row.uuid("id")),
            at=_checked_time(row),
            hash=row.digest("hash"),
            catalogue=row.text("catalogue", limit=48) if row.has("catalogue") else None,
            data=row.fields("data").table,
            document=row.table,
            text=text,
        )


def _checked_time(row: Fields) -> str:
    row.instant("at")
    return row.text("at")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfitRow:
    """A row that has a sequence and is otherwise not what it should be: kept as it came, and counted as received."""

    seq: int
    reason: str
    document: object


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalBatch:
    """Rows of one kiosk and one epoch."""

    kiosk: str
    epoch: int
    rows: tuple[WireRow | UnfitRow, ...]

    @classmethod
    def parse(cls, fields: Fields) -> JournalBatch:
        """Read a payload; Malformed only where kiosk, epoch or a row's sequence cannot be told."""
        fields.version()
        return cls(
            kiosk=fields.text("kiosk", limit=11, pattern=KIOSK_ID),
            epoch=fields.integer("epoch", low=1, high=MAX_EPOCH),
            rows=tuple(any_row(entry, i) for i, entry in enumerate(fields.entries("events", limit=MAX_ROWS))),
        )


def any_row(value: object, index: int) -> WireRow | UnfitRow:
    """Read the row at an index of a batch; Malformed only where its sequence cannot be told."""
    try:
        return WireRow.parse(value)
    except (Malformed, UnicodeEncodeError, TypeError) as error:
        seq = Fields(value, f"events[{index}]").integer("seq", low=1)
        return UnfitRow(seq=seq, reason=str(error), document=value)


@dataclass(frozen=True, slots=True)
class Range:
    """Rows of one epoch that a batch says it holds, told outside the payload."""

    epoch: int
    first: int
    last: int

    @classmethod
    def of(cls, properties: Mapping[str, str]) -> Range | None:
        """Read the user properties `epoch`, `first`, `last`; None if they are no range."""
        try:
            epoch, first, last = (int(properties[key]) for key in ("epoch", "first", "last"))
        except (KeyError, ValueError):
            return None
        return cls(epoch, first, last) if 1 <= epoch <= MAX_EPOCH and 1 <= first <= last < first + MAX_ROWS else None


def wire_row(document: Mapping[str, object]) -> dict[str, object]:
    """Give a stored row as it travels: without `prev`, which the hub has."""
    return {key: value for key, value in document.items() if key != "prev"}


def batch_packet(kiosk: str, epoch: int, rows: Sequence[Mapping[str, object]]) -> tuple[Packet, int]:
    """Make the packet of as many consecutive rows as one batch holds, at least one; give how many."""
    texts: list[bytes] = []
    size = 0
    for row in rows[:MAX_ROWS]:
        text = canonical(row)
        size += len(text) + 1
        if texts and size > MAX_BATCH:
            break
        texts.append(text)
    # The keys stand in their canonical order; each row is made canonical once.
    payload = b'{"epoch":%d,"events":[%b],"kiosk":"%b","v":1}' % (epoch, b",".join(texts), kiosk.encode())
    properties = {"epoch": str(epoch), "first": str(rows[0]["seq"]), "last": str(rows[len(texts) - 1]["seq"])}
    return text_packet(Kind.JOURNAL, kiosk, payload, properties=properties), len(texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """The hub holds another row under this number; whoever has the row with `hash` goes on under `use_epoch`."""

    seq: int
    hash: str
    use_epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """What the hub has committed of one epoch. A state, not a step: a lost or repeated one is harmless."""

    generation: int
    epoch: int
    contiguous: int
    """Every row up to this sequence is committed."""
    highest: int
    gaps: tuple[tuple[int, int], ...] = ()
    """The first missing ranges below `highest`, at most 16."""
    quarantined: tuple[int, ...] = ()
    """Rows that count as received and wait for a person, the newest 16."""
    conflict: Conflict | None = None
    split: tuple[int, int] | None = None
    """A batch that could not be read: send its rows one by one."""
    credit: int = 200
    """Rows a second; 0 = pause for 5 s."""
    hash: str | None = None
    """Hash of the row at `contiguous`: whose journal the position is about."""
    seen: tuple[tuple[int, str], ...] = ()
    """Sequence and hash of the last row of each batch in this very commit that is held as it was sent."""

    def document(self) -> dict[str, Any]:
        """Give the payload."""
        conflict = self.conflict
        return {
            "v": 1,
            "generation": self.generation,
            "epoch": self.epoch,
            "contiguous": self.contiguous,
            "highest": self.highest,
            "gaps": [list(gap) for gap in self.gaps[:MAX_RANGES]],
            "quarantined": list(self.quarantined[-MAX_RANGES:]),
            "conflict": conflict and {"seq": conflict.seq, "hash": conflict.hash, "use_epoch": conflict.use_epoch},
            "split": list(self.split) if self.split else None,
            "credit": self.credit,
            "hash": self.hash,
            "seen": [list(entry) for entry in self.seen[-MAX_RANGES:]],
        }

    @classmethod
    def parse(cls, fields: Fields) -> Ack:
        """Read a payload; Malformed says what is wrong."""
        fields.version()
        quarantined = fields.entries("quarantined", limit=MAX_RANGES)
        if not all(type(seq) is int for seq in quarantined):
            raise fields.wrong("quarantined", "integers are wanted")
        split = (
            Fields({"split": [fields.table.get("split")]}, "").ranges("split", limit=1) if fields.has("split") else ()
        )
        ack = cls(
            generation=fields.integer("generation", low=1),
            epoch=fields.integer("epoch", low=1),
            contiguous=fields.integer("contiguous"),
            highest=fields.integer("highest"),
            gaps=fields.ranges("gaps", limit=MAX_RANGES),
            quarantined=tuple(quarantined),
            conflict=_conflict(fields.fields("conflict")) if fields.has("conflict") else None,
            split=split[0] if split else None,
            credit=fields.integer("credit", high=1_000_000),
            hash=fields.digest("hash") if fields.has("hash") else None,
            seen=_seen(fields) if fields.has("seen") else (),
        )
        if ack.highest < ack.contiguous:
            raise fields.wrong("highest", "is below contiguous")
        return ack


def _seen(fields: Fields) -> tuple[tuple[int, str], ...]:
    rows = []
    for entry in fields.entries("seen", limit=MAX_RANGES):
        if not (isinstance(entry, list) and len(entry) == 2):
            raise fields.wrong("seen", "entries are [sequence, hash]")
        row = Fields({"seq": entry[0], "hash": entry[1]}, fields.path("seen"))
        rows.append((row.integer("seq", low=1), row.digest("hash")))
    return tuple(rows)


def _conflict(fields: Fields) -> Conflict:
    return Conflict(
        seq=fields.integer("seq", low=1),
        hash=fields.digest("hash"),
        use_epoch=fields.integer("use_epoch", low=1),
    )
