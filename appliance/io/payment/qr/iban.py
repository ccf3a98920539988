"""Account numbers: IBAN (ISO 13616) and BIC (ISO 9362)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from appliance.io.payment.qr.payload import PayloadError

_IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_BIC: Final = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_SWISS: Final = ("CH", "LI")


def remainder_97(text: str) -> int:
    """Give the remainder by 97 of upper-case letters and digits, A as 10 to Z as 35 (ISO 7064, MOD 97-10)."""
    return int("".join(str(int(letter, 36)) for letter in text)) % 97


@dataclass(frozen=True, slots=True)
class Iban:
    """An International Bank Account Number in electronic form, without spaces; PayloadError if it is none."""

    text: str

    def __post_init__(self) -> None:
        if not _IBAN.fullmatch(self.text):
            raise PayloadError("an IBAN is a country, two check digits, and 11 to 30 letters and digits")
        if not 2 <= int(self.text[2:4]) <= 98 or remainder_97(self.text[4:] + self.text[:4]) != 1:
            raise PayloadError("the check digits of the IBAN are wrong; compare it with the bank's paper")

    @classmethod
    def parse(cls, text: str) -> Iban:
        """Read one as people write it, in groups and in any case; PayloadError says what is wrong.

        >>> str(Iban.parse("ch44 3199 9123 0008 8901 2"))
        'CH4431999123000889012'
        """
        return cls("".join(text.split()).upper())

    @property
    def country(self) -> str:
        """ISO 3166-1 code of the bank's country."""
        return self.text[:2]

    @property
    def swiss(self) -> bool:
        """Whether a Swiss QR code can carry it: Switzerland or Liechtenstein, 21 characters."""
        return self.country in _SWISS and len(self.text) == 21 and self.text[4:9].isdecimal()

    @property
    def qr_iban(self) -> bool:
        """Whether it is a QR-IBAN: the bank's number (IID) is one of 30000-31999 [SIX]."""
        return self.swiss and "30000" <= self.text[4:9] <= "31999"

    def __str__(self) -> str:
        return self.text


def check_bic(text: str) -> None:
    """Refuse what is no BIC of 8 or 11 characters."""
    if not _BIC.fullmatch(text):
        raise PayloadError("a BIC has 8 or 11 capital letters and digits, the country in places five and six")
