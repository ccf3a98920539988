"""What a terminal wants before it can be asked anything: a login session at Swedbank Pay, nothing at Adyen."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Protocol

from appliance.errors import DeviceBusy, DeviceError, DeviceFailure
from appliance.io.payment.nexo.messages import Result
from appliance.io.payment.nexo.options import SwedbankOptions
from appliance.io.payment.nexo.session import Session
from appliance.io.payment.nexo.verdict import meaning

log = logging.getLogger(__name__)

GOODBYE: Final = 1.0
"""Seconds that a logout may take."""


class Access(Protocol):
    """The way in. Every method may raise DeviceError."""

    @property
    def serial(self) -> str:
        """Which piece of hardware answers; "" = not known."""
        ...

    def found(self) -> None:
        """The terminal answers us without having been asked to let us in."""
        ...

    def lost(self) -> None:
        """The terminal says that it knows nothing of us."""
        ...

    def renew(self, session: Session, timeout: float, /) -> None:
        """Ask to be let in."""
        ...

    def ensure(self, session: Session, /) -> None:
        """Be let in, and know which piece of hardware it is. Only where no payment can be disturbed."""
        ...

    def tend(self, session: Session, timeout: float, /) -> str:
        """Do what is due at an idle terminal; say what there is to say. `timeout`: seconds for an answer."""
        ...

    def leave(self, session: Session, /) -> None:
        """Say goodbye to an idle terminal."""
        ...


class OpenAccess:
    """Adyen: no session. The POIID is model and serial number, so that only one terminal answers to it."""

    def __init__(self, poi_id: str) -> None:
        self.serial = poi_id

    def found(self) -> None:
        """Nothing to do."""

    def lost(self) -> None:
        """Nothing to do."""

    def renew(self, _session: Session, _timeout: float, /) -> None:
        """There is no session to begin, so that this is a matter of the set-up."""
        raise DeviceFailure(
            f"terminal {self.serial} does not let the till in", remedy="Look at the terminal's settings at Adyen."
        )

    def ensure(self, _session: Session, /) -> None:
        """Nothing to do."""

    def tend(self, _session: Session, _timeout: float, /) -> str:
        """Nothing to do."""
        return ""

    def leave(self, _session: Session, /) -> None:
        """Nothing to do."""


class LoginAccess:
    """Swedbank Pay: a login session. Login resets the terminal [SWP Login], so it is never sent into a payment."""

    def __init__(self, options: SwedbankOptions, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.serial = ""
        self._options = options
        self._clock = clock
        self._inside = False

    def found(self) -> None:
        """A session from before goes on. Which piece of hardware it is, is said only at the next login."""
        self._inside = True
        self.serial = ""

    def lost(self) -> None:
        """The terminal was restarted, or somebody else has logged in."""
        self._inside = False

    def renew(self, session: Session, timeout: float, /) -> None:
        """Log in."""
        self._inside = False
        answer = session.login(self._options.language, timeout)
        if answer.response.result is not Result.SUCCESS:
            text = f"terminal {self._options.poi_id} refuses the login: " + meaning(
                answer.response.condition, answer.response.text
            )
            if answer.response.condition == "Busy":
                raise DeviceBusy(text, remedy="Wait until the terminal is idle.")
            raise DeviceFailure(text, remedy="Check poi_id: it has to be registered at Swedbank Pay.")
        self._inside = True
        self.serial = answer.serial
        log.info("logged in at terminal %s, serial number %s", self._options.poi_id, self.serial)

    def ensure(self, session: Session, /) -> None:
        """Log in where that has not been done, or not by this process."""
        if not self._inside or not self.serial:
            self.renew(session, float(self._options.answer))

    def tend(self, session: Session, timeout: float, /) -> str:
        """Log out in the hour of maintenance, and log in after it, or when the terminal was restarted."""
        if self._options.in_maintenance(self._clock().astimezone()):
            if self._inside:
                self.leave(session)
            return f"logged out for maintenance, {self._options.maintenance}"
        if not self._inside:
            self.renew(session, timeout)
        return ""

    def leave(self, session: Session, /) -> None:
        """Log out, and let the terminal update itself."""
        if self._inside:
            self._inside = False
            try:
                response = session.logout(GOODBYE)
            except DeviceError as error:
                log.info("terminal %s: no logout: %s", self._options.poi_id, error)
            else:
                log.info("logged out at terminal %s: %s", self._options.poi_id, response.result)
