"""`kvitt-hub`: serve, work, catalogue, sales, quarantine, alarms, kiosks, key, user, token, audit, gateway, db."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import threading
from contextlib import closing

from sqlalchemy.exc import OperationalError

from appliance.core.money import Currency, Money
from hub import kiosks, simulated_gateway
from hub.access import audit
from hub.access.cli import add_people, shell
from hub.access.users import Refused
from hub.alarms import alarms
from hub.catalogue.cli import add_catalogue
from hub.console import UsageFault, command, opened, reading, writing
from hub.database import NoDatabase, SchemaMismatch, revision
from hub.keys import KeyUnusable, public_hex, signing_key
from hub.quarantine import entries, release
from hub.sales import sales, totals
from hub.service import ONE_WRITER, Hub, ManyWriters
from hub.settings import SettingsError, read_settings
from hub.worker import Worker, rest_collector


def main(arguments: list[str] | None = None) -> int:
    """Run a command; 0 done, 1 refused, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        return int(options.run(options))
    except (UsageFault, ManyWriters, NoDatabase, SchemaMismatch, KeyUnusable, SettingsError, Refused) as error:
        print(f"kvitt-hub: {error}", file=sys.stderr)
    except OperationalError as error:
        print(f"kvitt-hub: the database does not answer: {error.orig}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kvitt-hub", description="The hub of Kvitt tills: prices out, sales in.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = command(commands, "serve", "Take sales in and give catalogues out, until stopped.", _serve)
    serve.add_argument("--broker", required=True, type=_address, metavar="HOST:PORT")
    serve.add_argument("--workers", type=int, default=1, metavar="N", help="processes that take sales in (PostgreSQL)")
    serve.add_argument("--http", type=int, default=0, metavar="PORT", help="serve receipts, pages and API on this port")
    serve.add_argument("--http-host", default="127.0.0.1", metavar="ADDRESS", help="address for --http")

    work = command(commands, "work", "Take sales in beside a `serve` that runs elsewhere (PostgreSQL).", _work)
    work.add_argument("--broker", required=True, type=_address, metavar="HOST:PORT")
    work.add_argument("--number", type=int, default=1, metavar="N", help="of this worker on this machine, from 1")
    work.add_argument("--tied", action="store_true", help="end when the standard input does")

    add_catalogue(commands)
    listing = command(commands, "sales", "List sales and totals.", _sales)
    listing.add_argument("--json", action="store_true")
    for name, text, run in (
        ("alarms", "List alarms.", _alarms),
        ("kiosks", "List kiosks and where their uploads stand.", _kiosks),
        ("key", "Print the public key that tills want in hub.keys.", _key),
    ):
        command(commands, name, text, run)
    parent = commands.add_parser("quarantine", help="Rows that could not be booked.")
    parts = parent.add_subparsers(required=True, metavar="COMMAND")
    command(parts, "list", "List rows in quarantine.", _quarantine_list)
    for name, text, run in (
        ("show", "Print one row as it came.", _quarantine_show),
        ("release", "Try to book one row again.", _quarantine_release),
    ):
        made = command(parts, name, text, run)
        made.add_argument("row", metavar="KIOSK/EPOCH/SEQUENCE")
    made = command(commands, "gateway", "See the simulated payment gateway's orders, and decide on them.", _gateway)
    made.add_argument("word", choices=simulated_gateway.WORDS)
    made.add_argument("behaviour", nargs="?", default="", help='for behave, e.g. "ask, life 30" (docs/qr.md)')
    parent = commands.add_parser("db", help="The database's tables.")
    parts = parent.add_subparsers(required=True, metavar="COMMAND")
    command(parts, "check", "Say whether the tables are those that this hub needs.", _db_check)
    command(parts, "upgrade", "Bring the tables of an older hub up to this one's, after a backup.", _db_upgrade)
    add_people(commands)
    return parser


def _serve(options: argparse.Namespace) -> int:
    if not 0 <= options.workers <= 64:
        raise UsageFault(f"--workers {options.workers}: 0 to 64")
    host, port = options.broker
    hub = Hub(
        options.data,
        host=host,
        port=port,
        http_host=options.http_host,
        http_port=options.http,
        database_url=options.database,
        workers=options.workers,
    )
    stopped = _stop_signal()
    rest_collector()
    hub.start()
    print(f"kvitt-hub: broker {host}:{port}, key {hub.public_key}", flush=True)
    if options.http:
        print(f"kvitt-hub: {hub.page(options.http_host, options.http)}", flush=True)
    stopped.wait()
    hub.stop()
    return 0


def _work(options: argparse.Namespace) -> int:
    if not (options.database or read_settings(options.data).database):
        raise ManyWriters(ONE_WRITER)
    stopped = _stop_signal()
    if options.tied:
        threading.Thread(target=_watch_input, args=(stopped,), daemon=True).start()
    with closing(opened(options)) as database:
        worker = Worker(database, *options.broker, number=options.number)
        rest_collector()
        worker.start()
        stopped.wait()
        worker.stop()
    return 0


def _watch_input(stopped: threading.Event) -> None:
    while os.read(0, 1024):
        pass
    stopped.set()


def _stop_signal() -> threading.Event:
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    return stopped


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise argparse.ArgumentTypeError(f"{text}: write HOST:PORT")
    return host, int(port)


def _sales(options: argparse.Namespace) -> int:
    with reading(options) as connection:
        found = sales(connection)
    whole = totals(found)
    if options.json:
        print(json.dumps({"sales": found, "totals": whole}, ensure_ascii=False))
        return 0
    for sale in found:
        amount = Money(sale["total"], Currency.parse(sale["currency"]))
        tenders = ", ".join(tender["type"] for tender in sale["tenders"])
        print(f"{sale['at']}  {sale['transaction']:<40} {amount!s:>14}  {tenders}")
    sums = ", ".join(str(Money(minor, Currency.parse(code))) for code, minor in whole["sum"].items())
    print(f"{whole['count']} sales{': ' if sums else ''}{sums}")
    return 0


def _alarms(options: argparse.Namespace) -> int:
    with reading(options) as connection:
        for alarm in alarms(connection):
            print(f"{alarm.at}  {alarm.kind}  {alarm.kiosk}: {alarm.text}")
    return 0


def _kiosks(options: argparse.Namespace) -> int:
    with reading(options) as connection:
        for kiosk in kiosks.listed(connection):
            marks = ", ".join(f"epoch {mark['epoch']}: {mark['contiguous']}" for mark in kiosk["marks"])
            online = "online" if kiosk["online"] else "offline"
            print(f"{kiosk['kiosk']}  {kiosk['store']}/{kiosk['workstation']}  {online}  {kiosk['catalogue']}  {marks}")
    return 0


def _key(options: argparse.Namespace) -> int:
    print(public_hex(signing_key(options.data)))
    return 0


def _quarantine_list(options: argparse.Namespace) -> int:
    with reading(options) as connection:
        for entry in entries(connection):
            print(f"{entry.at}  {entry.kiosk}/{entry.epoch}/{entry.seq}: {entry.reason}")
    return 0


def _quarantine_show(options: argparse.Namespace) -> int:
    kiosk, epoch, seq = _row(options.row)
    with reading(options) as connection:
        for entry in entries(connection):
            if (entry.kiosk, entry.epoch, entry.seq) == (kiosk, epoch, seq):
                print(entry.raw.decode("utf-8", "backslashreplace"))
                return 0
    raise UsageFault(f"{options.row} is not in quarantine")


def _quarantine_release(options: argparse.Namespace) -> int:
    with writing(options) as connection:
        why = release(connection, *_row(options.row))
        if not why:
            audit.append(connection, shell(), "quarantine.release", options.row)
    if why:
        raise UsageFault(f"{options.row} stays in quarantine: {why}")
    print(f"{options.row} is booked")
    return 0


def _gateway(options: argparse.Namespace) -> int:
    with writing(options) as connection:
        try:
            print(simulated_gateway.obey(connection, options.word, options.behaviour))
        except ValueError as error:
            raise UsageFault(f"{error}; nothing was changed") from error
    return 0


def _db_check(options: argparse.Namespace) -> int:
    with reading(options) as connection:
        print(f"tables {revision(connection)}, as this hub needs them")
    return 0


def _db_upgrade(options: argparse.Namespace) -> int:
    with closing(opened(options, upgrade=True)):
        return _db_check(options)


def _row(text: str) -> tuple[str, int, int]:
    parts = text.split("/")
    try:
        kiosk, epoch, seq = parts
        return kiosk, int(epoch), int(seq)
    except ValueError:
        raise UsageFault(f"{text}: write KIOSK/EPOCH/SEQUENCE") from None
