"""Blocks of the serial line: DLE STX, APDU with DLE doubled, DLE ETX, CRC; ACK, NAK, T1, T2 and two repeats [Z16 3].

The CRC is CRC-16/KERMIT (reflected polynomial 8408, start 0, low byte first) over the APDU as it was before doubling,
and ETX. The standard calls it XModem; no published frame of a real terminal verifies with that.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from appliance.io.payment.zvt.apdu import Apdu, ProtocolError

STX: Final = 0x02
ETX: Final = 0x03
ACK: Final = 0x06
DLE: Final = 0x10
NAK: Final = 0x15

REPEATS: Final = 2
"""How often a block is sent again before the line counts as disturbed [Z16 3.5]."""

LONGEST_BLOCK: Final = 5 + 0xFFFF


def _table() -> tuple[int, ...]:
    entries = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (0x8408 if value & 1 else 0)
        entries.append(value)
    return tuple(entries)


_CRC: Final = _table()


def crc(data: bytes) -> int:
    """Give the CRC-16/KERMIT of some bytes.

    >>> f"{crc(b'123456789'):04x}"
    '2189'
    """
    value = 0
    for byte in data:
        value = value >> 8 ^ _CRC[(value ^ byte) & 0xFF]
    return value


def frame(apdu: bytes) -> bytes:
    """Put an APDU into a block."""
    doubled = apdu.replace(bytes((DLE,)), bytes((DLE, DLE)))
    check = crc(apdu + bytes((ETX,))).to_bytes(2, "little")
    return bytes((DLE, STX)) + doubled + bytes((DLE, ETX)) + check


class _Place(Enum):
    """Where in a block the reader stands."""

    OUTSIDE = auto()
    OPENING = auto()
    INSIDE = auto()
    ESCAPED = auto()
    CHECKING = auto()


@dataclass(frozen=True, slots=True)
class Block:
    """A block whose CRC is right."""

    apdu: bytes


@dataclass(frozen=True, slots=True)
class BadBlock:
    """A block that must be sent again; the reason holds no data of it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Control:
    """A bare ACK or NAK."""

    positive: bool


class BlockReader:
    """Finds blocks, ACK and NAK in the bytes of the line; everything else between blocks is noise."""

    def __init__(self) -> None:
        self._place = _Place.OUTSIDE
        self._body = bytearray()
        self._check = bytearray()
        self.noise = 0
        """Bytes ignored between blocks since the last block, ACK or NAK."""

    @property
    def inside(self) -> bool:
        """Whether a block has begun and not ended: T1 runs."""
        return self._place is not _Place.OUTSIDE

    def interrupted(self) -> None:
        """T1 has run out: forget the beginning of the block."""
        self._place = _Place.OUTSIDE
        self._body.clear()

    def feed(self, data: bytes) -> list[Block | BadBlock | Control]:
        """Take bytes of the line; give what they complete."""
        found: list[Block | BadBlock | Control] = []
        for byte in data:
            item = self._step(byte)
            if item is not None:
                self.noise = 0
                found.append(item)
        return found

    def _step(self, byte: int) -> Block | BadBlock | Control | None:
        match self._place:
            case _Place.OUTSIDE:
                return self._outside(byte)
            case _Place.OPENING:
                self._place = _Place.INSIDE if byte == STX else _Place.OUTSIDE
                self._body.clear()
            case _Place.INSIDE:
                if byte == DLE:
                    self._place = _Place.ESCAPED
                else:
                    return self._append(byte)
            case _Place.ESCAPED:
                return self._escaped(byte)
            case _Place.CHECKING:
                self._check.append(byte)
                if len(self._check) == 2:
                    return self._verified()
        return None

    def _outside(self, byte: int) -> Control | None:
        if byte in (ACK, NAK):
            return Control(byte == ACK)
        if byte == DLE:
            self._place = _Place.OPENING
        else:
            self.noise += 1
        return None

    def _append(self, byte: int) -> BadBlock | None:
        self._place = _Place.INSIDE
        self._body.append(byte)
        if len(self._body) > LONGEST_BLOCK:
            self.interrupted()
            return BadBlock("the block is longer than any APDU")
        return None

    def _escaped(self, byte: int) -> BadBlock | None:
        if byte == DLE:
            return self._append(byte)
        if byte == ETX:
            self._place = _Place.CHECKING
            self._check.clear()
            return None
        if byte == STX:
            self._body.clear()
            self._place = _Place.INSIDE
            return None
        self.interrupted()
        return BadBlock(f"DLE {byte:02X} inside a block")

    def _verified(self) -> Block | BadBlock:
        self._place = _Place.OUTSIDE
        apdu = bytes(self._body)
        if crc(apdu + bytes((ETX,))) != int.from_bytes(self._check, "little"):
            return BadBlock("the CRC is wrong")
        return Block(apdu)


class TransmissionError(ProtocolError):
    """The block could not be delivered in one send and two repeats."""


class SerialLine:
    """One end of the serial line, without I/O: what to write now, which APDUs came, when to look again."""

    def __init__(self, *, t1: float, t2: float) -> None:
        """T1: seconds between two bytes of a block; T2: seconds to wait for ACK or NAK."""
        self._t1 = t1
        self._t2 = t2
        self._reader = BlockReader()
        self._block_deadline: float | None = None
        self._ack_deadline: float | None = None
        self._sending = b""
        self._repeats = 0
        self._last_received = b""
        self._answered_since = True
        self._out = bytearray()
        self._received: deque[Apdu] = deque()
        self.failed: str = ""
        """Why a block could not be delivered; "" as long as all is well."""

    @property
    def delivering(self) -> bool:
        """Whether a block of ours waits for its ACK."""
        return self._ack_deadline is not None

    @property
    def heard_noise(self) -> bool:
        """Whether bytes came that belong to no block: wrong speed, or another protocol."""
        return self._reader.noise > 0

    @property
    def deadline(self) -> float | None:
        """When `elapse` must be called at the latest."""
        times = [time for time in (self._block_deadline, self._ack_deadline) if time is not None]
        return min(times, default=None)

    def send(self, apdu: Apdu, now: float) -> None:
        """Begin to deliver an APDU. The one before must have been acknowledged, or counts as lost."""
        self._sending = frame(apdu.encode())
        self._repeats = 0
        self._answered_since = True
        self._write_block(now)

    def output(self) -> bytes:
        """Take what must be written to the line now."""
        data = bytes(self._out)
        self._out.clear()
        return data

    def next(self) -> Apdu | None:
        """Take the next APDU that came."""
        return self._received.popleft() if self._received else None

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes of the line; ProtocolError if a block with a right CRC holds no APDU."""
        self.elapse(now)
        for item in self._reader.feed(data):
            match item:
                case Control(positive=True):
                    self._ack_deadline = None
                case Control():
                    if self.delivering:
                        self._again("the terminal refuses the block", now)
                case BadBlock():
                    self._out.append(NAK)
                case Block():
                    self._take(item.apdu)
        self._block_deadline = now + self._t1 if self._reader.inside else None

    def elapse(self, now: float) -> None:
        """Let the timers act."""
        if self._block_deadline is not None and now >= self._block_deadline:
            self._block_deadline = None
            self._reader.interrupted()
            self._out.append(NAK)
        if self._ack_deadline is not None and now >= self._ack_deadline:
            self._again("no answer to the block", now)

    def _take(self, block: bytes) -> None:
        self._out.append(ACK)
        # A valid block in place of the ACK says the same as the ACK [Z16 3.5].
        self._ack_deadline = None
        if block == self._last_received and not self._answered_since:
            return
        self._last_received = block
        self._answered_since = False
        self._received.append(Apdu.decode(block))

    def _write_block(self, now: float) -> None:
        self._out += self._sending
        self._ack_deadline = now + self._t2

    def _again(self, reason: str, now: float) -> None:
        if self._repeats == REPEATS:
            self._ack_deadline = None
            self.failed = f"{reason}, three times"
            return
        self._repeats += 1
        self._write_block(now)
