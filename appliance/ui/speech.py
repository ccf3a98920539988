"""Reads the screen aloud into a headset, through espeak-ng. The newest sentence cuts the older one off."""

from __future__ import annotations

import logging
import shutil
import subprocess
from queue import SimpleQueue
from threading import Thread
from typing import Final

VOICES: Final = {"nb": "nb", "nn": "nb", "en": "en", "zh": "cmn", "ar": "ar"}
WORDS_PER_MINUTE: Final = {"slower": 120, "usual": 160}
_LOG = logging.getLogger(__name__)


class Speech:
    """One voice. `say` returns at once: a thread of its own starts and stops the program."""

    def __init__(self, program: str = "espeak-ng") -> None:
        self._program = shutil.which(program)
        self._wanted: SimpleQueue[tuple[str, str] | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._loudness = 100

    @property
    def available(self) -> bool:
        """Whether this machine can speak."""
        return self._program is not None

    def start(self) -> None:
        """A headset is plugged in."""
        if self.available and self._thread is None:
            self._thread = Thread(target=self._run, name="speech", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """The headset is pulled: silence at once."""
        if self._thread is not None:
            self._wanted.put(None)
            self._thread.join(2)
            self._thread = None

    @property
    def on(self) -> bool:
        """Whether somebody listens."""
        return self._thread is not None

    def say(self, text: str, language: str) -> None:
        """Say a sentence in a language of the screen, instead of whatever is being said."""
        if self.on and text:
            self._wanted.put((text, language))

    def louder(self, step: int) -> None:
        """Change the loudness by some steps of a tenth; 10 to 200 % of the usual one."""
        self._loudness = max(10, min(200, self._loudness + 20 * step))

    def _run(self) -> None:
        speaking: subprocess.Popen[bytes] | None = None
        while True:
            wanted = self._wanted.get()
            while not self._wanted.empty():
                wanted = self._wanted.get()
            if speaking is not None:
                speaking.terminate()
                speaking.wait()
                speaking = None
            if wanted is None:
                return
            speaking = self._speak(*wanted)

    def _speak(self, text: str, language: str) -> subprocess.Popen[bytes] | None:
        command = [str(self._program), "-v", VOICES.get(language, "en"), "-s", str(WORDS_PER_MINUTE["usual"])]
        command += ["-a", str(self._loudness), "--", text]
        try:
            return subprocess.Popen(  # noqa: S603 - a fixed program; the text is an argument after "--"
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        except OSError as error:
            _LOG.warning("cannot speak: %s", error)
            return None
