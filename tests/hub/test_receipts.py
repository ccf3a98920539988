"""The digital receipt: found by its token only, readable by everybody, with nothing fetched from elsewhere."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import date
from email.message import Message
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from appliance.mqtt.messages.journal import batch_packet, wire_row
from hub.database import Database
from hub.ingest import Incoming, Ingest
from hub.receipts import language_of, receipt_page
from hub.sales import sales
from hub.settings import Settings, SettingsError, read_settings
from hub.web.app import application, site
from hub.web.server import WebServer
from tests.mqtt.parts import AT, MemoryJournal, free_port, sale, wait_for

KIOSK = "k7q2mzc4xna"
TOKEN = "token-oslo-01-3-00000001"
Get = Callable[..., tuple[int, str, Message]]


@pytest.fixture
def booked(database: Database) -> dict[str, Any]:
    journal = MemoryJournal()
    journal.append(sale(1), at=AT, clock_synced=True, catalogue="main/1")
    packet, _ = batch_packet(KIOSK, 1, [wire_row(row.document) for row in journal.since(0, 10)])
    Ingest(database).commit([Incoming(kiosk=KIOSK, payload=packet.payload, properties=packet.properties)])
    with database.read() as connection:
        return sales(connection)[0]


@pytest.fixture
def get(database: Database, tmp_path: Path) -> Iterator[Get]:
    port = free_port()
    settings = Settings(shop_name="Torget & Co", organisation_number="999 999 999", address=("Storgata 1", "0155 Oslo"))
    server = WebServer(application(site(tmp_path, database, settings), lambda: True), host="127.0.0.1", port=port)
    server.start()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def fetch(path: str, language: str = "nb") -> tuple[int, str, Message]:
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Accept-Language": language})
        try:
            with opener.open(request, timeout=10) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode(), error.headers

    def up() -> bool:
        try:
            return fetch("/health")[0] == 200
        except OSError:
            return False

    wait_for(up, "the web server answers")
    yield fetch
    server.stop()


class Outline(HTMLParser):
    """Checks that tags are balanced and gathers what matters to a screen reader."""

    VOID = ("meta", "br")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def test_a_receipt_s_address_stands_in_no_log(
    get: Get, booked: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    assert get(f"/r/{TOKEN}")[0] == 200
    assert TOKEN not in caplog.text


def test_a_receipt_shows_the_sale(get: Get, booked: dict[str, Any]) -> None:
    status, page, headers = get(f"/r/{TOKEN}")
    assert status == 200
    outline = Outline(page)
    text = outline.text.replace("\xa0", " ")
    for part in ("Torget & Co", "999 999 999", "Vare 0 – blåbær", "1,01 kr", "2,12 kr", "25 %", "Visa •••• 4321"):
        assert part in text, part
    assert "14. mars 2026" in text
    assert "10:26:53" in text
    assert booked["transaction"] in text
    assert "noindex" in headers["X-Robots-Tag"]
    assert "no-store" in headers["Cache-Control"]


def test_a_receipt_is_accessible_and_fetches_nothing(get: Get, booked: dict[str, Any]) -> None:
    _, page, headers = get(f"/r/{TOKEN}", "en")
    outline = Outline(page)
    tags = [tag for tag, _ in outline.tags]
    attributes = {name: value for tag, values in outline.tags if tag == "html" for name, value in values.items()}
    assert attributes["lang"] == "en"
    assert tags.count("h1") == 1
    assert tags.count("main") == 1
    assert all(values.get("scope") in ("row", "col") for tag, values in outline.tags if tag == "th")
    assert not {"script", "img", "link", "iframe"} & set(tags)
    assert not any(name in ("src", "href") for _, values in outline.tags for name in values)
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    ("accepted", "title"),
    [("nn", "Kvittering"), ("zh-CN,zh;q=0.9", "收据"), ("no", "Kvittering"), ("en-GB", "Receipt")],
)
def test_a_receipt_speaks_the_customer_s_language(get: Get, booked: dict[str, Any], accepted: str, title: str) -> None:
    assert title in get(f"/r/{TOKEN}", accepted)[1]


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("", "nb"), ("de,fr", "nb"), ("de,en;q=0.5,nn;q=0.8", "nn"), ("zh-Hant-TW", "zh"), (";q=x,en", "en"), ("*", "nb")],
)
def test_the_language_is_the_first_that_both_know(accepted: str, language: str) -> None:
    assert language_of(accepted, "nb") == language


def test_a_receipt_that_has_not_come_yet_is_said_to_come(get: Get) -> None:
    status, page, _ = get("/r/abcdefghijklmnop", "en")
    assert status == 404
    assert "The receipt is not here yet" in page
    assert 'http-equiv="refresh"' in page


@pytest.mark.parametrize(
    "path", ["/", "/r/", "/r/short", "/r/..%2f..%2fetc", "/r/%00", "/r/' OR 1=1 --".replace(" ", "%20"), "/x"]
)
def test_every_other_address_is_nothing(get: Get, path: str) -> None:
    status, page, _ = get(path, "en")
    assert status == 404
    assert "There is nothing here" in page


def test_a_product_text_cannot_become_markup(booked: dict[str, Any]) -> None:
    booked["lines"][0]["text"] = "<script>alert(1)</script>"
    page = receipt_page(booked, Settings(), "nb")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_settings_name_an_unknown_key(tmp_path: Path) -> None:
    (tmp_path / "hub.toml").write_text('shop_name = "Torget"\naddress = ["Storgata 1"]\n')
    assert read_settings(tmp_path).address == ("Storgata 1",)
    (tmp_path / "hub.toml").write_text('shopname = "Torget"\n')
    with pytest.raises(SettingsError, match="unknown key 'shopname'"):
        read_settings(tmp_path)


def test_sample_sale_is_of_its_day() -> None:
    assert sale(1)[0].transaction.business_date == date(2026, 3, 14)  # type: ignore[union-attr]
