"""Make the earcons of the screen: short tones that differ in rhythm, not only in pitch."""

from __future__ import annotations

import array
import math
import wave
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "appliance" / "ui" / "assets" / "sounds"
RATE = 22_050
PEAK = 0.45

# Sound -> notes: (start s, length s, pitch Hz). A major third or fifth upwards is good news, a fall is none.
NOTES = {
    "ok": ((0.0, 0.09, 1318.5),),
    "tick": ((0.0, 0.025, 1760.0),),
    "refused": ((0.0, 0.12, 311.1), (0.18, 0.22, 233.1)),
    "question": ((0.0, 0.14, 659.3), (0.26, 0.2, 880.0)),
    "attention": ((0.0, 0.11, 784.0), (0.17, 0.11, 784.0), (0.34, 0.26, 1046.5)),
    "approved": ((0.0, 0.12, 659.3), (0.12, 0.12, 830.6), (0.24, 0.32, 987.8)),
    "declined": ((0.0, 0.24, 440.0), (0.3, 0.24, 392.0), (0.6, 0.36, 329.6)),
}


def tone(length: float, pitch: float) -> list[float]:
    """Give a soft, bell-like note: a fundamental, a quiet octave, a quick rise and a long fall."""
    count = int(length * RATE)
    result = []
    for i in range(count):
        at = i / RATE
        rise = min(1.0, at / 0.006)
        fall = math.exp(-3.2 * at / length) * min(1.0, (count - i) / (0.008 * RATE))
        wavy = math.sin(2 * math.pi * pitch * at) + 0.22 * math.sin(4 * math.pi * pitch * at)
        result.append(wavy * rise * fall / 1.22)
    return result


def samples(notes: tuple[tuple[float, float, float], ...]) -> bytes:
    """Mix notes to 16-bit samples."""
    whole = [0.0] * int((max(start + length for start, length, _ in notes) + 0.03) * RATE)
    for start, length, pitch in notes:
        for i, value in enumerate(tone(length, pitch)):
            whole[int(start * RATE) + i] += value
    return array.array("h", [round(max(-1.0, min(1.0, value * PEAK)) * 32767) for value in whole]).tobytes()


def main() -> None:
    """Write the files."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, notes in NOTES.items():
        with wave.open(str(FOLDER / f"{name}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(samples(notes))


if __name__ == "__main__":
    main()
