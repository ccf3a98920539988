"""The day: what was sold until now, from every side. The page asks for its figures again by itself."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Connection
from starlette.responses import HTMLResponse, Response

from hub import reports
from hub.access.roles import Right
from hub.catalogue import held
from hub.reports import KioskState, Turnover
from hub.sales import stores
from hub.stock import levels
from hub.web.charts import Bar, bars
from hub.web.gate import Page
from hub.web.visit import MENU, Visit

_BEST: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One key's part of the largest, in per cent, for the bar behind its row."""

    label: str
    turnover: Turnover
    percent: int


def day_page(visit: Visit) -> Response:
    """Show a day."""
    with visit.read() as connection:
        return visit.show("today.html", stores=stores(connection), **_figures(visit, connection))


def figures(visit: Visit) -> Response:
    """Give the figures alone, if they are not those that the page has."""
    with visit.read() as connection:
        tag = _tag(visit, connection)
        if visit.request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
        content = visit.render("day.html", **_figures(visit, connection))
    return HTMLResponse(content, headers={"ETag": tag})


def _tag(visit: Visit, connection: Connection) -> str:
    """Give what changes whenever the figures do, for a part of their cost: many pages ask every few seconds."""
    day, store = visit.day(), visit.query("store")
    states = reports.kiosk_states(connection, visit.site.clock())
    known = (
        visit.language,
        day,
        store,
        reports.by_day(connection, day, store),
        [(state.kiosk, state.received, state.missing) for state in states],
        _attention(visit, connection, states),
    )
    return f'"{hashlib.sha256(repr(known).encode()).hexdigest()[:32]}"'


def _figures(visit: Visit, connection: Connection) -> dict[str, Any]:
    day, store = visit.day(), visit.query("store")
    totals = reports.by_day(connection, day, store)
    week_ago = day - timedelta(days=7)
    states = reports.kiosk_states(connection, visit.site.clock())
    names = {state.kiosk: f"{state.store} / {state.workstation}" for state in states}
    products = reports.by_product(connection, day, store)
    return {
        "day": day,
        "store": store,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1) if day < visit.site.today else None,
        "live": day == visit.site.today,
        "sold": bool(totals),
        "attention": _attention(visit, connection, states) if day == visit.site.today else [],
        "totals": totals or (Turnover(key="", currency=visit.site.settings.currency, count=0, total=0),),
        "week_ago": {entry.currency: entry for entry in reports.by_day(connection, week_ago, store)},
        "week_ago_day": week_ago,
        "hours": _hours(visit, reports.by_hour(connection, day, visit.site.zone, store), day),
        "by_store": _shares(reports.by_store(connection, day), {}) if not store else (),
        "by_kiosk": _shares(reports.by_kiosk(connection, day, store), names),
        "by_payment": _shares(reports.by_payment(connection, day, store), {}),
        "products": products[:_BEST],
        "more_products": max(0, len(products) - _BEST),
        "taxes": reports.by_tax(connection, day, store),
    }


def _attention(visit: Visit, connection: Connection, states: tuple[KioskState, ...]) -> list[tuple[str, str, int]]:
    """Give what wants a person: page, text, number."""
    found = (
        ("kiosks", "Tills offline: {count}", sum(state.active and not state.online for state in states)),
        ("alarms", "In quarantine: {count}", sum(state.quarantined for state in states)),
        ("stock", "Low stock: {count}", len(levels(connection, only_low=True))),
        ("products", "Held back: {count}", len(held.listed(connection))),
    )
    allowed = {name for name, _, right in MENU if visit.may(right)}
    return [entry for entry in found if entry[2] and entry[0] in allowed]


def _shares(turnovers: tuple[Turnover, ...], labels: dict[str, str]) -> tuple[Share, ...]:
    largest = max((entry.total for entry in turnovers), default=0)
    return tuple(
        Share(
            label=labels.get(entry.key, entry.key),
            turnover=entry,
            percent=max(0, entry.total * 100 // largest) if largest > 0 else 0,
        )
        for entry in sorted(turnovers, key=lambda entry: (entry.currency, -entry.total, entry.key))
    )


def _hours(visit: Visit, turnovers: tuple[Turnover, ...], day: date) -> list[tuple[str, str]]:
    """Give currency and chart, from the first hour that sold to the last, at least those of a shop's day."""
    charts: list[tuple[str, str]] = []
    f = visit.formats
    for currency in sorted({entry.currency for entry in turnovers}):
        sums = {entry.key: entry for entry in turnovers if entry.currency == currency}
        keys = {*sums, *(f"{day} {hour:02d}" for hour in range(9, 20))}
        chart = bars(
            [
                Bar(
                    label=key[-2:],
                    value=sums[key].total if key in sums else 0,
                    text=f.money(sums[key].total, currency) if key in sums else f.money(0, currency),
                )
                for key in _every_hour(min(keys), max(keys))
            ],
            scale=lambda minor, code=currency: f.short(minor, code),  # type: ignore[misc]
        )
        charts.append((currency, chart))
    return charts


def _every_hour(first: str, last: str) -> list[str]:
    """Give the keys of all hours between two, as reports name them."""
    day, hour = date.fromisoformat(first[:10]), int(first[-2:])
    keys = [first]
    while keys[-1] < last and len(keys) < 49:
        hour += 1
        if hour == 24:
            day, hour = day + timedelta(days=1), 0
        keys.append(f"{day} {hour:02d}")
    return keys


PAGES: Final = (
    Page(path="/today", handler=day_page, right=Right.SALES),
    Page(path="/today/figures", handler=figures, right=Right.SALES, quiet=True),
)
