"""Scanners: what comes down the line, and what reaches the till."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.commands import Health
from appliance.errors import ConfigError, DeviceNotFound, DeviceOffline
from appliance.io.scanners import udev
from appliance.io.scanners.evdev import EvdevScanner, EvdevScannerOptions
from appliance.io.scanners.framing import Frame, Framing
from appliance.io.scanners.keymap import LAYOUTS, Typing
from appliance.io.scanners.serial import SerialScanner, SerialScannerOptions
from appliance.io.scanners.udev import Found
from simulators.scanner import ScannerSimulator, Setting
from simulators.wire import PtyWire

CODES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=60)


@contextmanager
def reading(driver: SerialScanner) -> Iterator[list[str]]:
    """Read in a thread, as the supervisor does."""
    codes: list[str] = []
    stop = threading.Event()
    driver.open()
    thread = threading.Thread(target=driver.read, args=(codes.append, stop.is_set))
    thread.start()
    try:
        yield codes
    finally:
        stop.set()
        thread.join(5)
        driver.close()


# The frame around a code ---------------------------------------------------------------------------------------------


@given(codes=st.lists(CODES, max_size=5), cut=st.integers(0, 400), frame=st.sampled_from(["", "\x02"]))
def test_codes_come_out_whole_however_the_bytes_are_cut(codes: list[str], cut: int, frame: str):
    data = "".join(f"{frame}{code}\r\n" for code in codes).encode()
    framing = Framing(Frame(prefix=frame))
    got = framing.feed(data[:cut]) + framing.feed(data[cut:])
    assert got == codes


@given(st.binary(max_size=2000))
def test_garbage_never_breaks_the_reader_and_the_next_code_is_whole(garbage: bytes):
    framing = Framing(Frame(longest=64))
    for code in framing.feed(garbage):
        assert len(code) <= 64
        assert code.isprintable() or "\x1d" in code
    framing.pause()
    assert framing.feed(b"7038010009457\r") == ["7038010009457"]


def test_symbology_identifiers_and_group_separators_pass_through():
    framing = Framing(Frame())
    assert framing.feed(b"]d2010703801000945710ABC\x1d17261231\r\n") == ["]d2010703801000945710ABC\x1d17261231"]


def test_prefix_and_suffix_are_taken_off_and_noise_before_the_prefix_with_them():
    framing = Framing(Frame(prefix="~~", suffix="#"))
    assert framing.feed(b"\xff\xfe~~7038010009457#\r\n") == ["7038010009457"]
    assert framing.feed(b"7038010009457#\r\n") == [], "without its prefix it did not come from a scan"


def test_half_a_code_is_dropped_after_a_pause_and_does_not_glue_to_the_next():
    framing = Framing(Frame())
    assert framing.feed(b"70380100") == []
    assert framing.partial
    assert framing.pause() == []
    assert framing.feed(b"7038010009457\r") == ["7038010009457"]


def test_a_scanner_without_terminator_ends_its_codes_with_a_pause():
    framing = Framing(Frame(terminator=""))
    assert framing.feed(b"7038010009457") == []
    assert framing.pause() == ["7038010009457"]


def test_what_is_too_long_is_dropped_up_to_its_end():
    framing = Framing(Frame(longest=16))
    assert framing.feed(b"x" * 40 + b"\r" + b"7038010009457\r") == ["7038010009457"]


# A serial scanner ----------------------------------------------------------------------------------------------------


def test_a_scan_reaches_the_till(scanner: ScannerSimulator, until: Callable[..., None]):
    with reading(SerialScanner("scanner", SerialScannerOptions(url=scanner.url))) as codes:
        scanner.scan("7038010009457")
        scanner.scan("2012345001994")
        until(lambda: codes == ["7038010009457", "2012345001994"])


def test_a_slow_line_gives_the_same_code(scanner: ScannerSimulator, until: Callable[..., None]):
    with reading(SerialScanner("scanner", SerialScannerOptions(url=scanner.url))) as codes:
        scanner.scan("7038010009457", byte_pause=0.01)
        until(lambda: codes == ["7038010009457"])


def test_a_scanner_knocked_off_in_the_middle_costs_only_that_scan(
    scanner: ScannerSimulator, until: Callable[..., None]
):
    driver = SerialScanner("scanner", SerialScannerOptions(url=scanner.url, gap_ms=60))
    with reading(driver) as codes:
        scanner.scan_part("7038010009457", 8)
        threading.Event().wait(0.3)  # the gap itself is what is tested
        scanner.scan("7038010009457")
        until(lambda: codes == ["7038010009457"])


def test_identifiers_prefix_and_suffix_of_the_scanner_are_those_of_the_configuration(
    tmp_path: Path, until: Callable[..., None]
):
    setting = Setting(prefix="\x02", suffix="\x03", terminator="\r", identifiers=True)
    scanner = ScannerSimulator(PtyWire(tmp_path / "scanner"), setting)
    scanner.start()
    options = SerialScannerOptions(url=scanner.url, prefix="\x02", suffix="\x03")
    with reading(SerialScanner("scanner", options)) as codes:
        scanner.noise(os.urandom(200).replace(b"\x02", b"?") + b"\r")
        scanner.scan("0107038010009457", identifier="]d2")
        until(lambda: codes == ["]d20107038010009457"])
    scanner.stop()


def test_an_unplugged_scanner_is_a_fault_and_works_again_after_it_is_plugged_in(
    scanner: ScannerSimulator, until: Callable[..., None]
):
    driver = SerialScanner("scanner", SerialScannerOptions(url=scanner.url))
    driver.open()
    assert driver.check().health is Health.ONLINE
    scanner.stop()
    with pytest.raises(DeviceOffline):
        driver.check()
    with pytest.raises(DeviceOffline):
        driver.read(lambda _: None, lambda: False)
    driver.close()
    with pytest.raises(DeviceNotFound) as fault:
        driver.open()
    assert "Plug" in fault.value.remedy
    scanner.start()
    with reading(driver) as codes:
        scanner.scan("7038010009457")
        until(lambda: codes == ["7038010009457"])


@pytest.mark.parametrize("options", [{"gap_ms": 1}, {"longest": 1}, {"prefix": "ø"}])
def test_options_that_cannot_work_are_refused(options: dict[str, object]):
    with pytest.raises(ConfigError):
        SerialScannerOptions(url="serial:///dev/ttyUSB0", **options)


# A scanner that types ------------------------------------------------------------------------------------------------

SHIFT, CTRL, ALTGR, CAPS, ENTER = 42, 29, 100, 58, 28
KEYS = {
    "us": {"7": 8, "0": 11, "-": 12, "A": (SHIFT, 30), "a": 30, "]": 27, "_": (SHIFT, 12), "z": 44, "/": 53},
    "no": {"7": 8, "0": 11, "-": 53, "A": (SHIFT, 30), "ø": 39, "]": (ALTGR, 10), "_": (SHIFT, 53), "/": (SHIFT, 8)},
    "de": {"7": 8, "0": 11, "-": 53, "z": 21, "y": 44, "Ü": (SHIFT, 26), "]": (ALTGR, 10), "|": (ALTGR, 86)},
}


def typed(typing: Typing, *chords: int | tuple[int, int]) -> str:
    text = ""
    for chord in chords:
        *held, key = chord if isinstance(chord, tuple) else (chord,)
        for code in held:
            text += typing.key(code, 1)
        text += typing.key(key, 1) + typing.key(key, 2) + typing.key(key, 0)
        for code in reversed(held):
            text += typing.key(code, 0)
    return text


@pytest.mark.parametrize("layout", LAYOUTS)
def test_keys_mean_what_the_layout_of_the_scanner_says(layout: str):
    for character, chord in KEYS[layout].items():
        assert typed(Typing(layout), chord) == character


@pytest.mark.parametrize("layout", LAYOUTS)
def test_caps_lock_changes_nothing(layout: str):
    assert typed(Typing(layout), CAPS, 30, CAPS, (SHIFT, 30)) == "aA"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_digits_are_the_same_on_both_blocks_and_a_held_key_does_not_repeat(layout: str):
    row = typed(Typing(layout), *range(2, 12))
    block = typed(Typing(layout), 79, 80, 81, 75, 76, 77, 71, 72, 73, 82)
    assert row == block == "1234567890"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_group_separator_is_control_and_the_bracket_key(layout: str):
    assert typed(Typing(layout), (CTRL, 27)) == "\x1d"


def test_enter_ends_a_code_and_an_unknown_key_types_nothing():
    assert typed(Typing("us"), 8, 240, ENTER) == "7\n"
    assert typed(Typing("us"), 96) == "\n"


@pytest.mark.parametrize(
    ("wanted", "answers"),
    [
        ("05e0:1200", True),
        ("05E0:1200", True),
        ("Symbol*", True),
        ("Symbol Bar Code Scanner", True),
        ("/dev/input/by-id/usb-Symbol-event-kbd", True),
        ("/dev/input/event7", True),
        ("05e0:1201", False),
        ("Honeywell*", False),
        ("", False),
    ],
)
def test_a_scanner_is_found_by_number_name_or_link(wanted: str, answers: bool):
    found = Found(
        path="/dev/input/event7",
        name="Symbol Bar Code Scanner",
        vendor="05e0",
        product="1200",
        links=("/dev/input/by-id/usb-Symbol-event-kbd",),
    )
    assert found.answers_to(wanted) is answers


def test_a_typing_scanner_that_is_not_there_is_not_found_and_the_others_are_named():
    driver = EvdevScanner("scanner", EvdevScannerOptions(device="ffff:fffe"))
    with pytest.raises(DeviceNotFound) as fault:
        driver.open()
    assert "Here are:" in fault.value.remedy
    driver.close()


@pytest.mark.skipif(not os.access("/dev/uinput", os.W_OK), reason="no /dev/uinput here to make a keyboard with")
def test_a_typing_scanner_is_grabbed_read_and_survives_being_unplugged(until: Callable[..., None]):
    import evdev

    name = f"Kvitt test scanner {os.getpid()}"

    def plug() -> evdev.UInput:
        keyboard = evdev.UInput({evdev.ecodes.EV_KEY: list(range(1, 100))}, name=name)
        until(lambda: any(found.name == name for found in udev.keyboards()))
        return keyboard

    def scan(keyboard: evdev.UInput) -> None:
        for key in (8, 4, 9, 28):
            keyboard.write(evdev.ecodes.EV_KEY, key, 1)
            keyboard.write(evdev.ecodes.EV_KEY, key, 0)
        keyboard.syn()

    driver = EvdevScanner("scanner", EvdevScannerOptions(device=name))
    for _ in range(2):
        keyboard = plug()
        with reading(driver) as codes:
            scan(keyboard)
            until(lambda codes=codes: codes == ["738"])
        keyboard.close()
