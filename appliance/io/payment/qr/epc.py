"""EPC069-12 ("GiroCode"): a code that fills in a SEPA credit transfer in the bank's app. It brings no confirmation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from appliance.core.money import Currency, Money
from appliance.io.payment.qr.iban import Iban, check_bic
from appliance.io.payment.qr.payload import PayloadError, check_amount, check_text, decode, encode, lines_of, money
from appliance.io.payment.qr.reference import check_creditor_reference

LEVEL: Final = "M"
"""Error correction with which the code is drawn [EPC 2]."""
LARGEST_VERSION: Final = 13
"""Of the QR code [EPC 2]."""
LARGEST: Final = 331
"""Bytes: what version 13 holds at level M."""

VERSIONS: Final = ("001", "002")
"""001 needs the BIC."""

_EUR: Final = Currency.parse("EUR")
_LARGEST_AMOUNT: Final = 99_999_999_999
_AMOUNT: Final = re.compile(r"EUR([0-9]{1,9}(?:\.[0-9]{1,2})?)")
_PURPOSE: Final = re.compile(r"[A-Z0-9]{0,4}")
_CREDITOR_REFERENCE: Final = re.compile(r"RF[0-9]{2}.*")
_LINES: Final = 12


class Charset(IntEnum):
    """Character set of the payload's bytes."""

    UTF_8 = 1
    ISO_8859_1 = 2
    ISO_8859_2 = 3
    ISO_8859_4 = 4
    ISO_8859_5 = 5
    ISO_8859_7 = 6
    ISO_8859_10 = 7
    ISO_8859_15 = 8

    @property
    def encoding(self) -> str:
        """Its name in Python, e.g. iso-8859-1."""
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class EpcCode:
    """What an EPC code says; PayloadError if it cannot."""

    name: str
    """Of the payee, 1 to 70 characters."""
    iban: Iban
    amount: Money
    """EUR 0.01 to 999999999.99."""
    bic: str = ""
    purpose: str = ""
    """ISO 20022 external purpose code."""
    reference: str = ""
    """Structured, up to 35 characters; one that begins with RF and two digits is checked as ISO 11649 says."""
    remittance: str = ""
    """Unstructured, up to 140 characters; not together with a reference."""
    information: str = ""
    """For the payer, up to 70 characters."""
    version: str = "002"
    charset: Charset = Charset.UTF_8

    def __post_init__(self) -> None:
        if self.version not in VERSIONS:
            raise PayloadError("the version of an EPC code is 001 or 002")
        if self.bic:
            check_bic(self.bic)
        elif self.version == "001":
            raise PayloadError("an EPC code of version 001 needs the BIC")
        check_text("the payee's name", self.name, 70, least=1)
        check_amount(self.amount, _LARGEST_AMOUNT, "EUR")
        if not _PURPOSE.fullmatch(self.purpose):
            raise PayloadError("the purpose is a code of up to four capital letters and digits")
        check_text("the reference", self.reference, 35)
        if _CREDITOR_REFERENCE.fullmatch(self.reference):
            check_creditor_reference(self.reference)
        check_text("the remittance text", self.remittance, 140)
        if self.reference and self.remittance:
            raise PayloadError("an EPC code carries a reference or a remittance text, not both")
        check_text("the information", self.information, 70)
        self.payload()

    def text(self) -> str:
        """Write the code, without empty lines at its end."""
        lines = (
            "BCD",
            self.version,
            str(int(self.charset)),
            "SCT",
            self.bic,
            self.name,
            str(self.iban),
            f"EUR{self.amount.to_decimal()}",
            self.purpose,
            self.reference,
            self.remittance,
            self.information,
        )
        return "\n".join(lines).rstrip("\n")

    def payload(self) -> bytes:
        """Give what the QR code holds, in the code's character set."""
        return encode(self.text(), encoding=self.charset.encoding, largest=LARGEST)


def parse(data: str | bytes) -> EpcCode:
    """Read a code: the bytes of the QR code, or their characters if the scanner has decoded them already."""
    charset = _charset(data)
    lines = lines_of(decode(data, encoding=charset.encoding, largest=LARGEST))
    if len(lines) < 8:
        raise PayloadError(f"an EPC code has at least 8 lines, not {len(lines)}")
    if len(lines) > _LINES:
        raise PayloadError(f"an EPC code has at most {_LINES} lines, not {len(lines)}")
    lines += [""] * (_LINES - len(lines))
    _, version, _, identification, bic, name, iban, amount, purpose, reference, remittance, information = lines
    if identification != "SCT":
        raise PayloadError("the fourth line of an EPC code is SCT")
    found = _AMOUNT.fullmatch(amount)
    if found is None:
        raise PayloadError("the amount of an EPC code is EUR and a number with a point and up to two decimals")
    return EpcCode(
        name=name,
        iban=Iban(iban),
        amount=money(found[1], _EUR),
        bic=bic,
        purpose=purpose,
        reference=reference,
        remittance=remittance,
        information=information,
        version=version,
        charset=charset,
    )


def _charset(data: str | bytes) -> Charset:
    """Read the third line, which is ASCII in every character set, before anything is decoded."""
    lines = lines_of(data if isinstance(data, str) else data.decode("latin-1"))
    tag, _, charset, *_ = lines + [""] * 3
    if tag != "BCD":
        raise PayloadError("an EPC code begins with the line BCD")
    if charset not in set("12345678"):
        raise PayloadError("the character set of an EPC code is a number from 1 to 8")
    return Charset(int(charset))
