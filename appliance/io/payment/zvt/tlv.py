"""TLV objects of BMP 06: BER tags and lengths, high byte first [Z15 9]."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from appliance.io.payment.zvt.apdu import ProtocolError

DEEPEST: Final = 8
"""Objects inside objects; the standard uses three levels."""

_CONSTRUCTED: Final = 0x20
_MORE: Final = 0x80
_LONG_TAG: Final = 0x1F

CARD_DATA: Final = frozenset({0x57, 0x5A, 0x5F20, 0x5F24, 0x56, 0x9F1F, 0x9F20, 0x9F6B})
"""Tags of EMV that hold a card number, a track or the holder's name; their values are dropped when read."""


@dataclass(frozen=True, slots=True)
class Tlv:
    """One object. `children` for a constructed tag, else `value`."""

    tag: int
    value: bytes = b""
    children: tuple[Tlv, ...] = ()

    @property
    def constructed(self) -> bool:
        """Whether the tag holds other objects."""
        return bool(_tag_bytes(self.tag)[0] & _CONSTRUCTED)


def _tag_bytes(tag: int) -> bytes:
    return tag.to_bytes(max(1, (tag.bit_length() + 7) // 8), "big")


def read_length(data: bytes, at: int) -> tuple[int, int]:
    """Read a BER length; give it and where the value begins. ProtocolError for 80, 83 and above, and if cut off."""
    if at >= len(data):
        raise ProtocolError("a TLV length is cut off")
    first = data[at]
    if first < 0x80:
        return first, at + 1
    if first not in (0x81, 0x82):
        raise ProtocolError(f"{first:02X} is not a TLV length")
    end = at + 1 + (first & 0x7F)
    if end > len(data):
        raise ProtocolError("a TLV length is cut off")
    return int.from_bytes(data[at + 1 : end], "big"), end


def write_length(length: int) -> bytes:
    """Give the shortest BER length of 0 to 65535."""
    if length < 0x80:
        return bytes((length,))
    if length <= 0xFF:
        return bytes((0x81, length))
    if length <= 0xFFFF:
        return b"\x82" + length.to_bytes(2, "big")
    raise ProtocolError(f"{length} bytes do not fit into a TLV object")


def read_tlv(data: bytes, *, depth: int = 0) -> tuple[Tlv, ...]:
    """Read objects that fill the data exactly; ProtocolError if they do not. Unknown tags are kept, values and all.

    A tag that claims to be constructed and holds no objects keeps its bytes as `value`: vendors do that.
    """
    if depth > DEEPEST:
        raise ProtocolError("TLV objects are nested too deep")
    objects = []
    at = 0
    while at < len(data):
        tag, at = _read_tag(data, at)
        length, at = read_length(data, at)
        if at + length > len(data):
            raise ProtocolError(f"TLV {tag:X} says {length} bytes, {len(data) - at} follow")
        objects.append(_object(tag, data[at : at + length], depth))
        at += length
    return tuple(objects)


def _object(tag: int, value: bytes, depth: int) -> Tlv:
    if tag in CARD_DATA:
        return Tlv(tag)
    if not _tag_bytes(tag)[0] & _CONSTRUCTED:
        return Tlv(tag, value)
    try:
        return Tlv(tag, children=read_tlv(value, depth=depth + 1))
    except ProtocolError:
        return Tlv(tag, value)


def _read_tag(data: bytes, at: int) -> tuple[int, int]:
    end = at + 1
    if data[at] & _LONG_TAG == _LONG_TAG:
        while end < len(data) and data[end] & _MORE:
            end += 1
        end += 1
    if end > len(data) or end - at > 4:
        raise ProtocolError("a TLV tag is cut off" if end > len(data) else "a TLV tag is too long")
    return int.from_bytes(data[at:end], "big"), end


def write_tlv(objects: Iterable[Tlv]) -> bytes:
    """Give the bytes of objects; the inverse of `read_tlv`."""
    out = bytearray()
    for item in objects:
        body = write_tlv(item.children) if item.children else item.value
        out += _tag_bytes(item.tag) + write_length(len(body)) + body
    return bytes(out)


def walk(objects: Iterable[Tlv], tag: int) -> Iterator[Tlv]:
    """Give every object of a tag, at any depth, in order."""
    for item in objects:
        if item.tag == tag:
            yield item
        yield from walk(item.children, tag)


def first(objects: Iterable[Tlv], tag: int) -> bytes | None:
    """Give the value of the first object of a tag, at any depth."""
    found = next(walk(objects, tag), None)
    return None if found is None else found.value
