"""What can be set for a ZVT terminal, as it stands in the configuration (docs/zvt.md)."""

from __future__ import annotations

import string
from dataclasses import dataclass
from decimal import Decimal

from appliance.core.money import Currency
from appliance.errors import ConfigError

LOCKED = 0x30
"""Config bits 10 and 20: no amount is entered, and no menu used, at the terminal itself [Z15 2.1]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZvtOptions:
    """Options of the driver "zvt". Times are seconds."""

    url: str
    """tcp://192.0.2.7:20007, or serial:///dev/ttyUSB0?baud=9600 (8 bits, 2 stop bits)."""
    password: str = ""
    """The terminal's till password, six digits; "" sends 000000, which most terminals take."""
    currency: str = "NOK"
    """ISO 4217 code; must be the terminal's."""
    config_byte: str = "BE"
    """Configuration byte of the registration, hex. BE: receipts by the till, terminal locked to the till."""
    service_byte: str = ""
    """Service byte of the registration, hex; "" sends none. 01 hides the terminal's service menu."""
    unattended: bool = False
    """Nobody can check a signature here. Needs the acquirer's written consent."""
    abort: bool = True
    """The terminal takes 06 B0 during a payment, so that a customer can cancel on the screen."""
    message_ids: bool = True
    """Ask whether the terminal numbers its messages (1F73); used only if it says so."""
    receipt_sync: bool = False
    """Tell the terminal its last receipt number with every payment (1F1F), where it sends that number itself."""
    totals_resolve: bool = True
    """A lost payment that the terminal does not tell again may be found by its sums (06 10), if it is locked."""
    connect: Decimal = Decimal(5)
    """How long connecting may take."""
    t1: Decimal = Decimal("0.2")
    """Serial: between two bytes of a block."""
    t2: Decimal = Decimal(5)
    """Serial: for the ACK of a block."""
    t3: Decimal = Decimal(5)
    """For the answer to a command."""
    t4: Decimal = Decimal(180)
    """From that answer to the end; the terminal may prolong it."""
    patience: Decimal = Decimal(4)
    """How long one look-up goes on asking a terminal that is busy or away; its caller asks again for ever."""

    def check(self) -> None:
        """ConfigError names the option that cannot be used."""
        try:
            Currency.parse(self.currency)
        except ValueError as error:
            raise ConfigError(f"currency: {error}") from error
        if self.password and (len(self.password) != 6 or not set(self.password) <= set(string.digits)):
            raise ConfigError("password: the terminal's till password has six digits")
        for name, text in (("config_byte", self.config_byte), ("service_byte", self.service_byte)):
            if (text or name == "config_byte") and not (len(text) == 2 and set(text) <= set(string.hexdigits)):
                raise ConfigError(f"{name}: {text!r} is not one byte in hex, e.g. BE")
        for name in ("connect", "t1", "t2", "t3", "t4", "patience"):
            seconds: Decimal = getattr(self, name)
            if not (seconds.is_finite() and seconds > 0):
                raise ConfigError(f"{name}: {seconds} is no time in seconds")

    @property
    def link_url(self) -> str:
        """The URL with the two stop bits of ZVT, where the configuration says nothing about them [Z16 3.1]."""
        if not self.url.startswith("serial:") or "stop=" in self.url:
            return self.url
        return f"{self.url}{'&' if '?' in self.url else '?'}stop=2"

    @property
    def serial(self) -> bool:
        """Whether the terminal is on a serial line."""
        return self.url.startswith("serial:")

    @property
    def code(self) -> str:
        """The password as it is sent."""
        return self.password or "0" * 6

    @property
    def config(self) -> int:
        """The configuration byte."""
        return int(self.config_byte, 16)

    @property
    def service(self) -> int | None:
        """The service byte."""
        return int(self.service_byte, 16) if self.service_byte else None

    @property
    def locked(self) -> bool:
        """Whether nobody can sell at the terminal without the till."""
        return self.config & LOCKED == LOCKED
