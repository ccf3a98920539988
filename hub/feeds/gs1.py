"""GS1 XML: trade items as GDSN's catalogue item messages hold them (GS1 GDSN 3.1, Catalogue Item Notification).

Read are the elements below, wherever `tradeItem` stands; all others are passed over, and the schema is not enforced:

| element below tradeItem | becomes |
|---|---|
| gtin | GTIN; the SKU of the product that carries it here already |
| additionalTradeItemIdentification, type BUYER_ASSIGNED | SKU of a new product; else its GTIN is |
| isTradeItemAConsumerUnit | items that are not one (cases, pallets) are left out |
| isTradeItemAVariableUnit | true: the price is for a kilogram |
| ...tradeItemDescriptionInformation: descriptionShort, else tradeItemDescription, by languageCode | names |
| ...tradeItemMeasurements: netContent, measurementUnitCode | stands behind the name, unless it is in it already |
| ...dutyFeeTaxInformation: dutyFeeTaxTypeCode VAT, dutyFeeTaxRate | VAT code |
| ...suggestedRetailPrice: tradeItemPrice, currencyCode | price of a new product; that of a known one is the shop's |
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final

from hub.feeds.finding import Place, Reading, Unreadable
from hub.feeds.rows import RowReader
from hub.feeds.xml import Element, Forbidden, Malformed, elements

_LANGUAGES: Final = {"nb": "nb", "no": "nb", "nn": "nn", "en": "en", "zh": "zh"}
_UNITS: Final = {"GRM": "g", "KGM": "kg", "MLT": "ml", "CLT": "cl", "DLT": "dl", "LTR": "l", "H87": "stk", "EA": "stk"}
"""UN/ECE Recommendation 20 codes that a shelf edge names."""
_NAMES: Final = {
    "sku": "additionalTradeItemIdentification",
    "gtins": "gtin",
    "unit": "isTradeItemAVariableUnit",
    "price": "tradeItemPrice",
    "vat": "dutyFeeTaxRate",
}


def read_gs1(content: bytes, place: Place) -> Reading:
    """Read the consumer units; they are a part of the list, never the whole."""
    feed = _Feed(place)
    try:
        found = elements(content, "tradeItem", feed.take)
    except Forbidden as error:
        raise Unreadable(f"not read: {error}") from error
    except Malformed as error:
        raise Unreadable(f"no well-formed XML: {error}; ask for the file again", error.line) from error
    if not found:
        raise Unreadable("no tradeItem in it: a GS1 catalogue item message (GDSN 3.1) is wanted")
    return feed.reading()


class _Feed:
    def __init__(self, place: Place) -> None:
        self._place = place
        self._reader = RowReader(place, part=True, names=_NAMES)
        self._sku_by_gtin = {gtin: sku for sku, row in place.known.items() for gtin in row.get("gtins", ())}
        self._cases = 0

    def take(self, item: Element) -> None:
        """Read one trade item."""
        if _text(item, "isTradeItemAConsumerUnit") == "false":
            self._cases += 1
            return
        gtin = _text(item, "gtin")
        if not gtin:
            self._reader.find(item.line, "gtin", "is missing; every trade item has one")
            return
        known = self._sku_by_gtin.get(gtin.zfill(14))
        assigned = next(
            (
                found.text
                for found in item.every("additionalTradeItemIdentification")
                if found.attributes.get("additionalTradeItemIdentificationTypeCode") == "BUYER_ASSIGNED"
            ),
            "",
        )
        sku = known or assigned or gtin
        fields = {"sku": sku, **self._names(item), **self._tax(item)}
        if sku not in self._place.known:
            fields |= {"gtins": gtin, "price": self._price(item)}
            fields.setdefault("vat", "")
        if variable := _text(item, "isTradeItemAVariableUnit"):
            fields["unit"] = "kg" if variable == "true" else "ea"
        elif sku not in self._place.known:
            fields["unit"] = "ea"
        self._reader.take(item.line, fields)

    def _names(self, item: Element) -> dict[str, str]:
        names: dict[str, str] = {}
        for kind in ("descriptionShort", "tradeItemDescription"):
            for found in item.every("**", "tradeItemDescriptionInformation", kind):
                code = found.attributes.get("languageCode", self._place.language).partition("-")[0].lower()
                language = _LANGUAGES.get(code)
                if language and found.text:
                    names.setdefault(f"name_{language}", found.text)
        content = item.first("**", "tradeItemMeasurements", "netContent")
        unit = _UNITS.get(content.attributes.get("measurementUnitCode", "")) if content is not None else None
        if content is None or unit is None or unit == "stk":
            return names
        amount = _plain(content.text)
        texts = {f"{mark}{gap}{unit}" for mark in (amount, amount.replace(".", ",")) for gap in ("", " ")}
        written = f"{amount.replace('.', ',')} {unit}"
        return {
            key: name if any(text in name.casefold() for text in texts) else f"{name} {written}"
            for key, name in names.items()
        }

    def _tax(self, item: Element) -> dict[str, str]:
        for tax in item.every("**", "dutyFeeTaxInformation"):
            kind = _text(tax, "dutyFeeTaxTypeCode")
            rate = tax.first("dutyFeeTax", "dutyFeeTaxRate")
            if rate is not None and (not kind or "VAT" in kind.upper() or kind.upper() == "MVA"):
                return {"vat": _plain(rate.text)}
        return {}

    def _price(self, item: Element) -> str:
        found = item.first("**", "suggestedRetailPrice", "**", "tradeItemPrice")
        if found is None:
            return ""
        currency = found.attributes.get("currencyCode", "")
        if currency != self._place.currency.code:
            self._reader.find(
                found.line, "tradeItemPrice", f"in {currency or 'no currency'}; {self._place.currency} is wanted"
            )
        return _plain(found.text)

    def reading(self) -> Reading:
        """Give the whole."""
        notes = ["read as GS1 XML; products that it does not name stay as they are"]
        if self._cases:
            notes.append(f"{self._cases} trade items that are no consumer units were left out")
        return self._reader.reading(*notes)


def _text(item: Element, name: str) -> str:
    found = item.first(name)
    return found.text if found is not None else ""


def _plain(text: str) -> str:
    """Give a number without the noughts behind its last decimal; any other text as it is."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return f"{number.normalize():f}" if number.is_finite() and abs(number.adjusted()) < 12 else text
