"""Every published frame is read to its stated fields; every invalid one is refused with a reason."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from appliance.core.money import Currency, Money
from appliance.io.payment.zvt import codes, commands
from appliance.io.payment.zvt.apdu import Apdu, Decoder, ForeignProtocol, ProtocolError
from appliance.io.payment.zvt.fields import read_fields
from appliance.io.payment.zvt.messages import (
    Abort,
    Interim,
    ReceiptText,
    Registration,
    StatusInformation,
    TerminalState,
)
from appliance.io.payment.zvt.serial import BadBlock, Block, BlockReader, crc, frame
from tests.payment.conftest import shared

FRAMES: list[dict[str, Any]] = shared("zvt_frames.json")["frames"]
BY_ID = {entry["id"]: entry for entry in FRAMES}


def apdu(name: str) -> Apdu:
    return Apdu.decode(bytes.fromhex(BY_ID[name].get("apdu", BY_ID[name]["hex"])))


def status(name: str) -> StatusInformation:
    return StatusInformation.read(apdu(name).data)


def ids(entry: dict[str, Any]) -> str:
    return str(entry["id"])


@pytest.mark.parametrize("entry", [f for f in FRAMES if f["valid"] and f["transport"] == "apdu"], ids=ids)
def test_a_valid_frame_is_one_apdu_and_is_written_as_it_was_read(entry: dict[str, Any]) -> None:
    wire = bytes.fromhex(entry["hex"])
    assert Apdu.decode(wire).control == int.from_bytes(wire[:2], "big")
    if wire[2] != 0xFF:
        assert Apdu.decode(wire).encode() == wire


@pytest.mark.parametrize("entry", [f for f in FRAMES if f["valid"] and f["direction"] == "PT>ECR"], ids=ids)
def test_a_valid_frame_of_a_terminal_is_cut_out_of_a_stream_of_single_bytes(entry: dict[str, Any]) -> None:
    wire = bytes.fromhex(entry.get("apdu", entry["hex"]))
    decoder = Decoder()
    for byte in wire[:-1]:
        decoder.feed(bytes((byte,)))
        assert decoder.next() is None
    decoder.feed(wire[-1:] + wire)
    assert decoder.next() == Apdu.decode(wire)
    assert decoder.next() == Apdu.decode(wire)
    assert decoder.next() is None


@pytest.mark.parametrize("entry", [f for f in FRAMES if f["transport"] == "serial"], ids=ids)
def test_a_serial_block_verifies_with_kermit_and_only_with_kermit(entry: dict[str, Any]) -> None:
    wire, content = bytes.fromhex(entry["hex"]), bytes.fromhex(entry["apdu"])
    assert BlockReader().feed(wire) == [Block(content)]
    assert frame(content) == wire
    assert crc(content + b"\x03").to_bytes(2, "little").hex() == entry["crc_little_endian"]
    wrong = wire[:-2] + bytes.fromhex(entry["crc_if_true_xmodem"])
    assert BlockReader().feed(wrong) == [BadBlock("the CRC is wrong")]


@pytest.mark.parametrize("entry", [f for f in FRAMES if not f["valid"]], ids=ids)
def test_an_invalid_frame_is_refused_and_the_reason_is_said(entry: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError) as refusal:
        Apdu.decode(bytes.fromhex(entry["hex"]))
    assert any(word in str(refusal.value) for word in ("length says", "cut off"))


def test_an_answer_of_another_protocol_is_named() -> None:
    decoder = Decoder()
    decoder.feed(bytes.fromhex(BY_ID["not-zvt-01"]["hex"]))
    with pytest.raises(ForeignProtocol, match="ECR17") as refusal:
        decoder.next()
    assert refusal.value.certain


# The fields that the sources state --------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", [f for f in FRAMES if "expect" in f and f["hex"].startswith("040f")], ids=ids)
def test_a_status_information_has_the_fields_that_its_source_states(entry: dict[str, Any]) -> None:
    read = status(entry["id"])
    stated = {
        "Amount": read.amount,
        "CurrencyCode": f"{read.currency or 0:03d}",
        "TerminalIdentifier": str(int(read.terminal_id)),
        "ErrorCode": f"{read.result:02x}",
        "ErrorMessage": {0: "no error", 0x6C: "abort via timeout or abort-key"}.get(read.result or 0),
        "AdditionalText": read.text,
        "CardType": codes.CARD_TYPES.get(read.card_type or 0, ""),
        "CardName": read.card_name,
        "ExpiryDateYear": read.expiry[:2],
        "ExpiryDateMonth": read.expiry[2:],
        "TurnoverRecordNumber": str(int(read.turnover or 0)),
        "CardSequenceNumber": str(int(read.card_sequence or 0)),
        "Time": ":".join((read.time[:2], read.time[2:4], read.time[4:])),
        "DateMonth": read.date[:2],
        "DateDay": read.date[2:],
        "CardNumber": read.masked_pan,
        "CardTechnology": codes.TECHNOLOGIES.get(-1 if read.technology is None else read.technology),
        "CardholderAuthentication": {0: "No Cardholder authentication"}.get(read.cardholder_check or 0),
        "ApplicationId": read.application,
    }
    assert {key: stated[key] for key in entry["expect"]} == entry["expect"]


@pytest.mark.parametrize("entry", [f for f in FRAMES if "sw_version" in f.get("expect", {})], ids=ids)
def test_a_completion_of_a_status_enquiry_ends_in_a_status_even_if_that_is_06(entry: dict[str, Any]) -> None:
    state = TerminalState.read(apdu(entry["id"]).data)
    assert state.version == entry["expect"]["sw_version"]
    assert state.status == int(entry["expect"]["terminal_status"], 16)
    assert state.objects == ()


def test_a_completion_of_one_byte_06_is_a_status_and_two_bytes_06_00_are_an_empty_tlv() -> None:
    assert TerminalState.read(apdu("completion-04").data).status == 0x06
    assert TerminalState.read(b"\x06\x00").status is None
    assert TerminalState.read(b"\x06\x06\x00").status == 0x06
    assert TerminalState.read(b"\xf0\x06\x00").status == 0xF0


def test_the_version_of_a_real_terminal_is_read() -> None:
    state = TerminalState.read(apdu("completion-01").data)
    assert (state.version, state.status, state.ready) == ("2.14.15", 0x00, True)


def test_an_approval_holds_amount_currency_reference_and_card() -> None:
    read = status("status-information-11")
    assert read.approved
    assert (read.amount, read.currency) == (1880, 978)
    assert (read.receipt, read.trace, read.date, read.time) == ("0153", "000153", "0416", "192336")
    assert read.terminal_id == "29001006"
    assert read.card_name == "MAESTRO"
    assert codes.CARD_TYPES[read.card_type or 0] == "Maestro"
    assert read.application == "A0000000043060"
    assert codes.TECHNOLOGIES[read.technology or 0] == "NFC"
    assert codes.CARDHOLDER_CHECKS[read.cardholder_check or 0] == "none"
    assert "GEN.NR.:958520" in read.text


def test_every_bitmap_of_the_published_results_has_its_field() -> None:
    read = status("status-information-02")
    assert (read.authorisation, read.contract) == ("889150", "455600000599")
    assert (read.payment_type, read.network_card_type) == (0x60, 0x03)
    assert read.text.startswith("AS-TID = 13F00013")
    read = status("status-information-11")
    assert (read.authorisation, read.contract, read.payment_type) == ("958520", "100764992", 0x70)
    read = status("status-information-06")
    assert (read.host_code, read.application_name, read.expiry) == ("01", "Debit Mastercard", "9999")


@pytest.mark.parametrize("entry", [f for f in FRAMES if f["valid"] and f["hex"].startswith("040f")], ids=ids)
def test_no_bitmap_of_a_published_result_is_unknown(entry: dict[str, Any]) -> None:
    found = read_fields(Apdu.decode(bytes.fromhex(entry["hex"])).data)
    # One frame is for the parser of lengths alone, as its note says.
    assert (found.unknown is None) == (entry["id"] != "status-information-08")


def test_the_commands_of_the_till_are_the_published_ones() -> None:
    eur = Currency.parse("EUR")
    published = {
        "reversal-01": commands.reversal("000000", "0047", Money(1880, eur), eur),
        "refund-01": commands.refund("000000", Money(500, eur)),
        "repeat-receipt-02": commands.repeat_receipt("000000"),
        "end-of-day-01": commands.plain(0x0650, "000000"),
        "turnover-totals-01": commands.plain(0x0610, "000000"),
        "status-enquiry-01": commands.plain(0x0501, "123456"),
        "initialisation-01": commands.plain(0x0693, "123456"),
        "diagnosis-01": commands.diagnosis(),
        "abort-by-till-01": commands.abort(),
        "registration-05": commands.registration("123456", 0xBE, eur),
        "authorisation-05": commands.authorisation(Money(1880, eur), ""),
    }
    assert {name: command.apdu() for name, command in published.items()} == {name: apdu(name) for name in published}


def test_a_card_number_is_masked_whatever_the_terminal_sent() -> None:
    for name in ("status-information-01", "status-information-02", "status-information-11"):
        read = status(name)
        clear = [letter for letter in read.masked_pan if letter.isdigit()]
        assert len(clear) <= 4
        assert set(read.masked_pan) <= set("*0123456789")
    assert status("status-information-02").masked_pan.endswith("7743")


def test_a_declined_status_says_why_in_the_words_of_the_terminal() -> None:
    read = status("status-information-10")
    assert (read.result, read.approved, read.text) == (0x05, False, "Karte abgelehnt")
    assert (read.amount, read.receipt) == (None, "")


def test_the_smallest_approval_is_an_approval_without_amount() -> None:
    read = status("status-information-03")
    assert read.approved
    assert read.amount is None


def test_where_bmp_0b_is_missing_the_long_trace_number_counts() -> None:
    assert status("status-information-06").trace == "10015008"


def test_intermediate_statuses_are_read_with_and_without_the_time_out() -> None:
    assert Interim.read(apdu("intermediate-status-01").data) == Interim(
        status=0x0A, minutes=1, text="Bitte Karte einstecken"
    )
    assert Interim.read(apdu("intermediate-status-02").data).text == "Test ä ö ü ß"
    assert Interim.read(apdu("intermediate-status-02").data).minutes == 1
    assert Interim.read(apdu("intermediate-status-03").data) == Interim(status=0x0A)
    assert Interim.read(apdu("intermediate-status-04").data) == Interim(status=0x17)


def test_print_lines_are_read_with_their_receipt_type() -> None:
    assert ReceiptText.read_line(apdu("print-line-01").data).lines == ("Gesamt      0       0,00",)
    assert ReceiptText.read_line(apdu("print-line-02").data).lines == ("Test ä ö ü ß",)
    assert ReceiptText.read_line(apdu("print-line-05").data) == ReceiptText(lines=("BETRAG:  EUR        2,00",))
    assert ReceiptText.read_line(apdu("print-line-06").data).lines == ()


def test_a_text_block_is_a_receipt_line_by_line() -> None:
    receipt = ReceiptText.read_block(apdu("print-text-block-01").data)
    assert not receipt.merchant
    assert not receipt.administration
    assert receipt.lines[3] == "     ZVT TCP/IP, DHCP"
    assert "         EUR: 1,00" in receipt.lines
    assert ReceiptText.read_block(apdu("print-text-block-02").data).administration


def test_an_abort_is_read_with_its_code_and_the_words_of_the_terminal() -> None:
    assert Abort.read(apdu("abort-by-terminal-01").data) == Abort(result=0x6C, text="Abbruch durch externes Kommando!")
    assert Abort.read(apdu("abort-by-terminal-02").data).result == 0xB8
    assert Abort.read(apdu("abort-by-terminal-04").data).result is None
    assert Abort.read(apdu("abort-by-terminal-05").data).result == 0x64
    assert Abort.read(apdu("abort-by-terminal-06").data).result == 0x05
    assert Abort.read(apdu("abort-by-terminal-07").data).result == 0x6C


def test_a_registration_tells_terminal_and_currency() -> None:
    read = Registration.read(apdu("completion-07").data)
    assert (read.terminal_id, read.currency, read.status) == ("29001006", 978, 0)
    assert Registration.read(apdu("completion-05").data).terminal_id == "52001233"


def test_an_answer_with_data_is_positive_and_84_00_is_positive_too() -> None:
    assert apdu("positive-acknowledgement-03").positive
    assert Apdu(0x8400).positive
    assert Apdu(0x8400).negative is None
    assert apdu("negative-acknowledgement-01").negative == 0x83


@pytest.mark.parametrize("entry", [f for f in FRAMES if f["valid"]], ids=ids)
def test_reading_a_valid_frame_as_the_wrong_message_is_refused_and_never_breaks(entry: dict[str, Any]) -> None:
    data = Apdu.decode(bytes.fromhex(entry.get("apdu", entry["hex"]))).data
    for read in (read_fields, StatusInformation.read, Registration.read, TerminalState.read, Abort.read):
        with contextlib.suppress(ProtocolError):
            read(data)
