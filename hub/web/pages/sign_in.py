"""Signing in and out."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from hub.access import audit, sessions, totp, users
from hub.access.audit import Actor
from hub.access.passwords import fits
from hub.access.throttle import ADDRESS, NAME, address_key
from hub.access.totp import SealBroken
from hub.access.users import User
from hub.web.gate import Page, keep
from hub.web.visit import MENU, PREFIX, Declined, Visit, link

_THEN: Final = re.compile(r"[a-z]+(/[A-Za-z0-9./-]*)?(\?.*)?")
_WRONG: Final = "Name, password or code is wrong."


def first_page(visit: Visit) -> Response:
    """Send to the first page that the user may see."""
    return visit.go(next((name for name, _, right in MENU if visit.may(right)), "account"))


def form(visit: Visit) -> Response:
    """Show the form."""
    if visit.session is not None and not visit.error:
        return visit.go("")
    with visit.read() as connection:
        nobody = not users.listed(connection)
    return visit.show("sign_in.html", nobody=nobody, then=visit.form.get("then", visit.query("then")))


def sign_in(visit: Visit) -> Response:
    """Take name, password and code."""
    site, now = visit.site, visit.site.clock()
    name = visit.form.get("name", "").strip().lower()[:80]
    keys = {address_key(visit.address): ADDRESS, f"name {name}": NAME}
    wait = max((site.throttle.wait(key, now) for key in keys), default=timedelta(0))
    if wait > timedelta(0):
        return _wait(visit, wait)
    # Counted before it is tried, so that many tries at a time are not one.
    for key, limit in keys.items():
        site.throttle.failed(key, limit, now)
    with visit.read() as connection:
        user = users.find(connection, name)
    if user is not None and not user.active:
        user = None
    fitting = fits(None if user is None else user.password, visit.form.get("password", ""))
    token = _begin(visit, user) if user is not None and fitting else ""
    if not token:
        with visit.write() as connection:
            # A name that is none may be a password in the wrong field.
            _note(visit, connection, "(unknown)" if user is None else user.name, "", "sign-in.refused")
        raise Declined(_WRONG)
    for key in keys:
        site.throttle.passed(key)
    then = visit.form.get("then", "")
    response = RedirectResponse(f"{PREFIX}/{then}" if _THEN.fullmatch(then) else link(""), status_code=303)
    keep(visit, response, token)
    return response


def _begin(visit: Visit, user: User) -> str:
    """Begin a session of a user whose password fits; "" if his code does not, or was used before."""
    step = _step(visit, user)
    if step is None:
        return ""
    with visit.write() as connection:
        if user.totp and not users.use_step(connection, user.name, step):
            return ""
        _note(visit, connection, user.name, user.role.value, "sign-in")
        return sessions.begin(connection, user.name, address=visit.address, now=visit.site.clock())


def sign_out(visit: Visit) -> Response:
    """End the session."""
    assert visit.session is not None
    with visit.write() as connection:
        sessions.end(connection, visit.session.digest)
        visit.audit(connection, "sign-out", visit.user.name)
    return visit.go("sign-in", done="signed-out")


def _step(visit: Visit, user: User) -> int | None:
    """Give the step of the code; 0 if the user needs none."""
    if not user.totp:
        return 0
    try:
        secret = visit.site.seal.open(user.totp, user.name)
    except SealBroken as error:
        raise Declined("Your one-time code cannot be checked here: {why}", why=str(error)) from error
    return totp.step_of(secret, visit.form.get("code", ""), visit.site.clock())


def _note(visit: Visit, connection: Connection, name: str, role: str, action: str) -> None:
    audit.append(connection, Actor(who=name, role=role, via="page", address=visit.address), action, name)


def _wait(visit: Visit, wait: timedelta) -> Response:
    seconds = math.ceil(wait.total_seconds())
    response = visit.show("wait.html", status=429, seconds=seconds)
    response.headers["Retry-After"] = str(seconds)
    return response


PAGES: Final = (
    Page(path="/", handler=first_page),
    Page(path="/sign-in", handler=form, public=True),
    Page(path="/sign-in/now", handler=sign_in, again=form, public=True),
    Page(path="/sign-out", handler=sign_out, again=form),
)
