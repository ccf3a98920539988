"""Tokens of the JSON API: a secret that programs send, kept as its digest, with a role of its own."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from appliance.mqtt.messages.wire import instant
from hub.access import users
from hub.access.roles import RIGHTS, Right, Role
from hub.access.sessions import digest_of
from hub.access.users import Refused, User
from hub.schema import hub_token


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token, without its secret."""

    number: int
    user: str
    role: Role
    label: str
    made_at: str


def add(connection: Connection, user: User, role: Role, label: str) -> tuple[Token, str]:
    """Make a token; give it and the secret, which nobody can give again. It may not allow more than its user may."""
    label = label.strip()
    if not 0 < len(label) <= 60:
        raise Refused("Say what the token is for, in 1 to 60 characters.")
    if not user.active:
        raise Refused("That user may not sign in.")
    if not RIGHTS[role] <= user.rights:
        raise Refused("A token cannot be allowed more than its user.")
    secret = f"kvitt_{secrets.token_urlsafe(32)}"
    made_at = instant(datetime.now(UTC))
    number: int | None = connection.scalar(
        insert(hub_token)
        .values(digest=digest_of(secret), user=user.name, role=role.value, label=label, made_at=made_at)
        .returning(hub_token.c.number)
    )
    assert number is not None
    return Token(number=number, user=user.name, role=role, label=label, made_at=made_at), secret


def find(connection: Connection, secret: str) -> tuple[Token, User, frozenset[Right]] | None:
    """Give token, user and rights of a secret: those of the token that its user still has."""
    row = connection.execute(select(hub_token).where(hub_token.c.digest == digest_of(secret))).one_or_none()
    if row is None:
        return None
    token = _token(row)
    user = users.find(connection, token.user)
    if user is None or not user.active:
        return None
    return token, user, RIGHTS[token.role] & user.rights


def listed(connection: Connection, user: str = "") -> tuple[Token, ...]:
    """Give the tokens of a user, or all."""
    query = select(hub_token).order_by(hub_token.c.number)
    if user:
        query = query.where(hub_token.c.user == user)
    return tuple(_token(row) for row in connection.execute(query))


def revoke(connection: Connection, number: int, user: str = "") -> Token:
    """End a token, of this user or of anybody; Refused if there is none."""
    found = next((token for token in listed(connection, user) if token.number == number), None)
    if found is None:
        raise Refused("There is no such token.")
    connection.execute(delete(hub_token).where(hub_token.c.number == number))
    return found


def _token(row: Row[Any]) -> Token:
    return Token(number=row.number, user=row.user, role=Role(row.role), label=row.label, made_at=row.made_at)
