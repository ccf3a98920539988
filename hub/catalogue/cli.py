"""`kvitt-hub catalogue`: import, price, versions, undo, held, release, drop, wave, show."""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from appliance.core.money import Currency, Money
from hub import catalogue
from hub.access import audit
from hub.access.audit import Actor
from hub.catalogue import held
from hub.catalogue.preview import Preview, look
from hub.console import Parsers, UsageFault, command, reading, writing
from hub.database import NoDatabase
from hub.keys import signing_key
from hub.prices import versions
from hub.settings import read_settings

_SHOWN: Final = 20
"""Lines of a kind that a preview prints; the report has all."""


def add_catalogue(commands: Parsers[argparse.ArgumentParser]) -> None:
    """Add the command and its parts."""
    parent = commands.add_parser("catalogue", help="Import products, change prices, go back.")
    parts = parent.add_subparsers(required=True, metavar="COMMAND")
    imported = command(parts, "import", "Make a new version from a CSV file, an Excel workbook or GS1 XML.", _import)
    imported.add_argument("file", type=Path)
    imported.add_argument("--part", action="store_true", help="only add and change what the file names, remove nothing")
    imported.add_argument("--check", action="store_true", help="only say what would happen")
    imported.add_argument(
        "--report", type=Path, metavar="FILE", help="write what would happen to FILE.json or FILE.csv"
    )
    price = command(parts, "price", "Make a new version with other prices.", _price)
    price.add_argument("prices", nargs="+", metavar="SKU=MINOR", help="price in minor units, e.g. milk-1l=2290")
    for made in (imported, price):
        made.add_argument("--effective", default="", metavar="TIME", help="with offset, e.g. 2026-03-14T10:00:00+01:00")
        made.add_argument("--cohort", type=_percent, default=100, metavar="PERCENT", help="stores that may use it")
    undone = command(parts, "undo", "Publish the version before the newest again.", _undo)
    undone.add_argument("--to", type=int, default=0, metavar="VERSION", help="this one instead")
    wave = command(parts, "wave", "Let more stores use the newest version.", _wave)
    wave.add_argument("cohort", type=_percent, metavar="PERCENT")
    listed = command(parts, "versions", "List the versions, newest first.", _versions)
    for made in (imported, price, undone, wave, listed):
        made.add_argument("--zone", default="", help="price zone; by default the one of hub.toml")
    command(parts, "held", "List what is held back because it is improbable.", _held)
    freed = command(parts, "release", "Publish what is held back; somebody else has to do it.", _release)
    seen = command(parts, "look", "Say what would happen if something held back were released.", _look)
    dropped = command(parts, "drop", "Forget what is held back.", _drop)
    for made in (freed, seen, dropped):
        made.add_argument("number", type=int)
    for made in (imported, price, undone, freed):
        made.add_argument("--by", default=getpass.getuser(), metavar="NAME", help="who does it; by default the user")
    command(parts, "show", "Name zones and versions.", _show)


def _import(options: argparse.Namespace) -> int:
    settings = read_settings(options.data)
    zone, effective = options.zone or settings.zone, _time(options.effective)
    try:
        content = options.file.read_bytes()
    except OSError as error:
        raise UsageFault(f"{options.file}: {error.strerror}") from error
    with _reading_if_there(options) as connection:
        seen = look(connection, content, settings, zone=zone, whole=not options.part, effective_at=effective)
    for finding in seen.preview.findings:
        print(f"{options.file}: {finding}")
    if options.report:
        _report(options.report, seen.preview)
    if not seen.preview.possible:
        faults = len(seen.preview.findings)
        print(f"{faults} faults; nothing was changed" if faults else f"{seen.preview.refused}; nothing was changed")
        return 1
    _print(seen.preview, lines=_SHOWN if options.check else 0)
    if options.check:
        print("only looked; nothing was changed")
        return 0
    signing_key(options.data)
    with writing(options, create=True) as connection:
        try:
            made = held.submit(
                connection,
                zone,
                seen.reading.products,
                currency=settings.currency,
                tax_codes=settings.tax_codes,
                whole=seen.whole,
                effective_at=effective,
                cohort=options.cohort,
                origin=f"import of {options.file.name}",
                made_by=options.by,
            )
            _note(connection, options, made, f"import of {options.file.name}")
        except catalogue.Refused as error:
            raise UsageFault(f"{error}; nothing was changed") from error
    return _said(made)


@contextmanager
def _reading_if_there(options: argparse.Namespace) -> Iterator[Connection | None]:
    with ExitStack() as stack:
        try:
            connection: Connection | None = stack.enter_context(reading(options))
        except NoDatabase:
            connection = None
        yield connection


def _price(options: argparse.Namespace) -> int:
    settings = read_settings(options.data)
    prices = {}
    for entry in options.prices:
        sku, _, amount = entry.rpartition("=")
        if not sku or not amount.isascii() or not amount.isdecimal() or not 0 < int(amount) < 10**9:
            example = sku or "milk-1l"
            raise UsageFault(f"{entry}: write SKU=MINOR, e.g. {example}=1990 for 19.90; nothing was changed")
        prices[sku] = int(amount)
    signing_key(options.data)
    with writing(options) as connection:
        try:
            made = held.submit_prices(
                connection,
                options.zone or settings.zone,
                prices,
                currency=settings.currency,
                tax_codes=settings.tax_codes,
                effective_at=_time(options.effective),
                cohort=options.cohort,
                made_by=options.by,
            )
            _note(connection, options, made, ", ".join(options.prices)[:200])
        except (LookupError, catalogue.Refused) as error:
            raise UsageFault(f"{error}; nothing was changed") from error
    return _said(made)


def _note(
    connection: Connection, options: argparse.Namespace, made: catalogue.Publication | held.Held | None, subject: str
) -> None:
    """Note in the audit what was done here, in the transaction that does it."""
    actor = Actor(who=options.by[:60], role="", via="shell")
    match made:
        case held.Held():
            audit.append(connection, actor, "catalogue.hold", subject, number=made.number)
        case catalogue.Publication():
            version = f"{made.zone}/{made.version}"
            counts = {"products": made.products, "changed": made.changed, "deleted": made.deleted}
            audit.append(connection, actor, "catalogue.publish", subject, version=version, **counts)


def _said(made: catalogue.Publication | held.Held | None) -> int:
    match made:
        case None:
            print("nothing to change")
        case held.Held():
            raise UsageFault(
                f"held back: {made.reason}. Look at it with `catalogue look {made.number}`; if it is right, somebody "
                f"else says `catalogue release {made.number} --by NAME`. Nothing was changed"
            )
        case catalogue.Publication():
            print(
                f"{made.zone}/{made.version}: {made.products} products, {made.changed} changed, {made.deleted} deleted"
            )
            for version in made.again:
                print(f"{made.zone}/{version}: the list that waits for its time or its waves, with these changes in it")
    return 0


def _print(seen: Preview, *, lines: int) -> None:
    for note in seen.notes:
        print(note)
    for word, products in (("added", seen.added), ("removed", seen.removed), ("changed", seen.changed)):
        if products:
            print(f"{len(products)} {word}")
        for product in products[:lines]:
            print(f"  {product.sku}  {product.name}{'  (' + ', '.join(product.keys) + ')' if product.keys else ''}")
        _more(len(products), lines)
    if seen.prices:
        print(f"{len(seen.prices)} other prices{', the farthest first' if lines else ''}")
    currency = Currency.parse(seen.currency)
    for move in seen.prices[:lines]:
        before, after = (
            "not for sale" if minor is None else str(Money(minor, currency)) for minor in (move.before, move.after)
        )
        moved = "" if move.per_cent is None else f"  {move.per_cent:+} %"
        print(f"  {move.sku}  {move.name}  {before} -> {after}{moved}")
    _more(len(seen.prices), lines)
    if seen.held:
        print(f"improbable, and to be held back: {seen.held}")
    for version in seen.waiting:
        print(f"version {version} waits for its time or its waves; it will be published again with these changes in it")
    print(f"{seen.products} products, no faults")


def _more(count: int, lines: int) -> None:
    if 0 < lines < count:
        print(f"  and {count - lines} more; --report FILE.csv has all")


def _report(file: Path, seen: Preview) -> None:
    if file.suffix not in (".json", ".csv"):
        raise UsageFault(f"--report {file}: name it .json or .csv")
    try:
        file.write_text(seen.json() if file.suffix == ".json" else seen.csv(), encoding="utf-8")
    except OSError as error:
        raise UsageFault(f"--report {file}: {error.strerror}") from error


def _time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageFault(f"--effective {text}: {error}") from error
    if at.tzinfo is None:
        raise UsageFault(f"--effective {text}: say the offset too, e.g. {text}+01:00")
    return at


def _percent(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) > 100:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 100")
    return int(text)


def _undo(options: argparse.Namespace) -> int:
    settings = read_settings(options.data)
    with writing(options) as connection:
        try:
            made = catalogue.undo(
                connection,
                options.zone or settings.zone,
                tax_codes=settings.tax_codes,
                to=options.to,
                made_by=options.by,
            )
            _note(connection, options, made, "undo")
        except (LookupError, catalogue.Refused) as error:
            raise UsageFault(f"{error}; nothing was changed") from error
    return _said(made)


def _wave(options: argparse.Namespace) -> int:
    zone = options.zone or read_settings(options.data).zone
    with writing(options) as connection:
        version = catalogue.raise_wave(connection, zone, options.cohort)
    if not version:
        raise UsageFault(f"zone {zone!r} has no catalogue")
    print(f"{zone}/{version}: {options.cohort} % of the stores may use it")
    return 0


def _versions(options: argparse.Namespace) -> int:
    zone = options.zone or read_settings(options.data).zone
    with reading(options) as connection:
        for version in versions(connection, zone):
            names = [f"by {version.made_by}"] if version.made_by else []
            names += [f"released by {version.released_by}"] if version.released_by else []
            wave = [f"{version.cohort} % of the stores"] if version.cohort < 100 else []
            parts = [f"{version.products} products", *wave, *([version.origin] if version.origin else []), *names]
            print(f"{zone}/{version.version}  from {version.effective_at:%Y-%m-%d %H:%M:%S}Z  {', '.join(parts)}")
    return 0


def _held(options: argparse.Namespace) -> int:
    with reading(options) as connection:
        for entry in held.listed(connection):
            by = f", by {entry.made_by}" if entry.made_by else ""
            print(f"{entry.number}  {entry.at:%Y-%m-%d %H:%M}Z  zone {entry.zone}, {entry.origin}{by}: {entry.reason}")
    return 0


def _look(options: argparse.Namespace) -> int:
    with reading(options) as connection:
        try:
            seen = held.shown(connection, options.number, tax_codes=read_settings(options.data).tax_codes)
        except LookupError as error:
            raise UsageFault(str(error)) from error
    _print(seen, lines=_SHOWN)
    return 0


def _release(options: argparse.Namespace) -> int:
    signing_key(options.data)
    with writing(options) as connection:
        try:
            made = held.release(
                connection,
                options.number,
                tax_codes=read_settings(options.data).tax_codes,
                released_by=options.by,
            )
            _note(connection, options, made, f"release of {options.number}")
        except (LookupError, catalogue.Refused) as error:
            raise UsageFault(f"{error}; nothing was changed") from error
    return _said(made)


def _drop(options: argparse.Namespace) -> int:
    with writing(options) as connection:
        try:
            held.drop(connection, options.number)
        except LookupError as error:
            raise UsageFault(str(error)) from error
    print(f"{options.number} is forgotten")
    return 0


def _show(options: argparse.Namespace) -> int:
    with reading(options) as connection:
        for zone in catalogue.zones(connection):
            head = catalogue.head(connection, zone)
            if head is None:
                continue
            before = head.in_force
            waits = "" if before is None else f"; {zone}/{before.version} holds until then, or until its wave"
            at = f"from {head.effective_at:%Y-%m-%d %H:%M:%S}Z"
            print(
                f"{zone}/{head.version}: {head.products} products, {head.currency}, {at}, root {head.root[:12]}{waits}"
            )
    return 0
