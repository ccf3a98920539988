"""What can be scanned by a click: every good of the shop that has a barcode, and codes that make trouble."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

from appliance.core.catalogue import Unit
from appliance.core.identifiers import Language
from appliance.core.receipt_text import RECEIPT_TEXTS, amount_text, number_text
from simulators.goods import Good
from simulators.panel.board import Sample

_NB = Language("nb")
_TEXTS = RECEIPT_TEXTS[_NB]
TROUBLE = "Trouble"


def samples(goods: Sequence[Good], today: date) -> tuple[Sample, ...]:
    """Give the goods by category, and the troublesome codes at the end."""
    known = [_sample(good) for good in goods if good.article]
    first = next((good.article for good in goods if len(good.article) == 13 and not good.labelled), "")
    return (*known, *(_troubles(first, today) if first else ()))


def _sample(good: Good) -> Sample:
    item = good.item
    price = "no price" if item.price is None else amount_text(item.price, _TEXTS)
    notes = []
    # The same pack each time: its weight is made up of its number.
    grams = random.Random(item.sku).randint(120, 1900)  # noqa: S311 # not a secret
    if good.labelled:
        notes.append(f"{number_text(Decimal(grams).scaleb(-3), _TEXTS)} kg")
    if item.minimum_age is not None:
        notes.append(f"from {item.minimum_age} years")
    if item.deposit_sku is not None:
        notes.append("deposit")
    per = "/kg" if item.unit is Unit.KILOGRAM else ""
    return Sample(
        code=good.code(grams),
        name=item.name(_NB, _NB),
        price=" · ".join((f"{price}{per}", *notes)),
        category=item.category or "Other",
        picture=f"picture/{item.picture}.png" if item.picture else "",
    )


def _troubles(article: str, today: date) -> Iterator[Sample]:
    gtin = article.zfill(14)
    yesterday, next_month = today - timedelta(days=1), today + timedelta(days=30)
    wrong = article[:-1] + str((int(article[-1]) + 1) % 10)
    for code, name, note in (
        ("4006381333931", "Not in this shop", "a valid code that nobody sells here"),
        (wrong, "Wrong check digit", "a misread code"),
        (article[:9], "Cut off", "the first nine digits only"),
        (f"]d201{gtin}17{yesterday:%y%m%d}10LOT7", "Past its use-by date", "GS1 DataMatrix with yesterday's date"),
        (f"]d201{gtin}17{next_month:%y%m%d}10LOT8\x1d21A1", "GS1 DataMatrix", "date, batch and serial number"),
        (f"]C101{gtin}3012", "GS1-128 with a count", "a pack of twelve"),
        (f"https://id.gs1.org/01/{gtin}", "GS1 Digital Link", "a QR code with a web address"),
        ("https://example.org/menu", "Somebody's QR code", "a web address that names no product"),
        ("?{&%//)(=", "Garbage", "noise on the line"),
    ):
        yield Sample(code=code, name=name, price=note, category=TROUBLE, note=note, trouble=True)
