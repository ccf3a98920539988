"""The link to the hub as the appliance sees it: one object to start, wake and stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from appliance.core.identifiers import uuid7
from appliance.errors import ConfigError
from appliance.mqtt.announcement import Station
from appliance.mqtt.client import Endpoint
from appliance.mqtt.downlink import Downlink, Shop
from appliance.mqtt.gateway import GatewayLink
from appliance.mqtt.identity import identity
from appliance.mqtt.memory import LinkMemory
from appliance.mqtt.messages.signed import KeyRing
from appliance.mqtt.messages.wire import Packet
from appliance.mqtt.refusals import Refusals
from appliance.mqtt.topics import Address, Kind
from appliance.mqtt.uplink import Uplink
from appliance.ports import Catalogue, CatalogueIntake, Clock, Journal, Post


class BrokerSettings(Protocol):
    """Where the broker is and whom to believe: `config.HubConfig`."""

    @property
    def host(self) -> str:
        """Name or address."""
        ...

    @property
    def port(self) -> int:
        """TCP port."""
        ...

    @property
    def ca_file(self) -> str:
        """Certificate of the broker's authority; "" = no TLS."""
        ...

    @property
    def cert_file(self) -> str:
        """This kiosk's certificate."""
        ...

    @property
    def key_file(self) -> str:
        """Key of the certificate."""
        ...

    @property
    def keys(self) -> Sequence[str]:
        """Ed25519 public keys of the hub in hexadecimal."""
        ...


class TillSettings(Protocol):
    """Which till this is: `config.TillConfig`."""

    @property
    def store(self) -> str:
        """Store name."""
        ...

    @property
    def workstation(self) -> str:
        """Number of the till in the store."""
        ...

    @property
    def zone(self) -> str:
        """Price zone."""
        ...

    @property
    def currency(self) -> str:
        """ISO 4217 code."""
        ...


class HubLink:
    """Uplink and downlink of one kiosk. Implements `ports.Uplink`.

    `busy` says whether a basket is open; `health` gives what the register and the machine report (JSON values without
    floats; hub-protocol names the fields). Both are called on the uplink's thread and must return at once.
    """

    def __init__(
        self,
        *,
        broker: BrokerSettings,
        till: TillSettings,
        tax_codes: Collection[str],
        version: str,
        state: Path,
        journal: Journal,
        catalogue: Catalogue,
        intake: CatalogueIntake,
        clock: Clock,
        post: Post,
        busy: Callable[[], bool],
        health: Callable[[], Mapping[str, Any]],
    ) -> None:
        try:
            keys = KeyRing(broker.keys)
        except ValueError as error:
            raise ConfigError(
                f"hub.keys: {error}. Each is 64 hexadecimal digits, as `kvitt-hub key` prints them."
            ) from error
        self.identity = identity(state)
        memory = LinkMemory(state)
        self._refusals = Refusals()
        station = Station(
            kiosk=self.identity.kiosk,
            store=till.store,
            workstation=till.workstation,
            zone=till.zone,
            version=version,
            boot=uuid7(time.time_ns() // 1_000_000, uuid4().int >> 54),
            catalogue=lambda: str(catalogue.book().version),
        )
        self._downlink = Downlink(
            kiosk=self.identity.kiosk,
            shop=Shop(store=till.store, zone=till.zone, currency=till.currency, tax_codes=tax_codes),
            keys=keys,
            catalogue=catalogue,
            intake=intake,
            memory=memory,
            folder=state / "blobs",
            clock=clock,
            post=post,
            ask=self._ask,
            refusals=self._refusals,
        )
        self.gateway = GatewayLink(self.identity.kiosk, send=self._ask, reachable=lambda: self._uplink.online)
        """The way to the payment gateway behind the hub."""
        self._uplink = Uplink(
            endpoint=Endpoint(
                host=broker.host,
                port=broker.port,
                ca_file=broker.ca_file,
                cert_file=broker.cert_file,
                key_file=broker.key_file,
            ),
            station=station,
            journal=journal,
            memory=memory,
            clock=clock,
            post=post,
            busy=busy,
            health=health,
            deliver=self._deliver,
            hub_state=self._downlink.hub_state,
            refusals=self._refusals,
        )

    def start(self) -> None:
        """Begin; returns at once, also without a broker."""
        self._downlink.start()
        self._uplink.start()

    def stop(self) -> bool:
        """End in good order and wait for the threads; False if one did not end in time."""
        down = self._downlink.stop()
        return self._uplink.stop() and down

    def wake(self) -> None:
        """New rows are in the journal; never blocks."""
        self._uplink.wake()

    @property
    def online(self) -> bool:
        """Whether the hub can be reached and can commit."""
        return self._uplink.online

    @property
    def alive(self) -> bool:
        """Whether both threads run; False after `start` is a fault of this program, and sales go on without a hub."""
        return self._uplink.alive and self._downlink.alive

    @property
    def refused(self) -> int:
        """Messages refused since the start: malformed, forged, or not for this kiosk."""
        return self._refusals.count

    @property
    def detail(self) -> str:
        """What staff should know about link and catalogue, in one sentence; "" = nothing."""
        return self._uplink.detail or self._downlink.detail

    def _deliver(self, address: Address, arrived: Packet) -> None:
        if address.kind is Kind.PAYMENT:
            self.gateway.deliver(arrived)
        else:
            self._downlink.deliver(address, arrived)

    def _ask(self, packet: Packet) -> bool:
        return self._uplink.publish(packet)
