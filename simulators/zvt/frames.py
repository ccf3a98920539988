"""What the simulated terminal says: statuses of its books' entries, receipts, completions."""

from __future__ import annotations

from appliance.io.payment.zvt import apdu as wire
from appliance.io.payment.zvt.apdu import Apdu
from appliance.io.payment.zvt.fields import bcd, write_fields
from appliance.io.payment.zvt.tlv import Tlv
from simulators.books import Entry, EntryKind
from simulators.zvt.behaviour import Behaviour
from simulators.zvt.ledger import DayTotals

TERMINAL_ID = "29001006"
_VERSION = b"KVITT SIM 1"
_SIGNATURE = Tlv(0x2F, children=(Tlv(0x1F10, b"\x01"), Tlv(0x1F12, b"\x01")))
_NO_CHECK = Tlv(0x2F, children=(Tlv(0x1F10, b"\x00"), Tlv(0x1F12, b"\x02")))


def status(entry: Entry, *, terminal: str, told: Behaviour, with_currency: bool = True) -> Apdu:
    """Give the 04 0F of an entry."""
    values: dict[int, bytes] = {0x27: bytes((entry.result,))}
    if entry.amount and not told.no_amount:
        values[0x04] = bcd(entry.amount, 6)
    if with_currency and entry.currency:
        values[0x49] = bcd(entry.currency, 2)
    values |= {0x0B: bcd(entry.trace, 3), 0x0C: bytes.fromhex(entry.time), 0x0D: bytes.fromhex(entry.date)}
    values[0x29] = bytes.fromhex(told.tid or terminal)
    if entry.kind is EntryKind.DECLINE:
        return Apdu(wire.STATUS_INFORMATION, write_fields(values))
    if entry.original:
        values[0x37] = bcd(entry.original, 3)
    if not told.no_receipt:
        values[0x87] = bcd(entry.receipt, 2)
    values |= {
        0x22: bytes.fromhex("eeeeeeeeeeee4242"),
        0x2A: b"100764992      ",
        0x8A: b"\x06",
        0x8B: b"DEBIT MASTERCARD\0",
    }
    objects = [_SIGNATURE if told.signature else _NO_CHECK]
    if told.receipt_sync:
        objects.append(Tlv(0x1F1F, bcd(entry.receipt, 2)))
    return Apdu(wire.STATUS_INFORMATION, write_fields(values, tuple(objects)))


def no_result(result: int, *, terminal: str) -> Apdu:
    """Give a 04 0F that is only a result code."""
    return Apdu(wire.STATUS_INFORMATION, write_fields({0x27: bytes((result,)), 0x29: bytes.fromhex(terminal)}))


def step(code: int, minutes: int = 0) -> Apdu:
    """Give a 04 FF."""
    return Apdu(wire.INTERMEDIATE_STATUS, bytes((code,)) + (bcd(minutes, 1) if minutes else b""))


def registered(terminal: str, currency: int, *, wants: int = 0) -> Apdu:
    """Give the completion of a registration; `wants`: the bits of BMP 19."""
    values = {0x19: bytes((wants,)), 0x29: bytes.fromhex(terminal), 0x49: bcd(currency, 2)}
    return Apdu(wire.COMPLETION, write_fields(values))


def state(code: int) -> Apdu:
    """Give the completion of a status enquiry."""
    counter = bytes(0xF0 | int(digit) for digit in f"{len(_VERSION):03d}")
    return Apdu(wire.COMPLETION, counter + _VERSION + bytes((code,)))


def receipts(entry: Entry, *, terminal: str, blocks: bool) -> list[Apdu]:
    """Give the print commands of a sale: the merchant's receipt, then the customer's."""
    frames = []
    for kind, title in ((1, "HAENDLERBELEG"), (2, "KUNDENBELEG")):
        lines = (
            title,
            f"TID {terminal}",
            f"Beleg {entry.receipt:04d}  Trace {entry.trace:06d}",
            "DEBIT MASTERCARD ************4242",
            f"BETRAG {entry.amount // 100},{entry.amount % 100:02d}",
        )
        frames += _block(kind, lines) if blocks else _lines(kind, lines)
    return frames


def totals(day: DayTotals, *, terminal: str, currency: int) -> Apdu:
    """Give the 04 0F of an end of day: everything was paid with one kind of card, the third of BMP 60."""
    nothing = bytes(7)
    sums = nothing * 2 + bytes((min(day.count, 0xFF),)) + bcd(day.amount, 6) + nothing * 4
    values = {
        0x27: b"\0",
        0x04: bcd(day.amount, 6),
        0x49: bcd(currency, 2),
        0x29: bytes.fromhex(terminal),
        0x60: bcd(day.first, 2) + bcd(day.last, 2) + sums,
    }
    return Apdu(wire.STATUS_INFORMATION, write_fields(values))


def day_receipt(day: DayTotals, *, terminal: str, blocks: bool) -> list[Apdu]:
    """Give the print commands of an end of day."""
    lines = ("KASSENSCHNITT", f"TID {terminal}", f"GESAMT {day.count:3d}  {day.amount // 100},{day.amount % 100:02d}")
    return _block(3, lines) if blocks else _lines(3, lines)


def _block(kind: int, lines: tuple[str, ...]) -> list[Apdu]:
    texts = tuple(Tlv(0x07, line.encode("cp437")) for line in lines)
    objects = (Tlv(0x1F07, bytes((kind,))), Tlv(0x25, children=(*texts, Tlv(0x09, b"\x81"))))
    return [Apdu(wire.PRINT_BLOCK, write_fields({}, objects))]


def _lines(kind: int, lines: tuple[str, ...]) -> list[Apdu]:
    mark = write_fields({}, (Tlv(0x1F07, bytes((kind,))),))
    frames = [Apdu(wire.PRINT_LINE, b"\0" + line.encode("cp437") + mark) for line in lines]
    return [*frames, Apdu(wire.PRINT_LINE, b"\x81" + mark)]
