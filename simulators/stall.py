"""A whole till in this process, with simulated devices and no window: real register, real journal, real drivers."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from appliance import config
from appliance.assembly import Till
from appliance.core.checkout import Checkout, LaneState, Rejection, TransactionState
from appliance.core.commands import Command, Health
from appliance.core.effects import Sound
from appliance.core.identifiers import CatalogueVersion
from appliance.core.money import Currency
from appliance.errors import ApplianceError
from appliance.service import ServiceWatchdog
from appliance.store.catalogue import CatalogueStore
from appliance.store.files import StateLock
from simulators.counter import Counter
from simulators.goods import Good, snapshot

ZONE: Final = "main"
PATIENCE_S: Final = 60.0


class TillEnded(Exception):  # the end of a run, not a fault
    """The till stopped while somebody waited for it. `code` is its exit code; None: it failed (`__cause__`)."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"the till ended with {'a fault' if code is None else f'exit code {code}'}")
        self.code = code


class Window:
    """Where the register shows its state; implements `ports.Presenter` for somebody without eyes."""

    def __init__(self) -> None:
        self._turned = threading.Condition()
        self._checkout: Checkout | None = None
        self._ended: TillEnded | None = None
        self.refused: Rejection | None = None
        """The newest refusal."""
        self.refusals = 0

    def show(self, checkout: Checkout) -> None:
        """Take a new state."""
        with self._turned:
            self._checkout = checkout
            self._turned.notify_all()

    def refuse(self, rejection: Rejection) -> None:
        """Take a refusal."""
        with self._turned:
            self.refused = rejection
            self.refusals += 1
            self._turned.notify_all()

    def play(self, sound: Sound) -> None:
        """Hear nothing."""

    def end(self, code: int | None, cause: BaseException | None) -> None:
        """Take the end of the till."""
        with self._turned:
            self._ended = TillEnded(code)
            self._ended.__cause__ = cause
            self._turned.notify_all()

    def wait(self, condition: Callable[[Checkout], bool], what: str, seconds: float = PATIENCE_S) -> Checkout:
        """Wait for a state; TimeoutError says what did not come and where the till stands, TillEnded: it is over."""
        deadline = time.monotonic() + seconds
        with self._turned:
            while True:
                if self._ended is not None:
                    raise self._ended
                if self._checkout is not None and condition(self._checkout):
                    return self._checkout
                if not self._turned.wait(max(0.0, deadline - time.monotonic())):
                    raise TimeoutError(f"{what} did not come within {seconds:g} s; {_where(self._checkout)}")


def _where(checkout: Checkout | None) -> str:
    if checkout is None:
        return "the till has shown nothing yet"
    devices = ", ".join(f"{name} {device.health}" for name, device in sorted(checkout.devices.items()))
    return f"lane {checkout.lane}, transaction {checkout.state}, {devices or 'no device'}"


def stock(state: Path, goods: Sequence[Good]) -> None:
    """Put goods into an empty store as the first catalogue version. StoreInUse: a till has this store open."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = StateLock(state)
    try:
        store = CatalogueStore.open(state, zone=ZONE, currency=Currency.parse("NOK"))
        try:
            if store.newest().number == 0:
                root, documents = snapshot(goods)
                store.stage_snapshot(CatalogueVersion(ZONE, 1), root, documents)
        finally:
            store.close()
    finally:
        lock.release()


class Stall:
    """One till at a counter that stands already; use as a context manager.

    `state` is the folder of its store, see `stock`; `settings` are further tables of the configuration, by section.
    """

    def __init__(
        self,
        state: Path,
        counter: Counter,
        *,
        settings: dict[str, dict[str, Any]] | None = None,
    ) -> None:
        self.window = Window()
        self.counter = counter
        self._state = state
        self._settings = settings or {}
        self._inbox: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        till = Till(self._config(), self._inbox, self.window, ServiceWatchdog(screen=False))
        thread = threading.Thread(target=self._run, args=(till,), name="register")
        thread.start()
        self._stack.callback(thread.join)
        self._stack.callback(till.stop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def post(self, command: Command) -> None:
        """Give the register a command."""
        self._inbox.put(command)

    def wait_until_ready(self) -> Checkout:
        """Wait until the devices are there and a customer may begin, or go on."""

        def ready(checkout: Checkout) -> bool:
            devices = [device.health for device in checkout.devices.values()]
            lane = checkout.lane is LaneState.OPEN or checkout.state is not TransactionState.IDLE
            return lane and len(devices) == len(self.counter.devices()) and set(devices) == {Health.ONLINE}

        return self.window.wait(ready, "the opening of the till")

    def _run(self, till: Till) -> None:
        try:
            code = till.run(lambda: None)
        except ApplianceError as error:
            self.window.end(None, error)
        except BaseException as error:
            self.window.end(None, error)
            raise
        else:
            self.window.end(code, None)

    def _config(self) -> config.Config:
        table: dict[str, Any] = {
            "till": {"store": "torget", "state": str(self._state), "zone": ZONE},
            "shop": {"name": "Torgbua", "organisation_number": "999 999 999 MVA", "address": ["Torget 1", "0155 Oslo"]},
            "hub": {"enabled": False},
            "devices": self.counter.devices(),
        }
        for section, values in self._settings.items():
            table[section] = {**table.get(section, {}), **values}
        return config.parse(table, where="the simulated till")
