"""The voice: only while somebody listens, the newest sentence, and no thread left behind."""

import stat
import time
from pathlib import Path

import pytest

from appliance.ui.speech import Speech


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A voice that writes down what it is told and then speaks for a long time."""
    file = tmp_path / "espeak-ng"
    file.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/said\nexec sleep 30\n')
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path / "said"


def said(file: Path, lines: int) -> list[str]:
    end = time.monotonic() + 5
    while time.monotonic() < end:
        if file.exists() and len(found := file.read_text().splitlines()) >= lines:
            return found
        time.sleep(0.01)
    raise AssertionError(f"not {lines} sentences in 5 s")


def test_nothing_is_said_without_a_headset(program: Path):
    speech = Speech()
    speech.say("Skann varene dine.", "nb")
    assert not speech.on
    assert not program.exists()


def test_a_sentence_is_said_with_the_voice_of_its_language(program: Path):
    speech = Speech()
    speech.start()
    speech.say("Scan your items.", "en")
    said(program, 1)
    speech.say("扫描商品。", "zh")
    lines = said(program, 2)
    speech.stop()
    assert "-v en" in lines[0]
    assert lines[0].endswith("Scan your items.")
    assert "-v cmn" in lines[1]


def test_pulling_the_headset_ends_the_sentence_at_once(program: Path):
    speech = Speech()
    speech.start()
    speech.say("En lang setning.", "nb")
    said(program, 1)
    began = time.monotonic()
    speech.stop()
    assert time.monotonic() - began < 2
    assert not speech.on


def test_a_machine_without_a_voice_stays_silent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PATH", str(tmp_path))
    speech = Speech()
    speech.start()
    speech.say("Hei.", "nb")
    assert not speech.available
    assert not speech.on
