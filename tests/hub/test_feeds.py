"""Files of products as shops and their systems write them: read, or refused with place and remedy; never by half."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Any

import openpyxl
import pytest

from hub.feeds import Place, Reading, read
from tests.mqtt.parts import NOK, TAX_CODES
from tests.mqtt.test_catalogue import gtin

KNOWN = {
    "melk": {
        "sku": "melk",
        "gtins": [f"0{gtin(1)}"],
        "name": {"nb": "Melk 1 l", "en": "Milk 1 l"},
        "unit": "ea",
        "price": 2290,
        "vat": "15",
        "category": "Meieri",
    }
}


def taken(content: bytes, **place: Any) -> Reading:
    return read(content, Place(**{"currency": NOK, "tax_codes": TAX_CODES, **place}))


def faults(content: bytes, **place: Any) -> list[str]:
    reading = taken(content, **place)
    assert reading.products == ()
    return [str(finding) for finding in reading.findings]


NORWEGIAN = f"Varenr;Strekkode;Varenavn;Enhet;Utsalgspris;MVA\nm1;{gtin(1)};Blåbærsyltetøy;STK;1 022,90;15 %\n"
READ = {
    "sku": "m1",
    "gtins": [f"0{gtin(1)}"],
    "name": {"nb": "Blåbærsyltetøy"},
    "unit": "ea",
    "price": 102290,
    "vat": "15",
}


@pytest.mark.parametrize(
    ("encoding", "note"),
    [
        ("utf-8", "read as UTF-8, separated by semicolons"),
        ("utf-8-sig", "read as UTF-8, separated by semicolons"),
        ("cp1252", "read as Windows-1252, separated by semicolons"),
        ("latin-1", "read as Windows-1252, separated by semicolons"),
        ("utf-16", "read as UTF-16, separated by semicolons"),
    ],
)
def test_a_norwegian_spreadsheet_is_read_in_the_encodings_that_programs_write(encoding: str, note: str) -> None:
    reading = taken(NORWEGIAN.encode(encoding))
    assert reading.findings == ()
    assert reading.products == (READ,)
    assert reading.notes == (note,)


@pytest.mark.parametrize("encoding", ["mac-roman", "cp850", "cp865"])
def test_an_encoding_whose_letters_would_come_out_wrong_is_refused_with_the_line_and_what_to_do(encoding: str) -> None:
    found = faults(NORWEGIAN.encode(encoding))
    assert found == [
        "line 2: neither UTF-8 nor Windows-1252; save the file as UTF-8 (in Excel: CSV UTF-8)",
    ]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_is_found_out(separator: str) -> None:
    heading, row = "sku,name,unit,price,vat", 'a,"Kaffe, malt; 250\tg",ea,"49.90",15'
    content = f"{heading}\n{row}\n".replace(",", separator).replace(f"Kaffe{separator}", "Kaffe,").encode()
    reading = taken(content)
    assert [row["name"] for row in reading.products] == [{"nb": "Kaffe, malt; 250\tg"}]


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("22,90", 2290),
        ("22.9", 2290),
        ("kr 22,90", 2290),
        ("22,-", 2200),
        ("1 234,50", 123450),
        ("1\u00a0234,50", 123450),
        ("1.234,50", 123450),
    ],
)
def test_amounts_are_read_as_norwegians_write_them(text: str, minor: int) -> None:
    content = f"sku;navn;enhet;pris;mva\na;Vare;stk;{text};25\n".encode()
    assert [row["price"] for row in taken(content).products] == [minor]


@pytest.mark.parametrize("text", ["1.234", "1,234.50", "2e3", "٢٢", "-", "kr", "NaN"])
def test_an_amount_that_can_be_meant_in_two_ways_or_in_none_is_named(text: str) -> None:
    content = f"sku;navn;enhet;pris;mva\na;Vare;stk;{text};25\n".encode()
    assert faults(content) == [f"line 2: price: {text!r} is no amount in NOK; write it like 22.90 or 22,90"]


def test_a_wrong_check_digit_is_named_with_the_right_one() -> None:
    wrong = gtin(1)[:-1] + str((int(gtin(1)[-1]) + 1) % 10)
    content = f"sku;gtin;navn;enhet;pris;mva\na;{wrong};Vare;stk;10;25\nb;7,03E+12;Vare;stk;10;25\n".encode()
    first, second, *_ = faults(content)
    assert first.startswith("line 2: gtins: wrong check digit")
    assert first.endswith(f"the last digit would be {gtin(1)[-1]}; read it again from the pack")
    assert second.startswith("line 3: gtins: a GTIN has")


def test_every_fault_of_a_file_is_named_at_once() -> None:
    content = b"sku;navn;enhet;pris;mva\na;Vare;stk;-1;25\nb;Vare;eske;10;24\na;Vare;stk;10;25\n"
    assert faults(content) == [
        "line 2: price: -1 cannot be; leave it empty for goods that are not for sale yet",
        "line 3: unit: 'eske' is no unit; write ea for a piece or kg for a kilogram",
        "line 3: vat: '24' is unknown; known: 0, 12, 15, 25",
        "line 4: sku: 'a' stands already in line 2; delete one of the two",
    ]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "column 'sku' is missing"),
        (b"\xd0\xcf\x11\xe0rest", "an Excel file of before 2007"),
        (b"PK\x03\x04rest", "the workbook is damaged or locked"),
        (b"sku\0;price", "this is no text"),
        (b'sku;navn;enhet;pris;mva\na;"Vare;stk;10;25\n', "unexpected end of data"),
    ],
)
def test_what_is_no_list_is_refused(content: bytes, why: str) -> None:
    assert why in "\n".join(faults(content))


# A part of the list --------------------------------------------------------------------------------------------------


def test_a_part_changes_what_it_names_and_clears_what_it_leaves_empty() -> None:
    content = b"sku;pris;kategori\nmelk;24,90;\n"
    assert taken(content, whole=False, known=KNOWN).products == ({"sku": "melk", "price": 2490, "category": None},)


def test_a_new_product_in_a_part_needs_all_that_a_product_needs() -> None:
    content = b"sku;pris\nost;99\n"
    assert faults(content, whole=False, known=KNOWN) == [
        "line 2: unit: 'ost' is new: unit, vat must be given",
    ]


def test_a_code_of_a_product_that_the_part_does_not_name_is_not_taken_from_it() -> None:
    content = f"sku;gtin;navn;enhet;pris;mva\nost;{gtin(1)};Ost;stk;99;15\n".encode()
    assert faults(content, whole=False, known=KNOWN) == [
        f"line 2: gtins: GTIN 0{gtin(1)} is that of 'melk', which the file does not name"
    ]


# Excel ---------------------------------------------------------------------------------------------------------------


def workbook(*rows: Sequence[Any]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


HEADING = ("Varenr", "EAN", "Navn", "Enhet", "Pris", "MVA")


def test_a_workbook_is_read_with_its_numbers_as_they_look() -> None:
    content = workbook(
        HEADING, (1001, int(gtin(1)), "Blåbær", "stk", 22.9, 15), ("x", None, "Øl", "stk", 0.1 + 0.2, "25")
    )
    reading = taken(content)
    assert reading.findings == ()
    assert [(row["sku"], row["gtins"], row["price"], row["vat"]) for row in reading.products] == [
        ("1001", [f"0{gtin(1)}"], 2290, "15"),
        ("x", [], 30, "25"),
    ]


def test_a_fault_in_a_workbook_is_named_with_its_row() -> None:
    content = workbook(HEADING, (1, None, "Vare", "stk", 10, 15), (), (2, None, "Vare", "stk", -5, 15))
    assert faults(content) == ["line 4: price: -5 cannot be; leave it empty for goods that are not for sale yet"]


def repacked(content: bytes, name: str, change: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            new.writestr(entry.filename, change if entry.filename == name else old.read(entry))
    return out.getvalue()


def test_a_workbook_with_a_document_type_is_not_opened() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'
    content = repacked(workbook(HEADING), "xl/workbook.xml", bomb)
    assert "document type" in faults(content)[0]


def test_a_damaged_workbook_is_refused() -> None:
    content = repacked(workbook(HEADING), "xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row>")
    assert "save it again as .xlsx" in faults(content)[0]


# GS1 XML -------------------------------------------------------------------------------------------------------------

ITEM = """
<tradeItem>
  <isTradeItemAConsumerUnit>{consumer}</isTradeItemAConsumerUnit>
  <gtin>{gtin}</gtin>
  <tradeItemInformation><extension>
    <d:tradeItemDescriptionModule xmlns:d="urn:gs1:gdsn:trade_item_description:xsd:3"><tradeItemDescriptionInformation>
      <descriptionShort languageCode="nb">{name}</descriptionShort>
      <tradeItemDescription languageCode="en">Oat drink</tradeItemDescription>
    </tradeItemDescriptionInformation></d:tradeItemDescriptionModule>
    <m:tradeItemMeasurementsModule xmlns:m="urn:gs1:gdsn:trade_item_measurements:xsd:3"><tradeItemMeasurements>
      <netContent measurementUnitCode="MLT">500.0</netContent>
    </tradeItemMeasurements></m:tradeItemMeasurementsModule>
    <t:dutyFeeTaxInformationModule xmlns:t="urn:gs1:gdsn:duty_fee_tax_information:xsd:3"><dutyFeeTaxInformation>
      <dutyFeeTaxTypeCode>VAT</dutyFeeTaxTypeCode><dutyFeeTax><dutyFeeTaxRate>{rate}</dutyFeeTaxRate></dutyFeeTax>
    </dutyFeeTaxInformation></t:dutyFeeTaxInformationModule>
    <s:salesInformationModule xmlns:s="urn:gs1:gdsn:sales_information:xsd:3"><tradeItemPriceInformation>
      <suggestedRetailPrice><tradeItemPrice currencyCode="{currency}">34.9</tradeItemPrice></suggestedRetailPrice>
    </tradeItemPriceInformation></s:salesInformationModule>
  </extension></tradeItemInformation>
</tradeItem>"""


def feed(*items: str) -> bytes:
    whole = "".join(f"<catalogueItem>{item}</catalogueItem>" for item in items)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<c:catalogueItemNotificationMessage '
        f'xmlns:c="urn:gs1:gdsn:catalogue_item_notification:xsd:3">{whole}</c:catalogueItemNotificationMessage>'
    ).encode()


def item(number: int, **changes: str) -> str:
    values = {"gtin": f"0{gtin(number)}", "consumer": "true", "name": "Havredrikk", "rate": "15.00", "currency": "NOK"}
    return ITEM.format(**{**values, **changes})


def test_a_new_trade_item_becomes_a_product_with_the_suggested_price() -> None:
    reading = taken(feed(item(7)), whole=False, known=KNOWN)
    assert reading.findings == ()
    (row,) = reading.products
    assert {key: value for key, value in row.items() if value is not None} == {
        "sku": f"0{gtin(7)}",
        "gtins": [f"0{gtin(7)}"],
        "name": {"nb": "Havredrikk 500 ml", "en": "Oat drink 500 ml"},
        "unit": "ea",
        "price": 3490,
        "vat": "15",
    }


def test_a_known_trade_item_keeps_the_shop_s_price_and_key() -> None:
    reading = taken(feed(item(1, name="Melk 0,5 l 500 ml")), whole=False, known=KNOWN)
    assert reading.products == (
        {"sku": "melk", "name": {"nb": "Melk 0,5 l 500 ml", "en": "Oat drink 500 ml"}, "vat": "15"},
    )


def test_cases_and_pallets_are_left_out_and_said() -> None:
    reading = taken(feed(item(7), item(8, consumer="false")), whole=False)
    assert len(reading.products) == 1
    assert reading.notes[-1] == "1 trade items that are no consumer units were left out"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"gtin": "07000000000011"}, "gtin: wrong check digit"),
        ({"rate": "24"}, "dutyFeeTaxRate: '24' is unknown"),
        ({"currency": "SEK"}, "tradeItemPrice: in SEK; NOK is wanted"),
        ({"gtin": ""}, "gtin: is missing"),
    ],
)
def test_a_fault_in_a_trade_item_is_named_with_line_and_element(changes: dict[str, str], why: str) -> None:
    (found,) = faults(feed(item(7), item(8, **changes)))
    assert int(found.removeprefix("line ").partition(":")[0]) > 20
    assert why in found


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'<?xml version="1.0"?><!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>', "document type"),
        (b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>', "document type"),
        (b"<a>" * 100 + b"</a>" * 100, "more than 64 others"),
        (b"<catalogueItem><tradeItem></catalogueItem>", "no well-formed XML"),
        (b"<invoice/>", "no tradeItem in it"),
    ],
)
def test_xml_that_is_hostile_or_something_else_is_refused(content: bytes, why: str) -> None:
    assert why in faults(content)[0]
