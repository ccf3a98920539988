"""The command `kvitt`: run the till, check its devices, look into its journal."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import getpass
import logging
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from appliance import __version__, config, control
from appliance.errors import ApplianceError, ConfigError, StoreInUse

EXIT_OK: Final = 0
EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2
"""Also: another process has the store open."""

Job = Callable[[argparse.Namespace], int]


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; give its exit code."""
    parser = _parser()
    told = parser.parse_args(words)
    logging.basicConfig(
        level=logging.DEBUG if told.verbose else logging.INFO,
        format="%(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    job: Job = told.job
    try:
        return job(told)
    except StoreInUse as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    except ApplianceError as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    except BrokenPipeError:
        # The reader of our output has seen enough (`kvitt journal list | head`).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kvitt", description="Self-checkout kiosk and market-stall till.")
    parser.add_argument("--version", action="version", version=f"kvitt {__version__}")
    parser.add_argument("--verbose", action="store_true", help="log more")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, job: Job, help_text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=help_text, description=help_text)
        added.set_defaults(job=job)
        return added

    run = command("run", _run, "Run the till until it is stopped.")
    check = command("check", _check, "Open every configured device, say what was found and how to mend what was not.")
    status = command("status", _status, "Say how the till's store stands: day, sales, what the hub has.")
    for needs_config in (run, check, status):
        _add_config(needs_config)
    run.add_argument("--no-screen", action="store_true", help="run without a window (for tests and benchmarks)")
    command("pin", _pin, "Ask for a PIN and print what the configuration keeps of it.")

    journal = command("journal", _usage_of("journal"), "Look into the sale journal.")
    jobs = journal.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name, job, help_text in (
        ("list", _journal_list, "One line a row."),
        ("show", _journal_show, "One row, whole."),
        ("verify", _journal_verify, "Prove every row. Exit 0: sound, 1: damaged, 2: in use."),
        ("export", _journal_export, "Every row as a line of JSON."),
        ("receipts", _journal_receipts, "The receipt numbers of completed sales, one a line."),
        ("recover", _journal_recover, "Save what proves itself out of a damaged journal."),
    ):
        added = jobs.add_parser(name, help=help_text, description=help_text)
        added.set_defaults(job=job)
        _add_config(added)
        if name == "show":
            added.add_argument("sequence", type=int, help="number of the row")
        if name == "verify":
            added.add_argument("--file", type=Path, help="prove one copy of a journal instead")
        if name == "list":
            added.add_argument("--last", type=int, default=0, metavar="N", help="only the newest N rows")

    _add_payments(command("payments", _usage_of("payments"), "Look into payments, and decide those in doubt."))

    for name, job, help_text in (
        ("backup", _backup, "Copy the store, also while the till sells."),
        ("restore", _restore, "Put a backup in the place of the store."),
    ):
        added = command(name, job, help_text)
        added.add_argument("path", type=Path, help="folder of the copies" if name == "backup" else "the copy")
        _add_config(added)
        if name == "restore":
            added.add_argument(
                "--highest", type=int, default=0, metavar="N", help="highest number that the hub knows of this till"
            )
    return parser


def _add_payments(payments: argparse.ArgumentParser) -> None:
    jobs = payments.add_subparsers(title="commands", required=True, metavar="COMMAND")
    listed = jobs.add_parser("list", help="One line a payment of the open business day, and what is owed from before.")
    listed.add_argument("--all", action="store_true", help="of the whole journal")
    shown = jobs.add_parser("show", help="All that is known of one payment.")
    resolved = jobs.add_parser(
        "resolve",
        help="Decide a payment in doubt, or say that money has been given back; with the PIN of one of the staff.",
    )
    for added in (shown, resolved):
        added.add_argument("attempt", help="as in the list; its beginning is enough")
    resolved.add_argument("--was", required=True, choices=("paid", "not-paid", "given-back"), help="what you found out")
    resolved.add_argument("--reason", required=True, help="where you saw it, e.g. the terminal's journal")
    closed = jobs.add_parser("close-day", help="Have a payment device close its day; with the PIN of one of the staff.")
    closed.add_argument("device", help="its name in the configuration")
    for added, job in (
        (listed, _payments_list),
        (shown, _payments_show),
        (resolved, _payments_resolve),
        (closed, _payments_close_day),
    ):
        added.set_defaults(job=job)
        _add_config(added)


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, help=f"configuration file (default: {config.DEFAULT_PATH})")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of the store, instead of till.state")


def _usage_of(name: str) -> Job:
    def job(_told: argparse.Namespace) -> int:
        print(f"kvitt {name}: a command is missing; see kvitt {name} --help", file=sys.stderr)
        return EXIT_USAGE

    return job


def _config(told: argparse.Namespace) -> config.Config:
    loaded = config.load(told.config)
    if told.data is None:
        return loaded
    return dataclasses.replace(loaded, till=dataclasses.replace(loaded.till, state=told.data))


def _state(told: argparse.Namespace) -> Path:
    """Give the folder of the store; with --data no configuration is needed."""
    return told.data if told.data is not None else _config(told).till.state


def _run(told: argparse.Namespace) -> int:
    from appliance import kiosk

    if told.no_screen:
        return kiosk.run_without_screen(_config(told))
    try:
        loaded = _config(told)
    except ConfigError as error:
        return kiosk.run_out_of_order(str(error))
    return kiosk.run(loaded)


def _check(told: argparse.Namespace) -> int:
    from appliance.assembly import devices_of, tender_notes
    from appliance.core.commands import Health
    from appliance.io.checking import check_devices

    loaded = _config(told)
    notes = tender_notes(loaded)
    print("configuration  good")
    if not loaded.devices:
        print("devices        none configured: add a [devices.<name>] table for each (docs/install.md)")
    sound = True
    for state in check_devices(devices_of(loaded)):
        wants = ", ".join(sorted(condition.replace("_", " ") for condition in state.conditions))
        print(f"{state.name:<14} {state.health:<8} {state.category}: {state.detail or 'answers'}")
        if wants:
            print(f"{'':<14} needs    {wants}")
        if state.remedy:
            print(f"{'':<14} mend     {state.remedy}")
        sound = sound and state.health in (Health.ONLINE, Health.UNKNOWN) and not state.conditions
    for name, note in notes:
        print(f"{name:<14} note     {note}")
    return EXIT_OK if sound else EXIT_FAILED


def _pin(_told: argparse.Namespace) -> int:
    from appliance.staff import hash_pin

    first = getpass.getpass("New PIN, 4 to 12 digits: ")
    if getpass.getpass("Again: ") != first:
        print("The two are not the same; nothing was made.", file=sys.stderr)
        return EXIT_FAILED
    try:
        print(f'pin_hash = "{hash_pin(first)}"')
    except ValueError as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    return EXIT_OK


def _status(told: argparse.Namespace) -> int:
    from appliance.store.inspection import opened, standing

    answer = control.ask(_state(told), {"ask": "status"})
    if answer is not None:
        return _print(["the till is running", *answer["lines"]])
    with contextlib.closing(opened(_state(told))) as journal:
        return _print(standing(journal))


def _print(lines: Iterable[str]) -> int:
    for line in lines:
        print(line)
    return EXIT_OK


def _journal_list(told: argparse.Namespace) -> int:
    from appliance.store.inspection import listing

    return _print(listing(_state(told), newest=told.last))


def _journal_show(told: argparse.Namespace) -> int:
    from appliance.store.inspection import show

    return _print([show(_state(told), told.sequence)])


def _journal_verify(told: argparse.Namespace) -> int:
    from appliance.store.inspection import SOUND, verify

    file: Path | None = told.file
    code, words = verify(file.parent if file else _state(told), file=file)
    print(words, file=sys.stdout if code == SOUND else sys.stderr)
    return code


def _journal_export(told: argparse.Namespace) -> int:
    from appliance.store.inspection import export

    return _print(export(_state(told)))


def _journal_receipts(told: argparse.Namespace) -> int:
    from appliance.store.inspection import receipts, verify

    state = _state(told)
    code, words = verify(state)
    if code != EXIT_OK:
        print(words, file=sys.stderr)
        return code
    return _print(receipts(state))


def _journal_recover(told: argparse.Namespace) -> int:
    from appliance.store.recovery import recover

    done = recover(_state(told), datetime.now(UTC), operator=getpass.getuser(), confirm=_confirm)
    print(f"{done.rows} rows are saved. The damaged files are kept in {done.quarantine}.")
    for first, last in done.lost:
        print(f"No. {first} to {last} are lost on this card.")
    return EXIT_OK


def _confirm(question: str) -> bool:
    """Ask the administrator; whatever is not a yes is a no."""
    try:
        return input(f"{question} Go on? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _payments_list(told: argparse.Namespace) -> int:
    from appliance.store.inspection import opened, payment_lines

    answer = control.ask(_state(told), {"ask": "payments", "all": told.all})
    if answer is not None:
        return _print(answer["lines"])
    with contextlib.closing(opened(_state(told))) as journal:
        return _print(payment_lines(journal, whole=told.all))


def _payments_show(told: argparse.Namespace) -> int:
    from appliance.store.inspection import opened, payment_story

    answer = control.ask(_state(told), {"ask": "payment", "attempt": told.attempt})
    if answer is not None:
        return _print(answer["lines"])
    with contextlib.closing(opened(_state(told))) as journal:
        return _print(payment_story(journal, told.attempt))


def _payments_resolve(told: argparse.Namespace) -> int:
    request = {"ask": "resolve", "decision": f"was_{told.was}".replace("-", "_"), "reason": told.reason}
    if told.was == "given-back":
        request["decision"] = "given_back"
    story = _running(told, {"ask": "payment", "attempt": told.attempt})["lines"]
    _print([*story, ""])
    _running(told, {**request, "attempt": story[0].split()[-1], "pin": getpass.getpass("Your PIN: ")})
    print("It is in the journal, with your name.")
    return EXIT_OK


def _payments_close_day(told: argparse.Namespace) -> int:
    asked = {"device": told.device}
    _running(told, {"ask": "close-day", **asked, "pin": getpass.getpass("Your PIN: ")})
    while (closing := _running(told, {"ask": "closing", **asked}))["closing"] == "running":
        time.sleep(0.5)
    if closing["closing"] == "failed":
        print(f"The day was not closed: {closing['why']}", file=sys.stderr)
        return EXIT_FAILED
    return _print(_running(told, {"ask": "closed-day", **asked})["lines"])


def _running(told: argparse.Namespace, request: dict[str, object]) -> dict[str, Any]:
    answer = control.ask(_state(told), request)
    if answer is None:
        raise control.ControlError(
            "The till is not running. Start it first: it asks the device before anybody decides."
        )
    return answer


def _backup(told: argparse.Namespace) -> int:
    from appliance.store.backup import backup
    from appliance.store.inspection import opened

    answer = control.ask(_state(told), {"ask": "backup", "path": str(told.path.resolve())}, timeout=3600)
    if answer is not None:
        return _print(answer["lines"])
    with contextlib.closing(opened(_state(told))) as journal:
        print(backup(journal, told.path, datetime.now(UTC)))
    return EXIT_OK


def _restore(told: argparse.Namespace) -> int:
    from appliance.store.backup import restore

    first = restore(
        told.path, _state(told), datetime.now(UTC), highest=told.highest, operator=getpass.getuser(), confirm=_confirm
    )
    print(f"Restored. The next row is no. {first}.")
    return EXIT_OK
