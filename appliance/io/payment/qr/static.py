"""Codes that the till builds itself, which bring no confirmation: Swish, EPC, Swiss QR, EMV.

UnifiedPOS ElectronicValueRW. The customer pays past the till. It shows the code until staff have looked and decided,
or somebody cancels; what became of the money it never knows.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from appliance.core.checkout import DeviceState
from appliance.core.commands import Health
from appliance.core.money import Currency, Money
from appliance.core.payment import (
    NO_EVIDENCE,
    Capabilities,
    Evidence,
    Intent,
    Notify,
    Outcome,
    OutcomeKind,
    Progress,
    Sending,
    Totals,
)
from appliance.drivers import Record
from appliance.errors import ConfigError, DeviceFailure
from appliance.io.payment.qr import emvco
from appliance.io.payment.qr.epc import EpcCode
from appliance.io.payment.qr.iban import Iban
from appliance.io.payment.qr.payload import PayloadError
from appliance.io.payment.qr.reference import qr_reference
from appliance.io.payment.qr.swish import SwishCode
from appliance.io.payment.qr.swiss import Address, ReferenceType, SwissCode

_GLANCE_S: Final = 0.2
_BY_HAND: Final = "the till cannot send this money back: do it in the app or at the bank"
_NOBODY_TELLS: Final = "this code brings no confirmation: look into the app or the account"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticQrOptions:
    """Options of `driver = "static"` in category qr. Each standard wants its own (docs/qr.md)."""

    standard: str
    """swish, epc, swiss or emv."""
    currency: str
    """Of the till: swish SEK; epc EUR; swiss CHF or EUR; emv that of the code."""
    payee: str = ""
    """swish: the shop's number, ten digits."""
    name: str = ""
    """epc, swiss: holder of the account."""
    iban: str = ""
    bic: str = ""
    """epc, where the bank asks for it."""
    street: str = ""
    number: str = ""
    postcode: str = ""
    town: str = ""
    country: str = ""
    message: str = ""
    """Before the number of the sale, where the code carries a message."""
    code: str = ""
    """emv: the whole text of the code on the counter."""

    def __post_init__(self) -> None:
        """Refuse what gives no code."""
        if self.standard not in _BUILD:
            raise ConfigError(f"standard: {self.standard!r} is not one of {', '.join(_BUILD)}")
        try:
            self.text(Money(100, Currency.parse(self.currency)), 1)
        except ValueError as error:
            raise ConfigError(f"{self.standard}: {error}. docs/qr.md says what this code needs.") from error

    def text(self, amount: Money, sale: int) -> str:
        """Give what the code of a sale says; PayloadError if it cannot carry the amount."""
        return _BUILD[self.standard](self, amount, sale)


def _swish(told: StaticQrOptions, amount: Money, sale: int) -> str:
    return SwishCode(payee=told.payee, amount=amount, message=_message(told, sale)).text()


def _epc(told: StaticQrOptions, amount: Money, sale: int) -> str:
    iban = Iban(told.iban)
    return EpcCode(name=told.name, iban=iban, bic=told.bic, amount=amount, remittance=_message(told, sale)).text()


def _swiss(told: StaticQrOptions, amount: Money, sale: int) -> str:
    account = Iban(told.iban)
    creditor = Address(
        name=told.name,
        street=told.street,
        number=told.number,
        postcode=told.postcode,
        town=told.town,
        country=told.country,
    )
    return SwissCode(
        account=account,
        creditor=creditor,
        currency=amount.currency,
        amount=amount,
        reference_type=ReferenceType.QRR if account.qr_iban else ReferenceType.NON,
        reference=qr_reference(str(sale)) if account.qr_iban else "",
        message=_message(told, sale),
    ).text()


def _emv(told: StaticQrOptions, amount: Money, _sale: int) -> str:
    return emvco.parse(told.code).with_amount(amount).text()


def _message(told: StaticQrOptions, sale: int) -> str:
    return f"{told.message} {sale}".strip()


_BUILD: Final[Mapping[str, Callable[[StaticQrOptions, Money, int], str]]] = {
    "swish": _swish,
    "epc": _epc,
    "swiss": _swiss,
    "emv": _emv,
}


class StaticQr:
    """One thread calls; `cancel` and `close` may come from others."""

    category: str = "ElectronicValueRW"
    Options = StaticQrOptions

    def __init__(self, name: str, options: StaticQrOptions) -> None:
        self.name = name
        self.capabilities = Capabilities(lookup=False, reverse=False, confirms=False, unattended=False)
        self._options = options
        self._closing = threading.Event()
        self._stopped: set[UUID] = set()
        self._turned = threading.Event()

    def open(self) -> None:
        """Nothing to open."""
        self._closing.clear()

    def close(self) -> None:
        """End a payment that is under way; it stays for staff to decide."""
        self._closing.set()
        self._turned.set()

    def check(self) -> DeviceState:
        """Say that it can always be shown."""
        detail = f"{self._options.standard} code; {_NOBODY_TELLS}"
        return DeviceState(name=self.name, category=self.category, health=Health.ONLINE, detail=detail)

    def baseline(self) -> None:
        """Nothing: nobody tells what was paid last."""
        return

    def authorise(self, intent: Intent, record: Record, notify: Notify) -> Outcome:
        """Show the code until somebody decides or cancels; the outcome is always for staff to find out."""
        try:
            code = self._options.text(intent.amount, intent.transaction.sequence)
        except PayloadError as error:
            raise DeviceFailure(f"{self.name}: {error}", remedy="Let the customer pay in another way.") from error
        self._turned.clear()
        if not record(Sending()):
            return Outcome(kind=OutcomeKind.NOT_CHARGED, text="the till could not store that a code is shown")
        notify(Progress.SCAN_CODE, True, code)
        while intent.attempt not in self._stopped and not self._closing.is_set():
            self._turned.wait(_GLANCE_S)
            self._turned.clear()
        self._stopped.clear()
        return Outcome(kind=OutcomeKind.UNKNOWN, text=_NOBODY_TELLS)

    def reverse(self, intent: Intent, record: Record, notify: Notify) -> Outcome:
        """Say no: the money must be sent back by hand."""
        if not record(Sending()):
            return Outcome(kind=OutcomeKind.NOT_CHARGED, text="the till could not store it")
        return Outcome(kind=OutcomeKind.DECLINED, text=_BY_HAND)

    def refund(self, intent: Intent, record: Record, notify: Notify) -> Outcome:
        """Say no, as `reverse`."""
        return self.reverse(intent, record, notify)

    def lookup(self, intent: Intent, evidence: Evidence = NO_EVIDENCE) -> Outcome:
        """Say that nobody tells; of a reversal, that it never took place."""
        if intent.original_attempt is not None:
            return Outcome(kind=OutcomeKind.DECLINED, text=_BY_HAND)
        return Outcome(kind=OutcomeKind.UNKNOWN, text=_NOBODY_TELLS)

    def cancel(self, attempt: UUID) -> None:
        """Take the code off the screen."""
        self._stopped.add(attempt)
        self._turned.set()

    def present(self, attempt: UUID, code: str) -> None:
        """No code of the customer's is wanted."""

    def close_day(self) -> Totals | None:
        """Nothing to close."""
        return None
