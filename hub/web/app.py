"""The whole application: receipts for customers, pages for the shop, the API, style and script."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hub.access.totp import Seal
from hub.database import Database
from hub.settings import Settings
from hub.web import api, gate, public
from hub.web.operations import OPERATIONS
from hub.web.pages import account, exports, kiosks, people, periods, products, sales, sign_in, stock, today
from hub.web.site import Site
from hub.web.visit import PREFIX

PAGES: Final = (
    *sign_in.PAGES,
    *today.PAGES,
    *sales.PAGES,
    *periods.PAGES,
    *products.PAGES,
    *stock.PAGES,
    *kiosks.PAGES,
    *people.PAGES,
    *account.PAGES,
    *exports.PAGES,
)
_STATIC: Final = Path(__file__).parent / "static"
_MEDIA: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


def application(site: Site, healthy: Callable[[], bool]) -> Starlette:
    """Build it. `healthy` says whether the hub can take sales in."""

    def nothing(request: Request, _error: Exception) -> Response:
        if request.url.path.startswith(api.PREFIX):
            return gate.secure(request, api.fault(404, "missing", "There is no such address."))
        return public.nothing(request, site.settings)

    def wrong_method(request: Request, error: Exception) -> Response:
        if request.url.path.startswith(api.PREFIX):
            return gate.secure(request, api.fault(405, "wrong-method", "That is not done with this address."))
        return nothing(request, error)

    def bare(_request: Request) -> Response:
        return RedirectResponse(f"{PREFIX}/", status_code=308)

    return Starlette(
        routes=[
            *public.routes(site.database, site.settings, healthy),
            Route(PREFIX, bare),
            *(_static(file) for file in sorted(_STATIC.iterdir())),
            *(gate.route(site, page) for page in PAGES),
            *(api.route(site, operation) for operation in OPERATIONS),
        ],
        exception_handlers={404: nothing, 405: wrong_method},
    )


def site(folder: Path, database: Database, settings: Settings) -> Site:
    """Give the site of a hub's folder."""
    return Site(database=database, settings=settings, seal=Seal(folder))


def _static(file: Path) -> Route:
    content = file.read_bytes()
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "public, no-cache"}

    def give(request: Request) -> Response:
        if request.headers.get("if-none-match") == tag:
            return gate.secure(request, Response(status_code=304, headers=headers))
        return gate.secure(request, Response(content, media_type=_MEDIA[file.suffix], headers=headers))

    return Route(f"{PREFIX}/static/{file.name}", give)
