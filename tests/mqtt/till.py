"""A till's side of the link, to be killed: python -m tests.mqtt.till STATE PORT KEY WORKSTATION."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tests.mqtt.parts import Kiosk, Till
from tests.mqtt.test_catalogue import activate_as_the_register_does


def main() -> None:
    """Take versions into use until the power goes."""
    state, port, key, workstation = sys.argv[1:]
    kiosk = Kiosk(state=Path(state), port=int(port), key=key, till=Till(workstation=workstation)).start()
    while True:
        activate_as_the_register_does(kiosk)
        time.sleep(0.02)


if __name__ == "__main__":
    main()
