"""The way to a registered terminal: connects where the terminal hung up, and keeps what it did last."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from appliance.core.money import Currency
from appliance.errors import DeviceBusy, DeviceError
from appliance.io.link import open_link
from appliance.io.payment.zvt import codes
from appliance.io.payment.zvt.baseline import Baseline
from appliance.io.payment.zvt.messages import StatusInformation
from appliance.io.payment.zvt.options import ZvtOptions
from appliance.io.payment.zvt.recovery import Repeated
from appliance.io.payment.zvt.session import Session, Timers
from appliance.io.payment.zvt.wire import SerialWire, TcpWire, Wire

log = logging.getLogger(__name__)

IDLE_REREAD: Final = 60.0
"""Seconds after which the last transaction of a terminal that others can use is read again."""


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
        wire: Wire = SerialWire(link, t1=float(options.t1), t2=float(options.t2)) if options.serial else TcpWire(link)
        session = Session(options.url, wire, timers or self.timers, stopped=self._stopped)
        try:
            session.register(options.code, options.config, self._currency, options.service)
        except DeviceError:
            session.close()
            raise
        log.info("terminal %s registered at %s", session.registration.terminal_id, options.url)
        self._session = session
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
        if self.baseline is not None:
            self.baseline = self.baseline.after(status)

    def drop(self) -> None:
        """Close the connection; the next command registers again."""
        if self._session is not None:
            self._session.close()
            self._session = None
