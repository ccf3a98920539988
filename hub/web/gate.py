"""The door of every page: who comes, with which right, and whether a form is one that we gave."""

from __future__ import annotations

import hmac
import ipaddress
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qsl

from sqlalchemy.exc import OperationalError
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from hub.access import sessions
from hub.access.roles import Right
from hub.web.site import Site
from hub.web.visit import PREFIX, Declined, Missing, Visit, link
from hub.web.wording import wording

LARGEST: Final = 64 << 10
"""Bytes that a form may have."""
_FIELDS: Final = 200
_FIRST: Final = ("/account", "/account/password", "/account/language", "/sign-out")
"""What may be done before a password is changed that another person has given."""
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_log = logging.getLogger(__name__)

Handler = Callable[[Visit], Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One address: who may see it, and what it does."""

    path: str
    """Below PREFIX."""
    handler: Handler
    right: Right | None = None
    """None: every user."""
    again: Handler | None = None
    """Of a form: the page that shows it again if it is declined. A page without takes no form."""
    public: bool = False
    """Also for those who have not signed in."""
    quiet: bool = False
    """Asked by the page itself: no sign of a person."""


def route(site: Site, page: Page) -> Route:
    """Give the route of a page."""

    async def endpoint(request: Request) -> Response:
        body = b""
        if page.again is not None:
            try:
                async for part in request.stream():
                    body += part
                    if len(body) > LARGEST:
                        return secure(request, PlainTextResponse("This form is too large.", status_code=413))
            except ClientDisconnect:
                return Response(status_code=400)
        return secure(request, await run_in_threadpool(_answer, site, page, request, body))

    return Route(PREFIX + page.path, endpoint, methods=["GET" if page.again is None else "POST"])


def secure(request: Request, response: Response) -> Response:
    """Add what browsers must be told."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.url.scheme == "https":
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response


def is_private(request: Request) -> bool:
    """Whether nobody on the way can read along: TLS, or a browser on this machine."""
    if request.url.scheme == "https":
        return True
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _answer(site: Site, page: Page, request: Request, body: bytes) -> Response:
    if not is_private(request):
        return PlainTextResponse(
            "These pages are given over TLS only. Put a proxy with a certificate in front of the hub "
            "(docs/install.md), or open them on the hub's own machine.",
            status_code=403,
        )
    kept = request.cookies.get(_cookie(request), "")
    visit = Visit(site=site, request=request, token=kept or secrets.token_urlsafe(32), form=_form(body))
    try:
        response = _admitted(visit, page)
    except OperationalError as error:
        _log.error("%s: the database does not answer: %s", request.url.path, error.orig)
        return PlainTextResponse(
            wording(visit.language)("The database does not answer. Nothing was changed; try again."), status_code=503
        )
    if not kept and "set-cookie" not in response.headers:
        keep(visit, response, visit.token)
    return response


def _admitted(visit: Visit, page: Page) -> Response:
    site, now = visit.site, visit.site.clock()
    with site.database.read() as connection:
        session = sessions.find(connection, visit.token, now)
    if session is not None and not page.quiet and sessions.wants_note(session, now):
        with site.database.write() as connection:
            sessions.note(connection, session, now)
    visit = replace(visit, session=session)
    if session is None and not page.public:
        return RedirectResponse(link("sign-in", then=_wanted(visit)), status_code=303)
    if session is not None and session.user.must_change and page.path not in _FIRST:
        return RedirectResponse(link("account", done="change-password"), status_code=303)
    if page.right is not None and not visit.may(page.right):
        return visit.show("refused.html", status=403)
    if page.again is not None and not _is_ours(visit):
        return visit.show("stale.html", status=403)
    try:
        return _handled(visit, page)
    except Missing:
        return visit.show("missing.html", status=404)


def _handled(visit: Visit, page: Page) -> Response:
    try:
        return page.handler(visit)
    except Declined as declined:
        assert page.again is not None
        text = wording(visit.language)(declined.text, **declined.values)
        return page.again(replace(visit, error=text))


def _is_ours(visit: Visit) -> bool:
    """Whether a form comes from a page that this browser was given (its key), and from no other site."""
    if visit.request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    given = visit.form.get("form_key", "").encode()
    return hmac.compare_digest(given, sessions.form_key(visit.token).encode())


def _wanted(visit: Visit) -> str:
    """Give the page that somebody wanted before he was asked to sign in."""
    url = visit.request.url
    if visit.request.method != "GET":
        return ""
    return (url.path.removeprefix(PREFIX).lstrip("/") + (f"?{url.query}" if url.query else ""))[:500]


def _form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_FIELDS)
    except (UnicodeDecodeError, ValueError):
        return {}
    return {name: value.replace("\x00", "").replace("\r\n", "\n") for name, value in pairs}


def _cookie(request: Request) -> str:
    return "__Host-kvitt" if request.url.scheme == "https" else "kvitt"


def keep(visit: Visit, response: Response, token: str) -> None:
    """Let the browser keep a token, until it is closed."""
    response.set_cookie(
        _cookie(visit.request),
        token,
        path="/",
        secure=visit.request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
