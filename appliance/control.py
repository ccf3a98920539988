"""The way into a running till from the same machine: a Unix socket in the store's folder, one line of JSON each way.

Only the till's own user and root reach it (the folder has mode 0700, the socket 0600). What changes anything carries
the PIN of somebody of the staff, and is decided by the register like any other command.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from appliance.core.checkout import Checkout
from appliance.core.commands import ByStaff, CloseTerminalDay, PaymentDecision, ResolvePayment
from appliance.errors import ApplianceError, ConfigError
from appliance.ports import Post

log = logging.getLogger(__name__)

SOCKET: Final = "control"
LONGEST: Final = 64 * 1024
"""Bytes of a request."""
PATIENCE_S: Final = 10.0
"""For the register to decide."""

Answer = dict[str, Any]
Read = Callable[[Mapping[str, Any]], list[str]]
"""Gives lines of text about the books; ApplianceError says what is wrong with the question."""


class ControlError(ApplianceError):
    """The till did not do what it was asked; the text says why."""


class Control:
    """Answers questions on a thread of its own per caller. `reads`: question -> what gives its lines."""

    def __init__(
        self, state: Path, post: Post, checkout: Callable[[], Checkout | None], reads: Mapping[str, Read]
    ) -> None:
        self._state = state
        self._post = post
        self._checkout = checkout
        self._reads = reads

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Answer until the end. A socket that a killed till left behind is replaced."""
        (self._state / SOCKET).unlink(missing_ok=True)
        control = self

        class Handler(socketserver.StreamRequestHandler):
            timeout = PATIENCE_S

            def handle(self) -> None:
                try:
                    line = self.rfile.readline(LONGEST)
                    self.wfile.write(json.dumps(control.answer(line), ensure_ascii=False).encode() + b"\n")
                except OSError as error:
                    log.info("a caller went away: %s", error)

        class Server(socketserver.ThreadingUnixStreamServer):
            daemon_threads = True

        with _short_path(self._state) as folder:
            server = Server(f"{folder}/{SOCKET}", Handler, bind_and_activate=False)
            old = os.umask(0o177)
            try:
                server.server_bind()
            finally:
                os.umask(old)
        server.server_activate()
        thread = threading.Thread(target=server.serve_forever, args=(0.5,), name="control")
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            (self._state / SOCKET).unlink(missing_ok=True)

    def answer(self, line: bytes) -> Answer:
        """Answer one request; {"refused": why} if it cannot be done."""
        try:
            request = json.loads(line)
            if not isinstance(request, dict):
                raise ControlError("a request is a JSON object")
            return self._answer(request)
        except ApplianceError as error:
            return {"refused": str(error)}
        except (KeyError, TypeError, ValueError) as error:
            return {"refused": f"the request cannot be read: {error}"}

    def _answer(self, request: Mapping[str, Any]) -> Answer:
        match request["ask"]:
            case str(question) if question in self._reads:
                return {"lines": self._reads[question](request)}
            case "resolve":
                decided = ResolvePayment(
                    UUID(request["attempt"]), PaymentDecision(request["decision"]), str(request["reason"])
                )
                return self._by_staff(str(request["pin"]), decided)
            case "close-day":
                return self._by_staff(str(request["pin"]), CloseTerminalDay(str(request["device"])))
            case "closing":
                return self._closing(str(request["device"]))
            case other:
                raise ControlError(f"this till does not know the question {other!r}")

    def _by_staff(self, pin: str, command: ResolvePayment | CloseTerminalDay) -> Answer:
        replies: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._post(ByStaff(pin, command, replies.put))
        try:
            refused = replies.get(timeout=PATIENCE_S)
        except queue.Empty:
            raise ControlError("the till is busy and did not answer; look again before you repeat it") from None
        return {"done": True} if refused is None else {"refused": refused}

    def _closing(self, device: str) -> Answer:
        checkout = self._checkout()
        if checkout is None or device not in checkout.closing_day:
            return {"closing": "done"}
        why = checkout.closing_day[device]
        return {"closing": "failed", "why": why} if why else {"closing": "running"}


@contextmanager
def _short_path(folder: Path) -> Iterator[str]:
    """Give a path of the folder that is short enough for a socket's name (108 bytes, unix(7))."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def ask(state: Path, request: Mapping[str, Any], *, timeout: float = 60.0) -> Answer | None:
    """Ask the till that runs on this folder; None if none runs. ControlError: it refuses."""
    try:
        with _short_path(state) as folder, socket.socket(socket.AF_UNIX) as line:
            line.settimeout(timeout)
            line.connect(f"{folder}/{SOCKET}")
            line.sendall(json.dumps(dict(request)).encode() + b"\n")
            with line.makefile("rb") as answer:
                told = json.loads(answer.readline())
    except (FileNotFoundError, ConnectionRefusedError):
        return None
    except PermissionError as error:
        raise ConfigError(f"{state}: only the till's own user and root may do this") from error
    except (OSError, ValueError) as error:
        raise ControlError(f"the till did not answer: {error}") from error
    if "refused" in told:
        raise ControlError(_sentence(told["refused"]))
    return dict(told)


def _sentence(refused: str) -> str:
    reason, _, detail = refused.partition(": ")
    return f"{_REASONS.get(reason, reason)}{': ' + detail if detail else ''}"


_REASONS: Final = {
    "wrong_pin": "Nobody of the staff has this PIN. Nothing was done.",
    "not_now": "There is nothing to decide about this attempt now (kvitt payments list)",
    "unresolved": "A payment is in doubt, or money is due to a customer: decide that first (kvitt payments list)",
    "sale_open": "A customer is busy at the till. Try again after the sale.",
    "tender_not_available": "The device does not work now",
}
