"""Cash taken by a machine (UnifiedPOS CashChanger): a tender device on top of any `drivers.CashDevice`.

Each coin and note is on disk before the machine hears that we know it. What a restart finds is reckoned from the
machine's own count: credits less what was paid out under the attempt's name. If a credit cannot be named, staff decide.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib.metadata import EntryPoint, entry_points
from typing import Final
from uuid import UUID

from appliance.core.checkout import DeviceState
from appliance.core.commands import Health
from appliance.core.money import Currency, Money, total
from appliance.core.payment import (
    CHANGE_DUE,
    NO_EVIDENCE,
    Capabilities,
    CashCredit,
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
from appliance.drivers import CashDevice, CashReport, Record
from appliance.errors import ConfigError, DeviceError, DeviceFailure, DeviceOffline

GROUP: Final = "kvitt.cash_devices"
"""Entry points of classes that implement `drivers.CashDevice`; built as (address, currency)."""
_GLANCE_S: Final = 0.05

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class CashAcceptorOptions:
    """Options of `driver = "acceptor"` in category cash. Seconds."""

    device: str
    """Entry point of the machine's driver."""
    address: str
    """Where the machine is, as its driver wants it."""
    currency: str
    """Of the till."""
    pays_out: bool = True
    """Whether it can give change, and give money back."""
    idle: Decimal = Decimal(120)
    """Without a coin or note the payment is stopped, and what was put in is paid back."""
    patience: Decimal = Decimal(30)
    """For the machine to come to rest, and to pay out."""

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        try:
            Currency.parse(self.currency)
        except ValueError as error:
            raise ConfigError(f"currency: {error}") from error
        if not re.fullmatch(r"[\w.-]{1,60}", self.device):
            raise ConfigError(f"device: {self.device!r} is no name of a driver")


def find(device: str, entries: Mapping[str, EntryPoint] | None = None) -> Callable[[str, Currency], CashDevice]:
    """Give the class of a machine's driver; ConfigError names those that are installed."""
    known = {entry.name: entry for entry in entry_points(group=GROUP)} if entries is None else entries
    if device not in known:
        raise ConfigError(f"unknown cash device {device!r}; installed: {', '.join(sorted(known)) or 'none'}")
    found: Callable[[str, Currency], CashDevice] = known[device].load()
    return found


class _NotStored(Exception):
    """The journal does not take a credit: nothing may be acknowledged, and nothing more taken."""


class CashAcceptor:
    """One thread calls; `cancel` and `close` may come from others."""

    category: str = "CashChanger"
    Options = CashAcceptorOptions

    def __init__(self, name: str, options: CashAcceptorOptions) -> None:
        self.name = name
        self.capabilities = Capabilities(reverse=options.pays_out, refund=options.pays_out, unattended=True)
        self._options = options
        self._currency = Currency.parse(options.currency)
        self._machine: CashDevice = find(options.device)(options.address, self._currency)
        self._counter: int | None = None
        self._wished: set[UUID] = set()
        self._closing = threading.Event()

    # Device ---------------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Connect; the machine takes nothing yet."""
        self._closing.clear()
        self._machine.open()
        self._machine.refuse()
        self._counter = self._machine.poll().counter

    def close(self) -> None:
        """Let go; a payment that is under way ends as UNKNOWN."""
        self._closing.set()
        self._machine.close()

    def check(self) -> DeviceState:
        """Ask the machine how it is."""
        report = self._machine.poll()
        self._counter = report.counter
        health = Health.OFFLINE if report.detail else Health.ONLINE
        detail = report.detail or f"{report.counter} coins and notes so far"
        return DeviceState(
            name=self.name, category=self.category, health=health, detail=detail, remedy=report.detail and "Open it."
        )

    # TenderDevice ---------------------------------------------------------------------------------------------------

    def baseline(self) -> Mapping[str, str] | None:
        """Give the machine's count: what it takes from here on belongs to the next payment."""
        return None if self._counter is None else {"counter": str(self._counter)}

    def authorise(self, intent: Intent, record: Record, notify: Notify) -> Outcome:
        """Take coins and notes until there is enough, or somebody stops; give change, or give all of it back."""
        base = _base(intent)
        if base is None:
            raise DeviceOffline(f"{self.name}: the machine was not ready when the payment began", remedy="Try again.")
        if self._machine.poll().counter != base:
            raise DeviceFailure(
                f"{self.name}: the machine took cash while nobody paid, or is another one",
                remedy="Look into the machine, then try once more.",
            )
        # All of it is known to the journal since its payments ended.
        self._machine.acknowledge(base)
        if self._stopped(intent.attempt):
            return Outcome(kind=OutcomeKind.NOT_CHARGED, text="stopped before the machine was opened")
        if not record(Sending()):
            return Outcome(kind=OutcomeKind.NOT_CHARGED, text="the till could not store that it opens the machine")
        try:
            return self._take(intent, base, record, notify)
        except _NotStored:
            self._refuse()
            return _unknown("the till could not store a coin or note; the machine is shut")
        except DeviceError as error:
            self._refuse()
            return _unknown(str(error))
        except Exception as error:
            log.exception("cash payment %s broke off", intent.attempt)
            self._refuse()
            return _unknown(f"fault of the till: {type(error).__name__}")
        finally:
            self._wished.clear()

    def reverse(self, intent: Intent, record: Record, notify: Notify) -> Outcome:
        """Pay the money out again."""
        if not record(Sending()):
            return Outcome(kind=OutcomeKind.NOT_CHARGED, text="the till could not store that it pays out")
        try:
            paid = self._pay_out(intent.attempt, intent.amount)
        except DeviceError as error:
            return _unknown(str(error))
        if not paid:
            return Outcome(kind=OutcomeKind.DECLINED, text="the machine cannot pay this out: give it from the drawer")
        return _paid_back(intent, paid)

    def refund(self, intent: Intent, record: Record, notify: Notify) -> Outcome:
        """Pay the money out, as `reverse`."""
        return self.reverse(intent, record, notify)

    def lookup(self, intent: Intent, evidence: Evidence = NO_EVIDENCE) -> Outcome:
        """Reckon what became of an intent from the machine's count, the journal's credits and what was paid out."""
        report = self._machine.poll()
        paid = self._machine.paid_out(intent.attempt)
        if report.accepting:
            self._machine.refuse()
        if report.accepting or paid is None:
            return _unknown("the machine is still at work")
        if intent.kind is not IntentKind.PAY:
            if not paid:
                return Outcome(kind=OutcomeKind.NOT_CHARGED, text="the machine has paid nothing out")
            return _paid_back(intent, paid)
        base = _base(intent)
        if base is None or report.counter < base:
            return _unknown("the machine is another one than when the payment began: count what is in it")
        taken = {int(number): amount for number, amount in evidence.credits.items()}
        try:
            taken |= _credits(report, base, frozenset(taken))
        except DeviceFailure as error:
            return _unknown(str(error))
        if len(taken) != report.counter - base:
            return _unknown("the journal knows of more coins and notes than the machine: count what is in it")
        return self._end(intent, total(tuple(taken.values()), self._currency), paid)

    def cancel(self, attempt: UUID) -> None:
        """Ask to stop: what was put in is paid back, or stays as a part payment."""
        self._wished.add(attempt)

    def present(self, attempt: UUID, code: str) -> None:
        """Cash needs no code."""

    def close_day(self) -> Totals | None:
        """Nothing to close: the drawer's count is the staff's."""
        return None

    # A payment ------------------------------------------------------------------------------------------------------

    def _stopped(self, attempt: UUID) -> bool:
        return attempt in self._wished or self._closing.is_set()

    def _take(self, intent: Intent, base: int, record: Record, notify: Notify) -> Outcome:
        taken: dict[int, Money] = {}
        self._machine.accept()
        notify(Progress.INSERT_CASH, True)
        moved = time.monotonic()
        while total(tuple(taken.values()), self._currency) < intent.amount and not self._stopped(intent.attempt):
            if self._credit(self._machine.poll(), base, taken, record):
                moved = time.monotonic()
            if time.monotonic() - moved >= self._options.idle:
                break
            self._closing.wait(_GLANCE_S)
        notify(Progress.WORKING, False)
        self._machine.refuse()
        self._wait(lambda: self._at_rest(base, taken, record), "the machine does not come to rest")
        given = total(tuple(taken.values()), self._currency)
        back = given - intent.amount if given >= intent.amount else given
        paid = self._pay_out(intent.attempt, back)
        return self._end(intent, given, paid)

    def _credit(self, report: CashReport, base: int, taken: dict[int, Money], record: Record) -> bool:
        """Have what is new recorded, one by one, and only then acknowledge it; whether there was any."""
        new = _credits(report, base, frozenset(taken))
        for number, amount in sorted(new.items()):
            if not record(CashCredit(amount, str(number))):
                raise _NotStored
            taken[number] = amount
        if new:
            self._machine.acknowledge(report.counter)
            self._counter = report.counter
        return bool(new)

    def _at_rest(self, base: int, taken: dict[int, Money], record: Record) -> bool:
        report = self._machine.poll()
        self._credit(report, base, taken, record)
        return not report.accepting

    def _pay_out(self, order: UUID, amount: Money) -> Money:
        """Pay out under a name, once; give what the machine says that it paid."""
        if not amount or not self._options.pays_out:
            return Money(0, self._currency)
        self._machine.pay_out(order, amount)
        self._wait(lambda: self._machine.paid_out(order) is not None, "the machine does not stop paying out")
        return self._machine.paid_out(order) or Money(0, self._currency)

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + float(self._options.patience)
        while not condition():
            if time.monotonic() >= deadline or self._closing.wait(_GLANCE_S):
                raise DeviceFailure(f"{self.name}: {what}")

    def _end(self, intent: Intent, given: Money, paid: Money) -> Outcome:
        """Say how a payment ended, of which `given` was put in and `paid` went out again."""
        if given >= intent.amount:
            due = given - intent.amount - paid
            if due.minor < 0:
                return _unknown(f"the machine paid out {-due} more than the change")
            text = f"{due} of change was not paid out: give it to the customer" if due else ""
            return Outcome(
                kind=OutcomeKind.APPROVED,
                amount=intent.amount,
                given=given,
                code=CHANGE_DUE if due else "",
                text=text,
            )
        left = given - paid
        if not left:
            return Outcome(kind=OutcomeKind.CANCELLED, text="what was put in was paid back" if given else "")
        return Outcome(kind=OutcomeKind.APPROVED, amount=left, given=left, text="stopped before there was enough")

    def _refuse(self) -> None:
        try:
            self._machine.refuse()
        except DeviceError as error:
            log.warning("%s: %s", self.name, error)


def _base(intent: Intent) -> int | None:
    known = (intent.baseline or {}).get("counter", "")
    return int(known) if known.isdecimal() else None


def _credits(report: CashReport, base: int, known: frozenset[int]) -> dict[int, Money]:
    """Give the credits since a count that are not known yet; DeviceFailure if one cannot be named any more."""
    new: dict[int, Money] = {}
    for number in range(base + 1, report.counter + 1):
        if number in known:
            continue
        if number not in report.credits:
            raise DeviceFailure("the machine took a coin or note whose value it cannot name: count what is in it")
        new[number] = report.credits[number]
    return new


def _paid_back(intent: Intent, paid: Money) -> Outcome:
    if paid != intent.amount:
        return _unknown(f"the machine paid out {paid} of {intent.amount}")
    kind = OutcomeKind.REVERSED if intent.kind is IntentKind.REVERSE else OutcomeKind.APPROVED
    return Outcome(kind=kind, amount=paid)


def _unknown(text: str) -> Outcome:
    return Outcome(kind=OutcomeKind.UNKNOWN, text=text)
