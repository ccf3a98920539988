"""The drivers of nexo terminals (UnifiedPOS CAT): `appliance.drivers.TenderDevice` in the two dialects."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from appliance.core.checkout import DeviceState
from appliance.core.commands import Health
from appliance.core.money import Currency
from appliance.core.payment import (
    NO_EVIDENCE,
    Capabilities,
    Evidence,
    Intent,
    IntentKind,
    Notify,
    Outcome,
    OutcomeKind,
    Progress,
    Sending,
    Totals,
)
from appliance.drivers import Record
from appliance.errors import DeviceBusy, DeviceError, DeviceFailure, DeviceOffline
from appliance.io.payment.nexo import adyen, service_id, swedbank
from appliance.io.payment.nexo.access import Access, LoginAccess, OpenAccess
from appliance.io.payment.nexo.attempt import ABORT_PAUSE, ABORTS, Attempt, StopWish
from appliance.io.payment.nexo.envelope import Envelope, Keys
from appliance.io.payment.nexo.http_link import HttpLink, Trust
from appliance.io.payment.nexo.messages import Names, PaymentType, PoiTransaction, Request, Response
from appliance.io.payment.nexo.options import AdyenOptions, NexoOptions, SwedbankOptions
from appliance.io.payment.nexo.search import Search
from appliance.io.payment.nexo.session import Dialect, Session
from appliance.io.payment.nexo.verdict import NO_SESSION, WORKING, meaning, unknown

log = logging.getLogger(__name__)

BRIEF: Final = 1.0
"""Seconds for one answer in a check, which must not keep anybody waiting."""
FIRST_POLL: Final = 0.5
"""Seconds to the second question of a look-up; doubled for each further one."""


class NexoTerminal:
    """What both dialects share. One thread calls; `cancel`, `baseline`, `check` and `close` may come from others."""

    category: str = "CAT"

    def __init__(
        self,
        name: str,
        options: NexoOptions,
        names: Names,
        access: Access,
        connect: Callable[[], tuple[HttpLink, Dialect]],
    ) -> None:
        """`connect` gives link and dialect of this configuration; DeviceFailure if a file of it cannot be used."""
        self.name = name
        self.capabilities = Capabilities(
            lookup=True, cancel=options.abort, reverse=True, refund=True, unattended=options.unattended
        )
        self._common = options
        self._names = names
        self._access = access
        self._connect = connect
        self._currency = Currency.parse(options.currency)
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._session: Session | None = None
        self._rested = 0.0
        """Monotonic: when the terminal is ready for the next payment."""
        self._stop = StopWish()
        self._search = Search(options, access)

    # Life cycle -----------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """See that the terminal answers us; DeviceError with a remedy. A payment that it works on is not disturbed."""
        self._closing.clear()
        with self._lock:
            self._session = None
            link, dialect = self._connect()
            session = Session(
                link, dialect, self._names, connect=float(self._common.connect), stopped=self._closing.is_set
            )
            response = session.probe(float(self._common.answer))
            if response.condition in NO_SESSION:
                self._access.renew(session, float(self._common.answer))
            else:
                self._access.found()
            self._session = session
        log.info("terminal %s answers at %s", self._names.poi_id, self._common.url)

    def close(self) -> None:
        """Close; a payment that is under way ends as UNKNOWN."""
        self._closing.set()
        with self._lock:
            session, self._session = self._session, None
            if session is not None and not self._search.pending:
                self._access.leave(session)

    def check(self) -> DeviceState:
        """Ask the terminal how it is. While it works for a customer that is the answer."""
        if not self._lock.acquire(blocking=False):
            return self._state(Health.ONLINE, "at work")
        try:
            session = self._opened()
            response = session.probe(BRIEF)
            busy = response.condition in WORKING
            detail = meaning(response.condition) if busy else self._tend(session, response)
        except DeviceError as error:
            return self._state(Health.OFFLINE, str(error), error.remedy)
        finally:
            self._lock.release()
        serial = f", serial number {self._access.serial}" if self._access.serial not in ("", self._names.poi_id) else ""
        return self._state(Health.ONLINE, f"terminal {self._names.poi_id}{serial}{'; ' if detail else ''}{detail}")

    def _tend(self, session: Session, response: Response) -> str:
        if response.condition in NO_SESSION:
            self._access.lost()
        # While a payment is in doubt the terminal is only asked, and never logged in or out.
        return "" if self._search.pending else self._access.tend(session, BRIEF)

    def _state(self, health: Health, detail: str, remedy: str = "") -> DeviceState:
        return DeviceState(name=self.name, category=self.category, health=health, detail=detail, remedy=remedy)

    def _opened(self) -> Session:
        if self._session is None:
            raise DeviceOffline(f"{self.name}: the terminal is not open")
        return self._session

    # TenderDevice ---------------------------------------------------------------------------------------------------

    def baseline(self) -> Mapping[str, str] | None:
        """Give what a look-up has to know again: who asked whom, and which hardware it was; None until it answered."""
        if self._session is None:
            return None
        return {"sale": self._names.sale_id, "poi": self._names.poi_id, "serial": self._access.serial}

    def authorise(self, intent: Intent, record: Record, notify: Notify) -> Outcome:
        """Take the money of an intent (Payment).

        DeviceError: nothing was sent. UNKNOWN: bytes have left and nothing is proved; a look-up must follow.
        """
        return self._move(intent, record, notify)

    def reverse(self, intent: Intent, record: Record, notify: Notify) -> Outcome:
        """Undo `intent.original` (Reversal): REVERSED, or DECLINED if the terminal does not do it, or no longer."""
        return self._move(intent, record, notify)

    def refund(self, intent: Intent, record: Record, notify: Notify) -> Outcome:
        """Pay back to the customer's card (Payment of type Refund)."""
        return self._move(intent, record, notify)

    def _move(self, intent: Intent, record: Record, notify: Notify) -> Outcome:
        with self._lock:
            notify(Progress.CONNECTING, False)
            session, request = self._prepare(intent)
            if self._closing.wait(max(0.0, self._rested - time.monotonic())):
                raise DeviceOffline(f"{self.name}: the terminal is closed")
            exchange = session.connect()
            self._stop.begin(intent.attempt)
            try:
                if self._stop.wished(intent.attempt):
                    return Outcome(kind=OutcomeKind.NOT_CHARGED, text="stopped before anything was sent")
                if not record(Sending()):
                    text = "the till could not store that it was about to send"
                    return Outcome(kind=OutcomeKind.NOT_CHARGED, text=text)
                self._search.sent(intent.attempt)
                attempt = Attempt(
                    session,
                    request,
                    intent,
                    record=record,
                    notify=notify,
                    stop=self._stop if self.capabilities.cancel and intent.kind is IntentKind.PAY else None,
                    stopped=self._closing.is_set,
                    attended=not self._common.unattended,
                )
                outcome = attempt.run(exchange, float(self._common.payment))
            finally:
                exchange.close()
                self._stop.end()
                self._rested = time.monotonic() + float(self._common.rest)
            self._settle(intent, outcome)
            return outcome

    def _prepare(self, intent: Intent) -> tuple[Session, Request]:
        if intent.kind is not IntentKind.REVERSE and (
            intent.amount.currency != self._currency or intent.amount.minor <= 0
        ):
            raise DeviceFailure(f"{self.name}: {intent.amount} cannot be paid at a terminal for {self._currency}")
        known = intent.baseline
        if known is None and intent.kind is IntentKind.PAY:
            raise DeviceOffline(
                f"{self.name}: the terminal was not ready when the payment began", remedy="Try once more."
            )
        session = self._opened()
        self._access.ensure(session)
        now = {"sale": self._names.sale_id, "poi": self._names.poi_id, "serial": self._access.serial}
        if known is not None and {**now, **{name: value for name, value in known.items() if value}} != now:
            raise DeviceBusy(
                f"{self.name}: another terminal answers than when the payment began", remedy="Try once more."
            )
        return session, self._request(intent)

    def _request(self, intent: Intent) -> Request:
        service, named, now = service_id.of_attempt(intent.attempt), str(intent.attempt), datetime.now(UTC).astimezone()
        if intent.kind is IntentKind.REVERSE:
            original = None if intent.original is None else PoiTransaction.of_reference(intent.original)
            if original is None:
                raise DeviceFailure(f"{self.name}: nobody knows which payment is to be reversed")
            return self._names.reversal(service, original, transaction=named, now=now)
        return self._names.payment(
            service,
            intent.amount,
            transaction=named,
            now=now,
            kind=PaymentType.REFUND if intent.kind is IntentKind.REFUND else PaymentType.NORMAL,
        )

    def _settle(self, intent: Intent, outcome: Outcome) -> None:
        if outcome.code in NO_SESSION:
            self._access.lost()
        if outcome.kind is not OutcomeKind.UNKNOWN:
            self._search.settled(intent.attempt)

    def cancel(self, attempt: UUID) -> None:
        """Ask the terminal to stop; before the request is out, nothing is sent at all. Blocks for up to ten seconds."""
        if not self.capabilities.cancel:
            return
        self._stop.ask(attempt)
        for _ in range(ABORTS):
            service = self._stop.to_abort(attempt)
            session = self._session
            if not service or session is None:
                return
            try:
                session.abort(service, float(self._common.connect))
            except DeviceError as error:
                log.warning("%s: the wish to stop did not arrive: %s", self.name, error)
            if self._stop.over(attempt, ABORT_PAUSE):
                return

    def present(self, attempt: UUID, code: str) -> None:
        """A card terminal reads no codes of ours."""

    def close_day(self) -> Totals | None:
        """The acquirer settles these terminals by itself: there is nothing to close."""
        return None

    def lookup(self, intent: Intent, evidence: Evidence = NO_EVIDENCE) -> Outcome:
        """Find out what became of an intent, by the ServiceID of its request; moves no money.

        A payment of another amount is APPROVED with what the terminal took: the register has it reversed.
        Asks again while the terminal is busy or away, for the option `patience`; then UNKNOWN.
        """
        give_up = time.monotonic() + float(self._common.patience)
        pause = FIRST_POLL
        while True:
            with self._lock:
                outcome, final = self._ask(intent, evidence)
            if final or time.monotonic() + pause > give_up or self._closing.wait(pause):
                log.info("look-up of %s: %s %s", intent.attempt, outcome.kind, outcome.text)
                return outcome
            pause *= 2

    def _ask(self, intent: Intent, evidence: Evidence) -> tuple[Outcome, bool]:
        try:
            outcome, final = self._search.ask(self._opened(), intent, evidence)
        except DeviceFailure as error:
            return unknown(str(error)), True
        except DeviceError as error:
            return unknown(str(error)), False
        self._settle(intent, outcome)
        return outcome, final


class NexoSwedbank(NexoTerminal):
    """A PAX terminal of Swedbank Pay: XML over HTTP, with a login session."""

    Options = SwedbankOptions

    def __init__(self, name: str, options: SwedbankOptions) -> None:
        """ConfigError: an option cannot be used. Opens nothing."""
        options.check()
        address = options.address
        dialect = Dialect(version=swedbank.VERSION, encode=swedbank.encode, decode=swedbank.decode)

        def connect() -> tuple[HttpLink, Dialect]:
            return HttpLink(address, swedbank.PATH, swedbank.CONTENT_TYPE, None), dialect

        names = Names(sale_id=options.sale_id, poi_id=options.poi_id, explicit=True)
        super().__init__(name, options, names, LoginAccess(options), connect)


class NexoAdyen(NexoTerminal):
    """A terminal of Adyen on the local network: JSON over HTTPS, in the encrypted envelope."""

    Options = AdyenOptions

    def __init__(self, name: str, options: AdyenOptions) -> None:
        """ConfigError: an option cannot be used. Opens nothing, not even the files."""
        options.check()
        address = options.address

        def connect() -> tuple[HttpLink, Dialect]:
            trust = Trust.of_file(options.ca_file, options.certificate_names)
            keys = Keys.derive(_passphrase(options))
            envelope = Envelope(keys=keys, identifier=options.key_identifier, version=options.key_version)
            dialect = Dialect(version=adyen.VERSION, encode=envelope.seal, decode=envelope.open)
            return HttpLink(address, adyen.PATH, adyen.CONTENT_TYPE, trust), dialect

        names = Names(sale_id=options.sale_id, poi_id=options.poi_id, explicit=False)
        super().__init__(name, options, names, OpenAccess(options.poi_id), connect)


def _passphrase(options: AdyenOptions) -> str:
    file = options.passphrase_file
    try:
        passphrase = file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeError) as error:
        raise DeviceFailure(
            f"passphrase_file: {file} cannot be read",
            remedy="Put the passphrase of the shared key there, readable by the till.",
        ) from error
    if not passphrase:
        raise DeviceFailure(f"passphrase_file: {file} is empty", remedy="Put the passphrase of the shared key there.")
    return passphrase
