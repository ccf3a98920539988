"""The command `kvitt-sim fleet`."""

from __future__ import annotations

import argparse
import json
import logging
import math
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from appliance.errors import ApplianceError
from appliance.mqtt.client import Endpoint
from simulators.fleet.fleet import Fleet
from simulators.fleet.kiosk import Pace

EXIT_OK: Final = 0
EXIT_FAILED: Final = 1


def main(words: Sequence[str]) -> int:
    """Run a fleet until its time or its sales are over and the hub has acknowledged everything; give the exit code."""
    told = _parser().parse_args(words)
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    pace = Pace(per_minute=told.rate, sales=told.sales)
    host, port = told.broker
    try:
        fleet = Fleet(told.kiosks, endpoint=Endpoint(host=host, port=port), pace=pace, folder=told.state)
    except ApplianceError as error:
        print(f"kvitt-sim fleet: {error}", file=sys.stderr)
        return EXIT_FAILED
    began = time.monotonic()
    until = began + told.seconds if told.seconds else float("inf")
    try:
        fleet.run(lambda: stopping.is_set() or time.monotonic() >= until or (told.sales is not None and fleet.done))
        fleet.sell_no_more()
        online, patience = fleet.online, time.monotonic() + told.patience
        fleet.run(lambda: stopping.is_set() or fleet.done or time.monotonic() >= patience)
        waiting = sum(kiosk.journal.last() - kiosk.journal.acked() for kiosk in fleet.kiosks)
    finally:
        fleet.close()
    result = {
        "kiosks": told.kiosks,
        "online": online,
        "seconds": round(time.monotonic() - began, 1),
        **fleet.figures.document(),
        "rows_waiting": waiting,
    }
    if told.json:
        print(json.dumps(result))
    else:
        for name, value in result.items():
            print(f"{name.replace('_', ' ')}: {value}")
    return EXIT_FAILED if waiting else EXIT_OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kvitt-sim fleet",
        description="Many kiosks in one process, for load: they sell, and send what they sold as tills do.",
    )
    parser.add_argument("--broker", type=_address, required=True, metavar="HOST:PORT")
    parser.add_argument("--kiosks", type=_count, required=True, metavar="N")
    parser.add_argument("--rate", type=_amount, default=1.0, metavar="R", help="sales a minute and kiosk (default 1)")
    parser.add_argument("--seconds", type=_amount, default=0.0, metavar="S", help="sell for so long; 0: until stopped")
    parser.add_argument("--sales", type=_count, metavar="N", help="so many sales of each kiosk, counted in its journal")
    parser.add_argument("--state", type=Path, metavar="DIR", help="journals on disk, to go on with (default: memory)")
    parser.add_argument(
        "--patience", type=_amount, default=60.0, metavar="S", help="wait so long for the last acknowledgement"
    )
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    return parser


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _amount(text: str) -> float:
    number = float(text)
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError("0 or more")
    return number


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is no HOST:PORT, such as 127.0.0.1:1883")
    return host, int(port)
