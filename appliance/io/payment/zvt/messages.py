"""What a terminal says, read into facts: status information, completion, abort, steps, receipt lines [Z15 2, 3]."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from appliance.core.payment import Reference
from appliance.io.payment.zvt import codes, fields, tlv
from appliance.io.payment.zvt.apdu import ProtocolError
from appliance.io.payment.zvt.fields import Fields, read_fields
from appliance.io.payment.zvt.text import CP437, decode, decode_seven_bit

# Tags [Z15 9.4].
TEXT = 0x07
RECEIPT_NUMBER = 0x08
ATTRIBUTE = 0x09
COMMAND = 0x0A
CHARSET = 0x14
DISPLAY_TEXTS = 0x24
PRINT_TEXTS = 0x25
COMMANDS = 0x26
AID = 0x43
APPLICATION_NAME = 0x44
CARDHOLDER_CHECK = 0x1F10
TECHNOLOGY = 0x1F12
RECEIPT_TYPE = 0x1F07
VENDOR_ERROR = 0x1F16
VENDOR_TEXT = 0x1F17
RECEIPT_SYNC = 0x1F1F
LONG_TRACE = 0x1F2B
SIGNATURE = 0x1F37
MESSAGE_ID = 0x1F73


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusInformation:
    """04 0F: the result of a payment, live or repeated. Absent digits are "", absent numbers None."""

    result: int | None = None
    amount: int | None = None
    """Minor units."""
    currency: int | None = None
    """ISO 4217 numeric code."""
    terminal_id: str = ""
    receipt: str = ""
    """4 digits; "" also for 0000, which numbers nothing."""
    trace: str = ""
    original_trace: str = ""
    """Only a reversal has one."""
    date: str = ""
    """MMDD of the terminal's clock."""
    time: str = ""
    """HHMMSS of the terminal's clock."""
    expiry: str = ""
    """YYMM."""
    card_sequence: str = ""
    turnover: str = ""
    masked_pan: str = ""
    card_type: int | None = None
    card_name: str = ""
    application: str = ""
    """AID of EMV, hex."""
    application_name: str = ""
    authorisation: str = ""
    """The issuer's approval code, BMP 3B."""
    contract: str = ""
    """The merchant's number at the acquirer, BMP 2A."""
    payment_type: int | None = None
    """BMP 19: 70 is a card with PIN."""
    network_card_type: int | None = None
    """BMP 8C: the card type in the numbering of the network."""
    host_code: str = ""
    """The host's own result, BMP A0, hex; a look at the acquirer's side."""
    cardholder_check: int | None = None
    technology: int | None = None
    needs_signature: bool = False
    receipt_sync: str = ""
    """1F1F, four digits: the terminal's last receipt number, for receipt-number synchronisation."""
    totals: bytes = b""
    """BMP 60 of an end of day (totals.py)."""
    text: str = ""
    """The terminal's own words, for staff."""

    @property
    def approved(self) -> bool:
        """Whether the terminal says yes: BMP 27 alone decides."""
        return self.result == codes.OK

    @property
    def reference(self) -> Reference:
        """The terminal's names for this movement of money."""
        return Reference(
            terminal_id=self.terminal_id,
            receipt_number=self.receipt,
            trace_number=self.trace,
            device_date=self.date,
            device_time=self.time,
        )

    @property
    def digest(self) -> str:
        """Tell two statuses apart that have no receipt number: SHA-256 over what identifies one, 16 hex digits."""
        parts = (self.result, self.amount, self.currency, *self._identity, self.original_trace, self.text)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    @property
    def _identity(self) -> tuple[str, ...]:
        return (self.terminal_id, self.receipt, self.trace, self.date, self.time)

    @classmethod
    def read(cls, data: bytes, charset: int = CP437) -> StatusInformation:
        """Read the data of 04 0F; ProtocolError if it breaks the rules of BMP or TLV."""
        found = read_fields(data)
        values = found.values
        check = _byte(found, CARDHOLDER_CHECK)
        signature = _byte(found, SIGNATURE)
        return cls(
            result=_value(found, fields.RESULT),
            amount=int(found.digits(fields.AMOUNT)) if fields.AMOUNT in values else None,
            currency=currency_of(found),
            terminal_id=found.digits(fields.TERMINAL_ID),
            receipt=_number(found.digits(fields.RECEIPT)),
            trace=_trace(found),
            original_trace=_number(found.digits(fields.ORIGINAL_TRACE)),
            date=found.digits(fields.DATE),
            time=found.digits(fields.TIME),
            expiry=found.digits(fields.EXPIRY),
            card_sequence=_number(found.digits(fields.CARD_SEQUENCE)),
            turnover=_number(found.digits(fields.TURNOVER)),
            masked_pan=found.masked_pan,
            card_type=_value(found, fields.CARD_TYPE),
            card_name=decode(values.get(fields.CARD_NAME, b""), charset),
            application=(tlv.first(found.tlv, AID) or b"").hex().upper(),
            application_name=decode(tlv.first(found.tlv, APPLICATION_NAME) or b"", charset),
            authorisation=_plain(values.get(fields.AUTHORISATION, b"")),
            contract=_plain(values.get(fields.CONTRACT, b"")),
            payment_type=_value(found, fields.PAYMENT_TYPE),
            network_card_type=_value(found, fields.NETWORK_CARD_TYPE),
            host_code=values.get(fields.HOST_CODE, b"").hex().upper(),
            cardholder_check=check,
            technology=_byte(found, TECHNOLOGY),
            receipt_sync=_sync(found),
            totals=values.get(fields.TOTALS, b""),
            needs_signature=check in codes.SIGNED or bool((signature or 0) & 0x02),
            text=_words(found, charset),
        )


def _value(found: Fields, bmp: int) -> int | None:
    return found.values[bmp][0] if bmp in found.values else None


def _plain(text: bytes) -> str:
    """Read a text that is filled up with blanks or zero bytes."""
    return decode(text).strip()


def _byte(found: Fields, tag: int) -> int | None:
    value = tlv.first(found.tlv, tag)
    return value[0] if value else None


def _number(digits: str) -> str:
    return digits if digits.strip("0") else ""


def _trace(found: Fields) -> str:
    """BMP 0B; where that is 000000 the number is too long for it and stands in 1F2B [Z15 9.4]."""
    short = _number(found.digits(fields.TRACE))
    if short:
        return short
    long = (tlv.first(found.tlv, LONG_TRACE) or b"").hex()
    return _number(long) if long.isdecimal() else ""


def _sync(found: Fields) -> str:
    digits = (tlv.first(found.tlv, RECEIPT_SYNC) or b"").hex()
    return _number(digits) if len(digits) == 4 and digits.isdecimal() else ""


def _words(found: Fields, charset: int) -> str:
    texts = [decode(found.values.get(fields.ADDITIONAL_TEXT, b""), charset)]
    texts += [decode(item.value, charset) for tag in (VENDOR_TEXT, TEXT) for item in tlv.walk(found.tlv, tag)]
    said: list[str] = []
    for text in (text.strip() for text in texts):
        if text and text not in said:
            said.append(text)
    return "; ".join(said)


def currency_of(found: Fields) -> int | None:
    """Give the numeric currency code of BMP 49."""
    return int(found.digits(fields.CURRENCY)) if fields.CURRENCY in found.values else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Abort:
    """06 1E: the end without success. `result` is missing in the answers of some terminals."""

    result: int | None = None
    text: str = ""

    @classmethod
    def read(cls, data: bytes, charset: int = CP437) -> Abort:
        """Read the data of 06 1E; what follows the result is only words, so a fault in it is no fault."""
        if not data:
            return cls()
        # 6F is followed by a currency, B8 by a receipt number, both with a BMP or bare.
        rest = data[1:]
        if data[0] == codes.WRONG_CURRENCY and len(rest) >= 2 and rest[0] != fields.CURRENCY:
            rest = rest[2:]
        try:
            text = _words(read_fields(rest), charset)
        except ProtocolError:
            text = ""
        return cls(result=data[0], text=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalState:
    """06 0F after 05 01: how the terminal is."""

    status: int | None = None
    version: str = ""
    objects: tuple[tlv.Tlv, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether a payment can start."""
        return self.status in codes.READY

    @classmethod
    def read(cls, data: bytes) -> TerminalState:
        """Read [LLLVAR version] status [06 TLV]. The status may be 06, which then begins no TLV."""
        version, rest = "", data
        if len(data) >= 3 and all(byte >> 4 == 0xF for byte in data[:3]):
            end = 3 + int("".join(str(byte & 0xF) for byte in data[:3]), 10) if _counts(data[:3]) else len(data) + 1
            if end > len(data):
                raise ProtocolError("the software version of a completion has a wrong length")
            version, rest = decode_seven_bit(data[3:end]), data[end:]
        if rest == b"\x06\x00":
            return cls(version=version)
        status = rest[0] if rest else None
        found = read_fields(rest[1:])
        return cls(status=status, version=version, objects=found.tlv)


def _counts(counter: bytes) -> bool:
    return all(byte & 0xF <= 9 for byte in counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """06 0F after 06 00: who the terminal is."""

    terminal_id: str = ""
    currency: int | None = None
    status: int = 0
    """BMP 19: 01 initialise, 02 diagnosis, 04 OPT action, 08 filling station, 10 vending machine."""
    charset: int = CP437
    message_ids: bool = False
    """Whether the terminal numbers messages (1F73 came back)."""

    @classmethod
    def read(cls, data: bytes) -> Registration:
        """Read the data of the completion; ProtocolError if it breaks the rules."""
        found = read_fields(data)
        echoed = next((item.value for item in found.tlv if item.tag == CHARSET), b"")
        return cls(
            terminal_id=found.digits(fields.TERMINAL_ID),
            currency=currency_of(found),
            status=_value(found, fields.PAYMENT_TYPE) or 0,
            charset=echoed[0] if echoed else CP437,
            message_ids=tlv.first(found.tlv, MESSAGE_ID) is not None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Interim:
    """04 FF: what the terminal is doing. `minutes` sets T4; None leaves it."""

    status: int
    minutes: int | None = None
    text: str = ""

    @classmethod
    def read(cls, data: bytes, charset: int = CP437) -> Interim:
        """Read status [T4 minutes BCD] [06 TLV].

        The time-out must precede a TLV, but terminals omit it, as the standard's own example does: of the two
        readings the one is taken that uses up the block.
        """
        if not data:
            raise ProtocolError("an intermediate status without a status")
        for skip in (2, 1):
            try:
                found = read_fields(data[skip:])
            except ProtocolError:
                continue
            if found.unknown is None and len(data) >= skip:
                minutes = data[1:2].hex() if skip == 2 else ""
                return cls(
                    status=data[0],
                    minutes=int(minutes) if minutes.isdecimal() and int(minutes) else None,
                    text=_words(found, charset),
                )
        return cls(status=data[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptText:
    """06 D1 or 06 D3: lines of a receipt that the till prints."""

    lines: tuple[str, ...]
    merchant: bool = False
    """1F07: 1 merchant, 2 customer, 3 administration; without it a line is the customer's."""
    administration: bool = False

    @classmethod
    def read_line(cls, data: bytes, charset: int = CP437) -> ReceiptText:
        """Read 06 D1: attribute, text, and perhaps a TLV behind it."""
        if not data:
            return cls(lines=())
        text, kind = _split_line(data[1:])
        if data[0] == 0xFF:
            # Line feeds: their number stands in place of the text.
            lines: tuple[str, ...] = ("",) * min(text[0] if text else 1, 9)
        elif data[0] & 0x80 and data[0] != 0x80 and not text:
            lines = ()
        else:
            lines = (_indent(data[0]) + decode(text, charset),)
        return cls(lines=lines, merchant=kind == 1, administration=kind == 3)

    @classmethod
    def read_block(cls, data: bytes, charset: int = CP437) -> ReceiptText:
        """Read 06 D3: 1F07 and 25 {07 text, 09 attribute, ...}; an attribute holds for the texts behind it."""
        found = read_fields(data)
        kind = _byte(found, RECEIPT_TYPE)
        lines = []
        attribute = 0
        for block in tlv.walk(found.tlv, PRINT_TEXTS):
            for item in block.children:
                if item.tag == ATTRIBUTE and item.value:
                    attribute = item.value[0]
                elif item.tag == TEXT:
                    lines.append(_indent(attribute) + decode(item.value, charset))
        return cls(lines=tuple(lines), merchant=kind == 1, administration=kind == 3)


def _indent(attribute: int) -> str:
    return " " * (attribute & 0x0F) if attribute < 0x80 and not attribute & 0x40 else ""


def _split_line(text: bytes) -> tuple[bytes, int | None]:
    """Part the text of a line from the TLV with its receipt type: no text holds the byte 06."""
    at = text.find(fields.TLV)
    if at < 0:
        return text, None
    try:
        found = read_fields(text[at:])
    except ProtocolError:
        return text, None
    return text[:at], _byte(found, RECEIPT_TYPE)
