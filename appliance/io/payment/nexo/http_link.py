"""One HTTP exchange on a connection of its own. Nothing is repeated, followed or sent through a proxy.

Connecting and sending are two steps, because money may move from the first byte of a request on and not before.
"""

from __future__ import annotations

import io
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from appliance.errors import ConfigError, DeviceError, DeviceFailure, DeviceNotFound, DeviceOffline, DeviceTimeout
from appliance.io.payment.nexo.tree import LARGEST, Unreadable

SLICE: Final = 0.2
"""Seconds after which a waiting exchange looks whether it shall go on."""

_LINE_REMEDY: Final = "Check the power and the network cable of the terminal, and that its address has not changed."


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a terminal listens."""

    host: str
    port: int

    @classmethod
    def parse(cls, url: str, scheme: str) -> Address:
        """Read http://host:port or https://host:port; ConfigError says what to write."""
        parts = urlsplit(url)
        try:
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise ConfigError(f"url: {url!r}: {error}") from error
        if parts.scheme != scheme or not host or not port or parts.path not in ("", "/") or parts.query:
            raise ConfigError(f"url: {url!r}: write {scheme}://<address of the terminal>:<port>")
        return cls(host=host, port=port)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whose certificate a terminal must show. It is reached by address, so the name is compared apart from that."""

    context: ssl.SSLContext
    names: frozenset[str]

    @classmethod
    def of_file(cls, file: Path, names: frozenset[str]) -> Trust:
        """Trust the certificates of a PEM file; DeviceFailure if it cannot be used."""
        try:
            context = ssl.create_default_context(cafile=str(file))
        except OSError as error:
            raise DeviceFailure(
                f"ca_file: {file} cannot be used: {error.strerror or 'no certificate in it'}",
                remedy="Put the root certificate of the terminal's maker there, as PEM.",
            ) from error
        context.check_hostname = False
        return cls(context=context, names=names)

    def wrap(self, connection: socket.socket, address: Address) -> ssl.SSLSocket:
        """Do the TLS handshake; DeviceFailure if this is not the terminal."""
        try:
            secured = self.context.wrap_socket(connection)
        except ssl.SSLCertVerificationError as error:
            raise DeviceFailure(
                f"{address}: the certificate is not the terminal's: {error.verify_message}",
                remedy="Check ca_file, the till's clock, and that nobody else answers at this address.",
            ) from error
        except ssl.SSLError as error:
            raise DeviceFailure(
                f"{address}: no TLS: {error.reason or 'the line was closed'}", remedy="Check port and dialect."
            ) from error
        shown = _names(secured)
        if not shown & self.names:
            secured.close()
            raise DeviceFailure(
                f"{address}: the certificate is for {', '.join(sorted(shown)) or 'nobody'}",
                remedy=f"Check url and poi_id; expected is {' or '.join(sorted(self.names))}.",
            )
        return secured


def _names(secured: ssl.SSLSocket) -> frozenset[str]:
    """Give the names in a certificate that has been verified: the alternative ones, else the common name."""
    certificate: Mapping[str, Any] = secured.getpeercert() or {}
    other = [value for kind, value, *_ in certificate.get("subjectAltName", ()) if kind == "DNS"]
    common = [value for part in certificate.get("subject", ()) for key, value in part if key == "commonName"]
    return frozenset(name.lower() for name in other or common)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    body: bytes


class HttpLink:
    """Opens exchanges with one terminal."""

    def __init__(self, address: Address, path: str, content_type: str, trust: Trust | None) -> None:
        self.address = address
        self._path = path
        self._content_type = content_type
        self._trust = trust

    def connect(self, timeout: float) -> Exchange:
        """Connect, with the TLS handshake where there is one. DeviceError: nothing was sent."""
        address = self.address
        try:
            connection = socket.create_connection((address.host, address.port), timeout)
        except OSError as error:
            raise _unreachable(address, timeout, error) from error
        try:
            if connection.getsockname() == connection.getpeername():
                # Where nobody listens on a port of this machine, TCP may connect a socket to itself.
                raise DeviceOffline(f"{address}: nobody listens there", remedy=_LINE_REMEDY)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # A terminal that lost its power is noticed within a minute, also while it lets a customer pay.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
            if self._trust is not None:
                connection = self._trust.wrap(connection, address)
        except OSError as error:
            connection.close()
            raise error if isinstance(error, DeviceError) else _unreachable(address, timeout, error) from error
        except DeviceError:
            connection.close()
            raise
        return Exchange(address, connection, self._path, self._content_type)


def _unreachable(address: Address, timeout: float, error: OSError) -> DeviceError:
    if isinstance(error, TimeoutError):
        return DeviceTimeout(
            f"{address}: no answer within {timeout:g} s",
            remedy=f"Check that the terminal is on and in this network, and that {address.host} is its address.",
        )
    if isinstance(error, socket.gaierror):
        return DeviceNotFound(f"{address}: nobody knows this name", remedy="Write the terminal's IP address.")
    return DeviceOffline(
        f"{address}: {error.strerror or error}",
        remedy=f"Check that the terminal is on, and that it listens on port {address.port}.",
    )


class Exchange:
    """One request and its answer."""

    def __init__(self, address: Address, connection: socket.socket, path: str, content_type: str) -> None:
        self._address = address
        self._socket = connection
        self._path = path
        self._content_type = content_type
        self._line = _Line(connection)
        self._http = HTTPConnection(address.host, address.port)
        self._http.auto_open = 0
        # http.client asks no more of a socket than what _Line has.
        self._http.sock = self._line

    def send(self, body: bytes) -> None:
        """Send the request. DeviceOffline: the line went, and nobody knows how much of it arrived."""
        headers = {"Content-Type": self._content_type, "Accept": self._content_type, "Connection": "close"}
        try:
            self._http.request("POST", self._path, body, headers)
        except (HTTPException, OSError) as error:
            raise DeviceOffline(f"{self._address}: the line went while sending", remedy=_LINE_REMEDY) from error

    def receive(self, timeout: float, stopped: Callable[[], bool]) -> Reply:
        """Wait for the answer. DeviceError: it is lost; Unreadable: what came is no answer of HTTP."""
        self._line.limit(time.monotonic() + timeout, stopped)
        try:
            with self._http.getresponse() as response:
                return Reply(response.status, self._body(response))
        except TimeoutError as error:
            raise DeviceTimeout(f"{self._address}: no answer within {timeout:g} s", remedy=_LINE_REMEDY) from error
        except OSError as error:
            raise DeviceOffline(f"{self._address}: the line went before the answer", remedy=_LINE_REMEDY) from error
        except (HTTPException, ValueError) as error:
            raise Unreadable(f"{self._address}: no whole answer of HTTP: {type(error).__name__}") from error

    def _body(self, response: HTTPResponse) -> bytes:
        body = response.read(LARGEST + 1)
        if len(body) > LARGEST:
            raise Unreadable(f"{self._address}: the answer is longer than {LARGEST} bytes")
        if response.length:
            raise Unreadable(f"{self._address}: the answer ends too early")
        return body

    def close(self) -> None:
        """Close the line."""
        self._socket.close()


class _Line:
    """The part of a socket that http.client needs, with one deadline for a whole answer."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._deadline = 0.0
        self._stopped: Callable[[], bool] = bool

    def limit(self, deadline: float, stopped: Callable[[], bool]) -> None:
        """Set until when (monotonic), and how long, an answer is waited for."""
        self._deadline = deadline
        self._stopped = stopped

    def sendall(self, data: bytes) -> None:
        """Send."""
        self._socket.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Give the stream of the answer."""
        return io.BufferedReader(_Stream(self.receive))

    def receive(self, into: Any) -> int:
        """Read what is there; TimeoutError behind the deadline, OSError when the wait was broken off."""
        while not self._stopped():
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._socket.settimeout(min(SLICE, left))
            try:
                return self._socket.recv_into(into)
            except TimeoutError:
                continue
        raise ConnectionAbortedError("the till stops")

    def close(self) -> None:
        """Leave the socket open: it is the exchange's, which closes it."""


class _Stream(io.RawIOBase):
    """Bytes of a line, for a buffer."""

    def __init__(self, receive: Callable[[Any], int]) -> None:
        self._receive = receive

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        return self._receive(buffer)
