"""Requests for things too large for one message, and the chunks that answer them."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from appliance.mqtt.messages.wire import MAX_DECODED, Fields, Malformed, Packet
from appliance.mqtt.topics import RULES, SLUG, Kind, topic

CHUNK: Final = 128 << 10
"""Bytes of one chunk; the last is shorter."""
_CHUNKS: Final = 256
ERRORS: Final = ("gone", "busy", "denied")
_HEX64: Final = re.compile(r"[0-9a-f]{64}")


def bitmap(chunks: Iterable[int]) -> str:
    """Write a set of chunk numbers: bit i of byte i/8, lowest first, in base64."""
    wanted = set(chunks)
    content = bytearray(max(wanted, default=-1) // 8 + 1)
    for index in wanted:
        content[index // 8] |= 1 << index % 8
    return base64.b64encode(bytes(content)).decode("ascii")


def read_bitmap(text: str) -> frozenset[int]:
    """Read what `bitmap` writes; Malformed if it is none."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed(f"no bitmap: {error}") from error
    if len(content) > _CHUNKS // 8:
        raise Malformed(f"a bitmap of {len(content)} bytes")
    return frozenset(i * 8 + bit for i, byte in enumerate(content) for bit in range(8) if byte >> bit & 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantBlob:
    """Chunks of a blob, named by its SHA-256."""

    sha256: str
    size: int
    chunks: frozenset[int]

    def document(self) -> dict[str, Any]:
        """Give the payload."""
        return {"v": 1, "want": {"blob": self.sha256, "size": self.size, "chunks": bitmap(self.chunks)}}


@dataclass(frozen=True, slots=True, kw_only=True)
class WantDelta:
    """One delta from a version to another; answered as a packed blob."""

    zone: str
    base: int
    to: int

    def document(self) -> dict[str, Any]:
        """Give the payload."""
        return {"v": 1, "want": {"delta": {"zone": self.zone, "from": self.base, "to": self.to}}}


@dataclass(frozen=True, slots=True, kw_only=True)
class WantOther:
    """A request that this hub does not serve; answered with `denied`."""

    name: str


Want = WantBlob | WantDelta | WantOther


def parse_want(fields: Fields) -> Want:
    """Read `up/get`; Malformed says what is wrong."""
    fields.version()
    want = fields.fields("want")
    if want.has("blob"):
        chunks = read_bitmap(want.text("chunks", limit=_CHUNKS))
        return WantBlob(sha256=want.digest("blob"), size=want.integer("size", low=1, high=MAX_DECODED), chunks=chunks)
    if want.has("delta"):
        delta = want.fields("delta")
        return WantDelta(
            zone=delta.text("zone", limit=32, pattern=SLUG),
            base=delta.integer("from"),
            to=delta.integer("to", low=1),
        )
    return WantOther(name=next(iter(want.table), ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """One answer: a piece of a blob, or why there is none."""

    sha256: str = ""
    size: int = 0
    index: int = 0
    count: int = 1
    content: bytes = b""
    error: str = ""

    def packet(self, kiosk: str, correlation: bytes) -> Packet:
        """Make the packet: raw bytes, everything else in user properties."""
        rule = RULES[Kind.BLOB]
        properties = (
            {"error": self.error}
            if self.error
            else {
                "sha256": self.sha256,
                "size": str(self.size),
                "index": str(self.index),
                "count": str(self.count),
            }
        )
        return Packet(
            topic=topic(Kind.BLOB, kiosk),
            payload=self.content,
            qos=rule.qos,
            retain=rule.retain,
            expiry=rule.expiry,
            properties=properties,
            correlation=correlation,
        )

    @classmethod
    def parse(cls, payload: bytes, properties: Mapping[str, str]) -> Chunk:
        """Read an answer; Malformed says what is wrong."""
        if "error" in properties:
            error = properties["error"]
            if error not in ERRORS or payload:
                raise Malformed(f"no answer to a request: error {error[:20]!r}, {len(payload)} bytes")
            return cls(error=error)
        try:
            size, index, count = (int(properties[key]) for key in ("size", "index", "count"))
            sha256 = properties["sha256"]
        except (KeyError, ValueError) as error:
            raise Malformed(f"no chunk: {error}") from None
        if not _HEX64.fullmatch(sha256) or not 1 <= size <= MAX_DECODED:
            raise Malformed("no chunk: sha256 or size")
        if count != math.ceil(size / CHUNK) or not 0 <= index < count:
            raise Malformed(f"chunk {index} of {count} cannot be part of {size} bytes")
        if len(payload) != min(CHUNK, size - index * CHUNK):
            raise Malformed(f"chunk {index} of {size} bytes has {len(payload)}")
        return cls(sha256=sha256, size=size, index=index, count=count, content=payload)


def cut(content: bytes, sha256: str) -> tuple[Chunk, ...]:
    """Cut a blob into its chunks."""
    count = math.ceil(len(content) / CHUNK)
    return tuple(
        Chunk(sha256=sha256, size=len(content), index=i, count=count, content=content[i * CHUNK : (i + 1) * CHUNK])
        for i in range(count)
    )
