"""Fields, TLV, texts and blocks: what is written is read back, and what breaks a rule is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.io.payment.zvt.apdu import Apdu, Decoder, ProtocolError, negative
from appliance.io.payment.zvt.fields import COUNTERS, FIXED, PAN, TRACKS, bcd, mask_pan, read_fields, write_fields
from appliance.io.payment.zvt.messages import Interim
from appliance.io.payment.zvt.serial import BadBlock, Block, BlockReader, Control, SerialLine, crc, frame
from appliance.io.payment.zvt.text import clean, decode, decode_seven_bit
from appliance.io.payment.zvt.tlv import CARD_DATA, Tlv, read_length, read_tlv, write_length, write_tlv

# Tags as BER writes them: one byte, or 1F/3F... and more. Bit 20 makes a tag constructed.
PRIMITIVE = st.sampled_from([0x07, 0x08, 0x09, 0x14, 0x41, 0x43, 0x1F07, 0x1F10, 0x1F2B, 0x9F33, 0x1F8101])
CONSTRUCTED = st.sampled_from([0x24, 0x25, 0x26, 0x2F, 0x34, 0x60, 0xE4, 0x3F05])

TREES = st.recursive(
    st.builds(Tlv, PRIMITIVE, st.binary(max_size=300)),
    lambda inner: st.builds(
        lambda tag, children: Tlv(tag, children=tuple(children)), CONSTRUCTED, st.lists(inner, min_size=1, max_size=4)
    ),
    max_leaves=12,
)

DIGITS = frozenset({0x04, 0x0B, 0x0C, 0x0D, 0x87, 0x29, 0x49, 0x37, 0x88})


def _value(bmp: int) -> st.SearchStrategy[tuple[int, bytes]]:
    if bmp in DIGITS:
        size = FIXED[bmp]
        return st.tuples(st.just(bmp), st.integers(0, 10 ** (2 * size) - 1).map(lambda n: bcd(n, size)))
    if bmp in FIXED:
        return st.tuples(st.just(bmp), st.binary(min_size=FIXED[bmp], max_size=FIXED[bmp]))
    return st.tuples(st.just(bmp), st.binary(max_size=99 if COUNTERS[bmp] == 2 else 400))


KEPT = sorted((set(FIXED) | set(COUNTERS)) - TRACKS - {PAN})
BITMAPS = st.lists(st.sampled_from(KEPT), unique=True, max_size=8).flatmap(lambda bmps: st.tuples(*map(_value, bmps)))


@given(BITMAPS, st.lists(TREES, max_size=3))
def test_bitmaps_and_tlv_are_read_as_they_were_written(bitmaps: tuple[tuple[int, bytes], ...], tree: list[Tlv]) -> None:
    read = read_fields(write_fields(dict(bitmaps), tuple(tree)))
    assert read.values == dict(bitmaps)
    assert read.tlv == tuple(tree)
    assert read.unknown is None


@given(st.lists(TREES, max_size=4))
def test_tlv_objects_are_read_as_they_were_written(tree: list[Tlv]) -> None:
    assert read_tlv(write_tlv(tree)) == tuple(tree)


@given(st.integers(0, 0xFFFF))
def test_tlv_lengths_are_written_high_byte_first_and_read_back(length: int) -> None:
    written = write_length(length)
    assert read_length(written, 0) == (length, len(written))
    if length > 0xFF:
        assert written == b"\x82" + length.to_bytes(2, "big")


@given(st.integers(0, 0xFFFF), st.binary(max_size=600))
def test_apdus_are_read_as_they_were_written(control: int, data: bytes) -> None:
    assert Apdu.decode(Apdu(control, data).encode()) == Apdu(control, data)


def test_an_extended_apdu_length_has_its_low_byte_first() -> None:
    assert Apdu(0x06D3, bytes(0x028E)).encode()[:5].hex() == "06d3ff8e02"
    assert Apdu(0x06D3, bytes(0xFE)).encode()[:3].hex() == "06d3fe"


@given(st.lists(st.builds(Apdu, st.sampled_from([0x8000, 0x040F, 0x04FF, 0x060F]), st.binary(max_size=300))))
def test_a_glued_stream_falls_apart_into_its_apdus(apdus: list[Apdu]) -> None:
    decoder = Decoder()
    decoder.feed(b"".join(apdu.encode() for apdu in apdus))
    found = []
    while (apdu := decoder.next()) is not None:
        found.append(apdu)
    assert found == apdus


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("0400000000", "BMP 04 says 6 bytes, 4 follow"),
        ("220f08", "where its length should stand"),
        ("22f0", "the counter of BMP 22 is cut off"),
        ("22fafb", "where its length should stand"),
        ("06800000", "80 is not a TLV length"),
        ("068300000100", "83 is not a TLV length"),
        ("0683", "83 is not a TLV length"),
        ("0604070541", "BMP 06 says 4 bytes, 3 follow"),
        ("0603070541", "TLV 7 says 5 bytes, 1 follow"),
        ("04000000001a80", "something else than digits"),
        ("27002705", "comes twice with two values"),
        ("06031f8101", "TLV length is cut off"),
        ("06021f81", "a TLV tag is cut off"),
    ],
)
def test_a_broken_field_is_refused_with_its_reason(data: str, reason: str) -> None:
    with pytest.raises(ProtocolError, match=reason):
        read_fields(bytes.fromhex(data))


def test_an_unknown_bitmap_ends_the_reading_and_what_came_before_is_kept() -> None:
    read = read_fields(bytes.fromhex("2700 87 0153 55 0400 0000"))
    assert read.unknown == 0x55
    assert read.values == {0x27: b"\0", 0x87: b"\x01\x53"}


def test_the_same_bitmap_twice_with_one_value_is_one() -> None:
    assert read_fields(bytes.fromhex("27002700")).values == {0x27: b"\0"}


def test_a_vendors_constructed_tag_without_objects_keeps_its_bytes() -> None:
    assert read_tlv(bytes.fromhex("ff4003deadbe")) == (Tlv(0xFF40, bytes.fromhex("deadbe")),)


def test_objects_that_are_nested_without_end_are_no_danger() -> None:
    deep = b""
    for _ in range(60):
        deep = b"\x24" + write_length(len(deep)) + deep
    assert len(read_tlv(deep)) == 1


@given(st.text("0123456789", min_size=13, max_size=19))
def test_no_more_than_four_digits_of_a_card_number_ever_leave_the_reader(number: str) -> None:
    packed = bytes.fromhex(number + "f" * (len(number) % 2))
    masked = mask_pan(packed)
    assert len(masked) == len(number)
    assert masked == "*" * (len(number) - 4) + number[-4:]


@pytest.mark.parametrize(
    ("raw", "masked"),
    [
        ("8474843eeeeee774", "************e774".replace("e", "*")),
        ("eeeeeeeeeeee4771", "************4771"),
        ("4111111111111111d2212201001700018f", "************1111"),
        ("411111111111111f", "***********1111"),
        ("1234", "****"),
        ("", ""),
    ],
)
def test_a_card_number_ends_at_d_loses_its_padding_and_is_masked(raw: str, masked: str) -> None:
    assert mask_pan(bytes.fromhex(raw)) == masked


def test_tracks_and_card_data_of_emv_are_dropped_where_they_are_read() -> None:
    track = write_fields({0x27: b"\0"})
    read = read_fields(track + bytes.fromhex("23f0f2beef") + bytes.fromhex("24f0f0f1aa") + bytes.fromhex("2df0f1bb"))
    assert set(read.values) == {0x27}
    objects = read_tlv(write_tlv([Tlv(0x60, children=(Tlv(0x5A, b"\x41\x11"), Tlv(0x57, b"\x41"), Tlv(0x44, b"X")))]))
    assert [item.value for item in objects[0].children if item.tag in CARD_DATA] == [b"", b""]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("4111 1111 1111 1111", "************1111"),
        ("Kort: 4111-1111-1111-1111 ok", "Kort: ************1111 ok"),
        ("Trace# 000000010004", "Trace# 000000010004"),
        ("Avtale 4111111111111112", "Avtale 4111111111111112"),
    ],
)
def test_a_number_in_a_text_is_masked_if_its_check_digit_makes_it_a_card_number(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_texts_are_read_in_the_character_set_that_the_terminal_announced() -> None:
    assert decode(b"\x84\x94\x81\xe1") == "äöüß"
    assert decode("blåbær".encode(), 0xFE) == "blåbær"
    assert decode("blåbær".encode("iso8859-1"), 0x01) == "blåbær"
    assert decode("£".encode("iso8859-15") + b"\xa4", 0x0F) == "£€"
    assert decode(b"a\xff", 0x00) == "a\N{REPLACEMENT CHARACTER}"
    assert decode_seven_bit(b"\x5b\x5c\x5d\x7b\x7c\x7d\x7e@") == "ÄÖÜäöüß@"


def test_an_intermediate_status_is_read_by_the_reading_that_uses_up_the_block() -> None:
    assert Interim.read(bytes.fromhex("0a05")) == Interim(status=0x0A, minutes=5)
    assert Interim.read(bytes.fromhex("0a00")) == Interim(status=0x0A)
    assert Interim.read(bytes.fromhex("0affee")) == Interim(status=0x0A)
    with pytest.raises(ProtocolError):
        Interim.read(b"")


def test_a_negative_answer_needs_an_error() -> None:
    assert negative(0x66).encode().hex() == "846600"
    with pytest.raises(ValueError, match="not the id of an error"):
        negative(0)


# The serial line ----------------------------------------------------------------------------------------------------


@given(st.binary(min_size=3, max_size=200), st.binary(max_size=20).filter(lambda b: not set(b) & {0x06, 0x10, 0x15}))
def test_a_block_is_found_in_noise_and_read_as_it_was_written(content: bytes, noise: bytes) -> None:
    reader = BlockReader()
    assert reader.feed(noise + frame(content)) == [Block(content)]


@given(st.binary(min_size=3, max_size=60), st.data())
def test_a_block_with_one_wrong_bit_is_never_taken_for_good(content: bytes, data: st.DataObject) -> None:
    wire = bytearray(frame(content))
    at = data.draw(st.integers(0, len(wire) - 1))
    wire[at] ^= 1 << data.draw(st.integers(0, 7))
    found = BlockReader().feed(bytes(wire))
    assert Block(content) not in found
    assert not any(isinstance(item, Block) for item in found)


def test_the_crc_is_kermit() -> None:
    assert crc(b"123456789") == 0x2189


def line() -> SerialLine:
    return SerialLine(t1=0.2, t2=5.0)


COMMAND, ANSWER = Apdu(0x0670), Apdu(0x8000)


def test_a_good_block_is_acknowledged_and_delivered_once() -> None:
    end = line()
    end.receive(frame(ANSWER.encode()), 0.0)
    assert end.output() == b"\x06"
    end.receive(frame(ANSWER.encode()), 1.0)
    assert end.output() == b"\x06"
    assert (end.next(), end.next()) == (ANSWER, None)


def test_the_same_block_again_after_an_answer_of_ours_is_a_new_one() -> None:
    end = line()
    status = Apdu(0x04FF, b"\x0a")
    end.receive(frame(status.encode()), 0.0)
    end.send(ANSWER, 0.0)
    end.receive(b"\x06", 0.1)
    end.receive(frame(status.encode()), 0.2)
    assert (end.next(), end.next()) == (status, status)


def test_a_block_with_a_bad_crc_is_refused_and_its_repeat_is_taken() -> None:
    end = line()
    wire = frame(ANSWER.encode())
    end.receive(wire[:-1] + bytes((wire[-1] ^ 1,)), 0.0)
    assert end.output() == b"\x15"
    end.receive(wire, 0.1)
    assert end.output() == b"\x06"
    assert end.next() == ANSWER


def test_a_block_is_sent_three_times_and_then_the_line_counts_as_disturbed() -> None:
    end = line()
    end.send(COMMAND, 0.0)
    assert end.output() == frame(COMMAND.encode())
    end.receive(b"\x15", 0.1)
    assert end.output() == frame(COMMAND.encode())
    end.elapse(5.2)
    assert end.output() == frame(COMMAND.encode())
    assert end.deadline == pytest.approx(10.2)
    end.elapse(10.3)
    assert end.output() == b""
    assert not end.delivering
    assert "three times" in end.failed


def test_a_valid_block_in_place_of_the_ack_is_the_ack() -> None:
    end = line()
    end.send(COMMAND, 0.0)
    end.receive(frame(ANSWER.encode()), 0.1)
    assert not end.delivering
    assert end.next() == ANSWER


def test_a_block_that_stops_for_t1_is_refused_and_forgotten() -> None:
    end = line()
    wire = frame(ANSWER.encode())
    end.receive(wire[:4], 0.0)
    assert end.deadline == pytest.approx(0.2)
    end.elapse(0.21)
    assert end.output() == b"\x15"
    end.receive(wire, 0.3)
    assert end.next() == ANSWER


def test_a_new_beginning_inside_a_block_begins_a_new_block() -> None:
    assert BlockReader().feed(b"\x10\x02\x06\x70" + frame(ANSWER.encode())) == [Block(ANSWER.encode())]


def test_ack_and_nak_between_blocks_are_told_apart() -> None:
    assert BlockReader().feed(b"\x06\x15") == [Control(True), Control(False)]


def test_a_dle_with_anything_else_inside_a_block_spoils_it() -> None:
    assert BlockReader().feed(b"\x10\x02\x06\x10\x55") == [BadBlock("DLE 55 inside a block")]
