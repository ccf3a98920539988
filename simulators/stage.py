"""A whole shop on this machine: broker, hub, terminal, printer and scanner on free loopback ports, in one folder.

What the demo, the journeys and the crash tests stand on. Every part is the real thing or speaks its protocol on the
wire; the kiosk itself is started by whoever uses the stage, from the configuration that `configuration` writes.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from appliance.staff import hash_pin
from simulators.goods import SAMPLE_SHOP

PIN: Final = "4711"
"""Of the only member of staff of the sample shop."""

_PATIENCE_S: Final = 20.0

_BROKER: Final = """\
listener {port} 127.0.0.1
allow_anonymous true
set_tcp_nodelay true
max_inflight_messages 200
max_queued_messages 5000
max_queued_bytes 16777216
max_packet_size 1048576
persistence true
persistence_location {folder}/
autosave_interval 60
persistent_client_expiration 1d
"""


def free_port() -> int:
    """Give a TCP port of the loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], bool], what: str, seconds: float = _PATIENCE_S) -> None:
    """Wait until a condition holds; TimeoutError says what did not happen."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen within {seconds:.0f} s")
        time.sleep(0.02)


def listens(port: int) -> bool:
    """Whether somebody takes connections on a loopback port."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.5):
        return True
    return False


@dataclass
class Service:
    """A program of the stage: started, killed and started again with the same words."""

    name: str
    words: Sequence[str]
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it; what it prints goes to its log."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603  # the stage's own programs
                self.words, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        """End it in good order; a program that does not end is killed."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    @property
    def running(self) -> bool:
        """Whether it lives."""
        return self.process is not None and self.process.poll() is None


class Broker(Service):
    """A mosquitto of our own; it keeps its memory in the folder, like a real one."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        folder.mkdir(parents=True, exist_ok=True)
        # Started as root it would turn into the user "mosquitto", who may not enter a private folder.
        user = "user root\n" if os.geteuid() == 0 else ""
        self.port = free_port()
        config = folder / "mosquitto.conf"
        config.write_text(user + _BROKER.format(port=self.port, folder=folder), encoding="utf-8")
        super().__init__("broker", [program, "-c", str(config)], folder / "mosquitto.log")

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        super().start()
        wait_for(lambda: listens(self.port), "the start of the broker")


class Hub(Service):
    """The hub: its store in a folder, its receipts on a loopback port."""

    def __init__(self, folder: Path, broker: Broker, *, settings: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "hub.toml").write_text(settings, encoding="utf-8")
        self.folder = folder
        self.http_port = free_port()
        words = [
            *self._command("serve"),
            "--broker",
            f"127.0.0.1:{broker.port}",
            "--http",
            str(self.http_port),
        ]
        super().__init__("hub", words, folder / "hub.log")

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "hub", *words, "--data", str(self.folder)]

    def start(self) -> None:
        """Start it and wait until it answers."""
        super().start()
        wait_for(lambda: listens(self.http_port), "the start of the hub")

    @property
    def page(self) -> str:
        """Address of its page for the shop's people."""
        return f"http://127.0.0.1:{self.http_port}/hub/"

    def ask(self, *words: str, told: str = "") -> str:
        """Run a command of the hub, with `told` as its input, and give what it prints.

        CalledProcessError if it fails.
        """
        done = subprocess.run(  # noqa: S603  # the stage's own program
            self._command(*words), check=True, capture_output=True, text=True, input=told
        )
        return done.stdout


class Stage:
    """Broker and hub of one shop, with the sample products; use as a context manager. `settings`: its hub.toml."""

    def __init__(self, folder: Path, *, products: Path = SAMPLE_SHOP / "products.csv", settings: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.broker = Broker(folder / "broker")
        self.hub = Hub(folder / "hub", self.broker, settings=settings)
        self._products = products

    def __enter__(self) -> Self:
        self.broker.start()
        self.hub.ask("catalogue", "import", str(self._products))
        self.hub.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hub.stop()
        self.broker.stop()

    def configuration(
        self, name: str, devices: str, *, workstation: str = "1", shop: str = "Torgbua", screen: str = ""
    ) -> Path:
        """Write the configuration of a kiosk of this shop and give its path.

        `devices` is its TOML device tables, `shop` the name on its screen, `screen` further lines of [screen].
        """
        state = self.folder / name
        state.mkdir(exist_ok=True)
        path = self.folder / f"{name}.toml"
        path.write_text(
            _KIOSK.format(
                state=state,
                broker=self.broker.port,
                key=self.hub.ask("key").strip(),
                http=self.hub.http_port,
                pin=hash_pin(PIN),
                pictures=self._products.parent / "pictures",
                workstation=workstation,
                shop=shop,
                screen=screen,
            )
            + devices,
            encoding="utf-8",
        )
        return path


_KIOSK: Final = """\
[till]
store = "torget"
workstation = "{workstation}"
zone = "main"
state = "{state}"

[shop]
name = "{shop}"
organisation_number = "999 999 999 MVA"
address = ["Torget 1", "0155 Oslo"]
footer = "Takk for handelen og velkommen tilbake!"
receipt_url = "http://127.0.0.1:{http}/r"

[screen]
fullscreen = false
pictures = "{pictures}"
{screen}

[hub]
host = "127.0.0.1"
port = {broker}
keys = ["{key}"]

[[staff]]
name = "Kari"
pin_hash = "{pin}"
"""
