"""Receipt printer on ESC/POS: any Epson TM or one that speaks like it, over serial, USB, TCP or a device file."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from appliance.core.checkout import DeviceState
from appliance.core.commands import Health
from appliance.core.receipt import ReceiptDocument
from appliance.errors import ConfigError, DeviceError, DeviceFailure, DeviceOffline, DeviceTimeout
from appliance.io.link import Link, open_link
from appliance.io.printers import layout, status
from appliance.io.printers.status import PrinterStatus, Replies, Reply

if TYPE_CHECKING:
    from appliance.io.printers.composer import Press

log = logging.getLogger(__name__)

_DOTS: Final = {(80, 42): 512, (80, 48): 576, (80, 64): 576, (58, 32): 384, (58, 42): 384}
_SILENT: Final = "Check the printer's power and cable; for a serial one also baud rate and handshake."
_STALL: Final = 3.0
"""Seconds for connecting, and for which the printer may take no byte: a customer waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EscposOptions:
    """[devices.printer] with driver = "escpos"."""

    url: str
    """serial:///dev/ttyUSB0?baud=38400&flow=rtscts, usb://04b8:0e15, tcp://host:9100 or file:///dev/usb/lp0."""
    paper_mm: int = 80
    """Width of the roll: 80 or 58."""
    columns: int = 0
    """Characters on a line: 48 or 42 on 80 mm, 32 or 42 on 58 mm; 0 = 48 or 32."""
    font: str = "a"
    """The printer's font: "a" (12 x 24 dots), or "b" (9 x 17) with 64 columns on 80 mm or 42 on 58 mm."""
    profile: str = "default"
    """Printer profile of python-escpos: its code pages and their numbers."""
    code_pages: tuple[str, ...] = ("CP858", "CP865", "CP1252")
    """Code pages to use, as far as the profile has them; what is in none is printed as a picture. [] = pictures."""
    chinese_mode: bool = False
    """The printer wakes up in Chinese mode (æ ø å come out as Chinese): switch that off at every job."""
    pictures: str = "raster"
    """How pictures are sent: raster (GS v 0), graphics (GS ( L) or column (ESC *)."""
    qr: str = "native"
    """native: the printer draws the code (GS ( k); picture: for printers that cannot."""
    qr_size: int = 6
    """Dots per module, 1-16; made smaller where the code would not fit."""
    logo: str = ""
    """Picture file of the shop's logo; "" = none."""
    cut: str = "part"
    """part, full or none."""
    answers: bool = True
    """The printer answers. false: a printer or cable that can only listen; then nobody knows what became of a job."""
    confirm: str = "status"
    """How a printed receipt is confirmed: status (GS r, all models) or process_id (GS ( H, newer Epson; noise on the
    line cannot pass for it)."""
    answer_ms: int = 500
    """How long an answer may take."""
    job_seconds: int = 45
    """How long a whole receipt may take."""

    def __post_init__(self) -> None:
        allowed = {
            "font": ("a", "b"),
            "pictures": ("raster", "graphics", "column"),
            "qr": ("native", "picture"),
            "cut": ("part", "full", "none"),
            "confirm": ("status", "process_id"),
        }
        for key, values in allowed.items():
            if getattr(self, key) not in values:
                raise ConfigError(f"printer: {key} = {getattr(self, key)!r} is not one of {', '.join(values)}")
        if (self.paper_mm, self.width) not in _DOTS:
            known = ", ".join(f"{columns} on {paper} mm" for paper, columns in _DOTS)
            raise ConfigError(f"printer: {self.width} columns on {self.paper_mm} mm are not known; known: {known}")
        if not 1 <= self.qr_size <= 16:
            raise ConfigError(f"printer: qr_size = {self.qr_size} is not from 1 to 16")

    @property
    def width(self) -> int:
        """Characters on a line."""
        natural = {"a": {80: 48, 58: 32}, "b": {80: 64, 58: 42}}[self.font]
        return self.columns or natural.get(self.paper_mm, 0)


class EscposPrinter:
    """UnifiedPOS POSPrinter. Any thread may call; the line is used by one call at a time."""

    category = "POSPrinter"
    Options = EscposOptions

    def __init__(self, name: str, options: EscposOptions) -> None:
        self.name = name
        self._options = options
        self._line = threading.RLock()
        self._link: Link | None = None
        self._press: Press | None = None
        self._jobs = 0

    def open(self) -> None:
        """Open the line and see that a printer answers."""
        with self._line:
            self.close()
            self._press = self._press or self._prepare()
            if self._options.url.startswith("usb:"):
                from appliance.io.printers.usb import open_usb  # noqa: PLC0415 - libusb only where a printer needs it

                self._link = open_usb(self._options.url, timeout=_STALL)
            else:
                self._link = open_link(self._options.url, timeout=_STALL)
            try:
                self._ask()
            except DeviceError:
                self.close()
                raise

    def close(self) -> None:
        """Close the line."""
        with self._line:
            if self._link is not None:
                self._link.close()
                self._link = None

    def check(self) -> DeviceState:
        """Ask for paper, cover and errors."""
        with self._line:
            answer = self._ask()
        if answer is None:
            return self._state("listens only: paper and cover are not known", "")
        obstacle, remedy = answer.obstacle or ("", "")
        if answer.paper_low and not obstacle:
            obstacle, remedy = "the paper is running low", "Have a new paper roll ready."
        return self._state(obstacle or "ready", remedy, answer)

    def print(self, document: ReceiptDocument) -> None:
        """Print and cut one document; see `drivers.ReceiptPrinter` for what its faults mean."""
        with self._line:
            try:
                job = self._compose(document)
                self._refuse_if_not_ready()
            except DeviceFailure:
                raise
            except DeviceError as error:
                raise DeviceFailure(f"nothing was printed: {error}", remedy=error.remedy) from error
            link = self._require()
            if not self._options.answers:
                link.write(job)
                return
            deadline = time.monotonic() + self._options.job_seconds
            self._jobs += 1
            mark = status.paper_mark()
            expected: Reply = status.PaperMark()
            if self._options.confirm == "process_id":
                mark, expected = status.process_mark(self._jobs), status.ProcessMark(f"{self._jobs % 10_000:04d}")
            link.write(job + mark)
            self._await(expected, link, deadline)

    def kick(self, pin: int, on_ms: int) -> None:
        """Give a pulse at pin 2 or 5 of the drawer connector, of up to 510 ms."""
        from appliance.io.printers import composer  # noqa: PLC0415 - python-escpos takes a third of a second to import

        with self._line:
            if self._ask(status.PRINTER) is None:
                log.info("%s: the pulse is sent, but this printer cannot confirm it", self.name)
            self._require().write(composer.pulse(pin, on_ms, on_ms))

    def drawer_signal(self) -> bool | None:
        """Level of pin 3 of the drawer connector; None where the printer only listens."""
        with self._line:
            answer = self._ask(status.PRINTER)
        return None if answer is None else answer.drawer_signal

    def _prepare(self) -> Press:
        from appliance.io.printers import composer  # noqa: PLC0415 - python-escpos takes a third of a second to import

        options, logo = self._options, None
        dots = _DOTS[options.paper_mm, options.width]
        if options.profile not in composer.profiles():
            raise DeviceFailure(
                f"there is no printer profile {options.profile!r}", remedy=f"One of {', '.join(composer.profiles())}."
            )
        if options.logo:
            try:
                logo = composer.load_logo(options.logo, dots)
            except OSError as error:
                raise DeviceFailure(
                    f"logo {options.logo} cannot be read: {error}",
                    remedy="Correct the path, or take it out.",
                ) from error
        return composer.Press(
            profile=options.profile,
            code_pages=options.code_pages,
            columns=options.width,
            dots=dots,
            font=options.font,
            pictures=options.pictures,
            qr_native=options.qr == "native",
            qr_size=options.qr_size,
            cut=options.cut,
            chinese_mode=options.chinese_mode,
            logo=logo,
        )

    def _compose(self, document: ReceiptDocument) -> bytes:
        from appliance.io.printers import composer  # noqa: PLC0415 - python-escpos takes a third of a second to import

        press = self._press = self._press or self._prepare()
        return composer.compose(press, layout.lay_out(document, press.columns))

    def _refuse_if_not_ready(self) -> None:
        answer = self._ask()
        obstacle = answer.obstacle if answer is not None else None
        if obstacle is not None:
            raise DeviceFailure(obstacle[0], remedy=obstacle[1])

    def _require(self) -> Link:
        if self._link is None:
            raise DeviceOffline(f"the printer {self.name!r} is not open", remedy="Mend the printer first.")
        return self._link

    def _ask(self, *questions: int) -> PrinterStatus | None:
        """Put these questions of DLE EOT, or all; None where the printer only listens."""
        link = self._require()
        if not link.alive():
            raise DeviceOffline(f"{link.url}: the printer is gone", remedy=_SILENT)
        if not self._options.answers:
            return None
        link.read(4096, 0)  # what is left of earlier answers
        answers: dict[int, int] = {}
        for n in questions or status.QUESTIONS:
            link.write(status.question(n))
            byte = self._answer(link)
            if byte is not None:
                answers[n] = byte
            elif n in (status.PRINTER, status.OFFLINE):
                raise DeviceTimeout(f"{link.url}: the printer does not answer", remedy=_SILENT)
        return PrinterStatus.of_answers(answers)

    def _answer(self, link: Link) -> int | None:
        replies = Replies()
        deadline = time.monotonic() + self._options.answer_ms / 1000
        while (left := deadline - time.monotonic()) > 0:
            for reply in replies.feed(link.read(64, left)):
                if isinstance(reply, status.RealTime):
                    return reply.byte
        return None

    def _await(self, expected: Reply, link: Link, deadline: float) -> None:
        """Wait for the answer that stands behind the job; look meanwhile whether the printer still works."""
        replies, silent = Replies(), 0
        while time.monotonic() < deadline:
            if expected in replies.feed(link.read(64, 1.0)):
                return
            link.write(status.question(status.OFFLINE))
            received = replies.feed(link.read(64, self._options.answer_ms / 1000))
            if expected in received:
                return
            answers = [reply.byte for reply in received if isinstance(reply, status.RealTime)]
            silent = 0 if answers else silent + 1
            if silent == 3:
                raise DeviceTimeout("the printer fell silent in the middle of the receipt", remedy=_SILENT)
            now = PrinterStatus.of_answers({status.OFFLINE: answers[-1]} if answers else {})
            if now.obstacle is not None:
                what, remedy = now.obstacle
                raise DeviceTimeout(f"stopped in the middle of the receipt: {what}", remedy=remedy)
        raise DeviceTimeout("the printer took too long to confirm the receipt", remedy=_SILENT)

    def _state(self, detail: str, remedy: str, answer: PrinterStatus | None = None) -> DeviceState:
        return DeviceState(
            name=self.name,
            category=self.category,
            health=Health.ONLINE,
            conditions=answer.conditions if answer is not None else frozenset(),
            detail=detail,
            remedy=remedy,
        )
