"""The way to a registered terminal: connects where the terminal hung up, and keeps what it did last."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Final

from appliance.core.money import Currency
from appliance.errors import DeviceBusy, DeviceError
from appliance.io.link import open_link
from appliance.io.payment.zvt import apdu as wire
from appliance.io.payment.zvt import codes
from appliance.io.payment.zvt.baseline import Baseline
from appliance.io.payment.zvt.messages import StatusInformation, TerminalState
from appliance.io.payment.zvt.options import ZvtOptions
from appliance.io.payment.zvt.recovery import Repeated
from appliance.io.payment.zvt.session import Session, Timers
from appliance.io.payment.zvt.wire import SerialWire, TcpWire, Wire

log = logging.getLogger(__name__)

IDLE_REREAD: Final = 60.0
"""Seconds after which the last transaction of a terminal that others can use is read again."""

_SERVICES: Final[Mapping[int, int]] = {0x51: wire.INITIALISATION, 0xC2: wire.DIAGNOSIS}
"""What a terminal's state asks for [Z15 11]."""
_BITS: Final = ((0x01, wire.INITIALISATION), (0x02, wire.DIAGNOSIS))
"""The same in the status byte of a registration [Z15 2.1]."""


class Access:
    """One terminal and the till's connection to it. Its callers take turns."""

    def __init__(self, options: ZvtOptions, *, stopped: Callable[[], bool]) -> None:
        """`stopped`: whether the till is closing the terminal."""
        self.baseline: Baseline | None = None
        """What the terminal did last; None until it has been asked."""
        self.repeats = True
        """Whether the terminal can repeat its last transaction."""
        self.timers = Timers(t3=float(options.t3), t4=float(options.t4))
        self._options = options
        self._currency = Currency.parse(options.currency)
        self._stopped = stopped
        self._session: Session | None = None
        self._read_at = 0.0
        self._sync = ""
        self._wanted = 0
        self._failed = False

    @property
    def terminal_id(self) -> str:
        """The id of the terminal at the other end; "" without a connection."""
        return "" if self._session is None else self._session.registration.terminal_id

    def ready(self, timers: Timers | None = None) -> Session:
        """Give a registered session whose line is open and silent, with the baseline read; DeviceError if none."""
        session = self._open_session()
        if session is not None:
            session.timers = timers or self.timers
            return session
        session = self._connect(timers)
        self.read_baseline(session)
        return session

    def asking(self) -> Session:
        """Give a registered session for a look-up, which reads the last transaction itself."""
        return self._open_session() or self._connect()

    def _open_session(self) -> Session | None:
        return self._session if self._session is not None and self._session.usable else None

    def _connect(self, timers: Timers | None = None) -> Session:
        self.drop()
        options = self._options
        link = open_link(options.link_url, timeout=float(options.connect) if timers is None else timers.t3)
        way: Wire = SerialWire(link, t1=float(options.t1), t2=float(options.t2)) if options.serial else TcpWire(link)
        session = Session(options.url, way, timers or self.timers, stopped=self._stopped)
        try:
            session.register(options.code, options.config, self._currency, options.service, ids=options.message_ids)
        except DeviceError:
            session.close()
            raise
        log.info("terminal %s registered at %s", session.registration.terminal_id, options.url)
        self._session = session
        if not self._failed:
            asked = (control for bit, control in _BITS if session.registration.status & bit)
            self._wanted = next(asked, self._wanted)
        return session

    def read_baseline(self, session: Session) -> None:
        """Ask what the terminal did last (06 20); DeviceError if it cannot say so now, and the line is dropped."""
        try:
            self.take(session.repeat(self._options.code))
        except DeviceError:
            self.drop()
            raise

    def refresh(self, session: Session) -> None:
        """Read the last transaction of an idle terminal that others can use, once in a minute."""
        if not self._options.locked and time.monotonic() - self._read_at > IDLE_REREAD:
            self.read_baseline(session)

    def take(self, repeated: Repeated) -> None:
        """Keep what the terminal says it did last; DeviceBusy if it cannot say so now."""
        if repeated.refusal == codes.BUSY:
            raise DeviceBusy(
                f"{self._options.url}: the terminal cannot tell its last transaction now",
                remedy="Wait until the terminal is idle.",
            )
        self.repeats = repeated.refusal is None
        self.baseline = repeated.baseline(self.baseline, locked=self._options.locked)
        self._read_at = time.monotonic()

    def after(self, status: StatusInformation) -> None:
        """Keep what a dialogue of ours has just shown."""
        self._sync = status.receipt_sync
        if self.baseline is not None:
            self.baseline = self.baseline.after(status)

    @property
    def sync(self) -> str | None:
        """The receipt number for the next payment (1F1F), "" if it is not known, None where none is to be sent.

        One behind the terminal's own would make it reverse its last sale: it is known only while this connection has
        seen everything since the terminal told it.
        """
        return self._sync if self._options.receipt_sync else None

    # Service --------------------------------------------------------------------------------------------------------

    def note(self, state: TerminalState | None) -> None:
        """Take the terminal's state: what it asks for is done before the next payment, unless that did not help."""
        if state is None or state.ready:
            self._failed = False
        else:
            status = 0xFF if state.status is None else state.status
            self._wanted = 0 if self._failed else _SERVICES.get(status, 0)

    @property
    def serves(self) -> bool:
        """Whether the till itself will do what the terminal asks for."""
        return bool(self._wanted)

    def serve(self, session: Session) -> None:
        """Initialise the terminal or run its diagnosis, if it asked for it; DeviceError if it is not ready then.

        Called only before money moves, when nothing on this terminal is unresolved.
        """
        wanted, self._wanted = self._wanted, 0
        if not wanted:
            return
        try:
            session.serve(wanted, self._options.code)
            self.read_baseline(session)
        except DeviceError:
            self._failed = True
            self.drop()
            raise

    def drop(self) -> None:
        """Close the connection; the next command registers again."""
        self._sync = ""
        if self._session is not None:
            self._session.close()
            self._session = None
