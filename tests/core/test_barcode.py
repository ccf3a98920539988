"""Barcodes: what every kind of code says, and that nothing a scanner sends does any harm."""

import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from biip.checksums import gs1_price_weight_check_digit
from biip.rcn import RcnRegion
from hypothesis import example, given, settings
from hypothesis import strategies as st

from appliance.core.barcode import MAXIMUM_LENGTH, REGIONS, BarcodeRules, StoreRule, prepare, read, read_plu
from appliance.core.catalogue import ScannedItem, Unreadable
from appliance.core.identifiers import Gtin, Plu, check_digit
from appliance.core.money import Currency, Money

NOK = Currency.parse("NOK")
ISK = Currency.parse("ISK")
TODAY = date(2026, 11, 23)
NORWAY = BarcodeRules.of(region="no", rules=())
PLAIN = BarcodeRules.of(region="", rules=())

EAN_13 = "7038010009457"
ARTICLE = Gtin.parse(EAN_13)
GS = "\x1d"
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True, scope="module")
def _prepared() -> None:
    prepare()


def scan(code: str, rules: BarcodeRules = NORWAY, currency: Currency = NOK) -> ScannedItem:
    result = read(code, rules, currency, TODAY)
    assert isinstance(result, ScannedItem), result
    return result


def refused(code: str, rules: BarcodeRules = NORWAY, currency: Currency = NOK) -> str:
    result = read(code, rules, currency, TODAY)
    assert isinstance(result, Unreadable), result
    assert result.raw == code
    assert result.reason
    return result.reason


def checked(payload: str) -> str:
    return payload + check_digit(payload)


# Plain numbers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["96385074", "036000291452", EAN_13, "17038010009454"])
def test_ean_8_upc_a_ean_13_and_gtin_14_name_their_item(code: str):
    assert scan(code) == ScannedItem(gtin=Gtin.parse(code))


@pytest.mark.parametrize(
    "code",
    ["]E0" + EAN_13, "]E496385074", "]E0036000291452", "]I117038010009454", "]I017038010009454", "]C0" + EAN_13],
)
def test_a_symbology_identifier_is_taken_off(code: str):
    assert scan(code).gtin == Gtin.parse(code[3:])


def test_a_upc_e_is_the_upc_a_that_it_stands_for():
    expanded = Gtin.parse("042100005264")
    assert scan("04252614").gtin == expanded
    assert scan("]E004252614").gtin == expanded


def test_eight_digits_that_are_both_are_an_ean_8_unless_the_scanner_says_upc_e():
    both = next(
        code
        for number in range(10**6)
        if (code := checked(f"0{number:06}")) and isinstance(read("]E0" + code, PLAIN, NOK, TODAY), ScannedItem)
        and scan("]E0" + code).gtin != Gtin.parse(code)
    )  # fmt: skip
    assert scan(both).gtin == Gtin.parse(both)
    assert scan("]E4" + both).gtin == Gtin.parse(both)


def test_the_price_of_a_magazine_issue_in_the_add_on_is_left_out():
    assert scan("]E3" + EAN_13 + "12").gtin == ARTICLE
    assert scan("]E3" + EAN_13 + "51299").gtin == ARTICLE
    assert scan("]E3" + "036000291452" + "05").gtin == Gtin.parse("036000291452")
    assert "extra code" in refused("]E112")
    assert "extra code" in refused("]E251299")


def test_a_valid_gtin_is_never_read_as_an_element_string():
    assert scan(EAN_13) == ScannedItem(gtin=ARTICLE)  # it would also begin with the application identifier 7038


@pytest.mark.parametrize("code", [EAN_13[:-1] + "8", "96385075", "036000291453", "]E0" + EAN_13[:-1] + "8"])
def test_a_wrong_check_digit_is_refused(code: str):
    assert "check digit" in refused(code)


@pytest.mark.parametrize(
    "code", ["", "   ", "7", "70380100", "703801000945", "7038010009", "123456", "425261", "0425261"]
)
def test_a_truncated_code_is_refused(code: str):
    refused(code)


@pytest.mark.parametrize("code", ["]", "]E", "]E0", "]Y", "]Y9", "]zzz", "]C1", "]d2", "]Q3", GS, "]C1" + GS * 3])
def test_an_identifier_with_nothing_behind_it_is_refused(code: str):
    refused(code)


@pytest.mark.parametrize(
    "code", [EAN_13 + "\x00", "\x1b[2J" + EAN_13, "７０３８０１０００９４５７", "70380100094\x7f57", "æøå"]
)
def test_characters_that_no_product_code_has_are_refused(code: str):
    assert "characters" in refused(code)


def test_a_code_that_is_too_long_is_refused():
    assert "1001 characters" in refused("7" * (MAXIMUM_LENGTH + 1))
    refused("7" * MAXIMUM_LENGTH)


@pytest.mark.parametrize(
    "code", ["HELLO", "WIFI:S:shop;T:WPA;P:secret;;", "mailto:a@example.org", "]A0AB12", "-------------"]
)
def test_what_is_no_product_code_is_refused(code: str):
    refused(code)


def test_blanks_and_line_ends_around_a_code_do_no_harm():
    assert scan(f"  {EAN_13}\r\n").gtin == ARTICLE


@given(st.text("0123456789", min_size=12, max_size=12).filter(lambda text: not text.startswith("2")))
def test_every_ean_13_outside_restricted_circulation_is_read_back(payload: str):
    code = checked(payload)
    assert scan(code) == scan("]E0" + code) == ScannedItem(gtin=Gtin.parse(code))


# GS1 element strings ------------------------------------------------------------------------------------------------

GTIN_01 = "01" + str(ARTICLE)


@pytest.mark.parametrize("before", ["]C1", "]e0", "]d2", "]Q3", "]J1", "]C1" + GS, GS, ""])
def test_an_element_string_names_its_item_in_every_symbology(before: str):
    assert scan(before + GTIN_01 + "10ABC").gtin == ARTICLE


def test_an_element_string_gives_batch_serial_dates_weight_price_and_count():
    item = scan(f"]d2{GTIN_01}1526120117261224310300125039224990{GS}3012{GS}10LOT-1{GS}21S/7{GS}")
    assert item == ScannedItem(
        gtin=ARTICLE,
        weight=Decimal("1.250"),
        price=Money(4990, NOK),
        count=12,
        batch="LOT-1",
        serial="S/7",
        best_before=date(2026, 12, 1),
        use_by=date(2026, 12, 24),
    )


@pytest.mark.parametrize(
    ("element", "kilograms"),
    [
        ("3100000002", "2.000"),
        ("3101000025", "2.500"),
        ("3102000250", "2.500"),
        ("3103001250", "1.250"),
        ("3105123456", "1.235"),
    ],
)
def test_a_weight_has_the_decimals_that_its_identifier_says_and_is_sold_in_grams(element: str, kilograms: str):
    assert str(scan("]C1" + GTIN_01 + element).weight) == kilograms


@pytest.mark.parametrize(
    ("element", "minor"),
    [("39224990", 4990), ("392050", 5000), ("392199", 990), ("39225", 5), ("39325784990", 4990), ("393057850", 5000)],
)
def test_a_price_has_the_decimals_that_its_identifier_says(element: str, minor: int):
    assert scan("]C1" + GTIN_01 + element).price == Money(minor, NOK)


def test_a_price_in_another_currency_is_refused():
    assert "NOK" in refused("]C1" + GTIN_01 + "39329784990")


def test_a_price_finer_than_its_currency_is_refused():
    assert "decimals" in refused("]C1" + GTIN_01 + "39234995")
    assert "decimals" in refused("]C1" + GTIN_01 + "39224995", currency=ISK)


def test_a_count_of_pieces_is_read():
    assert scan("]C1" + GTIN_01 + "3012").count == 12


def test_a_carton_names_the_item_inside_and_how_many():
    item = scan("]C102" + str(ARTICLE) + "3724")
    assert (item.gtin, item.count) == (ARTICLE, 24)


def test_the_item_itself_goes_before_the_item_inside():
    item = scan("]C1" + GTIN_01 + "0200000096385074" + "3724")
    assert item.gtin == ARTICLE


@pytest.mark.parametrize("element", ["3103000000", "39220", "300", "3100000000"])
def test_a_measure_of_nothing_is_refused(element: str):
    assert "0" in refused("]C1" + GTIN_01 + element)


def test_day_zero_is_the_last_day_of_its_month():
    assert scan("]C1" + GTIN_01 + "17270200").use_by == date(2027, 2, 28)
    assert scan("]C1" + GTIN_01 + "17281200").use_by == date(2028, 12, 31)
    assert scan("]C1" + GTIN_01 + "17280200").use_by == date(2028, 2, 29)


@given(st.dates(min_value=TODAY.replace(year=TODAY.year - 49, day=1), max_value=TODAY.replace(year=TODAY.year + 50)))
@example(date(1977, 1, 1))
@example(date(2076, 12, 31))
@example(date(2000, 2, 29))
def test_the_century_of_a_date_is_the_one_nearest_to_today(day: date):
    if TODAY.year - 49 <= day.year <= TODAY.year + 50:
        assert scan("]C1" + GTIN_01 + day.strftime("17%y%m%d")).use_by == day


def test_a_use_by_date_that_is_no_date_is_refused_as_nobody_can_say_that_it_is_safe():
    assert "use-by" in refused("]C1" + GTIN_01 + "17260230")


def test_a_best_before_date_that_is_no_date_is_left_out():
    assert scan("]C1" + GTIN_01 + "15260230").best_before is None


def test_a_use_by_time_counts_as_its_day():
    assert scan("]C1" + GTIN_01 + "70032611241830").use_by == date(2026, 11, 24)


def test_a_wrong_check_digit_inside_an_element_string_is_refused():
    assert "check digit" in refused("]C101" + str(ARTICLE)[:-1] + "8" + "10ABC")


@pytest.mark.parametrize(
    "code",
    [
        "]C1" + GTIN_01[:-1],
        "]C1" + GTIN_01 + "17",
        "]C1" + GTIN_01 + "1726",
        "]C1" + GTIN_01 + "310312",
        "]C1" + "10ABC",
        "]C100370380100094571235",
        "]C1" + GTIN_01 + "01" + "00000096385074",
        "]C1ABCDEFG",
        "]d2" + "0" * 40,
    ],
)
def test_an_element_string_that_is_cut_off_or_names_no_item_is_refused(code: str):
    refused(code)


# GS1 Digital Link ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "link",
    [
        f"https://id.gs1.org/01/{ARTICLE}",
        f"https://id.gs1.org/01/{EAN_13}",
        f"http://shop.example/products/01/{ARTICLE}?utm_source=pack",
        f"HTTPS://EXAMPLE.ORG/01/{ARTICLE}",
        f"]Q1https://id.gs1.org/01/{ARTICLE}",
        f"]Q3https://id.gs1.org/01/{ARTICLE}",
        f"]d1https://id.gs1.org/01/{ARTICLE}",
    ],
)
def test_a_digital_link_names_its_item(link: str):
    assert scan(link) == ScannedItem(gtin=ARTICLE)


def test_a_digital_link_gives_what_an_element_string_gives():
    item = scan(f"https://id.gs1.org/01/{ARTICLE}/10/L%2F1/21/7?17=261224&3103=000345")
    assert item == ScannedItem(
        gtin=ARTICLE, batch="L/1", serial="7", use_by=date(2026, 12, 24), weight=Decimal("0.345")
    )


@pytest.mark.parametrize(
    "link",
    [
        "https://example.org",
        "https://example.org/menu",
        "https://id.gs1.org/01/1",
        f"https://id.gs1.org/01/{str(ARTICLE)[:-1]}8",
        f"https://id.gs1.org/01/{ARTICLE}/10",
        "https://id.gs1.org/414/7080000000007",
        "http://[",
        "https://",
        "http://%",
    ],
)
def test_a_web_address_that_names_no_item_is_refused(link: str):
    refused(link)


# Restricted circulation ---------------------------------------------------------------------------------------------


def test_the_regions_are_those_whose_rules_are_known():
    assert sorted(region.value for region in RcnRegion) == sorted(REGIONS)


@pytest.mark.parametrize(
    ("region", "payload", "article", "carried"),
    [
        ("no", "231234560345", "231234560000", {"weight": Decimal("0.345")}),
        ("no", "241234560345", "241234560000", {"weight": Decimal("3.450")}),
        ("no", "251234560345", "251234560000", {"weight": Decimal("34.500")}),
        ("no", "201234564990", "201234560000", {"price": Money(4990, NOK)}),
        ("no", "211234564990", "211234560000", {"price": Money(49900, NOK)}),
        ("no", "221234560049", "221234560000", {"price": Money(4900, NOK)}),
        ("se", "231234560345", "231234560000", {"weight": Decimal("0.345")}),
        ("dk", "271234500345", "271234500000", {"weight": Decimal("0.345")}),
        ("dk", "211234004990", "211234000000", {"price": Money(4990, NOK)}),
        ("fi", "241234560345", "241234560000", {"weight": Decimal("3.450")}),
        ("de", "281234500345", "281234000000", {"weight": Decimal("0.345")}),
        ("de", "251234900012", "251234000000", {"count": 12}),
    ],
)
def test_weight_price_or_count_is_read_by_the_rules_of_the_country(
    region: str, payload: str, article: str, carried: dict[str, object]
):
    if region == "de":
        payload, article = (_german(number) for number in (payload, article))
    item = scan(checked(payload), BarcodeRules.of(region=region, rules=()))
    assert item.gtin == Gtin.parse(checked(article))
    found = {"weight": item.weight, "price": item.price, "count": item.count}
    assert {key: value for key, value in found.items() if value is not None} == carried


def _german(payload: str) -> str:
    """Put the check digit of the measure into a German number: it stands before the measure."""
    return payload[:6] + str(gs1_price_weight_check_digit(payload[7:])) + payload[7:]


def test_without_a_region_a_restricted_number_is_an_article_of_its_own():
    code = checked("231234560345")
    assert scan(code, PLAIN) == ScannedItem(gtin=Gtin.parse(code))


@pytest.mark.parametrize("payload", ["261234560345", "291234567890", "021234567890", "401234567890"])
def test_a_restricted_number_without_a_rule_is_an_article_of_its_own(payload: str):
    assert scan(checked(payload)) == ScannedItem(gtin=Gtin.parse(checked(payload)))


def test_a_label_that_says_nothing_is_refused():
    assert "weighed again" in refused(checked("231234560000"))


def test_the_check_digit_of_a_measure_is_checked():
    germany = BarcodeRules.of(region="de", rules=())
    codes = [checked(f"281234{digit}00345") for digit in "0123456789"]
    read_well = [code for code in codes if isinstance(read(code, germany, NOK, TODAY), ScannedItem)]
    assert read_well == [checked(_german("281234000345"))]


def test_a_restricted_number_inside_an_element_string_is_read_the_same_way():
    item = scan("]e0010" + checked("231234560345"))
    assert (item.gtin, item.weight) == (Gtin.parse(checked("231234560000")), Decimal("0.345"))


def test_a_price_finer_than_the_currency_of_the_shop_is_refused():
    assert "decimals" in refused(checked("201234564990"), currency=ISK)


@given(st.integers(0, 999_999), st.integers(1, 9999))
def test_every_weighed_pack_of_one_article_leads_to_the_same_article(article: int, grams: int):
    item = scan(checked(f"23{article:06}{grams:04}"))
    assert item.weight == Decimal(grams) / 1000
    assert item.gtin == Gtin.parse(checked(f"23{article:06}0000"))


# The store's own rules ----------------------------------------------------------------------------------------------

OWN = BarcodeRules.of(region="no", rules=("20IIIIIVWWWWC", "29IIIIPPPPPPC", "28IIIIIIIIXXC", "2IIWWWWC"))


def measured(grams: str) -> str:
    return str(gs1_price_weight_check_digit(grams)) + grams


def test_the_stores_own_rule_goes_before_that_of_the_country():
    code = checked("2012345" + measured("0345"))
    item = scan(code, OWN)
    assert (item.weight, item.price) == (Decimal("0.345"), None)


def test_an_own_rule_leads_to_the_article_with_the_measure_at_zero():
    light, heavy = (scan(checked("2012345" + measured(grams)), OWN).gtin for grams in ("0345", "1999"))
    assert light == heavy
    assert light is not None
    assert light.digits[1:8] == "2012345"
    assert light.digits[9:13] == "0000"


def test_an_own_rule_reads_a_price():
    item = scan(checked("291234012990"), OWN)
    assert (item.price, item.gtin) == (Money(12990, NOK), Gtin.parse(checked("291234000000")))


def test_an_own_rule_may_skip_digits_and_carry_nothing():
    assert scan(checked("281234567899"), OWN) == ScannedItem(gtin=Gtin.parse(checked("281234567800")))


def test_an_own_rule_may_be_for_eight_digits():
    item = scan(checked("2120345"), OWN)
    assert (item.weight, item.gtin) == (Decimal("0.345"), Gtin.parse(checked("2120000")))


def test_the_measure_of_an_own_rule_is_checked():
    wrong = (gs1_price_weight_check_digit("0345") + 1) % 10
    assert "weight or price" in refused(checked(f"2012345{wrong}0345"), OWN)


def test_a_number_that_no_own_rule_matches_is_read_as_ever():
    assert scan(EAN_13, OWN) == ScannedItem(gtin=ARTICLE)
    assert scan(checked("231234560345"), OWN).weight == Decimal("0.345")


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("", "8, 12, 13 or 14"),
        ("20IIIIIVWWWW", "8, 12, 13 or 14"),
        ("IIIIIIIIIIIIC", "a digit first"),
        ("20IIIIIVWWWWI", "C last"),
        ("20IIIIIWWPPPC", "not several"),
        ("20WWWWWWWWWWC", "as I"),
        ("20IIIIIIVWWWC", "four or five"),
        ("20IIIIVVWWWWC", "stands once"),
        ("20IIIIIVXXXXC", "four or five"),
        ("20iiiiivwwwwc", "8, 12, 13 or 14"),
    ],
)
def test_a_rule_that_cannot_work_says_why(rule: str, why: str):
    with pytest.raises(ValueError, match=why):
        StoreRule(rule)


def test_an_unknown_region_names_the_known_ones():
    with pytest.raises(ValueError, match="no, se"):
        BarcodeRules.of(region="xx", rules=())


# By hand, and garbage -----------------------------------------------------------------------------------------------


def test_a_plu_is_typed_with_four_or_five_digits():
    assert read_plu(" 4011 ") == ScannedItem(plu=Plu("4011"))
    for digits in ("", "401", "940111", "40a1", "４０１１"):
        assert isinstance(read_plu(digits), Unreadable)


@given(st.text(max_size=60))
def test_nothing_that_a_scanner_can_send_raises(text: str):
    read(text, OWN, NOK, TODAY)


@given(
    st.sampled_from(["", "]C1", "]d2", "]E0", "]E3", "]Q3", "]I1", "https://id.gs1.org/01/", "http://"]),
    st.lists(
        st.sampled_from(
            ["01", "02", "10", "15", "17", "21", "30", "37", "3103", "3922", "3932", "7003", "00", GS, "/", "?"]
        )
        | st.text("0123456789", max_size=14)
        | st.just(str(ARTICLE)),
        max_size=10,
    ),
    st.sampled_from([NORWAY, OWN, PLAIN]),
)
@settings(max_examples=400)
def test_codes_put_together_of_true_pieces_never_raise(before: str, pieces: list[str], rules: BarcodeRules):
    read(before + "".join(pieces), rules, NOK, TODAY)


@given(st.text("0123456789", min_size=1, max_size=20), st.sampled_from(REGIONS))
def test_digits_are_an_item_only_with_their_check_digit(digits: str, region: str):
    result = read("]E0" + digits, BarcodeRules.of(region=region, rules=()), NOK, TODAY)
    if isinstance(result, ScannedItem) and len(digits) != 8:
        assert check_digit(digits[:-1]) == digits[-1]


@given(st.dates(), st.integers(0, 400))
def test_the_same_code_says_the_same_on_any_day_within_its_century(today: date, ahead: int):
    if today.year > 9900:
        return
    use_by = today + timedelta(days=ahead)
    result = read("]C1" + GTIN_01 + "17" + use_by.strftime("%y%m%d"), NORWAY, NOK, today)
    assert isinstance(result, ScannedItem)
    assert result.use_by == use_by


def test_a_plain_code_does_not_wait_for_biip_to_load():
    program = (
        "import sys, datetime\n"
        "from appliance.core.barcode import BarcodeRules, read\n"
        "from appliance.core.money import Currency\n"
        f"print(read('{EAN_13}', BarcodeRules(region='no'), Currency.parse('NOK'), datetime.date(2026, 1, 1)))\n"
        "print('biip' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    item, loaded = done.stdout.splitlines()
    assert str(ARTICLE) in item
    assert loaded == "False"


def test_biip_forgets_whose_number_it_is_and_reads_it_all_the_same():
    from biip import gs1_prefixes

    assert hasattr(gs1_prefixes, "_GS1_COMPANY_PREFIX_TRIE")
    result = read("]C1" + GTIN_01, NORWAY, NOK, TODAY)
    assert isinstance(result, ScannedItem)
    assert gs1_prefixes._GS1_COMPANY_PREFIX_TRIE == {}
