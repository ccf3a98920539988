"""What everybody may change about himself: password, language, one-time codes, tokens, sessions."""

from __future__ import annotations

import re
from typing import Any, Final

from markupsafe import Markup
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode
from starlette.responses import Response

from hub.access import sessions, tokens, totp, users
from hub.access.passwords import fits, hashed, unfit
from hub.access.roles import RIGHTS, Role
from hub.access.throttle import NAME
from hub.access.users import Refused
from hub.web.gate import Page, keep
from hub.web.visit import Declined, Visit

_SECRET: Final = re.compile(r"[A-Z2-7]{32}")


def account(visit: Visit, **shown: Any) -> Response:
    """Show all of it; `shown` is what can be seen only now."""
    with visit.read() as connection:
        return visit.show(
            "account.html",
            sessions=sessions.count(connection, visit.user.name),
            tokens=tokens.listed(connection, visit.user.name),
            roles=[role for role in Role if RIGHTS[role] <= visit.user.rights],
            languages=(("nb", "Norsk bokmål"), ("en", "English")),
            secret=shown.get("secret", ""),
            code_secret=shown.get("code_secret", ""),
            code_picture=shown.get("code_picture", ""),
        )


def change_password(visit: Visit) -> Response:
    """Change the password; every session but this one ends."""
    form, name = visit.form, visit.user.name
    _prove(visit)
    if form.get("new") != form.get("again"):
        raise Declined("The two new passwords are not the same.")
    why = unfit(form.get("new", ""), name)
    if why:
        raise Declined(why)
    if form.get("new") == form.get("password"):
        raise Declined("That is the old password.")
    password = hashed(form.get("new", ""))
    with visit.write() as connection:
        users.set_password(connection, name, password)
        visit.audit(connection, "account.password", name)
        token = sessions.begin(connection, name, address=visit.address, now=visit.site.clock())
    response = visit.go("account", done="password")
    keep(visit, response, token)
    return response


def change_language(visit: Visit) -> Response:
    """Change the language of the pages."""
    try:
        with visit.write() as connection:
            users.set_language(connection, visit.user.name, visit.form.get("language", ""))
    except Refused as error:
        raise Declined(str(error)) from error
    return visit.go("account", done="saved")


def begin_code(visit: Visit) -> Response:
    """Show a new secret for an authenticator. Nothing is kept before a code proves that it is there."""
    return _show_code(visit, totp.new_secret())


def _show_code(visit: Visit, secret: str) -> Response:
    address = totp.address(secret, name=visit.user.name, issuer=visit.site.name)
    return account(visit, code_secret=secret, code_picture=_picture(address))


def again(visit: Visit) -> Response:
    """Show the page again; while codes are set up, with the same secret."""
    secret = visit.form.get("secret", "")
    return _show_code(visit, secret) if _SECRET.fullmatch(secret) else account(visit)


def confirm_code(visit: Visit) -> Response:
    """Want codes from now on, if the one that was given is right."""
    name, secret = visit.user.name, visit.form.get("secret", "")
    fits_form = _SECRET.fullmatch(secret) is not None
    step = totp.step_of(secret, visit.form.get("code", ""), visit.site.clock()) if fits_form else None
    if step is None:
        raise Declined("That code is not right. Is the time of your phone right?")
    with visit.write() as connection:
        users.set_totp(connection, name, visit.site.seal.close(secret, name), step)
        visit.audit(connection, "account.code-on", name)
    return visit.go("account", done="code-on")


def end_code(visit: Visit) -> Response:
    """Want no code any more."""
    _prove(visit)
    with visit.write() as connection:
        users.set_totp(connection, visit.user.name, "", 0)
        visit.audit(connection, "account.code-off", visit.user.name)
    return visit.go("account", done="code-off")


def add_token(visit: Visit) -> Response:
    """Make a token of the API, and show its secret this once."""
    _prove(visit)
    try:
        role = users.read_role(visit.form.get("role", ""))
        with visit.write() as connection:
            token, secret = tokens.add(connection, visit.user, role, visit.form.get("label", ""))
            visit.audit(connection, "token.add", f"{token.number} {token.label}", role=role.value)
    except Refused as error:
        raise Declined(str(error)) from error
    return account(visit, secret=secret)


def end_token(visit: Visit) -> Response:
    """End a token."""
    text = visit.form.get("number", "")
    try:
        with visit.write() as connection:
            number = int(text) if text.isascii() and text.isdecimal() else 0
            token = tokens.revoke(connection, number, visit.user.name)
            visit.audit(connection, "token.revoke", f"{token.number} {token.label}")
    except Refused as error:
        raise Declined(str(error)) from error
    return visit.go("account", done="saved")


def end_sessions(visit: Visit) -> Response:
    """Sign off everywhere, here too."""
    with visit.write() as connection:
        users.end_sessions(connection, visit.user.name)
        visit.audit(connection, "account.sessions-end", visit.user.name)
    return visit.go("sign-in", done="signed-out")


def _prove(visit: Visit) -> None:
    """Want the password again: an open page is not the user. Guessing here is as slow as at the sign-in."""
    key, now = f"name {visit.user.name}", visit.site.clock()
    if visit.site.throttle.wait(key, now):
        raise Declined("Too many tries. Wait a minute.")
    visit.site.throttle.failed(key, NAME, now)
    if not fits(visit.user.password, visit.form.get("password", "")):
        raise Declined("The password is not right.")
    visit.site.throttle.passed(key)


def _picture(address: str) -> Markup:
    code: QRCode[Any] = QRCode(error_correction=ERROR_CORRECT_M, border=4)
    code.add_data(address)
    matrix = code.get_matrix()
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(matrix) for x, dark in enumerate(row) if dark)
    size = len(matrix)
    return Markup(  # noqa: S704 - numbers only
        f'<svg class="code" viewBox="0 0 {size} {size}" aria-hidden="true"><rect width="{size}" height="{size}" '
        f'fill="#fff"/><path fill="#000" d="{path}"/></svg>'
    )


PAGES: Final = (
    Page(path="/account", handler=account),
    Page(path="/account/password", handler=change_password, again=account),
    Page(path="/account/language", handler=change_language, again=account),
    Page(path="/account/code", handler=begin_code, again=account),
    Page(path="/account/code/confirm", handler=confirm_code, again=again),
    Page(path="/account/code/end", handler=end_code, again=account),
    Page(path="/account/token", handler=add_token, again=account),
    Page(path="/account/token/end", handler=end_token, again=account),
    Page(path="/account/sessions/end", handler=end_sessions, again=account),
)
