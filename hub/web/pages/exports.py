"""What can be taken home as a file: one address for each table, with the ending of the form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection
from starlette.responses import Response

from appliance.core.money import Currency, Money
from appliance.mqtt.messages.wire import read_instant
from hub import catalogue, products, reports, stock
from hub.access.roles import Right
from hub.sales import of_days
from hub.web.gate import Page
from hub.web.sheets import MEDIA, MOST_ROWS, Column, Kind, Sheet, written
from hub.web.visit import Missing, Visit
from hub.web.wording import wording


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What an export is of."""

    visit: Visit
    connection: Connection
    first: date
    last: date
    store: str
    most: int

    def say(self, text: str) -> str:
        return wording(self.visit.language)(text)

    def columns(self, *entries: tuple[str, Kind, int]) -> tuple[Column, ...]:
        return tuple(Column(title=self.say(title), kind=kind, weight=weight) for title, kind, weight in entries)

    def sheet(self, title: str, rows: list[tuple[Any, ...]], *columns: tuple[str, Kind, int]) -> Sheet:
        f = self.visit.formats
        days = f.day(self.first) if self.first == self.last else f"{f.day(self.first)} – {f.day(self.last)}"
        parts = [self.visit.site.name, days, *([self.store] if self.store else [])]
        return Sheet(title=self.say(title), subtitle=" · ".join(parts), columns=self.columns(*columns), rows=rows)


def _major(minor: int, currency: str) -> Decimal:
    return Money(minor, Currency.parse(currency)).to_decimal()


def _sales(wanted: _Wanted) -> Sheet:
    found = of_days(wanted.connection, wanted.first, wanted.last, store=wanted.store, limit=wanted.most + 1)
    rows = [
        (
            date.fromisoformat(sale["business_date"]),
            read_instant(sale["at"]),
            sale["store"],
            sale["workstation"],
            sale["transaction"],
            ", ".join(wanted.say(tender["type"]) for tender in sale["tenders"]),
            _major(sale["total"], sale["currency"]),
            sale["currency"],
        )
        for sale in reversed(found)
    ]
    return wanted.sheet(
        "Sales",
        rows,
        ("Business day", Kind.DAY, 2),
        ("Time", Kind.TIME, 3),
        ("Store", Kind.TEXT, 2),
        ("Till", Kind.TEXT, 1),
        ("Sale", Kind.TEXT, 5),
        ("Payment", Kind.TEXT, 2),
        ("Amount", Kind.AMOUNT, 2),
        ("Currency", Kind.TEXT, 2),
    )


def _days(wanted: _Wanted) -> Sheet:
    found = reports.by_day(wanted.connection, wanted.first, wanted.store, last=wanted.last)
    rows = [
        (date.fromisoformat(entry.key), entry.count, _major(entry.total, entry.currency), entry.currency)
        for entry in found
    ]
    return wanted.sheet(
        "Sales by day",
        rows,
        ("Business day", Kind.DAY, 2),
        ("Sales", Kind.COUNT, 2),
        ("Amount", Kind.AMOUNT, 2),
        ("Currency", Kind.TEXT, 2),
    )


def _payments(wanted: _Wanted) -> Sheet:
    found = reports.by_payment(wanted.connection, wanted.first, wanted.store, last=wanted.last)
    rows = [
        (wanted.say(entry.key), entry.count, _major(entry.total, entry.currency), entry.currency) for entry in found
    ]
    return wanted.sheet(
        "Payments",
        rows,
        ("Payment", Kind.TEXT, 3),
        ("Number", Kind.COUNT, 2),
        ("Amount", Kind.AMOUNT, 2),
        ("Currency", Kind.TEXT, 2),
    )


def _turnover(wanted: _Wanted) -> Sheet:
    found = reports.by_product(wanted.connection, wanted.first, wanted.store, last=wanted.last)
    rows = [
        (entry.sku, entry.text, entry.quantity, entry.unit, _major(entry.total, entry.currency), entry.currency)
        for entry in found
    ]
    return wanted.sheet(
        "Sales by product",
        rows,
        ("SKU", Kind.TEXT, 3),
        ("Product", Kind.TEXT, 5),
        ("Quantity", Kind.QUANTITY, 2),
        ("Unit", Kind.TEXT, 1),
        ("Amount", Kind.AMOUNT, 2),
        ("Currency", Kind.TEXT, 2),
    )


def _taxes(wanted: _Wanted) -> Sheet:
    found = reports.by_tax(wanted.connection, wanted.first, wanted.store, last=wanted.last)
    rows = [
        (Decimal(tax.rate), *(_major(minor, tax.currency) for minor in (tax.net, tax.tax, tax.gross)), tax.currency)
        for tax in found
    ]
    return wanted.sheet(
        "Value added tax",
        rows,
        ("Rate, %", Kind.QUANTITY, 2),
        ("Net", Kind.AMOUNT, 2),
        ("Tax", Kind.AMOUNT, 2),
        ("Gross", Kind.AMOUNT, 2),
        ("Currency", Kind.TEXT, 2),
    )


def _stock(wanted: _Wanted) -> Sheet:
    visit = wanted.visit
    names = products.names(wanted.connection, visit.site.settings.zone, visit.language)
    rows = [
        (
            level.store,
            level.sku,
            names.get(level.sku, ""),
            Decimal(level.on_hand).scaleb(-3),
            None if level.low is None else Decimal(level.low).scaleb(-3),
        )
        for level in stock.levels(wanted.connection, wanted.store)
    ]
    return wanted.sheet(
        "Stock",
        rows,
        ("Store", Kind.TEXT, 2),
        ("SKU", Kind.TEXT, 3),
        ("Product", Kind.TEXT, 5),
        ("On hand", Kind.QUANTITY, 2),
        ("Low from", Kind.QUANTITY, 2),
    )


def _prices(wanted: _Wanted) -> Sheet:
    site, language = wanted.visit.site, wanted.visit.language
    pointer = catalogue.head(wanted.connection, site.settings.zone)
    currency = pointer.currency if pointer else site.settings.currency
    found, _ = products.find(wanted.connection, site.settings.zone, limit=wanted.most + 1)
    rows = [
        (
            product["sku"],
            products.name(product, language),
            " ".join(product["gtins"]),
            product["unit"],
            None if product["price"] is None else _major(product["price"], currency),
            currency,
            product["vat"],
        )
        for product in found
    ]
    return wanted.sheet(
        "Products",
        rows,
        ("SKU", Kind.TEXT, 3),
        ("Product", Kind.TEXT, 5),
        ("GTIN", Kind.TEXT, 3),
        ("Unit", Kind.TEXT, 1),
        ("Price", Kind.AMOUNT, 2),
        ("Currency", Kind.TEXT, 2),
        ("VAT code", Kind.TEXT, 2),
    )


SHEETS: Final[Mapping[str, Callable[[_Wanted], Sheet]]] = {
    "sales": _sales,
    "days": _days,
    "payments": _payments,
    "turnover": _turnover,
    "taxes": _taxes,
    "stock": _stock,
    "prices": _prices,
}


def export(visit: Visit) -> Response:
    """Give a table as a file."""
    name, _, form = visit.request.path_params["file"].partition(".")
    if name not in SHEETS or form not in MEDIA:
        raise Missing
    first, last = visit.period()
    with visit.read() as connection:
        sheet = SHEETS[name](
            _Wanted(
                visit=visit,
                connection=connection,
                first=first,
                last=last,
                store=visit.query("store"),
                most=MOST_ROWS[form],
            )
        )
    if len(sheet.rows) > MOST_ROWS[form]:
        return visit.show("too_long.html", status=422, most=MOST_ROWS[form])
    return Response(
        written(sheet, form, visit.formats),
        media_type=MEDIA[form],
        headers={"Content-Disposition": f'attachment; filename="{name}-{first}-{last}.{form}"'},
    )


PAGES: Final = (Page(path="/export/{file}", handler=export, right=Right.EXPORT),)
