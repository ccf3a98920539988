"""Headings: the names that shops and their systems give to the columns, in Norwegian and English."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hub.feeds.finding import Finding

COLUMNS: Final = (
    "sku",
    "gtins",
    "name_nb",
    "name_nn",
    "name_en",
    "name_zh",
    "unit",
    "price",
    "vat",
    "plu",
    "category",
    "picture",
    "age",
    "deposit",
    "limit",
    "browse",
)
REQUIRED: Final = ("sku", "unit", "price", "vat")

_SYNONYMS: Final = {
    "sku": "varenummer varenr vare-nr artikkelnummer artikkelnr artnr itemnumber itemno productnumber productid",
    "gtins": "gtin ean ean13 eankode strekkode strekkoder barcode barcodes",
    "name": "navn varenavn produktnavn beskrivelse varetekst name description productname title",
    "unit": "enhet salgsenhet uom unitofmeasure",
    "price": "pris utsalgspris salgspris prisinklmva priceincvat unitprice retailprice",
    "vat": "mva moms mvasats mvakode momssats vatrate vatcode taxrate taxcode",
    "plu": "plukode plucode plunummer",
    "category": "kategori varegruppe gruppe group productgroup department",
    "picture": "bilde image",
    "age": "aldersgrense alder agelimit minimumage",
    "deposit": "pant pantvare depositsku",
    "limit": "maksantall maxquantity maximumquantity",
    "browse": "bildesok visibildesok browsable",
}
_BY_NAME: Final = {word: column for column, words in _SYNONYMS.items() for word in words.split()}


def _bare(name: str) -> str:
    kept = name.casefold().replace("ø", "o").replace("å", "a")
    return "".join(letter for letter in kept if letter.isalnum())


def column_of(name: str, language: str) -> str | None:
    """Give the column of a heading, None if it is none; a name without a language is in the shop's."""
    if name.strip().casefold() in COLUMNS:
        return name.strip().casefold()
    column = {_bare(known): known for known in COLUMNS}.get(_bare(name)) or _BY_NAME.get(_bare(name))
    return f"name_{language}" if column == "name" else column


def columns_of(heading: Sequence[str], language: str, *, whole: bool) -> tuple[list[str], list[Finding]]:
    """Give the columns of a heading in its order, and what is wrong with it."""
    columns: list[str] = []
    findings: list[Finding] = []
    for name in heading:
        column = column_of(name, language)
        if column is None:
            known = ", ".join(COLUMNS)
            findings.append(
                Finding(line=1, text=f"unknown column {name!r}; delete it, or call it by one of these: {known}")
            )
        elif column in columns:
            findings.append(Finding(line=1, text=f"column {column!r} stands twice; delete one of them"))
        columns.append(column or "")
    wanted = REQUIRED if whole else ("sku",)
    findings += [Finding(line=1, text=f"column {name!r} is missing") for name in wanted if name not in columns]
    return columns, findings
