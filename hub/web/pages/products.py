"""Products and their prices. A new price is a new version of the catalogue, as `kvitt-hub catalogue price` makes it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from starlette.responses import Response

from hub import catalogue, prices, products
from hub.access.roles import Right
from hub.catalogue import held
from hub.catalogue.held import Held
from hub.web.gate import Page
from hub.web.pricing import Asked, change_price
from hub.web.visit import PAGE_SIZE, Declined, Missing, Visit


def listing(visit: Visit) -> Response:
    """List products, those with some words in them or all."""
    words, page, zone = visit.query("q"), visit.page_number(), visit.site.settings.zone
    with visit.read() as connection:
        found, total = products.find(connection, zone, words, offset=(page - 1) * PAGE_SIZE, limit=PAGE_SIZE)
        pointer = catalogue.head(connection, zone)
        kept = held.listed(connection)
    return visit.show(
        "products.html",
        words=words,
        held=kept,
        page=page,
        products=found,
        name=lambda product: products.name(product, visit.language),
        total=total,
        more=page * PAGE_SIZE < total,
        head=pointer,
        currency=pointer.currency if pointer else visit.site.settings.currency,
        now=visit.site.clock(),
    )


def product(visit: Visit) -> Response:
    """Show a product with all its prices, and the form for a new one."""
    sku, zone, now = visit.query("sku"), visit.site.settings.zone, visit.site.clock()
    with visit.read() as connection:
        found = products.one(connection, zone, sku)
        if found is None:
            raise Missing
        changes = prices.history(connection, zone, sku)
        holding = prices.price_at(connection, zone, sku, now)
    return visit.show(
        "product.html",
        product=found,
        name=products.name(found, visit.language),
        changes=changes,
        holding=holding,
        currency=changes[0].currency if changes else visit.site.settings.currency,
        now=now,
    )


def price(visit: Visit) -> Response:
    """Take a new price."""
    sku, form, f = visit.query("sku"), visit.form, visit.formats
    minor = f.read_amount(form.get("price", ""), visit.site.settings.currency)
    if minor is None or minor <= 0:
        raise Declined("Write the new price as an amount above zero, e.g. {example}.", example=f.entry(2290, "NOK"))
    seen = form.get("seen", "")
    asked = Asked(
        sku=sku,
        price=minor,
        seen=int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 10 else None,
        effective_at=_effective(visit),
    )
    with visit.write() as connection:
        made = change_price(connection, visit, asked)
    if made is None:
        raise Declined("That is the price already.")
    if isinstance(made, Held):
        return visit.go("products", done="held")
    return visit.go("products/item", sku=sku, done="price-later" if asked.effective_at else "price")


def decide(visit: Visit) -> Response:
    """Publish a list that is held back, or forget it."""
    text, what = visit.form.get("number", ""), visit.form.get("what")
    number = int(text) if text.isascii() and text.isdecimal() else 0
    try:
        with visit.write() as connection:
            kept = next((entry for entry in held.listed(connection) if entry.number == number), None)
            if kept is None:
                raise Declined("Nothing is held back under that number.")
            if what == "release":
                codes = visit.site.settings.tax_codes
                made = held.release(connection, number, tax_codes=codes, released_by=visit.user.name)
                version = f"{made.zone}/{made.version}" if made else ""
                visit.audit(connection, "catalogue.release", kept.origin, version=version, made_by=kept.made_by)
            elif what == "drop":
                held.drop(connection, number)
                visit.audit(connection, "catalogue.drop", kept.origin, made_by=kept.made_by)
            else:
                raise Declined("Choose what to change.")
    except catalogue.Refused as error:
        raise Declined("The catalogue does not take it: {why}", why=str(error)) from error
    return visit.go("products", done="saved")


def _effective(visit: Visit) -> datetime | None:
    """Give the time from which the price shall hold; None = at once."""
    if visit.form.get("when", "now") == "now":
        return None
    try:
        local = datetime.fromisoformat(visit.form.get("effective", ""))
    except ValueError:
        raise Declined("Say from when the price shall hold, or choose “Now”.") from None
    if local.tzinfo is not None or local.year > 9000:
        raise Declined("Say from when the price shall hold, or choose “Now”.")
    at = local.replace(tzinfo=visit.site.zone).astimezone(UTC)
    if at.astimezone(visit.site.zone).replace(tzinfo=None) != local:
        raise Declined("That time does not exist: the clocks are put forward then.")
    if at <= visit.site.clock():
        raise Declined("That time is past. Choose “Now”, or a later one.")
    return at


PAGES: Final = (
    Page(path="/products", handler=listing, right=Right.PRODUCTS),
    Page(path="/products/item", handler=product, right=Right.PRODUCTS),
    Page(path="/products/price", handler=price, right=Right.PRICES, again=product),
    Page(path="/products/held", handler=decide, right=Right.PRICES, again=listing),
)
