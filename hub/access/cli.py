"""`kvitt-hub user`, `token` and `audit`: who may come to the hub's page, from a shell on its machine."""

from __future__ import annotations

import argparse
import getpass
import json
import sys

from hub.access import audit, tokens, users
from hub.access.audit import Actor
from hub.access.passwords import hashed, unfit
from hub.access.roles import Role
from hub.access.users import Refused
from hub.console import Parsers, command, reading, writing


def shell() -> Actor:
    """Give who acts at this shell."""
    return Actor(who=_account(), role="", via="shell")


def _account() -> str:
    try:
        return getpass.getuser()[:60]
    except (KeyError, OSError):
        return "(unknown)"


def add_people(commands: Parsers[argparse.ArgumentParser]) -> None:
    """Add the commands and their parts."""
    parts = commands.add_parser("user", help="Who may sign in at the hub's page.").add_subparsers(
        required=True, metavar="COMMAND"
    )
    added = command(parts, "add", "Add a user; the password is asked for.", _add)
    added.add_argument("name")
    added.add_argument("--role", required=True, choices=tuple(Role))
    added.add_argument("--language", choices=users.LANGUAGES, default="nb", help="of the pages")
    command(parts, "list", "List users.", _list)
    role = command(parts, "role", "Change a user's role.", _role)
    role.add_argument("name")
    role.add_argument("role", choices=tuple(Role))
    password = command(parts, "password", "Set a user's password anew; all his sessions end.", _password)
    password.add_argument("name")
    password.add_argument("--no-code", action="store_true", help="want no one-time code any more, too")
    for name, text, run in (
        ("bar", "Let a user in no more.", _bar),
        ("admit", "Let a user in again.", _admit),
    ):
        command(parts, name, text, run).add_argument("name")
    parts = commands.add_parser("token", help="Tokens of the JSON API.").add_subparsers(
        required=True, metavar="COMMAND"
    )
    made = command(parts, "add", "Make a token, and print it this once.", _token)
    made.add_argument("name", help="the user as whom the program acts")
    made.add_argument("--role", required=True, choices=tuple(Role), help="what it may, if its user may too")
    made.add_argument("--label", required=True, help="what it is for")
    command(parts, "list", "List tokens.", _tokens)
    command(parts, "revoke", "End a token.", _revoke).add_argument("number", type=int)
    parts = commands.add_parser("audit", help="Who changed what.").add_subparsers(required=True, metavar="COMMAND")
    listed = command(parts, "list", "List what was done, newest first, as lines of JSON.", _audit)
    listed.add_argument("--last", type=int, default=100, metavar="N")
    command(parts, "verify", "Prove that no row was changed or taken out.", _verify)


def _add(options: argparse.Namespace) -> int:
    name = users.read_name(options.name)
    with reading(options) as connection:
        if users.find(connection, name) is not None:
            raise Refused("That name is taken.")
    password = _ask(name)
    with writing(options) as connection:
        users.add(connection, name, Role(options.role), password, language=options.language)
        audit.append(connection, shell(), "user.add", name, role=options.role)
    print(f"{name} can sign in as {options.role}")
    return 0


def _list(options: argparse.Namespace) -> int:
    with reading(options) as connection:
        for user in users.listed(connection):
            marks = ["one-time code"] * bool(user.totp) + ["barred"] * (not user.active)
            print(f"{user.name:<20} {user.role:<12} {', '.join(marks)}".rstrip())
    return 0


def _role(options: argparse.Namespace) -> int:
    with writing(options) as connection:
        before = users.known(connection, options.name).role
        users.set_role(connection, options.name, Role(options.role))
        audit.append(connection, shell(), "user.role", options.name, before=before.value, after=options.role)
    print(f"{options.name} is {options.role}")
    return 0


def _password(options: argparse.Namespace) -> int:
    with reading(options) as connection:
        users.known(connection, options.name)
    password = _ask(options.name)
    with writing(options) as connection:
        users.set_password(connection, options.name, password)
        audit.append(connection, shell(), "user.password", options.name)
        if options.no_code:
            users.set_totp(connection, options.name, "", 0)
            audit.append(connection, shell(), "account.code-off", options.name)
    print(f"{options.name} has a new password")
    return 0


def _bar(options: argparse.Namespace) -> int:
    return _set_active(options, active=False)


def _admit(options: argparse.Namespace) -> int:
    return _set_active(options, active=True)


def _set_active(options: argparse.Namespace, *, active: bool) -> int:
    with writing(options) as connection:
        users.set_active(connection, options.name, active=active)
        audit.append(connection, shell(), "user.admit" if active else "user.bar", options.name)
    print(f"{options.name} {'may sign in' if active else 'may not sign in any more'}")
    return 0


def _token(options: argparse.Namespace) -> int:
    with writing(options) as connection:
        user = users.known(connection, options.name)
        token, secret = tokens.add(connection, user, Role(options.role), options.label)
        audit.append(
            connection,
            shell(),
            "token.add",
            f"{token.number} {token.label}",
            role=options.role,
            user=user.name,
        )
    print(secret)
    return 0


def _tokens(options: argparse.Namespace) -> int:
    with reading(options) as connection:
        for token in tokens.listed(connection):
            print(f"{token.number}  {token.user}  {token.role}  {token.made_at}  {token.label}")
    return 0


def _revoke(options: argparse.Namespace) -> int:
    with writing(options) as connection:
        token = tokens.revoke(connection, options.number)
        audit.append(connection, shell(), "token.revoke", f"{token.number} {token.label}", user=token.user)
    print(f"{token.label}: revoked")
    return 0


def _audit(options: argparse.Namespace) -> int:
    with reading(options) as connection:
        for entry in audit.entries(connection, limit=max(0, options.last)):
            row = {
                "number": entry.number,
                "at": entry.at,
                "who": entry.actor.who,
                "role": entry.actor.role,
                "via": entry.actor.via,
                "address": entry.actor.address,
                "action": entry.action,
                "subject": entry.subject,
                "detail": entry.detail,
            }
            print(json.dumps(row, ensure_ascii=False))
    return 0


def _verify(options: argparse.Namespace) -> int:
    with reading(options) as connection:
        why = audit.damage(connection)
    print(why or "the audit is whole")
    return 1 if why else 0


def _ask(name: str) -> str:
    """Ask for a password, twice at a terminal, else one line; give its hash."""
    if sys.stdin.isatty():
        password = getpass.getpass(f"Password for {name} (12 characters or more): ")
        if getpass.getpass("Again: ") != password:
            raise Refused("The two passwords are not the same.")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    why = unfit(password, name)
    if why:
        raise Refused(why)
    return hashed(password)
