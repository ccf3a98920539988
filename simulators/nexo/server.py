"""The line of a simulated nexo terminal: HTTP or HTTPS, and everything that can be wrong with an answer."""

from __future__ import annotations

import json
import logging
import ssl
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from appliance.io.payment.nexo import adyen, swedbank
from appliance.io.payment.nexo.envelope import Envelope, Keys
from appliance.io.payment.nexo.tree import Unreadable
from simulators.nexo.answers import Asked
from simulators.nexo.behaviour import Behaviour
from simulators.nexo.desk import Desk, Stopped

log = logging.getLogger(__name__)


class LineCut(Exception):  # an event of the simulation, not a fault
    """The line is cut here."""


class PowerCut(Exception):  # an event of the simulation, not a fault
    """The terminal lost its power here."""


class Wire(Protocol):
    """How messages become bytes, and how they go wrong."""

    path: str
    content_type: str

    def read(self, data: bytes) -> Mapping[str, Any]:
        """Read a request; Unreadable if it is none."""
        ...

    def write(self, tree: dict[str, Any], how: Behaviour) -> bytes:
        """Write an answer."""
        ...


class XmlWire:
    """Swedbank Pay's."""

    path = swedbank.PATH
    content_type = swedbank.CONTENT_TYPE

    def read(self, data: bytes) -> Mapping[str, Any]:
        """Read a request; Unreadable if it is none."""
        return swedbank.decode(data)

    def write(self, tree: dict[str, Any], how: Behaviour) -> bytes:
        """Write an answer."""
        body = swedbank.encode(tree)
        if how.dtd:
            declared = b'<!DOCTYPE SaleToPOIResponse [<!ENTITY yes "Success">]><SaleToPOIResponse>'
            body = body.replace(b"<SaleToPOIResponse>", declared).replace(b'Result="Success"', b'Result="&yes;"')
        if how.twice:
            body = body.replace(b"<Response ", b'<Response Result="Success"/><Response ', 1)
        return body


class SealedWire:
    """Adyen's."""

    path = adyen.PATH
    content_type = adyen.CONTENT_TYPE

    def __init__(self, envelope: Envelope) -> None:
        self._envelope = envelope

    def read(self, data: bytes) -> Mapping[str, Any]:
        """Read a request; Unreadable if it is none."""
        return self._envelope.open(data)

    def write(self, tree: dict[str, Any], how: Behaviour) -> bytes:
        """Write an answer."""
        plain = adyen.encode(tree)
        if how.twice:
            plain = plain.replace(b'"Response":', b'"Response":{"Result":"Success"},"Response":', 1)
        envelope = self._envelope
        match how.wrong:
            case "key":
                envelope = replace(envelope, keys=Keys.derive("another passphrase"))
            case "identifier":
                envelope = replace(envelope, identifier="another-key")
            case "version":
                envelope = replace(envelope, version=envelope.version + 1)
            case "clear":
                return plain
        sealed = json.loads(envelope.seal_bytes(tree, plain))
        message = sealed["SaleToPOIResponse" if "SaleToPOIResponse" in sealed else "SaleToPOIRequest"]
        match how.wrong:
            case "hmac":
                message["SecurityTrailer"]["Hmac"] = _other(message["SecurityTrailer"]["Hmac"])
            case "nonce":
                message["SecurityTrailer"]["Nonce"] = _other(message["SecurityTrailer"]["Nonce"])
            case "padding":
                message["NexoBlob"] = message["NexoBlob"][:-24] + _other(message["NexoBlob"][-24:])
            case "header":
                message["MessageHeader"]["ServiceID"] = "OUTSIDE"
        return json.dumps(sealed).encode()


def _other(encoded: str) -> str:
    """Change the first letter of a base64 text."""
    return ("B" if encoded[0] != "B" else "C") + encoded[1:]


def falsify(tree: dict[str, Any], wrong: str) -> dict[str, Any]:
    """Put something into the header of an answer that is not what was asked."""
    message = tree["SaleToPOIResponse"]
    header = dict(message["MessageHeader"])
    match wrong:
        case "service":
            header["ServiceID"] = "ANOTHER"
        case "sale":
            header["SaleID"] = "another-till"
        case "poi":
            header["POIID"] = "another-terminal"
        case "category":
            header["MessageCategory"] = "Reversal"
        case "kind":
            return {"SaleToPOIRequest": {**message, "MessageHeader": {**header, "MessageType": "Request"}}}
        case _:
            return tree
    return {"SaleToPOIResponse": {**message, "MessageHeader": header}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """What a connection needs to know."""

    desk: Desk
    wire: Wire
    tls: ssl.SSLContext | None
    die: Callable[[], None]


class Server(ThreadingHTTPServer):
    """Listens; every connection has a thread, which `server_close` waits for."""

    daemon_threads = False

    def __init__(self, address: tuple[str, int], terminal: Terminal) -> None:
        self.terminal = terminal
        super().__init__(address, Connection)

    def handle_error(self, *connection: object) -> None:
        """Take note of a connection that broke."""
        log.debug("the connection from %s broke: %s", connection[-1], sys.exc_info()[1])


class Connection(BaseHTTPRequestHandler):
    """One request and its answer."""

    protocol_version = "HTTP/1.1"
    server: Server
    timeout = 10.0

    def setup(self) -> None:
        """Do the TLS handshake first."""
        tls = self.server.terminal.tls
        if tls is not None:
            self.request.settimeout(self.timeout)
            self.request = tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        """Close the line, also the one of TLS."""
        super().finish()
        self.request.close()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # the name that is overridden
        """Say it to the log."""
        log.debug(format, *args)

    def do_POST(self) -> None:
        """Answer one message."""
        self.close_connection = True
        terminal = self.server.terminal
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        try:
            if self.path != terminal.wire.path:
                self._send(404, b"", Behaviour())
                return
            asked, how = terminal.desk.begin(terminal.wire.read(body))
            self._answer(asked, how)
        except (Unreadable, KeyError, TypeError) as error:
            log.info("no message: %s", error)
            self._send(400, b"", Behaviour())
        except LineCut:
            return
        except Stopped:
            return
        except PowerCut:
            terminal.desk.boot()

    def _answer(self, asked: Asked, how: Behaviour) -> None:
        terminal = self.server.terminal

        def boundary(number: int) -> None:
            if how.kill == number:
                terminal.die()
            if how.cut == number and number != 2:
                raise LineCut

        if how.cut == 2:
            # The line goes while the customer pays; the terminal goes on without it.
            self.request.shutdown(2)
        boundary(1)
        tree = terminal.desk.serve(asked, how, boundary)
        boundary(3)
        if how.status:
            self._send(how.status, b"", how, boundary)
        elif tree is None:
            self._send(204 if asked.category == "Abort" and terminal.tls is None else 200, b"", how, boundary)
        else:
            self._send(200, self._spoilt(terminal.wire, falsify(tree, how.wrong), how), how, boundary)

    @staticmethod
    def _spoilt(wire: Wire, tree: dict[str, Any], how: Behaviour) -> bytes:
        body = wire.write(tree, how)
        if how.malformed:
            body = body[: len(body) * 2 // 3]
        if how.huge:
            body += b" " * 2_000_000
        return body

    def _send(self, status: int, body: bytes, how: Behaviour, boundary: Callable[[int], None] = lambda _: None) -> None:
        head = f"Content-Type: {self.server.terminal.wire.content_type}\r\nContent-Length: {len(body)}\r\n"
        if 300 <= status < 400:
            head += "Location: /elsewhere\r\n"
        half, last = len(body) // 2, max(len(body) // 2, len(body) - 1)
        parts = [
            (4, f"HTTP/1.1 {status} Answer\r\n".encode()),
            (5, f"{head}Connection: close\r\n\r\n".encode()),
            (6, body[:half]),
            (7, body[half:last]),
            (8, body[last:]),
        ]
        for number, part in parts:
            if how.truncated and number > 6:
                return
            self._put(part, how.drip)
            boundary(number)

    def _put(self, part: bytes, drip: float) -> None:
        try:
            if not drip:
                self.wfile.write(part)
                return
            for byte in part:
                self.wfile.write(bytes([byte]))
                if self.server.terminal.desk.stopping.wait(drip):
                    raise LineCut
        except OSError as error:
            raise LineCut from error


def seal_with(passphrase: str, identifier: str, version: int) -> SealedWire:
    """Give the wire of a terminal that has this shared key."""
    return SealedWire(Envelope(keys=Keys.derive(passphrase), identifier=identifier, version=version))
