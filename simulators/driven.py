"""A till with its real screen, off the panel, that obeys lines on its standard input: for the demo and for tests.

    tap NAME          touch a button, row, tile or key; answers true, or false if the picture has none of this name
    view              answers the View on the screen
    screenshot PATH   writes the picture
    stop              ends in good order

Each line is answered by one line of JSON. Everything of the till is real; only hands and eyes are not.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import logging
import sys
import threading
from pathlib import Path
from typing import Any

from appliance import config
from appliance.kiosk import Kiosk


def main() -> int:
    """Run the till until `stop` or the end of the input."""
    parser = argparse.ArgumentParser(description="A till off the panel, driven by lines on its standard input.")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--window", action="store_true", help="show it in a window")
    told = parser.parse_args()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    kiosk = Kiosk(config.load(told.config), offscreen=not told.window)
    threading.Thread(target=_obey, args=(kiosk,), daemon=True, name="hands").start()
    return kiosk.run()


def _obey(kiosk: Kiosk) -> None:
    for line in sys.stdin:
        word, _, rest = line.strip().partition(" ")
        print(json.dumps(_answer(kiosk, word, rest)), flush=True)  # noqa: T201 - the line of the protocol
    kiosk.stop()


def _answer(kiosk: Kiosk, word: str, rest: str) -> Any:
    match word:
        case "tap":
            return kiosk.app.tap(rest)
        case "view":
            view = kiosk.app.view
            return None if view is None else dataclasses.asdict(view)
        case "screenshot":
            kiosk.app.screenshot(Path(rest))
            return True
        case "stop":
            kiosk.stop()
            return True
        case _:
            return {"error": f"unknown word {word!r}"}


if __name__ == "__main__":
    sys.exit(main())
