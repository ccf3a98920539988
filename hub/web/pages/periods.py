"""Several days together: by day, store, till, payment, tax and product."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from starlette.responses import Response

from hub import reports
from hub.access.roles import Right
from hub.sales import stores
from hub.web.charts import Bar, bars
from hub.web.gate import Page
from hub.web.visit import Visit

_BEST: Final = 40
_MOST_BARS: Final = 62


def period(visit: Visit) -> Response:
    """Show some days."""
    (first, last), store, f = visit.period(), visit.query("store"), visit.formats
    this_month = visit.site.today.replace(day=1)
    with visit.read() as connection:
        days = reports.by_day(connection, first, store, last=last)
        products = reports.by_product(connection, first, store, last=last)
        currencies = sorted({entry.currency for entry in days})
        length = (last - first).days + 1
        charts = []
        for currency in currencies if length <= _MOST_BARS else ():
            sums = {entry.key: entry.total for entry in days if entry.currency == currency}
            every = (first + timedelta(days=number) for number in range(length))
            chart = bars(
                [
                    Bar(
                        label=f.short_day(day),
                        value=sums.get(day.isoformat(), 0),
                        text=f.money(sums.get(day.isoformat(), 0), currency),
                    )
                    for day in every
                ],
                scale=lambda minor, code=currency: f.short(minor, code),  # type: ignore[misc]
            )
            charts.append((currency, chart))
        return visit.show(
            "periods.html",
            first=first,
            last=last,
            store=store,
            stores=stores(connection),
            this_month=this_month,
            last_month=(this_month - timedelta(days=1)).replace(day=1),
            last_month_end=this_month - timedelta(days=1),
            days=days,
            charts=charts,
            totals=[
                (
                    currency,
                    sum(entry.count for entry in days if entry.currency == currency),
                    sum(entry.total for entry in days if entry.currency == currency),
                )
                for currency in currencies
            ],
            by_store=reports.by_store(connection, first, last=last),
            by_payment=reports.by_payment(connection, first, store, last=last),
            taxes=reports.by_tax(connection, first, store, last=last),
            products=products[:_BEST],
            more_products=max(0, len(products) - _BEST),
        )


PAGES: Final = (Page(path="/periods", handler=period, right=Right.SALES),)
