"""What the link remembers over a restart: nothing that matters if it is lost, but things that keep a fleet calm."""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from appliance.mqtt.identity import write_durably
from appliance.mqtt.messages.wire import Fields, Malformed, parse_json

_FILE: Final = "link.json"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """The last values seen. `forks`: first sequence and epoch of each run that the hub gave a number of its own."""

    generation: int = 0
    spread_s: int = 1
    products: int = 0
    """Products of the last catalogue that was staged."""
    forks: tuple[tuple[int, int], ...] = ()


class LinkMemory:
    """STATE/link.json. Lost or damaged, it starts empty: the hub says everything again."""

    def __init__(self, state: Path) -> None:
        self._file = state / _FILE
        self._lock = threading.Lock()
        self.value = self._read()

    def _read(self) -> Remembered:
        try:
            fields = Fields(parse_json(self._file.read_bytes()), _FILE)
            return Remembered(
                generation=fields.integer("generation"),
                spread_s=fields.integer("spread_s", low=1, high=600),
                products=fields.integer("products"),
                forks=tuple(_fork(entry) for entry in fields.entries("forks", limit=1000)),
            )
        except FileNotFoundError:
            return Remembered()
        except (OSError, Malformed) as error:
            _log.warning("%s cannot be used, starting without it: %s", self._file, error)
            return Remembered()

    def keep(self, **changes: Any) -> None:
        """Change values and write them, if they differ; from any thread."""
        with self._lock:
            value = replace(self.value, **changes)
            if value == self.value:
                return
            self.value = value
            try:
                write_durably(self._file, json.dumps(asdict(value)).encode())
            except OSError as error:
                _log.warning("%s cannot be written: %s", self._file, error.strerror)


def _fork(entry: object) -> tuple[int, int]:
    if not (isinstance(entry, list) and len(entry) == 2 and all(type(n) is int and n > 0 for n in entry)):
        raise Malformed(f"forks: {entry!r} is no [sequence, epoch]")
    return entry[0], entry[1]
