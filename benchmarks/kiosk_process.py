"""The kiosk as it runs on a till, telling on its output when it drew what: started by `benchmarks.kiosk`.

`python -m benchmarks.kiosk_process CONFIG` prints "first <seconds>" and then, for every frame, "flip <seconds> <rows>":
CLOCK_MONOTONIC, which all processes of a machine share, and the rows of the basket that the frame shows. A line "void"
on its input takes the basket away.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from appliance import config
from appliance.core.commands import VoidReason, VoidTransaction
from appliance.kiosk import Kiosk


class TellingKiosk(Kiosk):
    """A kiosk that says when it has drawn."""

    def _begin(self) -> None:
        from kivy.core.window import Window  # noqa: PLC0415 - Kivy is imported when its environment stands

        _tell(f"first {time.monotonic()}")
        Window.fbind("on_flip", self._flipped)
        super()._begin()
        threading.Thread(target=self._obey, daemon=True).start()

    def _obey(self) -> None:
        for _ in sys.stdin:
            self._inbox.put(VoidTransaction(VoidReason.STAFF))

    def _flipped(self, *_: object) -> None:
        view = self.app.view
        _tell(f"flip {time.monotonic()} {0 if view is None else len(view.rows)}")


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(TellingKiosk(config.load(Path(sys.argv[1])), offscreen=True).run())
