"""The command `kvitt-sim`: single devices on a wire, worked from a keyboard."""

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[2]


class Program:
    """A running `kvitt-sim`."""

    def __init__(self, *words: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "simulators.cli", *map(str, words)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def hear(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def connect(self) -> socket.socket:
        where = urlsplit(self.hear().removeprefix("listening "))
        return socket.create_connection((where.hostname, where.port), timeout=10)

    def end(self) -> int:
        self.process.communicate(timeout=20)
        return self.process.returncode


@pytest.fixture
def programs() -> Iterator[list[Program]]:
    started: list[Program] = []
    yield started
    for program in started:
        if program.process.poll() is None:
            program.process.kill()
        program.process.communicate()


def test_a_scanner_sends_each_line_that_is_typed(programs: list[Program]):
    programs.append(scanner := Program("scanner", "--port", 0))
    with scanner.connect() as line, line.makefile("rb") as read:
        line.sendall(b"?")
        scanner.say("7038010009457")
        assert read.readline() == b"7038010009457\r\n"
        scanner.say("quit")
        assert scanner.end() == 0


def test_a_printer_says_that_its_paper_is_out(programs: list[Program], tmp_path: Path):
    programs.append(printer := Program("printer", "--port", 0, "--paper", tmp_path / "paper"))
    with printer.connect() as line:
        line.sendall(b"\x10\x04\x04")
        assert line.recv(1)[0] & 0x60 == 0
        printer.say("paper")
        assert printer.hear() == "paper no"
        line.sendall(b"\x10\x04\x04")
        assert line.recv(1)[0] & 0x60 == 0x60
        printer.say("paper")
        assert printer.hear() == "paper yes"
        line.sendall(b"Hei\n\x1dV\x00\x1dr\x01")
        assert line.recv(1) == b"\x00"
        assert (tmp_path / "paper" / "receipt-0001.txt").read_text(encoding="utf-8").startswith("Hei\n")
        printer.say("quit")
        assert printer.end() == 0


def test_the_panel_shows_itself_and_says_how_to_reach_its_devices(programs: list[Program], tmp_path: Path):
    devices = tmp_path / "devices.toml"
    programs.append(panel := Program("panel", "--data", tmp_path / "panel", "--devices", devices))
    url = panel.hear()
    with urllib.request.urlopen(f"{url}api/state", timeout=10) as answer:
        assert json.load(answer)["terminal"]["text"] == "Ready"
    text = devices.read_text(encoding="utf-8")
    assert all(f"[devices.{name}]" in text for name in ("scanner", "printer", "drawer", "terminal"))
    panel.process.send_signal(signal.SIGTERM)
    assert panel.end() == 0
