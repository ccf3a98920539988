"""What can be set for a nexo terminal, as it stands in the configuration (docs/nexo.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Final

from appliance.core.money import Currency
from appliance.errors import ConfigError
from appliance.io.payment.nexo.http_link import Address

SWEDBANK_CURRENCIES: Final = ("DKK", "EUR", "NOK", "SEK")
SWEDBANK_LANGUAGES: Final = ("da", "fi", "no", "sv")
_NAME: Final = re.compile(r"[!-~]{1,32}")
_WINDOW: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class NexoOptions:
    """Options of both dialects. Times are seconds."""

    url: str
    """http://192.0.2.60:11000 (Swedbank Pay) or https://192.0.2.60:8443 (Adyen)."""
    sale_id: str
    """The till's name at the terminal; never changed while a payment is in doubt."""
    poi_id: str
    """The terminal's name."""
    currency: str = "NOK"
    """ISO 4217 code."""
    unattended: bool = False
    """Nobody can check a signature here. Needs the acquirer's written consent."""
    abort: bool = True
    """The terminal takes an Abort during a payment, so that a customer can cancel on the screen."""
    connect: Decimal = Decimal(5)
    """How long connecting may take."""
    answer: Decimal = Decimal(10)
    """For the answer to a message that needs no customer."""
    payment: Decimal = Decimal(190)
    """For the answer to a payment, from its sending."""
    host_timeout: Decimal = Decimal(180)
    """The time after which the terminal has decided about a payment; only then "not found" proves anything."""
    not_found_pause: Decimal = Decimal(5)
    """Between the two answers "not found" that prove that nothing was charged."""
    rest: Decimal = Decimal(0)
    """From one payment's answer to the next request: a terminal that still talks to its bank refuses it as busy."""
    patience: Decimal = Decimal(4)
    """How long one look-up goes on asking a terminal that is busy or away; its caller asks again for ever."""

    def check(self) -> None:
        """ConfigError names the option that cannot be used."""
        try:
            Currency.parse(self.currency)
        except ValueError as error:
            raise ConfigError(f"currency: {error}") from error
        for name, text in (("sale_id", self.sale_id), ("poi_id", self.poi_id)):
            if not _NAME.fullmatch(text):
                raise ConfigError(f"{name}: {text!r} cannot be used; 1 to 32 letters, digits and signs, no space")
        for name in ("connect", "answer", "payment", "host_timeout", "not_found_pause", "patience"):
            seconds: Decimal = getattr(self, name)
            if not (seconds.is_finite() and seconds > 0):
                raise ConfigError(f"{name}: {seconds} is no time in seconds")
        if not (self.rest.is_finite() and self.rest >= 0):
            raise ConfigError(f"rest: {self.rest} is no time in seconds")
        if self.payment < self.host_timeout:
            raise ConfigError("payment: must not be shorter than host_timeout, or good answers are thrown away")


@dataclass(frozen=True, slots=True, kw_only=True)
class SwedbankOptions(NexoOptions):
    """Options of the driver "nexo-swedbank"."""

    rest: Decimal = Decimal(3)
    language: str = "no"
    """The till's language at the terminal: da, fi, no or sv."""
    maintenance: str = "03:00-04:00"
    """When the till logs out every day, local time, so that the terminal can update itself; "" = never."""

    @property
    def address(self) -> Address:
        """Where the terminal listens."""
        return Address.parse(self.url, "http")

    def check(self) -> None:
        """ConfigError names the option that cannot be used."""
        NexoOptions.check(self)
        if self.currency not in SWEDBANK_CURRENCIES:
            raise ConfigError(f"currency: {self.currency} cannot be used here, only {', '.join(SWEDBANK_CURRENCIES)}")
        if self.language not in SWEDBANK_LANGUAGES:
            raise ConfigError(f"language: {self.language!r} cannot be used, only {', '.join(SWEDBANK_LANGUAGES)}")
        if self.maintenance and not _WINDOW.fullmatch(self.maintenance):
            raise ConfigError(f'maintenance: {self.maintenance!r} cannot be used; write "03:00-04:00" or ""')

    def in_maintenance(self, now: datetime) -> bool:
        """Whether the till leaves the terminal alone at a local time."""
        window = _WINDOW.fullmatch(self.maintenance)
        if window is None:
            return False
        hour, minute, last_hour, last_minute = map(int, window.groups())
        begin, end, at = time(hour, minute), time(last_hour, last_minute), now.time()
        return begin <= at < end if begin <= end else at >= begin or at < end


@dataclass(frozen=True, slots=True, kw_only=True)
class AdyenOptions(NexoOptions):
    """Options of the driver "nexo-adyen"."""

    payment: Decimal = Decimal(150)
    host_timeout: Decimal = Decimal(120)
    key_identifier: str
    """Name of the shared key, as it is set for the terminal."""
    key_version: int = 1
    passphrase_file: Path
    """A file that holds the passphrase of the shared key and nothing else; readable by the till alone."""
    ca_file: Path
    """Adyen's root certificate for terminals, PEM."""
    test: bool = False
    """A terminal of Adyen's test platform: its certificate is for *.test.terminal.adyen.com."""
    certificate_name: str = ""
    """The name in the terminal's certificate, where it is another than Adyen's."""

    @property
    def address(self) -> Address:
        """Where the terminal listens."""
        return Address.parse(self.url, "https")

    def check(self) -> None:
        """ConfigError names the option that cannot be used."""
        NexoOptions.check(self)
        if not self.key_identifier:
            raise ConfigError("key_identifier: the name of the shared key is missing")
        if self.key_version < 0:
            raise ConfigError(f"key_version: {self.key_version} cannot be used")

    @property
    def certificate_names(self) -> frozenset[str]:
        """The names that the terminal's certificate may have [ADY Protect local communications]."""
        if self.certificate_name:
            return frozenset({self.certificate_name.lower()})
        platform = "test" if self.test else "live"
        names = (self.poi_id, "legacy-terminal-certificate")
        return frozenset(f"{name}.{platform}.terminal.adyen.com".lower() for name in names)
