"""What the commands of `kvitt-hub` have in common: their options, their database, their faults."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection

from hub.database import Database
from hub.settings import read_settings

Parsers = argparse._SubParsersAction  # noqa: SLF001 - argparse has no other name for it


class UsageFault(Exception):
    """What was asked cannot be done; the text says what to do instead."""


def command(
    parent: Parsers[argparse.ArgumentParser],
    name: str,
    text: str,
    run: Callable[[argparse.Namespace], int],
) -> argparse.ArgumentParser:
    """Add a command with the options that every one has."""
    made = parent.add_parser(name, help=text, description=text)
    made.set_defaults(run=run)
    made.add_argument("--data", type=Path, required=True, metavar="DIR", help="the hub's folder")
    made.add_argument("--database", default="", metavar="URL", help="PostgreSQL, in place of what hub.toml says")
    return made


def opened(options: argparse.Namespace, *, create: bool = False, upgrade: bool = False) -> Database:
    """Open the database that the options name."""
    url = options.database or read_settings(options.data).database
    return Database(options.data, url, create=create, upgrade=upgrade)


@contextmanager
def reading(options: argparse.Namespace) -> Iterator[Connection]:
    """One consistent view of it."""
    with closing(opened(options)) as database, database.read() as connection:
        yield connection


@contextmanager
def writing(options: argparse.Namespace, *, create: bool = False) -> Iterator[Connection]:
    """One transaction on it."""
    with closing(opened(options, create=create)) as database, database.write() as connection:
        yield connection
