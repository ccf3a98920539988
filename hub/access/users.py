"""The users of the hub's page. Whoever signs in is one of these."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from appliance.mqtt.messages.wire import instant
from hub.access.roles import RIGHTS, Right, Role
from hub.schema import hub_session, hub_token, hub_user

LANGUAGES: Final = ("nb", "en")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


class Refused(Exception):
    """What was asked cannot be done; the text says why, and nothing has changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who may sign in, if `active`. `password` is a hash, `totp` a sealed secret or empty."""

    name: str
    role: Role
    password: str
    must_change: bool
    """The password was given by another person: it must be changed before anything else."""
    totp: str
    totp_step: int
    """The newest step of time whose code was used (RFC 6238, section 5.2: each is good for once)."""
    language: str
    active: bool

    @property
    def rights(self) -> frozenset[Right]:
        """What the role allows."""
        return RIGHTS[self.role]


def read_name(text: str) -> str:
    """Give a name as it is kept; Refused if it cannot be one."""
    name = text.strip().lower()
    if not _NAME.fullmatch(name):
        raise Refused("A name has 1 to 40 letters a to z, digits, dots, hyphens or underscores.")
    return name


def read_role(text: str) -> Role:
    """Give the role of this name; Refused names those that there are."""
    try:
        return Role(text)
    except ValueError:
        raise Refused(f"There is no such role; there are: {', '.join(Role)}.") from None


def find(connection: Connection, name: str) -> User | None:
    """Give a user, active or not."""
    row = connection.execute(select(hub_user).where(hub_user.c.name == name)).one_or_none()
    return None if row is None else _user(row)


def known(connection: Connection, name: str) -> User:
    """Give a user; Refused if there is none."""
    user = find(connection, name)
    if user is None:
        raise Refused("There is no such user.")
    return user


def listed(connection: Connection) -> tuple[User, ...]:
    """Give all users by name."""
    return tuple(_user(row) for row in connection.execute(select(hub_user).order_by(hub_user.c.name)))


def add(
    connection: Connection, name: str, role: Role, password_hash: str, *, must_change: bool = False, language: str = ""
) -> User:
    """Add a user; Refused if the name is taken."""
    name = read_name(name)
    if find(connection, name) is not None:
        raise Refused("That name is taken.")
    user = User(
        name=name,
        role=role,
        password=password_hash,
        must_change=must_change,
        totp="",
        totp_step=0,
        language=language if language in LANGUAGES else LANGUAGES[0],
        active=True,
    )
    connection.execute(
        insert(hub_user).values(
            name=user.name,
            role=role.value,
            password=password_hash,
            must_change=must_change,
            totp="",
            totp_step=0,
            language=user.language,
            active=True,
            made_at=instant(datetime.now(UTC)),
        )
    )
    return user


def set_password(connection: Connection, name: str, password_hash: str, *, must_change: bool = False) -> None:
    """Change a password, and end every session that began with the old one."""
    _change(connection, name, password=password_hash, must_change=must_change)
    end_sessions(connection, name)


def set_role(connection: Connection, name: str, role: Role) -> None:
    """Change a role. Refused if there would be no owner left."""
    _keep_an_owner(connection, name, stays=role is Role.OWNER)
    _change(connection, name, role=role.value)


def set_active(connection: Connection, name: str, *, active: bool) -> None:
    """Let a user sign in, or no more: then sessions and tokens end too. Refused if there would be no owner left."""
    _keep_an_owner(connection, name, stays=active)
    _change(connection, name, active=active)
    if not active:
        end_sessions(connection, name)
        connection.execute(delete(hub_token).where(hub_token.c.user == name))


def set_totp(connection: Connection, name: str, sealed: str, step: int) -> None:
    """Want a one-time code of this user from now on, or none if `sealed` is empty."""
    _change(connection, name, totp=sealed, totp_step=step)


def set_language(connection: Connection, name: str, language: str) -> None:
    """Change the language of the pages."""
    if language not in LANGUAGES:
        raise Refused("There is no such language.")
    _change(connection, name, language=language)


def use_step(connection: Connection, name: str, step: int) -> bool:
    """Take a step of time as used; False if it or a later one was used before."""
    done = connection.execute(
        update(hub_user).where(hub_user.c.name == name, hub_user.c.totp_step < step).values(totp_step=step)
    )
    return done.rowcount == 1


def end_sessions(connection: Connection, name: str) -> None:
    """Sign a user off everywhere."""
    connection.execute(delete(hub_session).where(hub_session.c.user == name))


def _keep_an_owner(connection: Connection, name: str, *, stays: bool) -> None:
    user = known(connection, name)
    others = connection.scalar(
        select(func.count())
        .select_from(hub_user)
        .where(hub_user.c.role == Role.OWNER.value, hub_user.c.active, hub_user.c.name != name)
    )
    if not stays and user.role is Role.OWNER and user.active and not others:
        raise Refused("This is the only owner. Make another one first.")


def _change(connection: Connection, name: str, **values: Any) -> None:
    if connection.execute(update(hub_user).where(hub_user.c.name == name).values(**values)).rowcount != 1:
        raise Refused("There is no such user.")


def _user(row: Row[Any]) -> User:
    return User(
        name=row.name,
        role=Role(row.role),
        password=row.password,
        must_change=row.must_change,
        totp=row.totp,
        totp_step=row.totp_step,
        language=row.language,
        active=row.active,
    )
