"""Changing one price, for the page and the API alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from appliance.mqtt.messages.wire import instant
from hub import prices
from hub.catalogue import Publication, Refused, held
from hub.catalogue.held import Held
from hub.web.visit import Declined, Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A new price in minor units."""

    sku: str
    price: int
    seen: int | None
    """The version of the newest price that was seen; None = whatever it is."""
    effective_at: datetime | None
    """None = at once."""


def change_price(connection: Connection, visit: Visit, asked: Asked) -> Publication | Held | None:
    """Publish it, with its row of the audit; None if the price is that already, Held if it is improbable.

    Declined says why it cannot be, and nothing has changed then.
    """
    settings = visit.site.settings
    history = prices.history(connection, settings.zone, asked.sku)
    if not history:
        raise Declined("There is no such product.")
    if asked.seen is not None and history[0].version != asked.seen:
        raise Declined("Somebody else has changed this price meanwhile. Look at it again.")
    at = asked.effective_at or visit.site.clock()
    before = prices.price_at(connection, settings.zone, asked.sku, at)
    try:
        made = held.submit_prices(
            connection,
            settings.zone,
            {asked.sku: asked.price},
            currency=settings.currency,
            tax_codes=settings.tax_codes,
            effective_at=asked.effective_at,
            made_by=visit.user.name,
        )
    except (LookupError, Refused) as error:
        raise Declined("The catalogue does not take it: {why}", why=str(error)) from error
    if made is not None:
        visit.audit(
            connection,
            "price.change" if isinstance(made, Publication) else "price.held",
            asked.sku,
            before=before,
            after=asked.price,
            version=f"{made.zone}/{made.version}" if isinstance(made, Publication) else "",
            effective_at=instant(at),
        )
    return made
