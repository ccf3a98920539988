"""What a quantity of an item costs: one rounding per line, and the rules of pieces, weights and labelled prices."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final, Protocol

from appliance.core.catalogue import Item, ScannedItem, Unit
from appliance.core.identifiers import Sku
from appliance.core.money import Money, round_half_away

GRAM: Final = Decimal("0.001")
"""The smallest weight that is sold, in kilograms."""

_NOTHING_CARRIED: Final = ScannedItem()


class Unpriced(StrEnum):
    """Why an item cannot be priced. The values are those of `checkout.Reason`."""

    NO_PRICE = "no_price"
    NEEDS_SCALE = "needs_scale"


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """What goes into a line. `gross` is `price` x `quantity`, but for a pack whose own label says its price."""

    quantity: Decimal
    """Pieces >= 1, or kilograms > 0 with exactly three decimals."""
    unit: Unit
    price: Money
    """For one `unit`, including tax."""
    gross: Money
    fixed: bool
    """The code settled the quantity: it was weighed, priced or counted before, or is one numbered piece."""


class PricedLine(Protocol):
    """What of a basket line matters for merging; `checkout.LineItem` has it all."""

    @property
    def sku(self) -> Sku:
        """The item's key."""
        ...

    @property
    def price(self) -> Money:
        """The unit price, frozen."""
        ...

    @property
    def unit(self) -> Unit:
        """What the price is for."""
        ...

    @property
    def quantity_fixed(self) -> bool:
        """Whether the quantity was settled by the code."""
        ...

    @property
    def voided(self) -> bool:
        """Whether the line was taken out."""
        ...


def extended_price(price: Money, quantity: Decimal) -> Money:
    """Give the price of a quantity, rounded once to the minor unit, halves away from zero."""
    return price.times(quantity)


def checked_quantity(quantity: Decimal, unit: Unit) -> Decimal:
    """Give a quantity in its one form: whole pieces >= 1, or kilograms > 0 in grams; ValueError if it is neither."""
    if not quantity.is_finite() or quantity <= 0:
        raise ValueError(f"a quantity is more than nothing, not {quantity}")
    step = Decimal(1) if unit is Unit.EACH else GRAM
    if quantity % step:
        raise ValueError(f"{quantity} is not a whole number of {'pieces' if unit is Unit.EACH else 'grams'}")
    return quantity.quantize(step)


def price_item(item: Item, scanned: ScannedItem = _NOTHING_CARRIED, *, pieces: int = 1) -> Priced | Unpriced:
    """Price an item as it was scanned or picked; `pieces` counts where the code itself carries no quantity.

    A price on the label is what the customer pays, whatever the catalogue says per unit (the label was the offer);
    the weight of such a pack is then worked out from the price, to the gram, so that the stock is right.
    A weight or price on goods that are sold by the piece says nothing about the piece, except its price.
    """
    if item.price is None:
        return Unpriced.NO_PRICE
    if item.unit is Unit.KILOGRAM:
        return _by_weight(item.price, scanned)
    if scanned.price is not None:
        return Priced(quantity=Decimal(1), unit=Unit.EACH, price=scanned.price, gross=scanned.price, fixed=True)
    quantity = checked_quantity(Decimal(pieces if scanned.count is None else scanned.count), Unit.EACH)
    return Priced(
        quantity=quantity,
        unit=Unit.EACH,
        price=item.price,
        gross=extended_price(item.price, quantity),
        fixed=scanned.count is not None or bool(scanned.serial),
    )


def _by_weight(price: Money, scanned: ScannedItem) -> Priced | Unpriced:
    if scanned.weight is not None:
        quantity = checked_quantity(scanned.weight, Unit.KILOGRAM)
        gross = extended_price(price, quantity) if scanned.price is None else scanned.price
        return Priced(quantity=quantity, unit=Unit.KILOGRAM, price=price, gross=gross, fixed=True)
    if scanned.price is None:
        return Unpriced.NEEDS_SCALE
    grams = round_half_away(Decimal(1000 * scanned.price.minor) / price.minor) if price.minor > 0 else 0
    if grams < 1:
        return Priced(quantity=Decimal(1), unit=Unit.EACH, price=scanned.price, gross=scanned.price, fixed=True)
    quantity = Decimal(grams).scaleb(-3)
    return Priced(quantity=quantity, unit=Unit.KILOGRAM, price=price, gross=scanned.price, fixed=True)


def price_deposit(deposit: Item, quantity: Decimal) -> Priced | Unpriced:
    """Price the deposit that is sold along with `quantity` pieces; it follows the pieces and is never changed alone."""
    if deposit.price is None:
        return Unpriced.NO_PRICE
    pieces = checked_quantity(quantity, Unit.EACH)
    gross = extended_price(deposit.price, pieces)
    return Priced(quantity=pieces, unit=Unit.EACH, price=deposit.price, gross=gross, fixed=True)


def may_merge(line: PricedLine, sku: Sku, priced: Priced) -> bool:
    """Whether a newly priced item may raise the quantity of a line instead of adding one.

    Same item, same unit price, pieces on both sides, and neither settled by its code: two weighed packs stay two lines.
    """
    return (
        line.sku == sku
        and line.unit is priced.unit is Unit.EACH
        and line.price == priced.price
        and not (line.voided or line.quantity_fixed or priced.fixed)
    )
