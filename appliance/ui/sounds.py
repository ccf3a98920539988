"""The earcons: short WAV files of our own, loaded once; silent where the machine has no sound."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Final

from appliance.core.effects import Sound

FOLDER: Final = Path(__file__).with_name("assets") / "sounds"
_LOG = logging.getLogger(__name__)


class Sounds:
    """Plays earcons. Used on the main thread only; `load` once, after the first frame."""

    def __init__(self) -> None:
        self._loaded: dict[Sound, Any] = {}

    def load(self) -> None:
        """Load every sound; without a sound device nothing is loaded, and `play` does nothing."""
        from kivy.core.audio import SoundLoader  # noqa: PLC0415 - opens the sound device: after the first frame

        for sound in Sound:
            try:
                loaded = SoundLoader.load(str(FOLDER / f"{sound}.wav"))
            except Exception as error:  # noqa: BLE001 - SDL says in many ways that there is no device
                _LOG.warning("no sound: %s", error)
                return
            if loaded is None or not loaded.length:
                _LOG.warning("no sound: no device plays %s.wav", sound)
                return
            self._loaded[sound] = loaded

    def play(self, sound: Sound) -> None:
        """Play a sound from its beginning, whatever else sounds."""
        loaded = self._loaded.get(sound)
        if loaded is not None:
            loaded.stop()
            loaded.play()

    @property
    def ready(self) -> bool:
        """Whether every sound is loaded."""
        return len(self._loaded) == len(Sound)
