"""The receipt printer, on a pseudo-terminal and on TCP."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import qrcode
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from appliance.core.commands import Condition, Health
from appliance.core.receipt import AmountLine, Logo, QrCode, ReceiptDocument, TextLine
from appliance.errors import ConfigError, DeviceError, DeviceFailure, DeviceOffline, DeviceTimeout
from appliance.io.printers import glyphs
from appliance.io.printers.escpos import EscposOptions, EscposPrinter
from appliance.io.printers.status import ProcessMark, RealTime, Replies
from simulators.escpos_paper import Line, Paper, Picture, Qr
from simulators.printer import PrinterSimulator
from simulators.wire import PtyWire

MakeDriver = Callable[..., EscposPrinter]


@pytest.fixture
def make(printer: PrinterSimulator) -> Iterator[MakeDriver]:
    drivers = []

    def make(**options: object) -> EscposPrinter:
        driver = EscposPrinter("printer", EscposOptions(url=printer.url, **options))
        driver.open()
        drivers.append(driver)
        return driver

    yield make
    for driver in drivers:
        driver.close()


def of(*lines: TextLine | AmountLine | QrCode | Logo) -> ReceiptDocument:
    return ReceiptDocument(title="t", lines=lines)


def pictures(paper: Paper) -> list[Image.Image]:
    return [mark.image for mark in paper.marks if isinstance(mark, Picture)]


def test_a_receipt_is_on_paper_and_cut_when_print_returns(
    printer: PrinterSimulator, make: MakeDriver, receipt: ReceiptDocument
):
    make().print(receipt)
    paper = printer.paper()
    assert paper.cuts == 1
    assert paper.unknown == []
    text = paper.text()
    assert "Grovbrød med solsikkekjerner og havre,\nskåret" + " " * 37 + "44,90" in text
    assert "  3 stk × 33,20" in text
    assert "15 %            1 029,91      154,49    1 184,40" in text
    assert "[QR https://kvitt.example/r/0191f7c0-5a3e-7b1e]" in text
    assert pictures(paper) == [], "Norwegian needs no pictures"


def test_double_size_fills_the_paper_with_half_the_characters(
    printer: PrinterSimulator, make: MakeDriver, receipt: ReceiptDocument
):
    make().print(receipt)
    [total] = [
        m for m in printer.paper().marks if isinstance(m, Line) and m.spans and m.spans[0].text.startswith("Sum")
    ]
    assert total.spans[0].cell == (24, 48)
    assert total.spans[0].bold
    assert len(total.spans[0].text) == 24


def test_sami_and_chinese_are_printed_as_pictures_and_every_character_has_a_glyph(
    printer: PrinterSimulator, make: MakeDriver
):
    sami, chinese = "Čáhci đieđa ŋ Šaddu ŧ ž", "挪威三文鱼 200 克"
    make().print(of(AmountLine(text=sami, amount="25,00"), AmountLine(text=chinese, amount="129,00")))
    first, second = pictures(printer.paper())
    assert glyphs.missing(sami + chinese) == ""
    assert first.width == second.width, "both amounts end at the right edge"
    for picture, text in ((first, sami), (second, chinese)):
        ink = picture.convert("L").getbbox()
        assert ink is not None
        assert ink[2] > 48 * 12 - 12, "the amount stands at the right edge"
        expected = glyphs.draw(text, cell=(12, 24), line=34, bold=False)
        drawn = picture.convert("L").point(lambda value: 255 - value).convert("1").crop((0, 0, *expected.size))
        assert drawn.tobytes() == expected.tobytes(), "dot for dot, through the wire"


def test_characters_of_several_code_pages_may_stand_in_one_line(printer: PrinterSimulator, make: MakeDriver):
    make(code_pages=("CP865", "CP1252", "CP852")).print(of(TextLine(text="Žluťoučký kůň, 5 € – blåbær")))
    assert printer.paper().text().startswith("Žluťoučký kůň, 5 € – blåbær\n")


def test_without_code_pages_all_but_ascii_is_a_picture(printer: PrinterSimulator, make: MakeDriver):
    make(code_pages=()).print(of(TextLine(text="Blåbær"), TextLine(text="Bread")))
    assert len(pictures(printer.paper())) == 1
    assert "Bread" in printer.paper().text()


@pytest.mark.parametrize("way", ["raster", "graphics"])
def test_a_qr_code_drawn_by_us_is_the_code_that_a_phone_expects(printer: PrinterSimulator, make: MakeDriver, way: str):
    payload = "https://kvitt.example/r/0191f7c0"
    make(qr="picture", qr_size=6, pictures=way).print(of(QrCode(payload=payload)))
    [picture] = pictures(printer.paper())
    expected = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=0)
    expected.add_data(payload)
    expected.make()
    side = expected.modules_count
    left, top, right, bottom = picture.convert("L").getbbox() or (0, 0, 0, 0)
    assert (right - left, bottom - top) == (side * 6, side * 6)
    assert abs((left + right) / 2 - 288) <= 4, "centred"
    matrix = [[picture.getpixel((left + x * 6 + 3, top + y * 6 + 3)) == 255 for x in range(side)] for y in range(side)]
    # One dot may be burnt more where the dots would read as a real-time command; the middle of a module decides.
    assert matrix == expected.get_matrix()


def test_a_long_code_is_made_smaller_instead_of_running_off_the_paper(printer: PrinterSimulator, make: MakeDriver):
    make(paper_mm=58, qr_size=16).print(of(QrCode(payload="https://kvitt.example/r/" + "x" * 120)))
    [code] = [mark for mark in printer.paper().marks if isinstance(mark, Qr)]
    assert 2 <= code.size < 8


def test_narrow_paper_has_32_columns(printer: PrinterSimulator, make: MakeDriver, receipt: ReceiptDocument):
    make(paper_mm=58).print(receipt)
    lines = [mark for mark in printer.paper().marks if isinstance(mark, Line)]
    assert max(sum(len(span.text) * span.cell[0] for span in line.spans) for line in lines) == 384


def test_dots_of_a_picture_never_read_as_a_real_time_command(
    printer: PrinterSimulator, make: MakeDriver, tmp_path: Path
):
    # 0x10 0x14 0x01 0x00 0x01 in a row of dots would open the drawer, 0x10 0x04 n would provoke an answer.
    row = b"\x10\x14\x01\x00\x01\x10\x04\x02" * 9
    Image.frombytes("1", (576, 40), bytes(byte ^ 0xFF for byte in row * 40)).save(tmp_path / "logo.png")
    make(logo=str(tmp_path / "logo.png")).print(of(Logo(), TextLine(text="Takk")))
    [logo] = pictures(printer.paper())
    assert logo.size == (576, 40)
    assert printer.pulses == 0
    assert "Takk" in printer.paper().text()


def test_a_printer_in_chinese_mode_is_taken_out_of_it(printer: PrinterSimulator, make: MakeDriver):
    make(chinese_mode=True).print(of(TextLine(text="æøå")))
    assert b"\x1c." in printer.receipts[0]
    assert printer.paper().text().startswith("æøå")


@pytest.mark.parametrize(
    ("trouble", "remedy"),
    [
        ({"paper": False}, "paper roll"),
        ({"cover_open": True}, "cover"),
        ({"offline": True}, "lamps"),
        ({"cutter_stuck": True}, "jammed"),
    ],
)
def test_a_printer_that_cannot_print_refuses_before_anything_is_on_paper(
    printer: PrinterSimulator,
    make: MakeDriver,
    receipt: ReceiptDocument,
    trouble: dict[str, bool],
    remedy: str,
):
    driver = make()
    printer.change(**trouble)
    with pytest.raises(DeviceFailure) as fault:
        driver.print(receipt)
    assert remedy in fault.value.remedy
    printer.change(paper=True, cover_open=False, offline=False, cutter_stuck=False)
    assert printer.unfinished == b""
    driver.print(receipt)
    assert len(printer.receipts) == 1, "only the second try is on paper"


def test_paper_that_ends_in_the_middle_is_not_a_printed_receipt(
    printer: PrinterSimulator, make: MakeDriver, receipt: ReceiptDocument
):
    driver = make()
    printer.run_out_after(5)
    with pytest.raises(DeviceTimeout, match="in the middle of the receipt: no paper"):
        driver.print(receipt)
    assert printer.receipts == []
    assert "Grovbrød".encode("cp858") in printer.unfinished


@pytest.mark.parametrize("after", [40, 200, 600])
def test_a_printer_unplugged_in_the_middle_leaves_the_receipt_unknown(
    printer: PrinterSimulator, make: MakeDriver, receipt: ReceiptDocument, after: int
):
    driver = make()
    driver.check()
    printer.die_after(after)
    with pytest.raises(DeviceError) as fault:
        driver.print(receipt)
    assert isinstance(fault.value, DeviceOffline | DeviceTimeout)
    assert not isinstance(fault.value, DeviceFailure)
    assert printer.receipts == []


def test_a_printer_that_is_gone_before_the_job_refuses_it(
    printer: PrinterSimulator, make: MakeDriver, receipt: ReceiptDocument, until: Callable[..., None]
):
    driver = make()
    printer.stop()

    def refused() -> bool:
        with pytest.raises(DeviceFailure) as fault:
            driver.print(receipt)
        return bool(fault.value.remedy)

    until(refused)


def test_a_silent_printer_is_not_open_and_the_remedy_names_the_cable(printer: PrinterSimulator):
    printer.change(deaf=True)
    driver = EscposPrinter("printer", EscposOptions(url=printer.url, answer_ms=50))
    with pytest.raises(DeviceTimeout) as fault:
        driver.open()
    assert "cable" in fault.value.remedy
    with pytest.raises(DeviceOffline):
        driver.check()


def test_the_state_names_paper_and_cover_and_what_to_do(printer: PrinterSimulator, make: MakeDriver):
    driver = make()
    assert driver.check().conditions == frozenset()
    printer.change(paper_low=True)
    low = driver.check()
    assert (low.health, low.conditions) == (Health.ONLINE, {Condition.PAPER_LOW})
    printer.change(paper=False, cover_open=True)
    state = driver.check()
    assert state.conditions == {Condition.PAPER_OUT, Condition.COVER_OPEN}
    assert state.remedy == "Close the printer's cover."


def test_a_pulse_goes_out_beside_a_receipt_and_never_into_it(
    printer: PrinterSimulator, make: MakeDriver, receipt: ReceiptDocument
):
    driver = make()
    kicks = [threading.Thread(target=driver.kick, args=(2, 120)) for _ in range(3)]
    for kick in kicks:
        kick.start()
    driver.print(receipt)
    for kick in kicks:
        kick.join(10)
    assert printer.wait_for(lambda it: it.pulses == 3)
    assert printer.paper().unknown == []
    assert printer.paper().cuts == 1


def test_a_printer_that_only_listens_is_written_to_and_known_to_be_unknown(tmp_path: Path, receipt: ReceiptDocument):
    driver = EscposPrinter("printer", EscposOptions(url=f"file://{tmp_path}/lp0", answers=False))
    driver.open()
    assert "not known" in driver.check().detail
    driver.print(receipt)
    driver.close()
    assert Paper.of((tmp_path / "lp0").read_bytes()).cuts == 1


def test_a_newer_printer_confirms_the_very_job(printer: PrinterSimulator, make: MakeDriver, receipt: ReceiptDocument):
    driver = make(confirm="process_id")
    for count in (1, 2):
        driver.print(receipt)
        assert len(printer.receipts) == count


class Chatty(PtyWire):
    """A line on which the printer's unasked status comes in between."""

    def send(self, data: bytes) -> None:
        super().send(b"\x10\x00\x00\x00\x13\xff\x93" + data + b"\x11\xfe\x18\x00\x0c\x00")


@pytest.mark.parametrize("confirm", ["status", "process_id"])
def test_an_unasked_status_or_noise_is_no_confirmation(tmp_path: Path, receipt: ReceiptDocument, confirm: str):
    printer = PrinterSimulator(Chatty(tmp_path / "printer"))
    printer.start()
    driver = EscposPrinter("printer", EscposOptions(url=printer.url, confirm=confirm))
    driver.open()
    driver.print(receipt)
    assert len(printer.receipts) == 1
    printer.run_out_after(3)
    with pytest.raises(DeviceTimeout, match="no paper"):
        driver.print(receipt)
    driver.close()
    printer.stop()
    assert len(printer.receipts) == 1


@given(st.binary(max_size=40))
def test_a_confirmation_is_found_behind_any_noise_that_is_complete(noise: bytes):
    replies = Replies()
    replies.feed(noise + b"\xff" * 8)  # no block is open any more
    assert replies.feed(b"\x37\x220042\x00") == [ProcessMark("0042")]
    assert replies.feed(b"\x10\x00\x0c\x00\x12") == [RealTime(0x12)]


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({"columns": 50}, "48 on 80 mm"),
        ({"paper_mm": 70}, "not known"),
        ({"qr": "nativ"}, "native, picture"),
        ({"qr_size": 17}, "1 to 16"),
    ],
)
def test_a_wrong_option_says_what_is_allowed(options: dict[str, object], hint: str):
    with pytest.raises(ConfigError, match=hint):
        EscposOptions(url="file:///dev/usb/lp0", **options)


def test_an_unknown_profile_names_the_known_ones(printer: PrinterSimulator):
    driver = EscposPrinter("printer", EscposOptions(url=printer.url, profile="TM-T88"))
    with pytest.raises(DeviceFailure) as fault:
        driver.open()
    assert "TM-T88V" in fault.value.remedy


def test_a_logo_that_cannot_be_read_is_a_fault_with_its_path(printer: PrinterSimulator, tmp_path: Path):
    driver = EscposPrinter("printer", EscposOptions(url=printer.url, logo=str(tmp_path / "none.png")))
    with pytest.raises(DeviceFailure, match=r"none\.png"):
        driver.open()
