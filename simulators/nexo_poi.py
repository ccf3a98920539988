"""A nexo Retailer card terminal on the wire, in both dialects: books on disk, obeys a script and live commands.

    python -m simulators.nexo_poi --dialect swedbank --listen 127.0.0.1:11000 --books DIR

reads commands from standard input, one a line: `behave decline WrongPIN`, `default ask`, `answer approve`, `unplug`,
`plug`, `quit`. The words of a behaviour are those of simulators/nexo/behaviour.py. The dialect `adyen` speaks TLS with
a certificate that it makes when it starts, and writes that and its passphrase into the folder of the books.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import ssl
import sys
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

from simulators.books import Books
from simulators.nexo.answers import Asked
from simulators.nexo.behaviour import behaviour
from simulators.nexo.certificate import make
from simulators.nexo.desk import SERIAL, Desk
from simulators.nexo.server import PowerCut, Server, Terminal, Wire, XmlWire, seal_with

POI: Final = {"swedbank": "A-POIID", "adyen": "V400m-123456789"}
KEY: Final = "kiosk-test-key"
KEY_VERSION: Final = 1


def _power_cut() -> None:
    raise PowerCut


class NexoPoi:
    """The simulated terminal. Start with `listen`, end with `stop`."""

    def __init__(
        self,
        books: Path,
        *,
        dialect: str = "swedbank",
        poi_id: str = "",
        serial: str = SERIAL,
        default: str = "approve",
        die: Callable[[], None] = _power_cut,
    ) -> None:
        """`books`: folder. `default`: how it behaves. `die` is what `kill` does: by default it boots again at once."""
        self.books = Books(books)
        self.poi_id = poi_id or POI[dialect]
        self.passphrase_file = books / "passphrase"
        self.ca_file = books / "terminal.pem"
        self._dialect = dialect
        self._desk = Desk(self.books, dialect, self.poi_id, serial)
        self._desk.default(behaviour(default))
        self._die = die
        self._wire, self._tls = self._line(books)
        self._address = ("127.0.0.1", 0)
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    def _line(self, folder: Path) -> tuple[Wire, ssl.SSLContext | None]:
        if self._dialect == "swedbank":
            return XmlWire(), None
        if not self.passphrase_file.exists():
            self.passphrase_file.write_text(secrets.token_urlsafe(24) + "\n", encoding="utf-8")
            make(folder, f"{self.poi_id}.test.terminal.adyen.com".lower())
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.ca_file, self.ca_file.with_suffix(".key"))
        passphrase = self.passphrase_file.read_text(encoding="utf-8").strip()
        return seal_with(passphrase, KEY, KEY_VERSION), tls

    # Persons and tests ----------------------------------------------------------------------------------------------

    @property
    def log(self) -> deque[str]:
        """Categories of the requests that came."""
        return self._desk.log

    def behave(self, how: str) -> None:
        """Behave like this in the next payment (each call is for one more), and after it until the one after."""
        self._desk.behave(behaviour(how))

    def default(self, how: str) -> None:
        """Behave like this from now on."""
        self._desk.default(behaviour(how))

    def pending(self) -> Asked | None:
        """Give the payment that the terminal works on."""
        return self._desk.pending()

    def answer(self, how: str) -> None:
        """Decide the waiting payment: "approve", "decline WrongPIN", "cancel"."""
        self._desk.answer(how)

    def restart(self) -> None:
        """Switch it off and on: the login session and whatever it works on are gone."""
        self._desk.boot()

    def swap(self, serial: str) -> None:
        """Put another piece of hardware in its place, with empty books but the same name."""
        self._desk.swap(serial)

    # The line -------------------------------------------------------------------------------------------------------

    def listen(self, port: int = 0, host: str = "127.0.0.1") -> int:
        """Listen; give the port, which stays the same over `unplug` and `plug`."""
        self._desk.stopping.clear()
        terminal = Terminal(desk=self._desk, wire=self._wire, tls=self._tls, die=self._die)
        self._server = Server((host, port), terminal)
        self._address = (host, self._server.server_address[1])
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name=f"nexo {self._dialect}", daemon=True
        )
        self._thread.start()
        return self._address[1]

    @property
    def url(self) -> str:
        """What a till puts into its configuration."""
        scheme = "http" if self._tls is None else "https"
        return f"{scheme}://{self._address[0]}:{self._address[1]}"

    def unplug(self) -> None:
        """Pull the plug: the line is gone, and what it works on is lost."""
        self._desk.stopping.set()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = None

    def plug(self) -> None:
        """Put the plug back."""
        if self._server is None:
            self._desk.boot()
            self.listen(self._address[1], self._address[0])

    def stop(self) -> None:
        """End all threads and close the books."""
        self.unplug()
        self.books.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _command(terminal: NexoPoi, line: str) -> str:
    word, _, rest = line.strip().partition(" ")
    match word:
        case "behave":
            terminal.behave(rest)
        case "default":
            terminal.default(rest)
        case "answer":
            terminal.answer(rest)
        case "restart":
            terminal.restart()
        case "unplug":
            terminal.unplug()
        case "plug":
            terminal.plug()
        case _:
            return f"no command {word!r}: behave, default, answer, restart, unplug, plug, quit"
    return "ok"


def main(arguments: list[str] | None = None) -> int:
    """Run a terminal until standard input ends or says `quit`."""
    parser = argparse.ArgumentParser(prog="python -m simulators.nexo_poi", description="A simulated nexo terminal")
    parser.add_argument("--dialect", choices=sorted(POI), default="swedbank")
    parser.add_argument("--listen", metavar="HOST:PORT", default="127.0.0.1:0", help="port 0 takes a free one")
    parser.add_argument("--books", type=Path, required=True, metavar="DIR")
    parser.add_argument("--poi-id", default="", metavar="NAME", help="default: A-POIID or V400m-123456789")
    parser.add_argument("--default", default="approve", metavar="WORDS", help="how it behaves, e.g. 'ask' or 'late 2'")
    options = parser.parse_args(arguments)
    terminal = NexoPoi(
        options.books,
        dialect=options.dialect,
        poi_id=options.poi_id,
        default=options.default,
        die=lambda: os._exit(137),
    )
    host, _, port = options.listen.rpartition(":")
    with terminal, contextlib.suppress(KeyboardInterrupt):
        terminal.listen(int(port), host)
        _say(f"listening {terminal.url}")
        for line in sys.stdin:
            if line.strip() == "quit":
                break
            try:
                _say(_command(terminal, line))
            except ValueError as error:
                _say(str(error))
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
