"""Who is there: the hub's state, a kiosk's birth and will, and its health."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from appliance.mqtt.messages.wire import Fields, instant
from appliance.mqtt.topics import SLUG

MINOR: Final = 0
"""Minor number of the protocol that this program speaks; grows by one with every addition."""
_VERSION: Final = re.compile(r"[a-z0-9-]{1,32}/[0-9]{1,15}")


@dataclass(frozen=True, slots=True, kw_only=True)
class HubState:
    """Whether the hub can commit. The will has the same fields and counts only for the same `run`."""

    online: bool
    generation: int
    """Of the hub's database; raised after a restore."""
    run: UUID
    at: datetime
    spread_s: int
    """Seconds over which kiosks spread their return."""
    minor: int = MINOR
    oldest_minor: int = MINOR

    def document(self) -> dict[str, Any]:
        """Give the payload."""
        return {
            "v": 1,
            "online": self.online,
            "generation": self.generation,
            "run": str(self.run),
            "at": instant(self.at),
            "spread_s": self.spread_s,
            "minor": self.minor,
            "oldest_minor": self.oldest_minor,
        }

    @classmethod
    def parse(cls, fields: Fields) -> HubState:
        """Read a payload; Malformed says what is wrong."""
        fields.version()
        return cls(
            online=fields.flag("online"),
            generation=fields.integer("generation", low=1),
            run=fields.uuid("run"),
            at=fields.instant("at"),
            spread_s=fields.integer("spread_s", low=1, high=600),
            minor=fields.integer("minor"),
            oldest_minor=fields.integer("oldest_minor"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalState:
    """Where a kiosk's journal stands."""

    epoch: int
    first: int
    """First sequence that the kiosk holds in this epoch."""
    last: int
    acked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth:
    """A kiosk is there. `boot` names one start of the program, `conn` counts its connections."""

    boot: UUID
    conn: int
    version: str
    store: str
    workstation: str
    generation: int
    """Newest generation of the hub that the kiosk has seen; 0 = none."""
    journal: JournalState
    catalogue: str
    """Version in use, "zone/number"."""
    slot: str = ""
    """The installed release slot; "" outside the fleet's own layout."""
    config: Mapping[str, Any] | None = None
    """Revision and schema of the hub's configuration; None before the first."""
    job: Mapping[str, Any] | None = None
    caps: tuple[str, ...] = ("zstd",)
    minor: int = MINOR

    def document(self) -> dict[str, Any]:
        """Give the payload."""
        journal = self.journal
        return {
            "v": 1,
            "online": True,
            "boot": str(self.boot),
            "conn": self.conn,
            "version": self.version,
            "slot": self.slot,
            "store": self.store,
            "workstation": self.workstation,
            "minor": self.minor,
            "generation": self.generation,
            "journal": {
                "epoch": journal.epoch,
                "first": journal.first,
                "last": journal.last,
                "acked": journal.acked,
            },
            "catalogue": self.catalogue,
            "config": self.config,
            "job": self.job,
            "caps": list(self.caps),
        }

    @classmethod
    def parse(cls, fields: Fields) -> Birth:
        """Read a payload; Malformed says what is wrong."""
        fields.version()
        journal = fields.fields("journal")
        caps = fields.entries("caps", limit=32)
        if not all(isinstance(cap, str) for cap in caps):
            raise fields.wrong("caps", "texts are wanted")
        return cls(
            boot=fields.uuid("boot"),
            conn=fields.integer("conn", low=1),
            version=fields.text("version", limit=64),
            slot=fields.text("slot", limit=64),
            store=fields.text("store", limit=32, pattern=SLUG),
            workstation=fields.text("workstation", limit=32, pattern=SLUG),
            minor=fields.integer("minor"),
            generation=fields.integer("generation"),
            journal=JournalState(
                epoch=journal.integer("epoch", low=1),
                first=journal.integer("first"),
                last=journal.integer("last"),
                acked=journal.integer("acked"),
            ),
            catalogue=fields.text("catalogue", limit=48, pattern=_VERSION),
            config=fields.fields("config").table if fields.has("config") else None,
            job=fields.fields("job").table if fields.has("job") else None,
            caps=tuple(caps),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Will:
    """The broker says that a kiosk is gone; counts only if `boot` and `conn` are those of its birth."""

    boot: UUID
    conn: int

    def document(self) -> dict[str, Any]:
        """Give the payload."""
        return {"v": 1, "online": False, "boot": str(self.boot), "conn": self.conn}

    @classmethod
    def parse(cls, fields: Fields) -> Will:
        """Read a payload; Malformed says what is wrong."""
        fields.version()
        return cls(boot=fields.uuid("boot"), conn=fields.integer("conn", low=1))


def presence(fields: Fields) -> Birth | Will:
    """Read `up/state`."""
    return Birth.parse(fields) if fields.flag("online") else Will.parse(fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a kiosk fares. What the register and the machine measure stands in `report`, as it was given."""

    at: datetime
    outbox_rows: int
    outbox_oldest_s: int
    report: Mapping[str, Any]
    """Further fields of the payload: uptime_s, lane, clock, devices, day, link and others."""

    def document(self) -> dict[str, Any]:
        """Give the payload."""
        return {
            **self.report,
            "v": 1,
            "at": instant(self.at),
            "outbox": {"rows": self.outbox_rows, "oldest_s": self.outbox_oldest_s},
        }

    @classmethod
    def parse(cls, fields: Fields) -> Health:
        """Read a payload; Malformed says what is wrong."""
        fields.version()
        outbox = fields.fields("outbox")
        return cls(
            at=fields.instant("at"),
            outbox_rows=outbox.integer("rows"),
            outbox_oldest_s=outbox.integer("oldest_s"),
            report={key: value for key, value in fields.table.items() if key not in ("v", "at", "outbox")},
        )
