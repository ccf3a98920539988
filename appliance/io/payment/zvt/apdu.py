"""APDUs: class, instruction, length, data; and what comes instead when a terminal speaks another protocol.

Length is one byte (00-FE), or FF and two bytes, low byte first [Z16 5.2.4]. Over TCP the stream is bare APDUs, cut and
glued as the network likes; over serial each APDU has a block of its own (serial.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from appliance.io.payment.zvt.foreign import foreign_protocol, undecided

# Till to terminal [Z15 2].
REGISTRATION: Final = 0x0600
AUTHORISATION: Final = 0x0601
LOG_OFF: Final = 0x0602
TOTALS: Final = 0x0610
REPEAT_RECEIPT: Final = 0x0620
REVERSAL: Final = 0x0630
REFUND: Final = 0x0631
END_OF_DAY: Final = 0x0650
DIAGNOSIS: Final = 0x0670
INITIALISATION: Final = 0x0693
ABORT_BY_TILL: Final = 0x06B0
STATUS_ENQUIRY: Final = 0x0501

# Terminal to till [Z15 3].
SET_CLOCK: Final = 0x0401
STATUS_INFORMATION: Final = 0x040F
INTERMEDIATE_STATUS: Final = 0x04FF
COMPLETION: Final = 0x060F
ABORT_BY_TERMINAL: Final = 0x061E
PRINT_LINE: Final = 0x06D1
PRINT_BLOCK: Final = 0x06D3

FROM_TERMINAL: Final = frozenset({0x04, 0x06, 0x80, 0x84})
"""Class bytes that a terminal sends. 05 is missing on purpose: a terminal that says it is set to Concert."""
FROM_TILL: Final = frozenset({0x04, 0x05, 0x06, 0x08, 0x0F, 0x80, 0x84})

_EXTENDED: Final = 0xFF


class ProtocolError(ValueError):
    """Bytes that are not what the standard says. The text tells what is wrong and holds no card data."""


class ForeignProtocol(ProtocolError):
    """The other end speaks another protocol. `certain`: no ZVT terminal could have sent these bytes."""

    def __init__(self, message: str, *, certain: bool) -> None:
        super().__init__(message)
        self.certain = certain


@dataclass(frozen=True, slots=True)
class Apdu:
    """One command or answer. `control` is class and instruction, e.g. 0x060F."""

    control: int
    data: bytes = b""

    def __post_init__(self) -> None:
        if not 0 <= self.control <= 0xFFFF or len(self.data) > 0xFFFF:
            raise ProtocolError(f"{self.control:X} with {len(self.data)} bytes does not fit into an APDU")

    @property
    def positive(self) -> bool:
        """Whether this answers yes: 80 00, and 84 00 too [Z16 5.2.3]."""
        return self.control in (0x8000, 0x8400)

    @property
    def negative(self) -> int | None:
        """The error id of a negative answer, 84 xx with xx not 00."""
        return self.control & 0xFF if self.control >> 8 == 0x84 and self.control != 0x8400 else None

    @property
    def answer(self) -> bool:
        """Whether this answers a command."""
        return self.control == 0x8000 or self.control >> 8 == 0x84

    def encode(self) -> bytes:
        """Give the bytes of the APDU, with the short length wherever it fits."""
        head = self.control.to_bytes(2, "big")
        if len(self.data) < _EXTENDED:
            return head + bytes((len(self.data),)) + self.data
        return head + b"\xff" + len(self.data).to_bytes(2, "little") + self.data

    @classmethod
    def decode(cls, block: bytes) -> Apdu:
        """Read a block that must be exactly one APDU; ProtocolError says in what it is not."""
        extent = _extent(block)
        if extent is None:
            raise ProtocolError(f"the header is cut off: {len(block)} bytes")
        start, end = extent
        if len(block) != end:
            raise ProtocolError(f"the length says {end - start} bytes, {len(block) - start} follow")
        return cls(int.from_bytes(block[:2], "big"), block[start:end])

    def __str__(self) -> str:
        name = f"{self.control >> 8:02X} {self.control & 0xFF:02X}"
        return f"{name} ({len(self.data)} bytes)"


ACKNOWLEDGE: Final = Apdu(0x8000)


def negative(error: int) -> Apdu:
    """Give the answer 84 xx; ValueError for 00, which would mean yes."""
    if not 1 <= error <= 0xFF:
        raise ValueError(f"{error:02X} is not the id of an error")
    return Apdu(0x8400 | error)


def _extent(block: bytes) -> tuple[int, int] | None:
    """Where the data of the first APDU begins and ends; None while the header is not complete."""
    if len(block) < 3:
        return None
    if block[2] != _EXTENDED:
        return 3, 3 + block[2]
    if len(block) < 5:
        return None
    return 5, 5 + int.from_bytes(block[3:5], "little")


class Decoder:
    """Cuts a TCP stream into APDUs."""

    def __init__(self, classes: frozenset[int] = FROM_TERMINAL) -> None:
        self._classes = classes
        self._buffer = bytearray()

    @property
    def pending(self) -> int:
        """Bytes of an APDU that is not complete yet."""
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        """Take what came from the line."""
        self._buffer += data

    def next(self) -> Apdu | None:
        """Give the next complete APDU; ProtocolError when what came cannot be the beginning of one."""
        if not self._buffer:
            return None
        start = bytes(self._buffer[:16])
        found = foreign_protocol(start)
        if found is not None and self._buffer[0] not in self._classes - {0x06}:
            raise ForeignProtocol(f"the other end speaks {found.name}, not ZVT", certain=found.certain)
        if self._buffer[0] not in self._classes:
            if undecided(start):
                return None
            raise ProtocolError(f"{self._buffer[0]:02X} cannot begin an APDU")
        extent = _extent(bytes(self._buffer[:5]))
        if extent is None or len(self._buffer) < extent[1]:
            return None
        block = bytes(self._buffer[: extent[1]])
        del self._buffer[: extent[1]]
        return Apdu.decode(block)
