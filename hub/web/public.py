"""What everybody may see: a digital receipt, by its token, and whether the hub is well."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from hub.database import Database
from hub.receipts import STYLE_HASH, language_of, missing_page, nothing_page, receipt_page
from hub.sales import sales
from hub.settings import Settings

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
_HEADERS: Final = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": f"default-src 'none'; style-src '{STYLE_HASH}'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


def routes(database: Database, settings: Settings, healthy: Callable[[], bool]) -> list[Route]:
    """Give the routes."""

    def receipt(request: Request) -> Response:
        language = _language(request, settings)
        token = request.path_params["token"]
        if not _TOKEN.fullmatch(token):
            return HTMLResponse(nothing_page(language), status_code=404, headers=_HEADERS)
        with database.read() as connection:
            found = sales(connection, token=token)
        if len(found) != 1:
            return HTMLResponse(missing_page(language), status_code=404, headers=_HEADERS)
        return HTMLResponse(receipt_page(found[0], settings, language), headers=_HEADERS)

    def health(_request: Request) -> Response:
        well = healthy()
        return JSONResponse({"online": well}, status_code=200 if well else 503, headers=_HEADERS)

    return [Route("/r/{token}", receipt), Route("/health", health)]


def nothing(request: Request, settings: Settings) -> Response:
    """Give the answer to every address that there is not."""
    return HTMLResponse(nothing_page(_language(request, settings)), status_code=404, headers=_HEADERS)


def _language(request: Request, settings: Settings) -> str:
    return language_of(request.headers.get("accept-language", ""), settings.language)
