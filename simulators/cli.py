"""The command `kvitt-sim`: a shopper, a panel, or a single device on a wire."""

from __future__ import annotations

import argparse
import contextlib
import logging
import signal
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Final

from appliance.core.money import Currency
from appliance.errors import ApplianceError
from simulators.goods import SAMPLE_SHOP, read_goods
from simulators.printer import PrinterSimulator
from simulators.scanner import ScannerSimulator, Setting
from simulators.wire import PtyWire, TcpWire, Wire

EXIT_OK: Final = 0
EXIT_FAILED: Final = 1

Job = Callable[[argparse.Namespace], int]


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; give its exit code."""
    words = list(sys.argv[1:] if words is None else words)
    if words[:1] == ["zvt"]:
        from simulators import zvt_terminal

        return zvt_terminal.main(words[1:])
    if words[:1] == ["cash"]:
        from simulators import cash_device

        return cash_device.main(words[1:])
    if words[:1] == ["fleet"]:
        from simulators.fleet import cli as fleet

        return fleet.main(words[1:])
    told = _parser().parse_args(words)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    job: Job = told.job
    return job(told)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kvitt-sim",
        description="Simulated devices and shoppers; development only.",
        epilog="kvitt-sim zvt ...: a ZVT card terminal; kvitt-sim cash ...: a cash machine; "
        "kvitt-sim fleet ...: many tills at one hub; see their --help.",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, job: Job, help_text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=help_text, description=help_text)
        added.set_defaults(job=job)
        return added

    shop = command("shop", _shop, "Random but reproducible sales through a whole till.")
    shop.add_argument("--data", type=Path, required=True, metavar="DIR", help="the till's store, empty or cut off")
    shop.add_argument("--sales", type=int, default=0, metavar="N", help="so many sales; 0: until stopped (default)")
    shop.add_argument("--seed", type=int, default=1, metavar="S", help="the same seed gives the same customers")
    shop.add_argument("--ack", type=Path, required=True, metavar="FILE", help="gets the receipt number of each sale")
    shop.add_argument("--books", type=Path, metavar="DIR", help="the terminal's books (default: inside --data)")
    shop.add_argument("--settings", type=Path, metavar="FILE", help="TOML put over the till's configuration")
    shop.add_argument("--products", type=Path, default=SAMPLE_SHOP / "products.csv", metavar="FILE")
    printer = command("printer", _printer, "A receipt printer; obeys paper, cover, low, cut off and quit on its input.")
    printer.add_argument("--paper", type=Path, metavar="DIR", help="keep each receipt as bytes, text and picture")
    scanner = command("scanner", _scanner, "A barcode scanner; scans each line of its input.")
    scanner.add_argument("--identifiers", action="store_true", help="send symbology identifiers before the codes")
    for device in (printer, scanner):
        where = device.add_mutually_exclusive_group(required=True)
        where.add_argument("--pty", type=Path, metavar="PATH", help="a serial line, linked from this path")
        where.add_argument("--port", type=int, metavar="PORT", help="TCP on the loopback address; 0 takes a free port")
    panel = command("panel", _panel, "All devices of a till, in a browser.")
    panel.add_argument("--data", type=Path, required=True, metavar="DIR", help="books of the terminal and receipts")
    panel.add_argument("--port", type=int, default=0, help="of the web page (default: a free one)")
    panel.add_argument("--products", type=Path, default=SAMPLE_SHOP / "products.csv", metavar="FILE")
    panel.add_argument("--devices", type=Path, metavar="FILE", help="write the device tables for the till here (TOML)")
    return parser


@contextlib.contextmanager
def _until_told() -> Iterator[threading.Event]:
    """Give an event that SIGTERM and SIGINT set."""
    told = threading.Event()

    def tell(_number: int, _frame: FrameType | None) -> None:
        told.set()

    before = {number: signal.signal(number, tell) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _shop(told: argparse.Namespace) -> int:
    from simulators.counter import Counter
    from simulators.shop import Acks, Shopper
    from simulators.stall import Stall, TillEnded, stock

    goods = read_goods(told.products, Currency.parse("NOK"))
    with _until_told() as ending, contextlib.closing(Acks(told.ack)) as acks:
        try:
            # Before the terminal is switched on: its books belong to whoever has the store.
            stock(told.data, goods)
            books = told.books or told.data / "simulated" / "terminal"
            settings = tomllib.loads(told.settings.read_text(encoding="utf-8")) if told.settings else {}
            with Counter(books) as counter, Stall(told.data, counter, settings=settings) as stall:
                shopper = Shopper(stall, goods, acks, seed=told.seed)
                shopper.settle_in()
                sold = 0
                while not ending.is_set() and (told.sales == 0 or sold < told.sales):
                    shopper.sell()
                    sold += 1
        except TillEnded as end:
            print(f"kvitt-sim shop: {end.__cause__ or end}", file=sys.stderr)
            return end.code or EXIT_FAILED
        except (ApplianceError, TimeoutError) as error:
            print(f"kvitt-sim shop: {error}", file=sys.stderr)
            return EXIT_FAILED
    return EXIT_OK


def _wire(told: argparse.Namespace) -> Wire:
    return PtyWire(told.pty) if told.pty is not None else TcpWire(told.port)


def _lines() -> Iterator[str]:
    """Give the lines of the input, until it ends or says `quit`."""
    for line in sys.stdin:
        word = line.strip()
        if word == "quit":
            return
        yield word


def _printer(told: argparse.Namespace) -> int:
    printer = PrinterSimulator(_wire(told), folder=told.paper)
    printer.start()
    print(printer.url, flush=True)
    words = {"paper": "paper", "cover": "cover_open", "low": "paper_low", "stuck": "cutter_stuck", "off": "offline"}
    state = dict.fromkeys(words.values(), False) | {"paper": True}
    try:
        for word in _lines():
            if word not in words:
                print(f"no command {word!r}: {', '.join(words)}, quit", file=sys.stderr)
                continue
            key = words[word]
            state[key] = not state[key]
            printer.change(**{key: state[key]})
            print(f"{key.replace('_', ' ')} {'yes' if state[key] else 'no'}", flush=True)
    finally:
        printer.stop()
    return EXIT_OK


def _scanner(told: argparse.Namespace) -> int:
    scanner = ScannerSimulator(_wire(told), Setting(identifiers=told.identifiers))
    scanner.start()
    print(scanner.url, flush=True)
    try:
        for code in _lines():
            scanner.scan(code)
    finally:
        scanner.stop()
    return EXIT_OK


def _panel(told: argparse.Namespace) -> int:
    from simulators.panel.desk import CounterPanel
    from simulators.panel.server import Panel

    goods = read_goods(told.products, Currency.parse("NOK"))
    with (
        _until_told() as ending,
        CounterPanel(told.data, goods, pictures=told.products.parent / "pictures") as desk,
        Panel(desk, port=told.port) as panel,
    ):
        if told.devices is not None:
            told.devices.write_text(desk.counter.toml(), encoding="utf-8")
        print(panel.url, flush=True)
        ending.wait()
    return EXIT_OK


if __name__ == "__main__":
    sys.exit(main())
