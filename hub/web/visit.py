"""One request of somebody, and what a page may do with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from hub.access import audit
from hub.access.audit import Actor
from hub.access.roles import Right
from hub.access.sessions import Session, form_key
from hub.access.users import User
from hub.receipts import language_of
from hub.web.formats import Formats
from hub.web.site import Site
from hub.web.wording import NOTICES, wording

PREFIX: Final = "/hub"
"""Under this are all pages for the shop, so that a proxy can keep them from the street."""
MENU: Final = (
    ("today", "Today", Right.SALES),
    ("sales", "Sales", Right.SALES),
    ("periods", "Periods", Right.SALES),
    ("products", "Products", Right.PRODUCTS),
    ("stock", "Stock", Right.STOCK),
    ("kiosks", "Tills", Right.KIOSKS),
    ("alarms", "Alarms", Right.ALARMS),
    ("audit", "Audit", Right.AUDIT),
    ("users", "Users", Right.USERS),
)
PAGE_SIZE: Final = 50
_LONGEST_PERIOD: Final = timedelta(days=731)
_FIRST_DAY: Final = date(2000, 1, 1)
_LAST_DAY: Final = date(2999, 12, 31)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")

_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Declined(Exception):
    """What a form asks cannot be done. The text says why, in English of the wording; `values` stand in it."""

    def __init__(self, text: str, **values: Any) -> None:
        super().__init__(text)
        self.text = text
        self.values = values


class Missing(Exception):
    """There is no such thing to show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request, with the session that it belongs to, if there is one."""

    site: Site
    request: Request
    token: str
    """Of the cookie; it also ties forms to their browser before anybody has signed in."""
    session: Session | None = None
    form: Mapping[str, str]
    error: str = ""
    """Why the form that was sent could not be taken."""
    via: str = "page"
    rights: frozenset[Right] | None = None
    """Those of a token, which may be fewer than its user's."""

    @property
    def user(self) -> User:
        """Who is signed in. A page that asks is behind the sign-in."""
        assert self.session is not None
        return self.session.user

    @property
    def address(self) -> str:
        """Where the request comes from."""
        return self.request.client.host if self.request.client else ""

    @property
    def language(self) -> str:
        """The user's language, else one that the browser wants, else the shop's."""
        if self.session is not None:
            return self.session.user.language
        wanted = language_of(self.request.headers.get("accept-language", ""), self.site.settings.language)
        return "nb" if wanted in ("nb", "nn") else "en"

    @property
    def formats(self) -> Formats:
        """How numbers and times are written."""
        return Formats(language=self.language, zone=self.site.zone)

    def may(self, right: Right) -> bool:
        """Whether the user has a right."""
        if self.session is None:
            return False
        return right in (self.session.user.rights if self.rights is None else self.rights)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view of the database."""
        with self.site.database.read() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction; an exception rolls it back."""
        with self.site.database.write() as connection:
            yield connection

    def audit(self, connection: Connection, action: str, subject: str, **detail: Any) -> None:
        """Note what the user does, in the transaction that does it."""
        actor = Actor(who=self.user.name, role=self.user.role.value, via=self.via, address=self.address)
        audit.append(connection, actor, action, subject, **detail)

    def query(self, name: str) -> str:
        """Give a value of the address without control characters; "" if it is not there."""
        return _CONTROL.sub("", self.request.query_params.get(name, ""))[:200]

    def day(self, name: str = "day") -> date:
        """Give the day that the address names, else today."""
        try:
            day = date.fromisoformat(self.query(name))
        except ValueError:
            return self.site.today
        return day if _FIRST_DAY <= day <= _LAST_DAY else self.site.today

    def period(self) -> tuple[date, date]:
        """Give the days that the address names: from `first` to `last`, else this month until today."""
        last = self.day("last")
        first = self.day("first") if self.query("first") else last.replace(day=1)
        if first > last:
            first, last = last, first
        return max(first, last - _LONGEST_PERIOD), last

    def page_number(self) -> int:
        """Give the number of the page of a list, from 1."""
        text = self.query("page")
        return max(1, int(text)) if text.isascii() and text.isdecimal() and len(text) < 7 else 1

    def show(self, template: str, *, status: int = 0, **values: Any) -> Response:
        """Give a page. One that shows a form again says by its status that it was not taken."""
        content = self.render(template, **values)
        return HTMLResponse(content, status_code=status or (422 if self.error else 200))

    def render(self, template: str, **values: Any) -> str:
        """Give a page's text."""
        say = wording(self.language)
        return _TEMPLATES.get_template(template).render(
            {
                "_": say,
                "visit": self,
                "user": None if self.session is None else self.session.user,
                "f": self.formats,
                "site": self.site,
                "error": self.error,
                "form": self.form,
                "form_key": form_key(self.token),
                "link": link,
                "menu": [entry for entry in MENU if self.may(entry[2])],
                "notice": say(NOTICES[self.query("done")]) if self.query("done") in NOTICES else "",
                "Right": Right,
                **values,
            }
        )

    def go(self, path: str, done: str = "", **query: str) -> Response:
        """Send the browser to a page, with a notice there."""
        assert not done or done in NOTICES
        return RedirectResponse(link(path, **query, **({"done": done} if done else {})), status_code=303)


def link(path: str, **query: object) -> str:
    """Give the address of a page; empty values are left out."""
    kept = {name: str(value) for name, value in query.items() if value not in ("", None)}
    return f"{PREFIX}/{quote(path)}" + (f"?{urlencode(kept)}" if kept else "")
