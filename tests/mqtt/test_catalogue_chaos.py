"""Versions are published while broker, hub, tills and publishers are killed: in the end every root is the hub's."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hub.catalogue import head, products
from hub.database import Database
from hub.prices import versions
from tests.hub.test_catalogue import root_of
from tests.mqtt.parts import ROOT, Broker, HubProcess, Kiosk, Till, wait_for
from tests.mqtt.test_catalogue import MakeKiosk, activate_as_the_register_does, price_of, write_csv

VICTIMS = ("broker", "hub", "till", "publisher", "everything")


class TillProcess:
    """A till that is killed and started again on the same card."""

    def __init__(self, state: Path, port: int, key: str, workstation: str) -> None:
        self.state = state
        self.log = state.with_suffix(".log")
        self.till = Till(workstation=workstation)
        self._words = [sys.executable, "-m", "tests.mqtt.till", str(state), str(port), key, workstation]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("a") as log:
            self._process = subprocess.Popen(self._words, cwd=ROOT, stderr=log)

    def kill(self) -> None:
        if self._process is not None:
            assert self._process.poll() is None, f"the till ended by itself: {self.log.read_text()[-3000:]}"
            self._process.kill()
            self._process.wait()
            self._process = None


class Chaos:
    """What publishes, what is killed, and what there is in the end."""

    def __init__(self, folder: Path, broker: Broker, hub: HubProcess, count: int, tills: int, seed: int) -> None:
        self.broker, self.hub, self.count = broker, hub, count
        self.dice = random.Random(seed)
        self.file = folder / "products.csv"
        self.published = 0
        self.killed = 0
        self.tills = [TillProcess(folder / f"till-{i}", broker.port, hub.key, str(i + 1)) for i in range(tills)]

    def import_whole(self) -> None:
        missing = self.dice.randrange(self.count // 20)
        price = f"{self.dice.randrange(2000, 2600) / 100:.2f}"
        assert (
            self.hub.command("catalogue", "import", str(write_csv(self.file, self.count - missing, price=price))) == 0
        )
        self.published += 1

    def change_prices(self, *more: str) -> None:
        chosen = self.dice.sample(range(self.count * 9 // 10), 10)
        words = [f"sku-{n}={self.dice.randrange(1800, 2900)}" for n in chosen]
        assert self.hub.command("catalogue", "price", *words, *more) == 0
        self.published += 1

    def publish(self) -> None:
        what = self.dice.randrange(4)
        if what == 0:
            self.import_whole()
        elif what == 1:
            soon = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() + 2))
            self.change_prices("--effective", soon)
        else:
            self.change_prices()

    def kill(self, victim: str) -> None:
        """Kill something and bring it back, with versions published meanwhile."""
        self.killed += 1
        if victim == "publisher":
            words = ["catalogue", "import", str(self.file), "--data", str(self.hub.folder)]
            process = subprocess.Popen([sys.executable, "-m", "hub", *words], cwd=ROOT, stdout=subprocess.DEVNULL)
            time.sleep(self.dice.uniform(0.2, 1.5))
            process.kill()
            process.wait()
            return
        every = victim == "everything"
        till = self.dice.choice(self.tills)
        targets: list[Broker | HubProcess | TillProcess] = [
            *([self.broker] if every or victim == "broker" else []),
            *([self.hub] if every or victim == "hub" else []),
            *([till] if every or victim == "till" else []),
        ]
        for target in targets:
            target.kill()
        self.publish()
        for target in targets:
            target.start()

    def run(self, kills: int) -> None:
        self.import_whole()
        for till in self.tills:
            till.start()
        for number in range(kills):
            self.publish()
            time.sleep(self.dice.uniform(0, 0.5))
            self.kill(VICTIMS[number % len(VICTIMS)])
        self.change_prices()

    def wrong(self, make_kiosk: MakeKiosk, seconds: float) -> list[str]:
        """Let every till come to rest, and name those that hold something else than the hub."""
        for till in self.tills:
            till.kill()
        with closing(Database(self.hub.folder)) as database, database.read() as connection:
            pointer, sold = head(connection, "main"), products(connection, "main")
        assert pointer is not None
        found = []
        if root_of(list(sold.values())) != pointer.root:
            found.append("the hub's root is not that of its products")
        for till in self.tills:
            kiosk = make_kiosk(till.state.name, key=self.hub.key, till=till.till).start()

            def rests(kiosk: Kiosk = kiosk) -> bool:
                activate_as_the_register_does(kiosk)
                return kiosk.catalogue.book().version.number == pointer.version

            wait_for(rests, f"{till.state.name} uses version {pointer.version}", seconds)
            if kiosk.catalogue.root() != pointer.root:
                found.append(f"{till.state.name}: root {kiosk.catalogue.root()[:12]}, the hub's is {pointer.root[:12]}")
            if any(price_of(kiosk, sku) != row["price"] for sku, row in sold.items()):
                found.append(f"{till.state.name}: another price than the hub's")
        return found


MakeChaos = Callable[[int, int, int], Chaos]


@pytest.fixture
def make_chaos(tmp_path: Path, broker: Broker, hub_process: HubProcess) -> Iterator[MakeChaos]:
    made: list[Chaos] = []

    def make(count: int, tills: int, seed: int) -> Chaos:
        wait_for((hub_process.folder / "hub.db").exists, "the hub's database")
        made.append(Chaos(tmp_path, broker, hub_process, count, tills, seed))
        return made[0]

    yield make
    for chaos in made:
        for till in chaos.tills:
            till.kill()


def survives(chaos: Chaos, make_kiosk: MakeKiosk, kills: int, seconds: float) -> str:
    began = time.monotonic()
    chaos.run(kills)
    assert chaos.wrong(make_kiosk, seconds) == []
    with closing(Database(chaos.hub.folder)) as database, database.read() as connection:
        numbers = [version.version for version in versions(connection, "main")]
    assert numbers == list(range(len(numbers), 0, -1))
    assert len(numbers) >= chaos.published
    spent = time.monotonic() - began
    return f"{chaos.killed} kills, {len(numbers)} versions, {len(chaos.tills)} tills, every root equal, {spent:.0f} s"


Record = Callable[[str, object], None]


def test_every_root_is_equal_after_kills(make_chaos: MakeChaos, make_kiosk: MakeKiosk, record_property: Record) -> None:
    record_property("figures", survives(make_chaos(300, 2, 61), make_kiosk, 5, 60))


@pytest.mark.soak
def test_every_root_is_equal_after_sixty_kills(
    make_chaos: MakeChaos, make_kiosk: MakeKiosk, record_property: Record
) -> None:
    record_property("figures", survives(make_chaos(5000, 3, 62), make_kiosk, 60, 120))
