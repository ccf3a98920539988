"""A receipt printer on the wire: prints what it is sent, answers as an Epson TM does, and misbehaves on command."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from PIL import Image

from simulators.escpos_paper import Op, Paper, Parser
from simulators.escpos_picture import render
from simulators.wire import Wire

_FIXED: Final = 0x12
"""Bits 1 and 4 of every answer to DLE EOT."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What is the matter with the printer."""

    paper: bool = True
    paper_low: bool = False
    cover_open: bool = False
    cutter_stuck: bool = False
    offline: bool = False
    deaf: bool = False
    """Takes the bytes and neither prints nor answers."""
    drawer_open: bool = False

    @property
    def prints(self) -> bool:
        """Whether the printer works through its buffer."""
        return self.paper and not (self.cover_open or self.cutter_stuck or self.offline or self.deaf)


class PrinterSimulator:
    """A printer at the end of a wire. `folder`: every receipt is kept there as bytes, text and picture."""

    def __init__(self, wire: Wire, *, folder: Path | None = None, dots: int = 576) -> None:
        self._wire = wire
        self._folder = folder
        self._dots = dots
        self._lock = threading.Condition()
        self._condition = Condition()
        self._parser = Parser()
        self._buffer = bytearray()
        self._real_time = b""
        self._printed = bytearray()
        self._dies_after: int | None = None
        self._lines_left: int | None = None
        self.receipts: list[bytes] = []
        """The bytes of each receipt, up to its cut."""
        self.pulses = 0
        """How often the drawer was told to open."""

    @property
    def url(self) -> str:
        """What to write into the appliance's configuration."""
        return self._wire.url

    @property
    def unfinished(self) -> bytes:
        """What is on the paper behind the last cut."""
        with self._lock:
            return bytes(self._printed)

    def start(self) -> None:
        """Switch on. What was in the buffer when it was switched off is gone."""
        with self._lock:
            self._parser, self._real_time, self._dies_after = Parser(), b"", None
            self._buffer.clear()
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
        self._wire.plug(self._receive)

    def stop(self) -> None:
        """Pull the plug."""
        self._wire.unplug()

    def change(self, **condition: bool) -> None:
        """Change the printer's condition, e.g. `change(paper=False)`; see `Condition`."""
        with self._lock:
            self._condition = replace(self._condition, **condition)
            self._work()
            self._lock.notify_all()

    def die_after(self, count: int) -> None:
        """Let the line break when this many more bytes have come in."""
        with self._lock:
            self._dies_after = count

    def run_out_after(self, lines: int) -> None:
        """Let the paper end when this many more lines are printed."""
        with self._lock:
            self._lines_left = lines

    def wait_for(self, condition: Callable[[PrinterSimulator], bool], timeout: float = 10.0) -> bool:
        """Wait until something is so; False after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        with self._lock:
            while not condition(self):
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._lock.wait(min(left, 0.2))
        return True

    def paper(self, receipt: int = -1) -> Paper:
        """Give a receipt as paper."""
        return Paper.of(self.receipts[receipt])

    def picture(self, receipt: int = -1) -> Image.Image:
        """Give a receipt as a picture."""
        return render(self.paper(receipt), dots=self._dots)

    def _receive(self, data: bytes) -> None:
        with self._lock:
            if self._dies_after is not None:
                data = data[: self._dies_after]
                self._dies_after -= len(data)
            dead = self._dies_after == 0
            if not self._condition.deaf:
                for byte in data:
                    self._byte(byte)
                self._work()
            self._lock.notify_all()
        if dead:
            self._wire.unplug()

    def _byte(self, byte: int) -> None:
        """Take one byte; real-time commands are obeyed at once, wherever they stand."""
        self._real_time += bytes((byte,))
        head = self._real_time
        if head[:2] == b"\x10\x04" and len(head) == 3:
            self._wire.send(bytes((self._answer(byte),)))
            self._real_time = b""
        elif head[:2] == b"\x10\x14" and len(head) == 5:
            self.pulses += head[2] == 1
            self._real_time = b""
        elif not any(head[:2] == start[: len(head[:2])] for start in (b"\x10\x04", b"\x10\x14")):
            self._buffer += head
            self._real_time = b""

    def _answer(self, n: int) -> int:
        """Answer DLE EOT n."""
        now = self._condition
        return _FIXED | {
            1: 0x04 * now.drawer_open | 0x08 * (not now.prints),
            2: 0x04 * now.cover_open | 0x20 * (not now.paper) | 0x40 * now.cutter_stuck,
            3: 0x08 * now.cutter_stuck,
            4: 0x0C * (now.paper_low or not now.paper) | 0x60 * (not now.paper),
        }.get(n, 0)

    def _work(self) -> None:
        """Print what is in the buffer, as long as the printer can."""
        data = bytes(self._buffer)
        self._buffer.clear()
        commands = self._parser.feed(data)
        while self._condition.prints and (op := next(commands, None)) is not None:
            self._perform(op)
            if op.name == "LF" and self._lines_left is not None:
                self._lines_left -= 1
                if self._lines_left == 0:
                    self._lines_left = None
                    self._condition = replace(self._condition, paper=False)

    def _perform(self, op: Op) -> None:
        match op.name:
            case "GS r":
                now = self._condition
                self._wire.send(bytes((0x03 * now.paper_low | 0x0C * (not now.paper),)))
            case "GS ( H":
                self._wire.send(b"\x37\x22" + op.data[7:11] + b"\x00")
            case "ESC p":
                self.pulses += 1
            case "GS V":
                self._printed += op.data
                self._keep(bytes(self._printed))
                self._printed.clear()
            case _:
                self._printed += op.data

    def _keep(self, receipt: bytes) -> None:
        self.receipts.append(receipt)
        if self._folder is not None:
            stem = self._folder / f"receipt-{len(self.receipts):04d}"
            stem.with_suffix(".bin").write_bytes(receipt)
            stem.with_suffix(".txt").write_text(Paper.of(receipt).text(), encoding="utf-8")
            self.picture(-1).save(stem.with_suffix(".png"))
