"""Messages that break the contract or are for another kiosk: counted, and said without flooding the log."""

from __future__ import annotations

import logging
import threading
from typing import Final

_SPOKEN: Final = 20
_THEN_EVERY: Final = 100
_log = logging.getLogger(__name__)


class Refusals:
    """The count since the start; from any thread."""

    def __init__(self) -> None:
        self.count = 0
        self._lock = threading.Lock()

    def note(self, what: str, why: object) -> None:
        """Count one, and say the first ones and then every hundredth."""
        with self._lock:
            self.count += 1
            number = self.count
        if number <= _SPOKEN or number % _THEN_EVERY == 0:
            _log.warning("%s refused (%d so far): %s", what[:80], number, why)
