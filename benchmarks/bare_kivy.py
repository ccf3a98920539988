"""A window with one word: what Kivy alone costs on this machine. `python -m benchmarks.bare_kivy FOLDER`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from appliance.config import ScreenConfig
from appliance.ui import launch


def main() -> None:
    """Draw one frame, say when, and stay."""
    launch.prepare(ScreenConfig(), Path(sys.argv[1]), offscreen=True)
    from kivy.base import runTouchApp  # noqa: PLC0415 - Kivy is imported when its environment stands
    from kivy.core.window import Window  # noqa: PLC0415 - the same
    from kivy.uix.label import Label  # noqa: PLC0415 - the same

    def flipped(*_: object) -> None:
        Window.funbind("on_flip", flipped)
        sys.stdout.write(f"first {time.monotonic()}\n")
        sys.stdout.flush()

    Window.fbind("on_flip", flipped)
    runTouchApp(Label(text="Kvitt"))


if __name__ == "__main__":
    main()
