"""A digital receipt as one HTML page: readable on a phone, by a screen reader and on paper, with nothing fetched."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from html import escape
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from babel.numbers import format_currency, format_decimal

from appliance.core.money import Currency, Money
from hub.settings import Settings

STYLE: Final = """
:root { color-scheme: light dark; }
* { box-sizing: border-box; }
body { margin: 0; background: Canvas; color: CanvasText; font: 1.0625rem/1.5 system-ui, sans-serif; }
main { max-width: 30rem; margin: 0 auto; padding: 1.5rem 1.25rem 3rem; }
header { text-align: center; margin-bottom: 1.5rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.0625rem; margin: 2rem 0 .25rem; }
p { margin: 0; }
.quiet { opacity: .8; font-size: .9375rem; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .5rem 0 .5rem .75rem; text-align: end; vertical-align: top; font-weight: 400; }
th:first-child, td:first-child { padding-inline-start: 0; text-align: start; overflow-wrap: anywhere; }
td { white-space: nowrap; }
tbody tr { border-top: 1px solid color-mix(in srgb, CanvasText 20%, Canvas); }
thead th { font-size: .9375rem; opacity: .8; }
.total { display: flex; justify-content: space-between; gap: 1rem; border-top: 2px solid; padding-top: .75rem;
  font-size: 1.5rem; font-weight: 700; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .25rem 1rem; margin: 0; }
dd { margin: 0; text-align: end; overflow-wrap: anywhere; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
@media print { main { max-width: none; padding: 0; } }
"""
STYLE_HASH: Final = "sha256-" + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode("ascii")

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "nb": {
        "receipt": "Kvittering",
        "item": "Vare",
        "amount": "Beløp",
        "total": "Totalt",
        "vat": "Merverdiavgift",
        "rate": "Sats",
        "net": "Netto",
        "tax": "Mva.",
        "gross": "Brutto",
        "paid": "Betalt",
        "details": "Om kjøpet",
        "number": "Salg",
        "time": "Tid",
        "organisation": "Org.nr.",
        "card": "Kort",
        "cash": "Kontant",
        "qr": "Mobil",
        "gift_card": "Gavekort",
        "missing": "Kvitteringen er ikke her ennå",
        "missing_more": "Den kommer så snart kassen har fått kontakt. Siden prøver igjen av seg selv.",
        "not_found": "Her er det ingenting",
    },
    "nn": {
        "receipt": "Kvittering",
        "item": "Vare",
        "amount": "Beløp",
        "total": "Totalt",
        "vat": "Meirverdiavgift",
        "rate": "Sats",
        "net": "Netto",
        "tax": "Mva.",
        "gross": "Brutto",
        "paid": "Betalt",
        "details": "Om kjøpet",
        "number": "Sal",
        "time": "Tid",
        "organisation": "Org.nr.",
        "card": "Kort",
        "cash": "Kontant",
        "qr": "Mobil",
        "gift_card": "Gåvekort",
        "missing": "Kvitteringa er ikkje her enno",
        "missing_more": "Ho kjem så snart kassa har fått kontakt. Sida prøver igjen av seg sjølv.",
        "not_found": "Her er det ingenting",
    },
    "en": {
        "receipt": "Receipt",
        "item": "Item",
        "amount": "Amount",
        "total": "Total",
        "vat": "Value added tax",
        "rate": "Rate",
        "net": "Net",
        "tax": "VAT",
        "gross": "Gross",
        "paid": "Paid",
        "details": "About this purchase",
        "number": "Sale",
        "time": "Time",
        "organisation": "Org. no.",
        "card": "Card",
        "cash": "Cash",
        "qr": "Mobile",
        "gift_card": "Gift card",
        "missing": "The receipt is not here yet",
        "missing_more": "It arrives as soon as the till is connected. This page tries again by itself.",
        "not_found": "There is nothing here",
    },
    "zh": {
        "receipt": "收据",
        "item": "商品",
        "amount": "金额",
        "total": "合计",
        "vat": "增值税",
        "rate": "税率",
        "net": "不含税",
        "tax": "税额",
        "gross": "含税",
        "paid": "付款",
        "details": "购买信息",
        "number": "销售编号",
        "time": "时间",
        "organisation": "机构编号",
        "card": "银行卡",
        "cash": "现金",
        "qr": "手机支付",
        "gift_card": "礼品卡",
        "missing": "收据尚未送达",
        "missing_more": "收银机联网后即会送达。本页会自动重试。",
        "not_found": "这里没有内容",
    },
}
_LOCALES: Final = {"nb": "nb_NO", "nn": "nn_NO", "en": "en_GB", "zh": "zh_Hans_CN"}


def language_of(accepted: str, fallback: str) -> str:
    """Choose the language by a browser's Accept-Language (RFC 9110, section 12.5.4)."""
    wanted = []
    for entry in accepted.split(","):
        tag, _, quality = entry.strip().partition(";q=")
        try:
            wanted.append((-float(quality or 1), tag.lower().split("-")[0]))
        except ValueError:
            continue
    for _, tag in sorted(wanted, key=lambda pair: pair[0]):
        if tag == "no":
            return "nb"
        if tag in _WORDS:
            return tag
    return fallback if fallback in _WORDS else "en"


def receipt_page(sale: Mapping[str, Any], settings: Settings, language: str) -> str:
    """Give the page of a stored sale."""
    words, locale = _WORDS[language], _LOCALES[language]
    currency = Currency.parse(sale["currency"])

    def money(minor: int) -> str:
        return escape(format_currency(Money(minor, currency).to_decimal(), currency.code, locale=locale))

    at = datetime.fromisoformat(sale["at"]).astimezone(ZoneInfo(settings.timezone))
    name = settings.shop_name or sale["store"]
    lines = "".join(
        f'<tr><th scope="row">{escape(line["text"])}{_quantity(line, money, locale)}</th>'
        f"<td>{money(line['gross'])}</td></tr>"
        for line in sale["lines"]
    )
    taxes = "".join(
        f'<tr><th scope="row">{escape(format_decimal(Decimal(tax["rate"]), locale=locale))} %</th>'
        f"<td>{money(tax['net'])}</td><td>{money(tax['tax'])}</td><td>{money(tax['gross'])}</td></tr>"
        for tax in sorted(sale["taxes"], key=lambda tax: -Decimal(tax["rate"]))
    )
    tenders = "".join(
        f"<dt>{escape(_tender(tender, words))}</dt><dd>{money(tender['amount'])}</dd>" for tender in sale["tenders"]
    )
    address = "".join(f'<p class="quiet">{escape(line)}</p>' for line in settings.address)
    number = settings.organisation_number
    organisation = f'<p class="quiet">{words["organisation"]} {escape(number)}</p>' if number else ""
    body = (
        f"<header><h1>{escape(name)}</h1>{address}{organisation}</header>"
        f'<table><caption class="hidden">{words["receipt"]}</caption>'
        f'<thead class="hidden"><tr><th scope="col">{words["item"]}</th><th scope="col">{words["amount"]}</th></tr>'
        f"</thead><tbody>{lines}</tbody></table>"
        f'<p class="total"><span>{words["total"]}</span> <span>{money(sale["total"])}</span></p>'
        f"<h2>{words['paid']}</h2><dl>{tenders}</dl>"
        f'<h2 id="vat">{words["vat"]}</h2><table aria-labelledby="vat"><thead><tr>'
        + "".join(f'<th scope="col">{words[key]}</th>' for key in ("rate", "net", "tax", "gross"))
        + f"</tr></thead><tbody>{taxes}</tbody></table>"
        f"<h2>{words['details']}</h2><dl><dt>{words['time']}</dt>"
        f'<dd><time datetime="{escape(sale["at"])}">{escape(format_datetime(at, "medium", locale=locale))}</time></dd>'
        f"<dt>{words['number']}</dt><dd>{escape(sale['transaction'])}</dd></dl>"
    )
    return _page(f"{words['receipt']} – {name}", body, language)


def _quantity(line: Mapping[str, Any], money: Any, locale: str) -> str:
    quantity = Decimal(line["quantity"])
    if quantity == 1 and line["unit"] == "ea":
        return ""
    amount = escape(format_decimal(quantity, locale=locale))
    unit = f" {escape(line['unit'])}" if line["unit"] != "ea" else ""
    return f'<br><span class="quiet">{amount}{unit} × {money(line["price"])}</span>'


def _tender(tender: Mapping[str, Any], words: Mapping[str, str]) -> str:
    parts = [tender["card_name"] or words.get(tender["type"], tender["type"])]
    if tender["masked_pan"]:
        parts.append("•••• " + tender["masked_pan"][-4:])
    return " ".join(parts)


def missing_page(language: str) -> str:
    """Give the page for a receipt that has not come, or never was."""
    words = _WORDS[language]
    body = f"<header><h1>{words['missing']}</h1><p>{words['missing_more']}</p></header>"
    return _page(words["missing"], body, language, refresh_s=20)


def nothing_page(language: str) -> str:
    """Give the page for every other address."""
    words = _WORDS[language]
    return _page(words["not_found"], f"<header><h1>{words['not_found']}</h1></header>", language)


def _page(title: str, body: str, language: str, *, refresh_s: int = 0) -> str:
    refresh = f'<meta http-equiv="refresh" content="{refresh_s}">' if refresh_s else ""
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="robots" content="noindex">{refresh}<title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><main>{body}</main></body></html>"
    )
