"""The receipt: everything of the sale stands on it, and every sum on it holds."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.catalogue import Unit
from appliance.core.commands import EntryMethod
from appliance.core.events import SaleLine, SaleTender, TransactionCompleted
from appliance.core.identifiers import Language, LineNumber, Sku, TransactionId
from appliance.core.money import Currency, Money
from appliance.core.payment import Reference, TenderType
from appliance.core.receipt import AmountLine, ColumnLine, QrCode, ReceiptDocument, TextLine
from appliance.core.receipt_text import RECEIPT_TEXTS, ShopFacts, amount_text, number_text, rate_text, sale_receipt
from appliance.core.tax import tax_summary

NOK = Currency.parse("NOK")
NB, EN = RECEIPT_TEXTS[Language("nb")], RECEIPT_TEXTS[Language("en")]
SHOP = ShopFacts(
    name="Torgets Frukt",
    organisation_number="999 999 999 MVA",
    address=("Torget 1", "5014 Bergen"),
    phone="55 00 00 00",
    footer="Takk for handelen!",
)
AT = datetime(2026, 11, 23, 9, 47, 5, tzinfo=ZoneInfo("Europe/Oslo"))


def line(
    number: int,
    text: str,
    price: int,
    *,
    quantity: str = "1",
    gross: int | None = None,
    vat: str = "15",
    unit: Unit = Unit.EACH,
    kind: str = "sale",
) -> SaleLine:
    return SaleLine(
        line=LineNumber(number),
        type=kind,
        sku=Sku(f"s{number}"),
        text=text,
        entry=EntryMethod.SCANNED,
        quantity=Decimal(quantity),
        unit=unit,
        price=Money(price, NOK),
        gross=Money(price, NOK).times(Decimal(quantity)) if gross is None else Money(gross, NOK),
        vat=Decimal(vat),
    )


LINES = (
    line(1, "Kneippbrød", 3490),
    line(2, "Solo 0,5 l", 2490, quantity="2"),
    line(3, "Pant", 200, quantity="2", vat="0", kind="deposit"),
    line(4, "Jarlsberg", 19900, quantity="0.345", unit=Unit.KILOGRAM),
    line(5, "Bærepose", 450, vat="25"),
)


def sale(lines: tuple[SaleLine, ...] = LINES) -> TransactionCompleted:
    total = Money(sum(entry.gross.minor for entry in lines), NOK)
    return TransactionCompleted(
        transaction=TransactionId("bergen-01", "3", date(2026, 11, 23), 1187),
        currency=NOK,
        total=total,
        lines=lines,
        taxes=tax_summary([(entry.vat, entry.gross) for entry in lines]),
        tenders=(
            SaleTender(
                type=TenderType.CARD,
                amount=total,
                attempt=UUID(int=7),
                masked_pan="************1234",
                card_name="Visa",
                reference=Reference(terminal_id="12345678", receipt_number="0042", trace_number="000123"),
            ),
        ),
        stock=(),
        receipt_token="token",
        customer_receipts=(("KORTTERMINAL", "", "GODKJENT"),),
    )


def receipt(completed: TransactionCompleted | None = None, *, copy: int = 0, language: str = "nb") -> ReceiptDocument:
    texts = RECEIPT_TEXTS[Language(language)]
    return sale_receipt(completed or sale(), shop=SHOP, at=AT, copy=copy, texts=texts)


def words(document: ReceiptDocument) -> list[str]:
    """Give every line of a receipt in plain words."""
    found = []
    for entry in document.lines:
        match entry:
            case TextLine(text=text):
                found.append(text)
            case AmountLine(text=text, amount=amount):
                found.append(f"{text} | {amount}")
            case ColumnLine(cells=cells):
                found.append(" | ".join(cells))
            case _:
                pass
    return found


def test_a_receipt_reads_from_the_shop_to_the_thanks():
    assert words(receipt()) == [
        "Torgets Frukt",
        "Torget 1",
        "5014 Bergen",
        "Org.nr. 999 999 999 MVA",
        "Tlf. 55 00 00 00",
        "Salgskvittering",
        "Kvittering bergen-01/3/2026-11-23/1187",
        "23.11.2026 09:47:05 | Kasse 3",
        "Kneippbrød | 34,90",
        "Solo 0,5 l | 49,80",
        "   2 x 24,90",
        "+ Pant | 4,00",
        "   2 x 2,00",
        "Jarlsberg | 68,66",
        "   0,345 kg x 199,00/kg",
        "Bærepose | 4,50",
        "Totalt NOK | 161,86",
        "Visa ************1234 | 161,86",
        "   Terminal 12345678, Kortkvittering 0042, Sporingsnr. 000123",
        "Mva-sats | Netto | Mva | Brutto",
        "25 % | 3,60 | 0,90 | 4,50",
        "15 % | 133,36 | 20,00 | 153,36",
        "0 % | 4,00 | 0,00 | 4,00",
        "Sum | 140,96 | 20,90 | 161,86",
        "KORTTERMINAL",
        "GODKJENT",
        "Takk for handelen!",
    ]


def test_the_code_at_the_end_holds_the_receipt_number():
    (code,) = [entry for entry in receipt().lines if isinstance(entry, QrCode)]
    assert code.payload == code.caption == "bergen-01/3/2026-11-23/1187"


def test_only_a_copy_is_marked_and_in_large_letters():
    def marks(copy: int) -> list[tuple[str, int]]:
        return [
            (entry.text, entry.scale)
            for entry in receipt(copy=copy).lines
            if isinstance(entry, TextLine) and "KOPI" in entry.text
        ]

    assert marks(0) == []
    assert marks(1) == [("KOPI", 2)] * 2
    assert marks(2) == [("KOPI 2", 2)] * 2


def test_a_label_with_its_own_price_shows_no_sum_that_does_not_hold():
    cheese = line(1, "Jarlsberg", 19900, quantity="0.345", gross=6865, unit=Unit.KILOGRAM)
    assert [text for text in words(receipt(sale((cheese,)))) if "kg" in text] == ["   0,345 kg"]


def test_a_receipt_with_one_rate_needs_no_sum_of_rates():
    assert not any(text.startswith("Sum") for text in words(receipt(sale(LINES[:2]))))


def test_facts_that_a_shop_does_not_have_take_no_line():
    document = sale_receipt(sale(), shop=ShopFacts(name="Bod"), at=AT, copy=0, texts=NB)
    assert not {"Org.nr. ", "Tlf. ", ""} & set(words(document))
    assert words(document)[:2] == ["Bod", "Salgskvittering"]


def test_a_card_without_a_name_is_called_by_its_tender():
    tender = replace(sale().tenders[0], card_name="", reference=None)
    assert "Bankkort ************1234 | 161,86" in words(receipt(replace(sale(), tenders=(tender,))))


@pytest.mark.parametrize("language", sorted(RECEIPT_TEXTS))
def test_every_language_has_every_word(language: str):
    texts = RECEIPT_TEXTS[Language(language)]
    assert set(texts.tenders) == set(TenderType)
    assert all(getattr(texts, name) for name in type(texts).__slots__)
    assert len(words(receipt(language=language))) == len(words(receipt()))


@pytest.mark.parametrize(
    ("minor", "nb", "en"),
    [
        (0, "0,00", "0.00"),
        (5, "0,05", "0.05"),
        (123450, "1 234,50", "1,234.50"),
        (-1200, "-12,00", "-12.00"),
        (123456789012, "1 234 567 890,12", "1,234,567,890.12"),
    ],
)
def test_amounts_are_written_as_the_language_does(minor: int, nb: str, en: str):
    assert amount_text(Money(minor, NOK), NB) == nb
    assert amount_text(Money(minor, NOK), EN) == en


def test_a_currency_without_decimals_shows_none():
    assert amount_text(Money(1234, Currency.parse("ISK")), NB) == "1 234"


@pytest.mark.parametrize(
    ("rate", "text"), [("25", "25"), ("11.11", "11,11"), ("25.00", "25"), ("0", "0"), ("100", "100")]
)
def test_a_rate_is_written_without_idle_zeros(rate: str, text: str):
    assert rate_text(Decimal(rate), NB) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9))
def test_a_number_reads_back_from_the_paper(value: Decimal):
    for texts in (NB, EN):
        text = number_text(value, texts).replace(texts.group_mark, "").replace(texts.decimal_mark, ".")
        assert Decimal(text) == value


@given(
    st.lists(
        st.tuples(st.integers(0, 10**6), st.integers(1, 50), st.sampled_from(["25", "15", "12", "0"])),
        min_size=1,
        max_size=30,
    )
)
def test_the_tax_table_of_every_receipt_adds_up_on_the_paper(entries: list[tuple[int, int, str]]):
    lines = tuple(
        line(number, "A", price, quantity=str(pieces), vat=vat)
        for number, (price, pieces, vat) in enumerate(entries, start=1)
    )
    document = receipt(sale(lines))
    rows = [entry.cells for entry in document.lines if isinstance(entry, ColumnLine)][1:]
    table = [[_minor(cell) for cell in cells[1:]] for cells in rows if cells[0] != "Sum"]
    total = next(_minor(e.amount) for e in document.lines if isinstance(e, AmountLine) and e.text.startswith("Totalt"))
    assert all(net + tax == gross for net, tax, gross in table)
    assert sum(gross for _, _, gross in table) == total == sum(entry.gross.minor for entry in lines)


def _minor(text: str) -> int:
    return int(text.replace(" ", "").replace(",", ""))
