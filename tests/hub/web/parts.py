"""A shop's hub with books, a catalogue, tills and users, served on a loopback port; and a browser without a screen."""

from __future__ import annotations

import http.client
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from appliance.mqtt.messages.journal import batch_packet, wire_row
from appliance.mqtt.messages.presence import Birth, Health, presence
from appliance.mqtt.messages.wire import Fields
from hub import kiosks
from hub.access import tokens, users
from hub.access.passwords import hashed
from hub.access.roles import Role
from hub.alarms import raise_alarm
from hub.catalogue import publish
from hub.database import Database
from hub.ingest import Incoming, Ingest
from hub.settings import Settings
from hub.stock import Kind, book, set_low
from hub.web.app import application, site
from hub.web.server import WebServer
from tests.mqtt.parts import MemoryJournal, free_port, sale, wait_for

DAY = date(2026, 3, 14)
NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
KIOSKS = ("kaaaaaaaaaa", "kbbbbbbbbbb", "kcccccccccc")
PASSWORD = "correct horse battery"
PASSWORD_HASH = hashed(PASSWORD)
NAMES = {Role.OWNER: "kari", Role.ACCOUNTANT: "ola", Role.STOCK: "siv", Role.READ_ONLY: "leif"}
EVIL = '=HYPERLINK("http://example.org")'
SETTINGS = Settings(shop_name="Torget & Co", currency="NOK", tax_codes=("25", "15", "0"))


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def words(self) -> str:
        """What a reader sees, roughly, with plain spaces."""
        bare = re.sub(r"<style.*?</style>|<[^>]+>", " ", self.text, flags=re.DOTALL)
        return re.sub(r"\s+", " ", unescape(bare).replace("\xa0", " "))

    @property
    def place(self) -> str:
        return self.headers.get("Location", "")


@dataclass
class Client:
    """A browser: keeps cookies, sends forms with the key of the page that it has seen."""

    port: int
    language: str = "en"
    cookies: dict[str, str] = field(default_factory=dict)
    key: str = ""

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, form: Mapping[str, str], *, key: str | None = None, **headers: str) -> Answer:
        body = urlencode({"form_key": self.key if key is None else key, **form})
        return self.ask("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded", **headers})

    def ask(self, method: str, path: str, body: str | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {"Accept-Language": self.language, **({"Cookie": jar} if jar else {}), **(headers or {})}
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        finally:
            connection.close()
        for entry in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = entry.partition(";")[0].partition("=")
            self.cookies[name] = value
        found = re.search(rb'name="form_key" value="([0-9a-f]{64})"', answer.body)
        if found:
            self.key = found[1].decode()
        return answer

    def sign_in(self, name: str, password: str = PASSWORD, code: str = "") -> Answer:
        self.get("/hub/sign-in")
        return self.post("/hub/sign-in/now", {"name": name, "password": password, "code": code})


class Shop:
    """The hub of a shop with two stores and three tills; its clock stands until a test moves it."""

    def __init__(self, folder: Path, now: datetime = NOON, *, url: str = "") -> None:
        self.folder = folder
        self.now = now
        self.database = Database(folder, url, create=True)
        self.ingest = Ingest(self.database)
        self.port = free_port()
        self._journals = {kiosk: MemoryJournal() for kiosk in KIOSKS}
        self._sent = dict.fromkeys(KIOSKS, 0)
        base = site(folder, self.database, SETTINGS)
        self.site = type(base)(database=base.database, settings=base.settings, seal=base.seal, clock=lambda: self.now)
        self._server = WebServer(application(self.site, lambda: True), host="127.0.0.1", port=self.port)

    def start(self) -> None:
        self._server.start()
        wait_for(self._answers, "the web server answers")

    def _answers(self) -> bool:
        try:
            return self.client().get("/health").status == 200
        except OSError:
            return False

    def stop(self) -> None:
        self._server.stop()
        self.database.close()

    def client(self, role: Role | None = None) -> Client:
        """Give a browser, signed in if a role is named."""
        client = Client(self.port)
        if role is not None:
            assert client.sign_in(NAMES[role]).status == 303
            client.get("/hub/account")
        return client

    def fill(self) -> None:
        """Give it users, products, tills, sales, goods and an alarm."""
        with self.database.write() as connection:
            for role, name in NAMES.items():
                users.add(connection, name, role, PASSWORD_HASH, language="en")
            publish(
                connection,
                "main",
                [
                    product("sku-0", "Vare 0 – blåbær", 101),
                    product("sku-1", EVIL, 112, vat="15"),
                    product("sku-2", "Øl", 5990),
                ],
                currency="NOK",
                tax_codes=SETTINGS.tax_codes,
                whole=True,
                effective_at=self.now - timedelta(days=1),
            )
            for number, kiosk in enumerate(KIOSKS, 1):
                store = "bergen-01" if kiosk == KIOSKS[2] else "oslo-01"
                kiosks.born(connection, kiosk, birth(store, str(number)))
                kiosks.fared(connection, kiosk, health(self.now))
            raise_alarm(connection, "fork", KIOSKS[0], "two rows have the number 7")
        self.sell(KIOSKS[0], [1, 2])
        self.sell(KIOSKS[1], [3], at=self.now + timedelta(minutes=61))
        self.sell(KIOSKS[2], [4], store="bergen-01", at=self.now + timedelta(minutes=30))
        with self.database.write() as connection:
            book(connection, Kind.COUNT, "oslo-01", [("sku-0", 3_000), ("sku-1", 40_000)], at=self.now,
                 business_date=DAY, operator="siv")  # fmt: skip
            set_low(connection, "oslo-01", "sku-0", 5_000)

    def sell(self, kiosk: str, numbers: Sequence[int], *, store: str = "oslo-01", at: datetime | None = None) -> None:
        """Take sales in; number n is of two lines and 2 n + 210 minor units."""
        journal = self._journals[kiosk]
        for number in numbers:
            journal.append(sale(number, store=store), at=at or self.now, clock_synced=True, catalogue="main/1")
        rows = [wire_row(row.document) for row in journal.since(self._sent[kiosk], 50)]
        self._sent[kiosk] = rows[-1]["seq"]
        packet, _ = batch_packet(kiosk, 1, rows)
        self.ingest.commit([Incoming(kiosk=kiosk, payload=packet.payload, properties=packet.properties)])

    def token(self, role: Role, user: Role = Role.OWNER) -> str:
        """Make a token of the API."""
        with self.database.write() as connection:
            found = users.find(connection, NAMES[user])
            assert found is not None
            return tokens.add(connection, found, role, "test")[1]


def product(sku: str, name: str, price: int | None, *, vat: str = "25") -> dict[str, Any]:
    return {"sku": sku, "gtins": [], "name": {"nb": name}, "unit": "ea", "price": price, "vat": vat}


def birth(store: str, workstation: str) -> Birth:
    message = presence(
        Fields(
            {
                "v": 1,
                "online": True,
                "boot": "019cebab-587c-714c-98ea-c43b58be13fe",
                "conn": 1,
                "version": "2026.11.0",
                "store": store,
                "workstation": workstation,
                "minor": 4,
                "generation": 1,
                "journal": {"epoch": 1, "first": 1, "last": 4, "acked": 0},
                "catalogue": "main/1",
                "caps": ["zstd"],
                "slot": "",
            },
            "",
        )
    )
    assert isinstance(message, Birth)
    return message


def health(at: datetime) -> Health:
    return Health(
        at=at,
        outbox_rows=3,
        outbox_oldest_s=7,
        report={"lane": "OPEN", "clock": {"synced": True}, "devices": {"printer": "online", "scanner": "offline"}},
    )
