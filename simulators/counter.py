"""What stands on the counter of one till: card terminal, receipt printer with its drawer, scanner; on real wires."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from simulators.printer import PrinterSimulator
from simulators.scanner import ScannerSimulator
from simulators.wire import PtyWire
from simulators.zvt_terminal import ZvtTerminal


class Counter:
    """The simulated devices; use as a context manager.

    `books` is the folder of the terminal's books, which outlive a power cut. `paper`: every receipt is kept there.
    `answer` is how the terminal behaves by itself (simulators/zvt/behaviour.py).
    """

    def __init__(self, books: Path, *, paper: Path | None = None, answer: str = "approve") -> None:
        self._lines = tempfile.TemporaryDirectory(prefix="kvitt-lines-")
        lines = Path(self._lines.name)
        self.scanner = ScannerSimulator(PtyWire(lines / "scanner"))
        self.printer = PrinterSimulator(PtyWire(lines / "printer"), folder=paper)
        self.terminal = ZvtTerminal(books, default=answer)
        self._terminal_port = 0

    def __enter__(self) -> Self:
        self._terminal_port = self.terminal.listen_tcp()
        self.printer.start()
        self.scanner.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.scanner.stop()
        self.printer.stop()
        self.terminal.stop()
        self._lines.cleanup()

    def devices(self) -> Mapping[str, Mapping[str, str]]:
        """Give the device tables of the till's configuration."""
        return {
            "scanner": {"category": "scanner", "driver": "serial", "url": self.scanner.url},
            "printer": {"category": "printer", "driver": "escpos", "url": self.printer.url},
            "drawer": {"category": "drawer", "driver": "printer", "printer": "printer"},
            "terminal": {
                "category": "terminal",
                "driver": "zvt",
                "url": f"tcp://127.0.0.1:{self._terminal_port}",
            },
        }

    def toml(self) -> str:
        """Give the same as text, to be put behind the rest of a configuration file."""
        return toml(self.devices())


def toml(devices: Mapping[str, Mapping[str, str]]) -> str:
    """Give device tables as text."""
    return "".join(
        f"\n[devices.{name}]\n" + "".join(f'{key} = "{value}"\n' for key, value in table.items())
        for name, table in devices.items()
    )
