"""The panel: a page, a JSON interface and events, for a browser on this machine and for nobody else."""

import http.client
import json
import urllib.request
from collections.abc import Iterator

import pytest

from simulators.panel.board import Board, Changes, Choice, DeviceRow, Paper, Sample, TerminalFace
from simulators.panel.server import Panel

PNG = b"\x89PNG\r\n\x1a\n"


class PaperCounter:
    """A counter that writes down what it was asked to do."""

    def __init__(self) -> None:
        self.changes = Changes()
        self.scanned: list[str] = []
        self.acts: list[tuple[str, str]] = []

    def board(self) -> Board:
        return Board(
            last_scan=self.scanned[-1] if self.scanned else "",
            lamp="open",
            printer_good=True,
            terminal=TerminalFace(
                plugged=True,
                amount="189,50",
                text="Present card",
                note="",
                books="",
                answers=(Choice(name="approve", label="Approve", tone="good"),),
                modes=(),
                plug=Choice(name="plug", label="Pull the plug", tone="wide"),
            ),
            rows=(DeviceRow(device="scanner", title="Scanner", text="ready", good=True, actions=()),),
            papers=(Paper(id=1, caption="1", width=640, height=900),),
        )

    def goods(self) -> tuple[Sample, ...]:
        return (Sample(code="7038010009457", name="Brød <b>", price="34,90", category="Bakery"),)

    def scan(self, code: str) -> None:
        self.scanned.append(code)
        self.changes.note()

    def act(self, device: str, action: str) -> None:
        if device != "terminal":
            raise LookupError(f"no device {device!r}")
        self.acts.append((device, action))

    def paper(self, number: int) -> bytes:
        if number != 1:
            raise LookupError(f"no receipt {number}")
        return PNG

    def picture(self, name: str) -> bytes:
        raise LookupError(f"no picture {name!r}")


@pytest.fixture
def counter() -> PaperCounter:
    return PaperCounter()


@pytest.fixture
def panel(counter: PaperCounter) -> Iterator[Panel]:
    with Panel(counter) as panel:
        yield panel


def ask(
    panel: Panel, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", _port(panel), timeout=10)
    try:
        raw = None if body is None else (body if isinstance(body, bytes) else json.dumps(body).encode())
        connection.request(method, path, raw, {"Content-Type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _port(panel: Panel) -> int:
    return int(panel.url.rsplit(":", 1)[1].split("/")[0])


def test_the_page_needs_nothing_from_anywhere_else(panel: Panel):
    status, page = ask(panel, "GET", "/1/")
    assert status == 200
    assert b"<title>Kvitt counter" in page
    for outside in (b'src="http', b'href="http', b"@import", b"url(http", b"//cdn"):
        assert outside not in page


def test_the_goods_and_the_state_are_json(panel: Panel):
    assert json.loads(ask(panel, "GET", "/1/api/goods")[1])[0]["name"] == "Brød <b>"
    state = json.loads(ask(panel, "GET", "/1/api/state")[1])
    assert state["terminal"]["answers"][0] == {
        "name": "approve",
        "label": "Approve",
        "tone": "good",
        "on": False,
        "enabled": True,
    }
    assert state["papers"] == [{"id": 1, "caption": "1", "width": 640, "height": 900}]


def test_a_click_on_an_item_scans_its_code(panel: Panel, counter: PaperCounter):
    assert ask(panel, "POST", "/1/api/scan", {"code": "7038010009457"})[0] == 204
    assert counter.scanned == ["7038010009457"]


def test_a_button_does_what_it_says(panel: Panel, counter: PaperCounter):
    assert ask(panel, "POST", "/1/api/device", {"device": "terminal", "action": "approve"})[0] == 204
    assert counter.acts == [("terminal", "approve")]


def test_a_receipt_is_a_picture(panel: Panel):
    assert ask(panel, "GET", "/1/paper/1.png") == (200, PNG)


@pytest.mark.parametrize(
    "path",
    [
        "/1/paper/2.png",
        "/1/paper/../1.png",
        "/1/picture/apple.png",
        "/etc/passwd",
        "/1/etc/passwd",
        "/2/api/state",
        "/0/",
        "/1",
        "/1/api/",
        "/1/api/scan",
    ],
)
def test_what_is_not_there_is_not_found(panel: Panel, path: str):
    assert ask(panel, "GET", path)[0] == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/1/api/scan", {}),
        ("/1/api/scan", {"code": 1}),
        ("/1/api/scan", ["code"]),
        ("/1/api/scan", {"code": ""}),
        ("/1/api/scan", b"{"),
        ("/1/api/scan", b"x" * 20_000),
        ("/1/api/device", {"device": "toaster", "action": "burn"}),
    ],
)
def test_a_request_that_means_nothing_is_refused(panel: Panel, counter: PaperCounter, path: str, body: object):
    assert ask(panel, "POST", path, body)[0] == 400
    assert counter.scanned == counter.acts == []


def test_a_page_of_another_site_can_change_nothing(panel: Panel, counter: PaperCounter):
    plain = {"Content-Type": "text/plain"}
    assert ask(panel, "POST", "/1/api/scan", {"code": "1"}, plain)[0] == 415
    foreign = {"Host": "evil.example"}
    assert ask(panel, "POST", "/1/api/scan", {"code": "1"}, foreign)[0] == 421
    assert ask(panel, "GET", "/1/api/state", headers=foreign)[0] == 421
    assert counter.scanned == []


def test_every_open_page_hears_of_a_change(panel: Panel, counter: PaperCounter):
    connection = http.client.HTTPConnection("127.0.0.1", _port(panel), timeout=10)
    connection.request("GET", "/1/api/events")
    events = connection.getresponse()
    assert _state(events)["last_scan"] == ""
    counter.scan("96385074")
    assert _state(events)["last_scan"] == "96385074"
    connection.close()


def test_the_counters_of_a_shop_are_side_by_side_on_one_panel(counter: PaperCounter):
    second = PaperCounter()
    with Panel(counter, second, hub="http://127.0.0.1:1/hub/") as panel:
        assert json.loads(ask(panel, "GET", "/shop")[1]) == {"counters": 2, "hub": "http://127.0.0.1:1/hub/"}
        assert ask(panel, "POST", "/2/api/scan", {"code": "96385074"})[0] == 204
        assert ask(panel, "GET", "/2/")[0] == 200
        assert ask(panel, "GET", "/3/")[0] == 404
        assert ask(panel, "POST", "/3/api/scan", {"code": "96385074"})[0] == 400
    assert (counter.scanned, second.scanned) == ([], ["96385074"])


def test_the_bare_address_leads_to_the_first_counter(panel: Panel):
    with urllib.request.urlopen(panel.url.removesuffix("1/"), timeout=10) as answer:
        assert answer.url == panel.url


def test_the_end_of_the_panel_ends_its_pages(counter: PaperCounter):
    with Panel(counter) as panel:
        connection = http.client.HTTPConnection("127.0.0.1", _port(panel), timeout=10)
        connection.request("GET", "/1/api/events")
        events = connection.getresponse()
        _state(events)
    assert events.read() == b""
    connection.close()


def _state(events: http.client.HTTPResponse) -> dict[str, object]:
    assert events.readline() == b"event: state\n"
    line = events.readline()
    assert events.readline() == b"\n"
    return json.loads(line.removeprefix(b"data: "))
