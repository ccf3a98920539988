"""Tells which other protocol a terminal is set to, by the first bytes of its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Foreign:
    """A protocol that is not ZVT. `certain`: several bytes agree, so that it is not a garbled ZVT answer."""

    name: str
    certain: bool


_ECR17: Final = Foreign("ECR17", certain=True)
_SIGNATURES: Final = (
    # ECR17: NAK or ACK, ETX, then the LRC of the two with base 7F.
    (b"\x15\x03\x69", _ECR17),
    (b"\x06\x03\x7a", _ECR17),
    # TLS record "alert", version 3.x: the port wants an encrypted connection.
    (b"\x15\x03\x01", Foreign("TLS", certain=True)),
    (b"\x15\x03\x02", Foreign("TLS", certain=True)),
    (b"\x15\x03\x03", Foreign("TLS", certain=True)),
    (b"\x15\x03\x04", Foreign("TLS", certain=True)),
    (b"HTTP/", Foreign("HTTP", certain=True)),
    (b"<?xml", Foreign("XML", certain=True)),
    (b"<html", Foreign("HTTP", certain=True)),
    (b"<!DOC", Foreign("HTTP", certain=True)),
    (b"\x02", Foreign("ECR17 or Concert", certain=False)),
    (b"\x05", Foreign("Concert", certain=False)),
    (b"<", Foreign("a web protocol", certain=False)),
)


_YOMANI: Final = Foreign("Yomani XML", certain=True)
_GREETING: Final = b'"VER|'


def foreign_protocol(start: bytes) -> Foreign | None:
    """Recognise a foreign protocol by the first bytes of an APDU; None for ZVT, or while it cannot be told.

    >>> foreign_protocol(bytes.fromhex("150369")).name
    'ECR17'
    """
    # Yomani greets: two zero bytes, the length, then its version.
    if start[:2] == b"\0\0" and start[4:9] == _GREETING:
        return _YOMANI
    for mark, foreign in _SIGNATURES:
        if start.startswith(mark) and (foreign.certain or not undecided(start)):
            return foreign
    return None


def undecided(start: bytes) -> bool:
    """Whether a few more bytes may still show a foreign protocol."""
    if start[:1] == b"\0" and len(start) < 9:
        return start[:2] in (b"\0", b"\0\0") and _GREETING.startswith(start[4:])
    return any(len(start) < len(mark) and mark.startswith(start) for mark, _ in _SIGNATURES)
