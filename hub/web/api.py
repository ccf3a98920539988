"""The JSON API under /api/v1, for programs with a token. docs/hub-api.yaml describes it.

Amounts are integers of minor units, quantities are decimal texts, times are RFC 3339 in UTC.
"""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy.exc import OperationalError
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hub.access import tokens
from hub.access.roles import Right
from hub.access.sessions import Session
from hub.access.throttle import ADDRESS, address_key
from hub.web.gate import LARGEST, is_private, secure
from hub.web.site import Site
from hub.web.visit import Declined, Missing, Visit

PREFIX: Final = "/api/v1"
MOST: Final = 500
"""Entries of one answer."""
_QUANTITY: Final = re.compile(r"-?[0-9]{1,9}([.][0-9]{1,3})?")
_log = logging.getLogger(__name__)


class Unfit(Exception):
    """The request is not as the description wants it; the text says what is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request to the API, by a token that may make it."""

    visit: Visit
    body: dict[str, Any]

    def day(self, name: str, fallback: date | None = None) -> date:
        """Give a day of the address, else the fallback, else today."""
        text = self.visit.query(name)
        if not text:
            return fallback or self.visit.site.today
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise Unfit(f"{name}: write a day as 2026-03-14") from None
        if not 2000 <= day.year < 3000:
            raise Unfit(f"{name}: write a day of the years 2000 to 2999")
        return day

    def whole(self, name: str, fallback: int, most: int) -> int:
        """Give a number of the address from 0 to `most`, else the fallback."""
        text = self.visit.query(name)
        if not text:
            return fallback
        if not text.isascii() or not text.isdecimal() or int(text) > most:
            raise Unfit(f"{name}: write a number from 0 to {most}")
        return int(text)

    def text(self, name: str, *, longest: int = 200) -> str:
        """Give a text of the body that must be there."""
        value = self.body.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= longest:
            raise Unfit(f"{name}: a text of 1 to {longest} characters is wanted")
        return value

    def maybe_text(self, name: str) -> str:
        """Give a text of the body, or ""."""
        return self.text(name) if self.body.get(name) else ""

    def integer(self, name: str, low: int, high: int) -> int:
        """Give an integer of the body that must be there."""
        value = self.body.get(name)
        if type(value) is not int or not low <= value <= high:
            raise Unfit(f"{name}: an integer from {low} to {high} is wanted")
        return value

    def thousandths(self, name: str) -> int:
        """Give a quantity of the body, a decimal text, in thousandths."""
        text = self.text(name, longest=20)
        if not _QUANTITY.fullmatch(text):
            raise Unfit(f'{name}: a decimal text with up to three decimals is wanted, e.g. "1.5"')
        return int(Decimal(text).scaleb(3))

    def instant(self, name: str) -> datetime | None:
        """Give a time of the body, or None."""
        value = self.body.get(name)
        if value is None:
            return None
        try:
            at = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            at = None
        if at is None or at.tzinfo is None:
            raise Unfit(f"{name}: write a time with its offset, as 2026-03-14T10:00:00Z")
        return at.astimezone(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation: who may call it, and what it does."""

    method: str
    path: str
    handler: Callable[[Call], Any]
    right: Right | None = None
    status: int = 200


def route(site: Site, operation: Operation) -> Route:
    """Give the route of an operation."""

    async def endpoint(request: Request) -> Response:
        body = b""
        try:
            async for part in request.stream():
                body += part
                if len(body) > LARGEST:
                    return secure(request, fault(413, "too-large", f"At most {LARGEST} bytes."))
        except ClientDisconnect:
            return Response(status_code=400)
        return secure(request, await run_in_threadpool(_answer, site, operation, request, body))

    return Route(PREFIX + operation.path, endpoint, methods=[operation.method])


def fault(status: int, code: str, text: str, headers: dict[str, str] | None = None) -> Response:
    """Give the form in which every refusal comes."""
    return JSONResponse({"error": {"code": code, "text": text}}, status_code=status, headers=headers)


def _answer(site: Site, operation: Operation, request: Request, body: bytes) -> Response:
    if not is_private(request):
        return fault(403, "not-private", "The API answers over TLS only.")
    key, now = address_key(request.client.host if request.client else ""), site.clock()
    wait = site.throttle.wait(key, now)
    if wait:
        seconds = math.ceil(wait.total_seconds())
        return fault(429, "too-many", f"Wait {seconds} s.", {"Retry-After": str(seconds)})
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    try:
        with site.database.read() as connection:
            found = tokens.find(connection, secret.strip()) if scheme.lower() == "bearer" and secret else None
        if found is None:
            if secret:
                site.throttle.failed(key, ADDRESS, now)
            return fault(401, "no-token", "Send a token: Authorization: Bearer ...", {"WWW-Authenticate": "Bearer"})
        token, user, rights = found
        if operation.right is not None and operation.right not in rights:
            return fault(403, "no-right", f"This token has not the right {operation.right.value}.")
        visit = Visit(
            site=site,
            request=request,
            token="",
            session=Session(digest="", user=user, seen_at=now),
            form={},
            via=f"api {token.number}",
            rights=rights,
        )
        content = operation.handler(Call(visit=visit, body=_body(body)))
        return JSONResponse(content, status_code=operation.status)
    except Unfit as error:
        return fault(400, "unfit", str(error))
    except Missing:
        return fault(404, "missing", "There is no such thing.")
    except Declined as error:
        return fault(422, "declined", error.text.format(**error.values))
    except OperationalError as error:
        _log.error("%s: the database does not answer: %s", request.url.path, error.orig)
        return fault(503, "no-database", "The database does not answer. Nothing was changed.")


def _body(body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise Unfit("the body is not JSON") from None
    if not isinstance(document, dict):
        raise Unfit("the body is not a JSON object")
    return document


def quantity(thousandths: int) -> str:
    """Write a quantity that is kept in thousandths."""
    return f"{Decimal(thousandths).scaleb(-3).normalize():f}"
