"""Stock: what is on hand, what is low, why it moved, and booking what people do with goods."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from starlette.responses import Response

from hub import products, stock
from hub.access.roles import Right
from hub.sales import stores
from hub.stock import Kind, Level, Refused
from hub.web.gate import Page
from hub.web.visit import PAGE_SIZE, Declined, Missing, Visit

SHOWN: Final = timedelta(days=30)
KINDS: Final = (Kind.RECEIVING, Kind.COUNT, Kind.WASTE, Kind.RETURN, Kind.TRANSFER)
"""What people book, in the order of the form."""


def listing(visit: Visit) -> Response:
    """List the levels."""
    store, page, words = visit.query("store"), visit.page_number(), visit.query("q").casefold()
    only_low = visit.query("low") == "yes"
    with visit.read() as connection:
        names = products.names(connection, visit.site.settings.zone, visit.language)
        levels = stock.levels(connection, store)
        places = stores(connection)
    low = sum(level.is_low for level in levels)
    found = [
        level
        for level in levels
        if (not only_low or level.is_low) and words in f"{level.sku} {names.get(level.sku, '')}".casefold()
    ]
    begin = (page - 1) * PAGE_SIZE
    return visit.show(
        "stock.html",
        store=store,
        stores=places,
        words=visit.query("q"),
        only_low=only_low,
        levels=found[begin : begin + PAGE_SIZE],
        names=names,
        low=low,
        total=len(found),
        page=page,
        more=begin + PAGE_SIZE < len(found),
    )


def item(visit: Visit) -> Response:
    """Show what is on hand of a product in a store, its movements, and the forms."""
    sku, store, today = visit.query("sku"), visit.query("store"), visit.site.today
    with visit.read() as connection:
        found = products.one(connection, visit.site.settings.zone, sku)
        levels = [level for level in stock.levels(connection, store) if level.sku == sku]
        places = stores(connection)
        if store not in places or (found is None and not levels):
            raise Missing
        moves = stock.movements(connection, store, sku, first=today - SHOWN, last=today)
    return visit.show(
        "stock_item.html",
        sku=sku,
        store=store,
        stores=places,
        name=products.name(found, visit.language) if found else sku,
        unit=found["unit"] if found else "ea",
        level=levels[0] if levels else Level(store=store, sku=sku, on_hand=0, low=None),
        moves=sorted(moves, key=lambda move: (move.business_date, move.kiosk == "", move.seq), reverse=True)[:100],
        kinds=KINDS,
    )


def book(visit: Visit) -> Response:
    """Book a movement."""
    sku, store, form = visit.query("sku"), visit.query("store"), visit.form
    quantity = visit.formats.read_thousandths(form.get("quantity", ""))
    if quantity is None:
        raise Declined("Write the quantity as a number, e.g. 12 or 0,5.")
    kind = next((kind for kind in KINDS if kind.value == form.get("kind")), None)
    if kind is None:
        raise Declined("Choose what happened.")
    to_store = form.get("to_store", "") if kind is Kind.TRANSFER else ""
    book_stock(visit, store, sku, kind, quantity, to_store=to_store, note=form.get("note", ""))
    return visit.go("stock/item", store=store, sku=sku, done="booked")


def book_stock(
    visit: Visit, store: str, sku: str, kind: Kind, quantity: int, *, to_store: str, note: str
) -> dict[str, Any]:
    """Book it with its row of the audit; give the document and the new level."""
    with visit.write() as connection:
        places = stores(connection)
        if store not in places or (to_store and to_store not in places):
            raise Declined("There is no such store.")
        if products.one(connection, visit.site.settings.zone, sku) is None and sku not in {
            level.sku for level in stock.levels(connection, store)
        }:
            raise Declined("There is no such product.")
        try:
            number = stock.book(
                connection,
                kind,
                store,
                [(sku, quantity)],
                at=visit.site.clock(),
                business_date=visit.site.today,
                operator=visit.user.name,
                to_store=to_store,
                note=note.strip()[:200],
            )
        except Refused as error:
            raise Declined("That cannot be booked: {why}.", why=str(error)) from error
        [level] = [level for level in stock.levels(connection, store) if level.sku == sku]
        visit.audit(
            connection,
            "stock.book",
            f"{store} {sku}",
            kind=kind.value,
            thousandths=quantity,
            to_store=to_store,
            document=number,
            note=note.strip()[:200],
        )
    return {"document": number, "on_hand": level.on_hand}


def low(visit: Visit) -> Response:
    """Say from where on the level is low."""
    sku, store, text = visit.query("sku"), visit.query("store"), visit.form.get("low", "").strip()
    threshold = visit.formats.read_thousandths(text) if text else None
    if text and (threshold is None or abs(threshold) > stock.MOST):
        raise Declined("Write the quantity as a number, e.g. 12 or 0,5.")
    with visit.write() as connection:
        if store not in stores(connection):
            raise Declined("There is no such store.")
        if products.one(connection, visit.site.settings.zone, sku) is None:
            raise Declined("There is no such product.")
        before = next((level.low for level in stock.levels(connection, store) if level.sku == sku), None)
        stock.set_low(connection, store, sku, threshold)
        visit.audit(connection, "stock.low", f"{store} {sku}", before=before, after=threshold)
    return visit.go("stock/item", store=store, sku=sku, done="saved")


PAGES: Final = (
    Page(path="/stock", handler=listing, right=Right.STOCK),
    Page(path="/stock/item", handler=item, right=Right.STOCK),
    Page(path="/stock/book", handler=book, right=Right.STOCK_CHANGE, again=item),
    Page(path="/stock/low", handler=low, right=Right.STOCK_CHANGE, again=item),
)
