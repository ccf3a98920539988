"""The line between the appliance and a simulated device: a pseudo-terminal or a TCP port that can be unplugged."""

from __future__ import annotations

import errno
import os
import select
import socket
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

Receive = Callable[[bytes], None]


class Wire(Protocol):
    """The device's end of a line."""

    @property
    def url(self) -> str:
        """What to write into the appliance's configuration."""
        ...

    def plug(self, receive: Receive) -> None:
        """Put the device on the line; `receive` is called on the wire's own thread."""
        ...

    def send(self, data: bytes) -> None:
        """Send to the appliance; lost if nobody listens, as on a real line."""
        ...

    def unplug(self) -> None:
        """Pull the plug. May be called from `receive`; may be plugged in again."""
        ...


class _Wire:
    """A thread that receives until the plug is pulled."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._thread: threading.Thread | None = None
        self._wake = -1

    def _start(self, serve: Callable[[int], None]) -> None:
        wake, self._wake = os.pipe()

        def run() -> None:
            try:
                serve(wake)
            finally:
                os.close(wake)

        self._thread = threading.Thread(target=run, name=type(self).__name__)
        self._thread.start()

    def _stop(self) -> None:
        with self._lock:
            thread, self._thread = self._thread, None
            if thread is None:
                return
            os.close(self._wake)
        if thread is not threading.current_thread():
            thread.join()


class PtyWire(_Wire):
    """A serial line. `path` is a link to the pseudo-terminal of the moment, as udev makes them for real devices."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self._master = self._slave = -1

    @property
    def url(self) -> str:
        """What to write into the appliance's configuration."""
        return f"serial://{self.path}?baud=38400"

    def plug(self, receive: Receive) -> None:
        """Make a new pseudo-terminal."""
        self.unplug()
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path.symlink_to(os.ttyname(self._slave))
        master = self._master

        def serve(wake: int) -> None:
            poll = select.poll()
            poll.register(master, select.POLLIN)
            poll.register(wake, select.POLLHUP)
            while not any(descriptor == wake for descriptor, _ in poll.poll()):
                try:
                    data = os.read(master, 65536)
                except OSError:
                    return
                receive(data)
                if self._master != master:
                    return

        self._start(serve)

    def send(self, data: bytes) -> None:
        """Send to the appliance."""
        with self._lock:
            if self._master < 0:
                return
            rest = data
            while rest:
                try:
                    rest = rest[os.write(self._master, rest) :]
                except BlockingIOError:
                    # Nobody reads: the line's buffer is full, and a real UART would drop these bytes.
                    return

    def unplug(self) -> None:
        """Close the pseudo-terminal under the appliance's feet."""
        self._stop()
        with self._lock:
            self.path.unlink(missing_ok=True)
            for descriptor in (self._master, self._slave):
                if descriptor >= 0:
                    os.close(descriptor)
            self._master = self._slave = -1


class TcpWire(_Wire):
    """A device on the network: one connection at a time, the next one waits. The port stays the same when replugged."""

    def __init__(self, port: int = 0, host: str = "127.0.0.1") -> None:
        super().__init__()
        self._address = (host, port)
        self._listener: socket.socket | None = None
        self._connection: socket.socket | None = None
        self._arrival = threading.Condition()

    @property
    def url(self) -> str:
        """What to write into the appliance's configuration."""
        host, port = self._address
        return f"tcp://{host}:{port}"

    def plug(self, receive: Receive) -> None:
        """Listen."""
        self.unplug()
        listener = self._listener = self._listen()
        self._address = listener.getsockname()[:2]

        def serve(wake: int) -> None:
            while self._ready(listener, wake):
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    with self._arrival:
                        self._connection = connection
                        self._arrival.notify_all()
                    while self._ready(connection, wake):
                        try:
                            data = connection.recv(65536)
                        except OSError:
                            break
                        if not data:
                            break
                        receive(data)
                        if self._connection is not connection:
                            return
                    self._connection = None

        self._start(serve)

    def _listen(self) -> socket.socket:
        deadline = time.monotonic() + 2
        while True:
            try:
                return socket.create_server(self._address)
            except OSError as error:
                # A client that tries to reach the unplugged device may hold its port for a moment.
                if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def send(self, data: bytes) -> None:
        """Send to the appliance."""
        with self._arrival:
            # The appliance's connect succeeds a moment before the connection is taken here.
            self._arrival.wait_for(lambda: self._connection is not None, 0.2)
        connection = self._connection
        if connection is None:
            return
        try:
            connection.sendall(data)
        except OSError:
            # The appliance has just closed; on a real line the bytes would be lost as well.
            return

    def drop(self) -> None:
        """Close the connection as an idle printer does, and go on listening."""
        connection = self._connection
        if connection is not None:
            connection.shutdown(socket.SHUT_RDWR)

    def unplug(self) -> None:
        """Close connection and port."""
        self._stop()
        connection, self._connection = self._connection, None
        listener, self._listener = self._listener, None
        if connection is not None:
            connection.close()
        if listener is not None:
            listener.close()

    @staticmethod
    def _ready(channel: socket.socket, wake: int) -> bool:
        if channel.fileno() < 0:
            return False
        poll = select.poll()
        poll.register(channel, select.POLLIN)
        poll.register(wake, select.POLLHUP)
        return not any(descriptor == wake for descriptor, _ in poll.poll())
