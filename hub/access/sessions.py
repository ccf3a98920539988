"""Sessions: who is signed in, by a random token of which only the digest is kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from appliance.mqtt.messages.wire import instant, read_instant
from hub.access import users
from hub.access.users import User
from hub.schema import hub_session

IDLE: Final = timedelta(hours=8)
"""A session that was not used for so long is over."""
LONGEST: Final = timedelta(days=7)
"""No session is longer, however much it is used."""
_NOTED: Final = timedelta(minutes=1)
"""Use is written down this often at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A user who is signed in."""

    digest: str
    user: User
    seen_at: datetime


def digest_of(token: str) -> str:
    """Give what is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def form_key(token: str) -> str:
    """Give what a form must bring back: known only to pages that were given to the holder of the token."""
    return hmac.new(token.encode(), b"form", hashlib.sha256).hexdigest()


def begin(connection: Connection, name: str, *, address: str, now: datetime) -> str:
    """Sign a user in; give the token. Sessions that are over go away."""
    table = hub_session
    connection.execute(
        delete(table).where((table.c.seen_at < instant(now - IDLE)) | (table.c.made_at < instant(now - LONGEST)))
    )
    token = secrets.token_urlsafe(32)
    connection.execute(
        insert(table).values(
            digest=digest_of(token), user=name, address=address, made_at=instant(now), seen_at=instant(now)
        )
    )
    return token


def find(connection: Connection, token: str, now: datetime) -> Session | None:
    """Give the session of a token; None if there is none, it is over, or its user may not come any more."""
    table = hub_session
    row = connection.execute(select(table).where(table.c.digest == digest_of(token))).one_or_none()
    if row is None:
        return None
    seen_at = read_instant(row.seen_at)
    if now - seen_at > IDLE or now - read_instant(row.made_at) > LONGEST:
        return None
    user = users.find(connection, row.user)
    if user is None or not user.active:
        return None
    return Session(digest=row.digest, user=user, seen_at=seen_at)


def wants_note(session: Session, now: datetime) -> bool:
    """Whether it is time to write down that a session is used."""
    return now - session.seen_at > _NOTED


def note(connection: Connection, session: Session, now: datetime) -> None:
    """Write down that a session is used."""
    connection.execute(update(hub_session).where(hub_session.c.digest == session.digest).values(seen_at=instant(now)))


def end(connection: Connection, digest: str) -> None:
    """Sign one session off."""
    connection.execute(delete(hub_session).where(hub_session.c.digest == digest))


def count(connection: Connection, name: str) -> int:
    """Give the number of sessions that a user has."""
    return len(connection.scalars(select(hub_session.c.digest).where(hub_session.c.user == name)).all())
