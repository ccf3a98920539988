"""Bytes: JSON in UTF-8 without floats, zstd above 1 KB, limits, and a reader that takes nothing for granted."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, NoReturn
from uuid import UUID

import zstandard

from appliance.core.product import canonical
from appliance.errors import HubError
from appliance.mqtt.topics import RULES, Kind, topic

MAX_PACKET: Final = 1 << 20
"""Bytes of a whole MQTT packet."""
MAX_DECODED: Final = 4 << 20
"""Bytes of a payload after decompression."""
MAX_EVENT: Final = 64 << 10
"""Bytes of one journal row."""
COMPRESS_ABOVE: Final = 1024
MAX_INTEGER: Final = (1 << 53) - 1
"""The largest integer that every JSON reader keeps (RFC 8259, section 6)."""

_HEX64: Final = re.compile(r"[0-9a-f]{64}")
_DECIMAL: Final = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?")
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")


class Malformed(HubError):
    """A message that is not what its topic promises; the text says what is wrong and where."""

    transient = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """One MQTT message, to be sent or as it arrived."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False
    expiry: int | None = None
    """Seconds after which the broker drops it undelivered; on arrival, what is left of them."""
    properties: Mapping[str, str] = field(default_factory=dict)
    """User properties; `enc` = "zstd" where the payload is compressed."""
    correlation: bytes = b""
    response_topic: str = ""


def age(arrived: Packet, kind: Kind) -> int:
    """Give how many seconds the broker has kept a packet of a kind: it counts the expiry down (MQTT 5, 3.3.2.3.3)."""
    whole = RULES[kind].expiry
    return 0 if whole is None or arrived.expiry is None else max(0, whole - arrived.expiry)


def packet(
    kind: Kind,
    name: str,
    document: Mapping[str, Any],
    *,
    properties: Mapping[str, str] | None = None,
    correlation: bytes = b"",
    response_topic: str = "",
) -> Packet:
    """Make the packet of a JSON document, sent as the rules of its topic say."""
    return text_packet(
        kind,
        name,
        canonical(document),
        properties=properties,
        correlation=correlation,
        response_topic=response_topic,
    )


def text_packet(
    kind: Kind,
    name: str,
    text: bytes,
    *,
    properties: Mapping[str, str] | None = None,
    correlation: bytes = b"",
    response_topic: str = "",
) -> Packet:
    """Make the packet of a document that is written already; packed with zstd if it is long."""
    packed = len(text) > COMPRESS_ABOVE
    rule = RULES[kind]
    return Packet(
        topic=topic(kind, name),
        payload=zstandard.ZstdCompressor(level=3).compress(text) if packed else text,
        qos=rule.qos,
        retain=rule.retain,
        expiry=rule.expiry,
        properties={**(properties or {}), **({"enc": "zstd"} if packed else {})},
        correlation=correlation,
        response_topic=response_topic,
    )


def decode(payload: bytes, properties: Mapping[str, str] | None = None) -> Fields:
    """Read a JSON object; Malformed for anything that is too large, no object, or holds a float."""
    return Fields(parse_json(unpack(payload, properties)), "")


def unpack(payload: bytes, properties: Mapping[str, str] | None = None) -> bytes:
    """Give the text of a payload; Malformed if it is too large, or packed in a way that is not known."""
    if len(payload) > MAX_PACKET:
        raise Malformed(f"{len(payload)} bytes are more than a packet holds")
    encoding = (properties or {}).get("enc", "")
    if encoding == "zstd":
        return decompress(payload)
    if encoding:
        raise Malformed(f"unknown encoding {encoding[:20]!r}")
    return payload


def decompress(payload: bytes, limit: int = MAX_DECODED) -> bytes:
    """Unpack one zstd frame of at most `limit` bytes; a bomb is stopped at the limit."""
    stream = zstandard.ZstdDecompressor(max_window_size=8 << 20).stream_reader(payload, read_across_frames=False)
    try:
        content = stream.read(limit + 1)
    except zstandard.ZstdError as error:
        raise Malformed(f"not a zstd frame: {error}") from error
    if len(content) > limit:
        raise Malformed(f"unpacks to more than {limit} bytes")
    return content


def parse_json(payload: bytes) -> object:
    """Read JSON text; Malformed for a float, NaN, bytes that are no UTF-8, or nesting without end."""
    if len(payload) > MAX_DECODED:
        raise Malformed(f"{len(payload)} bytes are more than a document may have")
    try:
        return json.loads(payload.decode("utf-8"), parse_float=_no_float, parse_constant=_no_float)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not JSON: {error}") from error


def _no_float(text: str) -> NoReturn:
    raise ValueError(f"{text[:20]} is a float")


def instant(at: datetime) -> str:
    """Write an aware time as RFC 3339 in UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_instant(text: str) -> datetime:
    """Read what `instant` writes; Malformed if it is anything else."""
    if not _INSTANT.fullmatch(text):
        raise Malformed(f"{text[:40]!r} is no time in UTC")
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise Malformed(f"{text[:40]!r}: {error}") from error


class Fields:
    """A JSON object, read field by field; every wrong one is Malformed with its path. Unknown fields are ignored."""

    __slots__ = ("_where", "table")

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise Malformed(f"{where or 'payload'}: an object is wanted, not {_shown(value)}")
        self.table: dict[str, Any] = value
        self._where = where

    def wrong(self, key: str, why: str) -> Malformed:
        """Make the fault of a field."""
        return Malformed(f"{self.path(key)}: {why}")

    def path(self, key: str) -> str:
        """Give the place of a field within the payload."""
        return f"{self._where}.{key}" if self._where else key

    def _get(self, key: str) -> Any:
        try:
            return self.table[key]
        except KeyError:
            raise self.wrong(key, "is missing") from None

    def version(self, known: int = 1) -> None:
        """Check `v`, the schema number of the payload."""
        if self.integer("v", low=1) != known:
            raise self.wrong("v", f"schema {self.table['v']} is not known here")

    def text(self, key: str, *, limit: int = 200, pattern: re.Pattern[str] | None = None) -> str:
        """Read a text of at most `limit` characters."""
        value = self._get(key)
        if not isinstance(value, str):
            raise self.wrong(key, f"a text is wanted, not {_shown(value)}")
        if len(value) > limit:
            raise self.wrong(key, f"{len(value)} characters are more than {limit}")
        if pattern is not None and not pattern.fullmatch(value):
            raise self.wrong(key, f"{_shown(value)} has not the form {pattern.pattern}")
        return value

    def digest(self, key: str) -> str:
        """Read a SHA-256 in lower-case hexadecimal."""
        return self.text(key, limit=64, pattern=_HEX64)

    def uuid(self, key: str) -> UUID:
        """Read a UUID."""
        text = self.text(key, limit=36)
        try:
            return UUID(text)
        except ValueError:
            raise self.wrong(key, f"{_shown(text)} is no UUID") from None

    def instant(self, key: str) -> datetime:
        """Read a time in UTC."""
        text = self.text(key, limit=40)
        try:
            return read_instant(text)
        except Malformed as error:
            raise self.wrong(key, str(error)) from None

    def decimal(self, key: str) -> Decimal:
        """Read a quantity or a rate, written as a text."""
        return Decimal(self.text(key, limit=20, pattern=_DECIMAL))

    def integer(self, key: str, *, low: int = 0, high: int = MAX_INTEGER) -> int:
        """Read an integer within bounds."""
        value = self._get(key)
        if type(value) is not int:
            raise self.wrong(key, f"an integer is wanted, not {_shown(value)}")
        if not low <= value <= high:
            raise self.wrong(key, f"{_shown(value)} is not between {low} and {high}")
        return value

    def flag(self, key: str) -> bool:
        """Read true or false."""
        value = self._get(key)
        if not isinstance(value, bool):
            raise self.wrong(key, f"true or false is wanted, not {_shown(value)}")
        return value

    def fields(self, key: str) -> Fields:
        """Read an object."""
        return Fields(self._get(key), self.path(key))

    def entries(self, key: str, *, limit: int) -> list[Any]:
        """Read a list of at most `limit` entries."""
        value = self._get(key)
        if not isinstance(value, list):
            raise self.wrong(key, f"a list is wanted, not {_shown(value)}")
        if len(value) > limit:
            raise self.wrong(key, f"{len(value)} entries are more than {limit}")
        return value

    def objects(self, key: str, *, limit: int) -> list[Fields]:
        """Read a list of objects."""
        return [Fields(entry, f"{self.path(key)}[{i}]") for i, entry in enumerate(self.entries(key, limit=limit))]

    def ranges(self, key: str, *, limit: int) -> tuple[tuple[int, int], ...]:
        """Read a list of [first, last]."""
        result = []
        for entry in self.entries(key, limit=limit):
            if not (isinstance(entry, list) and len(entry) == 2 and all(type(n) is int for n in entry)):
                raise self.wrong(key, f"{_shown(entry)} is no [first, last]")
            if not 0 <= entry[0] <= entry[1] <= MAX_INTEGER:
                raise self.wrong(key, f"{_shown(entry)} is no range")
            result.append((entry[0], entry[1]))
        return tuple(result)

    def has(self, key: str) -> bool:
        """Whether a field is there and not null."""
        return self.table.get(key) is not None


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
