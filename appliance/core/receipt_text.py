"""A completed sale as the lines of its receipt. Which words stand on it is data, per language; no country's law here.

What a country asks for beyond seller, number, time, goods, amounts, taxes and tenders, such as a signature, is added
by its own package.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from appliance.core.catalogue import Unit
from appliance.core.events import SaleLine, SaleTender, TransactionCompleted
from appliance.core.identifiers import Language
from appliance.core.money import Money
from appliance.core.payment import Reference, TenderType
from appliance.core.pricing import extended_price
from appliance.core.receipt import (
    Align,
    AmountLine,
    ColumnLine,
    Logo,
    QrCode,
    ReceiptDocument,
    ReceiptLine,
    Rule,
    Space,
    TextLine,
)
from appliance.core.tax import TaxedAmount


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopFacts:
    """Who sells: the heading and the foot of a receipt. Empty facts take no line."""

    name: str
    organisation_number: str = ""
    address: tuple[str, ...] = ()
    phone: str = ""
    footer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptTexts:
    """The words of a receipt in one language, and how that language writes numbers and dates."""

    title: str
    copy: str
    receipt: str
    workstation: str
    organisation: str
    phone: str
    total: str
    rate: str
    net: str
    tax: str
    gross: str
    sum: str
    terminal: str
    reference: str
    trace: str
    rounding: str
    given: str
    change: str
    unconfirmed: str
    tenders: Mapping[TenderType, str]
    decimal_mark: str = ","
    group_mark: str = " "
    time: str = "%d.%m.%Y %H:%M:%S"
    """For `datetime.strftime`."""


RECEIPT_TEXTS: Final[Mapping[Language, ReceiptTexts]] = {
    Language("nb"): ReceiptTexts(
        title="Salgskvittering",
        copy="KOPI",
        receipt="Kvittering",
        workstation="Kasse",
        organisation="Org.nr.",
        phone="Tlf.",
        total="Totalt",
        rate="Mva-sats",
        net="Netto",
        tax="Mva",
        gross="Brutto",
        sum="Sum",
        terminal="Terminal",
        reference="Kortkvittering",
        trace="Sporingsnr.",
        rounding="Øreavrunding",
        given="Mottatt",
        change="Tilbake",
        unconfirmed="Ikke bekreftet av betalingstjenesten",
        tenders={
            TenderType.CARD: "Bankkort",
            TenderType.CASH: "Kontant",
            TenderType.QR: "Mobilbetaling",
            TenderType.WALLET: "Mobilbetaling",
            TenderType.GIFT_CARD: "Gavekort",
        },
    ),
    Language("nn"): ReceiptTexts(
        title="Salskvittering",
        copy="KOPI",
        receipt="Kvittering",
        workstation="Kasse",
        organisation="Org.nr.",
        phone="Tlf.",
        total="Totalt",
        rate="Mva-sats",
        net="Netto",
        tax="Mva",
        gross="Brutto",
        sum="Sum",
        terminal="Terminal",
        reference="Kortkvittering",
        trace="Sporingsnr.",
        rounding="Øreavrunding",
        given="Motteke",
        change="Tilbake",
        unconfirmed="Ikkje stadfesta av betalingstenesta",
        tenders={
            TenderType.CARD: "Bankkort",
            TenderType.CASH: "Kontant",
            TenderType.QR: "Mobilbetaling",
            TenderType.WALLET: "Mobilbetaling",
            TenderType.GIFT_CARD: "Gåvekort",
        },
    ),
    Language("en"): ReceiptTexts(
        title="Sales receipt",
        copy="COPY",
        receipt="Receipt",
        workstation="Till",
        organisation="Company no.",
        phone="Tel.",
        total="Total",
        rate="VAT rate",
        net="Net",
        tax="VAT",
        gross="Gross",
        sum="Sum",
        terminal="Terminal",
        reference="Card receipt",
        trace="Trace no.",
        rounding="Cash rounding",
        given="Cash given",
        change="Change",
        unconfirmed="Not confirmed by the payment service",
        tenders={
            TenderType.CARD: "Card",
            TenderType.CASH: "Cash",
            TenderType.QR: "Mobile payment",
            TenderType.WALLET: "Mobile payment",
            TenderType.GIFT_CARD: "Gift card",
        },
        decimal_mark=".",
        group_mark=",",
        time="%Y-%m-%d %H:%M:%S",
    ),
    Language("zh"): ReceiptTexts(
        title="销售小票",
        copy="副本",
        receipt="小票号",
        workstation="收银台",
        organisation="企业编号",
        phone="电话",
        total="合计",
        rate="税率",
        net="不含税",
        tax="税额",
        gross="含税",
        sum="小计",
        terminal="终端",
        reference="刷卡凭证号",
        trace="流水号",
        rounding="现金取整",
        given="实收",
        change="找零",
        unconfirmed="支付服务未确认",
        tenders={
            TenderType.CARD: "银行卡",
            TenderType.CASH: "现金",
            TenderType.QR: "手机支付",
            TenderType.WALLET: "手机支付",
            TenderType.GIFT_CARD: "礼品卡",
        },
        decimal_mark=".",
        group_mark=",",
        time="%Y-%m-%d %H:%M:%S",
    ),
}


def sale_receipt(
    sale: TransactionCompleted, *, shop: ShopFacts, at: datetime, copy: int, texts: ReceiptTexts
) -> ReceiptDocument:
    """Build the receipt of a completed sale.

    `at` is the time of the sale in the shop's own time zone. `copy` 0 is the receipt itself, 1 its first copy.
    """
    lines: list[ReceiptLine] = [
        *_heading(shop, texts),
        *_copy_mark(copy, texts),
        TextLine(text=texts.title, align=Align.CENTRE, bold=True),
        Space(),
        TextLine(text=f"{texts.receipt} {sale.transaction}"),
        AmountLine(text=at.strftime(texts.time), amount=f"{texts.workstation} {sale.transaction.workstation}"),
        Rule(),
    ]
    for line in sale.lines:
        lines += _item(line, texts)
    total = f"{texts.total} {sale.currency}"
    lines += [Rule(), AmountLine(text=total, amount=amount_text(sale.total, texts), bold=True, scale=2)]
    if sale.rounding:
        lines.append(AmountLine(text=texts.rounding, amount=amount_text(sale.rounding, texts)))
    lines.append(Space())
    for tender in sale.tenders:
        lines += _tender(tender, texts)
    lines += [Rule(), *_tax_table(sale.taxes, texts)]
    for receipt in sale.customer_receipts:
        lines += [Rule(), *(TextLine(text=text) if text.strip() else Space() for text in receipt)]
    lines.append(Rule())
    if shop.footer:
        lines += [TextLine(text=shop.footer, align=Align.CENTRE), Space()]
    number = str(sale.transaction)
    lines += [QrCode(payload=number, caption=number), *_copy_mark(copy, texts)]
    return ReceiptDocument(title=f"{texts.title} {number}", lines=tuple(lines))


def amount_text(amount: Money, texts: ReceiptTexts) -> str:
    """Write an amount as the language does, without its currency: "1 234,50", "-12,00"."""
    return number_text(amount.to_decimal(), texts)


def number_text(value: Decimal, texts: ReceiptTexts) -> str:
    """Write a number with exactly the decimals it has."""
    return f"{value:,f}".replace(",", "\0").replace(".", texts.decimal_mark).replace("\0", texts.group_mark)


def _heading(shop: ShopFacts, texts: ReceiptTexts) -> Iterator[ReceiptLine]:
    yield Logo()
    yield TextLine(text=shop.name, align=Align.CENTRE, bold=True, scale=2)
    small = [
        *shop.address,
        f"{texts.organisation} {shop.organisation_number}" if shop.organisation_number else "",
        f"{texts.phone} {shop.phone}" if shop.phone else "",
    ]
    yield from (TextLine(text=text, align=Align.CENTRE) for text in small if text)
    yield Space()


def _copy_mark(copy: int, texts: ReceiptTexts) -> Iterator[ReceiptLine]:
    if copy:
        text = texts.copy if copy == 1 else f"{texts.copy} {copy}"
        yield TextLine(text=text, align=Align.CENTRE, bold=True, scale=2)


def _item(line: SaleLine, texts: ReceiptTexts) -> Iterator[ReceiptLine]:
    text = f"+ {line.text}" if line.type == "deposit" else line.text
    yield AmountLine(text=text, amount=amount_text(line.gross, texts))
    weighed = line.unit is Unit.KILOGRAM
    if line.quantity == 1 and not weighed and line.price == line.gross:
        return
    quantity = f"{number_text(line.quantity, texts)}{' kg' if weighed else ''}"
    # A pack's own label may say another price than weight times unit price; then no sum is shown that does not hold.
    if extended_price(line.price, line.quantity) == line.gross:
        quantity += f" x {amount_text(line.price, texts)}{'/kg' if weighed else ''}"
    yield TextLine(text=f"   {quantity}")


def _tender(tender: SaleTender, texts: ReceiptTexts) -> Iterator[ReceiptLine]:
    words = (tender.card_name or texts.tenders[tender.type], tender.masked_pan)
    yield AmountLine(text=" ".join(word for word in words if word), amount=amount_text(tender.amount, texts))
    if tender.given is not None and tender.given != tender.amount:
        yield TextLine(text=f"   {texts.given} {amount_text(tender.given, texts)}")
        yield TextLine(text=f"   {texts.change} {amount_text(tender.given - tender.amount, texts)}")
    if tender.unconfirmed:
        yield TextLine(text=f"   {texts.unconfirmed}")
    details = _reference(tender.reference, texts) if tender.reference else ""
    if details:
        yield TextLine(text=f"   {details}")


def _reference(reference: Reference, texts: ReceiptTexts) -> str:
    named = (
        (texts.terminal, reference.terminal_id),
        (texts.reference, reference.receipt_number),
        (texts.trace, reference.trace_number),
    )
    return ", ".join(f"{name} {value}" for name, value in named if value)


def _tax_table(taxes: tuple[TaxedAmount, ...], texts: ReceiptTexts) -> Iterator[ReceiptLine]:
    yield ColumnLine(cells=(texts.rate, texts.net, texts.tax, texts.gross), bold=True)
    for amount in taxes:
        yield _tax_row(f"{rate_text(amount.rate, texts)} %", amount.net, amount.tax, amount.gross, texts)
    if len(taxes) > 1:
        net, tax, gross = taxes[0].net, taxes[0].tax, taxes[0].gross
        for amount in taxes[1:]:
            net, tax, gross = net + amount.net, tax + amount.tax, gross + amount.gross
        yield _tax_row(texts.sum, net, tax, gross, texts)


def _tax_row(name: str, net: Money, tax: Money, gross: Money, texts: ReceiptTexts) -> ColumnLine:
    return ColumnLine(cells=(name, *(amount_text(amount, texts) for amount in (net, tax, gross))))


def rate_text(rate: Decimal, texts: ReceiptTexts) -> str:
    """Write a rate in per cent without idle zeros: "25", "11,11"."""
    text = number_text(rate, texts)
    return text.rstrip("0").rstrip(texts.decimal_mark) if texts.decimal_mark in text else text
