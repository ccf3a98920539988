"""The way down: a signed head leads to a delta or to pages, staged whole or not at all, then to ActivateCatalogue.

One thread. Whatever is malformed, forged or insane is counted and said; the catalogue in use stays.
"""

from __future__ import annotations

import hashlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from appliance.core.commands import ActivateCatalogue
from appliance.core.identifiers import CatalogueVersion, Sku
from appliance.errors import HubError, StoreError
from appliance.mqtt.memory import LinkMemory
from appliance.mqtt.messages.blob import Chunk, WantDelta
from appliance.mqtt.messages.catalogue import HEAD_TYPE, Delta, Head, Manifest, Sanity, fewer_products, page_products
from appliance.mqtt.messages.presence import HubState
from appliance.mqtt.messages.signed import KeyRing
from appliance.mqtt.messages.wire import Fields, Malformed, Packet, decode, decompress, parse_json
from appliance.mqtt.refusals import Refusals
from appliance.mqtt.topics import Address, Kind
from appliance.mqtt.transfer import Answer, Transfer, Unavailable
from appliance.ports import Catalogue, CatalogueDelta, CatalogueIntake, Clock, Post

HELD_DELTAS: Final = 16
RETRY_S: Final = 30.0
LOOK_S: Final = 1.0
"""So often it is looked whether the register uses the version in force, so that the newest can follow."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """What a catalogue must fit."""

    store: str
    zone: str
    currency: str
    tax_codes: Collection[str]


class _Stopped(Exception):
    """The downlink ends."""


@dataclass(frozen=True, slots=True)
class _Stop:
    """End the thread."""


class Downlink:
    """See the module. `ask` sends a packet, False if there is no link now."""

    def __init__(
        self,
        *,
        kiosk: str,
        shop: Shop,
        keys: KeyRing,
        catalogue: Catalogue,
        intake: CatalogueIntake,
        memory: LinkMemory,
        folder: Path,
        clock: Clock,
        post: Post,
        ask: Callable[[Packet], bool],
        refusals: Refusals,
    ) -> None:
        self._shop = shop
        self._keys = keys
        self._catalogue = catalogue
        self._intake = intake
        self._memory = memory
        self._clock = clock
        self._post = post
        self._refusals = refusals
        self._inbox: queue.SimpleQueue[tuple[Address, Packet] | _Stop] = queue.SimpleQueue()
        self._transfer = Transfer(folder, kiosk, ask=ask, answer=self._answer)
        self._head: Head | None = None
        self._aim: Head | None = None
        """The version that is to be here next: the one in force, or the newest."""
        self._done: Head | None = None
        """The aim that needs no more work: staged, or refused for good."""
        self._given_up: Head | None = None
        """The version in force, if it has been refused for good."""
        self._retry_at = 0.0
        self._deltas: dict[int, Delta] = {}
        self._activation: tuple[datetime, CatalogueVersion] | None = None
        """From when on a staged version holds. Asked again and again, because the clock may be set meanwhile."""
        self._hub_time: tuple[datetime, float] | None = None
        self.detail = ""
        """Why the newest catalogue is not in use; "" = it is, or will be."""
        self._thread = threading.Thread(target=self._run, name="downlink", daemon=True)

    # From other threads -----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def stop(self, timeout: float = 20.0) -> bool:
        """End, with what has been fetched kept; False if the thread did not end in time."""
        self._inbox.put(_Stop())
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def deliver(self, address: Address, arrived: Packet) -> None:
        """Take a packet; never blocks."""
        self._inbox.put((address, arrived))

    def hub_state(self, state: HubState, age: int) -> None:
        """Take the hub's time of `age` seconds ago, for a kiosk whose own clock has not been set."""
        self._hub_time = (state.at + timedelta(seconds=age), time.monotonic())

    # The thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while True:
                answer = self._answer(self._timeout())
                if answer is not None:
                    continue  # late, for a transfer that is over
                self._activate_if_due()
                self._notice_damage()
                self._take_aim()
                if self._aim is not None and self._aim != self._done and time.monotonic() >= self._retry_at:
                    self._synchronise(self._aim)
        except _Stopped:
            return

    def _notice_damage(self) -> None:
        """A catalogue that was complete and is found damaged counts for nothing: it is fetched again."""
        aim = self._aim
        if aim is not None and aim == self._done and not self.detail and self._newest() < aim.version:
            _log.warning("catalogue %s/%d is fetched again", aim.zone, aim.version)
            self._done = None
            self._retry_at = 0.0

    def _take_aim(self) -> None:
        """Aim at the version in force until the register uses it, then at the newest: one of both is on its way."""
        aim = self._head
        if aim is not None and aim.in_force is not None and not self._may_use(aim):
            in_use = self._catalogue.book().version
            behind = in_use.zone != aim.zone or in_use.number < aim.in_force.version
            if behind and aim.in_force != self._given_up:
                aim = aim.in_force
        if aim != self._aim:
            self._aim = aim
            self._retry_at = 0.0

    def _may_use(self, head: Head) -> bool:
        version = CatalogueVersion(head.zone, head.version)
        return wave(self._shop.store, version) < head.cohort and head.effective_at <= self._hub_now()

    def _timeout(self) -> float:
        now = time.monotonic()
        times = [now + 60.0]
        if self._activation is not None:
            times.append(now + (self._activation[0] - self._hub_now()).total_seconds())
        if self._aim != self._done:
            times.append(self._retry_at)
        elif self._aim != self._head:
            times.append(now + LOOK_S)
        return max(0.0, min(times) - now)

    def _answer(self, timeout: float) -> Answer | None:
        """Take packets until one is a chunk, or news is in, or the time is over."""
        try:
            item = self._inbox.get(timeout=timeout) if timeout > 0 else self._inbox.get_nowait()
        except queue.Empty:
            return None
        if isinstance(item, _Stop):
            raise _Stopped
        address, arrived = item
        try:
            match address.kind:
                case Kind.BLOB:
                    return Answer(arrived.correlation, Chunk.parse(arrived.payload, arrived.properties))
                case Kind.HEAD:
                    self._take_head(decode(arrived.payload, arrived.properties))
                case Kind.DELTA:
                    self._take_delta(Delta.parse(decode(arrived.payload, arrived.properties)))
                case _:
                    self._refusals.note(arrived.topic, "this version does not serve it")
        except Malformed as error:
            self._refusals.note(arrived.topic, error)
        return None

    def _take_head(self, fields: Fields) -> None:
        head = Head.parse(self._keys.verify(fields, HEAD_TYPE))
        if head.zone != self._shop.zone:
            raise Malformed(f"a head of zone {head.zone!r}")
        if head.currency != self._shop.currency:
            raise Malformed(f"prices in {head.currency}, this till counts in {self._shop.currency}")
        newest = self._newest()
        if head.version < max(newest, self._head.version if self._head else 0):
            raise Malformed(f"version {head.version} is older than {newest}")
        self._head = head

    def _take_delta(self, delta: Delta) -> None:
        if delta.zone != self._shop.zone:
            raise Malformed(f"a delta of zone {delta.zone!r}")
        self._deltas[delta.base] = delta
        while len(self._deltas) > HELD_DELTAS:
            del self._deltas[min(self._deltas)]

    def _newest(self) -> int:
        newest = self._intake.newest()
        return newest.number if newest.zone == self._shop.zone else 0

    # Synchronising ----------------------------------------------------------------------------------------------

    def _synchronise(self, head: Head) -> None:
        self._retry_at = time.monotonic() + RETRY_S
        try:
            newest = self._newest()
            here = newest == head.version and self._intake.root() == head.root
            if not here and not (0 < newest < head.version and self._by_delta(head, newest)):
                self._by_pages(head)
        except (Malformed, ValueError) as error:
            self._refusals.note(f"catalogue {head.zone}/{head.version}", error)
            self.detail = f"catalogue {head.zone}/{head.version} refused: {error}"
            self._done = head
            if head != self._head:
                self._given_up = head
        except (HubError, StoreError, OSError) as error:
            _log.warning("catalogue %s/%d: %s; trying again", head.zone, head.version, error)
            self.detail = f"catalogue {head.zone}/{head.version}: {error}"
        else:
            self._done = head
            self.detail = ""
            self._memory.keep(products=head.products)
            self._arrange(head)

    def _by_delta(self, head: Head, newest: int) -> bool:
        """Stage the change from the newest version; False if that way is closed."""
        try:
            delta = self._delta(head, newest)
            sanity = Sanity(self._shop.tax_codes)
            for row in delta.changed:
                sanity.take(row, self._price(row["sku"]))
            self._judge(head, sanity)
            self._intake.stage_delta(
                CatalogueDelta(
                    base=CatalogueVersion(head.zone, newest),
                    version=CatalogueVersion(head.zone, head.version),
                    root=head.root,
                    changed=delta.changed,
                    deleted=delta.deleted,
                )
            )
        except Unavailable:
            return False
        except (Malformed, ValueError) as error:
            # Nothing but the root vouches for a delta: a bad one may be forged and must not stop an honest head.
            self._refusals.note("delta", error)
            self._deltas.clear()
            return False
        return True

    def _delta(self, head: Head, newest: int) -> Delta:
        delta = self._held_deltas(newest, head.version)
        if delta is None:
            if newest < head.oldest_delta:
                raise Unavailable(f"no deltas from {newest}")
            content = self._transfer.delta(WantDelta(zone=head.zone, base=newest, to=head.version))
            delta = Delta.parse(Fields(parse_json(decompress(content)), "delta"))
        if (delta.zone, delta.base, delta.to, delta.root) != (head.zone, newest, head.version, head.root):
            raise Malformed(f"a delta to {delta.to} that the head does not vouch for")
        return delta

    def _held_deltas(self, base: int, to: int) -> Delta | None:
        whole: Delta | None = None
        at = base
        while at < to and at in self._deltas:
            delta = self._deltas[at]
            whole = delta if whole is None else whole.then(delta)
            at = delta.to
        return whole if at == to else None

    def _by_pages(self, head: Head) -> None:
        self._transfer.fetch([(head.manifest, head.manifest_size)])
        content = self._transfer.path(head.manifest).read_bytes()
        manifest = Manifest.parse(Fields(parse_json(decompress(content)), "manifest"))
        if (manifest.zone, manifest.version) != (head.zone, head.version):
            raise Malformed("the manifest is of another version")
        self._transfer.fetch(manifest.pages)
        sanity = Sanity(self._shop.tax_codes)
        self._intake.stage_snapshot(
            CatalogueVersion(head.zone, head.version), head.root, self._products(head, manifest, sanity)
        )
        self._transfer.keep_only({head.manifest, *(sha256 for sha256, _ in manifest.pages)})

    def _products(self, head: Head, manifest: Manifest, sanity: Sanity) -> Iterator[Mapping[str, Any]]:
        """Give the products of the pages one by one; Malformed before the end refuses the whole version."""
        for sha256, _ in manifest.pages:
            content = self._transfer.path(sha256).read_bytes()
            if hashlib.sha256(content).hexdigest() != sha256:
                self._transfer.path(sha256).unlink()
                raise Unavailable(f"page {sha256[:12]} is damaged on this disk")
            for product in page_products(content):
                sanity.take(product, self._price(product["sku"]))
                yield product
        self._judge(head, sanity)

    def _price(self, sku: str) -> int | None:
        item = self._catalogue.book().by_sku(Sku(sku))
        return None if item is None or item.price is None else item.price.minor

    def _judge(self, head: Head, sanity: Sanity) -> None:
        if head.force:
            return
        why = sanity.improbable() or fewer_products(self._memory.value.products, head.products)
        if why:
            raise Malformed(why)

    # Activation -------------------------------------------------------------------------------------------------

    def _arrange(self, head: Head) -> None:
        version = CatalogueVersion(head.zone, head.version)
        if self._catalogue.pending() != version:
            return
        if wave(self._shop.store, version) >= head.cohort:
            _log.info("%s is staged; its wave has not come to this store", version)
            return
        self._activation = (head.effective_at, version)
        self._activate_if_due()

    def _hub_now(self) -> datetime:
        if self._clock.synchronised() or self._hub_time is None:
            return self._clock.now()
        at, since = self._hub_time
        return at + timedelta(seconds=time.monotonic() - since)

    def _activate_if_due(self) -> None:
        if self._activation is not None and self._hub_now() >= self._activation[0]:
            _, version = self._activation
            self._activation = None
            _log.info("%s is in force", version)
            self._post(ActivateCatalogue(version))


def wave(store: str, version: CatalogueVersion) -> int:
    """Give the place of a store in the waves of a version, 0 to 99: whole stores move, never half of one."""
    return int.from_bytes(hashlib.sha256(f"{store}/{version}".encode()).digest()) % 100
