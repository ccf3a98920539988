"""The web server of the panel: a page for each counter, JSON, and server-sent events; on the loopback address only.

The counters of a shop are at /1/, /2/ and so on; /shop says how many there are.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import re
import sys
import threading
from collections.abc import Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from types import TracebackType
from typing import Any, Final, Self

from simulators.panel.board import Counter

log = logging.getLogger(__name__)

_KEEP_ALIVE_SECONDS: Final = 15.0
_LARGEST_BODY: Final = 16_384
_PLACE: Final = re.compile(r"/([1-9])(/.*)")
_PAPER: Final = re.compile(r"/paper/([0-9]{1,9})\.png")
_PICTURE: Final = re.compile(r"/picture/([a-z0-9_-]{1,64})\.png")


class Panel:
    """Serves one to nine counters; use as a context manager. Port 0 takes a free one, `url` says which.

    `hub` is the address of the hub's own page; "" = it has none.
    """

    def __init__(self, *counters: Counter, port: int = 0, hub: str = "") -> None:
        self._server = _Server(("127.0.0.1", port), counters, hub)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="panel")

    @property
    def url(self) -> str:
        """Address of the first counter's page."""
        return f"http://127.0.0.1:{self._server.server_port}/1/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for counter in self._server.counters:
            counter.changes.end()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, address: tuple[str, int], counters: Sequence[Counter], hub: str) -> None:
        super().__init__(address, _Handler)
        self.counters = counters
        self.hub = hub

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.debug("a page went away in the middle of an answer", exc_info=sys.exception())


class _Handler(BaseHTTPRequestHandler):
    """One request. Pages of other sites cannot reach it: the host must be ours, and a change must be JSON."""

    server: _Server
    timeout = 30

    def do_GET(self) -> None:
        if not self._ours():
            return
        try:
            if self.path == "/":
                self.send_response(HTTPStatus.FOUND)
                self.send_header("Location", "/1/")
                self.end_headers()
                return
            if self.path == "/shop":
                shop = {"counters": len(self.server.counters), "hub": self.server.hub}
                self._answer(_json(shop), "application/json")
                return
            counter, path = self._place()
            if path == "/":
                page = resources.files("simulators.panel").joinpath("panel.html").read_bytes()
                self._answer(page, "text/html; charset=utf-8")
            elif path == "/api/state":
                self._answer(_json(dataclasses.asdict(counter.board())), "application/json")
            elif path == "/api/goods":
                self._answer(_json([dataclasses.asdict(item) for item in counter.goods()]), "application/json")
            elif path == "/api/events":
                self._events(counter)
            elif found := _PAPER.fullmatch(path):
                self._answer(counter.paper(int(found[1])), "image/png")
            elif found := _PICTURE.fullmatch(path):
                self._answer(counter.picture(found[1]), "image/png")
            else:
                self.send_error(HTTPStatus.NOT_FOUND)
        except LookupError as error:
            self.send_error(HTTPStatus.NOT_FOUND, explain=str(error))

    def do_POST(self) -> None:
        if not self._ours():
            return
        if self.headers.get_content_type() != "application/json":
            self.send_error(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
            return
        try:
            counter, path = self._place()
            body = self._body()
            if path == "/api/scan":
                counter.scan(_text(body, "code"))
            elif path == "/api/device":
                counter.act(_text(body, "device"), _text(body, "action"))
            else:
                self.send_error(HTTPStatus.NOT_FOUND)
                return
        except (ValueError, LookupError) as error:
            self.send_error(HTTPStatus.BAD_REQUEST, explain=str(error))
            return
        self.send_response(HTTPStatus.NO_CONTENT)
        self.end_headers()

    def _place(self) -> tuple[Counter, str]:
        """Give the counter that is asked, and what of it; LookupError if there is none."""
        found = _PLACE.fullmatch(self.path)
        if not found or int(found[1]) > len(self.server.counters):
            raise LookupError(f"no counter at {self.path}")
        return self.server.counters[int(found[1]) - 1], found[2]

    def _body(self) -> object:
        length = int(self.headers.get("Content-Length", ""))
        if not 0 <= length <= _LARGEST_BODY:
            raise ValueError(f"a body of {length} bytes")
        body: object = json.loads(self.rfile.read(length))
        return body

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the signature of http.server
        log.debug(format, *args)

    def _ours(self) -> bool:
        """Whether the page asked for us by our own name: a name that somebody points at this machine is refused."""
        port = self.server.server_port
        if self.headers.get("Host") in (f"127.0.0.1:{port}", f"localhost:{port}"):
            return True
        self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
        return False

    def _answer(self, body: bytes, kind: str) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def _events(self, counter: Counter) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        before = -1
        while (seen := counter.changes.wait(before, _KEEP_ALIVE_SECONDS)) is not None:
            if seen == before:
                self.wfile.write(b": still here\n\n")
            else:
                self.wfile.write(b"event: state\ndata: " + _json(dataclasses.asdict(counter.board())) + b"\n\n")
            self.wfile.flush()
            before = seen


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _text(body: object, key: str) -> str:
    value = body.get(key) if isinstance(body, dict) else None
    if not isinstance(value, str) or not value:
        raise ValueError(f"a text {key!r} is wanted")
    return value
