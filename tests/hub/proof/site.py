"""A broker, a hub and kiosks in processes of their own, behind a rough wire; all of them are killed again and again."""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from appliance.store.journal import MARK
from appliance.store.mark import read_mark
from simulators.fleet.ledger import ROWS_OF_A_SALE
from simulators.rough_wire import Roughness, RoughWire
from simulators.stage import Broker, Hub, Service, wait_for
from tests.crash.ledger import disagreements, hub_sales, hub_stock, journal_rows, moved_stock
from tests.mqtt.parts import HubFolder

HONEST = ("simulators.cli", "fleet", "--kiosks", "1", "--patience", "0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """`sales` of each of the kiosks, `per_minute`; `kills` with kill -9, and as many cuts of links."""

    kiosks: int
    sales: int
    kills: int
    per_minute: int = 600
    patience_s: float = 240.0


class Site:
    """Use as a context manager. `kiosk` and `hub` are modules, and first words, of others than the honest ones."""

    def __init__(
        self,
        folder: Path,
        size: Size,
        *,
        seed: int,
        kiosk: Sequence[str] = HONEST,
        hub: Sequence[str] = ("hub",),
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.size = size
        self.kills: Counter[str] = Counter()
        self.began = time.monotonic()
        self._dice = random.Random(seed)
        self._stack = ExitStack()
        self._folder = folder
        self.broker = Broker(folder / "broker")
        self.wire = RoughWire(self.broker.port, Roughness(doubled=0.1, overtaken=0.1), seed=seed)
        self._programs = (kiosk, hub)

    def __enter__(self) -> Self:
        kiosk, hub = self._programs
        self._stack.callback(self.broker.kill)
        self.broker.start()
        self._stack.enter_context(self.wire)
        self.hub = Hub(self._folder / "hub", self.broker)
        words = [*self.hub.words]
        words[words.index("-m") + 1 : words.index("-m") + 2] = hub
        words[words.index("--broker") + 1] = f"127.0.0.1:{self.wire.port}"
        self.hub.words = words
        self._stack.callback(self.hub.kill)
        self.hub.start()
        self.kiosks = [self._kiosk(number, kiosk) for number in range(1, self.size.kiosks + 1)]
        for service in self.kiosks:
            self._stack.callback(service.kill)
            service.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _kiosk(self, number: int, program: Sequence[str]) -> Service:
        words = [sys.executable, "-m", *program, "--broker", f"127.0.0.1:{self.wire.port}"]
        words += ["--state", str(self.card(number).parent), "--rate", str(self.size.per_minute)]
        words += ["--sales", str(self.size.sales)]
        return Service(f"kiosk {number}", words, self._folder / f"kiosk-{number}.log")

    def card(self, number: int) -> Path:
        """Give the state folder of a kiosk."""
        return self._folder / f"card-{number}" / "kiosk-1"

    @property
    def cards(self) -> list[Path]:
        """The state folders of all kiosks."""
        return [self.card(number) for number in range(1, self.size.kiosks + 1)]

    def sold(self) -> int:
        """Sales on all cards."""
        marks = [read_mark(card / MARK) for card in self.cards]
        return sum(mark.sequence // ROWS_OF_A_SALE for mark in marks if mark is not None)

    # Chaos ----------------------------------------------------------------------------------------------------------

    def storm(self) -> None:
        """Kill everything in turn, in a random order, while the kiosks sell; between two kills a link is cut."""
        wanted = self.size.sales * self.size.kiosks
        victims: list[Callable[[], None]] = []
        for number in range(self.size.kills):
            due = wanted * number // (self.size.kills + 1)
            wait_for(lambda least=due: self.sold() >= least, "the next sales", self.size.patience_s)
            if not victims:
                victims = [self._kill_broker, self._kill_hub, self._kill_kiosk]
                self._dice.shuffle(victims)
            time.sleep(self._dice.uniform(0, 0.3))
            victims.pop()()
            if number % 4 == 3:
                self.wire.part()
                time.sleep(self._dice.uniform(0.2, 1.0))
                self.wire.heal()
            else:
                time.sleep(self._dice.uniform(0, 0.3))
                self.wire.cut()

    def _kill_broker(self) -> None:
        self.kills["broker"] += 1
        self.broker.kill()
        time.sleep(self._dice.uniform(0, 0.5))
        self.broker.start()

    def _kill_hub(self) -> None:
        self.kills["hub"] += 1
        self.hub.kill()
        time.sleep(self._dice.uniform(0, 0.5))
        # Not waited for: it is down as long as it takes.
        Service.start(self.hub)

    def _kill_kiosk(self) -> None:
        self.kills["kiosks"] += 1
        kiosk = self._dice.choice(self.kiosks)
        kiosk.kill()
        kiosk.start()

    def calm(self) -> None:
        """Wait until every kiosk has sold what it should, been told that all of it is booked, and ended."""

        def over() -> bool:
            codes = [service.process.poll() for service in self.kiosks if service.process is not None]
            assert not any(codes), f"a kiosk failed: {self.said()}"
            return None not in codes

        try:
            wait_for(over, "the last acknowledgement", self.size.patience_s)
        except TimeoutError as error:
            marks = [read_mark(card / MARK) for card in self.cards]
            raise AssertionError(f"{error}; rows and acknowledged: {marks}; {self.said()}") from error
        self.hub.stop()

    def end(self, patience_s: float) -> None:
        """Wait so long for what `calm` waits for; then let it be: a design that cannot work may never come to rest."""
        with suppress(TimeoutError):
            wait_for(lambda: not any(service.running for service in self.kiosks), "calm", patience_s)
        for service in self.kiosks:
            service.kill()
        self.hub.stop()

    def said(self) -> str:
        """Give the ends of all logs."""
        logs = [service.log for service in (self.hub, *self.kiosks)]
        return "\n".join(f"{log.name}: {log.read_text(encoding='utf-8')[-1000:]}" for log in logs if log.exists())

    # The account ----------------------------------------------------------------------------------------------------

    def faults(self) -> list[str]:
        """Say where the cards and the hub do not agree, row by row, sale by sale, piece by piece of stock."""
        found, moved = [], Counter[str]()
        for card in self.cards:
            rows = journal_rows(card)
            found += [f"{card.parent.name}: {fault}" for fault in disagreements(card, self.hub.folder)]
            moved.update(moved_stock(rows))
            if len(rows) != self.size.sales * ROWS_OF_A_SALE:
                found.append(f"{card.parent.name}: {len(rows)} rows")
        if hub_stock(self.hub.folder) != dict(moved):
            found.append("the hub's stock is not what the sales have moved")
        hub = HubFolder(self.hub.folder, 0)
        found += [f"alarm: {alarm.kind} {alarm.detail}" for alarm in hub.alarms()]
        found += [f"quarantine: {entry.reason}" for entry in hub.quarantine()]
        return found

    def figures(self) -> str:
        """Say what was done and found."""
        booked = hub_sales(self.hub.folder)
        killed = ", ".join(f"{name} {count}" for name, count in sorted(self.kills.items()))
        wire = f"{self.wire.cuts} links cut, {self.wire.doubled} packets doubled, {self.wire.overtaken} overtaken"
        took = time.monotonic() - self.began
        return (
            f"{sum(self.kills.values())} kills ({killed}), {wire}; {self.size.kiosks} kiosks, {self.sold()} sales sold,"
            f" {len(booked)} at the hub, {sum(sale['total'] for sale in booked)} oere; {took:.0f} s"
        )
