"""What the JSON API answers and does."""

from __future__ import annotations

from typing import Any, Final

from appliance.mqtt.messages.wire import instant
from hub import catalogue, prices, products, reports, stock
from hub.access import audit
from hub.access.roles import Right
from hub.alarms import alarms
from hub.catalogue.held import Held
from hub.quarantine import entries
from hub.reports import Turnover
from hub.sales import of_days, one, stores
from hub.stock import Kind
from hub.web.api import MOST, Call, Operation, quantity
from hub.web.pages.stock import KINDS, book_stock
from hub.web.pricing import Asked, change_price
from hub.web.visit import Declined, Missing


def me(call: Call) -> Any:
    """Say whose token it is and what it may do."""
    user, rights = call.visit.user, call.visit.rights or frozenset()
    return {"user": user.name, "role": user.role.value, "rights": sorted(right.value for right in rights)}


def period(call: Call) -> Any:
    """Give some business days from every side."""
    first = call.day("first")
    last = call.day("last", first)
    if not 0 <= (last - first).days <= 731:
        raise Declined("From first to last there may be up to 731 days.")
    store = call.visit.query("store")
    with call.visit.read() as connection:
        return {
            "first": first.isoformat(),
            "last": last.isoformat(),
            "store": store or None,
            "days": [_turnover(entry) for entry in reports.by_day(connection, first, store, last=last)],
            "hours": (
                [_turnover(entry) for entry in reports.by_hour(connection, first, call.visit.site.zone, store)]
                if first == last
                else []
            ),
            "stores": [_turnover(entry) for entry in reports.by_store(connection, first, last=last)],
            "kiosks": [_turnover(entry) for entry in reports.by_kiosk(connection, first, store, last=last)],
            "payments": [_turnover(entry) for entry in reports.by_payment(connection, first, store, last=last)],
            "products": [
                {
                    "sku": entry.sku,
                    "text": entry.text,
                    "unit": entry.unit,
                    "quantity": f"{entry.quantity:f}",
                    "currency": entry.currency,
                    "total": entry.total,
                }
                for entry in reports.by_product(connection, first, store, last=last)
            ],
            "taxes": [
                {"rate": tax.rate, "currency": tax.currency, "net": tax.net, "tax": tax.tax, "gross": tax.gross}
                for tax in reports.by_tax(connection, first, store, last=last)
            ],
        }


def _turnover(entry: Turnover) -> dict[str, Any]:
    return {"key": entry.key, "currency": entry.currency, "count": entry.count, "total": entry.total}


def sales(call: Call) -> Any:
    """List sales, newest first."""
    first = call.day("first")
    last = call.day("last", first)
    offset, limit = call.whole("offset", 0, 10**9), call.whole("limit", 50, MOST)
    with call.visit.read() as connection:
        found = of_days(connection, first, last, store=call.visit.query("store"), offset=offset, limit=limit + 1)
    return {"sales": [_sale(sale) for sale in found[:limit]], "next": _next(offset, limit, len(found))}


def sale(call: Call) -> Any:
    """Give one sale whole."""
    place = call.visit.request.path_params
    with call.visit.read() as connection:
        found = one(connection, place["kiosk"], place["epoch"], place["seq"])
    if found is None:
        raise Missing
    return _sale(found)


def _sale(sale: dict[str, Any]) -> dict[str, Any]:
    # The token opens the receipt to everybody: it is not for programs.
    return {name: value for name, value in sale.items() if name != "receipt_token"}


def _next(offset: int, limit: int, found: int) -> int | None:
    return offset + limit if found > limit else None


def product_list(call: Call) -> Any:
    """List products."""
    offset, limit = call.whole("offset", 0, 10**9), call.whole("limit", 50, MOST)
    zone = call.visit.site.settings.zone
    with call.visit.read() as connection:
        found, total = products.find(connection, zone, call.visit.query("q"), offset=offset, limit=limit)
        pointer = catalogue.head(connection, zone)
    return {
        "zone": zone,
        "version": pointer.version if pointer else 0,
        "effective_at": instant(pointer.effective_at) if pointer else None,
        "currency": pointer.currency if pointer else call.visit.site.settings.currency,
        "total": total,
        "products": found,
        "next": offset + limit if offset + limit < total else None,
    }


def price_list(call: Call) -> Any:
    """Give every price that a product has had."""
    sku, zone = call.visit.query("sku"), call.visit.site.settings.zone
    with call.visit.read() as connection:
        found = prices.history(connection, zone, sku)
        holding = prices.price_at(connection, zone, sku, call.visit.site.clock())
    if not found:
        raise Missing
    return {
        "sku": sku,
        "zone": zone,
        "holding": holding,
        "prices": [
            {
                "version": change.version,
                "price": change.price,
                "currency": change.currency,
                "published_at": instant(change.published_at),
                "effective_at": instant(change.effective_at),
            }
            for change in found
        ],
    }


def new_price(call: Call) -> Any:
    """Change a price."""
    visit, sku = call.visit, call.text("sku", longest=64)
    price, effective_at = call.integer("price", 1, 10**9 - 1), call.instant("effective_at")
    seen = call.integer("seen", 1, 10**9) if call.body.get("seen") is not None else None
    with visit.write() as connection:
        if not prices.history(connection, visit.site.settings.zone, sku):
            raise Missing
        asked = Asked(sku=sku, price=price, seen=seen, effective_at=effective_at)
        made = change_price(connection, visit, asked)
    if isinstance(made, Held):
        return {"outcome": "held", "version": None, "held": made.number, "reason": made.reason}
    outcome = "unchanged" if made is None else "published"
    return {"outcome": outcome, "version": None if made is None else made.version, "held": None, "reason": ""}


def levels(call: Call) -> Any:
    """List stock levels."""
    with call.visit.read() as connection:
        found = stock.levels(connection, call.visit.query("store"), only_low=call.visit.query("low") == "true")
    return {
        "levels": [
            {
                "store": level.store,
                "sku": level.sku,
                "on_hand": quantity(level.on_hand),
                "low": None if level.low is None else quantity(level.low),
                "is_low": level.is_low,
            }
            for level in found
        ]
    }


def book(call: Call) -> Any:
    """Book what somebody did with goods."""
    kind = next((kind for kind in KINDS if kind.value == call.body.get("kind")), None)
    if kind is None:
        raise Declined("kind: one of {kinds}", kinds=", ".join(KINDS))
    done = book_stock(
        call.visit,
        call.text("store", longest=32),
        call.text("sku", longest=64),
        kind,
        call.thousandths("quantity"),
        to_store=call.maybe_text("to_store") if kind is Kind.TRANSFER else "",
        note=call.maybe_text("note"),
    )
    return {"document": done["document"], "on_hand": quantity(done["on_hand"])}


def kiosks(call: Call) -> Any:
    """List the tills."""
    with call.visit.read() as connection:
        found = reports.kiosk_states(connection, call.visit.site.clock())
    return {
        "kiosks": [
            {
                "kiosk": state.kiosk,
                "active": state.active,
                "store": state.store,
                "workstation": state.workstation,
                "version": state.version,
                "catalogue": state.catalogue,
                "online": state.online,
                "seen_at": instant(state.seen_at) if state.seen_at else None,
                "lane": state.lane,
                "clock_synced": state.clock_synced,
                "devices": dict(state.devices),
                "outbox_rows": state.outbox_rows,
                "outbox_oldest_s": state.outbox_oldest_s,
                "received": state.received,
                "missing": state.missing,
                "quarantined": state.quarantined,
            }
            for state in found
        ]
    }


def store_list(call: Call) -> Any:
    """List the stores."""
    with call.visit.read() as connection:
        return {"stores": list(stores(connection))}


def alarm_list(call: Call) -> Any:
    """List alarms and the rows in quarantine."""
    with call.visit.read() as connection:
        raised, held = alarms(connection), entries(connection)
    return {
        "alarms": [
            {"at": alarm.at, "kind": alarm.kind, "kiosk": alarm.kiosk, "text": alarm.text}
            for alarm in raised[::-1][:MOST]
        ],
        "quarantine": [
            {"kiosk": row.kiosk, "epoch": row.epoch, "seq": row.seq, "reason": row.reason, "at": row.at}
            for row in held[:MOST]
        ],
    }


def audit_list(call: Call) -> Any:
    """List what was done, newest first."""
    limit = call.whole("limit", 50, MOST)
    with call.visit.read() as connection:
        found = audit.entries(connection, before=call.whole("before", 0, 10**12), limit=limit + 1)
    return {
        "entries": [
            {
                "number": entry.number,
                "at": entry.at,
                "who": entry.actor.who,
                "role": entry.actor.role,
                "via": entry.actor.via,
                "address": entry.actor.address,
                "action": entry.action,
                "subject": entry.subject,
                "detail": dict(entry.detail),
            }
            for entry in found[:limit]
        ],
        "next": found[limit - 1].number if len(found) > limit and limit else None,
    }


OPERATIONS: Final = (
    Operation(method="GET", path="/me", handler=me),
    Operation(method="GET", path="/stores", handler=store_list),
    Operation(method="GET", path="/period", handler=period, right=Right.SALES),
    Operation(method="GET", path="/sales", handler=sales, right=Right.SALES),
    Operation(method="GET", path="/sales/{kiosk}/{epoch:int}/{seq:int}", handler=sale, right=Right.SALES),
    Operation(method="GET", path="/products", handler=product_list, right=Right.PRODUCTS),
    Operation(method="GET", path="/prices", handler=price_list, right=Right.PRODUCTS),
    Operation(method="POST", path="/prices", handler=new_price, right=Right.PRICES, status=201),
    Operation(method="GET", path="/stock", handler=levels, right=Right.STOCK),
    Operation(method="POST", path="/stock", handler=book, right=Right.STOCK_CHANGE, status=201),
    Operation(method="GET", path="/kiosks", handler=kiosks, right=Right.KIOSKS),
    Operation(method="GET", path="/alarms", handler=alarm_list, right=Right.ALARMS),
    Operation(method="GET", path="/audit", handler=audit_list, right=Right.AUDIT),
)
