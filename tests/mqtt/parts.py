"""Real parts for the tests of the link: a broker, a hub, a till's journal and catalogue, a listener on the wire."""

from __future__ import annotations

import contextlib
import hashlib
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

from appliance.core.catalogue import Unit
from appliance.core.commands import EntryMethod, PrintResult, ReceiptKind, ReportHub
from appliance.core.events import Event, ReceiptIssued, SaleLine, SaleTender, TransactionCompleted
from appliance.core.identifiers import LineNumber, Sku, TransactionId, uuid7
from appliance.core.money import Currency, Money
from appliance.core.payment import TenderType
from appliance.core.product import canonical
from appliance.core.tax import tax_summary
from appliance.mqtt.link import HubLink
from appliance.mqtt.messages.journal import WireRow, wire_row
from appliance.ports import Journal, JournalRow
from appliance.store.catalogue import CatalogueStore
from appliance.store.codec import encode
from appliance.store.journal import SqliteJournal
from hub.alarms import Alarm, alarms
from hub.cli import main
from hub.database import Database
from hub.keys import public_hex, signing_key
from hub.quarantine import Entry, entries
from hub.sales import sales
from hub.service import Hub

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
NOK = Currency.parse("NOK")
TAX_CODES = ("25", "15", "12", "0")
AT = datetime(2026, 3, 14, 9, 26, 53, 589000, tzinfo=UTC)


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 20.0) -> Any:
    """Wait until a condition holds; the test fails with `what` if it does not in time."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        time.sleep(0.02)


def free_port() -> int:
    """Give a loopback port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Broker:
    """A mosquitto of its own; may be killed and started again on the same port."""

    def __init__(self, folder: Path, extra: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self._file = folder / "mosquitto.conf"
        self._log = folder / "mosquitto.log"
        self._file.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\nmax_inflight_messages 200\n"
            f"max_queued_messages 5000\nmax_packet_size 1048576\npersistence true\n"
            f"persistence_location {folder}/\nuser root\nlog_dest file {self._log}\n{extra}"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            ["/usr/sbin/mosquitto", "-c", str(self._file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for(self._listens, "the broker listens")

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    stop = kill


class HubFolder:
    """A hub's folder, and what its commands and tables say."""

    def __init__(self, folder: Path, port: int, url: str = "") -> None:
        self.folder = folder
        self.port = port
        self.http = free_port()
        self.url = url

    @property
    def key(self) -> str:
        return public_hex(signing_key(self.folder))

    def command(self, *arguments: str) -> int:
        """Run a command of `kvitt-hub` on this folder, in this process."""
        return main([*arguments, "--data", str(self.folder)])

    def sales(self) -> list[dict[str, Any]]:
        return self._read(sales) if self.url or (self.folder / "hub.db").exists() else []

    def alarms(self) -> tuple[Alarm, ...]:
        return self._read(alarms)

    def quarantine(self) -> tuple[Entry, ...]:
        return self._read(entries)

    def _read(self, query: Callable[[Any], T]) -> T:
        database = Database(self.folder, self.url)
        try:
            with database.read() as connection:
                return query(connection)
        finally:
            database.close()


class HubInside(HubFolder):
    """A hub in the test's own process: quick to start."""

    hub: Hub | None = None

    def start(self) -> None:
        self.hub = Hub(self.folder, host="127.0.0.1", port=self.port, http_port=self.http)
        self.hub.start()

    def stop(self) -> None:
        if self.hub is not None:
            self.hub.stop()
            self.hub = None


class HubProcess(HubFolder):
    """`kvitt-hub serve` in a process of its own; may be killed at any moment."""

    _process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, *options: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "hub.log").open("a") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "hub", "serve", "--broker", f"127.0.0.1:{self.port}"),
                    *("--data", str(self.folder), "--http", str(self.http)),
                    *(("--database", self.url) if self.url else ()),
                    *options,
                ],
                cwd=ROOT,
                stdout=subprocess.DEVNULL,
                stderr=log,
                text=True,
            )

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> int:
        """End it as a service manager does; give the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(20)
        self._process = None
        return code


class TillClock:
    """The machine's clock, as a till has it; `ahead` lets time go by while the till is off."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def synchronised(self) -> bool:
        return True

    def business_date(self) -> date:
        return self.now().date()


class MemoryJournal:
    """`ports.Journal` in memory, with real rows and hashes."""

    def __init__(self, rows: Sequence[JournalRow] = ()) -> None:
        self._rows = list(rows)
        self._acked = 0
        self._lock = threading.Lock()

    def append(self, events: Sequence[Event], *, at: datetime, clock_synced: bool, catalogue: str | None) -> int:
        with self._lock:
            for event in events:
                self._rows.append(make_row(event, self._rows[-1] if self._rows else None, at, clock_synced, catalogue))
            return len(self._rows)

    def since(self, sequence: int, limit: int) -> Sequence[JournalRow]:
        return self._rows[sequence : sequence + limit]

    def last(self) -> int:
        return len(self._rows)

    def first(self) -> int:
        return 1 if self._rows else 0

    def acked(self) -> int:
        return self._acked

    def acknowledge(self, through: int) -> None:
        self._acked = max(self._acked, through)

    def restart_upload(self, after: int) -> None:
        self._acked = after

    def epoch(self) -> int:
        return 1

    def open_day(self) -> Iterator[JournalRow]:
        return iter(self._rows)

    def idle(self) -> None:
        pass

    def verify(self) -> int:
        return len(self._rows)

    def close(self) -> None:
        pass

    def copy(self, rows: int | None = None) -> MemoryJournal:
        """What a copy of the card holds."""
        other = MemoryJournal(self._rows[: rows if rows is not None else len(self._rows)])
        other._acked = min(self._acked, other.last())
        return other


def make_row(
    event: Event, before: JournalRow | None, at: datetime = AT, clock_synced: bool = True, catalogue: str | None = None
) -> JournalRow:
    """Make a journal row with its real hash."""
    kind, version, data = encode(event)
    sequence = before.sequence + 1 if before else 1
    identity = uuid7(int(at.timestamp() * 1000), uuid4().int >> 54)
    document: dict[str, Any] = {
        "type": kind,
        "tv": version,
        "id": str(identity),
        "seq": sequence,
        "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "clock_synced": clock_synced,
        "catalogue": catalogue,
        "data": data,
        "prev": before.hash if before else "0" * 64,
    }
    document["hash"] = hashlib.sha256(canonical(document)).hexdigest()
    return JournalRow(
        sequence=sequence,
        id=identity,
        at=at,
        clock_synced=clock_synced,
        catalogue=catalogue,
        event=event,
        hash=document["hash"],
        previous=document["prev"],
        document=document,
    )


def wire(row: JournalRow) -> WireRow:
    """Give a row as the hub reads it."""
    return WireRow.parse(wire_row(row.document))


def sale(number: int, *, lines: int = 2, store: str = "oslo-01", workstation: str = "3") -> tuple[Event, ...]:
    """Give the events of a completed sale: the sale itself, and its receipt."""
    transaction = TransactionId(store, workstation, date(2026, 3, 14), number)
    prices = [(100 + number % 900 + 10 * i, Decimal(15) if i % 2 else Decimal(25)) for i in range(lines)]
    sold = tuple(
        SaleLine(
            line=LineNumber(i + 1),
            type="sale",
            sku=Sku(f"sku-{i}"),
            text=f"Vare {i} – blåbær",
            entry=EntryMethod.SCANNED,
            quantity=Decimal(1),
            unit=Unit.EACH,
            price=Money(price, NOK),
            gross=Money(price, NOK),
            vat=rate,
        )
        for i, (price, rate) in enumerate(prices)
    )
    whole = Money(sum(price for price, _ in prices), NOK)
    completed = TransactionCompleted(
        transaction=transaction,
        currency=NOK,
        total=whole,
        lines=sold,
        taxes=tax_summary([(rate, Money(price, NOK)) for price, rate in prices]),
        tenders=(
            SaleTender(
                type=TenderType.CARD,
                amount=whole,
                attempt=UUID(int=number),
                masked_pan="************4321",
                card_name="Visa",
            ),
        ),
        stock=tuple((line.sku, Decimal(-1)) for line in sold),
        receipt_token=f"token-{store}-{workstation}-{number:08d}",
    )
    return (
        completed,
        ReceiptIssued(transaction=transaction, kind=ReceiptKind.NONE, result=PrintResult.PRINTED),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAddress:
    """`HubConfig` as the link needs it."""

    host: str = "127.0.0.1"
    port: int
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Till:
    """`TillConfig` as the link needs it."""

    store: str = "oslo-01"
    workstation: str = "3"
    zone: str = "main"
    currency: str = "NOK"


@dataclass
class Kiosk:
    """A till's side of the link: journal, catalogue, HubLink, and what the link posted to the register."""

    state: Path
    port: int
    key: str = ""
    journal: Any = None
    host: str = "127.0.0.1"
    till: Till = field(default_factory=Till)
    clock: TillClock = field(default_factory=TillClock)
    basket_open: bool = False
    posted: list[Any] = field(default_factory=list)
    sold: int = 0
    closed: bool = False
    tls: Mapping[str, str] = field(default_factory=dict)
    health: Mapping[str, Any] = field(
        default_factory=lambda: {"uptime_s": 1, "lane": "OPEN", "clock": {"synced": True}}
    )

    def __post_init__(self) -> None:
        self.state.mkdir(parents=True, exist_ok=True)
        self.catalogue = CatalogueStore.open(self.state, zone=self.till.zone, currency=NOK, tax_codes=TAX_CODES, room=0)
        if self.journal is None:
            self.journal = SqliteJournal.open(self.state)
        self.link: HubLink | None = None

    def start(self) -> Kiosk:
        self.link = HubLink(
            broker=BrokerAddress(host=self.host, port=self.port, keys=(self.key,) if self.key else (), **self.tls),
            till=self.till,
            tax_codes=TAX_CODES,
            version="2026.11.0",
            state=self.state,
            journal=self.journal,
            catalogue=self.catalogue,
            intake=self.catalogue,
            clock=self.clock,
            post=self.posted.append,
            busy=lambda: self.basket_open,
            health=lambda: self.health,
        )
        self.link.start()
        return self

    @property
    def id(self) -> str:
        assert self.link is not None
        return self.link.identity.kiosk

    def sell(self, count: int = 1) -> None:
        for _ in range(count):
            self.sold += 1
            events = sale(self.sold, store=self.till.store, workstation=self.till.workstation)
            self.journal.append(events, at=datetime.now(UTC), clock_synced=True, catalogue="main/1")
        if self.link is not None:
            self.link.wake()

    def acknowledged(self) -> bool:
        return bool(self.journal.acked() == self.journal.last())

    def wait_acknowledged(self, seconds: float = 30.0) -> None:
        wait_for(self.acknowledged, f"every row acknowledged ({self.journal.acked()}/{self.journal.last()})", seconds)

    def wait_online(self, seconds: float = 20.0) -> None:
        assert self.link is not None
        link = self.link
        wait_for(lambda: link.online, "the link is good", seconds)

    def reports(self) -> list[ReportHub]:
        return [command for command in self.posted if isinstance(command, ReportHub)]

    def stop(self) -> None:
        if self.link is not None:
            assert self.link.stop(), "a thread of the link did not end"
            self.link = None

    def close(self) -> None:
        self.stop()
        if not self.closed:
            self.closed = True
            self.catalogue.close()
            self.journal.close()


def journal_sales(journal: Journal) -> list[tuple[int, str, int]]:
    """Give sequence, hash-proved transaction and total of every sale in a journal."""
    result = []
    at = 0
    while rows := journal.since(at, 500):
        at = rows[-1].sequence
        result += [
            (row.sequence, str(row.event.transaction), row.event.total.minor)
            for row in rows
            if isinstance(row.event, TransactionCompleted)
        ]
    return result


def hub_sales(entries: Sequence[Mapping[str, Any]], kiosk: str) -> list[tuple[int, str, int]]:
    """Give the same of what the hub has booked for a kiosk."""
    return [(s["seq"], s["transaction"], s["total"]) for s in entries if s["kiosk"] == kiosk]
