"""Sales: a list of a day's, and each as a whole."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from hub import reports
from hub.access.roles import Right
from hub.sales import of_days, one, stores
from hub.web.gate import Page
from hub.web.visit import PAGE_SIZE, Missing, Visit


def listing(visit: Visit) -> Response:
    """List a day's sales, newest first."""
    day, store, page = visit.day(), visit.query("store"), visit.page_number()
    with visit.read() as connection:
        found = of_days(connection, day, day, store=store, offset=(page - 1) * PAGE_SIZE, limit=PAGE_SIZE + 1)
        return visit.show(
            "sales.html",
            day=day,
            store=store,
            stores=stores(connection),
            sales=found[:PAGE_SIZE],
            totals=reports.by_day(connection, day, store),
            page=page,
            more=len(found) > PAGE_SIZE,
        )


def sale(visit: Visit) -> Response:
    """Show one sale."""
    place = visit.request.path_params
    with visit.read() as connection:
        found = one(connection, place["kiosk"], place["epoch"], place["seq"])
    if found is None:
        raise Missing
    return visit.show("sale.html", sale=found)


PAGES: Final = (
    Page(path="/sales", handler=listing, right=Right.SALES),
    Page(path="/sales/{kiosk}/{epoch:int}/{seq:int}", handler=sale, right=Right.SALES),
)
