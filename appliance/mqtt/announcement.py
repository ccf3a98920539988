"""What a kiosk says of itself: birth, will, health."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from appliance.mqtt.messages.presence import Birth, Health, JournalState, Will
from appliance.mqtt.messages.wire import Packet, packet
from appliance.mqtt.outbox import Outbox
from appliance.mqtt.topics import Kind
from appliance.ports import Clock, Journal


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """Which till this is. `boot` names this start of the program; `catalogue` gives the version in use."""

    kiosk: str
    store: str
    workstation: str
    zone: str
    version: str
    boot: UUID
    catalogue: Callable[[], str]


class Announcer:
    """Builds the packets; `connection` is the number of the connection since the program started."""

    def __init__(
        self,
        *,
        station: Station,
        journal: Journal,
        outbox: Outbox,
        clock: Clock,
        health: Callable[[], Mapping[str, Any]],
    ) -> None:
        self._station = station
        self._journal = journal
        self._outbox = outbox
        self._clock = clock
        self._health = health

    def will(self, connection: int) -> Packet:
        """Give what stands for this kiosk once it is gone."""
        document = Will(boot=self._station.boot, conn=connection).document()
        return packet(Kind.STATE, self._station.kiosk, document)

    def birth(self, connection: int) -> Packet:
        """Give what stands for this kiosk now."""
        last = self._journal.last()
        start, _, epoch = self._outbox.lineage.segments(last)[-1]
        birth = Birth(
            boot=self._station.boot,
            conn=connection,
            version=self._station.version,
            store=self._station.store,
            workstation=self._station.workstation,
            generation=self._outbox.generation,
            journal=JournalState(
                epoch=epoch,
                first=max(start, self._journal.first()),
                last=last,
                acked=self._outbox.position,
            ),
            catalogue=self._station.catalogue(),
        )
        return packet(Kind.STATE, self._station.kiosk, birth.document())

    def waiting(self) -> int:
        """Give the rows that the hub has not acknowledged."""
        return max(0, self._journal.last() - self._outbox.position)

    def health(self, link: Mapping[str, Any]) -> Packet:
        """Give how this kiosk fares; StoreError if the journal's oldest waiting row cannot be read."""
        now = self._clock.now()
        oldest = self._journal.since(self._outbox.position, 1)
        health = Health(
            at=now,
            outbox_rows=self.waiting(),
            outbox_oldest_s=max(0, int((now - oldest[0].at).total_seconds())) if oldest else 0,
            report={**self._health(), "link": dict(link)},
        )
        return packet(Kind.HEALTH, self._station.kiosk, health.document())
