"""Bytes by URL: `serial:///dev/ttyUSB0?baud=9600`, `tcp://192.0.2.7:20007`, `file:///dev/usb/lp0`.

A link knows bytes, time-outs and whether the other end is still there; what the bytes mean is the driver's business.
"""

from __future__ import annotations

import difflib
import errno
import os
import select
import socket
import stat
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final, NoReturn, Protocol
from urllib.parse import SplitResult, parse_qsl, urlsplit

import serial

from appliance.errors import (
    ConfigError,
    DeviceBusy,
    DeviceError,
    DeviceFailure,
    DeviceNotFound,
    DeviceOffline,
    DeviceTimeout,
)

_GONE: Final = frozenset({errno.EIO, errno.ENODEV, errno.ENXIO, errno.EBADF, errno.EPIPE, errno.ECONNRESET})
_HUNG_UP: Final = select.POLLHUP | select.POLLERR | select.POLLNVAL
_LINE_REMEDY: Final = "Check the power and the cable of the device, at both ends."


class Link(Protocol):
    """An open line to a device. One thread reads and closes; another may write meanwhile."""

    url: str

    def read(self, limit: int, timeout: float) -> bytes:
        """Give 1 to `limit` bytes as soon as there are any; b"" after `timeout` seconds; DeviceOffline = closed."""
        ...

    def write(self, data: bytes) -> None:
        """Write all of it; DeviceTimeout if nothing moves for the link's time-out, DeviceOffline = closed."""
        ...

    def alive(self) -> bool:
        """Whether the other end still holds the line, without reading or writing a byte.

        False is certain. True is not: a cable pulled from a network switch shows only when something is sent.
        """
        ...

    def close(self) -> None:
        """Close; never raises, may be called twice."""
        ...


def open_link(url: str, *, timeout: float) -> Link:
    """Open a link. `timeout`: seconds that connecting may take, and that a write may stand still.

    ConfigError: not a URL of a known kind. DeviceError with a remedy: it cannot be opened now.
    """
    parts = urlsplit(url)
    opener = _SCHEMES.get(parts.scheme)
    if opener is None:
        raise ConfigError(f"{url!r} is no link; write serial:///dev/..., tcp://host:port or file:///dev/usb/lp0")
    return opener(url, parts, timeout)


class _Descriptor:
    """A link over a non-blocking file descriptor."""

    _endless = False
    """Nothing to read means "not yet", not "closed"."""

    def __init__(self, url: str, descriptor: int, release: Callable[[], None], *, timeout: float) -> None:
        self.url = url
        self._descriptor = descriptor
        self._release = release
        self._timeout = timeout
        self._closed = False
        self._writing = threading.Lock()

    def read(self, limit: int, timeout: float) -> bytes:
        self._refuse_closed()
        if not self._wait(select.POLLIN, timeout):
            return b""
        try:
            data = os.read(self._descriptor, limit)
        except BlockingIOError:
            return b""
        except OSError as error:
            self._gone(error)
        if not data and self._endless:
            time.sleep(timeout)
        elif not data:
            raise DeviceOffline(f"{self.url}: the other end closed the line", remedy=_LINE_REMEDY)
        return data

    def write(self, data: bytes) -> None:
        with self._writing:
            self._refuse_closed()
            rest = memoryview(data)
            while rest:
                if not self._wait(select.POLLOUT, self._timeout):
                    raise DeviceTimeout(
                        f"{self.url}: nothing could be sent for {self._timeout:g} s",
                        remedy="Check that the device is ready, and its handshake setting.",
                    )
                try:
                    rest = rest[os.write(self._descriptor, rest) :]
                except BlockingIOError:
                    continue
                except OSError as error:
                    self._gone(error)

    def alive(self) -> bool:
        return not self._closed and not self._events(select.POLLIN, 0) & _HUNG_UP

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._release()

    def _refuse_closed(self) -> None:
        if self._closed:
            raise DeviceOffline(f"{self.url}: the line is closed", remedy=_LINE_REMEDY)

    def _events(self, wanted: int, timeout: float) -> int:
        poll = select.poll()
        poll.register(self._descriptor, wanted)
        ready = poll.poll(max(0.0, timeout) * 1000)
        return ready[0][1] if ready else 0

    def _wait(self, wanted: int, timeout: float) -> bool:
        events = self._events(wanted, timeout)
        if wanted == select.POLLOUT and events & _HUNG_UP:
            raise DeviceOffline(f"{self.url}: the other end closed the line", remedy=_LINE_REMEDY)
        return events != 0

    def _gone(self, error: OSError) -> NoReturn:
        if error.errno in _GONE or isinstance(error, ConnectionError):
            raise DeviceOffline(f"{self.url}: the line is gone ({error.strerror})", remedy=_LINE_REMEDY) from error
        if error.errno in (errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH):
            raise DeviceOffline(f"{self.url}: no way to the device ({error.strerror})", remedy=_LINE_REMEDY) from error
        raise DeviceFailure(f"{self.url}: {error.strerror}", remedy=_LINE_REMEDY) from error


class _Socket(_Descriptor):
    """A TCP connection. A peer that has closed is seen before anything is sent."""

    def __init__(self, url: str, connection: socket.socket, *, timeout: float) -> None:
        super().__init__(url, connection.fileno(), connection.close, timeout=timeout)
        self._connection = connection

    def alive(self) -> bool:
        if self._closed:
            return False
        try:
            return self._connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False


class _File(_Descriptor):
    """A plain file, or a printer's device file; a plain file never answers."""

    def __init__(self, url: str, descriptor: int, *, timeout: float) -> None:
        super().__init__(url, descriptor, lambda: os.close(descriptor), timeout=timeout)
        self._endless = stat.S_ISREG(os.fstat(descriptor).st_mode)


_PARITY: Final = {"n": serial.PARITY_NONE, "e": serial.PARITY_EVEN, "o": serial.PARITY_ODD}
_STOP: Final = {"1": serial.STOPBITS_ONE, "2": serial.STOPBITS_TWO}
_BITS: Final = {"7": serial.SEVENBITS, "8": serial.EIGHTBITS}
_FLOW: Final[Mapping[str, Mapping[str, bool]]] = {
    "none": {},
    "rtscts": {"rtscts": True},
    "xonxoff": {"xonxoff": True},
    "dsrdtr": {"dsrdtr": True},
}
_SERIAL_KEYS: Final = ("baud", "bits", "parity", "stop", "flow")


def _open_serial(url: str, parts: SplitResult, timeout: float) -> Link:
    query = dict(parse_qsl(parts.query))
    for key in query:
        if key not in _SERIAL_KEYS:
            near = difflib.get_close_matches(key, _SERIAL_KEYS, n=1) or [", ".join(_SERIAL_KEYS)]
            raise ConfigError(f"{url!r}: unknown key {key!r}; did you mean {near[0]}?")
    if parts.netloc or len(parts.path) < 2:
        raise ConfigError(f"{url!r}: three slashes before the device file: serial:///dev/ttyUSB0?baud=9600")
    try:
        baud = int(query.get("baud", "9600"))
        bits, parity = _BITS[query.get("bits", "8")], _PARITY[query.get("parity", "n").lower()]
        stop, flow = _STOP[query.get("stop", "1")], _FLOW[query.get("flow", "none")]
    except (KeyError, ValueError) as error:
        raise ConfigError(
            f"{url!r}: {error} cannot be used: baud is a number, bits 7 or 8, parity n, e or o, stop 1 or 2, "
            "flow none, rtscts, xonxoff or dsrdtr"
        ) from error
    try:
        port = serial.Serial(
            parts.path,
            baud,
            bytesize=bits,
            parity=parity,
            stopbits=stop,
            timeout=0,
            write_timeout=timeout,
            exclusive=True,
            **flow,
        )
    except serial.SerialException as error:
        raise _open_fault(url, parts.path, error.errno, str(error)) from error
    except (OSError, ValueError) as error:
        raise DeviceFailure(
            f"{url}: {error}", remedy="The port cannot work with these settings; try baud=9600 without the rest."
        ) from error
    return _Descriptor(url, port.fileno(), port.close, timeout=timeout)


def _open_tcp(url: str, parts: SplitResult, timeout: float) -> Link:
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError(f"{url!r}: {error}") from error
    if not host or not port or parts.path not in ("", "/") or parts.query:
        raise ConfigError(f"{url!r}: write tcp://host:port, e.g. tcp://192.0.2.50:20007")
    try:
        connection = socket.create_connection((host, port), timeout)
    except TimeoutError as error:
        raise DeviceTimeout(
            f"{url}: no answer within {timeout:g} s",
            remedy=f"Check that the device is on and in this network, and that {host} is its address.",
        ) from error
    except socket.gaierror as error:
        raise DeviceNotFound(f"{url}: nobody knows the name {host}", remedy="Write the device's IP address.") from error
    except OSError as error:
        raise DeviceOffline(
            f"{url}: {error.strerror or error}",
            remedy=f"Check that the device is on, that {host} is its address, and that it listens on port {port}.",
        ) from error
    if connection.getsockname() == connection.getpeername():
        # Where nobody listens on a port of this machine, TCP may connect a socket to itself.
        connection.close()
        raise DeviceOffline(f"{url}: nobody listens there", remedy=f"Check that the device listens on port {port}.")
    connection.setblocking(False)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # A peer that lost its power is noticed within a minute, also while nothing is sent.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
    return _Socket(url, connection, timeout=timeout)


def _open_file(url: str, parts: SplitResult, timeout: float) -> Link:
    if parts.netloc or len(parts.path) < 2 or parts.query:
        raise ConfigError(f"{url!r}: three slashes before the path: file:///dev/usb/lp0")
    flags = os.O_RDWR | os.O_NONBLOCK | os.O_APPEND | os.O_NOCTTY | os.O_CLOEXEC
    if not parts.path.startswith("/dev/"):
        flags |= os.O_CREAT
    try:
        return _File(url, os.open(parts.path, flags, 0o600), timeout=timeout)
    except OSError as error:
        raise _open_fault(url, parts.path, error.errno, str(error.strerror)) from error


def _open_fault(url: str, path: str, number: int | None, text: str) -> DeviceError:
    if number == errno.EACCES:
        return DeviceFailure(
            f"{url}: no permission", remedy=f"Let the till's user open {path}: usermod -aG dialout,lp,plugdev <user>."
        )
    if number in (errno.EBUSY, errno.EAGAIN) or "exclusively lock" in text:
        return DeviceBusy(f"{url}: another program holds {path}", remedy=f"See who holds it: fuser -v {path}")
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO, errno.ENOTDIR):
        return DeviceNotFound(
            f"{url}: there is no {path}", remedy="Plug the device in and switch it on, or correct the URL."
        )
    return DeviceFailure(f"{url}: {text}", remedy=_LINE_REMEDY)


_SCHEMES: Final[Mapping[str, Callable[[str, SplitResult, float], Link]]] = {
    "serial": _open_serial,
    "tcp": _open_tcp,
    "file": _open_file,
}
