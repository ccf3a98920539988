"""What the pages say and do: figures, prices, stock, files to take home."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from hub.access.roles import Role
from hub.prices import history, price_at
from hub.stock import levels
from hub.web.app import PAGES
from hub.web.charts import Bar, bars
from hub.web.formats import Formats
from hub.web.sheets import Column, Kind, Sheet, written
from tests.hub.web.parts import EVIL, KIOSKS, NOON, SETTINGS, Client, Shop
from tests.hub.web.test_rights import PLACES


@pytest.fixture(scope="module")
def owner(shop: Shop) -> Client:
    return shop.client(Role.OWNER)


def test_today_tells_the_day_from_every_side(owner: Client) -> None:
    page = owner.get("/hub/today").words
    for text in (
        "Sold NOK 8.60",
        "Sales 4",
        "Average NOK 2.15",
        "card 4 NOK 8.60",
        "oslo-01 3 NOK 6.42",
        "bergen-01 1 NOK 2.18",
        "oslo-01 / 1 2 NOK 4.26",
        "Vare 0 – blåbær 4 NOK 4.10",
        "25 % 3.28 0.82 4.10",
        "Low stock: 1",
    ):
        assert text in page, text


def test_one_store_is_told_alone(owner: Client) -> None:
    page = owner.get("/hub/today?store=bergen-01").words
    assert "Sold NOK 2.18" in page
    assert "oslo-01 / 1" not in page


def test_figures_come_again_only_if_they_are_others(own_shop: Shop) -> None:
    client = own_shop.client(Role.OWNER)
    first = client.get("/hub/today/figures")
    assert "NOK 8.60" in first.words
    tag = {"If-None-Match": first.headers["ETag"]}
    assert client.get("/hub/today/figures", tag).status == 304
    own_shop.sell(KIOSKS[0], [5])
    second = client.get("/hub/today/figures", tag)
    assert (second.status, "NOK 10.80" in second.words) == (200, True)


def test_an_hour_stands_on_the_shop_s_clock(owner: Client) -> None:
    chart = owner.get("/hub/today").text
    assert "<title>13: NOK\xa06.44</title>" in chart
    assert "<title>14: NOK\xa02.16</title>" in chart


def test_sales_are_listed_newest_first_and_each_is_shown_whole(owner: Client) -> None:
    page = owner.get("/hub/sales").text
    places = re.findall(r'href="/hub/(sales/k[^"]+)"', page)
    assert places == [f"sales/{KIOSKS[1]}/1/1", f"sales/{KIOSKS[2]}/1/1", f"sales/{KIOSKS[0]}/1/3",
                      f"sales/{KIOSKS[0]}/1/1"]  # fmt: skip
    sale = owner.get(f"/hub/{places[-1]}").words
    assert "NOK 2.12" in sale
    assert "Visa •••• 4321" in sale
    assert "13:00:00" in sale
    assert owner.get(f"/hub/sales/{KIOSKS[0]}/1/999").status == 404
    assert owner.get("/hub/sales?day=2026-03-13").words.count("No sales on this day.") == 1
    assert owner.get("/hub/sales?day=nonsense&page=-1").status == 200


def test_a_period_adds_its_days(owner: Client) -> None:
    page = owner.get("/hub/periods?first=2026-03-01&last=2026-03-31").words
    assert "Sold NOK 8.60" in page
    assert "Sat 14 Mar 2026 4 NOK 8.60" in page
    assert "No sales" in owner.get("/hub/periods?first=2026-02-01&last=2026-02-28").words


def test_products_are_found_by_parts_of_names_in_any_case(owner: Client) -> None:
    assert "sku-2" in owner.get("/hub/products?q=%C3%B8L").text
    assert "sku-0" not in owner.get("/hub/products?q=%C3%B8L").text
    assert "sku-0" in owner.get("/hub/products?q=b%C3%A6r+vare").text
    assert "Nothing found" in owner.get("/hub/products?q=%22zone%22").words


@pytest.mark.parametrize(
    ("given", "minor"), [("62", 6200), ("62,5", 6250), ("62.50", 6250), (" 1 062,50 ", None), ("1,062.50", 106250)]
)
def test_a_price_is_changed_by_the_page(own_shop: Shop, given: str, minor: int | None) -> None:
    client = own_shop.client(Role.OWNER)
    answer = client.post("/hub/products/price?sku=sku-2", {"price": given, "when": "now"})
    with own_shop.database.read() as connection:
        newest = history(connection, "main", "sku-2")[0]
    assert (answer.status, newest.price) == ((422, 5990) if minor is None else (303, minor))


@pytest.mark.parametrize("given", ["", "0", "-5", "12,345", "1e5", "NaN", "abc", "99999999999", "١٢"])
def test_what_is_no_price_is_refused_and_stays_in_the_form(shop: Shop, owner: Client, given: str) -> None:
    answer = owner.post("/hub/products/price?sku=sku-2", {"price": given, "when": "now"})
    assert answer.status == 422
    assert f'value="{given}"' in answer.text
    with shop.database.read() as connection:
        assert len(history(connection, "main", "sku-2")) == 1


def test_a_price_may_wait_for_its_time_on_the_shop_s_clock(own_shop: Shop) -> None:
    client = own_shop.client(Role.OWNER)
    form = {"price": "70", "when": "later", "effective": "2026-03-15T08:00"}
    assert client.post("/hub/products/price?sku=sku-2", form).status == 303
    eight = NOON + timedelta(hours=19)
    with own_shop.database.read() as connection:
        assert price_at(connection, "main", "sku-2", eight - timedelta(seconds=1)) == 5990
        assert price_at(connection, "main", "sku-2", eight) == 7000
    page = client.get("/hub/products/item?sku=sku-2").words
    assert "Price now NOK 59.90" in page
    assert "not yet" in page


@pytest.mark.parametrize(
    ("effective", "said"),
    [
        ("2026-03-14T12:59", "That time is past"),
        ("2026-03-29T02:30", "That time does not exist"),
        ("tomorrow", "Say from when"),
        ("2026-03-15T08:00+01:00", "Say from when"),
        ("", "Say from when"),
    ],
)
def test_a_time_that_cannot_be_is_refused(owner: Client, effective: str, said: str) -> None:
    form = {"price": "70", "when": "later", "effective": effective}
    answer = owner.post("/hub/products/price?sku=sku-2", form)
    assert (answer.status, said in answer.words) == (422, True)


def test_who_changes_a_price_that_somebody_else_has_changed_meanwhile_is_told(own_shop: Shop) -> None:
    client = own_shop.client(Role.OWNER)
    seen = re.search(r'name="seen" value="(\d+)"', client.get("/hub/products/item?sku=sku-2").text)
    assert seen is not None
    form = {"seen": seen[1], "when": "now"}
    assert client.post("/hub/products/price?sku=sku-2", {**form, "price": "61"}).status == 303
    answer = client.post("/hub/products/price?sku=sku-2", {**form, "price": "62"})
    assert (answer.status, "Somebody else has changed" in answer.words) == (422, True)


def test_goods_are_booked_by_the_page_under_the_name_of_who_does_it(own_shop: Shop) -> None:
    client = own_shop.client(Role.STOCK)
    place = "/hub/stock/book?sku=sku-0&store=oslo-01"
    assert client.post(place, {"kind": "receiving", "quantity": "12,5", "note": "late"}).status == 303
    assert client.post(place, {"kind": "transfer", "quantity": "2", "to_store": "bergen-01"}).status == 303
    for form in (
        {"kind": "sale", "quantity": "1"},
        {"kind": "waste", "quantity": "-1"},
        {"kind": "waste", "quantity": "0.0001"},
        {"kind": "transfer", "quantity": "1", "to_store": "nowhere"},
        {"kind": "count", "quantity": "many"},
    ):
        assert client.post(place, form).status == 422, form
    assert client.post("/hub/stock/book?sku=nothing&store=oslo-01", {"kind": "waste", "quantity": "1"}).status == 404
    with own_shop.database.read() as connection:
        held = {(level.store, level.sku): level.on_hand for level in levels(connection)}
    assert held["oslo-01", "sku-0"] == 3_000 + 12_500 - 2_000
    page = client.get("/hub/stock/item?sku=sku-0&store=oslo-01").words
    assert "goods came in +12.5" in page


def test_the_tills_are_told_with_what_is_wrong(owner: Client) -> None:
    page = owner.get("/hub/kiosks").words
    assert "oslo-01 / 1 online" in page
    assert "3 rows, oldest 7 s" in page
    assert "scanner offline" in page
    assert "Two rows with one number" in owner.get("/hub/alarms").words


def test_pages_speak_the_language_of_the_user(own_shop: Shop) -> None:
    client = own_shop.client(Role.READ_ONLY)
    assert client.post("/hub/account/language", {"language": "nb"}).status == 303
    page = client.get("/hub/today")
    assert '<html lang="nb">' in page.text
    assert "Solgt for 8,60 kr" in page.words
    assert client.post("/hub/account/language", {"language": "xx"}).status == 422


def read_csv(body: bytes, delimiter: str) -> list[list[str]]:
    assert body.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def test_a_file_has_the_numbers_of_the_page_in_every_form(owner: Client) -> None:
    query = "?first=2026-03-14&last=2026-03-14"
    rows = read_csv(owner.get(f"/hub/export/sales.csv{query}").body, ",")
    book = load_workbook(io.BytesIO(owner.get(f"/hub/export/sales.xlsx{query}").body))
    cells = list(book.active.iter_rows(values_only=True))  # type: ignore[union-attr]
    pages = PdfReader(io.BytesIO(owner.get(f"/hub/export/sales.pdf{query}").body)).pages
    printed = " ".join(page.extract_text() for page in pages)
    assert rows[0] == list(cells[0])
    assert len(rows) == len(cells) == 5
    assert sum(Decimal(row[6]) for row in rows[1:]) == Decimal("8.60")
    assert sum(Decimal(str(row[6])) for row in cells[1:]) == Decimal("8.60")
    assert rows[1][:2] == ["2026-03-14", "2026-03-14 13:00:00"]
    for row in rows[1:]:
        assert row[6] in printed


def test_every_table_can_be_taken_home_in_every_form(owner: Client) -> None:
    for name in ("sales", "days", "payments", "turnover", "taxes", "stock", "prices"):
        for form in ("csv", "xlsx", "pdf"):
            answer = owner.get(f"/hub/export/{name}.{form}?first=2026-03-14&last=2026-03-14")
            assert (answer.status, len(answer.body) > 20) == (200, True), (name, form)
            assert f'filename="{name}-2026-03-14-2026-03-14.{form}"' in answer.headers["Content-Disposition"]
    for name in ("sales.doc", "users.csv", "sales", "..%2fhub.toml"):
        assert owner.get(f"/hub/export/{name}").status == 404


def test_a_norwegian_spreadsheet_gets_its_own_csv(own_shop: Shop) -> None:
    client = own_shop.client(Role.ACCOUNTANT)
    client.post("/hub/account/language", {"language": "nb"})
    rows = read_csv(client.get("/hub/export/taxes.csv?first=2026-03-14&last=2026-03-14").body, ";")
    assert rows == [["Sats, %", "Netto", "Mva.", "Brutto", "Valuta"], ["15", "3,91", "0,59", "4,50", "NOK"],
                    ["25", "3,28", "0,82", "4,10", "NOK"]]  # fmt: skip


def test_no_cell_becomes_a_formula(owner: Client) -> None:
    rows = read_csv(owner.get("/hub/export/prices.csv").body, ",")
    assert [row[1] for row in rows if row[0] == "sku-1"] == [f"'{EVIL}"]
    book = load_workbook(io.BytesIO(owner.get("/hub/export/prices.xlsx").body))
    cell: Any = next(row[1] for row in book.active.iter_rows() if row[0].value == "sku-1")  # type: ignore[union-attr]
    assert (cell.value, cell.data_type) == (EVIL, "s")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "\r=1", "a\x00\x08b", "<b>&amp;", "\ud800"])
def test_odd_texts_are_only_texts_in_every_form(text: str) -> None:
    formats = Formats(language="en", zone=ZoneInfo(SETTINGS.timezone))
    sheet = Sheet(title="T/[x]", subtitle="", columns=(Column(title="A"), Column(title="B", kind=Kind.AMOUNT)),
                  rows=[(text, Decimal("-1.50"))])  # fmt: skip
    row = read_csv(written(sheet, "csv", formats), ",")[1]
    assert not row[0].lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
    assert row[1] == "-1.50"
    book = load_workbook(io.BytesIO(written(sheet, "xlsx", formats)))
    cell: Any = book.active["A2"]  # type: ignore[index]
    assert cell.data_type in ("s", "inlineStr")
    assert len(PdfReader(io.BytesIO(written(sheet, "pdf", formats))).pages) == 1


def test_a_chart_s_bars_are_as_high_as_their_values() -> None:
    drawn = str(bars([Bar(label="a", value=100, text="<x>"), Bar(label="b", value=50, text="b"),
                      Bar(label="c", value=-50, text="c")], scale=str))  # fmt: skip
    heights = [Decimal(found) for found in re.findall(r'<rect class="bar"[^>]* height="([0-9.]+)"', drawn)]
    assert heights[1] == heights[2]
    assert abs(heights[0] - 2 * heights[1]) <= Decimal("0.2")
    assert "&lt;x&gt;" in drawn
    assert "<x>" not in drawn
    assert "<svg" in str(bars([], scale=str))
    assert "<svg" in str(bars([Bar(label="a", value=0, text="")], scale=str))


def test_addresses_lead_to_the_pages_whatever_is_in_them(owner: Client) -> None:
    for place in ("/hub", "/hub/", "/hub/today?day=%00", "/hub/today?day=0001-01-01", "/hub/today?day=9999-12-31",
                  "/hub/periods?first=9999-01-01&last=0001-01-01", "/hub/stock?page=999999&q=%25",
                  "/hub/products/item?sku=%27%22%3Cx", "/hub/audit?before=x",
        f"/hub/audit?before={9**40}",
        f"/hub/sales/{KIOSKS[0]}/{9**40}/1",
        f"/hub/products?page={9**40}", "/hub/static/../../hub.db"):  # fmt: skip
        assert owner.get(place).status in (200, 303, 308, 404), place


def test_the_first_start_says_how_to_make_the_first_user(tmp_path_factory: pytest.TempPathFactory) -> None:
    shop = Shop(tmp_path_factory.mktemp("empty"))
    shop.start()
    try:
        page = shop.client().get("/hub/sign-in")
        assert "kvitt-hub user add NAME --role owner" in page.words
        assert "<form" not in page.text
    finally:
        shop.stop()


@pytest.mark.parametrize(
    ("place", "form"),
    [
        ("/hub/alarms/release", {"kiosk": KIOSKS[0], "epoch": "1", "seq": str(9**40)}),
        ("/hub/alarms/release", {"kiosk": KIOSKS[0], "epoch": "1", "seq": "7"}),
        ("/hub/account/code/confirm", {"secret": "A" * 9000, "code": "000000"}),
        ("/hub/account/code/confirm", {"secret": "1", "code": "000000"}),
        ("/hub/account/token/end", {"number": str(9**40)}),
        ("/hub/products/held", {"number": str(9**40), "what": "release"}),
        (
            "/hub/products/price?sku=sku-0",
            {"price": "1", "seen": str(9**40), "when": "later", "effective": "9999-12-31T23:59"},
        ),
        ("/hub/stock/low?sku=sku-0&store=oslo-01", {"low": "9" * 40}),
        ("/hub/stock/low?sku=sku-0&store=oslo-01", {"low": "-99999999999,5"}),
        ("/hub/users/change", {"name": "nobody", "what": "role", "role": "owner"}),
        ("/hub/users/change", {"name": "kari", "what": "role", "role": "king"}),
    ],
)
def test_a_form_with_anything_in_it_is_declined_in_words(owner: Client, place: str, form: dict[str, str]) -> None:
    answer = owner.post(place, form)
    assert (answer.status, 'role="alert"' in answer.text) == (422, True)


def test_every_page_is_made_from_postgresql_too(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> None:
    shop = Shop(tmp_path_factory.mktemp("hub"), url=postgres_url)
    shop.fill()
    shop.start()
    try:
        client = shop.client(Role.OWNER)
        for page in PAGES:
            if page.again is None and not page.public:
                place = "/hub" + PLACES.get(page.path, page.path)
                assert client.get(place).status in (200, 303), page.path
        assert "NOK 8.60" in client.get("/hub/today").words
        assert client.post("/hub/products/price?sku=sku-2", {"price": "62", "when": "now"}).status == 303
        assert client.post("/hub/stock/book?sku=sku-0&store=oslo-01", {"kind": "count", "quantity": "7"}).status == 303
        assert client.get("/hub/export/sales.csv").status == 200
    finally:
        shop.stop()
