"""A catalogue on its way from the hub to a till: bytes and seconds, through a broker and a wire that counts.

The products have the names of the sample shop in four languages with a brand and a size, and random GTINs and prices,
so that they are as hard to pack as a grocer's. The bytes are those of the till's TCP connection towards it, with all
that MQTT adds. `store` measures how a delta is applied to a million products.
"""

from __future__ import annotations

import csv
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from appliance.core.commands import ActivateCatalogue
from appliance.core.identifiers import check_digit
from appliance.core.product import canonical
from appliance.mqtt.messages.wire import decode
from appliance.mqtt.topics import Kind, every
from benchmarks.report import Measurement
from hub.broker import Delivery, Session
from hub.catalogue import publish
from hub.database import Database
from tests.mqtt.parts import ROOT, TAX_CODES, Broker, HubProcess, Kiosk

SHOP: Final = ROOT / "examples" / "shop" / "products.csv"
PATIENCE_S: Final = 1200.0
_BRANDS: Final = (
    *("Nordgård", "Fjellro", "Havbris", "Solvang", "Kystens", "Bjørkelund"),
    *("Eikeli", "Grønnmo", "Lundeby", "Vestli", "Sørheim", "Myrvoll"),
)


def products(count: int) -> Iterator[dict[str, Any]]:
    """Give products."""
    dice = random.Random(4)
    with SHOP.open(encoding="utf-8", newline="") as file:
        samples = list(csv.DictReader(file))
    for number in range(count):
        sample, brand = dice.choice(samples), dice.choice(_BRANDS)
        size = f"{dice.randrange(1, 40) * 25} g"
        payload = f"70{dice.randrange(10_000)}".ljust(6, "3") + f"{number:06d}"
        yield {
            "sku": f"{100_000 + number}",
            "gtins": [f"0{payload}{check_digit(payload)}"],
            "name": {
                language: f"{sample[f'name_{language}']} {brand} {size}"
                for language in ("nb", "nn", "en", "zh")
                if sample[f"name_{language}"]
            },
            "unit": sample["unit"],
            "price": dice.randrange(500, 30_000),
            "vat": sample["vat"],
            "category": sample["category"],
        }


class Wire:
    """Stands between a till and the broker, counts the bytes towards the till, and can be cut."""

    def __init__(self, port: int) -> None:
        self._broker = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.bytes = 0
        self.cut_at: int | None = None
        """Cut once, after so many bytes."""
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                till, _ = self._listener.accept()
            except OSError:
                return
            broker = socket.create_connection(("127.0.0.1", self._broker))
            for end in (till, broker):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._open.add(end)
            threading.Thread(target=self._carry, args=(till, broker, False), daemon=True).start()
            threading.Thread(target=self._carry, args=(broker, till, True), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, down: bool) -> None:
        try:
            while data := source.recv(1 << 16):
                if down:
                    self.bytes += len(data)
                    if self.cut_at is not None and self.bytes >= self.cut_at:
                        self.cut_at = None
                        break
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            self._open.discard(end)
            end.close()

    def close(self) -> None:
        """End it."""
        self._listener.close()
        for end in tuple(self._open):
            end.close()


def measure(folder: Path, *, quick: bool = False) -> Iterator[Measurement]:
    """Measure the way of 100,000 products, then of a million."""
    yield from _way(folder / "hundred", 10_000 if quick else 100_000, most_mb=0.4 if quick else 4)
    if not quick:
        yield from _way(folder / "million", 1_000_000, most_mb=None)


def _way(folder: Path, count: int, *, most_mb: float | None) -> Iterator[Measurement]:
    broker = Broker(folder / "broker")
    broker.start()
    hub = HubProcess(folder / "hub", broker.port)
    with closing(Database(hub.folder, create=True)) as database:
        published = _published(database, list(products(count)), whole=True)
    yield Measurement(name=f"{count:,} products published", value=published, unit="s")
    hub.start()
    wire = Wire(broker.port)
    till = Kiosk(state=folder / "till", port=wire.port, key=hub.key)
    try:
        seconds = _until(till.start(), 1)
        clean = wire.bytes
        yield Measurement(name=f"{count:,} products, a till that has none", value=clean / 1e6, unit="MB", most=most_mb)
        yield Measurement(name=f"{count:,} products, fetched and in use", value=seconds, unit="s")
        for number in range(2, 4):
            chosen = random.Random(number).sample(range(count), 500)
            before = wire.bytes
            changes = [{"sku": f"{100_000 + n}", "price": 400 + number + n % 90} for n in chosen]
            with closing(Database(hub.folder)) as database:
                published = _published(database, changes, whole=False)
            seconds = _until(till, number)
            yield Measurement(name="500 prices, on the wire", value=(wire.bytes - before) / 1000, unit="kB", most=10)
            yield Measurement(name="500 prices, published", value=published, unit="s")
            yield Measurement(name="500 prices, from the commit until in use", value=seconds, unit="s", most=5)
        till.stop()
        yield from _resumed(folder, broker.port, hub.key, clean)
    finally:
        till.close()
        wire.close()
        hub.kill()
        broker.kill()


def _resumed(folder: Path, port: int, key: str, clean: int) -> Iterator[Measurement]:
    """Fetch with a cut; count the chunks that the till asked for a second time."""
    asked: Counter[bytes] = Counter()

    def taken(delivery: Delivery) -> None:
        delivery.settle()
        want = decode(delivery.packet.payload, delivery.packet.properties).table["want"]
        if "blob" in want:
            asked[canonical(want)] += 1

    listener = Session("127.0.0.1", port, client_id="bench", subscriptions=(every(Kind.GET),), taken=taken)
    listener.start()
    wire = Wire(port)
    other = Kiosk(state=folder / "other", port=wire.port, key=key)
    wire.cut_at = clean // 2
    try:
        _until(other.start(), 3)
        assert wire.cut_at is None
        again = sum(asked.values()) - len(asked)
        yield Measurement(name="asked for again after a cut at half", value=again, unit=f"of {len(asked)}", most=1)
    finally:
        other.close()
        wire.close()
        listener.stop()


def _published(database: Database, rows: list[dict[str, Any]], *, whole: bool) -> float:
    began = time.perf_counter()
    with database.write() as connection:
        # The random prices are far from the ones before: two persons have looked at them.
        publish(
            connection,
            "main",
            rows,
            currency="NOK",
            tax_codes=TAX_CODES,
            whole=whole,
            effective_at=datetime.now(UTC),
            force=True,
        )
    return time.perf_counter() - began


def _until(till: Kiosk, number: int) -> float:
    """Take versions into use as the register does, until one is; give the seconds."""
    began = time.perf_counter()
    while till.catalogue.book().version.number < number:
        if time.perf_counter() - began > PATIENCE_S:
            raise TimeoutError(f"version {number} did not come")
        for command in list(till.posted):
            if isinstance(command, ActivateCatalogue):
                till.posted.remove(command)
                till.catalogue.activate(command.version)
        time.sleep(0.005)
    return time.perf_counter() - began
