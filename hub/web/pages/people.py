"""The users, and the audit of what they did."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from hub.access import audit, users
from hub.access.audit import Entry
from hub.access.passwords import hashed, unfit
from hub.access.roles import Right, Role
from hub.access.users import Refused
from hub.web.gate import Page
from hub.web.visit import PAGE_SIZE, Declined, Visit
from hub.web.wording import wording


def listing(visit: Visit) -> Response:
    """List the users, with the forms."""
    with visit.read() as connection:
        return visit.show("users.html", users=users.listed(connection), roles=tuple(Role))


def add(visit: Visit) -> Response:
    """Add a user, who must change the password that is given here."""
    form = visit.form
    try:
        name, role = users.read_name(form.get("name", "")), users.read_role(form.get("role", ""))
        password = _password(form.get("password", ""), name)
        with visit.write() as connection:
            users.add(connection, name, role, password, must_change=True, language=visit.language)
            visit.audit(connection, "user.add", name, role=role.value)
    except Refused as error:
        raise Declined(str(error)) from error
    return visit.go("users", done="user-added")


def change(visit: Visit) -> Response:
    """Change role, password or admission of a user."""
    form, name = visit.form, visit.form.get("name", "")
    try:
        match form.get("what"):
            case "role":
                role = users.read_role(form.get("role", ""))
                with visit.write() as connection:
                    before = users.known(connection, name).role
                    users.set_role(connection, name, role)
                    visit.audit(connection, "user.role", name, before=before.value, after=role.value)
            case "password":
                password = _password(form.get("password", ""), name)
                with visit.write() as connection:
                    users.set_password(connection, name, password, must_change=True)
                    users.set_totp(connection, name, "", 0)
                    visit.audit(connection, "user.password", name)
            case "admit" | "bar" as what:
                with visit.write() as connection:
                    users.set_active(connection, name, active=what == "admit")
                    visit.audit(connection, f"user.{what}", name)
            case _:
                raise Declined("Choose what to change.")
    except Refused as error:
        raise Declined(str(error)) from error
    if name == visit.user.name and form.get("what") == "password":
        return visit.go("sign-in")
    return visit.go("users", done="saved")


def _password(password: str, name: str) -> str:
    why = unfit(password, name)
    if why:
        raise Declined(why)
    return hashed(password)


def audit_list(visit: Visit) -> Response:
    """List what was done, newest first."""
    text = visit.query("before")
    before = int(text) if text.isascii() and text.isdecimal() and len(text) < 13 else 0
    with visit.read() as connection:
        found = audit.entries(connection, before=before, limit=PAGE_SIZE + 1)
    return visit.show(
        "audit.html",
        entries=[(entry, _detail(visit, entry)) for entry in found[:PAGE_SIZE]],
        more=len(found) > PAGE_SIZE,
        before=before,
    )


def _detail(visit: Visit, entry: Entry) -> str:
    """Write what belongs to an entry: what was before what is, amounts and quantities as people write them."""
    f, say = visit.formats, wording(visit.language)
    currency = visit.site.settings.currency

    def written(name: str, value: Any) -> str:
        if name in ("before", "after") and entry.action.startswith("price.") and isinstance(value, int):
            return f.money(value, currency)
        if name in ("before", "after") and entry.action == "stock.low" and isinstance(value, int):
            return f.thousandths(value)
        if name == "thousandths" and isinstance(value, int):
            return f.thousandths(value)
        if name == "effective_at" and isinstance(value, str):
            return f.minute(value)
        return say(str(value)) if name in ("role", "before", "after") else str(value)

    order = {name: number for number, name in enumerate(("before", "after", "thousandths"))}
    return " · ".join(
        f"{say(f'detail {name}')}: {written(name, value)}"
        for name, value in sorted(entry.detail.items(), key=lambda item: order.get(item[0], len(order)))
        if value not in (None, "")
    )


PAGES: Final = (
    Page(path="/users", handler=listing, right=Right.USERS),
    Page(path="/users/add", handler=add, right=Right.USERS, again=listing),
    Page(path="/users/change", handler=change, right=Right.USERS, again=listing),
    Page(path="/audit", handler=audit_list, right=Right.AUDIT),
)
