"""The products and prices of this kiosk: versions come in whole, wait, and are taken into use between transactions.

A change of the newest version is a layer over it; a whole version is a file of its own beside the one in use. What
arrives is judged here for what cannot be (a price below zero, a code that two products carry, a wrong root); what is
merely improbable is the downlink's to judge, because only the head says whether it is meant.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Final

from appliance.core.identifiers import CatalogueVersion
from appliance.core.money import Currency
from appliance.errors import DiskFull, StoreError, StoreInUse
from appliance.ports import CatalogueDelta
from appliance.store.catalogue_build import build
from appliance.store.catalogue_change import Change
from appliance.store.catalogue_file import CatalogueFile, root_of
from appliance.store.files import MEGABYTE, forget_cached, free_bytes, publish, sync_folder, wal_of
from appliance.store.price_book import LayeredBook
from appliance.store.wal import survey

log = logging.getLogger(__name__)

FILE: Final = "catalogue.db"
NEXT: Final = "catalogue-next.db"
COMPLETE: Final = "catalogue-complete.db"
LAYERS: Final = 8
ROOM: Final = 256 * MEGABYTE
"""Free space below which no new version is taken: sales need what is left."""


class CatalogueStore:
    """`ports.Catalogue` for the register and `ports.CatalogueIntake` for the downlink, over one state folder.

    `tax_codes` are the codes that may be sold here; None: any.
    """

    @classmethod
    def open(
        cls,
        state: Path,
        *,
        zone: str,
        currency: Currency,
        tax_codes: Collection[str] | None = None,
        room: int = ROOM,
    ) -> CatalogueStore:
        """Open. A file that is damaged or of an unknown schema is deleted, and the hub sends it again."""
        return cls(state, zone, currency, tax_codes, room)

    def __init__(
        self, state: Path, zone: str, currency: Currency, tax_codes: Collection[str] | None, room: int
    ) -> None:
        self._state = state
        self._zone = zone
        self._currency = currency
        self._tax_codes = tax_codes
        self._room = room
        self._intake = threading.Lock()
        """Held while a version is staged: long, and never by the register."""
        self._place = threading.RLock()
        """Held while files and positions change: short."""
        self._damaged = False
        for leftover in state.glob(f"{COMPLETE}*"):
            leftover.unlink()
        self._file = self._opened(state / FILE)
        following = self._opened(state / NEXT)
        self._next = None if following is None else following.newest
        self._next_root = "" if following is None else root_of(following.position.newest.vector)
        if following is not None:
            following.close()
        self._merge()
        self._book = self._make_book()

    def _opened(self, path: Path) -> CatalogueFile | None:
        log_path = wal_of(path)
        if not path.exists():
            log_path.unlink(missing_ok=True)
            return None
        forget_cached(path, log_path)
        why = survey(log_path).damage
        if not why:
            try:
                opened = CatalogueFile(path)
            except (StoreInUse, DiskFull):
                raise
            except (StoreError, KeyError, TypeError, ValueError) as fault:
                why = str(fault)
            else:
                if opened.position.currency == self._currency.code:
                    return opened
                opened.close()
                why = f"its prices are in {opened.position.currency}"
        log.warning("%s cannot be used and is fetched again: %s", path.name, why)
        path.unlink()
        log_path.unlink(missing_ok=True)
        return None

    # For the register ------------------------------------------------------------------------------------------------

    def _make_book(self) -> LayeredBook:
        file = self._file
        if file is None:
            return LayeredBook(CatalogueVersion(self._zone, 0), self._currency, None)
        position = file.position
        # A version stays held until its file is left, or its layer is merged away under a newer one.
        return LayeredBook(
            file.active,
            self._currency,
            file.view(position.active),
            current=lambda: self._file is file and file.holds(position.active),
            damaged=self._note_damage,
        )

    def _note_damage(self, fault: StoreError) -> None:
        log.error("The catalogue is damaged; staff are asked until it has been fetched again: %s", fault)
        self._damaged = True

    def book(self) -> LayeredBook:
        """Give the active version; an empty book, version zone/0, before the first one has come."""
        return self._book

    def pending(self) -> CatalogueVersion | None:
        """Give the newest version that is complete on disk and waits to be activated."""
        if self._next is not None:
            return self._next
        if self._file is not None and self._file.newest != self._file.active:
            return self._file.newest
        return None

    def activate(self, version: CatalogueVersion) -> LayeredBook:
        """Take a pending version into use; only between transactions. ValueError if it does not wait here."""
        with self._place:
            if self._next is not None and version == self._next:
                self._swap()
            elif self._file is None or not self._file.may_follow(version):
                raise ValueError(f"catalogue {version} does not wait here")
            assert self._file is not None
            self._file.activate(version.number)
            self._book = self._make_book()
            return self._book

    def _swap(self) -> None:
        """Put the next file in the place of the one in use. A cut leaves one of them, and never a log of the other."""
        path, following = self._state / FILE, self._state / NEXT
        leaving, self._file = self._file, None
        if leaving is not None:
            leaving.close()
        wal_of(path).unlink(missing_ok=True)
        sync_folder(self._state)
        following.rename(path)
        sync_folder(self._state)
        self._file, self._next, self._damaged = CatalogueFile(path), None, False

    # For the downlink ------------------------------------------------------------------------------------------------

    def newest(self) -> CatalogueVersion:
        """Give the newest version that is complete on disk, active or pending.

        zone/0 if there is none, if it is of another zone, or if it has been found damaged.
        """
        held = self._next or (self._file.newest if self._file is not None and not self._damaged else None)
        return held if held is not None and held.zone == self._zone else CatalogueVersion(self._zone, 0)

    def root(self) -> str:
        """Give the hex root of the newest version; "" if there is none."""
        with self._place:
            if self.newest().number == 0:
                return ""
            if self._next is not None:
                return self._next_root
            assert self._file is not None
            return root_of(self._file.position.newest.vector)

    def _judge(self, version: CatalogueVersion) -> None:
        if version.zone != self._zone:
            raise ValueError(f"catalogue {version} is not of zone {self._zone}")
        if free_bytes(self._state) < self._room:
            raise ValueError(f"catalogue {version}: less than {self._room // MEGABYTE} MB are free")

    def stage_delta(self, delta: CatalogueDelta) -> None:
        """Make a new pending version of `delta.base`; ValueError says why it is refused and changes nothing."""
        with self._intake:
            self._judge(delta.version)
            if delta.base != self.newest() or delta.base.number == 0 or delta.version.number <= delta.base.number:
                raise ValueError(f"a change from {delta.base} to {delta.version}; here is {self.newest()}")
            # The file that waits is opened for a moment; the register cannot take it into use meanwhile.
            with self._place:
                if self._next is not None:
                    self._stage_on_next(delta)
                    return
            assert self._file is not None
            self._stage(self._file, delta)
            self._merge()

    def _stage_on_next(self, delta: CatalogueDelta) -> None:
        following = CatalogueFile(self._state / NEXT)
        try:
            self._stage(following, delta)
            following.activate(delta.version.number)
            self._next, self._next_root = following.newest, delta.root
        finally:
            following.close()

    def _stage(self, file: CatalogueFile, delta: CatalogueDelta) -> None:
        change = Change(file.view(delta.base.number), self._currency, self._tax_codes)
        change.take(delta.changed, delta.deleted)
        vector = change.vector(file.position.newest.vector)
        if root_of(vector) != delta.root:
            raise ValueError(f"catalogue {delta.version}: its root is {root_of(vector)}, not {delta.root}")
        with self._place:
            file.add(delta.version.number, change, vector)

    def _merge(self) -> None:
        """Carry the layers into the base once they are many. The register goes on looking up and changing versions."""
        file = self._file
        if file is None or len(file.position.layers) <= LAYERS:
            return
        numbers = file.merged()
        if numbers:
            file.carry(numbers)
            with self._place:
                file.drop(numbers)

    def stage_snapshot(self, version: CatalogueVersion, root: str, products: Iterable[Mapping[str, object]]) -> None:
        """Make a new pending version of whole products; ValueError says why it is refused and changes nothing.

        Whatever `products` raises refuses it too.
        """
        with self._intake:
            self._judge(version)
            if version.number < 1:
                raise ValueError(f"catalogue {version}: versions begin at 1")
            complete = self._state / COMPLETE
            build(complete, version, root, products, self._currency, self._tax_codes)
            with self._place:
                following = self._state / NEXT
                wal_of(following).unlink(missing_ok=True)
                publish(complete, following)
                self._next, self._next_root = version, root

    def close(self) -> None:
        """Close in good order."""
        with self._intake, self._place:
            leaving, self._file = self._file, None
            if leaving is not None:
                leaving.close()
